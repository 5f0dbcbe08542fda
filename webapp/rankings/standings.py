"""Live standings: catching up with the ledger a few members at a time, and building them anew from all days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    SmallInteger,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from points_engine.clock import days_of, local_day
from points_engine.ranking import PERIOD_KINDS, per_head_milli, period_of
from webapp.green_units import queries as green_units
from webapp.green_units import service as green_units_service
from webapp.green_units.queries import headcount, memberships
from webapp.ledger import queries as ledger
from webapp.ledger import service as ledger_service
from webapp.members import queries as members
from webapp.rankings.boards import FEWEST, current_periods
from webapp.rankings.tables import (
    open_period,
    published_board,
    score,
    standing,
    unit_part,
    unit_score,
)
from webapp.store import Tx, UtcDateTime

BATCH = 500
_days = ledger.days
_grams = _days.c.declared_g + _days.c.verified_g
Key = tuple[int, str]  # unit, period


def behind(tx: Tx) -> bool:
    """Whether there is anything to catch up on; asked first, so that quiet times write nothing."""
    return bool(
        ledger_service.dirty_members(tx, 1) or green_units.stale_memberships(tx, 1) or green_units.stale_units(tx, 1)
    )


def catch_up(tx: Tx, now: datetime, limit: int = BATCH) -> int:
    """Recompute the open periods of up to `limit` changed members and their units; returns how many.

    Sums are computed afresh from the members' days, never added to, and a member is marked only up to
    the transfer seen before reading: what commits meanwhile, in whatever order, is read next time.
    """
    _take_turn(tx, now)
    pairs = ledger_service.dirty_members(tx, limit)
    joined = green_units.stale_memberships(tx, limit)
    changed = green_units.stale_units(tx, limit)
    if not (pairs or joined or changed):
        return 0
    periods = open_periods(tx, now)
    ids = sorted({m for m, _ in pairs} | {m for m, *_ in joined})
    _score_members(tx, ids, periods, now)
    fresh = _move_units(tx, ids, periods, now)
    recount = {u for *_, u in joined} | {u for u, _ in changed} | {u for u, _ in fresh}
    _settle_units(tx, {u for u, _ in _touched(tx, ids, periods)} | recount, recount, periods)
    ledger_service.mark_scored(tx, pairs)
    green_units_service.mark_scored(tx, [(m, i, v) for m, i, v, _ in joined], changed)
    _count_entries(tx, periods)
    return len(ids) + len(changed)


def open_periods(tx: Tx, now: datetime) -> list[str]:
    """Periods with live standings: the current ones, opened here at need, and any not yet published."""
    known = {row.period for row in tx.rows(select(open_period.c.period))}
    wanted = set(current_periods(now)) - known
    if wanted:
        fixed = {
            row.period
            for row in tx.rows(select(published_board.c.period).where(published_board.c.period.in_(wanted)).distinct())
        }
        wanted -= fixed
        tx.upsert(open_period, [{"period": p, "entries": 0} for p in sorted(wanted)], key=("period",))
    return sorted(known | wanted)


def relist(tx: Tx) -> int:
    """Take frozen members (and those who left) off the live boards, and put the thawed back; returns rows."""
    gone = members.inactive(tx)
    hidden = {row[0] for row in tx.rows(select(score.c.member_id).where(score.c.listed == 0).distinct())}
    changed = 0
    for ids, listed in ((sorted(set(gone) - hidden), 0), (sorted(hidden - set(gone)), 1)):
        for start in range(0, len(ids), BATCH):
            some = score.c.member_id.in_(ids[start : start + BATCH])
            changed += tx.execute(update(score).where(some, score.c.listed != listed).values(listed=listed)).rowcount
    return changed


def rebuild(tx: Tx, now: datetime, history: bool = True) -> None:
    """Build every unpublished period anew from the members' days, set-wise; `history`: since the first day."""
    _take_turn(tx, now)
    if history:
        _open_history(tx, now)
    periods = open_periods(tx, now)
    for period in periods:
        _rebuild_members(tx, period, now)
        _rebuild_units(tx, period, now)
    relist(tx)
    while pairs := ledger_service.dirty_members(tx, 5000):
        ledger_service.mark_scored(tx, pairs)
    green_units_service.mark_all_scored(tx)
    _count_entries(tx, periods)


def member_sums(period: str) -> Any:
    """Subquery: each member's grams in a period, above zero."""
    first, last = days_of(period)
    return (
        select(_days.c.member_id, func.sum(_grams).label("value"))
        .where(_days.c.day.between(first, last))
        .group_by(_days.c.member_id)
        .having(func.sum(_grams) > 0)
        .subquery("member_sums")
    )


def part_sums(period: str) -> Any:
    """Subquery: each member's grams for each unit in a period, while belonging to it, above zero."""
    first, last = days_of(period)
    return (
        select(memberships.c.member_id, memberships.c.unit_id, func.sum(_grams).label("value"))
        .select_from(_belonging())
        .where(_days.c.day.between(first, last))
        .group_by(memberships.c.member_id, memberships.c.unit_id)
        .having(func.sum(_grams) > 0)
        .subquery("part_sums")
    )


