"""What units of the demo keep beside their people: parts within parts, a list of employees, a child's account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from random import Random
from typing import Any

from sqlalchemy import insert

from webapp.demo import names
from webapp.green_units import parts, roster
from webapp.green_units.queries import unit_ids_of
from webapp.green_units.roster_lines import read_lines
from webapp.green_units.service import join_unit
from webapp.green_units.tables import green_unit
from webapp.green_units.tree import tree_of
from webapp.members.consents import REQUIRED, VERSIONS
from webapp.members.ids import LETTERS
from webapp.members.tables import child, consent, member
from webapp.papers.reading import Table
from webapp.store import Tx

LISTED = 14
CHILD = "child-demo"  # with the password of everybody
FROM = 880_000  # numbers nobody else in the park has


def build(tx: Tx, book: Any, hr_id: int, unit_id: int, now: datetime) -> None:
    """Teams in the first department, and a list that is in force."""
    unit = tx.row(green_unit.select().where(green_unit.c.id == unit_id))
    assert unit is not None
    first = next(iter(tree_of(tx, unit_id).parts), None)
    home = first.path if first else ("研发部",)
    parts.create_paths(tx, unit_id, unit.kind, {(*home, "一组"), (*home, "二组")}, now)
    rows = [[names.phone(FROM + n), "/".join((*home, "一组" if n % 2 else "二组"))] for n in range(LISTED)]
    _list(tx, book, hr_id, unit_id, rows, "新员工名单.xlsx", now, confirmed=True)


def wait(tx: Tx, book: Any, hr_id: int, unit_id: int, now: datetime) -> None:
    """A list that waits to be confirmed, with faults."""
    known = names.phone(FROM)
    faulty = [["", "车间"], ["12345", "车间"], [known, "财务部"], [known, "财务部"]]
    _list(tx, book, hr_id, unit_id, faulty, "补充名单.xlsx", now, confirmed=False)


def _list(
    tx: Tx, book: Any, hr_id: int, unit_id: int, rows: Sequence[list[str]], name: str, now: datetime, confirmed: bool
) -> None:
    table = Table("名单", [(1, ["手机号", "部门"]), *((n, cells) for n, cells in enumerate(rows, 2))])
    made = roster.stage(tx, book, hr_id, unit_id, name, "0" * 64, read_lines(table, book, unit_id), "listed", now)
    if confirmed:
        roster.confirm(tx, hr_id, unit_id, made, now)


def add_child(tx: Tx, registry: Any, seed: int, guardian_id: int, until: date, now: datetime) -> None:
    """A child in a family, kept by one of its grown-ups."""
    family_id = unit_ids_of(tx, guardian_id).get("family")
    if family_id is None:
        return
    rng = Random(f"{seed}:child")
    row = registry.row(CHILD, "小小满", now, boards=False, phone=None)
    row |= {
        "public_id": "".join(rng.choices(LETTERS, k=10)),
        "age_14_confirmed_at": None,
        "goal_g_month": 5000,
    }
    member_id = int(tx.scalar(insert(member).values(**row).returning(member.c.id)))
    tx.insert(
        consent,
        [{"member_id": member_id, "purpose": p, "given_at": now, "version": VERSIONS[p]} for p in REQUIRED],
    )
    tx.insert(
        child,
        [{"member_id": member_id, "guardian_id": guardian_id, "until": date(until.year + 4, 9, 1), "created_at": now}],
    )
    join_unit(tx, member_id, family_id, now)
