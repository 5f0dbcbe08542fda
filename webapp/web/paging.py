"""Pages by keyset: the last row's key is where the next page begins; never an offset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

from points_engine.errors import Invalid

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows to show, and the `after` of the next page, or None at the end."""

    items: list[Row]
    after: str | None

    @property
    def is_first(self) -> bool:
        return "after" not in request.args


def page_of(rows: Sequence[Row], limit: int, key: Callable[[Row], object]) -> Page[Row]:
    """Cut `limit + 1` fetched rows to a page; `key` gives the value that `?after=` carries."""
    items = list(rows[:limit])
    return Page(items, str(key(items[-1])) if len(rows) > limit and items else None)


def after_arg() -> int | None:
    """`?after=` as a whole number, or None on the first page."""
    text = request.args.get("after")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid({"after": "invalid"})
    return int(text)


def more_url(after: str) -> str:
    """This page's address with another `after`."""
    from urllib.parse import urlencode

    kept = [(k, v) for k, v in request.args.items(multi=True) if k != "after"]
    return f"{request.path}?{urlencode([*kept, ('after', after)])}"
