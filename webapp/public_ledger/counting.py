"""Counting the platform's sums in a fixed number of statements, and leaving out what few people stand behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from points_engine.clock import days_of, local_day, month_of
from points_engine.methodology import DOMAINS, Catalogue
from webapp.activities import queries as activities
from webapp.green_units import queries as green_units
from webapp.green_units.figures import FEWEST
from webapp.ledger import queries as ledger
from webapp.members import queries as members
from webapp.store import Tx

MONTHS = 12
EARLIER = ""  # what lies before the months, so that it can be hidden with them
Row = dict[str, Any]
# Each figure goes with the count of people behind it.
BEHIND = {
    "acts": "people",
    "grams": "people",
    "people": "people",
    "declared_g": "declarers",
    "verified_g": "verifiers",
    "points_awarded": "earners",
    "points_redeemed": "redeemers",
}


def count(tx: Tx, catalogue: Catalogue, now: datetime) -> Row:
    """Everything the public page shows, as it is kept: None in place of figures of fewer than five people."""
    months = last_months(local_day(now))
    by_month = _merged(ledger.day_sums(tx, months), ledger.point_sums(tx, months))
    whole = _merged(ledger.day_sums(tx, []), ledger.point_sums(tx, [])).get(EARLIER, {})
    by_domain = activities.sums_by(tx, {b.code: b.domain for b in catalogue.behaviours})
    total = hidden([whole])[0]
    people = members.count(tx)
    return {
        "total": total | {"redeemed_permille": _rate(total), "retired_g": _retired(whole)},
        "months": _lines("month", months, by_month, EARLIER),
        "domains": _lines("domain", [code for code, _, _ in DOMAINS], by_domain),
        "members": people if people >= FEWEST or not people else None,
        "units": green_units.count_by_kind(tx),
    }


def last_months(today: date) -> list[str]:
    """Twelve months, oldest first, with the current one."""
    months = [month_of(today)]
    while len(months) < MONTHS:
        months.append(month_of(days_of(months[-1])[0] - timedelta(days=1)))
    return months[::-1]


def hidden(groups: Sequence[Mapping[str, int]]) -> list[Row]:
    """The groups' figures, None where few stand behind one or where the others and the sum would tell it."""
    away = {n: _hide([int(g.get(n, 0)) for g in groups]) for n in set(BEHIND.values())}
    # A whole and one of its parts tell the other part.
    parts = away["declarers"] | away["verifiers"] | away["people"]
    away |= {"declarers": parts, "verifiers": parts}
    return [
        {name: None if i in away[behind] else int(group.get(name, 0)) for name, behind in BEHIND.items()}
        for i, group in enumerate(groups)
    ]


def _hide(people: Sequence[int]) -> set[int]:
    """Groups of one to four, and with them the next smallest: the same person may act in every month and every domain,
    so what the hidden ones add up to must hold one group that is large enough by itself."""
    away = {i for i, n in enumerate(people) if 0 < n < FEWEST}
    rest = sorted((n, i) for i, n in enumerate(people) if n >= FEWEST)
    return away | {rest[0][1]} if away and rest else away


def _lines(name: str, keys: Sequence[str], found: Mapping[str, Mapping[str, int]], *more: str) -> list[Row]:
    every = [*keys, *more]
    made = hidden([found.get(key, {}) for key in every])
    return [{name: key} | row for key, row in zip(keys, made, strict=False)]


def _merged(*tables: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for table in tables:
        for key, sums in table.items():
            found.setdefault(key, {}).update(sums)
    return found


def _rate(total: Row) -> int | None:
    """Redeemed of awarded, in thousandths, rounded down."""
    awarded, redeemed = total["points_awarded"], total["points_redeemed"]
    return redeemed * 1000 // awarded if awarded and redeemed is not None else None


def _retired(whole: Mapping[str, int]) -> int | None:
    few = 0 < whole.get("retirers", 0) < FEWEST
    return None if few else int(whole.get("retired_g", 0))
