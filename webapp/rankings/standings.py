"""Live standings: catching up with the ledger a few members at a time, and building them anew from all days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    SmallInteger,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from points_engine.clock import days_of, local_day
from points_engine.ranking import PERIOD_KINDS, kind_of, period_of
from webapp.green_units import queries as green_units
from webapp.green_units import service as green_units_service
from webapp.green_units.queries import memberships
from webapp.ledger import service as ledger_service
from webapp.members import queries as members
from webapp.rankings import figures, ladders, marks
from webapp.rankings.boards import BOARDS, current_periods
from webapp.rankings.figures import Figure, Key, belonging, part_sums
from webapp.rankings.published_tables import board_closing
from webapp.rankings.tables import open_period, score, standing, unit_part, unit_score
from webapp.store import Tx, UtcDateTime

BATCH = 500
BASES = 2000  # baselines looked up in one run
MEMBERS = BOARDS["members"]
_days = figures.days
_grams = figures.grams


def behind(tx: Tx) -> bool:
    """Whether there is anything to catch up on; asked first, so that quiet times write nothing."""
    return bool(
        ledger_service.dirty_members(tx, 1)
        or green_units.stale_memberships(tx, 1)
        or green_units.stale_units(tx, 1)
        or tx.row(select(unit_score.c.unit_id).where(unit_score.c.base_value.is_(None)).limit(1))
    )


def catch_up(tx: Tx, now: datetime, limit: int = BATCH) -> int:
    """Recompute the open periods of up to `limit` changed members and their units; returns how many.

    Sums are computed afresh from the members' days, never added to, and a member is marked only up to
    the transfer seen before reading: what commits meanwhile, in whatever order, is read next time.
    """
    take_turn(tx, now)
    pairs = ledger_service.dirty_members(tx, limit)
    joined = green_units.stale_memberships(tx, limit)
    changed = green_units.stale_units(tx, limit)
    periods = open_periods(tx, now)
    if not (pairs or joined or changed):
        return _find_bases(tx, periods)
    ids = sorted({m for m, _ in pairs} | {m for m, *_ in joined})
    _score_members(tx, ids, periods, now)
    fresh = _move_units(tx, ids, periods, now)
    recount = {u for *_, u in joined} | {u for u, _ in changed} | {u for u, _ in fresh}
    _settle_units(tx, {u for u, _ in _touched(tx, ids, periods)} | recount, recount, periods)
    ledger_service.mark_scored(tx, pairs)
    green_units_service.mark_scored(tx, [(m, i, v) for m, i, v, _ in joined], changed)
    if max(len(pairs), len(joined), len(changed)) < limit:  # caught up: means are worked out once, not once a batch
        _find_bases(tx, periods)
        marks.refresh_means(tx, periods)
    return len(ids) + len(changed)


def refresh_energy(tx: Tx, now: datetime) -> int:
    """Read what units' meters saved; returns how many units and periods changed."""
    take_turn(tx, now)
    periods = open_periods(tx, now)
    right = figures.saved(figures.measured(tx, periods, now), periods)
    stored = {
        (row.unit_id, row.period): row.saved
        for row in tx.rows(select(unit_score).where(unit_score.c.period.in_(periods), unit_score.c.saved != 0))
    }
    changed = {
        key: right.get(key, 0) for key in right.keys() | stored.keys() if right.get(key, 0) != stored.get(key, 0)
    }
    if not changed:
        return 0
    units = green_units.board_units(tx, {unit for unit, _ in changed})
    rows = [
        _new_score(u, p, units[u].kind, 0, now) | {"saved": n} for (u, p), n in sorted(changed.items()) if u in units
    ]
    tx.upsert(unit_score, rows, key=("unit_id", "period"), replace=("saved",))
    ids = {row["unit_id"] for row in rows}
    _settle_units(tx, ids, ids, periods)
    return len(rows)


def open_periods(tx: Tx, now: datetime) -> list[str]:
    """Periods with live standings: the current ones, opened here at need, and any not yet published."""
    known = {row.period for row in tx.rows(select(open_period.c.period))}
    wanted = set(current_periods(now)) - known
    if wanted:
        fixed = {row.period for row in tx.rows(_published().where(board_closing.c.period.in_(wanted)))}
        wanted -= fixed
        tx.upsert(open_period, [{"period": p} for p in sorted(wanted)], key=("period",))
    return sorted(known | wanted)


def _published() -> Any:
    return select(board_closing.c.period).where(board_closing.c.state == "published").distinct()


