"""What members have used of caps and limits: added up from their acts, which alone hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from points_engine.activity import Key, window_days
from points_engine.clock import local_day
from points_engine.methodology import Behaviour, Level
from webapp.activities.tables import activity
from webapp.store import Asked, Query, Tx, among

Counters = dict[Key, int]
_act = activity.c
COUNTED = _act.member_id, _act.id, _act.occurred_on, _act.level, _act.grams, _act.points, _act.counters
# Undone, refused and waiting acts use nothing.
_ACTS = Query(
    select(*COUNTED).where(
        among("days", _act.member_id, _act.occurred_on),
        _act.status == "accepted",
        or_(_act.grams > 0, _act.points > 0),
    )
)


class Used:
    """Counters of each member by (scope, period), and each member's days: declared grams and points."""

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        self.counters: dict[int, Counters] = {}
        self.days: dict[tuple[int, date], tuple[int, int]] = {}
        for row in rows:
            declared = row.grams if row.level == Level.DECLARED else 0
            counted = {counter_key(text): n for text, n in row.counters.items()}
            self.add(row.member_id, row.occurred_on, declared, row.points, counted)

    def add(self, member_id: int, day: date, declared: int, points: int, counted: Mapping[Key, int]) -> None:
        """Count an act."""
        counters = self.counters.setdefault(member_id, {})
        for key, n in counted.items():
            counters[key] = counters.get(key, 0) + n
        before = self.days.get((member_id, day), (0, 0))
        self.days[member_id, day] = (before[0] + declared, before[1] + points)


def asked(acts: Iterable[tuple[int, Behaviour, datetime]]) -> Asked:
    """The question for the acts that stand beside these (member, behaviour, time) under their caps and limits."""
    return _ACTS, {"days": sorted({(m, day) for m, behaviour, at in acts for day in window_days(behaviour, at)})}


def used_by(
    tx: Tx, member_id: int, at: datetime, behaviour: Behaviour, beside: str | None = None
) -> tuple[Counters, int, int]:
    """What the member has used of everything that an act of `behaviour` at `at` would meet, the act `beside` left out.

    Counters, and declared grams and points of the day.
    """
    query, params = asked([(member_id, behaviour, at)])
    used = Used(row for row in query.rows(tx, **params) if row.id != beside)
    return used.counters.get(member_id, {}), *used.days.get((member_id, local_day(at)), (0, 0))


def counters_out(counters: Mapping[Key, int]) -> dict[str, int]:
    return {f"{scope}|{period}": n for (scope, period), n in counters.items()}


def counter_key(text: str) -> Key:
    """The scope and the period inside a counter's text key."""
    scope, _, period = text.partition("|")
    return scope, period
