"""Posting: the one way grams and points move, for one transfer or ten thousand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, tuple_, update

from points_engine.clock import local_day
from points_engine.errors import refuse
from points_engine.ledger import (
    COLUMN,
    Entry,
    Lots,
    Move,
    Wallet,
    expiry,
    give_back,
    lots_text,
    take_from_lots,
)
from webapp.ledger.tables import UNKEYED, keyed, lot, member_day, transfer, wallet
from webapp.store import Asked, Query, Tx, Write, among, together

LIFE_MONTHS = 12  # how long points can be spent; shown to members, changed only for points to come
GRACE_DAYS = 30  # how long refunded points live when their own lot has expired meanwhile
# Which codes are a member's own act, and so count in the member's day.
ACT_CODES = frozenset({"act", "undo", "review", "clawback", "restore"})

# Where an account counts in a day; points owed are points the day no longer has.
DAY_PLACE = {"declared": 1, "verified": 2, "points": 3, "debt": 3}
DAY_SUMS = ("acts", "declared_g", "verified_g", "points")
WALLET_STATE = ("declared_g", "verified_g", "points", "held", "debt", "seq", "digest")

__all__ = ["Books", "Move", "Posted", "open_books", "post"]


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a move: its place in the member's chain, and whether it was posted just now."""

    key: str
    seq: int
    fresh: bool