def relist(tx: Tx, now: datetime | None = None) -> int:
    """Take frozen members (and those who left) off the live boards, and put the thawed back; returns rows."""
    gone = members.inactive(tx)
    hidden = {row[0] for row in tx.rows(select(score.c.member_id).where(score.c.listed == 0).distinct())}
    changed = 0
    for ids, listed in ((sorted(set(gone) - hidden), 0), (sorted(hidden - set(gone)), 1)):
        for start in range(0, len(ids), BATCH):
            changed += set_listed(tx, ids[start : start + BATCH], listed)
    return changed


def set_listed(tx: Tx, ids: Collection[int], listed: int) -> int:
    """Take some members off every live board, or put them back; returns rows."""
    those = (score.c.member_id.in_(sorted(ids)), score.c.listed != listed)
    # The turn is taken only for a change: the row of the standings must be the same for the whole transaction.
    if not tx.row(select(score.c.member_id).where(*those).limit(1)):
        return 0
    tx.take_turn("standings")
    rows = tx.rows(select(score.c.member_id, score.c.period, score.c.value).where(*those))
    tx.execute(update(score).where(*those).values(listed=listed))
    ladders.move(
        tx,
        [(MEMBERS.ladder(row.period), 0 if listed else row.value, row.value if listed else 0) for row in rows],
    )
    return len(rows)


def rebuild(tx: Tx, now: datetime, history: bool = True) -> None:
    """Build every unpublished period anew from the members' days, set-wise; `history`: since the first day."""
    take_turn(tx, now)
    if history:
        _open_history(tx, now)
    periods = open_periods(tx, now)
    gone = members.inactive(tx)
    for period in periods:
        _rebuild_members(tx, period, now)
        _rebuild_units(tx, period, now)
        for start in range(0, len(gone), BATCH):
            those = score.c.member_id.in_(gone[start : start + BATCH])
            tx.execute(update(score).where(those, score.c.period == period).values(listed=0))
        ladders.build(tx, period)
    marks.refresh_means(tx, periods)
    while pairs := ledger_service.dirty_members(tx, 5000):
        ledger_service.mark_scored(tx, pairs)
    green_units_service.mark_all_scored(tx)


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


def take_turn(tx: Tx, now: datetime) -> None:
    """One writer of standings at a time: two at once would overwrite fresh sums with stale ones."""
    tx.take_turn("standings")
    tx.upsert(standing, [{"id": 1, "as_of": now}], key=("id",), replace=("as_of",))


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
    changed, moved = [], []
    for key in sorted(sums.keys() | stored.keys()):
        value, old = sums.get(key, 0), stored.get(key)
        listed = 0 if key[0] in gone else 1
        if (old is None and value > 0) or (old is not None and (old.value, old.listed) != (value, listed)):
            reached = old.reached_at if old is not None and old.value == value else now
            changed.append(
                {"member_id": key[0], "period": key[1], "value": value, "reached_at": reached, "listed": listed}
            )
            was = old.value if old is not None and old.listed else 0
            moved.append((MEMBERS.ladder(key[1]), was, value if listed else 0))
    tx.upsert(score, changed, key=("member_id", "period"), replace=("value", "reached_at", "listed"))
    ladders.move(tx, moved)


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
        .select_from(belonging())
        .where(m.member_id.in_(ids))
        .group_by(m.member_id, m.unit_id)
    )
    sums = {(row[0], row[1], p): int(row[i + 2]) for row in rows for i, p in enumerate(periods)}
    stored = {
        (row.member_id, row.unit_id, row.period): row.value
        for row in tx.rows(select(unit_part).where(unit_part.c.member_id.in_(ids), unit_part.c.period.in_(periods)))
    }
    parts, deltas, acting = [], dict[Key, int](), dict[Key, int]()
    for key in sorted(sums.keys() | stored.keys()):
        value, old = sums.get(key, 0), stored.get(key, 0)
        if value != old:
            parts.append({"member_id": key[0], "unit_id": key[1], "period": key[2], "value": value})
            deltas[key[1:]] = deltas.get(key[1:], 0) + value - old
            acting[key[1:]] = acting.get(key[1:], 0) + (value > 0) - (old > 0)
    tx.upsert(unit_part, parts, key=("member_id", "unit_id", "period"), replace=("value",))
    return _add_to_units(tx, deltas, acting, now)


