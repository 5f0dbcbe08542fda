"""The parts of a unit (departments, buildings) as a tree: who is under whom, and by which path each is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.green_units.tables import green_unit
from webapp.store import Tx

# Levels below the unit itself.
DEEPEST = 4
PARTS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A department or building: the names from the first level down to it are its path."""

    id: int
    name: str
    parent_id: int
    path: tuple[str, ...]

    @property
    def depth(self) -> int:
        return len(self.path)

    @property
    def full_name(self) -> str:
        return "/".join(self.path)


class Tree:
    """All active parts of one unit, each after the one it stands in."""

    def __init__(self, unit_id: int, rows: Sequence[Any]) -> None:
        self.unit_id = unit_id
        self._under: dict[int, list[Any]] = {}
        for row in rows:
            self._under.setdefault(row.parent_id, []).append(row)
        self.parts = tuple(self._walk(unit_id, ()))
        self.by_id = {part.id: part for part in self.parts}
        self.by_path = {part.path: part.id for part in self.parts}

    def _walk(self, parent_id: int, path: tuple[str, ...]) -> Iterator[Part]:
        for row in self._under.get(parent_id, ()):
            part = Part(row.id, row.name, parent_id, (*path, row.name))
            yield part
            yield from self._walk(row.id, part.path)

    def children(self, part_id: int) -> list[Part]:
        """The parts right under a part, or under the unit."""
        return [self.by_id[row.id] for row in self._under.get(part_id, ())]

    def below(self, part_id: int) -> set[int]:
        """A part with everything under it."""
        found = {part_id}
        for part in self.parts:
            if part.parent_id in found:
                found.add(part.id)
        return found

    def height(self, part_id: int) -> int:
        """Levels from a part down to its deepest one; 1 when nothing is under it."""
        depth = self.by_id[part_id].depth
        return max(self.by_id[one].depth for one in self.below(part_id)) - depth + 1

    def way_to(self, part_id: int) -> list[Part]:
        """The parts from the first level down to this one."""
        way: list[Part] = []
        while part_id in self.by_id:
            way.append(self.by_id[part_id])
            part_id = way[-1].parent_id
        return way[::-1]


def tree_of(tx: Tx, unit_id: int) -> Tree:
    """The tree of a unit, by one statement."""
    u = green_unit.c
    rows = tx.rows(select(u.id, u.name, u.parent_id).where(u.top_id == unit_id, u.status == "active").order_by(u.id))
    return Tree(unit_id, rows)
