"""The data map: docs/privacy.md says of every table and column what it is for and how long it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import webapp.tables
from webapp.store import metadata

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"
# Columns that hold a person's number.
PERSONAL = {"member_id", "holder_id", "actor_id", "author_id", "decided_by"}
# Tables about people that name them in another way: the row itself, a phone, a fingerprint, a payload.
ALSO_PERSONAL = {"honour_award", "pledge_unit", "member", "otp", "sign_in_failure", "outbox"}

assert webapp.tables  # imported for the metadata it fills


@dataclass(frozen=True)
class Entry:
    """One row of the map."""

    section: str
    table: str
    classes: frozenset[str]
    columns: list[str]
    purpose: str
    kept: str


@cache
def entries() -> tuple[Entry, ...]:
    found = []
    for section, text in re.findall(r"^## (About \w+).*?\n(.*?)(?=^## )", PAGE.read_text("utf-8"), re.M | re.S):
        for line in re.findall(r"^\| `.*$", text, re.M):
            table, columns, purpose, kept = (cell.strip() for cell in line.strip("| ").split(" | "))
            found.append(
                Entry(
                    section,
                    table.strip("`"),
                    frozenset(re.findall(r"(\w+): ", columns)),
                    re.findall(r"`(\w+)`", columns),
                    purpose,
                    kept,
                )
            )
    return tuple(found)


def test_every_table_is_mapped_once() -> None:
    mapped = [entry.table for entry in entries()]
    assert sorted(mapped) == sorted(metadata.tables), "docs/privacy.md and the tables differ"


def test_every_column_has_a_class() -> None:
    for entry in entries():
        assert sorted(entry.columns) == sorted(c.name for c in metadata.tables[entry.table].c), entry.table


def test_classes_are_explained_and_nothing_is_kept_without_a_reason() -> None:
    explained = set(re.findall(r"^\| (\w+) \| [一-鿿]+ \| ", PAGE.read_text("utf-8"), re.M))
    for entry in entries():
        assert entry.classes <= explained, (entry.table, entry.classes - explained)
        assert entry.purpose and entry.kept, entry.table


def test_tables_that_name_a_person_are_among_those_about_people() -> None:
    about = {entry.table for entry in entries() if entry.section == "About people"}
    named = {name for name, table in metadata.tables.items() if PERSONAL & set(table.c.keys())}
    assert named | ALSO_PERSONAL == about
