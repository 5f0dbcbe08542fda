"""Distances on the ground between two places, in whole metres."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_M = 6_371_009  # mean radius, IUGG


def metres_between(here: tuple[float, float], there: tuple[float, float]) -> int:
    """Great-circle distance between two (latitude, longitude) pairs in degrees, WGS-84."""
    (lat1, lon1), (lat2, lon2) = here, there
    up, over = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    root = sin(up) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(over) ** 2
    return round(2 * EARTH_M * asin(min(1.0, sqrt(root))))
