"""What a request to log an act says, checked: the same frozen command for page, API and import."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from points_engine.activity import MILLI, check_season, check_time, limits
from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from points_engine.methodology import Behaviour, Catalogue, Level, read_inputs, read_quantity
from webapp.activities.proofs import LATE_KINDS, Proof
from webapp.store.types import canonical


@dataclass(frozen=True, slots=True)
class LogActivity:
    """An act to be logged for `member_id`; `facts` tells whether the same id means the same act.

    A partner's event has none: its row holds all that was told.
    """

    member_id: int
    id: str
    behaviour: Behaviour
    quantity: Decimal
    inputs: Mapping[str, Decimal | str]
    occurred_at: datetime
    evidence: tuple[str, ...]
    facts: str
    proof: Proof | None = None

    @property
    def key(self) -> tuple[int, str]:
        return self.member_id, self.id

    def tells(self, record: Mapping[str, Any]) -> bool:
        """Whether the recorded act of the same member and id is this one."""
        proof = self.proof
        if proof is None or not proof.event_id:
            return bool(record["facts"] == self.facts)
        told = {
            "behaviour": self.behaviour.code,
            "quantity_milli": int(self.quantity * MILLI),
            "inputs": {name: str(value) for name, value in self.inputs.items()},
            "level": proof.level.value,
            "occurred_at": self.occurred_at,
            "source": proof.source,
            "natural": proof.natural,
        }
        return all(record[name] == value for name, value in told.items())


def read_command(
    catalogue: Catalogue,
    member_id: int,
    *,
    id: str,
    behaviour: str,
    quantity: Decimal,
    occurred_at: datetime,
    inputs: Mapping[str, Any],
    evidence: Sequence[str],
    now: datetime,
    proof: Proof | None = None,
) -> LogActivity:
    """Check everything that needs no database; raises Invalid with every bad field at once.

    With a `proof` an act may also be one that nobody can simply declare; a partner's may be older, and its id is its event's.
    """
    wrong: dict[str, str] = {}
    known = _behaviour(catalogue, behaviour, wrong, proof)
    if known is not None:
        quantity = _check(wrong, lambda: read_quantity(known, quantity, on=local_day(occurred_at)), quantity)
        inputs = _check(wrong, lambda: read_inputs(known, dict(inputs)), inputs)
        _check(wrong, lambda: check_season(known, occurred_at), None)
        if proof is None and not evidence and Level.DECLARED not in known.evidence:
            wrong["evidence"] = "evidence_required"
    late = limits()["partner_late_hours"] if proof is not None and proof.kind in LATE_KINDS else None
    _check(wrong, lambda: check_time(occurred_at, now, late), None)
    ids = tuple(_uuid(e, "evidence", wrong) for e in evidence)
    if len(set(ids)) > 4:
        wrong["evidence"] = "too_many"
    own = (proof and proof.event_id) or _uuid(id, "id", wrong)
    if wrong or known is None:
        raise Invalid(wrong)
    at = occurred_at.astimezone(UTC)
    facts = "" if proof and proof.event_id else _facts(known.code, quantity, at, inputs, ids, proof)
    return LogActivity(member_id, own, known, quantity, inputs, at, tuple(dict.fromkeys(ids)), facts, proof)


def _behaviour(catalogue: Catalogue, code: str, wrong: dict[str, str], proof: Proof | None) -> Behaviour | None:
    try:
        known = catalogue.behaviour(code)
    except EngineError:
        wrong["behaviour"] = "unknown"
        return None
    if proof is None and not known.loggable:
        wrong["behaviour"] = "not_loggable"
        return None
    if proof is not None and proof.level not in known.evidence:
        wrong["evidence"] = "not_accepted"
        return None
    return known


def _check(wrong: dict[str, str], read: Any, otherwise: Any) -> Any:
    try:
        return read()
    except Invalid as error:
        wrong.update(error.fields)
        return otherwise


def _uuid(value: str, field: str, wrong: dict[str, str]) -> str:
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        wrong[field] = "not_a_uuid"
        return ""


def _facts(
    code: str,
    quantity: Decimal,
    at: datetime,
    inputs: Mapping[str, Any],
    evidence: Sequence[str],
    proof: Proof | None,
) -> str:
    told: list[Any] = [
        code,
        str(quantity.normalize()),
        at.isoformat(timespec="microseconds"),
        {name: str(value) for name, value in inputs.items()},
        sorted(evidence),
    ]
    if proof is not None:
        told.append(proof.told)
    return hashlib.sha256(canonical(told).encode()).hexdigest()
