"""What a unit's people did by domain, set-wise over dated memberships; hidden where few acted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from webapp.activities.queries import acts
from webapp.green_units.figures import hide
from webapp.green_units.queries import Unit, memberships
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class DomainLine:
    """One domain in one month: acts and grams, None where fewer than five people stand behind them."""

    domain: str
    acts: int | None
    grams: int | None
    people: int | None


def by_domain(tx: Tx, unit: Unit, catalogue: Any, first: date, last: date) -> list[DomainLine]:
    """Accepted acts of the unit's people on days they belonged to it, by domain, most grams first."""
    domains = {behaviour.code: behaviour.domain for behaviour in catalogue.behaviours}
    inside = memberships.join(
        acts,
        and_(
            acts.c.member_id == memberships.c.member_id,
            acts.c.occurred_on >= memberships.c.joined_on,
            or_(memberships.c.left_on.is_(None), acts.c.occurred_on < memberships.c.left_on),
            acts.c.occurred_on.between(first, last),
            acts.c.status == "accepted",
        ),
    )
    rows = tx.rows(
        select(
            case(domains, value=acts.c.behaviour, else_="").label("domain"),
            func.count().label("acts"),
            func.sum(acts.c.grams).label("grams"),
            func.count(func.distinct(acts.c.member_id)).label("people"),
        )
        .select_from(inside)
        .where(memberships.c.unit_id == unit.id)
        .group_by("domain")
    )
    found = sorted((row for row in rows if row.domain), key=lambda row: (-int(row.grams or 0), row.domain))
    hidden = set() if unit.is_family else hide([int(row.people) for row in found])
    return [
        DomainLine(row.domain, None, None, None)
        if i in hidden
        else DomainLine(row.domain, int(row.acts), int(row.grams or 0), int(row.people))
        for i, row in enumerate(found)
    ]
