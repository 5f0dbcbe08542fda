"""Rates by stretches of days: what turns any number of acts into grams and points set-wise, exactly as one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from points_engine.errors import EngineError
from points_engine.methodology.model import Behaviour, Input, Level, Series, Version
from points_engine.methodology.quantify import Rate, rate_on

ALWAYS = date(9999, 12, 31)
COMBINATIONS = 400  # with more answers than these the acts themselves are asked which there are


class Span(NamedTuple):
    """A rate and the days on which it holds, both ends included."""

    first: date
    last: date
    rate: Rate


def spans(edition: Version, behaviour: Behaviour, inputs: Mapping[str, Decimal | str], level: Level) -> list[Span]:
    """The rates of one edition, from its first day on; days without a figure in force are left out."""
    days = _turning_points(edition, behaviour, level)
    found: list[Span] = []
    for first, following in zip(days, [*days[1:], None], strict=True):
        last = following - timedelta(days=1) if following else ALWAYS
        try:
            rate = rate_on(edition, behaviour, inputs, level, first)
        except EngineError:
            continue
        if found and found[-1].rate == rate and found[-1].last + timedelta(days=1) == first:
            found[-1] = Span(found[-1].first, last, rate)
        else:
            found.append(Span(first, last, rate))
    return found


def used(edition: Version) -> dict[str, Series]:
    """Every figure an edition works with, by key."""
    terms = (*edition.baseline, *edition.activity, edition.times)
    return {series.key: series for term in terms for series in term}


def possible_inputs(behaviour: Behaviour) -> list[dict[str, Decimal | str]] | None:
    """Every combination of answers an act can carry; None where they are too many to be listed."""
    answers = [_answers(asked) for asked in behaviour.inputs]
    if any(each is None for each in answers):
        return None
    listed = [each for each in answers if each is not None]
    count = 1
    for each in listed:
        count *= len(each)
    if count > COMBINATIONS:
        return None
    names = [asked.name for asked in behaviour.inputs]
    return [dict(zip(names, values, strict=True)) for values in product(*listed)]


def _answers(asked: Input) -> list[Decimal | str] | None:
    if asked.kind == "choice":
        return list(asked.choices)
    if asked.kind == "integer" and asked.most - asked.least < COMBINATIONS:
        return [Decimal(n) for n in range(int(asked.least), int(asked.most) + 1)]
    return None


def _turning_points(edition: Version, behaviour: Behaviour, level: Level) -> list[date]:
    return sorted({edition.valid_from, *(d for d in _starts(edition, behaviour, level) if d > edition.valid_from)})


def _starts(edition: Version, behaviour: Behaviour, level: Level) -> Iterator[date]:
    for series in used(edition).values():
        yield from (row.valid_from for row in series.rows)
    yield from (row.valid_from for row in behaviour.coefficients[level].rows)
