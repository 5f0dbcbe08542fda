"""Use cases of pledges: write an edition, publish it, sign it for oneself or for a unit, and take one's name off the wall."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, insert, select, update

from points_engine.errors import Invalid, refuse
from webapp.green_units import queries as green_units
from webapp.green_units.forms import ALPHABET
from webapp.journal import service as journal
from webapp.members import queries as members
from webapp.pledges.forms import PledgeFacts, PledgeText
from webapp.pledges.tables import pledge, pledge_edition, pledge_signature, pledge_unit
from webapp.store import Tx

# --- staff ---------------------------------------------------------------------------------------


def create_pledge(tx: Tx, actor_id: int, facts: PledgeFacts, text: PledgeText, now: datetime) -> int:
    """A pledge with its first edition as a draft, which nobody sees yet; Invalid slug taken."""
    if tx.scalar(select(pledge.c.id).where(pledge.c.slug == facts.slug)) is not None:
        raise Invalid({"slug": "taken"})
    made = tx.execute(insert(pledge).values(**asdict(facts), created_at=now)).inserted_primary_key
    assert made is not None
    pledge_id = int(made[0])
    _write(tx, pledge_id, 1, actor_id, text)
    _record(tx, actor_id, "pledge.create", pledge_id, {"slug": facts.slug}, now)
    return pledge_id


def write_edition(tx: Tx, actor_id: int, pledge_id: int, text: PledgeText, now: datetime) -> int:
    """Write the edition after the published one, or change it while it is a draft; its number."""
    row = _locked(tx, pledge_id)
    edition = int(row.edition) + 1
    e = pledge_edition.c
    tx.execute(delete(pledge_edition).where(e.pledge_id == pledge_id, e.edition == edition, e.published_at.is_(None)))
    _write(tx, pledge_id, edition, actor_id, text)
    _record(tx, actor_id, "pledge.write", pledge_id, {"edition": edition}, now)
    return edition


def publish(tx: Tx, actor_id: int, pledge_id: int, now: datetime) -> int:
    """The draft becomes the edition that is signed from now on; those signed before stay as they are.

    Raises nothing_to_publish (409) without a draft.
    """
    row = _locked(tx, pledge_id)
    edition = int(row.edition) + 1
    e = pledge_edition.c
    draft = tx.row(select(pledge_edition).where(e.pledge_id == pledge_id, e.edition == edition))
    if draft is None:
        raise refuse("conflict", "nothing_to_publish")
    text = PledgeText(draft.title_zh, draft.title_en, draft.body_zh, draft.body_en)
    tx.execute(
        update(pledge_edition)
        .where(e.pledge_id == pledge_id, e.edition == edition)
        .values(published_at=now, checksum=text.checksum)
    )
    tx.execute(update(pledge).where(pledge.c.id == pledge_id).values(edition=edition, status="open"))
    _record(tx, actor_id, "pledge.publish", pledge_id, {"edition": edition, "checksum": text.checksum}, now)
    return edition


def set_open(tx: Tx, actor_id: int, pledge_id: int, is_open: bool, now: datetime) -> None:
    """Close a pledge to new signatures, or open it again; what was signed stays."""
    row = _locked(tx, pledge_id)
    if not row.edition:
        raise refuse("conflict", "nothing_to_publish")
    status = "open" if is_open else "closed"
    tx.execute(update(pledge).where(pledge.c.id == pledge_id).values(status=status))
    _record(tx, actor_id, f"pledge.{status}", pledge_id, {}, now)


# --- signing -------------------------------------------------------------------------------------


def sign(tx: Tx, member_id: int, pledge_id: int, edition: int, on_wall: bool, now: datetime) -> str:
    """Sign an edition for oneself, once; the number of the certificate, the first one when signed before.

    Raises unknown_pledge (404), pledge_closed, pledge_changed or not_for_you (409).
    """
    _signable(tx, pledge_id, edition, "members")
    shown = on_wall and not members.is_child(tx, member_id)
    sign_many(tx, pledge_id, edition, [(member_id, now, shown)])
    s = pledge_signature.c
    found = tx.scalar(select(s.number).where(s.member_id == member_id, s.pledge_id == pledge_id, s.edition == edition))
    return str(found)


def sign_many(tx: Tx, pledge_id: int, edition: int, who: Sequence[tuple[int, datetime, bool]]) -> None:
    """Write down who signed an edition, when, and whether on the wall; a second signature changes nothing."""
    rows = [
        {
            "member_id": member_id,
            "pledge_id": pledge_id,
            "edition": edition,
            "signed_at": at,
            "on_wall": on_wall,
            "number": new_number(),
        }
        for member_id, at, on_wall in who
    ]
    tx.upsert(pledge_signature, rows, key=("member_id", "pledge_id", "edition"))


def sign_for_unit(
    tx: Tx, actor_id: int, unit_id: int, pledge_id: int, edition: int, now: datetime, staff: bool = False
) -> str:
    """A unit's administrator signs for the unit, once; as `sign`, and 404 unknown_unit for a unit of others."""
    find = green_units.unit_by_id if staff else partial(green_units.administered_unit, member_id=actor_id)
    unit = find(tx, unit_id=unit_id)
    _signable(tx, pledge_id, edition, "units")
    row = {
        "unit_id": unit.id,
        "pledge_id": pledge_id,
        "edition": edition,
        "signed_at": now,
        "signed_by": actor_id,
        "number": new_number(),
    }
    if tx.upsert(pledge_unit, [row], key=("unit_id", "pledge_id", "edition")):
        _record(tx, actor_id, "pledge.sign_unit", pledge_id, {"unit": unit.id, "edition": edition}, now)
    u = pledge_unit.c
    found = tx.scalar(select(u.number).where(u.unit_id == unit.id, u.pledge_id == pledge_id, u.edition == edition))
    return str(found)


