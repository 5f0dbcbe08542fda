"""How candidates are called in public: a unit by its name, a family by its nickname, a person as they wish or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webapp.green_units import queries as green_units
from webapp.members import queries as members
from webapp.store import Tx


def names_of(tx: Tx, candidates: Iterable[Any]) -> dict[int, str]:
    """The public name of each candidate by its id; empty for a person who is not named."""
    rows = list(candidates)
    units = green_units.names_of(tx, [row.unit_id for row in rows if row.unit_id])
    people = members.nicknames(tx, [row.member_id for row in rows if row.member_id and row.shown == "nickname"])
    found = {}
    for row in rows:
        if row.unit_id:
            name, nickname = units.get(row.unit_id, ("", ""))
            found[row.id] = nickname if row.shown == "nickname" else name
        else:
            found[row.id] = row.own_name if row.shown == "name" else people.get(row.member_id, "")
    return found


def names_for_staff(tx: Tx, candidates: Iterable[Any]) -> dict[int, str]:
    """What the desk calls each candidate: also those who are not named in public, by nickname."""
    rows = list(candidates)
    units = green_units.names_of(tx, [row.unit_id for row in rows if row.unit_id])
    people = members.nicknames(tx, [row.member_id for row in rows if row.member_id])
    return {
        row.id: units.get(row.unit_id, ("", ""))[0] if row.unit_id else people.get(row.member_id, "") for row in rows
    }


def names_of_subjects(tx: Tx, rows: Iterable[Any]) -> dict[int, str]:
    """Names of units and nicknames of members by their own numbers."""
    found = list(rows)
    units = green_units.names_of(tx, [row.unit_id for row in found if row.unit_id])
    people = members.nicknames(tx, [row.member_id for row in found if row.member_id])
    return {number: name for number, (name, _) in units.items()} | people
