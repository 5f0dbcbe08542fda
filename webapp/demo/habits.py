"""Habits: what people of the demo park do on a day, how often, how much, and when they record it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random

from points_engine.methodology import Catalogue

Amount = Callable[[Random, int], int]  # (chance, the person's own measure) -> thousandths of the unit


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing some people do: how much of it, between which minutes of the day, and on which days."""

    code: str
    amount: Amount
    first: int
    last: int
    work: bool = False  # only on days at work, around the shift
    outdoors: bool = False  # bad weather keeps people from it
    inputs: Mapping[str, str] | None = None
    season: tuple[int, int] | None = None


def _one(rng: Random, _measure: int) -> int:
    return 1000


def _few(most: int) -> Amount:
    def amount(rng: Random, _measure: int) -> int:
        return 1000 * (1 + int(most * rng.random() ** 3))

    return amount


def _way(rng: Random, metres: int) -> int:
    """The person's own way, give or take, to a hundred metres."""
    return max(300, int(metres * rng.uniform(0.92, 1.15) / 100) * 100)


def _steps(rng: Random, metres: int) -> int:
    return 1000 * max(800, min(42000, int(rng.lognormvariate(8.85, 0.42))))


def _sheets(rng: Random, _measure: int) -> int:
    return 1000 * max(1, min(60, int(rng.lognormvariate(1.7, 0.7))))


# Of the way to work; the share of people who have this way, and the metres they go.
@dataclass(frozen=True, slots=True)
class Mode:
    """A way to work: the habit it makes, how common it is, how far people go that way."""

    ref: str
    share: float
    near: int
    far: int


MODES = (
    Mode("T02", 0.12, 600, 2600),
    Mode("T03", 0.09, 1500, 8500),
    Mode("T04", 0.07, 1200, 5000),
    Mode("T05", 0.30, 1800, 9000),
    Mode("T06", 0.14, 3000, 14000),
    Mode("T07", 0.07, 3000, 9000),
    Mode("T09", 0.13, 5000, 22000),
    Mode("T12", 0.08, 5000, 20000),
)

# ref, amount, minutes of the day, work only, outdoors, how many people have it, how often they do it
SMALL: tuple[tuple[str, Amount, int, int, bool, bool, float, float], ...] = (
    ("T01", _steps, 1170, 1380, False, True, 0.38, 0.75),
    ("F02", _one, 705, 800, False, False, 0.55, 0.62),
    ("F03", _one, 700, 790, False, False, 0.20, 0.40),
    ("F04", _one, 715, 790, True, False, 0.16, 0.55),
    ("F01", _one, 690, 1230, False, False, 0.18, 0.22),
    ("F05", _one, 1060, 1200, False, False, 0.12, 0.28),
    ("U01", _one, 540, 1230, False, False, 0.34, 0.30),
    ("U02", _few(3), 520, 1020, True, False, 0.36, 0.50),
    ("U04", _few(3), 1080, 1290, False, False, 0.16, 0.14),
    ("U05", _one, 1140, 1320, False, False, 0.05, 0.04),
    ("U06", _one, 420, 1290, False, False, 0.30, 0.45),
    ("H02", _one, 840, 1320, False, False, 0.42, 0.45),
    ("H09", _one, 1080, 1410, False, False, 0.26, 0.40),
    ("H10", _few(4), 480, 1170, True, False, 0.28, 0.48),
    ("O01", _sheets, 540, 1080, True, False, 0.18, 0.30),
    ("O02", _few(2), 600, 1200, False, False, 0.10, 0.10),
    ("O03", _few(3), 600, 1140, True, False, 0.05, 0.20),
    ("P01", _one, 1140, 1380, False, False, 0.10, 0.03),
)


class Menu:
    """The habits that the catalogue knows, ready to be given to people."""

    def __init__(self, catalogue: Catalogue) -> None:
        def known(ref: str) -> str | None:
            each = catalogue.by_ref.get(ref)
            return each.code if each and each.loggable else None

        self.modes: list[tuple[Mode, Habit]] = []
        for mode in MODES:
            if code := known(mode.ref):
                amount: Amount = _one if mode.ref == "T07" else _way
                inputs = {"n": "3"} if mode.ref == "T12" else None
                outdoors = mode.ref in ("T02", "T03", "T04", "T05")
                self.modes.append((mode, Habit(code, amount, 0, 0, True, outdoors, inputs)))
        self.mode_weights = [mode.share for mode, _ in self.modes]
        self.bus = next((h for m, h in self.modes if m.ref == "T06"), None)
        self.walk = next((h for m, h in self.modes if m.ref == "T02"), None)
        self.bike = next((h for m, h in self.modes if m.ref == "T03"), None)
        self.small: list[tuple[Habit, float, float]] = []
        for ref, amount, first, last, work, outdoors, people, often in SMALL:
            if code := known(ref):
                season = catalogue.by_ref[ref].season
                habit = Habit(code, amount, first, last, work, outdoors, None, season)
                self.small.append((habit, people, often))


@lru_cache(maxsize=65536)
def decimal_of(thousandths: int) -> Decimal:
    """The amount in its canonical form, shared by the many acts that have it."""
    whole, rest = divmod(thousandths, 1000)
    return Decimal(whole) if rest == 0 else Decimal(thousandths).scaleb(-3).normalize()