def _take_turn(tx: Tx, now: datetime) -> None:
    tx.upsert(standing, [{"id": 1, "as_of": now}], key=("id",), replace=("as_of",))


def _belonging() -> Any:
    m = memberships.c
    return memberships.join(
        _days,
        and_(
            _days.c.member_id == m.member_id,
            _days.c.day >= m.joined_on,
            or_(m.left_on.is_(None), _days.c.day < m.left_on),
        ),
    )


def _sums(periods: Sequence[str]) -> list[Any]:
    """One column a period, in order: the grams of the days within it."""
    columns = []
    for i, period in enumerate(periods):
        first, last = days_of(period)
        within = case((_days.c.day.between(first, last), _grams), else_=0)
        columns.append(func.coalesce(func.sum(within), 0).label(f"p{i}"))
    return columns


def _score_members(tx: Tx, ids: Sequence[int], periods: Sequence[str], now: datetime) -> None:
    rows = tx.rows(
        select(_days.c.member_id, *_sums(periods)).where(_days.c.member_id.in_(ids)).group_by(_days.c.member_id)
    )
    sums = {(row[0], p): int(row[i + 1]) for row in rows for i, p in enumerate(periods)}
    stored = {
        (row.member_id, row.period): row
        for row in tx.rows(select(score).where(score.c.member_id.in_(ids), score.c.period.in_(periods)))
    }
    gone = set(members.inactive(tx, ids))
    changed = []
    for key in sorted(sums.keys() | stored.keys()):
        value, old = sums.get(key, 0), stored.get(key)
        listed = 0 if key[0] in gone else 1
        if (old is None and value > 0) or (old is not None and (old.value, old.listed) != (value, listed)):
            reached = old.reached_at if old is not None and old.value == value else now
            changed.append(
                {"member_id": key[0], "period": key[1], "value": value, "reached_at": reached, "listed": listed}
            )
    tx.upsert(score, changed, key=("member_id", "period"), replace=("value", "reached_at", "listed"))


def _touched(tx: Tx, ids: Sequence[int], periods: Sequence[str]) -> set[Key]:
    """The units that hold a part of these members in the open periods."""
    rows = tx.rows(
        select(unit_part.c.unit_id, unit_part.c.period)
        .where(unit_part.c.member_id.in_(ids), unit_part.c.period.in_(periods))
        .distinct()
    )
    return {(row.unit_id, row.period) for row in rows}


def _move_units(tx: Tx, ids: Sequence[int], periods: Sequence[str], now: datetime) -> set[Key]:
    """Move each unit's sum by what its members' parts changed; returns sums that are new."""
    m = memberships.c
    rows = tx.rows(
        select(m.member_id, m.unit_id, *_sums(periods))
        .select_from(_belonging())
        .where(m.member_id.in_(ids))
        .group_by(m.member_id, m.unit_id)
    )
    sums = {(row[0], row[1], p): int(row[i + 2]) for row in rows for i, p in enumerate(periods)}
    stored = {
        (row.member_id, row.unit_id, row.period): row.value
        for row in tx.rows(select(unit_part).where(unit_part.c.member_id.in_(ids), unit_part.c.period.in_(periods)))
    }
    parts, deltas = [], dict[Key, int]()
    for key in sorted(sums.keys() | stored.keys()):
        value, old = sums.get(key, 0), stored.get(key, 0)
        if value != old:
            parts.append({"member_id": key[0], "unit_id": key[1], "period": key[2], "value": value})
            deltas[key[1:]] = deltas.get(key[1:], 0) + value - old
    tx.upsert(unit_part, parts, key=("member_id", "unit_id", "period"), replace=("value",))
    return _add_to_units(tx, deltas, now)


def _add_to_units(tx: Tx, deltas: dict[Key, int], now: datetime) -> set[Key]:
    units = green_units.board_units(tx, {u for u, _ in deltas})
    known = {
        (row.unit_id, row.period)
        for row in tx.rows(
            select(unit_score.c.unit_id, unit_score.c.period).where(unit_score.c.unit_id.in_(list(units)))
        )
    }
    rows = [
        {
            "unit_id": u,
            "period": p,
            "kind": units[u].kind,
            "value": delta,
            "members": 0,
            "per_head_milli": 0,
            "reached_at": now,
            "listed": 0,
        }
        for (u, p), delta in sorted(deltas.items())
        if delta
    ]
    tx.upsert(unit_score, rows, key=("unit_id", "period"), add=("value",), replace=("reached_at",))
    return {(row["unit_id"], row["period"]) for row in rows} - known


