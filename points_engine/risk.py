"""Risk signals: what is odd about acts, one by one, day by day and group by group; sums for a person to look at."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from points_engine.clock import LOCAL, local_day
from points_engine.review import rules

Mark = tuple[str, int]  # (behaviour, ten-minute bin since the epoch)
HASHES, ROWS = 16, 2
FULL = 2**64


@dataclass(frozen=True, slots=True)
class Seen:
    """An act as the signals see it."""

    member_id: int
    id: str
    behaviour: str
    domain: str
    quantity_milli: int
    occurred_at: datetime
    recorded_at: datetime
    reasons: tuple[str, ...]
    cap_milli: int | None = None  # the quantity cap of a day or an act, where there is one


@dataclass(frozen=True, slots=True)
class Signal:
    """One odd thing. `mark` makes it natural: the same thing seen twice is one signal."""

    member_id: int
    code: str
    mark: str
    activity_id: str | None
    weight: int
    seen_at: datetime


@cache
def kinds() -> Mapping[str, Mapping[str, Any]]:
    """The signals of risk.toml by code."""
    return {each["code"]: each for each in rules()["signal"]}


def of_acts(acts: Iterable[Seen]) -> list[Signal]:
    """What each act shows by itself, and bursts among acts recorded close together."""
    acts = list(acts)
    found = [signal for act in acts for signal in _of_one(act)]
    return found + _bursts(acts)


def _of_one(act: Seen) -> list[Signal]:
    odd = [code for code, kind in kinds().items() if set(kind.get("reasons", ())) & set(act.reasons)]
    night, tidy, exact = kinds()["night"], kinds()["round_total"], kinds()["cap_exactly"]
    hour = act.occurred_at.astimezone(LOCAL).hour
    if act.domain in night["domains"] and night["from_hour"] <= hour < night["to_hour"]:
        odd.append("night")
    if is_tidy(act.quantity_milli, tidy["least"]):
        odd.append("round_total")
    if act.cap_milli and act.quantity_milli == act.cap_milli >= exact["least"] * 1000:
        odd.append("cap_exactly")
    return [signal(act.member_id, code, act.id, act.recorded_at, act.id) for code in odd]


def is_tidy(quantity_milli: int, least: int) -> bool:
    """66666 and 8888: whole, large, and all of one digit."""
    whole, rest = divmod(quantity_milli, 1000)
    return rest == 0 and whole >= least and len(set(str(whole))) == 1


def _bursts(acts: Sequence[Seen]) -> list[Signal]:
    kind, by_minute = kinds()["burst"], defaultdict(list)
    for act in acts:
        by_minute[(act.member_id, int(act.recorded_at.timestamp()) // kind["seconds"])].append(act)
    return [
        signal(member, "burst", f"m{minute}", group[-1].recorded_at, group[-1].id)
        for (member, minute), group in sorted(by_minute.items())
        if len(group) >= kind["acts"]
    ]


def every_day(exact: Mapping[int, Iterable[datetime]], now: datetime) -> list[Signal]:
    """Members whose claims equalled a cap on each of the last fourteen days; `exact` holds when, by member."""
    need, today = kinds()["caps_every_day"]["days"], local_day(now)
    found = []
    for member, times in sorted(exact.items()):
        days = {local_day(at) for at in times}
        last = today if today in days else today - timedelta(days=1)
        if all(last - timedelta(days=n) in days for n in range(need)):
            found.append(signal(member, "caps_every_day", f"{last.isocalendar().year}-{last.isocalendar().week}", now))
    return found


def spends_early(member_id: int, joined_at: datetime, spent: int, now: datetime) -> Signal | None:
    """A new account that has redeemed more than a newcomer plausibly earns."""
    kind = kinds()["new_spending"]
    if spent <= kind["points"] or now - joined_at > timedelta(days=kind["days"]):
        return None
    return signal(member_id, "new_spending", joined_at.date().isoformat(), now)


def signal(member_id: int, code: str, mark: str, at: datetime, activity_id: str | None = None) -> Signal:
    """A signal with the weight of its kind."""
    return Signal(member_id, code, mark, activity_id, int(kinds()[code]["weight"]), at)


def score(counted: Mapping[str, int]) -> int:
    """The sum over the weights by code, each kind held to its most."""
    return sum(min(total, int(kinds()[code]["most"])) for code, total in counted.items() if code in kinds())


# --- groups in lockstep --------------------------------------------------------------------------------


def mark_of(behaviour: str, recorded_at: datetime) -> Mark:
    """What was recorded in which ten minutes, by our clock: people who type 08:00 have nothing in common."""
    return behaviour, int(recorded_at.timestamp()) // (60 * int(kinds()["lockstep"]["bin_minutes"]))


class Sketches:
    """Sixteen minima a member: members whose marks overlap by four fifths almost surely share a pair of them.

    Acts may come in any order and in pages; memory grows with members, not with acts.
    """

    def __init__(self) -> None:
        self._minima: dict[int, list[int]] = {}

    def add(self, member_id: int, mark: Mark) -> None:
        mine = self._minima.setdefault(member_id, [FULL] * HASHES)
        for n, value in enumerate(_hashes(mark)):
            if value < mine[n]:
                mine[n] = value

    def candidates(self) -> list[list[int]]:
        """Groups of members, large enough to matter, that share a pair of minima."""
        least, buckets = int(kinds()["lockstep"]["accounts"]), defaultdict(list)
        for member, mine in sorted(self._minima.items()):
            for band in range(0, HASHES, ROWS):
                buckets[(band, *mine[band : band + ROWS])].append(member)
        groups = {tuple(group) for group in buckets.values() if len(group) >= least}
        return [list(group) for group in sorted(groups, key=len)]


@lru_cache(maxsize=65536)
def _hashes(mark: Mark) -> tuple[int, ...]:
    data = f"{mark[0]}@{mark[1]}".encode()
    digest = hashlib.blake2b(data, digest_size=64).digest() + hashlib.blake2b(data, digest_size=64, salt=b"2").digest()
    return tuple(int.from_bytes(digest[n : n + 8]) for n in range(0, 8 * HASHES, 8))


def in_lockstep(marks: Mapping[int, set[Mark]]) -> list[frozenset[int]]:
    """Exact: groups in which each account overlaps with at least four others by four fifths over seven days."""
    kind = kinds()["lockstep"]
    bins = 24 * 60 // kind["bin_minutes"]
    fit = {
        member: own
        for member, own in marks.items()
        if len(own) >= kind["least_marks"] and len({bin // bins for _, bin in own}) >= kind["days"]
    }
    near: dict[int, set[int]] = {member: {member} for member in fit}
    people = sorted(fit)
    for n, one in enumerate(people):
        for other in people[n + 1 :]:
            if overlaps(fit[one], fit[other], kind["overlap_percent"]):
                near[one].add(other)
                near[other].add(one)
    return sorted({frozenset(group) for group in near.values() if len(group) >= kind["accounts"]}, key=sorted)


def overlaps(one: set[Mark], other: set[Mark], percent: int) -> bool:
    """Whether two sets of marks share at least this share of what either holds."""
    shared = len(one & other)
    return shared * 100 >= percent * (len(one) + len(other) - shared)


def week_mark(on: date) -> str:
    """A mark by which a finding of the week is said once."""
    year, week, _ = on.isocalendar()
    return f"{year}-W{week:02d}"
