"""What a month saved: the baseline chosen by rule, corrected for weather, guarded against inflation, capped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from points_engine.clock import days_of, month_of
from points_engine.meters.registers import MonthUse
from points_engine.meters.rules import count, figure
from points_engine.meters.weather import DegreeDays, carry

MILLI = 1000
OUTCOMES = ("saved", "no_saving", "too_early", "no_baseline")
BASELINES = ("last_year", "own_average", "peers", "none")


@dataclass(frozen=True, slots=True)
class Peers:
    """Other households of the same kind and size in one month: how many, and their daily use in thousandths."""

    households: int
    median: Fraction
    p75: Fraction


@dataclass(frozen=True, slots=True)
class Home:
    """What a month is judged against: the meter, its months, its peers and the weather."""

    kind: str
    months: Mapping[str, MonthUse]
    saving_limit: Decimal
    electric_heating: bool = False
    weather: Mapping[str, DegreeDays] = field(default_factory=dict)
    peers: Mapping[str, Peers] = field(default_factory=dict)
    plausible: bool = True  # whether the bounds of one home apply; a unit's meter may turn faster
    last_year_only: bool = False  # a unit is held against last year and nothing else
    anchored: bool = True  # whether a photographed reading stands behind files
    replaced: bool = False  # whether another device was hung in the month: between the two figures use can vanish


@dataclass(frozen=True, slots=True)
class Working:
    """One month worked out; every amount in thousandths of the unit, factors in millionths.

    `baseline` is what the month is held against, `before_limits` what the chosen method alone gave.
    """

    month: str
    kind: str
    days: int
    use: int
    outcome: str
    saved: int = 0
    verdict: str = "accept"
    reasons: tuple[str, ...] = ()
    basis: str = "none"
    baseline: int = 0
    before_limits: int = 0
    correction: int = 10**6
    weather: tuple[int, ...] = ()  # heating, cooling of the month compared with, then of this one
    months: int = 0  # measured months before this one
    used_months: tuple[str, ...] = ()
    peaks: tuple[str, ...] = ()
    peers: int = 0
    peer_cap: int = 0
    fallen: int = 0  # baseline minus use, before the cap
    cap: int = 0
    cap_share: int = 0  # thousandths of the baseline

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Working:
        tuples = {name: tuple(value) for name, value in told.items() if isinstance(value, list | tuple)}
        return cls(**{**told, **tuples})


@dataclass(frozen=True, slots=True)
class _Basis:
    """A baseline before its limits: thousandths a day, and how it came about."""

    name: str
    daily: Fraction
    correction: Fraction = Fraction(1)
    weather: tuple[int, ...] = ()
    used: tuple[str, ...] = ()
    compared_peak: bool = False


def work_out(home: Home, month: str) -> Working:
    """The saving of a measured month, never above the limit's share of its baseline, never below nothing."""
    own = home.months[month]
    earlier = [m for m in _measured(home) if m.month < month]
    told: dict[str, Any] = {"month": month, "kind": home.kind, "days": own.days, "use": own.use}
    told["months"] = len(earlier)
    if len(earlier) < count("months_before_credit"):
        return Working(**told, outcome="too_early")
    peaks = _peaks(home, month)
    basis = _choose(home, own, peaks)
    if basis is None:
        return Working(**told, outcome="no_baseline", peaks=peaks)
    before_limits = int(basis.daily * own.days)
    peer_cap = _peer_cap(home, month, basis, len(earlier))
    baseline = min(before_limits, int(peer_cap * own.days)) if peer_cap is not None else before_limits
    share = Fraction(home.saving_limit)
    cap = int(baseline * share)
    fallen = baseline - own.use
    saved = max(0, min(fallen, cap))
    reasons = _reasons(home, own, basis, peaks, fallen > cap and len(earlier) < 12) if saved else ()
    return Working(
        **told,
        outcome="saved" if saved else "no_saving",
        saved=saved,
        verdict="review" if reasons else "accept",
        reasons=reasons,
        basis=basis.name,
        baseline=baseline,
        before_limits=before_limits,
        correction=int(basis.correction * 10**6),
        weather=basis.weather,
        used_months=basis.used,
        peaks=peaks,
        peers=home.peers[month].households if month in home.peers else 0,
        peer_cap=int(peer_cap * own.days) if peer_cap is not None else 0,
        fallen=fallen,
        cap=cap,
        cap_share=int(share * MILLI),
    )


def _choose(home: Home, own: MonthUse, peaks: tuple[str, ...]) -> _Basis | None:
    """The first that there is: same month last year, own moving average, peer group."""
    first = _last_year(home, own, peaks)
    return first if first or home.last_year_only else _own_average(home, own, peaks) or _peer_group(home, own)


