"""The use cases of places: make, change and close one; scan one, which logs an act with its proof."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, update

from points_engine.clock import local_day
from points_engine.errors import Invalid, refuse
from points_engine.methodology import Catalogue, Level
from points_engine.scanning import rules, screen_code, screen_secret, screen_window, too_fast, window_of
from points_engine.trips.ground import metres_between
from webapp.activities import proofs
from webapp.activities import queries as activities
from webapp.activities.commands import read_command
from webapp.activities.proofs import Proof
from webapp.activities.service import Logged, log_activity
from webapp.green_units.forms import new_code
from webapp.journal.service import record
from webapp.ledger import service as ledger
from webapp.members.queries import grants_of, has_consent
from webapp.places import queries
from webapp.places.forms import PlaceFacts, Scan
from webapp.places.queries import Place
from webapp.places.tables import place
from webapp.store import Tx

MANAGERS = frozenset({"editor", "administrator"})  # of every place of the park
Units = frozenset[int] | None  # the units somebody manages; None: the whole park


@dataclass(frozen=True, slots=True)
class Shown:
    """How a scan proves itself: by a code that was on the screen (its window), or by the plate alone."""

    window: int | None

    @property
    def level(self) -> Level:
        return Level.PHOTO if self.window is None else Level.DEVICE


def create_place(tx: Tx, actor_id: int, units: Units, facts: PlaceFacts, now: datetime) -> int:
    """A new place with a code of its own; its id. A unit's administrator makes places of that unit only."""
    _check_unit(units, facts)
    row = asdict(facts) | {
        "code": new_code(),
        "screen_key": secrets.token_urlsafe(16),
        "status": "open",
        "created_at": now,
    }
    made = tx.scalar(insert(place).values(**row).returning(place.c.id))
    record(tx, actor_id, "place.created", f"place:{made}", {"kind": facts.kind, "unit": facts.unit_id}, now)
    return int(made)


def change_place(tx: Tx, actor_id: int, units: Units, place_id: int, facts: PlaceFacts, now: datetime) -> None:
    """Change what a place says of itself; its code and its plates stay good."""
    known = queries.managed_one(tx, place_id, units)
    _check_unit(units, facts)
    tx.execute(update(place).where(place.c.id == known.id).values(**asdict(facts)))
    record(tx, actor_id, "place.changed", f"place:{known.id}", {"kind": facts.kind, "unit": facts.unit_id}, now)


def set_open(tx: Tx, actor_id: int, units: Units, place_id: int, opened: bool, now: datetime) -> None:
    """A closed place credits nothing; its plate says so."""
    known = queries.managed_one(tx, place_id, units)
    tx.execute(update(place).where(place.c.id == known.id).values(status="open" if opened else "closed"))
    record(tx, actor_id, "place.opened" if opened else "place.closed", f"place:{known.id}", {}, now)


def renew_codes(tx: Tx, actor_id: int, units: Units, place_id: int, now: datetime) -> None:
    """A new code and a new screen address: plates that were copied are worth nothing from now on."""
    known = queries.managed_one(tx, place_id, units)
    tx.execute(
        update(place).where(place.c.id == known.id).values(code=new_code(), screen_key=secrets.token_urlsafe(16))
    )
    record(tx, actor_id, "place.renewed", f"place:{known.id}", {}, now)


def secret_of(key: str, spot: Place) -> bytes:
    """What a place's screen codes are made from; never stored, and another one after `renew_codes`."""
    return screen_secret(key, f"place:{spot.id}", spot.screen_key)


def code_on_screen(key: str, spot: Place, now: datetime) -> str:
    """The digits that the place's screen shows now."""
    return screen_code(secret_of(key, spot), window_of(now))


def scan_place(tx: Tx, catalogue: Catalogue, key: str, member_id: int, code: str, scan: Scan, now: datetime) -> Logged:
    """Log the act that a scan proves. The same id again answers the first.

    Raises unknown_place (404), place_closed, code_not_on_screen, place_unknown_here, too_far_away, code_used,
    place_daily_cap, plates_daily_cap (409), Invalid.
    """
    spot = queries.by_code(tx, code)
    ledger.open_books(tx, [member_id], now)  # what is counted below is what is true when the act is written
    known = _known(tx, member_id, scan.id)
    at = known["occurred_at"] if known else now
    shown = _shown(key, spot, scan, at)
    if shown.window is not None and _manages(tx, member_id, spot):
        shown = Shown(None)  # who can open the screen at home shows no more than the plate does
    if not known:
        if scan.here is not None and not has_consent(tx, member_id, "location"):
            raise refuse("forbidden", "location_consent_required")
        _check_place(spot, scan, now)
    amount = _amount(spot, scan)
    natural = _told(tx, member_id, scan.id) if known else _natural(tx, spot, member_id, shown, now)
    verdict, reasons = ("accept", ()) if known else _haste(tx, spot, member_id, now)
    # A screen shows that somebody is there, not how much they charged or carried.
    level = shown.level if spot.behaviours.get(scan.behaviour) else Level.PHOTO
    proof = Proof("scan", level, verdict, reasons, source=spot.source, natural=natural or "")
    command = read_command(
        catalogue,
        member_id,
        id=scan.id,
        behaviour=scan.behaviour,
        quantity=amount,
        occurred_at=at,
        inputs={},
        evidence=(),
        now=now,
        proof=proof,
    )
    return log_activity(tx, command, now)


