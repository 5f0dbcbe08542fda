"""The audit: re-derives every stored figure from the transfers and says where one does not fit."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from webapp.activities import audit as activities_audit
from webapp.campaigns import service as campaigns
from webapp.challenges import service as challenges
from webapp.energy import audit as energy_audit
from webapp.honours import service as honours
from webapp.learning import audit as learning_audit
from webapp.ledger import audit as ledger_audit
from webapp.ledger.audit import Findings
from webapp.methods import audit as methods_audit
from webapp.rankings import service as rankings
from webapp.rewards import service as rewards
from webapp.store import Store, Tx


@dataclass(frozen=True, slots=True)
class Report:
    """Every fault in plain words, and the counts and totals that describe the ledger."""

    faults: list[str]
    counts: dict[str, int]


def run(store: Store) -> Report:
    """Audit the whole database at one instant, members in bounded ranges."""
    faults: list[str] = []
    counts: dict[str, int] = {}
    granted: dict[str, int] = {}
    with store.snapshot() as tx:
        for first, last in ledger_audit.member_ranges(tx):
            ledger = ledger_audit.check_members(tx, first, last)
            acts = activities_audit.check_members(tx, first, last, ledger.causes)
            _merge(faults, counts, ledger)
            _merge(faults, counts, acts)
            for (_, cause), net in ledger.causes.items():
                if "granted" in net:
                    granted[cause] = granted.get(cause, 0) - net["granted"]
        _merge(faults, counts, ledger_audit.check_funds(tx, granted))
        faults += challenges.challenge_audit(tx, granted)
        faults += honours.audit_honours(tx, granted)
        _merge(faults, counts, methods_audit.check_credits(tx))
        faults += rewards.stock_audit(tx)
        faults += campaigns.campaign_audit(tx)
        faults += energy_audit.energy_audit(tx)
        faults += rankings.audit_boards(tx)
        faults += learning_audit.learning_audit(tx)
        faults += _balance(counts)
        counts |= _shop(tx)
    return Report(faults, counts)


def main(store: Store, *, as_json: bool) -> int:
    """Print the report; 1 when something does not fit. JSON holds only counts and totals."""
    report = run(store)
    if as_json:
        print(json.dumps({"counts": report.counts, "faults": len(report.faults)}, sort_keys=True))
    else:
        for name, n in sorted(report.counts.items()):
            print(f"{name:24} {n:>16,}")
    for fault in report.faults:
        print(fault, file=sys.stderr if as_json else sys.stdout)
    if not as_json:
        print("clean" if not report.faults else f"{len(report.faults)} faults")
    return 1 if report.faults else 0


def _merge(faults: list[str], counts: dict[str, int], found: Findings) -> None:
    faults += found.faults
    for name, n in found.counts.items():
        counts[name] = counts.get(name, 0) + n


def _balance(counts: dict[str, int]) -> list[str]:
    """Each book's accounts sum to nothing: what came in went somewhere."""
    return [
        f"book {book}: the accounts sum to {total}, not 0"
        for book in ("carbon", "points")
        if (total := sum(n for name, n in counts.items() if name.startswith(f"{book}.")))
    ]


def _shop(tx: Tx) -> dict[str, int]:
    return {f"rewards.{name}": n for name, n in rewards.stock_totals(tx).items()}


__all__ = ["Report", "main", "run"]
