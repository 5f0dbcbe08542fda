"""Works every credited act out again by the version it carries; set-wise, so that history stays quick to check."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, and_, not_, or_, type_coerce

from webapp.activities.queries import acts
from webapp.ledger.audit import Findings
from webapp.methods import queries
from webapp.methods.effects import laid_out, pinned_rates, points_of, with_rates, worth_of
from webapp.store import Tx

# Reasons that make an act worth less than its credited amount says.
CUTS = ("limit_reached", "counted_in_part", "trip_overlaps", "counted_elsewhere")
SHOWN = 100


def check_credits(tx: Tx) -> Findings:
    """Credits that the version they carry does not explain, to the gram; in one statement over all acts."""
    found = Findings()
    with laid_out(tx, pinned_rates(tx, queries.living(tx))) as (rate, given):
        for row in tx.rows(_unexplained(rate).limit(SHOWN), given):
            found.faults.append(_fault(row))
    return found


def _unexplained(rate: Any) -> Any:
    grams, share = worth_of(rate, "old_")
    points = points_of(rate.c.old_only, acts.c.credited_milli, grams, share, rate.c.old_po)
    told = type_coerce(acts.c.reasons, String())
    whole = not_(or_(*(told.contains(word) for word in CUTS)))
    wrong = or_(
        rate.c.behaviour.is_(None),
        acts.c.grams > grams,
        acts.c.points > points,
        and_(whole, or_(acts.c.grams < grams, acts.c.points < points)),
    )
    columns = (acts.c.member_id, acts.c.id, acts.c.version, acts.c.grams, acts.c.points)
    wanted = with_rates(rate, *columns, grams.label("should_g"), points.label("should_p"))
    return wanted.where(acts.c.credited_milli > 0, wrong)


def _fault(row: Any) -> str:
    who = f"member {row.member_id}: act {row.id}"
    if row.should_g is None:
        return f"{who} carries version {row.version}, which nobody published for its day"
    return f"{who} is credited {(row.grams, row.points)}, version {row.version} says {(row.should_g, row.should_p)}"
