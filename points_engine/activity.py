"""What one activity record 行为记录 is worth today: evidence, caps, exclusions and limits decide."""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from points_engine.clock import LOCAL, local_day, month_of, week_of
from points_engine.errors import Invalid
from points_engine.methodology import Behaviour, Cap, Level, Quantified, quantify

Key = tuple[str, str]  # (scope, period)
Inputs = Mapping[str, Decimal | str]
Span = tuple[datetime, datetime]
Ride = tuple[datetime, datetime, str]  # what a recorded trip covers, and the behaviour it stands for
MILLI = 1000
# Names for one way of getting about: told shortly before or after a recording of it, it is the same ride.
SAME_WAY = (frozenset({"bike", "shared_bike", "ebike"}), frozenset({"bus", "bus_ride"}))
METER_POINTS = "points:meters"  # the scope of what meters have earned in a month
CAP_REASONS = {
    "act": "per_act_cap_reached",
    "day": "daily_cap_reached",
    "week": "weekly_cap_reached",
    "month": "monthly_cap_reached",
}


@cache
def limits() -> dict[str, int]:
    """The limits of limits.toml, by name."""
    data = tomllib.loads((Path(__file__).parent / "limits.toml").read_text("utf-8"))
    return {name: int(entry["value"]) for name, entry in data.items()}


@dataclass(frozen=True, slots=True)
class Act:
    """An act as claimed: what, how much (in the behaviour's unit), when, with what evidence."""

    behaviour: Behaviour
    quantity: Decimal
    inputs: Inputs
    level: Level
    occurred_at: datetime
    fresh_evidence: bool = True  # False when its photo has supported another act before
    verdict: str = "accept"  # what its evidence was judged: accept, review or reject
    reasons: tuple[str, ...] = ()
    span: Span | None = None  # the time that a recording covers

    @property
    def travel(self) -> bool:
        """An act of getting about: one trip is one act, whatever it is told as."""
        return is_travel(self.behaviour)


@dataclass(frozen=True, slots=True)
class Told:
    """A travel act without a recording: when, as what, on whose word, and what it was paid."""

    at: datetime
    code: str
    level: Level
    grams: int
    points: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What the member has used up: counters by (scope, period), and today's declared grams and points.

    `spans` are the member's recorded trips that stand, `trips` the travel acts without a recording,
    `aside` the behaviours that a meter replaces.
    """

    counters: Mapping[Key, int]
    declared_g: int
    points: int
    spans: Sequence[Ride] = ()
    trips: Sequence[Told] = ()
    aside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict: what is credited now (grams, points, of how much), why not more, which counters move."""

    status: str
    credited: Decimal
    grams: int
    points: int
    reasons: tuple[str, ...]
    counters: Mapping[Key, int]


@lru_cache(maxsize=1024)
def instant_mates(behaviour: Behaviour) -> frozenset[str]:
    """The other ways of telling the same trip."""
    return frozenset(code for rule in behaviour.exclusions if rule.scope == "instant" for code in rule.codes)


def is_travel(behaviour: Behaviour) -> bool:
    """Whether the act is one of getting about."""
    return bool(instant_mates(behaviour))


def nearby() -> timedelta:
    """How far around a recording the same ride may be told again."""
    return timedelta(minutes=limits()["same_ride_minutes"])


def days_around(span: Span) -> list[date]:
    """The days on which the ride of a recording may have been told."""
    first, last = local_day(span[0] - nearby()), local_day(span[1] + nearby())
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def same_ride(starts: datetime, ends: datetime, recorded: str, at: datetime, code: str, level: Level) -> bool:
    """Whether travel told at an instant is the ride of a recording: within its time, or near it the same way.

    Bicycles are unlocked and buses boarded before a recording begins; after its end only one's own word repeats
    it, for a partner's next record is the next ride.
    """
    if starts <= at <= ends:
        return True
    if code != recorded and not any(code in way and recorded in way for way in SAME_WAY):
        return False
    after = nearby() if level in (Level.DECLARED, Level.PHOTO) else timedelta(0)
    return starts - nearby() <= at <= ends + after


def stands_aside(day: date, since: date, until: date | None) -> bool:
    """Whether a behaviour that a meter replaces `since` … `until` is worth nothing on `day`."""
    return since <= day and (until is None or day <= until)


