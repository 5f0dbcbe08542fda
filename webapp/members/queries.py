"""Reading members: my own page, names for boards, and the staff's list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.exc import DBAPIError

from points_engine.errors import refuse
from webapp.members.consents import Consent, consents_of, has_consent
from webapp.members.phones import PhoneBook, mask
from webapp.members.signin import token_hash
from webapp.members.tables import child, member, role_grant, session
from webapp.store import Query, Store, Tx, among

__all__ = ["Consent", "consents_of", "has_consent"]
# For joins by rooms on the right: one row for each account of somebody under fourteen.
children = child
DEMO_LOGINS = (
    "m000001", "hr-demo", "merchant-demo", "reviewer-demo", "editor-demo", "auditor-demo", "admin-demo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """A member as they see themselves."""

    id: int
    public_id: str
    nickname: str
    login: str | None
    phone: str | None  # masked
    has_password: bool
    goal_g_month: int
    board_opt_out: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """One session of mine."""

    public_id: str
    kind: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class Name:
    """How others may see a member."""

    public_id: str
    nickname: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class StaffLine:
    """A member in the staff's list: no phone, no place."""

    id: int
    public_id: str
    nickname: str
    login: str | None
    status: str
    created_at: datetime
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ward:
    """A child's account as its guardian sees it; `until` is the day it becomes an account like any other."""

    id: int
    public_id: str
    nickname: str
    login: str | None
    until: date


@dataclass(frozen=True, slots=True)
class Grant:
    """A role as it was given."""

    member_id: int
    role: str
    unit_id: int
    merchant_id: int
    granted_at: datetime


def profile(tx: Tx, member_id: int, book: PhoneBook) -> Profile:
    """What a member sees of themselves, with the phone number opened."""
    row = tx.row(select(member).where(member.c.id == member_id))
    if row is None:
        raise refuse("not_found", "unknown_member")
    sealed = book.open(row.phone_cipher)
    return Profile(
        row.id, row.public_id, row.nickname, row.login, mask(sealed) if sealed else None,
        row.password_hash is not None, row.goal_g_month, row.board_opt_out, row.created_at,
    )  # fmt: skip


def phone_of(tx: Tx, member_id: int, book: PhoneBook) -> str | None:
    """The number itself, to send its owner a code."""
    return book.open(tx.scalar(select(member.c.phone_cipher).where(member.c.id == member_id)))


def by_phone(tx: Tx, book: PhoneBook, phone: str) -> Row[Any] | None:
    """(id, status) of the member with this number."""
    return tx.row(select(member.c.id, member.c.status).where(member.c.phone_hash == book.fingerprint(phone)))


def password_hash_of(tx: Tx, member_id: int) -> str | None:
    """The stored hash, or None for someone who signs in by code only."""
    found: str | None = tx.scalar(select(member.c.password_hash).where(member.c.id == member_id))
    return found


def preferences(tx: Tx, member_id: int) -> Row[Any]:
    """The language, colours and elder view that the member chose."""
    row = tx.row(select(member.c.lang, member.c.theme, member.c.elder).where(member.c.id == member_id))
    assert row is not None
    return row


def goal(tx: Tx, member_id: int) -> int:
    """Grams a month the member wants to save."""
    return int(tx.scalar(select(member.c.goal_g_month).where(member.c.id == member_id)) or 20000)


def devices(tx: Tx, member_id: int, token: str, now: datetime) -> list[Device]:
    """The live sessions, latest first; `token` marks the one that asks."""
    rows = tx.rows(
        select(session)
        .where(session.c.member_id == member_id, session.c.expires_at > now)
        .order_by(session.c.last_seen_at.desc())
        .limit(50)
    )
    mine = token_hash(token)
    return [Device(r.public_id, r.kind, r.device, r.created_at, r.last_seen_at, r.token_hash == mine) for r in rows]


def names(tx: Tx, ids: Collection[int]) -> dict[int, Name]:
    """Nicknames for a page of members, in one query."""
    if not ids:
        return {}
    columns = (member.c.id, member.c.public_id, member.c.nickname, member.c.board_opt_out)
    rows = tx.rows(select(*columns).where(member.c.id.in_(list(ids))))
    return {r.id: Name(r.public_id, r.nickname, r.board_opt_out) for r in rows}


