"""Sessions: opened by password or code, found by token in one statement, ended one by one or all at once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, insert, or_, select, update

from points_engine.errors import Invalid, refuse
from webapp.members import limits, passwords
from webapp.members.phones import PhoneBook, book, normal
from webapp.members.tables import member, role_grant, session
from webapp.store import Query, Tx, among
from webapp.web.house import STAFF_ROLES, House, Principal

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
RESIDENT = (timedelta(days=30), timedelta(days=90))
DESK = (timedelta(hours=12), timedelta(days=30))  # merchants and unit admins
STAFF = (timedelta(minutes=30), timedelta(hours=12))
# A session's last use is written down at most this often, not at every request.
TOUCH_AFTER = timedelta(minutes=10)
TOUCH_AFTER_STAFF = timedelta(minutes=2)


def _finding(*which: ColumnElement[bool]) -> Query:
    shown = (
        member.c.id, member.c.public_id, member.c.nickname, member.c.lang, member.c.theme, member.c.elder,
        session.c.created_at, session.c.last_seen_at, session.c.expires_at, session.c.stepped_up_at,
        session.c.token_hash, role_grant.c.role, role_grant.c.unit_id, role_grant.c.merchant_id,
    )  # fmt: skip
    people = session.join(member, member.c.id == session.c.member_id)
    roles = people.outerjoin(role_grant, role_grant.c.member_id == session.c.member_id)
    live = (session.c.kind == bindparam("kind"), member.c.status == "active")
    return Query(select(*shown).select_from(roles).where(*which, *live))


_FIND = _finding(
    session.c.member_id == bindparam("member_id"),
    session.c.token_hash == bindparam("token_hash"),
)
_FIND_MANY = _finding(among("keys", session.c.member_id, session.c.token_hash))
_TOUCH = (
    update(session)
    .where(session.c.member_id == bindparam("m"), session.c.token_hash == bindparam("h"))
    .values(last_seen_at=bindparam("now"))
)


class Claim(NamedTuple):
    """Whose session a token says it is, and the token's fingerprint; says nothing about whether it is true."""

    member_id: int
    token_hash: str
    token: str


def read_claim(token: str) -> Claim | None:
    """What a token claims, or None for what can be no token of ours."""
    owner = _owner(token)
    return None if owner is None else Claim(owner, token_hash(token), token)


def load(house: House, token: str, kind: str) -> Principal | None:
    """The principal of a live session, by one SELECT; notes its use now and then."""
    claim, now = read_claim(token), house.clock.now()
    if claim is None:
        return None
    rows = house.store.look_up(_FIND, member_id=claim.member_id, token_hash=claim.token_hash, kind=kind)
    principal = _living(rows, token, kind, now)
    if principal is not None and _to_touch(rows[0], principal, now):
        with house.store.write() as tx:
            tx.execute(_TOUCH, [{"m": claim.member_id, "h": claim.token_hash, "now": now}])
    return principal


def load_many(tx: Tx, claims: Collection[Claim], kind: str, now: datetime) -> dict[Claim, Principal]:
    """The principals of those claims that are true of a live session, by one SELECT; notes their use like `load`."""
    rows: dict[tuple[int, str], list[Any]] = {}
    for row in _FIND_MANY.rows(tx, keys=sorted({claim[:2] for claim in claims}), kind=kind):
        rows.setdefault((row.id, row.token_hash), []).append(row)
    found, used = {}, set()
    for claim in claims:
        mine = rows.get(claim[:2], [])
        principal = _living(mine, claim.token, kind, now)
        if principal is not None:
            found[claim] = principal
            if _to_touch(mine[0], principal, now):
                used.add(claim[:2])
    if used:
        tx.execute(_TOUCH, [{"m": member_id, "h": hashed, "now": now} for member_id, hashed in sorted(used)])
    return found


def _living(rows: Sequence[Any], token: str, kind: str, now: datetime) -> Principal | None:
    """Whose session it is while it lives: it has an end, ends by disuse, and with age."""
    if not rows:
        return None
    principal, first = _principal(rows, token, kind), rows[0]
    idle, absolute = _lifetimes(principal)
    over = now >= first.expires_at or now - first.last_seen_at > idle or now - first.created_at > absolute
    return None if over else principal


def _to_touch(row: Any, principal: Principal, now: datetime) -> bool:
    return bool(now - row.last_seen_at > (TOUCH_AFTER_STAFF if principal.is_staff else TOUCH_AFTER))


def _principal(rows: Any, token: str, kind: str) -> Principal:
    first = rows[0]
    grants = [row for row in rows if row.role]
    return Principal(
        member_id=first.id,
        public_id=first.public_id,
        nickname=first.nickname,
        roles=frozenset(row.role for row in grants),
        unit_ids=tuple(sorted(row.unit_id for row in grants if row.role == "unit_admin")),
        merchant_ids=tuple(sorted(row.merchant_id for row in grants if row.role == "merchant")),
        session_id=token,
        stepped_up_at=first.stepped_up_at,
        lang=first.lang,
        theme=first.theme,
        elder=first.elder,
        kind=kind,
    )


