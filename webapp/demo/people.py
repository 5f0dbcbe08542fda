"""The people of the demo park: how often they take part, how they get about, what they are in the habit of."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from webapp.demo.habits import Habit, Menu, Mode
from webapp.demo.names import Trade

SHOWN = 1  # m000001, the one to show
QUIET = range(40, 61)  # m000040 … m000060: nothing in the last days
QUIET_DAYS = 9  # a week, and room for a demo that is opened a day or two later

# share of people, least and most of the days on which they take part
ENERGY = (
    (0.27, 0.0, 0.0),
    (0.36, 0.01, 0.08),
    (0.22, 0.10, 0.30),
    (0.10, 0.35, 0.70),
    (0.05, 0.80, 0.97),
)
CYCLE = 8  # four crews: two early, two late, two night shifts, two days off


@dataclass(slots=True)
class Person:
    """One member: number (m000001 is 1), belonging, and habits."""

    number: int
    member_id: int = 0
    unit: int = -1  # index of the workplace in the town, -1: none
    department: int = -1
    community: int = -1
    energy: float = 0.0  # share of days on which they take part
    since: int = 0  # the first day, counted from the start of the world
    until: int = 10**6  # the day after the last one
    crew: int = -1  # shift crew, -1: office hours
    starts: int = 480  # minute of the day at which work begins
    metres: int = 3000
    elder: bool = False
    way: Habit | None = None
    habits: tuple[tuple[Habit, float], ...] = field(default=())

    @property
    def login(self) -> str:
        return f"m{self.number:06d}"

    @property
    def quiet(self) -> bool:
        return self.number in QUIET


def make(rng: Random, menu: Menu, number: int, trade: Trade | None, days: int) -> Person:
    """A person with a workplace of this trade, or none."""
    person = Person(number)
    person.energy = _energy(rng)
    if rng.random() > 0.55:
        person.since = int(days * 0.8 * rng.random() ** 1.3)
    person.elder = trade is None and rng.random() < 0.45
    mode, habit = _mode(rng, menu, trade)
    person.metres = int(rng.triangular(mode.near, mode.far, mode.near + (mode.far - mode.near) * 0.3))
    person.way = habit
    if trade is not None:
        if rng.random() < trade.shifts:
            person.crew = rng.randrange(4)
        person.starts = rng.choice((450, 480, 480, 510, 510, 540))
    person.habits = _habits(rng, menu, trade)
    _appoint(person, menu, days)
    return person


def _energy(rng: Random) -> float:
    share = rng.random()
    for size, least, most in ENERGY:
        if share < size:
            return rng.uniform(least, most)
        share -= size
    return 0.0


def _mode(rng: Random, menu: Menu, trade: Trade | None) -> tuple[Mode, Habit]:
    weights = menu.mode_weights
    if trade is None:  # nobody at home takes the company shuttle
        weights = [0.0 if mode.ref == "T09" else w for (mode, _), w in zip(menu.modes, weights, strict=True)]
    return rng.choices(menu.modes, weights)[0]


def _habits(rng: Random, menu: Menu, trade: Trade | None) -> tuple[tuple[Habit, float], ...]:
    eats = trade.canteen if trade else 0.5
    found = []
    for habit, people, often in menu.small:
        if habit.work and trade is None:
            continue
        share = people * (0.6 + 0.6 * eats) if habit.first in (705, 700, 715) else people
        if rng.random() < share:
            found.append((habit, min(0.98, often * rng.uniform(0.6, 1.4))))
    return tuple(found)


def _appoint(person: Person, menu: Menu, days: int) -> None:
    """The few whose part is promised: the one to show, and those who are quiet at the end."""
    if person.number == SHOWN:
        person.energy, person.since, person.crew = 1.0, 0, -1
        person.way, person.metres = menu.bike or person.way, 6300
        person.habits = tuple((habit, min(0.95, often * 1.1)) for habit, people, often in menu.small if people > 0.15)
    elif person.quiet:
        person.energy = max(0.35, person.energy)
        person.since, person.until = 0, max(0, days - QUIET_DAYS)
        person.habits = person.habits or tuple((habit, often) for habit, _, often in menu.small[:3])


def at_work(person: Person, day: int, weekday: int) -> int | None:
    """The minute at which work begins on this day, or None on a day off."""
    if person.unit < 0:
        return None
    if person.crew < 0:
        return person.starts if weekday < 5 else None
    turn = (day + 2 * person.crew) % CYCLE // 2
    return (420, 900, 1380, None)[turn]
