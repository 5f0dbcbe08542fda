"""Reads of the ledger: balances, lots, statements and sums over days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select, text

from points_engine.clock import days_of, start_of
from points_engine.ledger import MEMBER_ACCOUNTS, Wallet
from webapp.ledger.service import ACT_CODES
from webapp.ledger.tables import lot, member_day, transfer
from webapp.ledger.tables import wallet as wallets
from webapp.store import Tx

# For joins by rooms on the right that follow how far a member's chain has come.
seq_view = select(wallets.c.member_id, wallets.c.seq, wallets.c.frozen).subquery("wallet_seq")
# One row a member and local day: acts, declared_g, verified_g, points; for sums over periods.
days = member_day


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer as its member reads it: `amount` is signed, `account` the member's own."""

    seq: int
    code: str
    cause: str
    account: str
    amount: int
    occurred_on: date | None
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over days: grams, points and counted acts, and how many days had an act."""

    acts: int = 0
    declared_g: int = 0
    verified_g: int = 0
    points: int = 0
    active_days: int = 0

    @property
    def grams(self) -> int:
        return self.declared_g + self.verified_g


def wallet(tx: Tx, member_id: int) -> Wallet:
    """The member's balances; zeros for a member who never moved anything."""
    row = tx.row(select(wallets).where(wallets.c.member_id == member_id))
    if row is None:
        return Wallet(member_id)
    return Wallet(
        member_id, row.declared_g, row.verified_g, row.points, row.held, row.seq, row.digest, row.frozen, row.debt
    )


def expiring(tx: Tx, member_id: int, today: date, limit: int = 12) -> list[tuple[date, int]]:
    """The member's spendable lots, first to expire first."""
    rows = tx.rows(
        select(lot.c.expires_on, lot.c.remaining)
        .where(lot.c.member_id == member_id, lot.c.remaining > 0, lot.c.expires_on >= today)
        .order_by(lot.c.expires_on)
        .limit(limit)
    )
    return [(row.expires_on, row.remaining) for row in rows]