def _lifetimes(principal: Principal) -> tuple[timedelta, timedelta]:
    if principal.roles & STAFF_ROLES:
        return STAFF
    return DESK if principal.roles else RESIDENT


def open_session(house: House, login: str, password: str, kind: str, address: str, device: str, now: datetime) -> str:
    """Sign in by login name or phone and password; the token, or `bad_credentials`, `too_many_attempts`.

    Takes the house, not a transaction: the attempt must be remembered when it fails, and the slow
    password hash must not hold the database's only writer.
    """
    phone_book = book(house.settings)
    who = login.strip().lower()[:64]
    counted = limits.for_sign_in(phone_book, who, address)
    with house.store.write() as tx:
        wait = limits.take(tx, counted, now)
    if wait:
        raise refuse("limit", "too_many_attempts", retry_after=wait)
    with house.store.read() as tx:
        found = _by_login(tx, phone_book, who)
    if not passwords.matches(found.password_hash if found else None, password) or found is None:
        raise refuse("unauthenticated", "bad_credentials")
    if found.status != "active":
        raise refuse("forbidden", "member_frozen")
    with house.store.write() as tx:
        limits.give_back(tx, counted, now)
        return start_session(tx, found.id, kind, device, now)


def confirm_password(house: House, member_id: int, password: str, address: str, now: datetime) -> None:
    """The password of somebody already signed in; counted and refused like a sign-in."""
    counted = limits.for_sign_in(book(house.settings), f"member {member_id}", address)
    with house.store.write() as tx:
        wait = limits.take(tx, counted, now)
    if wait:
        raise refuse("limit", "too_many_attempts", retry_after=wait)
    with house.store.read() as tx:
        stored = tx.scalar(select(member.c.password_hash).where(member.c.id == member_id))
    if not passwords.matches(stored, password):
        raise refuse("unauthenticated", "bad_credentials")
    with house.store.write() as tx:
        limits.give_back(tx, counted, now)


def _by_login(tx: Tx, phone_book: PhoneBook, who: str) -> Row[Any] | None:
    fingerprints = [member.c.login == who]
    with suppress(Invalid):  # not a phone number: then it is a login name
        fingerprints.append(member.c.phone_hash == phone_book.fingerprint(normal(who)))
    columns = (member.c.id, member.c.password_hash, member.c.status)
    return tx.row(select(*columns).where(or_(*fingerprints)).limit(1))


def start_session(tx: Tx, member_id: int, kind: str, device: str, now: datetime) -> str:
    """A session for a member who has just proved who they are; the token is kept only as a hash."""
    token = f"{_base36(member_id)}.{secrets.token_urlsafe(32)}"
    row = {
        "member_id": member_id, "token_hash": token_hash(token), "public_id": secrets.token_hex(8), "kind": kind,
        "device": device[:80], "created_at": now, "last_seen_at": now, "expires_at": now + RESIDENT[1],
        "stepped_up_at": now,
    }  # fmt: skip
    tx.execute(insert(session).values(**row))
    return token


def close_session(tx: Tx, token: str, now: datetime) -> None:
    """End the session of this token; nothing happens when it is already over."""
    if (owner := _owner(token)) is not None:
        tx.execute(delete(session).where(_this(owner, token_hash(token))))


def close_device(tx: Tx, member_id: int, public_id: str) -> None:
    """End one of the member's own sessions by its public id."""
    gone = tx.execute(delete(session).where(session.c.member_id == member_id, session.c.public_id == public_id))
    if gone.rowcount == 0:
        raise refuse("not_found", "unknown_device")


def close_all(tx: Tx, member_id: int, keep: str | None = None) -> int:
    """End every session of the member, except that of the token `keep`."""
    theirs = session.c.member_id == member_id
    if keep:
        theirs = and_(theirs, session.c.token_hash != token_hash(keep))
    return tx.execute(delete(session).where(theirs)).rowcount


def step_up(tx: Tx, token: str, now: datetime) -> None:
    """Note that the person behind this session has just proved who they are again."""
    if (owner := _owner(token)) is not None:
        tx.execute(update(session).where(_this(owner, token_hash(token))).values(stepped_up_at=now))


def purge(tx: Tx, now: datetime) -> int:
    """Forget sessions that can no longer be used."""
    return tx.execute(delete(session).where(session.c.expires_at < now)).rowcount


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _this(owner: int, found: str) -> Any:
    return and_(session.c.member_id == owner, session.c.token_hash == found)


def _owner(token: str) -> int | None:
    """The member number that a token names; says nothing about whether the token is good."""
    head, dot, rest = token.partition(".")
    if not dot or not head or len(head) > 12 or len(token) > 100 or not rest:
        return None
    if any(char not in DIGITS for char in head):
        return None
    number = int(head, 36)
    return number if number < 2**62 else None


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text or "0"
