"""The town plan of the demo park: its units, who works and lives where, and who lives together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, islice
from random import Random

from webapp.demo import names, people
from webapp.demo.habits import Menu
from webapp.demo.names import Trade
from webapp.demo.people import Person
from webapp.green_units import service as green_units
from webapp.green_units.forms import UnitNames
from webapp.store import Tx

FEWEST = 20  # people of the company that hr-demo administers, if there are so many
LARGE = 350  # people of the largest employer, in a town that has four times as many at work
WORKING = 0.72  # share of people with a workplace in the park
HOUSED = 0.62  # share of people who joined their community
FAMILIES = 0.08  # families to a member
MOST_FAMILIES = 600


@dataclass(slots=True)
class Unit:
    """A unit of the plan and, once built, its number."""

    kind: str
    name: str
    short: str
    trade: Trade | None = None
    id: int = 0
    departments: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Town:
    """Units, people and families; `people[i]` is m(i+1)."""

    units: list[Unit]
    people: list[Person]
    families: list[tuple[str, list[Person]]]


def plan(seed: int, menu: Menu, members: int, units: int, days: int) -> Town:
    """Draw up the town; nothing is written."""
    rng = Random(f"{seed}:town")
    drawn = _units(units)
    people_ = _people(rng, menu, drawn, members, days)
    return Town(drawn, people_, list(_families(rng, people_)))


def _units(number: int) -> list[Unit]:
    companies = max(1, round(number * 0.3)) if number else 0
    bodies = min(number - companies, round(number * 0.25))
    found = [Unit("enterprise", n, s, t) for n, s, t in islice(names.companies(), companies)]
    found += [Unit("public_body", n, n, t) for n, t in islice(names.public_bodies(), bodies)]
    found += [Unit("community", n, n) for n in islice(names.communities(), number - companies - bodies)]
    return found


def _people(rng: Random, menu: Menu, units: Sequence[Unit], members: int, days: int) -> list[Person]:
    work = [i for i, unit in enumerate(units) if unit.trade]
    homes = [i for i, unit in enumerate(units) if unit.kind == "community"]
    sizes = list(accumulate(_employers(len(work), int(members * WORKING))))
    first = max(FEWEST, int(members * WORKING * sizes[0] / sizes[-1])) if work else 0
    found = []
    for number in range(1, members + 1):
        unit = -1
        if work and (number <= first or rng.random() < WORKING):
            unit = work[0] if number <= first and number <= FEWEST else rng.choices(work, cum_weights=sizes)[0]
        person = people.make(rng, menu, number, units[unit].trade if unit >= 0 else None, days)
        person.unit = unit
        if unit >= 0:
            person.department = rng.randrange(len(units[unit].trade.departments))  # type: ignore[union-attr]
        if homes and (number == people.SHOWN or rng.random() < HOUSED):
            person.community = homes[int(len(homes) * rng.random() ** 1.4)]
        found.append(person)
    return found


def _employers(number: int, workers: int) -> list[float]:
    """How people are dealt over employers: a few big ones and many small ones, in a large town one very big one."""
    shares = [1 / (rank + 1.5) ** 0.75 for rank in range(number)]
    if number > 1 and workers >= 4 * LARGE:
        shares[0] = max(shares[0], sum(shares[1:]) * LARGE / (workers - LARGE))
    return shares


def _families(rng: Random, everybody: Sequence[Person]) -> Iterator[tuple[str, list[Person]]]:
    """Neighbours who live together; the first family is that of m000001."""
    by_home: dict[int, list[Person]] = {}
    for person in everybody:
        by_home.setdefault(person.community, []).append(person)
    homes = [group for home, group in sorted(by_home.items()) if home >= 0]
    left = min(int(len(everybody) * FAMILIES), MOST_FAMILIES)
    at = dict.fromkeys(range(len(homes)), 0)
    order = list(range(len(homes)))
    shown = everybody[0].community if everybody else -1
    order.sort(key=lambda i: homes[i][0].community != shown)
    while left > 0 and order:
        for i in list(order):
            size = rng.choice((2, 2, 3, 3, 3, 4, 5))
            together = homes[i][at[i] : at[i] + size]
            at[i] += size * 2  # some neighbours live alone
            if len(together) < 2:
                order.remove(i)
                continue
            yield names.family(rng), together
            left -= 1
            if left == 0:
                return


def build_units(tx: Tx, actor_id: int, units: Sequence[Unit], now: datetime) -> None:
    """Found every unit and its departments as staff would."""
    for unit in units:
        unit.id = green_units.create_unit(tx, actor_id, unit.kind, UnitNames(unit.name, unit.short), now)
        for department in unit.trade.departments if unit.trade else ():
            made = green_units.create_department(tx, actor_id, unit.id, department, now, staff=True)
            unit.departments.append(made)