def nicknames(tx: Tx, ids: Collection[int]) -> dict[int, str]:
    """The nickname of each id."""
    return {number: name.nickname for number, name in names(tx, ids).items()}


def public_ids(tx: Tx, ids: Collection[int]) -> dict[int, str]:
    """The id that may be shown, for each inner id."""
    return {number: name.public_id for number, name in names(tx, ids).items()}


def id_of(tx: Tx, public_id: str) -> int:
    """The number behind a public id; raises unknown_member."""
    found = tx.scalar(select(member.c.id).where(member.c.public_id == public_id))
    if found is None:
        raise refuse("not_found", "unknown_member")
    return int(found)


def find_exact(tx: Tx, who: str) -> int | None:
    """The active member with this login or public id."""
    named = or_(member.c.login == who.lower(), member.c.public_id == who)
    found = tx.scalar(select(member.c.id).where(named, member.c.status == "active").limit(1))
    return None if found is None else int(found)


def ids_by(tx: Tx, column: str, values: Collection[str]) -> dict[str, int]:
    """The members who have not left, by public_id, login or phone_hash; for lists of thousands."""
    return dict(_IDS[column].tuples(tx, values=list(values))) if values else {}


_IDS = {
    name: Query(
        select(member.c[name].label("word"), member.c.id).where(
            among("values", member.c[name]), member.c.status != "left"
        )
    )
    for name in ("public_id", "login", "phone_hash")
}


def roles_of(tx: Tx, member_id: int) -> frozenset[str]:
    """The roles of a member, whatever unit or merchant they are for."""
    return frozenset(grant.role for grant in grants_of(tx, member_id))


def staff_list(tx: Tx, q: str | None = None, after: int | None = None, limit: int = 50) -> list[StaffLine]:
    """Newest first; `q` is a public id, a login, or the beginning of a nickname. Fetches one row more."""
    query = select(member).order_by(member.c.id.desc()).limit(limit + 1)
    if q:
        beginning = member.c.nickname.startswith(q, autoescape=True)
        query = query.where(or_(member.c.public_id == q, member.c.login == q.lower(), beginning))
    if after is not None:
        query = query.where(member.c.id < after)
    rows = tx.rows(query)
    roles: dict[int, set[str]] = {}
    if rows:
        found = select(role_grant.c.member_id, role_grant.c.role)
        for grant in tx.rows(found.where(role_grant.c.member_id.in_([r.id for r in rows]))):
            roles.setdefault(grant.member_id, set()).add(grant.role)
    return [_line(row, roles.get(row.id, set())) for row in rows]


def staff_card(tx: Tx, public_id: str) -> StaffLine:
    """One member as the desk sees them; refused when unknown."""
    row = tx.row(select(member).where(member.c.public_id == public_id))
    if row is None:
        raise refuse("not_found", "unknown_member")
    return _line(row, {grant.role for grant in grants_of(tx, row.id)})


def grants_of(tx: Tx, member_id: int) -> list[Grant]:
    """Each role with what it is for and since when."""
    rows = tx.rows(select(role_grant).where(role_grant.c.member_id == member_id).order_by(role_grant.c.role))
    return [Grant(r.member_id, r.role, r.unit_id, r.merchant_id, r.granted_at) for r in rows]


def staff_with_role(tx: Tx, role: str) -> list[int]:
    """The members who hold a role; for notices to staff."""
    found = select(role_grant.c.member_id).where(role_grant.c.role == role).distinct()
    return [row.member_id for row in tx.rows(found)]


def people_of_merchant(tx: Tx, merchant_id: int) -> list[StaffLine]:
    """Who may stand at a merchant's counter, in the order they were attached."""
    rows = tx.rows(
        select(member)
        .join(role_grant, role_grant.c.member_id == member.c.id)
        .where(role_grant.c.role == "merchant", role_grant.c.merchant_id == merchant_id)
        .order_by(role_grant.c.granted_at, member.c.id)
    )
    return [_line(row, {"merchant"}) for row in rows]


