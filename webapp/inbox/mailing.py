"""A member's own choices: the e-mail address and its code, what comes by e-mail, what is silent, quiet hours."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import delete, select, update

from points_engine.errors import refuse
from webapp.inbox.forms import MailChoice
from webapp.inbox.mail_tables import ASKED, BOUNCED, NO_ADDRESS, ON, mail, mail_item, mail_setting
from webapp.inbox.topics import FIRST_BY_MAIL, NEVER_SILENT, TOPICS, chosen, kept
from webapp.jobs import enqueue
from webapp.members import limits
from webapp.members import queries as members
from webapp.members.phones import book
from webapp.store import Tx

CODE_LIVES = timedelta(minutes=30)
TRIES = 5
DAY = 86400
QUIET = (21 * 60, 8 * 60)  # 21:00 to 8:00, until somebody chooses otherwise


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What a member chose; `address` is whole only for themselves."""

    state: str = NO_ADDRESS
    address: str | None = None
    by_mail: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    quiet_from: int = QUIET[0]
    quiet_until: int = QUIET[1]
    verified_at: datetime | None = None


def settings_of(tx: Tx, settings: Any, member_id: int) -> MailSettings:
    """The choices of one member; the usual ones for who never chose."""
    row = _row(tx, member_id)
    if row is None:
        return MailSettings(by_mail=FIRST_BY_MAIL)
    return MailSettings(
        row.state,
        book(settings).open(row.sealed),
        chosen(row.by_mail),
        chosen(row.silent),
        row.quiet_from,
        row.quiet_until,
        row.verified_at,
    )


def save(tx: Tx, member_id: int, choice: MailChoice) -> None:
    """Which topics come by e-mail, which are silent, and when it is quiet."""
    _own(tx, member_id)
    tx.execute(
        update(mail_setting)
        .where(mail_setting.c.member_id == member_id)
        .values(
            by_mail=kept(choice.by_mail),
            silent=kept(set(choice.silent) - {NEVER_SILENT}),
            quiet_from=choice.quiet_from,
            quiet_until=choice.quiet_until,
        )
    )
    _drop_unwanted(tx, member_id, choice.by_mail)


def turn(tx: Tx, member_id: int, topic: str, on: bool) -> None:
    """One tap: nothing of this topic by e-mail any more and no counter for it; results stay counted. Or back again."""
    if topic not in TOPICS:
        raise refuse("not_found", "unknown_topic")
    _own(tx, member_id)
    row = _row(tx, member_id)
    assert row is not None
    by_mail, silent = set(chosen(row.by_mail)), set(chosen(row.silent))
    if on:
        by_mail, silent = by_mail | {topic}, silent - {topic}
    else:
        by_mail, silent = by_mail - {topic}, (silent | {topic}) - {NEVER_SILENT}
    this = mail_setting.c.member_id == member_id
    tx.execute(update(mail_setting).where(this).values(by_mail=kept(by_mail), silent=kept(silent)))
    _drop_unwanted(tx, member_id, tuple(by_mail))


def ask_code(tx: Tx, settings: Any, member_id: int, address: str, now: datetime) -> None:
    """Keep the address, sealed, and send a code to it; it is told nothing else before the code came back."""
    if members.is_child(tx, member_id):
        raise refuse("forbidden", "not_for_children")
    keys = book(settings)
    limits.check(
        tx,
        (
            limits.Limit(f"mail:{keys.tag('mail', address.lower())[:24]}", 3, DAY),  # nobody is flooded through us
            limits.Limit(f"mailer:{member_id}", 5, DAY),
            limits.Limit("mail", 2000, 3600),
        ),
        now,
        "too_many_codes",
    )
    _own(tx, member_id)
    tx.execute(
        update(mail_setting)
        .where(mail_setting.c.member_id == member_id)
        .values(sealed=keys.seal(address), state=ASKED, asked_at=now, tries=0, verified_at=None)
    )
    _forget_waiting(tx, member_id)
    payload = {"member_id": member_id, "asked_at": now.isoformat()}
    enqueue(tx, "inbox.code", payload, f"inbox.code:{member_id}:{now.isoformat()}", now)


