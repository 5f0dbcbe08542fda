"""Reads of pledges: the list, one with its text and my signature, the wall, certificates by number, and who has signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from points_engine.errors import refuse
from webapp.green_units import queries as green_units
from webapp.members import queries as members
from webapp.pledges.tables import pledge, pledge_edition, pledge_signature, pledge_unit
from webapp.store import Tx

WALL = 60


@dataclass(frozen=True, slots=True)
class Edition:
    """The text of a pledge as published, or as a draft while `published_at` is empty."""

    pledge_id: int
    slug: str
    signers: str
    status: str
    edition: int
    current: int
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    published_at: datetime | None
    checksum: str

    @property
    def for_members(self) -> bool:
        return self.signers in ("members", "both")

    @property
    def for_units(self) -> bool:
        return self.signers in ("units", "both")


@dataclass(frozen=True, slots=True)
class Mine:
    """My signature: which edition, when, its number, and whether my nickname is on the wall."""

    edition: int
    signed_at: datetime
    number: str
    on_wall: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A pledge in a list."""

    text: Edition
    people: int
    units: int
    mine: Mine | None


@dataclass(frozen=True, slots=True)
class Signer:
    """One name on the wall."""

    name: str
    signed_at: datetime
    key: int


@dataclass(frozen=True, slots=True)
class UnitSignature:
    """A unit that signed, and the number of its certificate."""

    unit_id: int
    name: str
    edition: int
    signed_at: datetime
    number: str


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate's number stands for."""

    number: str
    name: str
    of_unit: bool
    text: Edition
    signed_at: datetime


def published(tx: Tx, member_id: int | None) -> list[Card]:
    """Every pledge with a published edition, open ones first, newest first."""
    rows = tx.rows(_texts().where(pledge_edition.c.edition == pledge.c.edition))
    texts = sorted((_edition(row) for row in rows), key=lambda e: (e.status != "open", -e.pledge_id))
    people, units = _counts(tx, pledge_signature), _counts(tx, pledge_unit)
    mine = _mine(tx, member_id) if member_id is not None else {}
    return [Card(e, people.get(e.pledge_id, 0), units.get(e.pledge_id, 0), mine.get(e.pledge_id)) for e in texts]


def one(tx: Tx, slug: str, member_id: int | None) -> Card:
    """The current edition of a pledge; 404 unknown_pledge before the first is published."""
    row = tx.row(_texts().where(pledge.c.slug == slug, pledge_edition.c.edition == pledge.c.edition))
    if row is None:
        raise refuse("not_found", "unknown_pledge")
    text = _edition(row)
    mine = _mine(tx, member_id, text.pledge_id).get(text.pledge_id) if member_id is not None else None
    people = _counts(tx, pledge_signature, text.pledge_id).get(text.pledge_id, 0)
    return Card(text, people, _counts(tx, pledge_unit, text.pledge_id).get(text.pledge_id, 0), mine)


def edition(tx: Tx, slug: str, number: int) -> Edition:
    """A published edition, also one that is no longer signed; 404 unknown_pledge."""
    row = tx.row(
        _texts().where(
            pledge.c.slug == slug, pledge_edition.c.edition == number, pledge_edition.c.published_at.is_not(None)
        )
    )
    if row is None:
        raise refuse("not_found", "unknown_pledge")
    return _edition(row)


def wall(tx: Tx, pledge_id: int, before: tuple[datetime, int] | None = None, limit: int = WALL) -> list[Signer]:
    """The newest names of those who want to be seen, of all editions; `before` is where the page above ended."""
    s = pledge_signature.c
    query = (
        select(s.member_id, s.signed_at)
        .where(s.pledge_id == pledge_id, s.on_wall.is_(True), s.member_id.not_in(select(members.children.c.member_id)))
        .order_by(s.signed_at.desc(), s.member_id.desc())
        .limit(limit)
    )
    if before is not None:
        at, key = before
        query = query.where(or_(s.signed_at < at, and_(s.signed_at == at, s.member_id < key)))
    rows = tx.rows(query)
    names = members.nicknames(tx, {row.member_id for row in rows})
    return [Signer(names[r.member_id], r.signed_at, r.member_id) for r in rows if r.member_id in names]


