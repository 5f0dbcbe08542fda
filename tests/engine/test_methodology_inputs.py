"""What people and programs send: only plain, sane numbers get through."""

from __future__ import annotations

from decimal import Decimal

import pytest

from points_engine.errors import Invalid
from points_engine.methodology import load, parse_number, read_inputs, read_quantity

CATALOGUE = load()
NO_NUMBERS = "５ ５.２ 5。2 1,000 1_000 1e3 1E3 +5 .5 5. 0x10 NaN inf Infinity 五 ٣ 5km 1.2.3 --1"
BIKE, MEAL, POOL = (CATALOGUE.behaviour(c) for c in ("bike", "clean_plate", "carpool"))


@pytest.mark.parametrize("text", ["5", "5.2", "0.001", "-1", "007", "12345678901.5"])
def test_plain_numbers_are_read(text):
    assert parse_number(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [*NO_NUMBERS.split(), "", " ", "5 ", " 5", "5\n", "1" * 16, "1 000"],
)
def test_everything_else_is_no_number(text):
    with pytest.raises(Invalid) as refused:
        parse_number(text)
    assert refused.value.fields == {"quantity": "not_a_number"}


@pytest.mark.parametrize(
    ("behaviour", "value", "unit", "problem"),
    [
        (BIKE, Decimal("NaN"), None, "not_a_number"),
        (BIKE, Decimal("sNaN"), None, "not_a_number"),
        (BIKE, Decimal("Infinity"), None, "not_a_number"),
        (BIKE, Decimal("-Infinity"), None, "not_a_number"),
        (BIKE, True, None, "not_a_number"),
        (BIKE, "5", None, "not_a_number"),
        (BIKE, None, None, "not_a_number"),
        (BIKE, Decimal(0), None, "must_be_positive"),
        (BIKE, Decimal("-0"), None, "must_be_positive"),
        (BIKE, Decimal(-5), None, "must_be_positive"),
        (BIKE, Decimal("-1E+999999"), None, "must_be_positive"),
        (BIKE, Decimal("300.001"), None, "out_of_bounds"),
        (BIKE, Decimal("1E+999999"), None, "out_of_bounds"),
        (BIKE, Decimal("5.0001"), None, "too_many_decimals"),
        (BIKE, Decimal("1E-999999"), None, "too_many_decimals"),
        (BIKE, Decimal("1." + "0" * 40 + "1"), None, "too_many_decimals"),
        (BIKE, Decimal(5), "kWh", "unit_mismatch"),
        (BIKE, Decimal(5), "step", "unit_mismatch"),
        (MEAL, Decimal("1.5"), None, "must_be_whole"),
    ],
)
def test_refused_by_code(behaviour, value, unit, problem):
    with pytest.raises(Invalid) as refused:
        read_quantity(behaviour, value, unit)
    assert refused.value.fields == {"quantity": problem}


@pytest.mark.parametrize(
    ("value", "unit", "canonical"),
    [("5.2", None, "5.2"), ("5.2000", "km", "5.2"), ("50", "公里", "50"), ("5E+1", None, "50")],
)
def test_one_number_has_one_form(value, unit, canonical):
    assert str(read_quantity(BIKE, Decimal(value), unit)) == canonical
    assert str(read_quantity(BIKE, 50)) == "50"


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        ({}, {"inputs.n": "missing"}),
        ({"n": ""}, {"inputs.n": "missing"}),
        ({"n": 3, "m": 1}, {"inputs.m": "unknown"}),
        ({"m": 1}, {"inputs.m": "unknown", "inputs.n": "missing"}),
        ({"n": 1}, {"inputs.n": "out_of_bounds"}),
        ({"n": 8}, {"inputs.n": "out_of_bounds"}),
        ({"n": Decimal("2.5")}, {"inputs.n": "must_be_whole"}),
        ({"n": True}, {"inputs.n": "not_a_number"}),
        ({"n": "３"}, {"inputs.n": "not_a_number"}),
        ({"n": [3]}, {"inputs.n": "not_a_number"}),
        ({"n": Decimal("NaN")}, {"inputs.n": "not_a_number"}),
    ],
)
def test_inputs_refused(raw, problems):
    with pytest.raises(Invalid) as refused:
        read_inputs(POOL, raw)
    assert refused.value.fields == problems


def test_inputs_read():
    assert read_inputs(POOL, {"n": "3"}) == read_inputs(POOL, {"n": 3}) == {"n": Decimal(3)}
    assert read_inputs(BIKE, {}) == {}
    learning = CATALOGUE.behaviour("learning")
    assert read_inputs(learning, {"kind": "lesson"}) == {"kind": "lesson"}
    for mine_to_give in ("invite", "pledge", "nonsense", 3):
        with pytest.raises(Invalid) as refused:
            read_inputs(learning, {"kind": mine_to_give})
        assert refused.value.fields == {"inputs.kind": "not_a_choice"}
