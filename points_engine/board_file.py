"""榜单文件: the file of a published board: a head that says how it counted, rows that name nobody, and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

FIRST_LINE = "# puhui-board 2"
COLUMNS = "place,reference,value_milli,plain_milli,people,weight_tenths,class"
# The head of boards closed before versions: no comments, values with decimals.
OLD_COLUMNS = "place,reference,value_g,members\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One subject on a board: `plain_milli` as counted, `value_milli` as compared."""

    subject: int
    value_milli: int
    plain_milli: int
    people: int
    weight: int
    size_class: str = ""


def reference(salt: str, subject: int) -> str:
    """What stands for a member or unit in the file: the same one has another on each board."""
    return hashlib.sha256(f"{salt}:{subject}".encode()).hexdigest()[:16]


def in_order(entries: Iterable[Entry], salt: str) -> list[tuple[str, Entry]]:
    """Highest value first, each with its reference; a tie has no order of merit and stands by reference."""
    named = [(reference(salt, each.subject), each) for each in entries]
    return sorted(named, key=lambda pair: (-pair[1].value_milli, pair[0]))


def head(facts: Mapping[str, object]) -> str:
    """The lines above the rows; a value is one line."""
    lines = [FIRST_LINE, *(f"# {name}: {' '.join(str(value).split())}" for name, value in facts.items()), COLUMNS]
    return "\n".join(lines) + "\n"


def row(place: int, ref: str, entry: Entry) -> str:
    """One line of the file."""
    values = (entry.value_milli, entry.plain_milli, entry.people, entry.weight, entry.size_class)
    return f"{place},{ref},{','.join(map(str, values))}\n"


def rows(ordered: Iterable[tuple[str, Entry]]) -> Iterator[tuple[int, str]]:
    """(place, line) of entries in order: equal values share a place (1, 2, 2, 4)."""
    place, last = 0, -1
    for position, (ref, entry) in enumerate(ordered, 1):
        if entry.value_milli != last:
            place, last = position, entry.value_milli
        yield place, row(place, ref, entry)


def old_row(place: int, ref: str, value_milli: int, members: int) -> str:
    """One line of a file of the first kind."""
    whole, part = divmod(value_milli, 1000)
    return f"{place},{ref},{f'{whole}.{part:03d}' if part else whole},{members}\n"


def digest(texts: Iterable[str]) -> str:
    """SHA-256 over exactly the bytes of the file."""
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode())
    return found.hexdigest()