def _add_to_units(tx: Tx, deltas: dict[Key, int], acting: dict[Key, int], now: datetime) -> set[Key]:
    units = green_units.board_units(tx, {u for u, _ in deltas})
    known = {
        (row.unit_id, row.period)
        for row in tx.rows(
            select(unit_score.c.unit_id, unit_score.c.period).where(unit_score.c.unit_id.in_(list(units)))
        )
    }
    rows = [
        _new_score(u, p, units[u].kind, delta, now) | {"active": acting[u, p]}
        for (u, p), delta in sorted(deltas.items())
        if delta or acting[u, p]
    ]
    tx.upsert(unit_score, rows, key=("unit_id", "period"), add=("value", "active"), replace=("reached_at",))
    return {(row["unit_id"], row["period"]) for row in rows} - known


def _new_score(unit_id: int, period: str, kind: str, value: int, now: datetime) -> dict[str, Any]:
    """A row of unit_score; the total has no baseline, that of other periods is looked up later."""
    base = 0 if kind_of(period) == "total" else None
    return {
        "unit_id": unit_id,
        "period": period,
        "kind": kind,
        "value": value,
        "active": 0,
        "members": 0,
        "weight": 0,
        "base_value": base,
        "base_weight": base,
        "saved": 0,
        "reached_at": now,
    }


def _settle_units(tx: Tx, unit_ids: set[int], recount: set[int], periods: Sequence[str]) -> None:
    """Bring head counts (of `recount`) and marks up to date."""
    units = green_units.board_units(tx, unit_ids)
    heads = figures.heads(tx, periods, recount)
    weights = figures.weights(tx, units, heads)
    rows = tx.rows(select(unit_score).where(unit_score.c.unit_id.in_(list(units)), unit_score.c.period.in_(periods)))
    changed, found = [], []
    for row in rows:
        key = (row.unit_id, row.period)
        people = (heads.get(key, 0), weights.get(key, 0)) if row.unit_id in recount else (row.members, row.weight)
        if people != (row.members, row.weight):
            changed.append(dict(row._mapping) | dict(zip(("members", "weight"), people, strict=True)))
        found.append((row.period, _figure(units[row.unit_id], row, *people), row.reached_at))
    tx.upsert(unit_score, changed, key=("unit_id", "period"), replace=("members", "weight"))
    marks.settle(tx, found)


def _figure(unit: green_units.BoardUnit, row: Any, members: int, weight: int) -> Figure:
    base = (row.base_value or 0, row.base_weight or 0)
    return Figure(unit, row.value, row.active, members, weight, base, row.saved)


def _find_bases(tx: Tx, periods: Sequence[str]) -> int:
    """Look up what some units' periods are compared with; returns how many."""
    missing = select(unit_score.c.unit_id, unit_score.c.period).where(unit_score.c.base_value.is_(None))
    wanted: dict[str, list[int]] = {}
    for row in tx.rows(missing.limit(BASES)):
        wanted.setdefault(row.period, []).append(row.unit_id)
    for period, ids in sorted(wanted.items()):
        units = green_units.board_units(tx, ids)
        bases = figures.baselines(tx, period, units)
        keys = tuple_(unit_score.c.unit_id, unit_score.c.period).in_([(u, period) for u in units])
        rows = [dict(row._mapping) for row in tx.rows(select(unit_score).where(keys))]
        written = [row | dict(zip(("base_value", "base_weight"), bases[row["unit_id"]], strict=True)) for row in rows]
        tx.upsert(unit_score, written, key=("unit_id", "period"), replace=("base_value", "base_weight"))
    if wanted:
        _settle_units(tx, {u for ids in wanted.values() for u in ids}, set(), periods)
        marks.refresh_means(tx, periods)
    return sum(len(ids) for ids in wanted.values())


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
    fixed = {row.period for row in tx.rows(_published())}
    tx.upsert(open_period, [{"period": p} for p in sorted(found - fixed)], key=("period",))


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
    tx.execute(delete(unit_score).where(unit_score.c.period == period))
    marks.drop(tx, period)
    ladders.drop(tx, period)
    rows, found = [], []
    for figure in figures.figures(tx, period, figures.measured(tx, [period], now)):
        old = before.get(figure.unit.id)
        reached = old.reached_at if old is not None and old.value == figure.value else now
        row = _new_score(figure.unit.id, period, figure.unit.kind, figure.value, reached)
        row |= {"active": figure.active, "members": figure.members, "weight": figure.weight, "saved": figure.saved}
        row |= dict(zip(("base_value", "base_weight"), figure.base, strict=True))
        rows.append(row)
        found.append((period, figure, reached))
    tx.insert(unit_score, rows)
    marks.settle(tx, found)