def code_of(settings: Any, member_id: int, sealed: str, asked_at: datetime) -> str:
    """Six digits that only this member, this address and this asking have; worked out anew, never kept."""
    told = f"mail code\0{member_id}\0{sealed}\0{asked_at.astimezone(UTC).isoformat()}"
    made = hmac.new(settings.secret_key.encode(), told.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(made[:8], 'big') % 1_000_000:06d}"


def confirm(tx: Tx, settings: Any, member_id: int, code: str, now: datetime) -> bool:
    """Whether the code is right; counts the try, so the caller must let the transaction end well."""
    counted = tx.row(
        update(mail_setting)
        .where(
            mail_setting.c.member_id == member_id,
            mail_setting.c.state == ASKED,
            mail_setting.c.tries < TRIES,
            mail_setting.c.asked_at > now - CODE_LIVES,
        )
        .values(tries=mail_setting.c.tries + 1)
        .returning(mail_setting.c.sealed, mail_setting.c.asked_at)
    )
    if counted is None:
        return False
    right = code_of(settings, member_id, counted.sealed, counted.asked_at)
    if not hmac.compare_digest(right, code):
        return False
    this = (mail_setting.c.member_id == member_id, mail_setting.c.state == ASKED)
    done = tx.execute(update(mail_setting).where(*this).values(state=ON, verified_at=now, asked_at=None, tries=0))
    return done.rowcount == 1


def remove(tx: Tx, member_id: int) -> None:
    """The address goes; the choices stay."""
    tx.execute(
        update(mail_setting)
        .where(mail_setting.c.member_id == member_id)
        .values(sealed=None, state=NO_ADDRESS, asked_at=None, tries=0, verified_at=None)
    )
    _forget_waiting(tx, member_id)


def bounce(tx: Tx, member_id: int, sealed: str) -> bool:
    """The address takes no letters: nothing goes there again before it is proved anew. False if it changed meanwhile."""
    found = (mail_setting.c.member_id == member_id, mail_setting.c.sealed == sealed)
    if not tx.execute(update(mail_setting).where(*found).values(state=BOUNCED, asked_at=None)).rowcount:
        return False
    _forget_waiting(tx, member_id)
    return True


def off_token(settings: Any, member_id: int) -> str:
    """What stands in the address that turns e-mails off; good for ever, and for nothing else."""
    return str(_signer(settings).dumps(member_id))


def owner_of(settings: Any, token: str) -> int:
    """Whose e-mails the address turns off; not_found for anything we did not sign."""
    try:
        return int(_signer(settings).loads(token))
    except (BadData, TypeError, ValueError):
        raise refuse("not_found", "unknown_link") from None


def all_off(tx: Tx, member_id: int) -> None:
    """No e-mail any more; an address that was never proved goes at once."""
    this = mail_setting.c.member_id == member_id
    tx.execute(update(mail_setting).where(this).values(by_mail=""))
    unproved = update(mail_setting).where(this, mail_setting.c.state == ASKED)
    tx.execute(unproved.values(sealed=None, state=NO_ADDRESS, asked_at=None, tries=0))
    _forget_waiting(tx, member_id)


def forget(tx: Tx, member_id: int) -> None:
    """The member leaves: address, choices and everything that waits."""
    for table in (mail_item, mail, mail_setting):
        tx.execute(delete(table).where(table.c.member_id == member_id))


def _signer(settings: Any) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt="inbox.mail-off")


def _own(tx: Tx, member_id: int) -> None:
    tx.upsert(mail_setting, [{"member_id": member_id, "by_mail": kept(FIRST_BY_MAIL)}], key=["member_id"])


def _row(tx: Tx, member_id: int) -> Any:
    return tx.row(select(mail_setting).where(mail_setting.c.member_id == member_id))


def _forget_waiting(tx: Tx, member_id: int) -> None:
    tx.execute(delete(mail_item).where(mail_item.c.member_id == member_id))


def _drop_unwanted(tx: Tx, member_id: int, wanted: tuple[str, ...]) -> None:
    this = (mail_item.c.member_id == member_id, mail_item.c.topic.not_in(wanted or ("",)))
    tx.execute(delete(mail_item).where(*this))
