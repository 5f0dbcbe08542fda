"""The use cases of feeds: link a partner's account to a member, and keep the record of each import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from points_engine.errors import Invalid, refuse
from webapp.feeds.mapping import SOURCE
from webapp.feeds.queries import account_hash
from webapp.feeds.tables import feed_import, partner_link
from webapp.journal import service as journal
from webapp.members import queries as members
from webapp.members.phones import PhoneBook
from webapp.store import Tx

COUNTS = ("rows", "credited", "zero", "pending", "already", "refused", "grams", "points")


def link_account(tx: Tx, book: PhoneBook, member_id: int, source: str, account: str, now: datetime) -> None:
    """From now on rows of `source` for `account` are this member's; twice is the same as once.

    Raises account_taken (409) when it is another member's.
    """
    if not account.strip():
        raise Invalid({"account": "missing"})
    key = account_hash(book, source, account.strip())
    row = {"member_id": member_id, "source": source, "account_hash": key, "linked_at": now}
    owner = select(partner_link.c.member_id).where(partner_link.c.source == source, partner_link.c.account_hash == key)
    known = tx.scalar(owner)
    if known is None:
        tx.execute(insert(partner_link).values(row))
    elif known != member_id:
        raise refuse("conflict", "account_taken")


def link_by_staff(tx: Tx, book: PhoneBook, actor_id: int, who: str, source: str, account: str, now: datetime) -> None:
    """Link a partner's account for a member (login or public id), with a row in the journal that does not tell the account."""
    member_id = members.find_exact(tx, who.strip()) if who.strip() else None
    wrong = {} if member_id is not None else {"who": "unknown_member"}
    if not SOURCE.fullmatch(source):
        wrong["source"] = "not_a_choice"
    if not account.strip() or len(account) > 80:
        wrong["account"] = "required"
    if wrong or member_id is None:
        raise Invalid(wrong)
    link_account(tx, book, member_id, source, account, now)
    journal.record(tx, actor_id, "feed.linked", f"member:{member_id}", {"source": source}, now)


def unlink_by_staff(tx: Tx, actor_id: int, public_id: str, source: str, now: datetime) -> None:
    """No account of this partner leads to the member any more, with a row in the journal."""
    member_id = members.id_of(tx, public_id)
    unlink_source(tx, member_id, source)
    journal.record(tx, actor_id, "feed.unlinked", f"member:{member_id}", {"source": source}, now)


def unlink_source(tx: Tx, member_id: int, source: str) -> None:
    """Rows of this partner are no longer the member's; what was credited stays."""
    mine = (partner_link.c.member_id == member_id, partner_link.c.source == source)
    tx.execute(delete(partner_link).where(*mine))


def begin_import(tx: Tx, source: str, file_name: str, checksum: str, actor_id: int | None, now: datetime) -> int:
    """Note that an import has begun; the number it goes by."""
    facts = {"source": source, "file_name": file_name[-120:], "checksum": checksum, "actor_id": actor_id}
    zeros = dict.fromkeys(COUNTS, 0)
    number = tx.execute(insert(feed_import).values(**facts, **zeros, started_at=now).returning(feed_import.c.id))
    return int(number.scalar_one())


def finish_import(tx: Tx, number: int, counts: Mapping[str, int], now: datetime) -> None:
    """Note what an import did, in its row and in the journal."""
    row = tx.row(select(feed_import).where(feed_import.c.id == number))
    assert row is not None
    kept = {name: counts[name] for name in COUNTS}
    tx.execute(update(feed_import).where(feed_import.c.id == number).values(**kept, finished_at=now))
    detail = {"source": row.source, "checksum": row.checksum, **kept}
    journal.record(tx, row.actor_id, "feed.imported", f"feed_import:{number}", detail, now)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: no account leads to them any more."""
    tx.execute(delete(partner_link).where(partner_link.c.member_id == member_id))
