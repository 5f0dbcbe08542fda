"""Reads of green units: one unit, my units, who belongs, and what the boards must catch up on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, and_, cast, func, literal, or_, select

from points_engine.errors import refuse
from webapp.green_units.tables import green_unit, membership
from webapp.green_units.tree import Tree, tree_of
from webapp.members import queries as members
from webapp.members.queries import children as child
from webapp.store import Tx

__all__ = ["Tree", "tree_of"]
PAGE = 30
# No figure of fewer people: a sum could be traced to one of them. A family knows what its own do.
FEWEST = 5
# For joins by rooms on the right: one row a membership, from joined_on up to the day before left_on.
memberships = membership
unit_rows = green_unit


@dataclass(frozen=True, slots=True)
class Unit:
    """A green unit or department as pages show it."""

    id: int
    kind: str
    name: str
    short_name: str
    join_code: str | None
    status: str
    parent_id: int | None
    on_boards: bool
    created_at: datetime
    top_id: int | None = None
    needs_approval: bool = False

    @property
    def is_family(self) -> bool:
        return self.kind == "family"


@dataclass(frozen=True, slots=True)
class MyUnit:
    """A unit I belong to now."""

    unit: Unit
    department: str | None
    joined_on: date
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What a unit admin may know of a member: never an act, never a gram."""

    member_id: int
    nickname: str
    department: str | None
    joined_on: date
    is_admin: bool
    public_id: str = ""
    department_id: int | None = None


@dataclass(frozen=True, slots=True)
class BoardUnit:
    """What the boards must know of a unit: its kind, its name there, whether it wants to be named, whether it lives."""

    id: int
    kind: str
    short_name: str
    named: bool
    active: bool

    @property
    def allowed(self) -> bool:
        """Whether it stands on boards at all: a family only when it says so, others with or without a name."""
        return self.active and (self.named or self.kind != "family")


def unit_by_id(tx: Tx, unit_id: int) -> Unit:
    """One unit in any state; 404 unknown_unit."""
    row = tx.row(select(green_unit).where(green_unit.c.id == unit_id))
    if row is None:
        raise refuse("not_found", "unknown_unit")
    return _unit(row)


def unit_by_code(tx: Tx, code: str) -> Unit | None:
    """The active unit with this join code."""
    row = tx.row(select(green_unit).where(green_unit.c.join_code == code, green_unit.c.status == "active"))
    return _unit(row) if row else None


def units(tx: Tx, kind: str | None = None, text: str = "", after: int | None = None, limit: int = PAGE) -> list[Unit]:
    """For staff: units (not departments) by kind and part of the name, newest first."""
    query = select(green_unit).where(green_unit.c.parent_id.is_(None)).order_by(green_unit.c.id.desc()).limit(limit)
    if kind:
        query = query.where(green_unit.c.kind == kind)
    if text:
        query = query.where(green_unit.c.name.contains(text, autoescape=True))
    if after is not None:
        query = query.where(green_unit.c.id < after)
    return [_unit(row) for row in tx.rows(query)]


def departments(tx: Tx, unit_id: int) -> list[Unit]:
    """The active parts right under a unit or part, oldest first."""
    rows = tx.rows(
        select(green_unit)
        .where(green_unit.c.parent_id == unit_id, green_unit.c.status == "active")
        .order_by(green_unit.c.id)
    )
    return [_unit(row) for row in rows]


def member_counts(tx: Tx, unit_ids: Sequence[int]) -> dict[int, int]:
    """How many people belong to each unit now."""
    rows = tx.rows(
        select(membership.c.unit_id, func.count())
        .where(membership.c.unit_id.in_(unit_ids), membership.c.left_on.is_(None))
        .group_by(membership.c.unit_id)
    )
    return dict.fromkeys(unit_ids, 0) | {row[0]: int(row[1]) for row in rows}


def my_units(tx: Tx, member_id: int) -> list[MyUnit]:
    """The units I belong to now: company, public body, community, family."""
    department = green_unit.alias("department")
    rows = tx.rows(
        select(
            green_unit,
            department.c.name.label("department"),
            membership.c.joined_on,
        )
        .select_from(membership)
        .join(green_unit, green_unit.c.id == membership.c.unit_id)
        .outerjoin(department, department.c.id == membership.c.department_id)
        .where(membership.c.member_id == member_id, membership.c.left_on.is_(None))
        .order_by(membership.c.kind, membership.c.id)
    )
    mine = {grant.unit_id for grant in members.grants_of(tx, member_id)} if rows else set()
    return [MyUnit(_unit(row), row.department, row.joined_on, row.id in mine) for row in rows]


def unit_ids_of(tx: Tx, member_id: int) -> dict[str, int]:
    """My unit of each kind, by kind."""
    rows = tx.rows(
        select(membership.c.kind, membership.c.unit_id).where(
            membership.c.member_id == member_id, membership.c.left_on.is_(None)
        )
    )
    return {row.kind: row.unit_id for row in rows}


