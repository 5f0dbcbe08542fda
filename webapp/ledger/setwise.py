"""Credits of acts by the thousand: what `Books.stage` does to a wallet, its chain and its sums, written set-wise."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from operator import attrgetter

from sqlalchemy import select

from points_engine.ledger import Wallet, expiry
from webapp.ledger.service import LIFE_MONTHS, LOCKED, Books, open_books, wallets_of
from webapp.ledger.tables import lot, member_day, transfer, wallet
from webapp.store import Query, Tx, among, thousands

TRANSFER = (
    "member_id", "seq", "book", "debit", "credit", "amount", "code", "cause", "key", "occurred_on", "posted_at",
    "lots", "digest",
)  # fmt: skip
DAY = ("member_id", "day", "acts", "declared_g", "verified_g", "points")
CHANGED = attrgetter("member_id", "verified_g", "points", "seq", "digest")
_LOOK = Query(select(*(wallet.c[name] for name in LOCKED)).where(among("ids", wallet.c.member_id)))

# A credited act with evidence: the member, the act's id, grams, points, and its local day as text.
Credit = tuple[int, str, int, int, str]


def look_into_books(tx: Tx, member_ids: Collection[int], now: datetime) -> Books:
    """The members' books without a lock, for `credit_acts` alone: it finds out whether somebody was faster."""
    ids = sorted(member_ids)
    wallets = wallets_of(_LOOK.tuples(tx, ids=ids))
    if len(wallets) < len(ids):
        wallets |= open_books(tx, [m for m in ids if m not in wallets], now).wallets
    return Books(tx, wallets, now)


def simple(purse: Wallet) -> bool:
    """Whether credits to this member are plain: not frozen, nothing owed."""
    return not purse.frozen and not purse.debt


def credit_acts(books: Books, credits: Iterable[Credit], known_days: Collection[tuple[int, str]] | None = None) -> None:
    """Post the two transfers of each act (verified grams, points to spend) and write them; PostgreSQL only.

    For members that are `simple`. Only the `known_days` (member, day) may have sums already; without them any may. The transfers are those that `stage` would make, to the last digit of the chain.
    Raises Overtaken when a wallet is not what the books say: somebody else moved it, and what the acts are worth
    may be another thing now.
    """
    posted = books.now.astimezone(UTC).isoformat(timespec="microseconds")
    lives = expiry(books.today, LIFE_MONTHS).isoformat()
    lines: list[str] = []
    days: dict[tuple[int, str], list[int]] = {}
    lots: dict[int, int] = {}
    began: dict[int, int] = {}
    for member, act, grams, points, day in credits:
        purse = books.wallets[member]
        began.setdefault(member, purse.seq)
        lines.append(_lines(purse, act, grams, points, day, posted, lives))
        if points:
            lots[member] = lots.get(member, 0) + points
        sums = days.get((member, day))
        if sums is None:
            days[(member, day)] = [1, grams, points]
        else:
            sums[0] += 1
            sums[1] += grams
            sums[2] += points
    _move_wallets(books, began)
    tx = books.tx
    thousands.copy(tx, transfer, TRANSFER, lines)
    spendable: thousands.Columns = {
        "member_id": list(lots),
        "expires_on": [lives] * len(lots),
        "remaining": list(lots.values()),
    }
    thousands.merge(tx, lot, spendable, key=("member_id", "expires_on"), add=("remaining",))
    _write_days(tx, days, known_days)


def _move_wallets(books: Books, began: dict[int, int]) -> None:
    """The wallets as they are now, those that stand where they `began`; in the order in which others lock them."""
    members = sorted(began)
    rows = zip(*(CHANGED(books.wallets[member]) for member in members), strict=True)
    columns = dict(zip(("member_id", "verified_g", "points", "seq", "digest"), rows, strict=True))
    was: thousands.Columns = {"seq": [began[member] for member in members], "frozen": ["f"] * len(members)}
    thousands.change(books.tx, wallet, "member_id", columns, was)


def _lines(purse: Wallet, act: str, grams: int, points: int, day: str, posted: str, lives: str) -> str:
    """The lines of an act's transfers: grams, then points, which can be spent until `lives`; the wallet and its chain move on."""
    member, cause, made = purse.member_id, f"activity:{act}", ""
    if grams:
        purse.seq = seq = purse.seq + 1
        purse.verified_g += grams
        told = (
            f"{purse.digest}\x1f{member}\x1f{seq}\x1fcarbon\x1freduction\x1fverified\x1f{grams}\x1fact\x1f{cause}\x1f"
            f"\x1f{day}\x1f{posted}\x1f"
        )
        purse.digest = digest = sha256(told.encode()).hexdigest()
        made = (
            f"{member}\t{seq}\tcarbon\treduction\tverified\t{grams}\tact\t{cause}\t\t{day}\t{posted}\t\\N\t{digest}\n"
        )
    if points:
        purse.seq = seq = purse.seq + 1
        purse.points += points
        told = (
            f"{purse.digest}\x1f{member}\x1f{seq}\x1fpoints\x1fawarded\x1fpoints\x1f{points}\x1fact\x1f{cause}\x1f"
            f"\x1f{day}\x1f{posted}\x1f{lives}={points}"
        )
        purse.digest = digest = sha256(told.encode()).hexdigest()
        made += (
            f"{member}\t{seq}\tpoints\tawarded\tpoints\t{points}\tact\t{cause}\t\t{day}\t{posted}\t"
            f'{{"{lives}":{points}}}\t{digest}\n'
        )
    return made


def _write_days(tx: Tx, days: dict[tuple[int, str], list[int]], known: Collection[tuple[int, str]] | None) -> None:
    rows = [(member, day, acts, 0, grams, points) for (member, day), (acts, grams, points) in days.items()]
    if known is not None:  # copying is cheaper than looking for what is not there
        fresh = [row for row in rows if row[:2] not in known]
        thousands.copy(tx, member_day, DAY, ["\t".join(map(str, row)) + "\n" for row in fresh])
        rows = [row for row in rows if row[:2] in known]
    columns = dict(zip(DAY, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(DAY, ())
    thousands.merge(tx, member_day, columns, key=DAY[:2], add=DAY[2:])