def set_on_wall(tx: Tx, member_id: int, pledge_id: int, on_wall: bool) -> None:
    """Show my nickname among those who signed, or take it off; the signature stays. Children are named nowhere."""
    if on_wall and members.is_child(tx, member_id):
        raise refuse("forbidden", "not_for_children")
    s = pledge_signature.c
    tx.execute(
        update(pledge_signature).where(s.member_id == member_id, s.pledge_id == pledge_id).values(on_wall=on_wall)
    )


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: their signatures go; what they signed for a unit stays the unit's."""
    tx.execute(delete(pledge_signature).where(pledge_signature.c.member_id == member_id))


def new_number() -> str:
    """A number nobody guesses, for a certificate: GY and twelve letters."""
    return "GY-" + "".join(secrets.choice(ALPHABET) for _ in range(12))


def _signable(tx: Tx, pledge_id: int, edition: int, by: str) -> None:
    row = tx.row(select(pledge).where(pledge.c.id == pledge_id))
    if row is None or not row.edition:
        raise refuse("not_found", "unknown_pledge")
    if row.status != "open":
        raise refuse("conflict", "pledge_closed")
    if row.signers not in (by, "both"):
        raise refuse("conflict", "not_for_you")
    if edition != row.edition:
        raise refuse("conflict", "pledge_changed")


def _locked(tx: Tx, pledge_id: int) -> Any:
    """The pledge, so that two editors write its editions one after the other."""
    row = tx.row(select(pledge).where(pledge.c.id == pledge_id).with_for_update())
    if row is None:
        raise refuse("not_found", "unknown_pledge")
    return row


def _write(tx: Tx, pledge_id: int, edition: int, author_id: int, text: PledgeText) -> None:
    tx.execute(insert(pledge_edition).values(pledge_id=pledge_id, edition=edition, author_id=author_id, **asdict(text)))


def _record(tx: Tx, actor_id: int, action: str, pledge_id: int, detail: dict[str, Any], now: datetime) -> None:
    journal.record(tx, actor_id, action, f"pledge:{pledge_id}", detail, now)