def administered(tx: Tx, member_id: int) -> list[Unit]:
    """The active units this member administers; of whom administers a part only, nothing."""
    return [unit for unit in _granted(tx, member_id) if unit.top_id is None]


def administered_parts(tx: Tx, member_id: int) -> list[Unit]:
    """The active parts of units whose sums this member may see."""
    return [unit for unit in _granted(tx, member_id) if unit.top_id is not None]


def administered_part(tx: Tx, member_id: int, part_id: int) -> tuple[Unit, Unit]:
    """A part whose sums this member may see, and its unit: the part's admins and the unit's; 404 for others."""
    row = tx.row(
        select(green_unit).where(
            green_unit.c.id == part_id, green_unit.c.top_id.is_not(None), green_unit.c.status == "active"
        )
    )
    if row is None:
        raise refuse("not_found", "unknown_unit")
    mine = {grant.unit_id for grant in members.grants_of(tx, member_id) if grant.role == "unit_admin"}
    above = {part.id for part in tree_of(tx, row.top_id).way_to(part_id)}
    if not mine & {row.top_id, *above}:
        raise refuse("not_found", "unknown_unit")
    return _unit(row), unit_by_id(tx, row.top_id)


def administered_company(tx: Tx, member_id: int, unit_id: int) -> Unit:
    """A unit other than a family that this member administers; 404 unknown_unit for any other."""
    unit = administered_unit(tx, member_id, unit_id)
    if unit.is_family:
        raise refuse("not_found", "unknown_unit")
    return unit


def part_of(tx: Tx, unit_id: int, part_id: int) -> Unit:
    """An active part of this very unit; 404 unknown_unit for any other."""
    row = tx.row(
        select(green_unit).where(
            green_unit.c.id == part_id, green_unit.c.top_id == unit_id, green_unit.c.status == "active"
        )
    )
    if row is None:
        raise refuse("not_found", "unknown_unit")
    return _unit(row)


def _granted(tx: Tx, member_id: int) -> list[Unit]:
    ids = [grant.unit_id for grant in members.grants_of(tx, member_id) if grant.role == "unit_admin"]
    if not ids:
        return []
    rows = tx.rows(
        select(green_unit).where(green_unit.c.id.in_(ids), green_unit.c.status == "active").order_by(green_unit.c.id)
    )
    return [_unit(row) for row in rows]


def children(tx: Tx, unit_ids: Sequence[int]) -> dict[int, int]:
    """How many under fourteen belong to each unit now; for person-equivalents of families."""
    rows = tx.rows(
        select(membership.c.unit_id, func.count())
        .join(child, child.c.member_id == membership.c.member_id)
        .where(membership.c.unit_id.in_(unit_ids), membership.c.left_on.is_(None))
        .group_by(membership.c.unit_id)
    )
    return dict.fromkeys(unit_ids, 0) | {row[0]: int(row[1]) for row in rows}


def by_ids(tx: Tx, unit_ids: Iterable[int]) -> list[Unit]:
    """Units and parts in any state, by id."""
    wanted = sorted(set(unit_ids))
    rows = tx.rows(select(green_unit).where(green_unit.c.id.in_(wanted)).order_by(green_unit.c.id)) if wanted else []
    return [_unit(row) for row in rows]


