"""Credits of acts by the thousand: what `Books.stage` does to a wallet, its chain and its sums, written set-wise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from hashlib import sha256

from points_engine.ledger import Wallet, expiry
from webapp.ledger.service import LIFE_MONTHS, Books
from webapp.ledger.tables import lot, member_day, transfer, wallet

TRANSFER = (
    "member_id", "seq", "book", "debit", "credit", "amount", "code", "cause", "key", "occurred_on", "posted_at",
    "lots", "digest",
)  # fmt: skip


CHANGED = ("verified_g", "points", "seq", "digest")

# A credited act with evidence: the member, the act's id, grams, points, and its local day as text.
Credit = tuple[int, str, int, int, str]


def simple(books: Books, member_id: int) -> bool:
    """Whether credits to this member are plain: nobody frozen, nothing owed."""
    purse = books.wallets[member_id]
    return not purse.frozen and not purse.debt


def credit_acts(books: Books, credits: Iterable[Credit], known_days: set[tuple[int, str]]) -> None:
    """Post the two transfers of each act (verified grams, points to spend) and write them; PostgreSQL only.

    For members that are `simple`; `known_days` are the (member, day) that have a row of sums. The transfers are
    those that `stage` would make, to the last digit of the chain.
    """
    posted = books.now.astimezone(UTC).isoformat(timespec="microseconds")
    lives = expiry(books.today, LIFE_MONTHS).isoformat()
    lines: list[str] = []
    days: dict[tuple[int, str], list[int]] = {}
    lots: dict[int, int] = {}
    touched: dict[int, Wallet] = {}
    for member, act, grams, points, day in credits:
        purse = touched[member] = books.wallets[member]
        if grams:
            lines.append(_grams(purse, act, grams, day, posted))
        if points:
            lines.append(_points(purse, act, points, day, posted, lives))
            lots[member] = lots.get(member, 0) + points
        sums = days.get((member, day))
        if sums is None:
            days[(member, day)] = [1, grams, points]
        else:
            sums[0] += 1
            sums[1] += grams
            sums[2] += points
    tx = books.tx
    tx.copy(transfer, TRANSFER, lines)
    tx.merge(
        lot,
        {"member_id": list(lots), "expires_on": [lives] * len(lots), "remaining": list(lots.values())},
        key=("member_id", "expires_on"),
        add=("remaining",),
    )
    _write_days(books, days, known_days)
    columns = {name: [getattr(purse, name) for purse in touched.values()] for name in CHANGED}
    tx.merge(wallet, {"member_id": list(touched), **columns}, key=("member_id",), known=True)


def _grams(purse: Wallet, act: str, grams: int, day: str, posted: str) -> str:
    """The line of the transfer of grams; the wallet and its chain move on."""
    purse.seq += 1
    purse.verified_g += grams
    member, seq, cause = purse.member_id, purse.seq, f"activity:{act}"
    told = (
        f"{purse.digest}\x1f{member}\x1f{seq}\x1fcarbon\x1freduction\x1fverified\x1f{grams}\x1fact\x1f{cause}\x1f"
        f"{cause}:act:g\x1f{day}\x1f{posted}\x1f"
    )
    purse.digest = digest = sha256(told.encode()).hexdigest()
    return (
        f"{member}\t{seq}\tcarbon\treduction\tverified\t{grams}\tact\t{cause}\t{cause}:act:g\t{day}\t{posted}\t\\N\t"
        f"{digest}\n"
    )


def _points(purse: Wallet, act: str, points: int, day: str, posted: str, lives: str) -> str:
    """The line of the transfer of points, which can be spent until `lives`."""
    purse.seq += 1
    purse.points += points
    member, seq, cause = purse.member_id, purse.seq, f"activity:{act}"
    told = (
        f"{purse.digest}\x1f{member}\x1f{seq}\x1fpoints\x1fawarded\x1fpoints\x1f{points}\x1fact\x1f{cause}\x1f"
        f"{cause}:act:p\x1f{day}\x1f{posted}\x1f{lives}={points}"
    )
    purse.digest = digest = sha256(told.encode()).hexdigest()
    return (
        f"{member}\t{seq}\tpoints\tawarded\tpoints\t{points}\tact\t{cause}\t{cause}:act:p\t{day}\t{posted}\t"
        f'{{"{lives}":{points}}}\t{digest}\n'
    )


def _write_days(books: Books, days: dict[tuple[int, str], list[int]], known: set[tuple[int, str]]) -> None:
    fresh = [f"{m}\t{day}\t{s[0]}\t0\t{s[1]}\t{s[2]}\n" for (m, day), s in days.items() if (m, day) not in known]
    if fresh:
        books.tx.copy(member_day, ("member_id", "day", "acts", "declared_g", "verified_g", "points"), fresh)
    old = [(m, day, s[0], 0, s[1], s[2]) for (m, day), s in days.items() if (m, day) in known]
    if old:
        names = ("member_id", "day", "acts", "declared_g", "verified_g", "points")
        columns = dict(zip(names, map(list, zip(*old, strict=True)), strict=True))
        books.tx.merge(member_day, columns, key=("member_id", "day"), add=names[2:])
