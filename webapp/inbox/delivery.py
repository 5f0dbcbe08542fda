"""The two kinds of work that send e-mail: tried again while that helps, given up visibly, never sent twice."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from webapp.inbox import digests, letters, mailing, service
from webapp.inbox.mail_tables import ASKED, FAILED, FORMED, SENT, UNSURE, mail_setting
from webapp.inbox.post import NotSent
from webapp.jobs.runner import MAX_ATTEMPTS
from webapp.members import queries as members
from webapp.members.phones import book
from webapp.store import Tx

log = logging.getLogger("puhui.mail")
MOST_LINES = 20


def send_digest(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Send one gathered e-mail."""
    member_id, day = int(payload["member_id"]), date.fromisoformat(payload["day"])
    found = house.store.retrying(lambda tx: digests.claim(tx, member_id, day, now, MOST_LINES))
    if found is None:
        return
    to = book(house.settings).open(found.sealed)
    if to is None:  # sealed with a key that is no longer ours
        house.store.retrying(lambda tx: _end(tx, found, FAILED, now))
        return
    letter = letters.digest_letter(house.settings, member_id, to, found.lang, day, found.lines, found.more)
    try:
        house.mail.send(letter)
    except NotSent as fault:
        _not_sent(house, found, fault, now)
        if fault.again:  # the outbox tries later, and shows it when it gives up
            raise NotSent(fault.code) from None
        return
    except BaseException:
        house.store.retrying(lambda tx: _end(tx, found, UNSURE, now))
        raise
    house.store.retrying(lambda tx: _end(tx, found, SENT, now))


def _not_sent(house: Any, found: digests.Digest, fault: NotSent, now: datetime) -> None:
    again = fault.again and found.attempts < MAX_ATTEMPTS
    house.store.retrying(lambda tx: _after(tx, found, fault, again, now))
    log.warning("the e-mail of member %s did not leave: %s", found.member_id, fault.code)


def _after(tx: Tx, found: digests.Digest, fault: NotSent, again: bool, now: datetime) -> None:
    state = FORMED if again else UNSURE if fault.unsure else FAILED
    digests.finish(tx, found.member_id, found.day, state)
    if fault.gone:
        _turn_off(tx, found.member_id, found.sealed, now)


def _end(tx: Tx, found: digests.Digest, state: str, now: datetime) -> None:
    digests.finish(tx, found.member_id, found.day, state, now if state == SENT else None)


def send_code(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Send the code that proves an address: at once, at any hour, and beside every quota."""
    member_id, asked_at = int(payload["member_id"]), datetime.fromisoformat(payload["asked_at"])
    with house.store.read() as tx:
        row = tx.row(select(mail_setting).where(mail_setting.c.member_id == member_id))
        if row is None or row.state != ASKED or row.asked_at != asked_at or now > asked_at + mailing.CODE_LIVES:
            return
        lang = members.preferences(tx, member_id).lang
    to = book(house.settings).open(row.sealed)
    if to is None:
        return
    code = mailing.code_of(house.settings, member_id, row.sealed, asked_at)
    made = f"{member_id}.code.{int(asked_at.timestamp())}"
    try:
        house.mail.send(letters.code_letter(house.settings, member_id, to, lang, code, made))
    except NotSent as fault:
        log.warning("the code of member %s did not leave: %s", member_id, fault.code)
        if fault.gone:
            sealed = row.sealed
            house.store.retrying(lambda tx: _turn_off(tx, member_id, sealed, now))
        elif fault.again:
            raise NotSent(fault.code) from None


def _turn_off(tx: Tx, member_id: int, sealed: str, now: datetime) -> None:
    if not mailing.bounce(tx, member_id, sealed):
        return
    service.notify(
        tx,
        member_id,
        "mail",
        "您的邮箱收不到信，已停止发送邮件",
        "Your e-mail address takes no letters; we have stopped",
        "请核对地址后重新验证。消息仍会出现在这里。",
        "Check the address and prove it again. Notices go on appearing here.",
        "/inbox/settings",
        now,
        key=f"mail:bounced:{now.isoformat()}",
    )
