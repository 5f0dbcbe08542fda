"""Proof of an act other than a photo: what a trip, a scan, a meter or a partner's record shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from points_engine.activity import Span
from points_engine.methodology import Level

KINDS = ("trip", "scan", "meter", "feed")
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
    def told(self) -> list[str]:
        """What makes it the same evidence when the same act is sent again; never its verdict."""
        return [
            self.kind,
            self.level.value,
            self.source,
            self.natural,
            *(at.isoformat(timespec="microseconds") for at in self.span or ()),
        ]