def _last_year(home: Home, own: MonthUse, peaks: tuple[str, ...]) -> _Basis | None:
    before = home.months.get(_years_back(own.month, 1))
    if before is None or not before.measured or before.month in peaks:
        return None
    there, here = home.weather.get(before.month), home.weather.get(own.month)
    factor = carry(home.kind, home.electric_heating, there, here)
    if factor is None:
        return None
    shown = (there.heating, there.cooling, here.heating, here.cooling) if there and here and factor != 1 else ()
    return _Basis("last_year", before.daily * factor, factor, shown, (before.month,))


def _own_average(home: Home, own: MonthUse, peaks: tuple[str, ...]) -> _Basis | None:
    """The mean of the last months; a peak enters as the lowest of the others, so that it never raises anything."""
    window = [m for m in _measured(home) if _months_back(own.month, count("average_most")) <= m.month < own.month]
    here = home.weather.get(own.month)
    carried: dict[str, Fraction] = {}
    for m in window:
        factor = carry(home.kind, home.electric_heating, home.weather.get(m.month), here)
        if factor is not None:
            carried[m.month] = m.daily * factor
    usual = [rate for month, rate in carried.items() if month not in peaks]
    if not usual or len(carried) < count("average_least"):
        return None
    rates = [min(rate, min(usual)) if month in peaks else rate for month, rate in carried.items()]
    plain = sum((m.daily for m in window if m.month in carried), Fraction(0))
    factor = sum(carried.values(), Fraction(0)) / plain if plain else Fraction(1)
    last = _years_back(own.month, 1) in peaks
    return _Basis("own_average", sum(rates, Fraction(0)) / len(rates), factor, (), tuple(carried), last)


def _peer_group(home: Home, own: MonthUse) -> _Basis | None:
    peers = home.peers.get(own.month)
    if peers is None or peers.households < count("peers_least"):
        return None
    return _Basis("peers", peers.median)


def _peer_cap(home: Home, month: str, basis: _Basis, months: int) -> Fraction | None:
    """A household without a year of its own is not held against more than three in four of its peers use."""
    peers = home.peers.get(month)
    if basis.name != "own_average" or months >= 12 or peers is None or peers.households < count("peers_least"):
        return None
    return peers.p75


def _peaks(home: Home, month: str) -> tuple[str, ...]:
    """Earlier months far above what is normal there: over the ratio of its season and of its usual, and over p95.

    Its season are the same calendar months of other years, this one included; looking back from
    each month anew, a run of high months at the very start is seen once normal ones follow.
    """
    since = _months_back(month, count("history_most"))
    window = [m for m in _measured(home) if since <= m.month <= month]
    usual = _median([m.daily for m in window])
    high: list[MonthUse] = []
    rest: list[MonthUse] = []
    for m in window:
        season = [o.daily for o in window if o.month[5:] == m.month[5:] and o.month != m.month]
        normal = max([usual, _median(season)] if season else [usual])
        (high if m.month != month and m.daily > figure("peak_ratio") * normal else rest).append(m)
    top = _p95([m.daily for m in rest])
    return tuple(m.month for m in high if m.daily > top)


def _reasons(home: Home, own: MonthUse, basis: _Basis, peaks: Sequence[str], steep: bool) -> tuple[str, ...]:
    """Why a person looks first; no reason, no waiting."""
    found = []
    recent = _months_back(own.month, count("peak_memory"))
    if basis.compared_peak or any(recent <= peak < own.month for peak in peaks):
        found.append("drop_after_peak")
    if steep and basis.name == "own_average":
        found.append("steep_first_year")
    if home.plausible and own.daily > figure(f"{home.kind}_most") * MILLI:
        found.append("use_too_high")
    if home.plausible and own.daily < figure(f"{home.kind}_least") * MILLI:
        found.append("use_too_low")
    if own.files_only and not home.anchored:
        found.append("file_without_photo")
    if home.replaced:
        found.append("register_replaced")
    return tuple(found)


def _measured(home: Home) -> list[MonthUse]:
    return [home.months[month] for month in sorted(home.months) if home.months[month].measured]


def _median(values: Sequence[Fraction]) -> Fraction:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _p95(values: Sequence[Fraction]) -> Fraction:
    """Nearest rank; nothing for no values."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * 95 // 100) - 1] if ordered else Fraction(0)


def peers_of(daily: Sequence[Fraction]) -> Peers:
    """Median and third quartile of other households' daily use."""
    ordered = sorted(daily)
    return Peers(len(ordered), _median(ordered), ordered[-(-len(ordered) * 3 // 4) - 1])


def _years_back(month: str, years: int) -> str:
    return f"{int(month[:4]) - years}{month[4:]}"


def _months_back(month: str, months: int) -> str:
    at = int(month[:4]) * 12 + int(month[5:]) - 1 - months
    return f"{at // 12}-{at % 12 + 1:02d}"


def next_month(month: str) -> str:
    return month_of(days_of(month)[1] + timedelta(days=1))
