"""Prepaid funds: a funder pays points in, rewards are drawn from them in batches, and a fund never pays what it has not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, insert, select, tuple_, update

from points_engine.errors import Invalid, refuse
from points_engine.fund import KINDS, SIGN, FundEntry, cover
from points_engine.ledger import GENESIS, Move
from webapp.journal import service as journal
from webapp.ledger import service as ledger
from webapp.ledger.fund_tables import fund, fund_transfer
from webapp.ledger.tables import keyed, transfer
from webapp.members import queries as members
from webapp.store import Tx

MOST = 10**12  # points in one payment
NAME_MAX = 40
PAGE = 30


@dataclass(frozen=True, slots=True)
class Fund:
    """A funder's prepaid points."""

    id: int
    kind: str
    owner_id: int | None
    name: str
    balance: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FundLine:
    """One movement as the funder reads it: `amount` is signed."""

    seq: int
    code: str
    amount: int
    balance: int
    cause: str
    actor_id: int | None
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a batch: paid now, paid before, not covered, and waiting because the account is frozen."""

    paid: tuple[Move, ...] = ()
    already: tuple[Move, ...] = ()
    dry: tuple[Move, ...] = ()
    frozen: tuple[Move, ...] = ()


# --- the funder's side ---------------------------------------------------------------------------


def open_fund(tx: Tx, actor_id: int | None, kind: str, owner_id: int | None, name: str, now: datetime) -> int:
    """A new, empty fund of the park (no owner), of a unit or of a merchant."""
    name = " ".join(name.split())
    wrong: dict[str, str] = {}
    if kind not in KINDS:
        wrong["kind"] = "not_a_choice"
    elif (kind == "park") != (owner_id is None):
        wrong["owner"] = "required" if owner_id is None else "invalid"
    if not name:
        wrong["name"] = "required"
    elif len(name) > NAME_MAX or not name.isprintable():
        wrong["name"] = "too_long" if len(name) > NAME_MAX else "invalid"
    if wrong:
        raise Invalid(wrong)
    row = {"kind": kind, "owner_id": owner_id, "name": name, "balance": 0, "seq": 0, "digest": GENESIS}
    key = tx.execute(insert(fund).values(**row, created_at=now)).inserted_primary_key
    assert key is not None
    made = int(key[0])
    journal.record(tx, actor_id, "fund.open", f"fund:{made}", {"kind": kind, "owner": owner_id, "name": name}, now)
    return made


def deposit(
    tx: Tx, fund_id: int, points: int, cause: str, key: str, now: datetime, actor_id: int | None = None
) -> bool:
    """Pay points in; False when this key has been paid in already. Nobody books for a unit or shop of their own (403)."""
    _check_amount(points)
    row = _locked(tx, fund_id)
    _refuse_ones_own(tx, row, actor_id)
    if _known(tx, fund_id, key):
        return False
    _move(tx, row, "deposit", points, cause, key, actor_id, now)
    journal.record(tx, actor_id, "fund.deposit", f"fund:{fund_id}", {"points": points, "cause": cause}, now)
    return True


def withdraw(
    tx: Tx, fund_id: int, points: int, cause: str, key: str, now: datetime, actor_id: int | None = None
) -> bool:
    """Give the funder points back that nobody has drawn; 409 fund_too_small."""
    _check_amount(points)
    row = _locked(tx, fund_id)
    _refuse_ones_own(tx, row, actor_id)
    if _known(tx, fund_id, key):
        return False
    if row.balance < points:
        raise refuse("conflict", "fund_too_small", available=row.balance, needed=points)
    _move(tx, row, "withdrawal", points, cause, key, actor_id, now)
    journal.record(tx, actor_id, "fund.withdraw", f"fund:{fund_id}", {"points": points, "cause": cause}, now)
    return True


# --- the members' side ---------------------------------------------------------------------------


def draw(tx: Tx, fund_id: int, cause: str, moves: Sequence[Move], now: datetime) -> Drawn:
    """Pay these moves ("granted" → "points", one cause) out of the fund, each once by its key.

    One guarded UPDATE for the whole batch. When the fund cannot cover all of it, moves are paid in the order
    given, passing over any that no longer fits; those are returned as dry and nothing is owed for them.
    Wallets are locked before the fund, as everywhere: members first, the shared row last.
    """
    if not moves:
        return Drawn()
    for move in moves:
        assert (move.book, move.debit, move.credit, move.cause) == ("points", "granted", "points", cause)
    assert len({(m.member_id, m.key) for m in moves}) == len(moves), "a move stands twice in the batch"
    wallets = ledger.open_books(tx, (m.member_id for m in moves), now).wallets
    known = _posted(tx, moves)
    already = tuple(m for m in moves if (m.member_id, m.key) in known)
    fresh = [m for m in moves if (m.member_id, m.key) not in known]
    frozen = tuple(m for m in fresh if wallets[m.member_id].frozen)
    asked = [m for m in fresh if not wallets[m.member_id].frozen]
    if not asked:
        return Drawn((), already, (), frozen)
    row = _take(tx, fund_id, sum(m.amount for m in asked))
    fits = [True] * len(asked)
    if row is None:
        here = _locked(tx, fund_id)
        fits = cover(here.balance, (m.amount for m in asked))
        total = sum(m.amount for m, fit in zip(asked, fits, strict=True) if fit)
        row = _take(tx, fund_id, total) if total else None
    paid = [m for m, fit in zip(asked, fits, strict=True) if fit]
    if row is not None and paid:
        _write(tx, row, "draw", sum(m.amount for m in paid), cause, f"{cause}:{row.seq}", None, now)
        ledger.post(tx, paid, now)
    return Drawn(tuple(paid), already, tuple(m for m, fit in zip(asked, fits, strict=True) if not fit), frozen)


def put_back(tx: Tx, fund_id: int, cause: str, moves: Sequence[Move], now: datetime) -> int:
    """Return rewards to the fund ("points" → "granted", one cause), each once by its key; returns the points.

    Raises insufficient_points when a member no longer has them; the caller decides beforehand whom to ask.
    """
    for move in moves:
        assert (move.book, move.debit, move.credit, move.cause) == ("points", "points", "granted", cause)
    ledger.open_books(tx, (m.member_id for m in moves), now)
    known = _posted(tx, moves)
    fresh = [m for m in moves if (m.member_id, m.key) not in known]
    if not fresh:
        return 0
    ledger.post(tx, fresh, now)
    total, row = sum(m.amount for m in fresh), _locked(tx, fund_id)
    _move(tx, row, "refund", total, cause, f"{cause}:{row.seq + 1}", None, now)
    return total


# --- reads ---------------------------------------------------------------------------------------


def one(tx: Tx, fund_id: int) -> Fund:
    """One fund; 404 unknown_fund."""
    row = tx.row(select(fund).where(fund.c.id == fund_id))
    if row is None:
        raise refuse("not_found", "unknown_fund")
    return _fund(row)


def of_owner(tx: Tx, kind: str, owner_id: int | None) -> list[Fund]:
    """The funds of one funder, oldest first."""
    owner = fund.c.owner_id.is_(None) if owner_id is None else fund.c.owner_id == owner_id
    return [_fund(row) for row in tx.rows(select(fund).where(fund.c.kind == kind, owner).order_by(fund.c.id))]


def funds(tx: Tx, after: int | None = None, limit: int = PAGE) -> list[Fund]:
    """Every fund, newest first."""
    query = select(fund).order_by(fund.c.id.desc()).limit(limit)
    return [_fund(row) for row in tx.rows(query if after is None else query.where(fund.c.id < after))]


def lines(tx: Tx, fund_id: int, after: int | None = None, limit: int = PAGE) -> list[FundLine]:
    """The fund's movements, newest first; `after` is the seq of the last one seen."""
    c = fund_transfer.c
    query = select(fund_transfer).where(c.fund_id == fund_id).order_by(c.seq.desc()).limit(limit)
    rows = tx.rows(query if after is None else query.where(c.seq < after))
    return [FundLine(r.seq, r.code, SIGN[r.code] * r.amount, r.balance, r.cause, r.actor_id, r.posted_at) for r in rows]


