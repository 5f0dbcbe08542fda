"""Drafts: all faults at once, a catalogue with them that changes no credit of before, and rates that equal single acts."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.methodology import CatalogueFaults, Level, load, quantify
from points_engine.methodology.drafts import affected, lint, read_draft, with_versions
from points_engine.methodology.quantify import worth
from points_engine.methodology.rates import ALWAYS, possible_inputs, spans
from points_engine.methodology.writing import moved, next_name, write_factor, write_version
from points_engine.units import thousandths

CATALOGUE = load()
DAY = date(2026, 8, 1)
BIKE = CATALOGUE.behaviour("bike")
GRID = """
[[factor]]
key = "grid_shanxi"
name = { zh = "山西电网（2024年）", en = "Shanxi grid, 2024" }
value = "0.6"
unit = "kgCO2/kWh"
source = "公告"
mark = "S"
valid_from = 2026-08-01
review_by = 2028-08-01
"""


def bike(name: str = "2", day: date = DAY, **changes: str) -> str:
    """Version 1 of the bike again under a new name, with lines replaced."""
    text = write_version(BIKE, moved(BIKE.version("1"), name, day))
    for old, new in changes.items():
        lines = text.splitlines()
        at = next((n for n, line in enumerate(lines) if line.startswith(f"{old} =")), len(lines))
        text = "\n".join([*lines[:at], f"{old} = {new}", *lines[at + 1 :]]) + "\n"
    return text


def told(text: str, earliest: date | None = None) -> list[str]:
    return [f"{fault.key}: {fault.problem}" for fault in lint(CATALOGUE, text, earliest)]


@pytest.mark.parametrize("behaviour", CATALOGUE.behaviours, ids=lambda each: each.ref)
def test_what_is_written_is_read_back_and_passes(behaviour) -> None:
    newest = behaviour.versions[-1]
    text = write_version(behaviour, moved(newest, next_name(behaviour), DAY))
    assert told(text, DAY) == []
    assert tomllib.loads(text)["behaviour"] == behaviour.code
    grown = with_versions(CATALOGUE, [text]).behaviour(behaviour.code)
    assert [v.version for v in grown.versions] == [*(v.version for v in behaviour.versions), next_name(behaviour)]


@pytest.mark.parametrize("series", CATALOGUE.factors.values(), ids=lambda each: each.key)
def test_a_figure_is_written_and_read_back(series) -> None:
    from dataclasses import replace

    row = replace(series.rows[-1], valid_from=DAY, review_by=DAY + timedelta(days=700), source='“甲”"\\ \x7f乙')
    text = write_factor(row)
    assert told(text) == [] and read_draft(CATALOGUE, text).rows[0].source == row.source


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("behaviour = ", "-: cannot be read"),
        ("", "version: a draft brings a version or a factor"),
        ('behaviour = "fly"\n[[version]]\nversion = "2"', "behaviour: unknown methodology fly"),
        ('[[version]]\nversion = "2"', "behaviour: missing"),
        (bike(colour='"red"'), "version[0].example[1].colour: unknown key"),
        (bike("1"), "version[0].version: bike has a version 1 already"),
        (bike("一二三四五六七八九十甲乙丙"), "version[0].version: must have 1 to 12 letters"),
        (bike(day=date(2026, 1, 1)), "valid_from: version 1 is in force from that day"),
        (bike(day=date(2026, 7, 1)), "version[0].valid_from: is 2026-07-01; it must not be before 2026-08-01"),
        (bike(activity_factors='["scooter"]'), "version[0].activity_factors: unknown factor scooter"),
        (bike(activity_factors='["grid_shanxi"]'), "does not come out as grams per km"),
        (bike(baseline_factors='["cycling"]', activity_factors='["city_trip_mix"]'), "saves nothing"),
        (bike(default_grams='"950"'), "version[0].default_grams: is 950, the figures give 95.3 per km"),
        (bike(bounds='{ least = "1", most = "5" }'), "version[0].bounds: 8, which the form offers, is outside 1 to 5"),
        (bike(bounds='{ least = "5", most = "1" }'), "bounds.least: must be above zero and not above most"),
        (bike(points='{ per_unit = "-1" }'), "points.per_unit: must not be negative"),
        (bike(grams="9999"), "version[0].example[0].grams: is 9999, worked out it is 247"),
        (bike(on="2026-07-31"), "version[0].example[0].on: is before the version is in force"),
        (GRID.replace("2026-08-01", "2026-07-31"), "factor[0].valid_from: is 2026-07-31; it must not be before"),
        (GRID.replace("kgCO2/kWh", "tCO2/kWh"), "factor[0].unit: grid_shanxi is in kgCO2/kWh; a figure never changes"),
        (GRID.replace('"0.6"', '"-0.6"'), "factor[0].value: must not be negative"),
        (GRID.replace('"0.6"', "0.6"), "factor[0].value: must be str, not float"),
        (GRID.replace('"公告"', '" "'), "factor[0].source: must not be empty"),
        (GRID.replace("2028-08-01", "2026-08-01"), "factor[0].review_by: must come after valid_from"),
        (GRID.replace("2026-08-01", "2025-12-31"), "grid_shanxi has a row from 2025-12-31 already"),
        (GRID.replace('"grid_shanxi"', '"moon"'), "factor[0].key: moon is a new figure that nothing in this draft"),
        (GRID.replace('"0.6"', '"0.' + "123456789" * 2 + '"'), "too many digits"),
        (GRID.replace('mark = "S"', 'mark = "X"'), "factor[0].mark: must be one of R, S, D, K, proposal"),
    ],
)
def test_faults_are_named_with_their_place(text: str, fault: str) -> None:
    assert any(fault in each for each in told(text, DAY)), told(text, DAY)


def test_all_faults_are_told_at_once() -> None:
    found = told(
        bike(formula='"magic"', points='{ per_unit = "x" }', bounds='{ least = "5", most = "1" }')
        + GRID.replace('"0.6"', '"a"').replace("key", "kee"),
        DAY,
    )
    for part in ("formula", "points.per_unit", "bounds.least", "factor[0].value", "factor[0].kee"):
        assert any(part in each for each in found), (part, found)


def test_prices_for_every_answer() -> None:
    carpool = CATALOGUE.behaviour("carpool")
    text = write_version(carpool, moved(carpool.versions[-1], "2", DAY))
    assert told(text.replace('"5" = "6", ', "")) == ["version[0].points.table: no price for n = 5"]


def test_an_unreadable_text_stops_nothing_silently() -> None:
    with pytest.raises(CatalogueFaults):
        with_versions(CATALOGUE, [GRID, "x ="])


def test_what_the_program_publishes_meanwhile_is_no_fault() -> None:
    both = [bike(), GRID]
    grown = with_versions(CATALOGUE, both)
    assert [len(b.versions) for b in with_versions(grown, both).behaviours] == [
        len(b.versions) for b in grown.behaviours
    ]
    with pytest.raises(CatalogueFaults):
        with_versions(grown, [bike(points='{ per_unit = "9" }')])


def test_a_new_figure_reaches_every_act_that_uses_it_from_its_day_on() -> None:
    draft = read_draft(CATALOGUE, GRID)
    grown = with_versions(CATALOGUE, [GRID])
    codes = affected(grown, draft)
    assert {"electricity_saved", "rooftop_pv"} <= set(codes) and "bike" not in codes
    old, new = CATALOGUE.behaviour("rooftop_pv"), grown.behaviour("rooftop_pv")
    for day, figure in ((DAY - timedelta(days=1), 663), (DAY, 600)):
        assert quantify(new, Decimal(1), {}, Level.PHOTO, day).grams == figure
    assert quantify(old, Decimal(1), {}, Level.PHOTO, DAY).grams == 663
    assert grown.behaviour("bike") is CATALOGUE.behaviour("bike")


def test_a_version_brings_its_own_figure() -> None:
    text = GRID.replace("grid_shanxi", "cycling_2").replace('"0.6"', '"4"').replace("kgCO2/kWh", "gCO2e/person-km")
    both = bike(activity_factors='["cycling_2"]') + text
    assert [fault for fault in told(both, DAY) if "grams" not in fault] == []  # the examples are those of version 1
    grown = with_versions(CATALOGUE, [both])
    assert quantify(grown.behaviour("bike"), Decimal(1), {}, Level.DEVICE, DAY).grams == 100
    assert quantify(grown.behaviour("bike"), Decimal(1), {}, Level.DEVICE, DAY - timedelta(days=1)).grams == 95


GROWN = with_versions(CATALOGUE, [GRID, bike(points='{ per_unit = "3/7" }')])


@st.composite
def acts(draw):
    behaviour = draw(st.sampled_from([b for b in GROWN.behaviours if b.evidence]))
    edition = draw(st.sampled_from(behaviour.versions))
    listed = possible_inputs(behaviour)
    if listed is None:
        listed = [{a.name: Decimal(draw(st.integers(int(a.least), int(a.most)))) for a in behaviour.inputs}]
    most = int(edition.bounds.most * 1000)
    amount = Decimal(draw(st.integers(1, most))).scaleb(-3)
    first = max(edition.valid_from, date(2026, 1, 1))
    day = first + timedelta(days=draw(st.integers(0, 700)))
    return behaviour, edition, draw(st.sampled_from(listed)), draw(st.sampled_from(behaviour.evidence)), amount, day


@given(acts())
def test_a_rate_of_a_span_is_worth_what_the_act_is_worth(act) -> None:
    from points_engine.methodology.quantify import quantify_under

    behaviour, edition, inputs, level, amount, day = act
    (span,) = [s for s in spans(edition, behaviour, inputs, level) if s.first <= day <= s.last]
    got = quantify_under(edition, behaviour, amount, inputs, level, day)
    assert worth(span.rate, thousandths(amount)) == (got.grams, got.points)


def test_spans_follow_each_other() -> None:
    for behaviour in GROWN.behaviours:
        for level in behaviour.evidence:
            for edition in behaviour.versions:
                for inputs in (possible_inputs(behaviour) or [])[:3]:
                    found = spans(edition, behaviour, inputs, level)
                    assert found[-1].last == ALWAYS
                    assert all(a.last + timedelta(days=1) == b.first for a, b in pairwise(found))
