"""The weather of the demo park: a made-up Changzhi day by day, cold winters and rain in July and August."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import cos, pi
from random import Random

RAIN = (0.06, 0.09, 0.14, 0.18, 0.22, 0.30, 0.42, 0.40, 0.30, 0.20, 0.12, 0.06)  # by month


@dataclass(frozen=True, slots=True)
class Weather:
    """What a day was like: the mean temperature and whether it rained."""

    celsius: float
    rain: bool

    @property
    def rough(self) -> float:
        """How much it keeps people from walking and riding: 0 not at all, 1 altogether."""
        cold = min(0.7, max(0.0, (2 - self.celsius) * 0.06))
        hot = min(0.3, max(0.0, (self.celsius - 28) * 0.06))
        return min(0.9, cold + hot + (0.5 if self.rain else 0.0))


def days_of(seed: int, first: date, days: int) -> list[Weather]:
    """The weather of `days` days from `first`; one day leans on the day before."""
    rng = Random(f"{seed}:weather")
    found, drift = [], 0.0
    for n in range(days):
        day = first + timedelta(days=n)
        usual = 9.5 - 15 * cos(2 * pi * (day.timetuple().tm_yday - 17) / 365)
        drift = 0.7 * drift + rng.gauss(0, 2)
        found.append(Weather(round(usual + drift, 1), rng.random() < RAIN[day.month - 1]))
    return found