def drawn(tx: Tx, fund_id: int) -> int:
    """What members have got out of the fund and kept."""
    c = fund_transfer.c
    rows = tx.rows(select(c.code, func.sum(c.amount).label("n")).where(c.fund_id == fund_id).group_by(c.code))
    sums = {row.code: int(row.n) for row in rows}
    return sums.get("draw", 0) - sums.get("refund", 0)


def given(tx: Tx, causes: Sequence[str]) -> dict[str, int]:
    """What funds gave for each cause and did not get back."""
    if not causes:
        return {}
    c = fund_transfer.c
    signed = func.sum(case((c.code == "draw", c.amount), else_=-c.amount)).label("n")
    rows = tx.rows(
        select(c.cause, signed).where(c.cause.in_(list(causes)), c.code.in_(("draw", "refund"))).group_by(c.cause)
    )
    return {row.cause: int(row.n) for row in rows}


# --- inside --------------------------------------------------------------------------------------


def _check_amount(points: int) -> None:
    if not 0 < points <= MOST:
        raise Invalid({"points": "out_of_bounds"})


def _refuse_ones_own(tx: Tx, row: Row[Any], actor_id: int | None) -> None:
    """Who spends a fund does not fill it as well: points would come from nothing by one pair of hands."""
    mine = {"unit": "unit_admin", "merchant": "merchant"}.get(row.kind)
    for grant in members.grants_of(tx, actor_id) if actor_id is not None and mine else ():
        if grant.role == mine and row.owner_id == (grant.unit_id if row.kind == "unit" else grant.merchant_id):
            raise refuse("forbidden", "not_your_own")


