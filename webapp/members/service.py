"""What members do: register, change what is theirs, and leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from points_engine.errors import Invalid, refuse
from webapp.members import consents, passwords, queries, signin
from webapp.members.consents import give_consent, withdraw_consent
from webapp.members.forms import ChildAccount, Profile, Registration
from webapp.members.ids import new_public_id
from webapp.members.phones import PhoneBook
from webapp.members.signin import close_session, open_session
from webapp.members.staff import (
    create_admin_token,
    grant_role,
    keep_an_administrator,
    revoke_role,
)
from webapp.members.staff import freeze_member as freeze
from webapp.members.staff import unfreeze_member as unfreeze
from webapp.members.tables import child, consent, feedback, member, otp, role_grant
from webapp.store import Tx

__all__ = [
    "change_phone",
    "close_session",
    "create_admin_token",
    "end_childhood",
    "freeze",
    "give_consent",
    "grant_role",
    "hand_over",
    "hashed",
    "keep_preferences",
    "leave",
    "leave_feedback",
    "open_session",
    "register_child",
    "register_member",
    "revoke_role",
    "set_password",
    "unfreeze",
    "update_profile",
    "withdraw_consent",
]

MOST_CHILDREN = 6


def register_member(tx: Tx, book: PhoneBook, command: Registration, now: datetime, **preferences: Any) -> int:
    """A new member with their consents; the number or login that is taken is named."""
    public_id = new_public_id()
    values: dict[str, Any] = {
        "public_id": public_id,
        "nickname": command.nickname or f"绿友{public_id[:4]}",
        "login": command.login,
        "board_opt_out": "boards" not in command.consents,
        "age_14_confirmed_at": now,
        "created_at": now,
        **preferences,
    }
    if command.phone:
        values["phone_hash"] = book.fingerprint(command.phone)
        values["phone_cipher"] = book.seal(command.phone)
    if command.password:
        values["password_hash"] = passwords.hash_password(command.password)
    _refuse_taken(tx, command.login, values.get("phone_hash"))
    member_id = int(tx.scalar(insert(member).values(**values).returning(member.c.id)))
    versions = consents.VERSIONS
    rows = [{"member_id": member_id, "purpose": p, "given_at": now, "version": versions[p]} for p in command.consents]
    tx.insert(consent, rows)
    return member_id


def register_child(tx: Tx, book: PhoneBook, guardian_id: int, command: ChildAccount, hashed: str, now: datetime) -> int:
    """An account for somebody under fourteen: the guardian agrees to terms and privacy, and to nothing else.

    `hashed` is the password, hashed before the transaction.
    """
    if queries.is_child(tx, guardian_id):
        raise refuse("forbidden", "not_for_children")
    if len(queries.wards(tx, guardian_id)) >= MOST_CHILDREN:
        raise refuse("conflict", "too_many_children", most=MOST_CHILDREN)
    registration = Registration(command.nickname, consents.REQUIRED, None, command.login, None)
    member_id = register_member(tx, book, registration, now, age_14_confirmed_at=None, password_hash=hashed)
    row = {"member_id": member_id, "guardian_id": guardian_id, "until": command.until, "created_at": now}
    tx.insert(child, [row])
    return member_id


def end_childhood(tx: Tx, member_id: int, now: datetime) -> None:
    """Fourteen by now: an account like any other, with nothing agreed to on its behalf but the terms."""
    tx.execute(delete(child).where(child.c.member_id == member_id))
    tx.execute(update(member).where(member.c.id == member_id).values(age_14_confirmed_at=now))


def hand_over(tx: Tx, member_id: int, guardian_id: int) -> None:
    """Another grown-up keeps a child's account from now on."""
    if queries.is_child(tx, guardian_id):
        raise refuse("forbidden", "not_for_children")
    tx.execute(update(child).where(child.c.member_id == member_id).values(guardian_id=guardian_id))


def _refuse_taken(tx: Tx, login: str | None, phone_hash: str | None, but: int = 0) -> None:
    """Two at the same instant are still refused by the unique key; the store then runs us again."""
    mine = member.c.id != but
    if login and tx.scalar(select(member.c.id).where(member.c.login == login, mine)):
        raise Invalid({"login": "login_taken"})
    if phone_hash and tx.scalar(select(member.c.id).where(member.c.phone_hash == phone_hash, mine)):
        raise refuse("conflict", "phone_taken")


def update_profile(tx: Tx, member_id: int, command: Profile, now: datetime) -> None:
    """Nickname, login name, goal, and whether boards may show the nickname."""
    _refuse_taken(tx, command.login, None, but=member_id)
    values: dict[str, Any] = {"nickname": command.nickname, "goal_g_month": command.goal_g_month}
    if command.login:
        values["login"] = command.login
    tx.execute(update(member).where(member.c.id == member_id).values(**values))
    if command.board_opt_out:
        withdraw_consent(tx, member_id, "boards", now)
    else:
        give_consent(tx, member_id, "boards", now)


def keep_preferences(tx: Tx, member_id: int, lang: str | None, theme: str, elder: bool) -> None:
    """Language, colours and text size follow the member to the next phone."""
    tx.execute(update(member).where(member.c.id == member_id).values(lang=lang, theme=theme, elder=elder))


def hashed(password: str) -> str:
    """A password as it is kept; slow on purpose, so outside any transaction."""
    return passwords.hash_password(password)


def set_password(tx: Tx, member_id: int, password_hash: str, keep: str | None) -> None:
    """A new password (hashed before the transaction) ends every other session."""
    tx.execute(update(member).where(member.c.id == member_id).values(password_hash=password_hash))
    signin.close_all(tx, member_id, keep=keep)


def change_phone(tx: Tx, book: PhoneBook, member_id: int, phone: str, keep: str | None) -> None:
    """The new number, proved by a code before; other devices have to sign in again."""
    found = book.fingerprint(phone)
    _refuse_taken(tx, None, found, but=member_id)
    tx.execute(update(member).where(member.c.id == member_id).values(phone_hash=found, phone_cipher=book.seal(phone)))
    signin.close_all(tx, member_id, keep=keep)


def leave_feedback(tx: Tx, member_id: int | None, text: str, now: datetime) -> None:
    """Keep what somebody wrote to us, signed in or not."""
    tx.execute(insert(feedback).values(member_id=member_id, text=text, at=now))


def leave(tx: Tx, member_id: int, forgetters: Iterable[Callable[..., Any]], now: datetime) -> None:
    """The person goes: names, phone, photos, devices and roles; transfers and totals stay, nameless."""
    keep_an_administrator(tx, member_id)
    if queries.wards(tx, member_id):
        raise refuse("conflict", "has_children")
    tx.execute(delete(child).where(child.c.member_id == member_id))
    for forget in forgetters:
        forget(tx, member_id, now)
    row = tx.row(select(member.c.phone_hash).where(member.c.id == member_id))
    if row is not None and row.phone_hash:
        tx.execute(delete(otp).where(otp.c.phone_hash == row.phone_hash))
    tx.execute(
        update(member)
        .where(member.c.id == member_id)
        .values(
            nickname="已注销用户",
            login=None,
            phone_hash=None,
            phone_cipher=None,
            password_hash=None,
            status="left",
            left_at=now,
            board_opt_out=True,
        )
    )
    signin.close_all(tx, member_id)
    tx.execute(delete(role_grant).where(role_grant.c.member_id == member_id))
    tx.execute(
        update(consent)
        .where(consent.c.member_id == member_id, consent.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
    tx.execute(update(feedback).where(feedback.c.member_id == member_id).values(member_id=None))
