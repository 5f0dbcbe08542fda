"""The judge's thresholds, read once from limits.toml, where each has its unit, source and mark."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any


@cache
def book() -> MappingProxyType[str, Any]:
    """The whole data file."""
    return MappingProxyType(tomllib.loads((Path(__file__).parent / "limits.toml").read_text("utf-8")))


@cache
def limit(name: str) -> float:
    """One threshold by name."""
    return float(book()["limit"][name]["value"])