def _settle_units(tx: Tx, unit_ids: set[int], recount: set[int], periods: Sequence[str]) -> None:
    """Bring head counts (of `recount`), values per head and listing up to date."""
    units = green_units.board_units(tx, unit_ids)
    heads = _heads(tx, recount, periods)
    rows = tx.rows(select(unit_score).where(unit_score.c.unit_id.in_(list(units)), unit_score.c.period.in_(periods)))
    changed = []
    for row in rows:
        members = heads.get((row.unit_id, row.period), 0) if row.unit_id in recount else row.members
        new = _settled(units[row.unit_id], row.value, members)
        if new != (row.members, row.per_head_milli, row.listed):
            changed.append(dict(row._mapping) | dict(zip(("members", "per_head_milli", "listed"), new, strict=True)))
    tx.upsert(unit_score, changed, key=("unit_id", "period"), replace=("members", "per_head_milli", "listed"))


def _settled(unit: green_units.BoardUnit, value: int, members: int) -> tuple[int, int, int]:
    """Members, value per head in thousandths, rounded down, and whether the unit stands on boards."""
    big_enough = unit.kind == "family" or members >= FEWEST
    return members, per_head_milli(value, members), int(unit.allowed and big_enough)


def _heads(tx: Tx, unit_ids: Iterable[int], periods: Sequence[str]) -> dict[Key, int]:
    """Everybody who belonged to each unit on any day of each period."""
    m = memberships.c
    columns = [
        func.count(func.distinct(case((headcount(*days_of(p)), m.member_id)))).label(f"p{i}")
        for i, p in enumerate(periods)
    ]
    rows = tx.rows(select(m.unit_id, *columns).where(m.unit_id.in_(list(unit_ids))).group_by(m.unit_id))
    return {(row[0], p): int(row[i + 1]) for row in rows for i, p in enumerate(periods)}


def _count_entries(tx: Tx, periods: Sequence[str]) -> None:
    """How many members stand on each period's board; counted here, not at every page view."""
    rows = tx.rows(
        select(score.c.period, func.count())
        .where(score.c.period.in_(periods), score.c.listed == 1, score.c.value > 0)
        .group_by(score.c.period)
    )
    counts = dict.fromkeys(periods, 0) | {row[0]: int(row[1]) for row in rows}
    tx.upsert(
        open_period,
        [{"period": p, "entries": n} for p, n in sorted(counts.items())],
        key=("period",),
        replace=("entries",),
    )


def _open_history(tx: Tx, now: datetime) -> None:
    """Open every period since the first recorded day that has not been published."""
    first = tx.scalar(select(func.min(_days.c.day)))
    if first is None:
        return
    today = local_day(now)
    found = {
        period_of(kind, date.fromordinal(day))
        for day in range(first.toordinal(), today.toordinal() + 1)
        for kind in PERIOD_KINDS
    }
    fixed = {row.period for row in tx.rows(select(published_board.c.period).distinct())}
    tx.upsert(open_period, [{"period": p, "entries": 0} for p in sorted(found - fixed)], key=("period",))


def _rebuild_members(tx: Tx, period: str, now: datetime) -> None:
    """Correct what is wrong and add what is missing; a right row keeps the instant it was reached."""
    sums = member_sums(period)
    right = (
        select(func.coalesce(func.sum(_grams), 0))
        .where(_days.c.member_id == score.c.member_id, _days.c.day.between(*days_of(period)))
        .scalar_subquery()
    )
    fresh = select(sums.c.member_id, literal(period), sums.c.value, literal(now, UtcDateTime), literal(1, SmallInteger))
    if tx.row(select(score.c.member_id).where(score.c.period == period).limit(1)):
        tx.execute(
            update(score).where(score.c.period == period, score.c.value != right).values(value=right, reached_at=now)
        )
        # Not asked of an empty period: without statistics the database would look through it row by row.
        fresh = fresh.where(~exists().where(score.c.member_id == sums.c.member_id, score.c.period == period))
    tx.execute(insert(score).from_select(["member_id", "period", "value", "reached_at", "listed"], fresh))


def _rebuild_units(tx: Tx, period: str, now: datetime) -> None:
    parts = part_sums(period)
    tx.execute(delete(unit_part).where(unit_part.c.period == period))
    tx.execute(
        insert(unit_part).from_select(
            ["member_id", "unit_id", "period", "value"],
            select(parts.c.member_id, parts.c.unit_id, literal(period), parts.c.value),
        )
    )
    before = {row.unit_id: row for row in tx.rows(select(unit_score).where(unit_score.c.period == period))}
    sums = tx.rows(
        select(unit_part.c.unit_id, func.sum(unit_part.c.value))
        .where(unit_part.c.period == period)
        .group_by(unit_part.c.unit_id)
    )
    values = {row[0]: int(row[1]) for row in sums}
    units = green_units.board_units(tx, values)
    heads = _heads(tx, values, [period])
    tx.execute(delete(unit_score).where(unit_score.c.period == period))
    rows = []
    for unit_id, value in sorted(values.items()):
        members, per_head, listed = _settled(units[unit_id], value, heads.get((unit_id, period), 0))
        old = before.get(unit_id)
        rows.append(
            {
                "unit_id": unit_id,
                "period": period,
                "kind": units[unit_id].kind,
                "value": value,
                "members": members,
                "per_head_milli": per_head,
                "reached_at": old.reached_at if old is not None and old.value == value else now,
                "listed": listed,
            }
        )
    tx.insert(unit_score, rows)