class Books:
    """The wallets of some members, locked in order, and the moves staged on them until `flush`."""

    def __init__(self, tx: Tx, wallets: dict[int, Wallet], now: datetime) -> None:
        self.tx = tx
        self.wallets = wallets
        self.now = now
        self.today = local_day(now)
        self._entries: list[tuple[Entry, str]] = []
        self._lots: dict[int, Lots] = {}
        self._lot_changes: dict[tuple[int, date], int] = {}
        self._days: dict[tuple[int, date], list[int]] = {}

    def stage(self, move: Move) -> Posted:
        """Apply `move` in memory; raises insufficient_points, or account_frozen for a frozen member."""
        move.check()
        assert move.credit != "held" or move.key == hold_key(move.cause), "a hold is found by its key"
        purse = self.wallets[move.member_id]
        if purse.frozen and move.code not in ("expiry", "clawback", "refund", "debt_repaid"):
            raise refuse("forbidden", "account_frozen")
        lots = self._move_lots(move) if move.book == "points" else None
        purse.change(move.debit, -move.amount)
        purse.change(move.credit, move.amount)
        purse.seq += 1
        entry = Entry(
            move.member_id,
            purse.seq,
            move.book,
            move.debit,
            move.credit,
            move.amount,
            move.code,
            move.cause,
            "" if move.code == UNKEYED else move.key,
            move.occurred_on,
            self.now,
            lots_text(lots),
        )
        purse.digest = entry.digest(purse.digest)
        self._entries.append((entry, purse.digest))
        self._count_day(move)
        done = Posted(move.key, purse.seq, True)
        if move.credit == "points" and purse.debt:
            self._repay(move, min(purse.debt, move.amount))
        return done

    def take_back(self, move: Move) -> None:
        """Stage a claw-back of points: what the member still has is taken, what was spent becomes a debt.

        `move` goes from "points" to "awarded"; its amount is what the act had been worth.
        """
        usable = sum(n for day, n in self._lots_of(move.member_id).items() if day >= self.today and n > 0)
        have = min(move.amount, usable)
        if have:
            self.stage(replace(move, amount=have))
        if move.amount > have:
            self.stage(replace(move, debit="debt", amount=move.amount - have, key=f"{move.key}:debt", expires_on=None))

    def count_act(self, member_id: int, day: date, acts: int) -> None:
        """Count (or, negative, uncount) an act on a member's day."""
        self._day(member_id, day)[0] += acts

    def flush(self, beside: Sequence[Write] = ()) -> None:
        """Write everything staged, and what the caller writes `beside` it, in one statement where possible."""
        self._take_lots()
        self._take_days()
        moved = sorted({entry.member_id for entry, _ in self._entries})
        self.tx.write(
            [
                *beside,
                Write(transfer, [_row(entry, digest) for entry, digest in self._entries]),
                Write(lot, self._lot_rows(), ("member_id", "expires_on"), ("remaining",)),
                Write(member_day, self._day_rows(), ("member_id", "day"), DAY_SUMS),
                Write(wallet, [_wallet_row(self.wallets[m]) for m in moved], ("member_id",), replace=WALLET_STATE),
            ]
        )
        self._entries.clear()
        self._lot_changes.clear()
        self._days.clear()

    def _repay(self, earned: Move, amount: int) -> None:
        """What just came in pays off what is owed, before it can be spent."""
        self.stage(
            Move(
                earned.member_id,
                "points",
                "points",
                "debt",
                amount,
                "debt_repaid",
                "debt:repaid",
                f"{earned.key}:repaid",
            )
        )

    def _move_lots(self, move: Move) -> Lots | None:
        """The lots this move takes from or adds to; None between system accounts and `held`."""
        if move.debit == "points":
            held = self._lots_of(move.member_id)
            taken = dict(move.lots) if move.lots else take_from_lots(held, move.amount, self.today, move.expires_on)
            self._change_lots(move.member_id, {day: -n for day, n in taken.items()})
            return taken
        if move.credit != "points":
            return None
        if move.debit == "held":
            given = give_back(self._lots_held(move), self.today, self.today + timedelta(days=GRACE_DAYS))
        else:
            given = {move.expires_on or expiry(self.today, LIFE_MONTHS): move.amount}
        self._change_lots(move.member_id, given)
        return given

    def _lots_of(self, member_id: int) -> Lots:
        if member_id not in self._lots:
            rows = self.tx.rows(
                select(lot.c.expires_on, lot.c.remaining).where(lot.c.member_id == member_id, lot.c.remaining > 0)
            )
            self._lots[member_id] = {row.expires_on: row.remaining for row in rows}
            for (m, day), n in self._lot_changes.items():  # staged before the lots were needed
                if m == member_id:
                    self._lots[m][day] = self._lots[m].get(day, 0) + n
        return self._lots[member_id]

    def _lots_held(self, move: Move) -> Lots:
        """The lots that the hold of the same cause took; what a release gives back."""
        held = next(
            (
                e.lots
                for e, _ in self._entries
                if e.cause == move.cause and e.credit == "held" and e.member_id == move.member_id
            ),
            None,
        ) or self.tx.scalar(
            select(transfer.c.lots).where(
                transfer.c.member_id == move.member_id,
                transfer.c.key == hold_key(move.cause),
                keyed,
            )
        )
        assert held and sum(held.values()) == move.amount, "a release must match its hold"
        return {date.fromisoformat(day): n for day, n in held.items()}

    def _change_lots(self, member_id: int, changes: Lots) -> None:
        for day, n in changes.items():
            key = (member_id, day)
            self._lot_changes[key] = self._lot_changes.get(key, 0) + n
            if member_id in self._lots:
                known = self._lots[member_id]
                known[day] = known.get(day, 0) + n

    def _lot_rows(self) -> list[dict[str, object]]:
        return [
            {"member_id": m, "expires_on": d, "remaining": n}
            for (m, d), n in sorted(self._lot_changes.items())
            if n > 0
        ]

    def _take_lots(self) -> None:
        # An upsert would test the CHECK on the negative row before it sees the conflict; hence UPDATE.
        taken = [{"m": m, "d": d, "n": n} for (m, d), n in sorted(self._lot_changes.items()) if n < 0]
        if taken:
            self.tx.execute(
                update(lot)
                .where(lot.c.member_id == bindparam("m"), lot.c.expires_on == bindparam("d"))
                .values(remaining=lot.c.remaining + bindparam("n")),
                taken,
            )

    def _day(self, member_id: int, day: date) -> list[int]:
        return self._days.setdefault((member_id, day), [0, 0, 0, 0])

    def _count_day(self, move: Move) -> None:
        if move.occurred_on is None or move.code not in ACT_CODES:
            return
        counts = self._day(move.member_id, move.occurred_on)
        for account, sign in ((move.debit, -1), (move.credit, 1)):
            if account in DAY_PLACE:
                counts[DAY_PLACE[account]] += sign * move.amount

    def _day_rows(self) -> list[dict[str, object]]:
        return [
            {"member_id": m, "day": d, **dict(zip(DAY_SUMS, sums, strict=True))}
            for (m, d), sums in sorted(self._days.items())
            if any(sums) and min(sums) >= 0
        ]

    def _take_days(self) -> None:
        less = [
            {"m": m, "d": d, **{f"n_{name}": n for name, n in zip(DAY_SUMS, sums, strict=True)}}
            for (m, d), sums in sorted(self._days.items())
            if min(sums) < 0
        ]
        if less:
            self.tx.execute(
                update(member_day)
                .where(member_day.c.member_id == bindparam("m"), member_day.c.day == bindparam("d"))
                .values({name: member_day.c[name] + bindparam(f"n_{name}") for name in DAY_SUMS}),
                less,
            )