def parts_of(tx: Tx, unit_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """The active parts of units: what each part stands in, by unit."""
    u = green_unit.c
    found: dict[int, dict[int, int]] = {unit: {} for unit in unit_ids}
    rows = tx.rows(select(u.id, u.top_id, u.parent_id).where(u.top_id.in_(unit_ids), u.status == "active"))
    for row in rows:
        found[row.top_id][row.id] = row.parent_id
    return found


def units_of_kinds(
    tx: Tx, kinds: Sequence[str], after: int | None = None, limit: int = PAGE, text: str = ""
) -> list[Unit]:
    """Active units of these kinds by id; for lists that staff go through."""
    u = green_unit.c
    query = select(green_unit).where(u.kind.in_(kinds), u.parent_id.is_(None), u.status == "active")
    if after is not None:
        query = query.where(u.id > after)
    if text:
        query = query.where(u.name.contains(text, autoescape=True))
    return [_unit(row) for row in tx.rows(query.order_by(u.id).limit(limit))]


def my_membership(tx: Tx, member_id: int, unit_id: int) -> MyUnit:
    """My open membership of a unit; 404 unknown_unit for everybody else."""
    for mine in my_units(tx, member_id):
        if mine.unit.id == unit_id:
            return mine
    raise refuse("not_found", "unknown_unit")


def administered_unit(tx: Tx, member_id: int, unit_id: int) -> Unit:
    """A unit that this member administers; 404 unknown_unit for any other."""
    for unit in administered(tx, member_id):
        if unit.id == unit_id:
            return unit
    raise refuse("not_found", "unknown_unit")


def people(tx: Tx, unit_id: int, after: int | None = None, limit: int = PAGE) -> list[Person]:
    """Who belongs to the unit now, by member id."""
    department = green_unit.alias("department")
    query = (
        select(membership, department.c.name.label("department"))
        .outerjoin(department, department.c.id == membership.c.department_id)
        .where(membership.c.unit_id == unit_id, membership.c.left_on.is_(None))
        .order_by(membership.c.member_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(membership.c.member_id > after)
    rows = tx.rows(query)
    names = members.names(tx, [row.member_id for row in rows])
    admins = set(members.unit_admins(tx, unit_id))
    return [
        Person(
            r.member_id,
            names[r.member_id].nickname,
            r.department,
            r.joined_on,
            r.member_id in admins,
            names[r.member_id].public_id,
            r.department_id,
        )
        for r in rows
        if r.member_id in names
    ]


def member_ids(tx: Tx, unit_ids: Sequence[int]) -> list[int]:
    """Everybody who belongs to one of the units now; for audiences of campaigns and notices."""
    rows = tx.rows(
        select(membership.c.member_id)
        .where(membership.c.unit_id.in_(unit_ids), membership.c.left_on.is_(None))
        .distinct()
    )
    return [row.member_id for row in rows]


def stale_memberships(tx: Tx, limit: int) -> list[tuple[int, str, int, int]]:
    """Memberships begun or ended since the boards read them: member, id, version, unit."""
    m = membership.c
    rows = tx.rows(select(m.member_id, m.id, m.version, m.unit_id).where(m.scored_version < m.version).limit(limit))
    return [(row.member_id, row.id, row.version, row.unit_id) for row in rows]


def stale_units(tx: Tx, limit: int) -> list[tuple[int, int]]:
    """Units changed since the boards read them: id, version."""
    u = green_unit.c
    rows = tx.rows(select(u.id, u.version).where(u.scored_version < u.version).limit(limit))
    return [(row.id, row.version) for row in rows]


def board_units(tx: Tx, unit_ids: Iterable[int]) -> dict[int, BoardUnit]:
    """Kind, name and permission to stand on boards, by unit id."""
    wanted = list(unit_ids)
    rows = tx.rows(select(green_unit).where(green_unit.c.id.in_(wanted))) if wanted else []
    return {
        row.id: BoardUnit(row.id, row.kind, row.short_name, bool(row.on_boards), row.status == "active") for row in rows
    }


def names_of(tx: Tx, unit_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Name and short name (of a family its nickname) by unit id."""
    u = green_unit.c
    rows = tx.rows(select(u.id, u.name, u.short_name).where(u.id.in_(list(unit_ids)))) if unit_ids else []
    return {row.id: (row.name, row.short_name) for row in rows}


def living_of_kind(tx: Tx, kind: str) -> dict[int, BoardUnit]:
    """Every active unit of a kind, without parts; what honours look through."""
    u = green_unit.c
    rows = tx.rows(
        select(u.id, u.short_name, u.on_boards).where(u.kind == kind, u.status == "active", u.parent_id.is_(None))
    )
    return {row.id: BoardUnit(row.id, kind, row.short_name, bool(row.on_boards), True) for row in rows}


def count_by_kind(tx: Tx) -> dict[str, int]:
    """How many units of each kind there are now, without their parts."""
    u = green_unit.c
    rows = tx.rows(
        select(u.kind, func.count().label("n")).where(u.status == "active", u.parent_id.is_(None)).group_by(u.kind)
    )
    found = {row.kind: int(row.n) for row in rows}
    return {kind: found.get(kind, 0) for kind in ("enterprise", "public_body", "community", "family")}


def headcount(first: date, last: date) -> Any:
    """A condition: the membership overlaps the days from `first` to `last`, both included."""
    return and_(
        membership.c.joined_on <= last,
        or_(
            membership.c.left_on.is_(None),
            and_(membership.c.left_on > first, membership.c.left_on > membership.c.joined_on),
        ),
    )


def _unit(row: Any) -> Unit:
    return Unit(
        row.id,
        row.kind,
        row.name,
        row.short_name,
        row.join_code,
        row.status,
        row.parent_id,
        row.on_boards,
        row.created_at,
        row.top_id,
        row.needs_approval,
    )


def audiences(member_id: Any) -> list[Any]:
    """What announcements may be meant for: my units and their kinds. A number, or the column of another query."""
    m = membership.c
    mine = (m.member_id == member_id, m.left_on.is_(None))
    return [
        select(literal("unit:", String) + cast(m.unit_id, String)).where(*mine),
        select(literal("kind:", String) + m.kind).where(*mine),
    ]


def named(tx: Tx, name: str) -> list[Unit]:
    """Active units, families and departments left out, of exactly this name; for staff."""
    g = green_unit.c
    known = (g.name == name, g.parent_id.is_(None), g.kind != "family", g.status == "active")
    return [_unit(row) for row in tx.rows(select(green_unit).where(*known).order_by(g.id).limit(2))]
