"""What staff do to members: freeze, grant and revoke roles; and how the first administrator comes to be."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from points_engine.errors import Invalid, refuse
from webapp.journal import service as journal
from webapp.members import signin
from webapp.members.consents import VERSIONS
from webapp.members.forms import FirstAdministrator
from webapp.members.ids import new_public_id
from webapp.members.tables import ROLES, admin_token, consent, member, role_grant
from webapp.store import Tx

TOKEN_LIVES = timedelta(hours=24)


def freeze_member(tx: Tx, actor_id: int, member_id: int, reason: str, now: datetime) -> None:
    """No sign-in and no session until unfrozen; nothing is taken away."""
    if actor_id == member_id:
        raise refuse("forbidden", "not_yourself")
    keep_an_administrator(tx, member_id)
    _set_status(tx, member_id, "active", "frozen")
    signin.close_all(tx, member_id)
    journal.record(tx, actor_id, "member.frozen", f"member:{member_id}", {"reason": reason[:200]}, now)


def unfreeze_member(tx: Tx, actor_id: int, member_id: int, reason: str, now: datetime) -> None:
    _set_status(tx, member_id, "frozen", "active")
    journal.record(tx, actor_id, "member.unfrozen", f"member:{member_id}", {"reason": reason[:200]}, now)


def _set_status(tx: Tx, member_id: int, was: str, becomes: str) -> None:
    changed = tx.execute(update(member).where(member.c.id == member_id, member.c.status == was).values(status=becomes))
    if changed.rowcount == 1:
        return
    if tx.scalar(select(member.c.id).where(member.c.id == member_id)) is None:
        raise refuse("not_found", "unknown_member")
    raise refuse("conflict", "already_resolved")


def grant_role(
    tx: Tx, actor_id: int | None, member_id: int, role: str, now: datetime, *, unit_id: int = 0, merchant_id: int = 0
) -> None:
    """Give a role; unit_admin needs its unit and merchant its merchant. A second time changes nothing."""
    if role not in ROLES:
        raise Invalid({"role": "not_a_choice"})
    if (role == "unit_admin") != bool(unit_id) or (role == "merchant") != bool(merchant_id):
        raise Invalid({"role": "invalid"})
    if tx.scalar(select(member.c.status).where(member.c.id == member_id)) != "active":
        raise refuse("not_found", "unknown_member")
    row = {"member_id": member_id, "role": role, "unit_id": unit_id, "merchant_id": merchant_id, "granted_at": now}
    if tx.upsert(role_grant, [row], key=["member_id", "role", "unit_id", "merchant_id"]):
        detail = {"role": role, "unit_id": unit_id, "merchant_id": merchant_id}
        journal.record(tx, actor_id, "role.granted", f"member:{member_id}", detail, now)


def revoke_role(
    tx: Tx,
    actor_id: int,
    member_id: int,
    role: str,
    now: datetime,
    *,
    unit_id: int = 0,
    merchant_id: int = 0,
    end_sessions: bool = True,
) -> None:
    """Take a role back; the member's sessions end, so that no page keeps it. One administrator remains.

    Who gives up a family of their own need not sign in again: `end_sessions` false.
    """
    if role == "administrator":
        keep_an_administrator(tx, member_id)
    gone = tx.execute(
        delete(role_grant).where(
            role_grant.c.member_id == member_id,
            role_grant.c.role == role,
            role_grant.c.unit_id == unit_id,
            role_grant.c.merchant_id == merchant_id,
        )
    )
    if gone.rowcount == 0:
        raise refuse("not_found", "unknown_role")
    if end_sessions:
        signin.close_all(tx, member_id)
    detail = {"role": role, "unit_id": unit_id, "merchant_id": merchant_id}
    journal.record(tx, actor_id, "role.revoked", f"member:{member_id}", detail, now)


def keep_an_administrator(tx: Tx, leaving: int) -> None:
    """Refuse when `leaving` is the only administrator who can still sign in; raises last_administrator.

    Locks the administrators' rows: two who remove each other at once must not both find the other one there.
    """
    rows = tx.rows(
        select(role_grant.c.member_id)
        .join(member, member.c.id == role_grant.c.member_id)
        .where(role_grant.c.role == "administrator", member.c.status == "active")
        .order_by(role_grant.c.member_id)
        .with_for_update()
    )
    if {row.member_id for row in rows} == {leaving}:
        raise refuse("conflict", "last_administrator")


def _administrators(tx: Tx) -> int:
    count = select(func.count()).select_from(role_grant).where(role_grant.c.role == "administrator")
    return int(tx.scalar(count) or 0)


def create_admin_token(tx: Tx, now: datetime) -> str | None:
    """A one-time token for /first-admin?token=…, or None when there is an administrator already."""
    if _administrators(tx):
        return None
    tx.execute(delete(admin_token).where(admin_token.c.used_at.is_(None)))
    token = secrets.token_urlsafe(32)
    tx.execute(
        insert(admin_token).values(token_hash=signin.token_hash(token), created_at=now, expires_at=now + TOKEN_LIVES)
    )
    return token


def token_is_good(tx: Tx, token: str, now: datetime) -> bool:
    found = tx.row(select(admin_token).where(admin_token.c.token_hash == signin.token_hash(token)))
    return found is not None and found.used_at is None and found.expires_at > now and not _administrators(tx)


def become_first_administrator(
    tx: Tx, token: str, command: FirstAdministrator, password_hash: str, now: datetime
) -> int:
    """Use the token up and make the member; the conditional update lets one of two win."""
    if not token_is_good(tx, token, now):
        raise refuse("forbidden", "admin_token_invalid")
    used = tx.execute(
        update(admin_token)
        .where(admin_token.c.token_hash == signin.token_hash(token), admin_token.c.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise refuse("forbidden", "admin_token_invalid")
    if tx.scalar(select(member.c.id).where(member.c.login == command.login)):
        raise Invalid({"login": "login_taken"})
    values = {
        "public_id": new_public_id(), "nickname": command.nickname, "login": command.login,
        "password_hash": password_hash, "board_opt_out": True, "age_14_confirmed_at": now, "created_at": now,
    }  # fmt: skip
    member_id = int(tx.scalar(insert(member).values(**values).returning(member.c.id)))
    rows = [
        {"member_id": member_id, "purpose": p, "given_at": now, "version": VERSIONS[p]} for p in ("terms", "privacy")
    ]
    tx.insert(consent, rows)
    grant_role(tx, None, member_id, "administrator", now)
    return member_id