def unit_wall(tx: Tx, pledge_id: int, limit: int = 200) -> list[UnitSignature]:
    """Units that signed, the first ones first, each once under its newest edition; families only if they wish to be seen."""
    u = pledge_unit.c
    rows = tx.rows(select(pledge_unit).where(u.pledge_id == pledge_id).order_by(u.signed_at, u.unit_id).limit(limit))
    newest = {row.unit_id: row for row in rows}
    units = green_units.board_units(tx, newest)
    return [
        UnitSignature(r.unit_id, units[r.unit_id].short_name, r.edition, r.signed_at, r.number)
        for r in newest.values()
        if r.unit_id in units and (units[r.unit_id].named or units[r.unit_id].kind != "family")
    ]


def unit_signature(tx: Tx, unit_id: int, pledge_id: int) -> UnitSignature | None:
    """The newest signature of a unit."""
    u = pledge_unit.c
    row = tx.row(
        select(pledge_unit).where(u.unit_id == unit_id, u.pledge_id == pledge_id).order_by(u.edition.desc()).limit(1)
    )
    if row is None:
        return None
    name = green_units.unit_by_id(tx, unit_id).name
    return UnitSignature(unit_id, name, row.edition, row.signed_at, row.number)


def my_signature(tx: Tx, member_id: int, pledge_id: int) -> Mine | None:
    """The newest edition a member signed."""
    return _mine(tx, member_id, pledge_id).get(pledge_id)


def proof(tx: Tx, number: str) -> Certified | None:
    """What was signed under a number, by whom: a unit by its name, a person only by a nickname they show."""
    s, u = pledge_signature.c, pledge_unit.c
    unit = tx.row(select(pledge_unit).where(u.number == number)) if number else None
    if unit is not None:
        text = _text_of(tx, unit.pledge_id, unit.edition)
        return Certified(number, green_units.unit_by_id(tx, unit.unit_id).name, True, text, unit.signed_at)
    row = tx.row(select(pledge_signature).where(s.number == number)) if number else None
    if row is None:
        return None
    seen = row.on_wall and not members.is_child(tx, row.member_id)
    name = members.nicknames(tx, [row.member_id]).get(row.member_id, "") if seen else ""
    return Certified(number, name, False, _text_of(tx, row.pledge_id, row.edition), row.signed_at)


def members_signed(tx: Tx, slug: str, ids: Sequence[int]) -> set[int]:
    """Which of these members have signed any edition of a pledge; what tasks and honours ask."""
    s = pledge_signature.c
    rows = tx.rows(
        select(s.member_id)
        .join(pledge, pledge.c.id == s.pledge_id)
        .where(pledge.c.slug == slug, s.member_id.in_(list(ids)))
        .distinct()
    )
    return {row.member_id for row in rows}


def signed_between(tx: Tx, slug: str, ids: Sequence[int], first: datetime, last: datetime) -> dict[int, datetime]:
    """When these members signed a pledge from `first` up to before `last`: the first time of each."""
    s = pledge_signature.c
    rows = tx.rows(
        select(s.member_id, func.min(s.signed_at).label("at"))
        .join(pledge, pledge.c.id == s.pledge_id)
        .where(pledge.c.slug == slug, s.member_id.in_(list(ids)), s.signed_at >= first, s.signed_at < last)
        .group_by(s.member_id)
    )
    return {row.member_id: row.at for row in rows}


def signers_since(tx: Tx, slug: str, first: datetime, last: datetime) -> set[int]:
    """Who signed any edition of a pledge from `first` up to before `last`."""
    s = pledge_signature.c
    rows = tx.rows(
        select(s.member_id)
        .join(pledge, pledge.c.id == s.pledge_id)
        .where(pledge.c.slug == slug, s.on_wall.in_((True, False)), s.signed_at >= first, s.signed_at < last)
    )
    return {row.member_id for row in rows}


def editions_signed(tx: Tx, slug: str, ids: Sequence[int], last: datetime) -> set[tuple[int, int]]:
    """Which of these members signed which edition of a pledge before `last`."""
    s = pledge_signature.c
    rows = tx.rows(
        select(s.member_id, s.edition)
        .join(pledge, pledge.c.id == s.pledge_id)
        .where(pledge.c.slug == slug, s.member_id.in_(list(ids)), s.signed_at < last)
    )
    return {(row.member_id, row.edition) for row in rows}


