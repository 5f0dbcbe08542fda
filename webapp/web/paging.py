"""Pages by keyset: the last row's key is where the next page begins; never an offset."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from flask import request

from points_engine.errors import Invalid

Row = TypeVar("Row")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    return None if text is None else _digits(text, "after")


def whole(text: str | None, field: str = "after") -> int | None:
    """An optional whole number of an address or a form, at most 18 digits; Invalid by its field."""
    return _digits(text, field) if text else None


def _digits(text: str, field: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid({field: "invalid"})
    return int(text)


def moment_key(moment: datetime, last: str) -> str:
    """The key of a row in a list by time: microseconds and the row's id."""
    return f"{(moment - EPOCH) // timedelta(microseconds=1)}.{last}"


def moment_arg() -> tuple[datetime, str] | None:
    """`?after=` as `moment_key` wrote it, with a UUID for an id; None on the first page."""
    text = request.args.get("after")
    if text is None:
        return None
    micros, _, last = text.partition(".")
    try:
        if not micros.isascii() or not micros.isdigit() or len(micros) > 17 or len(last) > 36:
            raise ValueError(text)
        return EPOCH + timedelta(microseconds=int(micros)), str(uuid.UUID(last))
    except (ValueError, OverflowError):
        raise Invalid({"after": "not_a_cursor"}) from None


def more_url(after: str) -> str:
    """This page's address with another `after`."""
    from urllib.parse import urlencode

    kept = [(k, v) for k, v in request.args.items(multi=True) if k != "after"]
    return f"{request.path}?{urlencode([*kept, ('after', after)])}"