def _known(tx: Tx, member_id: int, activity_id: str) -> Mapping[str, Any] | None:
    found = activities.by_keys(tx, [(member_id, activity_id)]) if _is_uuid(activity_id) else {}
    return next(iter(found.values()), None)


def _told(tx: Tx, member_id: int, activity_id: str) -> str:
    row = proofs.proof_of(tx, member_id, activity_id)
    return (row.natural or "") if row is not None else ""


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _check_unit(units: Units, facts: PlaceFacts) -> None:
    if units is not None and facts.unit_id not in units:
        raise Invalid({"unit_id": "not_a_choice"})


def _shown(key: str, spot: Place, scan: Scan, at: datetime) -> Shown:
    if not scan.key:
        return Shown(None)
    window = screen_window(secret_of(key, spot), scan.key, at)
    if window is None:
        raise refuse("conflict", "code_not_on_screen")
    return Shown(window)


def _manages(tx: Tx, member_id: int, spot: Place) -> bool:
    """Whether the member can see the address of the place's screen."""
    return any(
        grant.role in MANAGERS or (grant.role == "unit_admin" and grant.unit_id == spot.unit_id)
        for grant in grants_of(tx, member_id)
    )


def _check_place(spot: Place, scan: Scan, now: datetime) -> None:
    """Open, and near enough where the place asks for it."""
    if spot.status != "open" or not spot.hours.open_at(now):
        raise refuse("conflict", "place_closed")
    if spot.here is None:
        return
    if scan.here is None or (scan.accuracy_m or 0) > rules()["most_inaccurate"]:
        raise refuse("conflict", "place_unknown_here")
    if metres_between(spot.here, scan.here) > (spot.radius_m or rules()["place_radius"]) + (scan.accuracy_m or 0):
        raise refuse("conflict", "too_far_away")


def _amount(spot: Place, scan: Scan) -> Decimal:
    fixed = spot.behaviours.get(scan.behaviour)
    if fixed is None:
        raise Invalid({"behaviour": "not_a_choice"})
    if fixed:
        return Decimal(fixed)
    if scan.quantity is None:
        raise Invalid({"quantity": "required"})
    return scan.quantity


def _natural(tx: Tx, spot: Place, member_id: int, shown: Shown, now: datetime) -> str:
    """What this scan is to the place: one per code on the screen, or the n-th of the plate today."""
    if shown.window is not None:
        natural = f"{member_id}-w{shown.window}"
        if proofs.known_naturals(tx, spot.source, [natural]):
            raise refuse("conflict", "code_used")
        return natural
    day = local_day(now)
    if proofs.plate_scans(tx, member_id, day) >= rules()["plate_scans_per_day"]:
        raise refuse("conflict", "plates_daily_cap", most=rules()["plate_scans_per_day"])
    turns = [f"{member_id}-{day.isoformat()}-{n}" for n in range(spot.daily_cap)]
    used = proofs.known_naturals(tx, spot.source, turns)
    free = next((turn for turn in turns if turn not in used), None)
    if free is None:
        raise refuse("conflict", "place_daily_cap", most=spot.daily_cap)
    return free


def _haste(tx: Tx, spot: Place, member_id: int, now: datetime) -> tuple[str, tuple[str, ...]]:
    """A person looks at scans that lie too far apart for the time between them."""
    last = proofs.last_scan(tx, member_id)
    if spot.here is None or last is None or last.source == spot.source:
        return "accept", ()
    before = queries.by_source(tx, last.source)
    if before is None or before.here is None:
        return "accept", ()
    seconds = int((now - last.occurred_at).total_seconds())
    far = metres_between(before.here, spot.here)
    return ("review", ("scanned_too_fast",)) if too_fast(far, seconds) else ("accept", ())


def described(spot: Place) -> Mapping[str, Any]:
    """A place as plain values, for the API."""
    return {
        "code": spot.code,
        "kind": spot.kind,
        "name_zh": spot.name_zh,
        "name_en": spot.name_en,
        "behaviours": [{"behaviour": code, "quantity": amount or None} for code, amount in spot.behaviours.items()],
        "open": spot.status == "open",
        "place_check": spot.here is not None,
    }