def units_signed(tx: Tx, slug: str, ids: Sequence[int]) -> set[int]:
    """Which of these units have signed any edition of a pledge."""
    u = pledge_unit.c
    rows = tx.rows(
        select(u.unit_id)
        .join(pledge, pledge.c.id == u.pledge_id)
        .where(pledge.c.slug == slug, u.unit_id.in_(list(ids)))
        .distinct()
    )
    return {row.unit_id for row in rows}


def units_signed_between(tx: Tx, slug: str, ids: Sequence[int], first: datetime, last: datetime) -> set[int]:
    """Which of these units signed a pledge from `first` up to before `last`."""
    u = pledge_unit.c
    rows = tx.rows(
        select(u.unit_id)
        .join(pledge, pledge.c.id == u.pledge_id)
        .where(pledge.c.slug == slug, u.unit_id.in_(list(ids)), u.signed_at >= first, u.signed_at < last)
        .distinct()
    )
    return {row.unit_id for row in rows}


def staff_list(tx: Tx) -> list[Row[Any]]:
    """Every pledge with the title of its newest edition, draft or not, newest first."""
    e = pledge_edition.c
    newest = select(e.pledge_id, func.max(e.edition).label("edition")).group_by(e.pledge_id).subquery()
    return list(
        tx.rows(
            select(pledge, e.title_zh, e.title_en, e.edition.label("newest"))
            .join(newest, newest.c.pledge_id == pledge.c.id)
            .join(pledge_edition, and_(e.pledge_id == newest.c.pledge_id, e.edition == newest.c.edition))
            .order_by(pledge.c.id.desc())
        )
    )


def staff_one(tx: Tx, pledge_id: int) -> tuple[Row[Any], list[Edition]]:
    """A pledge and all its editions, newest first; 404 unknown_pledge."""
    row = tx.row(select(pledge).where(pledge.c.id == pledge_id))
    if row is None:
        raise refuse("not_found", "unknown_pledge")
    rows = tx.rows(_texts().where(pledge.c.id == pledge_id).order_by(pledge_edition.c.edition.desc()))
    return row, [_edition(each) for each in rows]


def choices(tx: Tx) -> list[tuple[str, str]]:
    """Slug and title of every published pledge, for tasks and honours that ask for one."""
    return [(card.text.slug, card.text.title_zh) for card in published(tx, None)]


def _texts() -> Any:
    columns = (pledge.c.slug, pledge.c.signers, pledge.c.status, pledge.c.edition.label("current"))
    return select(pledge_edition, *columns).join(pledge, pledge.c.id == pledge_edition.c.pledge_id)


def _text_of(tx: Tx, pledge_id: int, number: int) -> Edition:
    row = tx.row(_texts().where(pledge_edition.c.pledge_id == pledge_id, pledge_edition.c.edition == number))
    assert row is not None, "an edition that was signed stays"
    return _edition(row)


def _edition(row: Any) -> Edition:
    return Edition(
        row.pledge_id, row.slug, row.signers, row.status, row.edition, row.current, row.title_zh,
        row.title_en or row.title_zh, row.body_zh, row.body_en or row.body_zh, row.published_at, row.checksum,
    )  # fmt: skip


def _counts(tx: Tx, table: Any, pledge_id: int | None = None) -> dict[int, int]:
    """How many signed, each once whatever the edition."""
    who = table.c.member_id if "member_id" in table.c else table.c.unit_id
    query = select(table.c.pledge_id, func.count(func.distinct(who)).label("n")).group_by(table.c.pledge_id)
    if pledge_id is not None:
        query = query.where(table.c.pledge_id == pledge_id)
    return {row.pledge_id: int(row.n) for row in tx.rows(query)}


def _mine(tx: Tx, member_id: int, pledge_id: int | None = None) -> dict[int, Mine]:
    s = pledge_signature.c
    query = select(pledge_signature).where(s.member_id == member_id).order_by(s.edition)
    if pledge_id is not None:
        query = query.where(s.pledge_id == pledge_id)
    return {row.pledge_id: Mine(row.edition, row.signed_at, row.number, row.on_wall) for row in tx.rows(query)}