def check_time(occurred_at: datetime, now: datetime, late_hours: int | None = None) -> None:
    """Refuse acts from the future and acts reported too late; records of others may come later than one's own."""
    if occurred_at > now + timedelta(minutes=limits()["ahead_minutes"]):
        raise Invalid({"occurred_at": "in_future"})
    if occurred_at < now - timedelta(hours=late_hours or limits()["late_hours"]):
        raise Invalid({"occurred_at": "too_old"})


def check_season(behaviour: Behaviour, occurred_at: datetime) -> None:
    """Refuse an act outside the months in which the method holds."""
    if not behaviour.in_season(local_day(occurred_at)):
        raise Invalid({"occurred_at": "out_of_season"})


@lru_cache(maxsize=8192)
def periods(occurred_at: datetime) -> Mapping[str, str]:
    """The windows an act falls into, by the names caps and exclusions use."""
    day = local_day(occurred_at)
    minutes = occurred_at.astimezone(LOCAL).hour * 60 + occurred_at.astimezone(LOCAL).minute
    meal = "breakfast" if minutes < 630 else "lunch" if minutes < 930 else "dinner"
    return {
        "day": day.isoformat(),
        "week": week_of(day),
        "month": month_of(day),
        "meal": f"{day.isoformat()}/{meal}",
        "instant": f"@{int(occurred_at.timestamp())}",
    }


@lru_cache(maxsize=8192)
def window_days(behaviour: Behaviour, occurred_at: datetime) -> tuple[date, ...]:
    """The local days whose acts may count under the behaviour's caps, limits and exclusions beside an act at that time."""
    day = local_day(occurred_at)
    scopes = {cap.per for cap in behaviour.caps} | {rule.scope for rule in behaviour.exclusions}
    days = {day}
    if "week" in scopes:
        days |= {day + timedelta(days=n - day.weekday()) for n in range(7)}
    if "month" in scopes or behaviour.points_from == "meter":
        days |= {day.replace(day=1) + timedelta(days=n) for n in range(monthrange(day.year, day.month)[1])}
    return tuple(sorted(days))


def decide(act: Act, usage: Usage, *, reviewed: bool = False) -> Decision:
    """Judge an act against what the member has already used; a reviewer's yes skips the waiting.

    Caps never refuse: what fits is credited, the rest is recorded at 0 with the reason.
    """
    if act.verdict == "reject":
        return _nothing(act, "rejected", *act.reasons)
    if not act.fresh_evidence:
        return _nothing(act, "rejected", "photo_reused")
    windows = periods(act.occurred_at)
    aside = _stands_aside(act, windows, usage)
    if aside:
        return _nothing(act, "accepted", aside)
    if not reviewed and (act.verdict == "review" or _needs_review(act)):
        return _nothing(act, "pending", *act.reasons, "awaiting_review")
    fits, reasons = _fit_caps(act, windows, usage)
    if fits <= 0:
        return _nothing(act, "accepted", *reasons)
    worth = quantify(act.behaviour, fits, act.inputs, act.level, local_day(act.occurred_at))
    grams, points, more = _fit_limits(act, worth, windows, usage)
    had_grams, had_points = _already_paid(act, windows, usage)
    if had_grams or had_points:
        grams, points = max(0, grams - had_grams), max(0, points - had_points)
        more.append("counted_in_part")
    if grams == 0 and points == 0:
        return _nothing(act, "accepted", *reasons, *more)
    counters = _counters(act.behaviour, fits, windows, grams, points)
    return Decision("accepted", fits, grams, points, tuple(dict.fromkeys((*reasons, *more))), counters)


def _nothing(act: Act, status: str, *reasons: str) -> Decision:
    return Decision(status, Decimal(0), 0, 0, tuple(dict.fromkeys(reasons)), {})


def _needs_review(act: Act) -> bool:
    if act.level is not Level.PHOTO:
        return False
    worth = quantify(act.behaviour, act.quantity, act.inputs, act.level, local_day(act.occurred_at))
    return worth.grams > limits()["photo_review_over"]


