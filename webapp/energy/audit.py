"""The audit of units' energy: publications and closed scores worked out again from what they rest on."""

from __future__ import annotations

from webapp.energy.evaluating import score_audit
from webapp.energy.publishing import publication_audit
from webapp.store import Tx


def energy_audit(tx: Tx) -> list[str]:
    """Every fault in plain words."""
    return publication_audit(tx) + score_audit(tx)
