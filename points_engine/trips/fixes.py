"""One recorded position, and how a list of them is read from outside without trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from points_engine.errors import Invalid
from points_engine.trips.limits import limit


class Fix(NamedTuple):
    """Where a phone says it was, and when; WGS-84 degrees, metres."""

    at: float
    lat: float
    lon: float
    accuracy: float | None = None


def read_points(raw: Any) -> list[Fix]:
    """The fixes in a list of `[seconds, latitude, longitude]` or of objects; a few bad ones are left out, many refused."""
    if not isinstance(raw, list | tuple):
        raise Invalid({"points": "not_a_list"})
    if len(raw) > limit("most_points"):
        raise Invalid({"points": "too_many_points"})
    fixes: list[Fix] = []
    keep = fixes.append
    for item in raw:
        try:
            at, lat, lon = item[:3]
            if -90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0 and -1e12 < at < 1e12 and len(item) == 3:
                keep(Fix(at + 0.0, lat + 0.0, lon + 0.0))
                continue
        except (TypeError, ValueError, KeyError, OverflowError):
            pass
        one = _read_one(item)
        if one is not None:
            keep(one)
    if len(raw) - len(fixes) > limit("most_junk") * len(raw):
        raise Invalid({"points": "unreadable_points"})
    return fixes


def _read_one(item: Any) -> Fix | None:
    """One fix in any of the shapes we know, or None for junk."""
    if isinstance(item, Mapping):
        values = [item.get("at", item.get("t")), item.get("lat"), item.get("lon"), item.get("accuracy")]
    elif isinstance(item, list | tuple) and len(item) >= 3:
        values = [*item[:3], item[3] if len(item) > 3 else None]
    else:
        return None
    at, lat, lon = (_number(value) for value in values[:3])
    if at is None or lat is None or lon is None:
        return None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and abs(at) < 1e12):
        return None
    return Fix(at, lat, lon, _number(values[3]))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None
