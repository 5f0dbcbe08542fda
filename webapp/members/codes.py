"""Six-digit codes: five minutes, five tries, once, ten a day, and good only in the browser that asked."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select, update

from points_engine.clock import local_day
from points_engine.errors import refuse
from webapp.members import limits
from webapp.members.phones import PhoneBook
from webapp.members.sms import SmsSender
from webapp.members.tables import otp
from webapp.store import Tx

Purpose = Literal["sign_in", "phone", "step_up"]
LIVES = timedelta(minutes=5)
PAUSE = timedelta(seconds=60)
TRIES = 5
A_DAY = 10


def send_code(
    tx: Tx, book: PhoneBook, sender: SmsSender, phone: str, purpose: Purpose, nonce: str, address: str, now: datetime
) -> None:
    """Make a code, keep its fingerprint, and send it once that is durable. Same answer for every number."""
    limits.check(tx, limits.for_codes(book, address), now, "too_many_codes")
    found, day = book.fingerprint(phone), local_day(now)
    last = tx.row(select(otp).where(otp.c.phone_hash == found, otp.c.purpose == purpose))
    sent = last.sent if last and last.day == day else 0
    if last and now - last.sent_at < PAUSE:
        wait = int((PAUSE - (now - last.sent_at)).total_seconds()) + 1
        raise refuse("limit", "too_many_codes", retry_after=wait)
    if sent >= A_DAY:
        raise refuse("limit", "too_many_codes", retry_after=3600)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = {
        "phone_hash": found, "purpose": purpose, "code_hash": _hash(book, code, nonce), "tries": 0,
        "expires_at": now + LIVES, "sent_at": now, "day": day, "sent": sent + 1,
    }  # fmt: skip
    replaced = [name for name in row if name not in ("phone_hash", "purpose")]
    tx.upsert(otp, [row], key=["phone_hash", "purpose"], replace=replaced)
    tx.after_commit(lambda: sender.send(phone, code, purpose, now))


def use_code(tx: Tx, book: PhoneBook, phone: str, purpose: Purpose, nonce: str, code: str, now: datetime) -> bool:
    """Whether the code is right; counts the try, so the caller must let the transaction end well."""
    found = book.fingerprint(phone)
    this = (otp.c.phone_hash == found, otp.c.purpose == purpose)
    # The conditional update is what keeps parallel guesses at five.
    counted = tx.row(
        update(otp)
        .where(*this, otp.c.tries < TRIES, otp.c.expires_at > now)
        .values(tries=otp.c.tries + 1)
        .returning(otp.c.code_hash)
    )
    if counted is None or not hmac.compare_digest(counted.code_hash, _hash(book, code, nonce)):
        return False
    # Spent, not deleted: the row still counts the day's messages.
    return tx.execute(update(otp).where(*this, otp.c.expires_at > now).values(expires_at=now)).rowcount == 1


def purge(tx: Tx, now: datetime) -> int:
    return tx.execute(delete(otp).where(otp.c.expires_at < now - timedelta(days=2))).rowcount


def _hash(book: PhoneBook, code: str, nonce: str) -> str:
    return book.tag("code", f"{nonce}\0{code}")
