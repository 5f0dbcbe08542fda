"""Consent by purpose and version: given, taken back, and asked about by other rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from points_engine.errors import refuse
from webapp.members.tables import child, consent, member
from webapp.store import Tx

# The version of the words agreed to; a new text gets a new date and a new file, the old file stays.
VERSIONS = {
    "terms": "2026-06-01",
    "privacy": "2026-06-01",
    "boards": "2026-06-01",
    "location": "2026-06-01",
    "notices": "2026-06-01",
    "photos": "2026-06-01",
}
REQUIRED = ("terms", "privacy")
OPTIONAL = ("boards", "location", "notices", "photos")
# Nobody agrees to these for somebody under fourteen, the guardian neither.
NOT_FOR_CHILDREN = ("boards", "location", "photos")


@dataclass(frozen=True, slots=True)
class Consent:
    """Where one purpose stands for one member."""

    purpose: str
    given: bool
    version: str | None
    at: datetime | None

    @property
    def outdated(self) -> bool:
        return self.given and self.version != VERSIONS[self.purpose]


def has_consent(tx: Tx, member_id: int, purpose: str) -> bool:
    """Whether the member agrees to this use of their data today."""
    found = select(consent.c.purpose).where(
        consent.c.member_id == member_id, consent.c.purpose == purpose, consent.c.withdrawn_at.is_(None)
    )
    return tx.scalar(found.limit(1)) is not None


def consents_of(tx: Tx, member_id: int) -> dict[str, Consent]:
    """Every purpose with its latest state."""
    rows = tx.rows(select(consent).where(consent.c.member_id == member_id).order_by(consent.c.given_at))
    latest = {row.purpose: row for row in rows}
    found = {}
    for purpose in VERSIONS:
        row = latest.get(purpose)
        given = row is not None and row.withdrawn_at is None
        at = None if row is None else row.given_at if given else row.withdrawn_at
        found[purpose] = Consent(purpose, given, row.version if row is not None else None, at)
    return found


def give_consent(tx: Tx, member_id: int, purpose: str, now: datetime) -> None:
    """Agree to the present version; a second yes to the same version changes nothing."""
    if purpose not in VERSIONS:
        raise refuse("not_found", "unknown_purpose")
    if purpose in NOT_FOR_CHILDREN and tx.scalar(select(child.c.member_id).where(child.c.member_id == member_id)):
        raise refuse("forbidden", "not_for_children")
    state = consents_of(tx, member_id)[purpose]
    if state.given and not state.outdated:
        return
    _close(tx, member_id, purpose, now)
    tx.execute(insert(consent).values(member_id=member_id, purpose=purpose, version=VERSIONS[purpose], given_at=now))
    _mirror(tx, member_id, purpose, False)


def withdraw_consent(tx: Tx, member_id: int, purpose: str, now: datetime) -> None:
    """Take it back; the terms and the notice end only with the account."""
    if purpose not in OPTIONAL:
        raise refuse("not_found", "unknown_purpose")
    _close(tx, member_id, purpose, now)
    _mirror(tx, member_id, purpose, True)


def _close(tx: Tx, member_id: int, purpose: str, now: datetime) -> None:
    tx.execute(
        update(consent)
        .where(consent.c.member_id == member_id, consent.c.purpose == purpose, consent.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )


def _mirror(tx: Tx, member_id: int, purpose: str, hidden: bool) -> None:
    """Boards read one column of the member in place of the consent rows."""
    if purpose == "boards":
        tx.execute(update(member).where(member.c.id == member_id).values(board_opt_out=hidden))
