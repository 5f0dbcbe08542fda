"""Replays the transfers of members and funds and compares every figure the ledger keeps: chain, balances, lots, days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from points_engine.fund import SIGN, FundEntry
from points_engine.ledger import COLUMN, GENESIS, MEMBER_ACCOUNTS, SYSTEM_ACCOUNTS, Entry
from webapp.ledger.fund_tables import fund, fund_transfer
from webapp.ledger.service import ACT_CODES, DAY_PLACE
from webapp.ledger.tables import lot, member_day, transfer, wallet
from webapp.store import Tx

Net = dict[str, int]  # account -> what flowed into it


@dataclass(slots=True)
class Replay:
    """What the transfers of one member add up to."""

    seq: int = 0
    digest: str = GENESIS
    balances: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMN, 0))
    lots: dict[date, int] = field(default_factory=dict)
    days: dict[date, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class Findings:
    """Faults in plain words, totals, and what each cause moved, for the rooms that name causes."""

    faults: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    causes: dict[tuple[int, str], Net] = field(default_factory=dict)

    def add(self, name: str, n: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + n


def member_ranges(tx: Tx, size: int = 1000) -> Iterator[tuple[int, int]]:
    """Ranges of member ids that together hold every row of the ledger."""
    last = max(
        int(tx.scalar(select(func.max(table.c.member_id))) or 0) for table in (transfer, wallet, lot, member_day)
    )
    for first in range(0, last + 1, size):
        yield first, first + size - 1


def check_members(tx: Tx, first: int, last: int) -> Findings:
    """Replay the transfers of members `first` to `last` and compare with what is stored."""
    found = Findings()
    replays: dict[int, Replay] = {}
    rows = tx.rows(
        select(transfer).where(transfer.c.member_id.between(first, last)).order_by(transfer.c.member_id, transfer.c.seq)
    )
    for row in rows:
        _replay(found, replays.setdefault(row.member_id, Replay()), row)
    _compare_wallets(tx, found, replays, first, last)
    _compare_lots(tx, found, replays, first, last)
    _compare_days(tx, found, replays, first, last)
    return found


def _replay(found: Findings, state: Replay, row: Any) -> None:
    who = f"member {row.member_id} transfer {row.seq}"
    found.add("transfers", 1)
    if row.seq != state.seq + 1:
        found.faults.append(f"{who}: a transfer is missing or was inserted (expected {state.seq + 1})")
    entry = Entry(
        row.member_id,
        row.seq,
        row.book,
        row.debit,
        row.credit,
        row.amount,
        row.code,
        row.cause,
        row.key,
        row.occurred_on,
        row.posted_at,
        row.lots,
    )
    if entry.digest(state.digest) != row.digest:
        found.faults.append(f"{who}: the row does not fit its digest")
    state.seq, state.digest = row.seq, row.digest
    net = found.causes.setdefault((row.member_id, row.cause), {})
    for account, sign in ((row.debit, -1), (row.credit, 1)):
        if account in COLUMN:
            state.balances[account] += (-sign if account == "debt" else sign) * row.amount
        elif account not in SYSTEM_ACCOUNTS[row.book]:
            found.faults.append(f"{who}: unknown account {account}")
        net[account] = net.get(account, 0) + sign * row.amount
        found.add(f"{row.book}.{account}", sign * row.amount)
    _replay_lots(found, state, row, who)
    if row.occurred_on is not None and row.code in ACT_CODES:
        day = state.days.setdefault(row.occurred_on, [0, 0, 0])
        for account, sign in ((row.debit, -1), (row.credit, 1)):
            if account in DAY_PLACE:
                day[DAY_PLACE[account] - 1] += sign * row.amount


def _replay_lots(found: Findings, state: Replay, row: Any, who: str) -> None:
    if row.book != "points" or "points" not in (row.debit, row.credit):
        return
    sign = 1 if row.credit == "points" else -1
    if sum((row.lots or {}).values()) != row.amount:
        found.faults.append(f"{who}: its lots do not add up to its amount")
    for day, n in (row.lots or {}).items():
        key = date.fromisoformat(day)
        state.lots[key] = state.lots.get(key, 0) + sign * n


def _compare_wallets(tx: Tx, found: Findings, replays: dict[int, Replay], first: int, last: int) -> None:
    stored = {r.member_id: r for r in tx.rows(select(wallet).where(wallet.c.member_id.between(first, last)))}
    for member in sorted(set(stored) | set(replays)):
        row, state = stored.get(member), replays.get(member, Replay())
        found.add("wallets", 1)
        if row is None:
            found.faults.append(f"member {member}: transfers without a wallet")
            continue
        for account, column in COLUMN.items():
            if getattr(row, column) != state.balances[account]:
                found.faults.append(
                    f"member {member}: balance {account} is {getattr(row, column)}, transfers say {state.balances[account]}"
                )
        if (row.seq, row.digest) != (state.seq, state.digest):
            found.faults.append(f"member {member}: the chain ends at {state.seq}, the wallet at {row.seq}")


def _compare_lots(tx: Tx, found: Findings, replays: dict[int, Replay], first: int, last: int) -> None:
    stored = {
        (r.member_id, r.expires_on): r.remaining
        for r in tx.rows(select(lot).where(lot.c.member_id.between(first, last)))
    }
    derived = {(m, day): n for m, state in replays.items() for day, n in state.lots.items()}
    for member, day in sorted(set(stored) | set(derived)):
        found.add("lots", 1)
        have, should = stored.get((member, day), 0), derived.get((member, day), 0)
        if have != should:
            found.faults.append(f"member {member}: lot {day} holds {have}, transfers say {should}")


def _compare_days(tx: Tx, found: Findings, replays: dict[int, Replay], first: int, last: int) -> None:
    stored = {
        (r.member_id, r.day): [r.declared_g, r.verified_g, r.points]
        for r in tx.rows(select(member_day).where(member_day.c.member_id.between(first, last)))
    }
    derived = {(m, day): sums for m, state in replays.items() for day, sums in state.days.items()}
    for member, day in sorted(set(stored) | set(derived)):
        found.add("days", 1)
        have, should = stored.get((member, day), [0, 0, 0]), derived.get((member, day), [0, 0, 0])
        if have != should:
            found.faults.append(f"member {member}: day {day} holds {have}, transfers say {should}")


def check_funds(tx: Tx, granted: dict[str, int]) -> Findings:
    """Replay every fund; `granted` is what members got from funds, by cause, and must be what the funds gave."""
    found = Findings()
    heads: dict[int, tuple[int, int, str]] = {}
    given: dict[str, int] = {}
    for row in tx.rows(select(fund_transfer).order_by(fund_transfer.c.fund_id, fund_transfer.c.seq)):
        seq, balance, digest = heads.get(row.fund_id, (0, 0, GENESIS))
        _replay_fund(found, row, seq, balance, digest)
        heads[row.fund_id] = (row.seq, balance + SIGN[row.code] * row.amount, row.digest)
        if row.code in ("draw", "refund"):
            given[row.cause] = given.get(row.cause, 0) - SIGN[row.code] * row.amount
        found.add(f"funds.{row.code}", row.amount)
    for row in tx.rows(select(fund).order_by(fund.c.id)):
        found.add("funds", 1)
        found.add("funds.balance", row.balance)
        if (row.seq, row.balance, row.digest) != heads.get(row.id, (0, 0, GENESIS)):
            found.faults.append(
                f"fund {row.id}: balance {row.balance} after {row.seq} does not follow from its movements"
            )
    for cause in sorted(given.keys() | granted.keys()):
        if given.get(cause, 0) != granted.get(cause, 0):
            found.faults.append(f"{cause}: funds gave {given.get(cause, 0)}, members got {granted.get(cause, 0)}")
    return found


def _replay_fund(found: Findings, row: Any, seq: int, balance: int, digest: str) -> None:
    who = f"fund {row.fund_id} movement {row.seq}"
    if row.seq != seq + 1:
        found.faults.append(f"{who}: a movement is missing or was inserted (expected {seq + 1})")
    if row.balance != balance + SIGN[row.code] * row.amount:
        found.faults.append(f"{who}: its balance does not follow from the one before")
    entry = FundEntry(
        row.fund_id, row.seq, row.code, row.amount, row.balance, row.cause, row.key, row.actor_id, row.posted_at
    )
    if entry.digest(digest) != row.digest:
        found.faults.append(f"{who}: the row does not fit its digest")


assert set(COLUMN) == {a for book in MEMBER_ACCOUNTS.values() for a in book}