def hold_key(cause: str) -> str:
    """The key under which a hold for `cause` must be posted, so that its release finds it."""
    return f"{cause}:hold"


def open_books(tx: Tx, member_ids: Iterable[int], now: datetime) -> Books:
    """Lock the wallets of `member_ids` in ascending order, opening those that do not exist yet."""
    ids = sorted(set(member_ids))
    wallets = _lock(tx, ids)
    missing = [m for m in ids if m not in wallets]
    if missing:
        rows = [_wallet_row(Wallet(m)) for m in missing]
        tx.upsert(wallet, rows, key=("member_id",))
        wallets |= _lock(tx, missing)
    return Books(tx, wallets, now)


def open_and_read(
    tx: Tx, member_ids: Iterable[int], now: datetime, asked: Sequence[Asked]
) -> tuple[Books, list[list[Any]]]:
    """The books, and what `asked` answers under their locks: on PostgreSQL in the round trip that locks."""
    ids = sorted(set(member_ids))
    locked, *answers = together(tx, (_LOCK, {"ids": ids}), *asked)
    if len(locked) == len(ids):
        return Books(tx, wallets_of(locked), now), answers
    books = open_books(tx, ids, now)  # somebody's first act: what was read without the lock is read again
    return books, together(tx, *asked)


def post(tx: Tx, moves: Sequence[Move], now: datetime) -> list[Posted]:
    """Post `moves`, all or none; a key already used by the member moves nothing and answers the first.

    Raises insufficient_points or account_frozen (409, 403), leaving no trace.
    """
    if not moves:
        return []
    assert all(move.code != UNKEYED for move in moves), (
        "an act's transfers come with the act, and have no key that holds"
    )
    books = open_books(tx, (m.member_id for m in moves), now)
    known = _known_keys(tx, moves)
    posted: list[Posted] = []
    for move in moves:
        seq = known.get((move.member_id, move.key))
        if seq is not None:
            posted.append(Posted(move.key, seq, False))
            continue
        done = books.stage(move)
        known[(move.member_id, move.key)] = done.seq
        posted.append(done)
    books.flush()
    return posted


def set_frozen(tx: Tx, member_id: int, frozen: bool, now: datetime) -> None:
    """A frozen member neither earns nor spends; what is due (expiry, refunds) still moves."""
    open_books(tx, [member_id], now)
    tx.execute(update(wallet).where(wallet.c.member_id == member_id).values(frozen=frozen))


