"""The grid of eight: which behaviours stand in it, the usual amount of each, and what was logged today."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from points_engine.activity import MILLI
from points_engine.methodology import Behaviour, Catalogue, Level, quantify
from webapp.activities import views
from webapp.web import t

GRID = 8
LOOK_BACK_DAYS = 28
# What most people of a small city without a metro can do on any day, by methodology id.
USUAL_REFS = ("T02", "T03", "T07", "T05", "U02", "U01", "F02", "H10", "U06", "F01")
# Acts whose amount the member typed: a recorded trip's 3.417 km is nobody's usual amount.
TYPED = ("declared", "photo")
FULL = frozenset({"daily_cap_reached", "weekly_cap_reached", "monthly_cap_reached"})


@dataclass(frozen=True, slots=True)
class Tile:
    """One behaviour with the amount one tap logs; `times`, `grams`, `points` are today's."""

    behaviour: Behaviour
    name: str
    quantity: str
    amount: str
    inputs: Mapping[str, str]
    next_id: str
    expects: str
    times: int
    gained: str
    full: bool
    index: int


def grid(catalogue: Catalogue, recent: Sequence[Any], today: date) -> list[Tile]:
    """The tiles in the order of my habits; what I did today does not move them about."""
    habits = Counter(row.behaviour for row in recent if row.occurred_on < today)
    new = [row.behaviour for row in recent if row.occurred_on == today]
    order = [code for code, _ in habits.most_common()]
    order += [catalogue.by_ref[ref].code for ref in USUAL_REFS if ref in catalogue.by_ref]
    # Something new today takes the last free places, so that its tile can say so.
    fresh = [code for code in dict.fromkeys(reversed(new)) if code not in order[:GRID]]
    codes = [code for code in dict.fromkeys(order) if _offered(catalogue, code, today, habits)]
    if fresh:
        codes = [*codes[: GRID - len(fresh)], *fresh, *codes[GRID - len(fresh) :]]
    chosen = [catalogue.behaviour(code) for code in list(dict.fromkeys(codes))[:GRID]]
    return [tile(each, recent, today, at) for at, each in enumerate(chosen)]


def _offered(catalogue: Catalogue, code: str, today: date, habits: Mapping[str, int]) -> bool:
    behaviour = catalogue.by_code.get(code)
    if behaviour is None or not behaviour.loggable or Level.DECLARED not in behaviour.evidence:
        return False
    return behaviour.in_season(today) and (not behaviour.hidden or code in habits)


def tile(behaviour: Behaviour, recent: Sequence[Any], today: date, index: int = 0) -> Tile:
    """One tile as the member's latest acts leave it."""
    own = [row for row in recent if row.behaviour == behaviour.code]
    last = next((row for row in own if row.level in TYPED), None)
    quantity = Decimal(last.quantity_milli) / MILLI if last else behaviour.usual
    stored = dict(last.inputs) if last else {each.name: each.usual for each in behaviour.inputs}
    done = [row for row in own if row.occurred_on == today]
    return Tile(
        behaviour=behaviour,
        name=views.name_of(behaviour, short=True),
        quantity=views.figure(quantity),
        amount=views.amount_of(behaviour, quantity),
        inputs=stored,
        next_id=str(uuid.uuid4()),
        expects=_expects(behaviour, quantity, stored, today),
        times=len(done),
        gained=_gained(behaviour, sum(r.grams for r in done), sum(r.points for r in done)),
        full=any(FULL & set(row.reasons) for row in done),
        index=index,
    )


def _expects(behaviour: Behaviour, quantity: Decimal, stored: Mapping[str, str], today: date) -> str:
    worth = quantify(behaviour, quantity, views.inputs_of(behaviour, stored), Level.DECLARED, today)
    return _gained(behaviour, worth.grams, worth.points)


def _gained(behaviour: Behaviour, grams: int, points: int) -> str:
    return t(f"+{points} 分", f"+{points} pts") if behaviour.points_only else f"+{grams:,} g"