def _stands_aside(act: Act, windows: Mapping[str, str], usage: Usage) -> str | None:
    """Why the act is worth nothing beside what is there already, or None."""
    if act.behaviour.code in usage.aside:
        return "metered_at_home"
    if act.span is not None:
        starts, ends = act.span
        if any(first < ends and starts < last for first, last, _ in usage.spans):
            return "trip_overlaps"
    elif act.travel and any(same_ride(*ride, act.occurred_at, act.behaviour.code, act.level) for ride in usage.spans):
        return "counted_elsewhere"
    return "counted_elsewhere" if _excluded(act.behaviour, windows, usage) else None


def _excluded(behaviour: Behaviour, windows: Mapping[str, str], usage: Usage) -> bool:
    """True when an act that this one cannot stand beside is already credited."""
    return any(
        usage.counters.get((f"did:{other}", windows[rule.scope]), 0) > 0
        for rule in behaviour.exclusions
        if rule.stands != "this"
        for other in rule.codes
    )


def _already_paid(act: Act, windows: Mapping[str, str], usage: Usage) -> tuple[int, int]:
    """Grams and points of credited acts that this one replaces: it is worth what it adds to them."""
    replaced = [
        (other, windows[rule.scope])
        for rule in act.behaviour.exclusions
        if rule.stands == "this"
        for other in rule.codes
    ]
    counters = usage.counters
    grams = sum(counters.get((f"grams:{other}", window), 0) for other, window in replaced)
    points = sum(counters.get((f"points:{other}", window), 0) for other, window in replaced)
    if act.span is not None:  # the same trip told before without its recording
        same = [t for t in usage.trips if same_ride(*act.span, act.behaviour.code, t.at, t.code, t.level)]
        grams, points = grams + sum(t.grams for t in same), points + sum(t.points for t in same)
    return grams, points


def _fit_caps(act: Act, windows: Mapping[str, str], usage: Usage) -> tuple[Decimal, list[str]]:
    """How much of the act fits under every cap, and which caps cut it."""
    fits, reasons = act.quantity, []
    for cap in act.behaviour.caps:
        if cap.per == "act":
            room = cap.amount
        else:
            used = usage.counters.get((_scope(act.behaviour, cap), windows[cap.per]), 0)
            room = cap.amount - Decimal(used) / MILLI
        if cap.of == "acts":
            room = fits if room >= 1 else Decimal(0)
        if room < fits:
            fits = max(Decimal(0), room)
            reasons.append(CAP_REASONS[cap.per])
    return fits, reasons


def _fit_limits(act: Act, worth: Quantified, windows: Mapping[str, str], usage: Usage) -> tuple[int, int, list[str]]:
    grams, points, reasons = int(worth.grams), int(worth.points), list[str]()
    if act.level is Level.DECLARED and grams:
        room = max(0, limits()["declared_grams_per_day"] - usage.declared_g)
        if room < grams:
            points = points * room // grams
            grams = room
            reasons.append("declared_daily_limit_reached")
    metered = act.behaviour.points_from == "meter"
    if metered:
        room = limits()["meter_points_per_month"] - usage.counters.get((METER_POINTS, windows["month"]), 0)
    else:
        room = limits()["points_per_day"] - usage.points
    if max(0, room) < points:
        points = max(0, room)
        reasons.append("monthly_points_limit_reached" if metered else "daily_points_limit_reached")
    return grams, points, reasons


def _scope(behaviour: Behaviour, cap: Cap) -> str:
    """Acts that share a cap share its group."""
    return f"{cap.of}:{cap.group or behaviour.code}"


def _counters(
    behaviour: Behaviour, fits: Decimal, windows: Mapping[str, str], grams: int, points: int
) -> dict[Key, int]:
    """What a credited act adds: its caps in thousandths of the unit, and marks for what excludes or replaces it."""
    added: dict[Key, int] = {}
    for cap in behaviour.caps:
        if cap.per != "act":
            key = (_scope(behaviour, cap), windows[cap.per])
            added[key] = MILLI if cap.of == "acts" else int(fits * MILLI)
    for rule in behaviour.exclusions:
        added[(f"did:{behaviour.code}", windows[rule.scope])] = 1
        if rule.stands == "other":
            added[(f"grams:{behaviour.code}", windows[rule.scope])] = grams
            added[(f"points:{behaviour.code}", windows[rule.scope])] = points
    if behaviour.points_from == "meter":
        added[(METER_POINTS, windows["month"])] = points
    return {key: n for key, n in added.items() if n}