def unit_admins(tx: Tx, unit_id: int) -> list[int]:
    """The members who administer a green unit."""
    found = select(role_grant.c.member_id).where(role_grant.c.role == "unit_admin", role_grant.c.unit_id == unit_id)
    return [row.member_id for row in tx.rows(found.order_by(role_grant.c.member_id))]


def inactive(tx: Tx, among: Collection[int] | None = None) -> list[int]:
    """Members who are frozen, have left or are under fourteen (all, or those of `among`); boards do not show them."""
    asleep = select(member.c.id).where(member.c.status != "active")
    young = select(child.c.member_id)
    if among is not None:
        asleep = asleep.where(member.c.id.in_(list(among)))
        young = young.where(child.c.member_id.in_(list(among)))
    return [row[0] for row in tx.rows(asleep.union(young))]


def is_child(tx: Tx, member_id: int) -> bool:
    """Whether this is the account of somebody under fourteen, kept by a guardian."""
    return tx.scalar(select(child.c.member_id).where(child.c.member_id == member_id)) is not None


def guardian_of(tx: Tx, member_id: int) -> int | None:
    """Who keeps the account of somebody under fourteen; None for everybody else."""
    found: int | None = tx.scalar(select(child.c.guardian_id).where(child.c.member_id == member_id))
    return found


def wards(tx: Tx, guardian_id: int) -> list[Ward]:
    """The accounts a guardian keeps for their children, oldest first."""
    rows = tx.rows(
        select(member.c.id, member.c.public_id, member.c.nickname, member.c.login, child.c.until)
        .join(child, child.c.member_id == member.c.id)
        .where(child.c.guardian_id == guardian_id)
        .order_by(member.c.id)
    )
    return [Ward(row.id, row.public_id, row.nickname, row.login, row.until) for row in rows]


def grown_up(tx: Tx, today: date) -> list[tuple[int, int]]:
    """Accounts whose owners are fourteen by now, each with its guardian."""
    rows = tx.rows(select(child.c.member_id, child.c.guardian_id).where(child.c.until <= today))
    return [(row.member_id, row.guardian_id) for row in rows]


def phone_hash_of(tx: Tx, member_id: int) -> str | None:
    """The keyed fingerprint of a member's number."""
    found: str | None = tx.scalar(select(member.c.phone_hash).where(member.c.id == member_id))
    return found


def by_phone_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, int]:
    """The active members with these fingerprints, by the thousand."""
    found: dict[str, int] = {}
    for start in range(0, len(hashes), 500):
        rows = tx.rows(
            select(member.c.phone_hash, member.c.id).where(
                member.c.phone_hash.in_(hashes[start : start + 500]), member.c.status == "active"
            )
        )
        found |= {row.phone_hash: row.id for row in rows}
    return found


def staff_among(tx: Tx, ids: Collection[int]) -> set[int]:
    """Those of `ids` who work at the desk."""
    if not ids:
        return set()
    at_desk = role_grant.c.role.in_(("reviewer", "editor", "auditor", "administrator"))
    rows = tx.rows(select(role_grant.c.member_id).where(role_grant.c.member_id.in_(sorted(set(ids))), at_desk))
    return {row.member_id for row in rows}


def joined_since(tx: Tx, ids: Collection[int], since: datetime) -> dict[int, datetime]:
    """Those of `ids` who registered after `since`, and when."""
    if not ids:
        return {}
    rows = tx.rows(
        select(member.c.id, member.c.created_at).where(member.c.id.in_(sorted(ids)), member.c.created_at > since)
    )
    return {row.id: row.created_at for row in rows}


def _line(row: Row[Any], roles: set[str]) -> StaffLine:
    return StaffLine(row.id, row.public_id, row.nickname, row.login, row.status, row.created_at, tuple(sorted(roles)))


def count(tx: Tx) -> int:
    """How many people belong to the platform now; a look through all, for jobs only."""
    return int(tx.scalar(select(func.count()).select_from(member).where(member.c.status != "left")) or 0)


def is_demo(store: Store) -> bool:
    """Whether the demo sign-ins exist; false on a database that has no tables yet."""
    try:
        with store.read() as tx:
            return tx.scalar(select(member.c.id).where(member.c.login.in_(DEMO_LOGINS)).limit(1)) is not None
    except DBAPIError:
        return False
