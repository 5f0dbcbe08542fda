"""Prepaid funds 专项资金: who may have one, what moves through it, who is paid when it runs dry, and its chain of digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

KINDS = ("park", "unit", "merchant")
# What came in, what went out to members, and either taken back.
CODES = ("deposit", "draw", "refund", "withdrawal")
SIGN = {"deposit": 1, "refund": 1, "draw": -1, "withdrawal": -1}


def cover(balance: int, amounts: Iterable[int]) -> list[bool]:
    """Which of these amounts the balance pays, in the order given; one that is too large is passed over.

    So nobody waits behind a larger claim, and the same order gives the same answer.
    """
    paid: list[bool] = []
    for amount in amounts:
        fits = amount <= balance
        balance -= amount if fits else 0
        paid.append(fits)
    return paid


@dataclass(frozen=True, slots=True)
class FundEntry:
    """One movement of a fund as its chain sees it; the field order is part of the format."""

    fund_id: int
    seq: int
    code: str
    amount: int
    balance: int
    cause: str
    key: str
    actor_id: int | None
    posted_at: datetime

    def digest(self, before: str) -> str:
        """The next link: SHA-256 over the previous link and every field."""
        text = "\x1f".join(
            (
                before,
                str(self.fund_id),
                str(self.seq),
                self.code,
                str(self.amount),
                str(self.balance),
                self.cause,
                self.key,
                "" if self.actor_id is None else str(self.actor_id),
                self.posted_at.astimezone(UTC).isoformat(timespec="microseconds"),
            )
        )
        return hashlib.sha256(text.encode()).hexdigest()
