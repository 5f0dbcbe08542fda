"""Proof of an act other than a photo: what a trip, a scan, a meter or a partner's record shows, and reads of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from points_engine.activity import Span
from points_engine.methodology import Level
from webapp.activities.tables import activity, proof
from webapp.store import Tx

KINDS = ("trip", "scan", "meter", "feed")
# Acts of partners are numbered by what the partner calls them: the same event is the same act for ever.
EVENTS = uuid.UUID("6f1d3c1a-7a52-5b0e-9a43-0f8f5d0c7be1")
# Records of others may come long after the act; one's own must come while one remembers.
LATE_KINDS = ("meter", "feed")


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence for one act, judged by its room; its id is the act's id.

    Only trips, places, meters and feeds make one. `verdict` is accept, review (the act waits) or reject (it is
    recorded at 0); `reasons` are codes kept on the act. `starts_at` and `ends_at` are the time it covers.
    `natural` is the source's own id of the event, unique for ever beside `source` ("" = it has none).
    """

    kind: str
    level: Level
    verdict: str = "accept"
    reasons: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    source: str = ""
    natural: str = ""

    def __post_init__(self) -> None:
        assert self.kind in KINDS and self.verdict in ("accept", "review", "reject")
        assert self.level is not Level.DECLARED, "a bare claim needs no proof"
        assert (self.starts_at is None) == (self.ends_at is None)

    @property
    def span(self) -> Span | None:
        """The time it covers, or None."""
        return (self.starts_at, self.ends_at) if self.starts_at and self.ends_at else None

    @property
    def event_id(self) -> str | None:
        """The id that a partner's act has; None where somebody's own act is proved."""
        return event_id(self.source, self.natural) if self.kind == "feed" else None

    @property
    def told(self) -> list[str]:
        """What makes it the same evidence when the same act is sent again; never its verdict."""
        return [
            self.kind,
            self.level.value,
            self.source,
            self.natural,
            *(at.isoformat(timespec="microseconds") for at in self.span or ()),
        ]


def event_id(source: str, natural: str) -> str:
    """The id of the act that `source` calls `natural`."""
    return str(uuid.uuid5(EVENTS, f"{source}\x1f{natural}"))


@dataclass(frozen=True, slots=True)
class Scans:
    """How often a source's proofs stand, and of how many people."""

    acts: int
    people: int


def proof_of(tx: Tx, member_id: int, activity_id: str) -> Any:
    """The proof of an act, or None for an act that rests on a photo, on a partner's record or on a word."""
    return tx.row(select(proof).where(proof.c.member_id == member_id, proof.c.id == activity_id))


def known_naturals(tx: Tx, source: str, naturals: Sequence[str]) -> set[str]:
    """Which of a source's own ids have been told before."""
    if not naturals:
        return set()
    rows = tx.rows(select(proof.c.natural).where(proof.c.source == source, proof.c.natural.in_(list(naturals))))
    return {row.natural for row in rows}


def plate_scans(tx: Tx, member_id: int, day: date) -> int:
    """How many acts of a member's day rest on a plate on a wall."""
    found = (
        select(func.count())
        .select_from(proof)
        .where(
            proof.c.member_id == member_id,
            proof.c.kind == "scan",
            proof.c.level == Level.PHOTO.value,
            proof.c.natural.like(f"%-{day.isoformat()}-%"),
        )
    )
    return int(tx.scalar(found) or 0)


def last_scan(tx: Tx, member_id: int) -> Any:
    """The member's latest scan: its source and when it was; None before the first."""
    return tx.row(
        select(proof.c.source, activity.c.occurred_at)
        .join(activity, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id))
        .where(proof.c.member_id == member_id, proof.c.kind == "scan")
        .order_by(activity.c.occurred_at.desc())
        .limit(1)
    )


def scans_by_source(tx: Tx, sources: Sequence[str], since: date) -> dict[str, Scans]:
    """Accepted acts since a day by the source of their proof."""
    if not sources:
        return {}
    rows = tx.rows(
        select(
            proof.c.source,
            func.count().label("acts"),
            func.count(proof.c.member_id.distinct()).label("people"),
        )
        .join(activity, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id))
        .where(proof.c.source.in_(list(sources)), activity.c.status == "accepted", activity.c.occurred_on >= since)
        .group_by(proof.c.source)
    )
    return {row.source: Scans(int(row.acts), int(row.people)) for row in rows}


def scan_sources(tx: Tx, member_ids: Sequence[int], first: date, last: date) -> dict[tuple[int, str], str]:
    """Where the scanned acts of some members and days were scanned, by member and act."""
    rows = tx.rows(
        select(proof.c.member_id, proof.c.id, proof.c.source)
        .join(activity, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id))
        .where(
            activity.c.member_id.in_(list(member_ids)),
            activity.c.occurred_on.between(first, last),
            proof.c.kind == "scan",
        )
    )
    return {(row.member_id, row.id): row.source for row in rows}
