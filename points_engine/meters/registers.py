"""Readings of a register: never backwards, over the top of its range, and spread over the days between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from points_engine.clock import days_of, month_of
from points_engine.meters.rules import count, figure

MILLI = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """What a register showed at the start of a local day, in thousandths of the meter's unit.

    `support` says what stands behind it: photo, file (the utility's export) or none.
    `register` counts the devices that have hung there; a replaced one starts anew.
    """

    on: date
    value: int
    estimated: bool = False
    support: str = "photo"
    register: int = 0
    id: str = ""

    @property
    def counts(self) -> bool:
        """Whether it may bound a credited month: a true reading with something behind it."""
        return not self.estimated and self.support != "none"


@dataclass(frozen=True, slots=True)
class Backwards:
    """Two readings that cannot both be right."""

    before: Reading
    after: Reading


@dataclass(frozen=True, slots=True)
class MonthUse:
    """What was used in a calendar month; `measured` when true readings stand on both sides of every day."""

    month: str
    days: int
    use: int
    measured: bool
    files_only: bool = False
    closing: str = ""  # id of the true reading that closed the month

    @property
    def daily(self) -> Fraction:
        return Fraction(self.use, self.days)


@dataclass(frozen=True, slots=True)
class _Span:
    """Use between two neighbouring readings, even over its days."""

    first: date
    end: date  # the day of the second reading, not in the span
    used: int
    counts: bool
    files: bool
    closing: str


def used_between(before: Reading, after: Reading, digits: int, kind: str) -> int | None:
    """Thousandths used between two readings of one register, over the top if need be; None when backwards.

    `kind` "" is the meter of a unit, which the bounds of one home do not hold.
    """
    if after.value >= before.value:
        return after.value - before.value
    top = 10**digits * MILLI
    if before.value < figure("rollover_above") * top:
        return None
    used = after.value + top - before.value
    days = max(1, (after.on - before.on).days)
    most = figure(f"{kind}_most") * MILLI if kind else Fraction(top, 10)
    return used if Fraction(used, days) <= most else None


def check_readings(readings: Sequence[Reading], digits: int, kind: str) -> Backwards | None:
    """The first contradiction among true readings, in the order of their days; estimates bind nobody."""
    for before, after in pairwise(_ordered(r for r in readings if not r.estimated)):
        if before.register == after.register and used_between(before, after, digits, kind) is None:
            return Backwards(before, after)
    return None


def month_uses(readings: Sequence[Reading], digits: int, kind: str) -> list[MonthUse]:
    """Every calendar month that lies wholly between the first and the last reading, oldest first.

    True readings with support are joined to each other; the tail after the last of them is filled
    by what is estimated or unsupported, and is not measured until a true reading closes it.
    """
    spans = _spans(readings, digits, kind)
    if not spans:
        return []
    found, month = [], _next_month_start(spans[0].first - timedelta(days=1))
    while (after := _next_month_start(month)) <= spans[-1].end:
        inside = [s for s in spans if s.first < after and s.end > month]
        if sum((min(s.end, after) - max(s.first, month)).days for s in inside) == (after - month).days:
            found.append(_month_use(month, after, inside))
        month = after
    return found


def _month_use(first: date, after: date, spans: Sequence[_Span]) -> MonthUse:
    use = sum(_until(s, min(s.end, after)) - _until(s, max(s.first, first)) for s in spans)
    return MonthUse(
        month_of(first),
        (after - first).days,
        use,
        all(s.counts and (s.end - s.first).days <= count("longest_gap") for s in spans),
        all(s.files for s in spans),
        next((s.closing for s in reversed(spans) if s.counts), ""),
    )


def _until(span: _Span, day: date) -> int:
    """Used from the span's start to the start of `day`; whole at both ends, so that months add up to the total."""
    return span.used * (day - span.first).days // (span.end - span.first).days


def _spans(readings: Sequence[Reading], digits: int, kind: str) -> list[_Span]:
    kept = _joined(readings)
    found = []
    for before, after in pairwise(kept):
        if before.register != after.register or before.on == after.on:
            continue
        used = used_between(before, after, digits, kind)
        if used is None:  # only an estimate or an unsupported figure can do this
            continue
        counts = before.counts and after.counts
        files = before.support == "file" and after.support == "file"
        found.append(_Span(before.on, after.on, used, counts, files, after.id))
    return found


def _joined(readings: Sequence[Reading]) -> list[Reading]:
    """True readings with support, and whatever else lies outside them in their register."""
    kept = []
    for register in sorted({r.register for r in readings}):
        mine = _ordered(r for r in readings if r.register == register)
        true = [r.on for r in mine if r.counts]
        kept += [r for r in mine if r.counts or not true or not true[0] < r.on < true[-1]]
    return kept


def _ordered(readings: object) -> list[Reading]:
    return sorted(readings, key=lambda r: (r.register, r.on, not r.counts))  # type: ignore[call-overload,no-any-return]


def _next_month_start(day: date) -> date:
    """The first day of the month after the one `day` is in."""
    return days_of(month_of(day))[1] + timedelta(days=1)
