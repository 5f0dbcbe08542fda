"""Reads one TOML table and notes every fault on the way instead of stopping at the first."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from points_engine.methodology.model import Fault

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
NOTHING = date(2000, 1, 1)  # stands in for a day that could not be read
REQUIRED = object()


class Table:
    """A table being read: each `take` removes a key, and `close` names the keys nobody asked for."""

    def __init__(self, data: dict[str, Any], file: str, path: str, faults: list[Fault]) -> None:
        self._left = dict(data)
        self._file = file
        self._path = path
        self._faults = faults

    def fault(self, key: str, problem: str) -> None:
        self._faults.append(Fault(self._file, f"{self._path}{key}", problem))

    def close(self) -> None:
        for key in self._left:
            self.fault(key, "unknown key")

    def _take(self, key: str, kind: type, default: Any, blank: Any) -> Any:
        value = self._left.pop(key, default)
        if value is REQUIRED:
            self.fault(key, "missing")
        elif value is default or type(value) is kind:
            return value
        else:
            self.fault(key, f"must be {kind.__name__}, not {type(value).__name__}")
        return blank

    def text(self, key: str, default: Any = REQUIRED) -> str:
        return str(self._take(key, str, default, ""))

    def integer(self, key: str, default: Any = REQUIRED) -> int:
        return int(self._take(key, int, default, 0))

    def flag(self, key: str, default: bool = False) -> bool:
        return bool(self._take(key, bool, default, default))

    def day(self, key: str) -> date:
        value: date = self._take(key, date, REQUIRED, NOTHING)
        return value

    def number(self, key: str, default: Any = REQUIRED) -> Decimal:
        return self._number(key, self._take(key, str, default, "1"))

    def optional_number(self, key: str) -> Decimal | None:
        return self.number(key) if key in self._left else None

    def _number(self, key: str, text: object) -> Decimal:
        if isinstance(text, str) and NUMBER.fullmatch(text):
            return Decimal(text)
        self.fault(key, "must be a number written as text, such as '0.5'")
        return Decimal(1)

    def one_of(self, key: str, allowed: Collection[str], default: Any = REQUIRED) -> str:
        value = self.text(key, default)
        if value not in allowed:
            self.fault(key, f"must be one of {', '.join(allowed)}")
            return next(iter(allowed))
        return value

    def texts(self, key: str, default: Any = REQUIRED) -> tuple[str, ...]:
        values = self._take(key, list, default, [])
        for at, value in enumerate(values):
            if not isinstance(value, str):
                self.fault(f"{key}[{at}]", "must be str")
        return tuple(str(value) for value in values)

    def numbers(self, key: str, default: Any = REQUIRED) -> tuple[Decimal, ...]:
        return tuple(self._number(key, text) for text in self.texts(key, default))

    def pair(self, key: str, default: Any = REQUIRED) -> tuple[str, str]:
        """A text in both languages: { zh = "…", en = "…" }."""
        if key not in self._left and default is not REQUIRED:
            return default[0], default[1]
        inner = self.table(key)
        both = inner.text("zh"), inner.text("en")
        inner.close()
        return both

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        return tuple((each.text("zh"), each.text("en")) for each in self.tables(key))

    def table(self, key: str, default: Any = REQUIRED) -> Table:
        data = self._take(key, dict, default, {})
        return Table(data, self._file, f"{self._path}{key}.", self._faults)

    def tables(self, key: str) -> Iterator[Table]:
        """Each table of a list; its unknown keys are reported when the next one is asked for."""
        for at, data in enumerate(self._take(key, list, [], [])):
            if not isinstance(data, dict):
                self.fault(f"{key}[{at}]", "must be a table")
                continue
            each = Table(data, self._file, f"{self._path}{key}[{at}].", self._faults)
            yield each
            each.close()

    def strings(self, key: str) -> dict[str, str]:
        """A table of plain texts whose keys are free."""
        data = self._take(key, dict, {}, {})
        for name, value in data.items():
            if not isinstance(value, str):
                self.fault(f"{key}.{name}", "must be str")
        return {name: str(value) for name, value in data.items()}

    def has(self, key: str) -> bool:
        return key in self._left


def open_table(path: Path, faults: list[Fault]) -> Table:
    """The top of a file; a file that is no TOML is one fault and an empty table."""
    try:
        return open_text(path.read_text(encoding="utf-8"), path.name, faults)
    except (OSError, UnicodeDecodeError) as problem:
        faults.append(Fault(path.name, "-", f"cannot be read: {problem}"))
        return Table({}, path.name, "", [])  # its missing keys would only be noise


def open_text(text: str, name: str, faults: list[Fault]) -> Table:
    """The top of a text that stands for the file `name`."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        faults.append(Fault(name, "-", f"cannot be read: {problem}"))
        return Table({}, name, "", [])
    return Table(data, name, "", faults)
