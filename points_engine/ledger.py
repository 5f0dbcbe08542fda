"""The book-keeping rules: accounts, what a move does to balances and lots, and the chain of digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from points_engine.errors import refuse

MEMBER_ACCOUNTS = {"carbon": ("declared", "verified"), "points": ("points", "held", "debt")}
# "granted" is where points of a prepaid fund pass through: what funds gave is what members got, cause by cause.
SYSTEM_ACCOUNTS = {"carbon": ("reduction", "retired"), "points": ("awarded", "granted", "spent", "expired")}
ACCOUNTS = {book: MEMBER_ACCOUNTS[book] + SYSTEM_ACCOUNTS[book] for book in MEMBER_ACCOUNTS}
GENESIS = "0" * 64

Lots = dict[date, int]


@dataclass(frozen=True, slots=True)
class Move:
    """One movement asked for: `amount` grams or points from `debit` to `credit`, once per `key`.

    `occurred_on` is the local day of the act; `expires_on` the day on which points put into the
    member's account can last be spent, or, on the way out, the lot to take from first.
    """

    member_id: int
    book: str
    debit: str
    credit: str
    amount: int
    code: str
    cause: str
    key: str
    occurred_on: date | None = None
    expires_on: date | None = None
    lots: Mapping[date, int] | None = None

    def check(self) -> None:
        """An impossible move is our bug, never the member's fault."""
        assert self.amount > 0, "a move must have an amount"
        assert self.debit != self.credit, "a move must go somewhere"
        assert self.debit in ACCOUNTS[self.book] and self.credit in ACCOUNTS[self.book]


@dataclass(slots=True)
class Wallet:
    """A member's balances (grams, points) and the head of the member's chain of transfers."""

    member_id: int
    declared_g: int = 0
    verified_g: int = 0
    points: int = 0
    held: int = 0
    seq: int = 0
    digest: str = GENESIS
    frozen: bool = False
    debt: int = 0  # points taken back after they were spent; what comes in pays it off first

    def balance(self, account: str) -> int:
        return int(getattr(self, COLUMN[account]))

    def change(self, account: str, amount: int) -> None:
        """Move `amount` into (or, negative, out of) a member account; system accounts keep no balance."""
        column = COLUMN.get(account)
        if column is None:
            return
        if account == "debt":  # kept as what is owed, so that no balance is ever negative
            amount = -amount
        after = getattr(self, column) + amount
        if after < 0:
            code = "insufficient_points" if account in MEMBER_ACCOUNTS["points"] else "insufficient_grams"
            raise refuse("conflict", code, available=getattr(self, column), needed=-amount)
        setattr(self, column, after)


COLUMN = {"declared": "declared_g", "verified": "verified_g", "points": "points", "held": "held", "debt": "debt"}


def take_from_lots(lots: Mapping[date, int], amount: int, today: date, first: date | None = None) -> Lots:
    """Which lots give `amount` points: `first` if it can, then first to expire; lots past their day give nothing.

    Raises insufficient_points when the unexpired lots do not hold enough.
    """
    usable = {day: n for day, n in lots.items() if n > 0 and day >= today}
    order = sorted(usable, key=lambda day: (day != first, day))
    taken: Lots = {}
    left = amount
    for day in order:
        if left == 0:
            break
        taken[day] = min(usable[day], left)
        left -= taken[day]
    if left:
        raise refuse("conflict", "insufficient_points", available=sum(usable.values()), needed=amount)
    return taken


def give_back(lots: Mapping[date, int], today: date, grace: date) -> Lots:
    """Where refunded points go: to the lots they came from; what expired meanwhile lives until `grace`."""
    back: Lots = {}
    for day, n in lots.items():
        to = day if day >= today else grace
        back[to] = back.get(to, 0) + n
    return back


def expiry(day: date, months: int) -> date:
    """The last day on which points awarded on `day` can be spent, `months` later (end of month kept)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th day")


def lots_text(lots: Mapping[date, int] | None) -> dict[str, int] | None:
    return None if lots is None else {day.isoformat(): n for day, n in sorted(lots.items())}


@dataclass(frozen=True, slots=True)
class Entry:
    """A posted transfer as the chain sees it; the field order is part of the format."""

    member_id: int
    seq: int
    book: str
    debit: str
    credit: str
    amount: int
    code: str
    cause: str
    key: str
    occurred_on: date | None
    posted_at: datetime
    lots: dict[str, int] | None = field(default=None)

    def digest(self, before: str) -> str:
        """The next link: SHA-256 over the previous link and every field of this transfer."""
        lots = "" if self.lots is None else ",".join(f"{d}={n}" for d, n in sorted(self.lots.items()))
        text = "\x1f".join(
            (
                before,
                str(self.member_id),
                str(self.seq),
                self.book,
                self.debit,
                self.credit,
                str(self.amount),
                self.code,
                self.cause,
                self.key,
                "" if self.occurred_on is None else self.occurred_on.isoformat(),
                self.posted_at.astimezone(UTC).isoformat(timespec="microseconds"),
                lots,
            )
        )
        return hashlib.sha256(text.encode()).hexdigest()
