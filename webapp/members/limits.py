"""How often somebody may try: attempts counted in windows in the database, before they are judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update

from points_engine.errors import refuse
from webapp.members.phones import PhoneBook
from webapp.members.tables import sign_in_failure as table
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts in each window of `seconds`."""

    key: str
    most: int
    seconds: int

    def since(self, now: datetime) -> datetime:
        start = int(now.timestamp()) // self.seconds * self.seconds
        return datetime.fromtimestamp(start, now.tzinfo)


def for_sign_in(book: PhoneBook, login: str, address: str) -> tuple[Limit, ...]:
    """Ten for a login from an address, fewer for many addresses on one login, and one cap over all.

    The login alone is never locked hard: 50 a day slow a guesser down and let its owner in by code.
    """
    who, where = book.tag("login", login)[:24], book.tag("address", address)[:24]
    return (
        Limit(f"pair:{who}:{where}", 10, 900),
        Limit(f"address:{where}", 300, 900),
        Limit(f"login:{who}", 50, 86400),
        Limit("all", 1000, 300),
    )


def for_codes(book: PhoneBook, address: str) -> tuple[Limit, ...]:
    """Codes sent at the request of one address, and of all."""
    where = book.tag("address", address)[:24]
    return Limit(f"sms:{where}", 30, 3600), Limit("sms", 3000, 3600)


def for_feedback(book: PhoneBook, address: str) -> tuple[Limit, ...]:
    return (Limit(f"feedback:{book.tag('address', address)[:24]}", 10, 3600),)


def take(tx: Tx, limits: tuple[Limit, ...], now: datetime) -> int:
    """Count one attempt against each limit; the seconds to wait when one of them is used up, else 0."""
    rows = [{"key": limit.key, "since": limit.since(now), "count": 1} for limit in limits]
    # Sorted, so that two at once lock the rows in the same order.
    tx.upsert(table, sorted(rows, key=lambda row: str(row["key"])), key=["key", "since"], add=["count"])
    counts = {row.key: row._mapping["count"] for row in tx.rows(select(table).where(_these(limits, now)))}
    over = [limit for limit in limits if counts.get(limit.key, 0) > limit.most]
    return max((int(_left(limit, now)) for limit in over), default=0)


def give_back(tx: Tx, limits: tuple[Limit, ...], now: datetime) -> None:
    """A success is no failure: clear the pair, take this attempt from the others."""
    zero = case((table.c.key.startswith("pair:"), 0), (table.c.count > 0, table.c.count - 1), else_=0)
    tx.execute(update(table).where(_these(limits, now)).values(count=zero))


def check(tx: Tx, limits: tuple[Limit, ...], now: datetime, code: str = "too_many_attempts") -> None:
    """take(), as a refusal: only where nothing else in the transaction must be remembered."""
    if wait := take(tx, limits, now):
        raise refuse("limit", code, retry_after=wait)


def purge(tx: Tx, now: datetime) -> int:
    """Forget windows that are over."""
    return tx.execute(delete(table).where(table.c.since < now - timedelta(days=2))).rowcount


def _left(limit: Limit, now: datetime) -> float:
    return max(1.0, limit.seconds - (now - limit.since(now)).total_seconds())


def _these(limits: tuple[Limit, ...], now: datetime) -> ColumnElement[bool]:
    return or_(*(and_(table.c.key == limit.key, table.c.since == limit.since(now)) for limit in limits))
