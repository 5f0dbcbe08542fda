"""Reads of feeds: whose account it is, and the imports so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select

from points_engine.errors import Invalid, refuse
from webapp.feeds.tables import feed_file, feed_import, partner_link
from webapp.members import queries as members
from webapp.members.phones import PhoneBook, normal
from webapp.store import Query, Tx, among

_LINKS = Query(
    select(partner_link.c.account_hash, partner_link.c.member_id).where(
        among("keys", partner_link.c.source, partner_link.c.account_hash)
    )
)


def members_of(tx: Tx, book: PhoneBook, source: str, by: str, accounts: Collection[str]) -> dict[str, int]:
    """The member behind each of the partner's accounts; who is not found, or has left, is not in the answer."""
    if by == "account":
        hashes = {account: account_hash(book, source, account) for account in accounts}
        found = {r.account_hash: r.member_id for r in _LINKS.rows(tx, keys=[(source, h) for h in hashes.values()])}
        return _through(hashes, found)
    if by == "phone":
        prints = {account: print_ for account in accounts if (print_ := _print(book, account))}
        return _through(prints, members.ids_by(tx, "phone_hash", list(prints.values())))
    if by == "login":
        logins = {account: account.lower() for account in accounts}
        return _through(logins, members.ids_by(tx, "login", list(logins.values())))
    return members.ids_by(tx, "public_id", list(accounts))


def account_hash(book: PhoneBook, source: str, account: str) -> str:
    """The keyed fingerprint under which a partner's account is kept."""
    return book.tag(f"account:{source}", account)


def links_of(tx: Tx, member_id: int) -> Sequence[Row[Any]]:
    """The partners that a member has linked."""
    mine = partner_link.c.member_id == member_id
    return tx.rows(select(partner_link.c.source, partner_link.c.linked_at).where(mine).order_by(partner_link.c.source))


def imports(tx: Tx, limit: int = 50, after: int | None = None) -> Sequence[Row[Any]]:
    """The newest imports; `after` is the number of the last one seen."""
    query = select(feed_import).order_by(feed_import.c.id.desc()).limit(limit)
    return tx.rows(query if after is None else query.where(feed_import.c.id < after))


def imported_as(tx: Tx, checksum: str, source: str) -> str | None:
    """The other source under which the very same file was imported, if anything of it may have been credited."""
    c = feed_import.c
    credited = or_(c.credited > 0, c.finished_at.is_(None))  # one that was broken off does not know
    found = tx.scalar(select(c.source).where(c.checksum == checksum, c.source != source, credited).limit(1))
    return None if found is None else str(found)


def file_by_id(tx: Tx, number: int) -> Row[Any]:
    """A file that was handed in at the desk; raises not_found."""
    row = tx.row(select(feed_file).where(feed_file.c.id == number))
    if row is None:
        raise refuse("not_found", "not_found")
    return row


def files_at_the_desk(tx: Tx, limit: int = 20) -> Sequence[Row[Any]]:
    """Files that are still kept, the newest first."""
    kept = select(feed_file).where(feed_file.c.blob.is_not(None))
    return tx.rows(kept.order_by(feed_file.c.id.desc()).limit(limit))


def files_before(tx: Tx, moment: datetime) -> list[int]:
    """Files still kept that were handed in before `moment`, and that nobody is working on."""
    old = select(feed_file.c.id).where(feed_file.c.blob.is_not(None), feed_file.c.created_at <= moment)
    return [row.id for row in tx.rows(old.where(feed_file.c.state.in_(("done", "failed"))))]


def _print(book: PhoneBook, phone: str) -> str | None:
    try:
        return book.fingerprint(normal(phone))
    except Invalid:
        return None


def _through(keys: Mapping[str, str], found: Mapping[str, int]) -> dict[str, int]:
    return {account: found[key] for account, key in keys.items() if key in found}
