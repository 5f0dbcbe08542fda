"""Degree-days of a month from a temperature table, and how far they carry a month's use over to another month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from points_engine.clock import days_of
from points_engine.meters.rules import figure

MILLI = 1000


@dataclass(frozen=True, slots=True)
class DegreeDays:
    """Heating (base 18 °C) and cooling (base 26 °C) degree-days of one month, in thousandths."""

    days: int
    heating: int
    cooling: int


def degree_days(month: str, means: Mapping[str, int]) -> DegreeDays | None:
    """From daily means (2026-10-05), or else the month's mean (2026-10), in thousandths of a degree.

    None when neither is complete: a month is not corrected by half its days.
    """
    first, last = days_of(month)
    days = (last - first).days + 1
    daily = [means.get((first + timedelta(days=n)).isoformat()) for n in range(days)]
    known = [mean for mean in daily if mean is not None]
    if len(known) < days:
        if month not in means:
            return None
        known = [means[month]] * days
    cold, hot = int(figure("heating_base") * MILLI), int(figure("cooling_base") * MILLI)
    return DegreeDays(days, sum(max(0, cold - mean) for mean in known), sum(max(0, mean - hot) for mean in known))


def follows(kind: str, electric_heating: bool, weather: DegreeDays) -> tuple[Fraction, str]:
    """How much of a month's use follows the weather, and which degree-days: heating, cooling or none."""
    least = figure("degree_days_least") * MILLI
    if kind == "heat":
        return figure("share_heat"), "heating"
    if kind == "electricity" and weather.cooling >= least:
        return figure("share_cooling"), "cooling"
    if kind == "electricity" and electric_heating and weather.heating >= least:
        return figure("share_heating"), "heating"
    return Fraction(0), ""


def carry(kind: str, electric_heating: bool, there: DegreeDays | None, here: DegreeDays | None) -> Fraction | None:
    """What use in the month `there` is multiplied by to stand beside the month `here`.

    1 where the weather plays no part or is unknown; None where the two cannot be compared
    (heat of a month without heating).
    """
    if there is None or here is None:
        return Fraction(1)
    share, which = follows(kind, electric_heating, here)
    if not which:
        return Fraction(1)
    now, then = getattr(here, which), getattr(there, which)
    if min(now, then) < figure("degree_days_least") * MILLI:
        return None if kind == "heat" else Fraction(1)
    factor = 1 - share + share * Fraction(now, here.days) / Fraction(then, there.days)
    return min(max(factor, figure("correction_least")), figure("correction_most"))
