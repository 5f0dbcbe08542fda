"""Acts from a partner's record, by the thousand: each becomes a command with a proof, and all go through `log_many`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from points_engine.errors import EngineError, Invalid
from points_engine.methodology import Catalogue
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.proofs import Proof
from webapp.activities.service import Logged, log_many
from webapp.store import Tx

# Acts of partners are numbered by what the partner calls them: the same event is the same act for ever.
EVENTS = uuid.UUID("6f1d3c1a-7a52-5b0e-9a43-0f8f5d0c7be1")


class PartnerAct(NamedTuple):
    """One event of a partner's record, for a member who has been found."""

    member_id: int
    natural: str
    behaviour: str
    quantity: Decimal
    inputs: tuple[tuple[str, str], ...]
    occurred_at: datetime


class Outcome(NamedTuple):
    """What became of it: credited, zero (recorded, worth nothing now), pending, already, or refused with a field."""

    status: str
    reason: str = ""
    field: str = ""
    grams: int = 0
    points: int = 0


def act_id(source: str, natural: str) -> str:
    """The id of the act that `source` calls `natural`."""
    return str(uuid.uuid5(EVENTS, f"{source}\x1f{natural}"))


def log_partner_acts(
    tx: Tx, catalogue: Catalogue, proof: Proof, acts: Sequence[PartnerAct], now: datetime
) -> list[Outcome]:
    """Log a batch of a partner's events in their order; the outcome of each in its place.

    `proof` is the partner's word, as the room of feeds makes it; each act's own carries the event's number.
    """
    outcomes: list[Outcome | None] = []
    commands: list[LogActivity] = []
    for act in acts:
        read = _read(catalogue, proof, act, now)
        outcomes.append(read if isinstance(read, Outcome) else None)
        if isinstance(read, LogActivity):
            commands.append(read)
    answers = iter(log_many(tx, commands, now)) if commands else iter(())
    return [outcome or _outcome(next(answers)) for outcome in outcomes]


def _read(catalogue: Catalogue, proof: Proof, act: PartnerAct, now: datetime) -> LogActivity | Outcome:
    try:
        return read_command(
            catalogue,
            act.member_id,
            id=act_id(proof.source, act.natural),
            behaviour=act.behaviour,
            quantity=act.quantity,
            occurred_at=act.occurred_at,
            inputs=dict(act.inputs),
            evidence=[],
            now=now,
            proof=replace(proof, natural=act.natural),
        )
    except EngineError as fault:
        return refused(fault)


def _outcome(answer: Logged | EngineError) -> Outcome:
    if isinstance(answer, EngineError):
        return refused(answer)
    if not answer.fresh:
        return Outcome("already", "already_imported")
    record = answer.record
    if record["status"] == "accepted" and (record["grams"] or record["points"]):
        return Outcome("credited", "", "", record["grams"], record["points"])
    status = "zero" if record["status"] == "accepted" else record["status"]
    return Outcome(status, record["reasons"][0] if record["reasons"] else "worth_nothing")


def refused(fault: EngineError) -> Outcome:
    """A refusal as an outcome; an event whose facts were changed is one of its own."""
    if isinstance(fault, Invalid):
        field, reason = next(iter(fault.fields.items()))
        return Outcome("refused", reason, field)
    if fault.code == "already_imported":
        return Outcome("already", "already_imported")
    return Outcome("refused", "event_changed" if fault.code == "request_reused" else fault.code)
