"""Ids that callers make: any UUID, read into its one canonical form."""

from __future__ import annotations

import uuid

from points_engine.errors import Invalid


def read_id(text: str, field: str = "id") -> str:
    """The canonical form of a caller's UUID; raises Invalid for anything else."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Invalid({field: "not_a_uuid"}) from None
