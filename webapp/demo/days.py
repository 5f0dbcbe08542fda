"""The days of the demo park: who does what, and the engine that counts it, in batches with a moved clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from points_engine.clock import start_of
from webapp.activities.commands import LogActivity, read_command
from webapp.demo.habits import Habit, decimal_of
from webapp.demo.people import SHOWN, Person, at_work
from webapp.demo.weather import Weather

BATCH = 5000
SLOTS = (540, 720, 810, 960, 1140, 1260, 1439)  # minutes after which what came in is written


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person did, with the minutes at which it happened and was recorded."""

    recorded: float
    occurred: float
    person: Person
    habit: Habit
    amount: int


def deeds_of(rng: Random, people: Sequence[Person], day: int, on: date, weather: Weather) -> list[Deed]:
    """Everything people do and record on one day, in the order they record it."""
    deeds: list[Deed] = []
    weekday, rough, chance = on.weekday(), weather.rough, rng.random
    lively = 1.0 if weekday < 5 else 0.85
    for person in people:
        if not person.since <= day < person.until or chance() >= person.energy * lively:
            continue
        begins = at_work(person, day, weekday)
        if person.way is not None:
            _commute(rng, deeds, person, begins, rough)
        for habit, often in person.habits:
            if habit.work and begins is None:
                continue
            if habit.season and not habit.season[0] <= on.month <= habit.season[1]:
                continue
            if chance() < (often * (1 - 0.6 * rough) if habit.outdoors else often):
                _small(rng, deeds, person, habit)
    deeds.sort(key=lambda deed: (deed.recorded, deed.person.number, deed.habit.code))
    return deeds


def _commute(rng: Random, deeds: list[Deed], person: Person, begins: int | None, rough: float) -> None:
    habit = person.way
    assert habit is not None
    out_of_doors = rough if habit.outdoors else 0.15 * rough
    if rng.random() < out_of_doors:
        return
    if begins is None:  # errands on a day off
        if rng.random() < 0.4:
            at = rng.uniform(510, 1080)
            _add(rng, deeds, person, habit, at)
        return
    there = max(5.0, begins - rng.uniform(5, 25))
    if rng.random() < 0.9:
        _add(rng, deeds, person, habit, there)
    back = begins + 540 + rng.uniform(0, 60)
    if back < 1410 and rng.random() < 0.8:
        _add(rng, deeds, person, habit, back)


def _small(rng: Random, deeds: list[Deed], person: Person, habit: Habit) -> None:
    _add(rng, deeds, person, habit, rng.triangular(habit.first, habit.last, (habit.first + habit.last) / 2))


def _add(rng: Random, deeds: list[Deed], person: Person, habit: Habit, at: float) -> None:
    later = rng.random()
    wait = rng.uniform(0.3, 6) if later < 0.72 else rng.uniform(6, 90) if later < 0.9 else rng.uniform(90, 400)
    recorded = min(at + wait, 1438.0)
    deeds.append(Deed(recorded, min(at, recorded), person, habit, habit.amount(rng, person.metres)))


def cuts(rng: Random, many: bool) -> Sequence[float]:
    """When in a day what came in is written: in a big world seldom, and for each chunk at other times."""
    return (rng.uniform(500, 780), rng.uniform(790, 1200), 1439) if many else SLOTS


def batches(deeds: Sequence[Deed], slots: Sequence[float]) -> Iterator[tuple[float, Sequence[Deed]]]:
    """The day's deeds cut where a slot ends or a batch is full, each with the minute it is written."""
    start = 0
    for slot in slots:
        end = start
        while end < len(deeds) and deeds[end].recorded <= slot:
            end += 1
        for first in range(start, end, BATCH):
            some = deeds[first : min(end, first + BATCH)]
            yield some[-1].recorded, some
        start = end


class Scribe:
    """Turns deeds into the commands that pages and the API would make."""

    def __init__(self, catalogue: Any, rng: Random) -> None:
        self.catalogue = catalogue
        self.rng = rng

    def command(self, deed: Deed, on: date, now: datetime, evidence: tuple[str, ...] = ()) -> LogActivity:
        return read_command(
            self.catalogue,
            deed.person.member_id,
            id=new_id(self.rng),
            behaviour=deed.habit.code,
            quantity=decimal_of(deed.amount),
            occurred_at=at(on, deed.occurred),
            inputs=deed.habit.inputs or {},
            evidence=evidence,
            now=now,
        )


def at(on: date, minute: float) -> datetime:
    """An instant of a local day, to the second."""
    return start_of(on) + timedelta(seconds=int(minute * 60))


def new_id(rng: Random) -> str:
    """A version 4 UUID made of the world's own chance."""
    h = f"{rng.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"


__all__ = ["SHOWN", "Deed", "Scribe", "at", "batches", "cuts", "deeds_of", "new_id"]
