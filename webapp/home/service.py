"""What home writes: one tap, and the acts a visitor tried before registering."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from points_engine.errors import EngineError, Invalid
from points_engine.methodology import Behaviour, Level, Passport, parse_number, passport, quantify
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.service import Logged
from webapp.activities.views import inputs_of

log = logging.getLogger("puhui.home")
MOST_TRIED = 3


def read_tap(catalogue: Any, member_id: int, form: Mapping[str, str], now: datetime) -> LogActivity:
    """The hidden fields of a tile; raises Invalid when somebody has tampered with them."""
    behaviour: Behaviour = catalogue.behaviour(form.get("behaviour", "")[:40])
    return read_command(
        catalogue,
        member_id,
        id=form.get("id", "")[:45],
        behaviour=behaviour.code,
        quantity=parse_number(form.get("quantity", "")[:40]),
        occurred_at=now,
        inputs={each.name: form.get(f"input-{each.name}", each.usual)[:20] for each in behaviour.inputs},
        evidence=[],
        now=now,
    )


def tap(desk: Any, command: LogActivity, now: datetime) -> Logged:
    """Log a tap; the same tap sent twice (a second later, so with another time) is the first one."""
    try:
        logged: Logged = desk.log(command, now)
    except EngineError as refusal:
        if refusal.code != "request_reused":
            raise
        return Logged({}, False)
    return logged


def tried(behaviour: Behaviour, quantity: Decimal, inputs: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a visitor's cookie remembers of an act."""
    return {
        "id": str(uuid.uuid4()),
        "behaviour": behaviour.code,
        "quantity": str(quantity),
        "inputs": {name: str(value) for name, value in inputs.items()},
        "at": now.isoformat(),
    }


def working(catalogue: Any, act: Mapping[str, Any], day: Any) -> tuple[Behaviour, Decimal, Any, Passport]:
    """A tried act quantified, with its passport."""
    behaviour: Behaviour = catalogue.behaviour(act["behaviour"])
    quantity, inputs = Decimal(act["quantity"]), inputs_of(behaviour, act["inputs"])
    worth = quantify(behaviour, quantity, inputs, Level.DECLARED, day)
    edition = behaviour.version_on(day).version
    return behaviour, quantity, worth, passport(behaviour, edition, quantity, inputs, Level.DECLARED, day)


def on_registered(house: Any, member_id: int, guest: Mapping[str, Any], now: datetime) -> None:
    """Log what the new member had tried; what the rules refuse by now is left out."""
    for act in list(guest.get("acts", ()))[:MOST_TRIED]:
        try:
            behaviour = house.catalogue.behaviour(str(act["behaviour"]))
            command = read_command(
                house.catalogue,
                member_id,
                id=str(act["id"]),
                behaviour=behaviour.code,
                quantity=Decimal(str(act["quantity"])),
                occurred_at=datetime.fromisoformat(str(act["at"])),
                inputs=dict(act["inputs"]),
                evidence=[],
                now=now,
            )
            house.desk.log(command, now)
        except (EngineError, Invalid, KeyError, TypeError, ValueError, ArithmeticError) as fault:
            log.info("a tried act was not kept: %s", fault)
