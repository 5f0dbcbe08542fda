"""The difference between what was paid and what is due; no database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One step from what was paid to what is due: `what` is pay, back or again (due again, never taken back)."""

    what: str
    cause: str
    points: int
    round: int


def changes(earned: Mapping[str, int], paid: Mapping[str, Any]) -> list[Change]:
    """What has to move so that what was paid (rows by cause) becomes what is due; dry ones stay dry."""
    steps = []
    for cause, points in sorted(earned.items()):
        row = paid.get(cause)
        if row is None:
            steps.append(Change("pay", cause, points, 1))
        elif row.status == "returned":
            steps.append(Change("pay", cause, points, row.round + 1))
        elif row.status == "kept":
            steps.append(Change("again", cause, row.points, row.round))
    for cause, row in sorted(paid.items()):
        if cause not in earned and row.status == "paid":
            steps.append(Change("back", cause, row.points, row.round))
    return steps