def statement(tx: Tx, member_id: int, book: str, after: int | None, limit: int = 30) -> list[Line]:
    """Entries of one book, newest first; `after` is the seq of the last line already seen."""
    query = (
        select(transfer)
        .where(transfer.c.member_id == member_id, transfer.c.book == book)
        .order_by(transfer.c.seq.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(transfer.c.seq < after)
    return [_line(row) for row in tx.rows(query)]


def by_cause(tx: Tx, member_id: int, causes: Sequence[str]) -> dict[str, list[Line]]:
    """The member's transfers for each of `causes`, in the order they were posted."""
    rows = tx.rows(
        select(transfer).where(transfer.c.member_id == member_id, transfer.c.cause.in_(causes)).order_by(transfer.c.seq)
    )
    found: dict[str, list[Line]] = {cause: [] for cause in causes}
    for row in rows:
        found[row.cause].append(_line(row))
    return found


def sums(tx: Tx, member_id: int, first: date, last: date) -> Sums:
    """The member's days from `first` to `last`, both included, added up."""
    return _added(tx, member_day.c.member_id == member_id, member_day.c.day.between(first, last))


def day_list(tx: Tx, member_id: int, first: date, last: date) -> list[Any]:
    """The member's days with an act, oldest first: rows of day, acts, declared_g, verified_g, points."""
    return list(
        tx.rows(
            select(member_day)
            .where(
                member_day.c.member_id == member_id,
                member_day.c.day.between(first, last),
                member_day.c.acts > 0,
            )
            .order_by(member_day.c.day)
        )
    )


def totals(tx: Tx, first: date, last: date) -> Sums:
    """Everybody's days added up; for public figures, not for hot paths."""
    return _added(tx, member_day.c.day.between(first, last))


def act_moves(tx: Tx, members: tuple[int, int], first: date, last: date) -> list[Any]:
    """Grams that acts of some days moved for the members of a range, one row a transfer: member_id, seq, day, grams.

    What the days of `member_day` add up to, read from the transfers themselves.
    """
    c = transfer.c
    grams = case((c.credit.in_(("declared", "verified")), c.amount), else_=0) - case(
        (c.debit.in_(("declared", "verified")), c.amount), else_=0
    )
    query = select(c.member_id, c.seq, c.occurred_on.label("day"), grams.label("grams")).where(
        c.member_id.between(*members),
        c.book == "carbon",
        c.code.in_(sorted(ACT_CODES)),
        c.occurred_on.between(first, last),
    )
    return list(tx.rows(query))


def first_days(tx: Tx, member_ids: Sequence[int]) -> dict[int, date]:
    """The first day on which each member did anything that counted."""
    if not member_ids:
        return {}
    c = member_day.c
    query = select(c.member_id, func.min(c.day).label("first")).where(c.member_id.in_(list(member_ids)))
    return {row.member_id: row.first for row in tx.rows(query.group_by(c.member_id))}


def redeemed(tx: Tx, member_ids: Sequence[int]) -> dict[int, int]:
    """How many points each member has ever put aside for rewards, cancelled ones included."""
    if not member_ids:
        return {}
    c = transfer.c
    rows = tx.rows(
        select(c.member_id, func.sum(c.amount).label("points"))
        .where(c.member_id.in_(list(member_ids)), c.book == "points", c.debit == "points", c.credit == "held")
        .group_by(c.member_id)
    )
    return {row.member_id: int(row.points) for row in rows}


def day_sums(tx: Tx, months: Sequence[str]) -> dict[str, dict[str, int]]:
    """Sums over everybody's days by month, "" for all before; a look through every day, for jobs only.

    `declarers` and `verifiers` count the people behind each kind of grams.
    """
    c = member_day.c
    label = _monthly([(month, c.day.between(*days_of(month))) for month in months])
    found = tx.rows(
        select(
            label.label("period"),
            *(func.sum(column).label(name) for name, column in _DAY_SUMS.items()),
            *(func.count(func.distinct(case((when, c.member_id)))).label(name) for name, when in _DAY_PEOPLE.items()),
        ).group_by(text("period"))
    )
    return _by_period(found)


def point_sums(tx: Tx, months: Sequence[str]) -> dict[str, dict[str, int]]:
    """Points given and used, and grams retired, by month of posting, "" for all before; for jobs only.

    What was taken back counts against what was given; points given from funds count as given.
    """
    c = transfer.c
    spans = [(month, *days_of(month)) for month in months]
    label = _monthly(
        [(m, and_(c.posted_at >= start_of(a), c.posted_at < start_of(b + timedelta(days=1)))) for m, a, b in spans]
    )
    given, taken = c.debit.in_(("awarded", "granted")), c.credit.in_(("awarded", "granted"))
    used, retired = c.credit == "spent", c.credit == "retired"

    def added(there: Any, back: Any) -> Any:
        return func.coalesce(func.sum(case((there, c.amount), (back, -c.amount), else_=0)), 0)

    def people(who: Any) -> Any:
        return func.count(func.distinct(case((who, c.member_id))))

    found = tx.rows(
        select(
            label.label("period"),
            added(given, taken).label("points_awarded"),
            added(used, c.debit == "spent").label("points_redeemed"),
            added(retired, c.debit == "retired").label("retired_g"),
            people(given).label("earners"),
            people(used).label("redeemers"),
            people(retired).label("retirers"),
        ).group_by(text("period"))
    )
    return _by_period(found)


_DAY_SUMS = {
    "acts": member_day.c.acts,
    "declared_g": member_day.c.declared_g,
    "verified_g": member_day.c.verified_g,
    "grams": member_day.c.declared_g + member_day.c.verified_g,
}
_DAY_PEOPLE = {
    "people": member_day.c.acts > 0,
    "declarers": member_day.c.declared_g > 0,
    "verifiers": member_day.c.verified_g > 0,
}


def _monthly(spans: Sequence[tuple[str, Any]]) -> Any:
    return case(*((within, month) for month, within in spans), else_="") if spans else literal("")


def _by_period(rows: Iterable[Any]) -> dict[str, dict[str, int]]:
    return {row.period: {k: int(v) for k, v in row._mapping.items() if k != "period"} for row in rows}


def _added(tx: Tx, *those: ColumnElement[bool]) -> Sums:
    c = member_day.c
    added = (func.coalesce(func.sum(column), 0) for column in (c.acts, c.declared_g, c.verified_g, c.points))
    row = tx.row(select(*added, func.count()).where(*those, c.acts > 0))
    return Sums(*(int(value) for value in row)) if row else Sums()


def _line(row: Any) -> Line:
    own = MEMBER_ACCOUNTS[row.book]
    incoming = row.credit in own and (row.debit not in own or row.credit == own[0])
    account = row.credit if row.credit in own else row.debit
    if row.debit in own and row.credit in own:  # between own accounts: seen from the spendable one
        account, incoming = own[0], row.credit == own[0]
    return Line(
        row.seq, row.code, row.cause, account, row.amount if incoming else -row.amount, row.occurred_on, row.posted_at
    )
