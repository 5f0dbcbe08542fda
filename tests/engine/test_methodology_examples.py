"""Every worked example of every methodology, and what the catalogue as a whole promises."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from points_engine.errors import EngineError
from points_engine.methodology import (
    COEFFICIENT,
    DOMAINS,
    Level,
    grams_per_unit,
    load,
    passport,
    points_per_unit,
    quantify,
)

CATALOGUE = load()
TODAY = date(2026, 6, 15)
REFS = """
T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11 T12 T13 T14 F01 F02 F03 F04 F05 U01 U02 U03 U04 U05 U06
H01 H02 H03 H04 H05 H06 H07 H08 H09 H10 O01 O02 O03 O04 O05 P01 P02 C01
"""
DECLARABLE = """
T01 T02 T03 T04 T05 T06 T07 T08 T09 T12 T14 F01 F02 F03 F04 F05 U01 U02 U04 U05 U06 H02 H09 H10
O01 O02 O03 P01 P02
"""
EXAMPLES = [
    pytest.param(behaviour, edition, example, id=f"{behaviour.ref}-{at}")
    for behaviour in CATALOGUE.behaviours
    for edition in behaviour.versions
    for at, example in enumerate(edition.examples)
]


def test_every_row_of_the_catalogue_is_there_in_order():
    assert [each.ref for each in CATALOGUE.behaviours] == REFS.split()


@pytest.mark.parametrize(("behaviour", "edition", "example"), EXAMPLES)
def test_example(behaviour, edition, example):
    got = quantify(behaviour, example.quantity, example.inputs, example.level, example.on)
    assert (got.grams, got.points) == (example.grams, example.points)
    assert (got.methodology, got.version) == (behaviour.ref, edition.version)
    shown = passport(behaviour, edition.version, example.quantity, example.inputs, example.level, example.on)
    if not behaviour.points_only:
        assert shown.working_en.endswith(f"= {example.grams} g")
        assert shown.working_zh.endswith(f"= {example.grams} g")
        assert {factor.role for factor in shown.factors} >= {"baseline", "evidence"}
    assert shown.points_working_zh.endswith((f"= {example.points} 分", f"，至少 {example.points} 分"))


def test_the_minimum_of_one_point_is_said_where_it_decides():
    behaviour = next(b for b in CATALOGUE.behaviours if b.loggable and points_per_unit(b, TODAY) == 1)
    version = behaviour.version_on(TODAY).version

    def working(quantity):
        shown = passport(behaviour, version, Decimal(quantity), {}, Level.DECLARED, TODAY)
        return shown.points_working_zh.split(" = ")[1], shown.points_working_en.split(" = ")[1]

    assert working(1) == ("0.5，至少 1 分", "0.5, at least 1 point")
    assert working(2) == ("1 分", "1 points")


@pytest.mark.parametrize("behaviour", CATALOGUE.behaviours, ids=lambda each: each.ref)
def test_the_rate_is_the_rounded_figure_of_the_catalogue(behaviour):
    """The catalogue shows rounded grams; ours come from the factors and stay within that rounding."""
    default, rate = behaviour.versions[-1].default_grams, grams_per_unit(behaviour, TODAY)
    if default is None:
        assert rate in (None, 0)
    else:
        assert abs(rate - default) < max(1, default / 100)


@pytest.mark.parametrize("behaviour", CATALOGUE.behaviours, ids=lambda each: each.ref)
def test_only_what_may_be_declared_is_loggable(behaviour):
    assert behaviour.loggable == (behaviour.ref in DECLARABLE.split())
    assert (Level.DECLARED in behaviour.evidence) == behaviour.loggable


def test_the_figures_people_will_check_first():
    def rate(ref):
        return grams_per_unit(CATALOGUE.by_ref[ref], TODAY)

    assert rate("T03") == Decimal("95.3")
    assert rate("T05") == Decimal("48.0196")
    assert rate("T10") == Decimal("73.49")
    assert rate("T13") == 3025
    assert rate("U02") == Decimal("19.1")
    assert rate("H02") == Decimal("318.432")
    assert rate("T12") is None and points_per_unit(CATALOGUE.by_ref["T12"], TODAY) is None
    assert points_per_unit(CATALOGUE.by_ref["T01"], TODAY) == Decimal("0.002")


def test_the_working_reads_like_a_sum():
    bike = CATALOGUE.behaviour("bike")
    shown = passport(bike, "1", Decimal("5.2"), {}, Level.DECLARED, TODAY)
    assert shown.working_en == "5.2 km × (104 − 8.7) g/km × 0.5 = 247 g"
    assert shown.working_zh == shown.working_en
    pool = CATALOGUE.behaviour("carpool")
    shown = passport(pool, "1", Decimal(10), {"n": Decimal(3)}, Level.DECLARED, TODAY)
    assert shown.working_en == "10 km × (104 − 182 ÷ 3) g/km × 0.5 = 216 g"
    cup = CATALOGUE.behaviour("own_cup")
    shown = passport(cup, "1", Decimal(2), {}, Level.PHOTO, TODAY)
    assert shown.working_zh == "2 杯 × (0.011 × 1100 + 0.0035 × 2000) g/杯 × 1 = 38 g"


def test_a_passport_keeps_baseline_and_activity_apart():
    shown = passport(CATALOGUE.behaviour("ebike"), "1", Decimal(1), {}, Level.DECLARED, TODAY)
    assert [(factor.key, factor.role) for factor in shown.factors] == [
        ("city_trip_mix", "baseline"),
        ("ebike_use", "activity"),
        ("grid_shanxi", "activity"),
        ("ebike_additionality", "both"),
        ("declared", "evidence"),
    ]


def test_the_factor_of_the_day_is_used():
    grid = CATALOGUE.factors["grid_shanxi"]
    assert grid.on(date(2024, 4, 12)).value == Decimal("0.7222")
    assert grid.on(date(2024, 12, 19)).value == Decimal("0.7222")
    assert grid.on(date(2024, 12, 20)).value == Decimal("0.7096")
    assert grid.on(date(2025, 12, 31)).value == Decimal("0.6634")
    with pytest.raises(EngineError, match="factor_not_in_force"):
        grid.on(date(2024, 4, 11))


def test_before_its_first_day_a_methodology_is_refused():
    with pytest.raises(EngineError) as refused:
        quantify(CATALOGUE.behaviour("bike"), Decimal(1), {}, Level.DECLARED, date(2025, 12, 31))
    assert refused.value.code == "methodology_not_in_force"


def test_review_comes_24_months_after_the_first_day():
    for series in CATALOGUE.factors.values():
        for row in series.rows:
            day = row.valid_from
            assert row.review_by == day.replace(year=day.year + 2)


def test_evidence_is_worth_what_the_data_says():
    worth = {"declared": Decimal("0.5"), "photo": 1, "device": 1, "partner": 1}
    assert dict(COEFFICIENT) == worth


def test_an_unaccepted_level_and_an_unknown_code_are_refused():
    with pytest.raises(EngineError) as refused:
        quantify(CATALOGUE.behaviour("ev_km"), Decimal(1), {}, Level.DECLARED, TODAY)
    assert refused.value.facts == {"fields": {"evidence": "not_accepted"}}
    with pytest.raises(EngineError) as refused:
        CATALOGUE.behaviour("teleport")
    assert (refused.value.kind, refused.value.code) == ("not_found", "unknown_methodology")
    with pytest.raises(EngineError):
        passport(CATALOGUE.behaviour("bike"), "9", Decimal(1), {}, Level.DECLARED, TODAY)


def test_a_credited_act_is_worth_a_point_and_a_worthless_one_none():
    def worth(code, quantity, level=Level.DECLARED):
        got = quantify(CATALOGUE.behaviour(code), Decimal(quantity), {}, level, TODAY)
        return got.grams, got.points

    assert worth("steps", "100") == (0, 0)
    assert worth("steps", "200") == (1, 1)
    assert worth("bike", "0.02") == (0, 0)
    assert worth("bike", "0.03") == (1, 1)
    assert worth("lights_off", "1") == (0, 1)
    assert worth("unit_electricity", "10", Level.PHOTO) == (6634, 0)


def test_shared_caps_and_exclusions_are_seen_from_every_side():
    by = CATALOGUE.behaviour
    assert {cap.group for code in ("bike", "shared_bike") for cap in by(code).caps} == {
        "",
        "cycling",
    }
    for each in CATALOGUE.behaviours:
        for rule in each.exclusions:
            assert each.code not in rule.codes
            for other in rule.codes:
                back = [r for r in by(other).exclusions if r.scope == rule.scope]
                assert any(each.code in r.codes for r in back)
    assert {rule.scope for rule in by("steps").exclusions} == {"instant", "day"}
    meal = {rule.scope: rule for rule in by("own_lunch_box").exclusions}["meal"]
    assert meal.stands == "this" and meal.codes == {"no_cutlery", "own_chopsticks"}
    assert [rule.stands for rule in by("lights_off").exclusions] == ["other"]


def test_season_hidden_and_texts():
    by = CATALOGUE.behaviour
    assert by("ac_26").in_season(date(2026, 6, 1)) and not by("ac_26").in_season(date(2026, 10, 1))
    assert [each.code for each in CATALOGUE.behaviours if each.hidden] == ["metro"]
    domains = {code for code, _, _ in DOMAINS}
    for each in CATALOGUE.behaviours:
        assert each.domain in domains
        assert each.name_zh and each.name_en and each.unit_zh and each.unit_en and each.icon
        assert each.baseline_zh and each.baseline_en and each.activity_zh and each.activity_en
    assert len(CATALOGUE.not_found) == 10
    assert [e.value for e in by("bike").elsewhere][:2] == [Decimal("93.3"), 40]