def dirty_members(tx: Tx, limit: int) -> list[tuple[int, int]]:
    """Members whose transfers the rankings have not read yet, with the seq up to which they can."""
    rows = tx.rows(select(wallet.c.member_id, wallet.c.seq).where(wallet.c.scored_seq < wallet.c.seq).limit(limit))
    return [(row.member_id, row.seq) for row in rows]


def mark_scored(tx: Tx, pairs: Sequence[tuple[int, int]]) -> None:
    """The rankings have read each member's transfers up to `seq`."""
    if pairs:
        tx.execute(
            update(wallet)
            .where(wallet.c.member_id == bindparam("m"), wallet.c.scored_seq < bindparam("s"))
            .values(scored_seq=bindparam("s")),
            [{"m": m, "s": s} for m, s in pairs],
        )


def expire_points(tx: Tx, now: datetime, limit: int = 500) -> list[tuple[int, int]]:
    """Take back points whose last day has passed, for up to `limit` members; (member, points) of each."""
    today = local_day(now)
    due = tx.rows(select(lot.c.member_id).where(lot.c.expires_on < today, lot.c.remaining > 0).distinct().limit(limit))
    if not due:
        return []
    books = open_books(tx, (row.member_id for row in due), now)
    lots = tx.rows(
        select(lot)
        .where(lot.c.member_id.in_(list(books.wallets)), lot.c.expires_on < today, lot.c.remaining > 0)
        .order_by(lot.c.member_id, lot.c.expires_on)
    )
    for row in lots:
        cause = f"lot:{row.expires_on}"
        move = Move(
            row.member_id,
            "points",
            "points",
            "expired",
            row.remaining,
            "expiry",
            cause,
            f"{cause}:{books.wallets[row.member_id].seq}",
            lots={row.expires_on: row.remaining},
        )
        books.stage(move)
    books.flush()
    return [(row.member_id, row.remaining) for row in lots]


# SQLite has no row locks and needs none: BEGIN IMMEDIATE already holds the whole file.
LOCKED = ("member_id", "declared_g", "verified_g", "points", "held", "seq", "digest", "frozen", "debt")
_LOCK = Query(
    select(*(wallet.c[name] for name in LOCKED))
    .where(among("ids", wallet.c.member_id))
    .order_by(wallet.c.member_id)
    .with_for_update()
)


def _lock(tx: Tx, ids: list[int]) -> dict[int, Wallet]:
    return wallets_of(_LOCK.tuples(tx, ids=ids))


def wallets_of(rows: Iterable[tuple[Any, ...]]) -> dict[int, Wallet]:
    """Wallets by member from rows of the LOCKED columns."""
    return {
        member: Wallet(member, declared, verified, points, held, seq, digest, bool(frozen), debt)
        for member, declared, verified, points, held, seq, digest, frozen, debt in rows
    }


def _known_keys(tx: Tx, moves: Sequence[Move]) -> dict[tuple[int, str], int]:
    rows = tx.rows(
        select(transfer.c.member_id, transfer.c.key, transfer.c.seq).where(
            tuple_(transfer.c.member_id, transfer.c.key).in_([(m.member_id, m.key) for m in moves]), keyed
        )
    )
    return {(row.member_id, row.key): row.seq for row in rows}


def _row(entry: Entry, digest: str) -> dict[str, object]:
    return {
        "member_id": entry.member_id,
        "seq": entry.seq,
        "book": entry.book,
        "debit": entry.debit,
        "credit": entry.credit,
        "amount": entry.amount,
        "code": entry.code,
        "cause": entry.cause,
        "key": entry.key,
        "occurred_on": entry.occurred_on,
        "posted_at": entry.posted_at,
        "lots": entry.lots,
        "digest": digest,
    }


def _wallet_row(purse: Wallet) -> dict[str, object]:
    return {
        "member_id": purse.member_id,
        **{column: getattr(purse, column) for column in COLUMN.values()},
        "seq": purse.seq,
        "digest": purse.digest,
    }
