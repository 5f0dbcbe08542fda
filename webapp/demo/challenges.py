"""What companies set up in the demo park: prepaid funds, and challenges drawn from them."""

from __future__ import annotations

from datetime import datetime

from webapp.demo.town import Unit
from webapp.ledger import funds
from webapp.store import Tx

PAID_IN = 60_000


def build_funds(tx: Tx, staff: dict[str, int], units: list[Unit], now: datetime) -> int | None:
    """The park's own fund and one of the first company, each paid in; the company's number."""
    admin = staff["admin-demo"]
    park = funds.open_fund(tx, admin, "park", None, "园区绿色奖励", now)
    funds.deposit(tx, park, 200_000, "deposit:园区-2026-01", "deposit:园区-2026-01", now, admin)
    if not units:
        return None
    made = funds.open_fund(tx, admin, "unit", units[0].id, "员工挑战奖励", now)
    for n in (1, 2):
        funds.deposit(tx, made, PAID_IN // 2, f"deposit:合同-2026-{n:02d}", f"deposit:合同-2026-{n:02d}", now, admin)
    return made