def _locked(tx: Tx, fund_id: int) -> Row[Any]:
    """The fund as it stands, ours until the end of the transaction."""
    row = tx.row(select(fund).where(fund.c.id == fund_id).with_for_update())
    if row is None:
        raise refuse("not_found", "unknown_fund")
    return row


def _take(tx: Tx, fund_id: int, points: int) -> Row[Any] | None:
    """The one guarded UPDATE: takes the points, or None when there are not enough."""
    return tx.row(
        update(fund)
        .where(fund.c.id == fund_id, fund.c.balance >= points)
        .values(balance=fund.c.balance - points, seq=fund.c.seq + 1)
        .returning(fund.c.id, fund.c.seq, fund.c.balance, fund.c.digest)
    )


def _move(
    tx: Tx, row: Row[Any], code: str, points: int, cause: str, key: str, actor: int | None, now: datetime
) -> None:
    """Change a fund that is locked."""
    moved = tx.row(
        update(fund)
        .where(fund.c.id == row.id)
        .values(balance=fund.c.balance + SIGN[code] * points, seq=fund.c.seq + 1)
        .returning(fund.c.id, fund.c.seq, fund.c.balance, fund.c.digest)
    )
    assert moved is not None
    _write(tx, moved, code, points, cause, key, actor, now)


def _write(
    tx: Tx, moved: Row[Any], code: str, points: int, cause: str, key: str, actor: int | None, now: datetime
) -> None:
    """Write the movement down, and the new head of the chain."""
    entry = FundEntry(moved.id, moved.seq, code, points, moved.balance, cause, key, actor, now)
    digest = entry.digest(moved.digest)
    tx.execute(
        insert(fund_transfer).values(
            fund_id=moved.id, seq=moved.seq, code=code, amount=points, balance=moved.balance, cause=cause, key=key,
            actor_id=actor, posted_at=now, digest=digest,
        )
    )  # fmt: skip
    tx.execute(update(fund).where(fund.c.id == moved.id).values(digest=digest))


def _known(tx: Tx, fund_id: int, key: str) -> bool:
    c = fund_transfer.c
    return tx.scalar(select(c.seq).where(c.fund_id == fund_id, c.key == key)) is not None


def _posted(tx: Tx, moves: Sequence[Move]) -> set[tuple[int, str]]:
    t = transfer.c
    keys = [(m.member_id, m.key) for m in moves]
    rows = tx.rows(select(t.member_id, t.key).where(tuple_(t.member_id, t.key).in_(keys), keyed))
    return {(row.member_id, row.key) for row in rows}


def _fund(row: Row[Any]) -> Fund:
    return Fund(row.id, row.kind, row.owner_id, row.name, row.balance, row.created_at)
