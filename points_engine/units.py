"""Grams, points and amounts: whole numbers with their own types; the only place that rounds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NewType

GramsCO2e = NewType("GramsCO2e", int)
Points = NewType("Points", int)

STEP = Decimal("0.001")  # the finest amount anybody may log


def round_down(exact: Fraction) -> int:
    """The whole part of a sum that is never negative; a reduction is never overstated."""
    if exact < 0:
        raise ValueError(exact)
    return exact.numerator // exact.denominator


def thousandths(amount: Decimal) -> int:
    """An amount with at most three decimals as a whole number of thousandths."""
    over, under = amount.as_integer_ratio()
    if 1000 % under:
        raise ValueError(amount)
    return over * (1000 // under)


def share(amount_thousandths: int, numerator: int, denominator: int) -> int:
    """amount × numerator ÷ denominator, multiplied first and rounded down once."""
    return amount_thousandths * numerator // (1000 * denominator)


def plain(amount: Decimal) -> Decimal:
    """The same number in its one canonical form: 5.20 is 5.2, and 50 is never 5E+1."""
    whole = amount.to_integral_value()
    return whole.quantize(Decimal(1)) if amount == whole else amount.normalize()


def displayed(exact: Fraction) -> Decimal:
    """A rate as a decimal to look at, cut after six places; credits are never made from it."""
    return plain(Decimal(exact.numerator * 10**6 // exact.denominator).scaleb(-6))
