"""For any amount: grams are never overstated, and every rate is the one worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.methodology import Level, load, quantify, read_quantity
from points_engine.units import displayed, plain, round_down, share, thousandths

CATALOGUE = load()
TODAY = date(2026, 6, 15)
GRID = F("663.4")
# Grams and points per unit at full evidence, from the catalogue's text and not from our data.
BY_HAND: dict[str, tuple[F, F]] = {
    "T01": (F("8.2") / 500, F(1, 500)),
    "T02": (F(104), F(10)),
    "T03": (F(104) - F("8.7"), F(10)),
    "T04": (F(104) - F("8.7"), F(10)),
    "T05": ((104 - F("0.012") * GRID) / 2, F(5)),
    "T06": (F(52), F(5)),
    "T07": (F(80), F(8)),
    "T08": (F(72), F(7)),
    "T09": (F(52), F(5)),
    "T10": (173 - F("0.15") * GRID, F(1)),
    "T11": (F(460), F(1)),
    "T13": (25 * F(173 - 52), F(20)),
    "F01": (F(23), F(3)),
    "F02": (F(144), F(5)),
    "F03": (F(20), F(2)),
    "F04": (F(60), F(6)),
    "U01": (F(5), F(2)),
    "U02": (11 * F("1.1") + F("3.5") * 2, F(3)),
    "U03": (F(1280), F(25)),
    "U04": (F(37), F(4)),
    "H01": (GRID, F(6)),
    "H02": (F("0.48") * GRID, F(8)),
    "H03": (F("0.015") * GRID, F(1)),
    "H05": (GRID, F(2)),
    "H06": (F(168), F(10)),
    "H07": (F(2162), F(30)),
    "H08": (F(110000), F(300)),
    "H10": (F("0.03") * GRID / 2, F(1)),
    "O01": (F("0.0624") * 70 * F("1.1"), F(1, 5)),
    "O02": (F(5), F(1)),
    "O03": (F(5), F(1)),
    "O04": (F(104), F(1, 2)),
    "O05": (GRID, F(0)),
}
CARPOOL = {n: max(F(0), 104 - F(182, n)) for n in range(2, 8)}
CARPOOL_POINTS = {2: 1, 3: 4} | dict.fromkeys(range(4, 8), 6)


@st.composite
def amounts(draw, behaviour):
    bounds = behaviour.versions[-1].bounds
    step = 1000 if behaviour.whole else 1
    least, most = (int(x * 1000) // step for x in (bounds.least, bounds.most))
    return Decimal(draw(st.integers(max(1, least), most)) * step).scaleb(-3)


def worth(behaviour, amount, level, inputs=None):
    got = quantify(behaviour, read_quantity(behaviour, amount), inputs or {}, level, TODAY)
    return got.grams, got.points


def half(level):
    return F(1, 2) if level is Level.DECLARED else F(1)


def expected_points(grams, exact):
    return max(1, int(exact)) if grams and exact else 0


def test_every_act_with_grams_is_worked_out_by_hand():
    with_grams = {each.ref for each in CATALOGUE.behaviours if not each.points_only}
    assert set(BY_HAND) == with_grams - {"T12", "H04"}


@pytest.mark.parametrize("ref", BY_HAND)
@given(data=st.data())
def test_grams_and_points_are_the_whole_part_and_never_more(ref, data):
    behaviour, (rate, price) = CATALOGUE.by_ref[ref], BY_HAND[ref]
    amount = data.draw(amounts(behaviour))
    for level in behaviour.evidence:
        exact = rate * F(amount) * half(level)
        grams, points = worth(behaviour, amount, level)
        assert grams <= exact < grams + 1
        assert points == expected_points(grams, price * F(amount) * half(level))


@pytest.mark.parametrize("n", CARPOOL)
@given(data=st.data())
def test_carpool(n, data):
    behaviour = CATALOGUE.by_ref["T12"]
    amount = data.draw(amounts(behaviour))
    for level in behaviour.evidence:
        exact = CARPOOL[n] * F(amount) * half(level)
        grams, points = worth(behaviour, amount, level, {"n": Decimal(n)})
        assert grams <= exact < grams + 1
        assert points == expected_points(grams, CARPOOL_POINTS[n] * F(amount) * half(level))


@given(
    reference=st.decimals("0.001", "20000", places=3),
    product=st.decimals("0.001", "20000", places=3),
)
def test_an_appliance_saves_the_difference_or_nothing(reference, product):
    behaviour = CATALOGUE.by_ref["H04"]
    inputs = {"kwh_reference": reference, "kwh_product": product}
    exact = max(F(0), F(reference) - F(product)) * GRID
    assert worth(behaviour, Decimal(1), Level.PHOTO, inputs) == (int(exact), 0)


@pytest.mark.parametrize("ref", ["T01", "T03", "T05", "T06"])
@given(data=st.data())
def test_cutting_an_act_in_two_never_gains_grams(ref, data):
    behaviour = CATALOGUE.by_ref[ref]
    one, other = (data.draw(amounts(behaviour)) / 2 for _ in "ab")
    one, other = (plain(x.quantize(Decimal(1) if behaviour.whole else Decimal("0.001"))) for x in (one, other))
    if min(one, other) > 0 and one + other <= behaviour.versions[-1].bounds.most:
        parts = [worth(behaviour, x, Level.DECLARED)[0] for x in (one, other)]
        assert sum(parts) <= worth(behaviour, one + other, Level.DECLARED)[0]


@given(amount=st.decimals(0, 10**9, places=3))
def test_the_canonical_form_is_the_same_number(amount):
    assert plain(amount) == amount
    assert "E" not in str(plain(amount))
    assert F(thousandths(amount), 1000) == F(amount)
    assert share(thousandths(amount), 182, 3) == round_down(F(amount) * 182 / 3)


@given(exact=st.fractions(0, 10**6))
def test_what_is_displayed_is_never_more(exact):
    assert 0 <= exact - F(displayed(exact)) < F(1, 10**6)


def test_what_cannot_be_rounded_is_our_bug():
    for wrong in (lambda: round_down(F(-1, 2)), lambda: thousandths(Decimal("0.0001"))):
        with pytest.raises(ValueError):
            wrong()
