"""Marks: one row a unit, period and measure, drawn towards the mean of its class; what live boards of units are read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from points_engine import boards as rules
from webapp.rankings import ladders
from webapp.rankings.boards import MEASURES, Board, find
from webapp.rankings.figures import Figure, measures_of
from webapp.rankings.tables import class_mean, unit_mark
from webapp.store import Tx

KEY = ("unit_id", "period", "measure")
VALUES = ("size_class", "members", "weight", "plain_milli", "value_milli", "reached_at", "listed")
Class = tuple[str, str, str, str]  # period, kind, measure, size class
_m = unit_mark.c


def settle(tx: Tx, found: Sequence[tuple[str, Figure, datetime]]) -> None:
    """Bring the marks of some units and periods (with the instant the sum was reached) up to date."""
    if not found:
        return
    means = _means(tx, {period for period, _, _ in found})
    stored = _stored(tx, found)
    rows = []
    for period, figure, reached in found:
        for measure in measures_of(period):
            row = _row(period, figure, measure, reached, means)
            old = stored.get((figure.unit.id, period, measure))
            if (old is None and row["listed"]) or (old is not None and old != {**old, **row}):
                rows.append((old, row))
    _write(tx, rows)


def _row(period: str, figure: Figure, measure: str, reached: datetime, means: Mapping[Class, int]) -> dict[str, Any]:
    plain, size = figure.plain_milli(measure), figure.size_class
    listed = plain > 0 and figure.stands(measure)
    weight, kind = figure.weight, figure.unit.kind
    mean = means.get((period, kind, measure, size))
    return {
        "unit_id": figure.unit.id,
        "period": period,
        "measure": measure,
        "kind": kind,
        "size_class": size,
        "members": figure.members,
        "weight": weight,
        "plain_milli": plain,
        "value_milli": value_of(kind, measure, size, plain, weight, mean),
        "reached_at": reached,
        "listed": int(listed),
    }


def value_of(kind: str, measure: str, size: str, plain: int, weight: int, mean: int | None) -> int:
    """What is compared: the plain value, or the one drawn towards the mean where the board says so."""
    board = find(kind, measure, size)
    if board is None or not board.shrunk or mean is None:
        return plain
    return rules.shrunk_milli(plain, weight, mean, rules.pull_of(kind == "family"))


def _means(tx: Tx, periods: Iterable[str]) -> dict[Class, int]:
    rows = tx.rows(select(class_mean).where(class_mean.c.period.in_(sorted(periods))))
    return {(row.period, row.kind, row.measure, row.size_class): row.mean_milli for row in rows}


def _stored(tx: Tx, found: Sequence[tuple[str, Figure, datetime]]) -> dict[tuple[int, str, str], dict[str, Any]]:
    ids, periods = sorted({f.unit.id for _, f, _ in found}), sorted({period for period, _, _ in found})
    rows = [
        row
        for start in range(0, len(ids), 5000)
        for row in tx.rows(select(unit_mark).where(_m.unit_id.in_(ids[start : start + 5000]), _m.period.in_(periods)))
    ]
    return {(row.unit_id, row.period, row.measure): dict(row._mapping) for row in rows}


def _write(tx: Tx, rows: Sequence[tuple[Mapping[str, Any] | None, Mapping[str, Any]]]) -> None:
    """Write changed marks and move them on the ladders of their two boards: all sizes, and their own."""
    tx.upsert(unit_mark, [new for _, new in rows], key=KEY, replace=VALUES)
    changes: list[ladders.Change] = []
    for old, new in rows:
        was, now = _counted(old), _counted(new)
        changes += _moved(new, "", was, now)
        if old is not None and old["size_class"] != new["size_class"]:
            changes += _moved(new, old["size_class"], was, 0)
            was = 0
        if new["size_class"]:
            changes += _moved(new, new["size_class"], was, now)
    ladders.move(tx, changes)


def _moved(row: Mapping[str, Any], size: str, was: int, now: int) -> list[ladders.Change]:
    board = find(row["kind"], row["measure"], size)
    return [(board.ladder(row["period"]), was, now)] if board else []


def _counted(row: Mapping[str, Any] | None) -> int:
    return int(row["value_milli"]) if row is not None and row["listed"] else 0


def refresh_means(tx: Tx, periods: Sequence[str]) -> int:
    """Work the means of classes out anew and redraw the marks of those that changed; returns how many classes."""
    shrunk = [each.code for each in MEASURES.values() if each.shrunk]
    rows = tx.rows(
        select(_m.period, _m.kind, _m.measure, _m.size_class, func.sum(_m.plain_milli * _m.weight), func.sum(_m.weight))
        .where(_m.period.in_(list(periods)), _m.listed == 1, _m.kind != "family", _m.measure.in_(shrunk))
        .group_by(_m.period, _m.kind, _m.measure, _m.size_class)
    )
    right = {tuple(row[:4]): rules.mean_of(int(row[4]), int(row[5])) for row in rows}
    known = _means(tx, periods)
    changed = {each: mean for each, mean in right.items() if known.get(each) != mean}
    names = ("period", "kind", "measure", "size_class")
    written = [dict(zip(names, each, strict=True)) | {"mean_milli": mean} for each, mean in sorted(changed.items())]
    tx.upsert(class_mean, written, key=names, replace=("mean_milli",))
    touched: dict[str, set[Board]] = {}
    for (period, kind, measure, size), mean in sorted(changed.items()):
        there = (_m.period == period, _m.kind == kind, _m.measure == measure, _m.size_class == size)
        extra = rules.pull_of(kind == "family") * rules.TENTHS
        drawn = (_m.weight * _m.plain_milli + extra * mean) // (_m.weight + extra)
        tx.execute(update(unit_mark).where(*there, _m.value_milli != drawn).values(value_milli=drawn))
        touched.setdefault(period, set()).update(b for b in (find(kind, measure), find(kind, measure, size)) if b)
    for period, boards in sorted(touched.items()):
        ladders.recount(tx, boards, period)
    return len(changed)


def drop(tx: Tx, period: str) -> None:
    """A period is closed: its live marks go."""
    tx.execute(delete(unit_mark).where(_m.period == period))
    tx.execute(delete(class_mean).where(class_mean.c.period == period))
