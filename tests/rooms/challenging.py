"""A company with two departments for the tests of challenges: Bo administers it, everybody else may take part."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from points_engine.clock import start_of
from tests.people import Person, make_member, make_unit
from webapp.activities.commands import read_command
from webapp.activities.service import log_many
from webapp.challenges import service
from webapp.challenges.forms import ChallengeFacts, TaskFacts
from webapp.green_units import queries as units
from webapp.green_units import service as green_units
from webapp.ledger import funds

FIRST = date(2026, 6, 16)  # a Tuesday, the day on which the test world begins
FACTS = ChallengeFacts(
    title="绿色通勤", words="", display_name="漳山", colour="0f6cbd", starts_at=start_of(FIRST),
    ends_at=start_of(FIRST + timedelta(days=7)), audience="all", departments=(), behaviours=(), fund_id=None,
    tasks=(TaskFacts("person", "acts", 2, 10),),
)  # fmt: skip


@dataclass
class Company:
    """The unit, its departments, its people and its fund."""

    house: Any
    unit: int
    departments: list[int]
    boss: Person
    people: list[Person]
    fund: int

    def log(self, person: Person, when: datetime, behaviour: str = "bike", amount: int = 3) -> None:
        """An act that counts, reported a moment after it was done."""
        command = read_command(
            self.house.catalogue, person.id, id=str(uuid.uuid4()), behaviour=behaviour, quantity=Decimal(amount),
            occurred_at=when - timedelta(minutes=5), inputs={}, evidence=[], now=when,
        )  # fmt: skip
        with self.house.store.write() as tx:
            log_many(tx, [command], when)

    def challenge(self, **changes: Any) -> int:
        """Set up and published; the gate of the lint has tests of its own."""
        facts = replace(FACTS, fund_id=self.fund, **changes)
        now = start_of(FIRST) - timedelta(days=1)
        with self.house.store.write() as tx:
            made = service.create_challenge(tx, self.boss.id, self.unit, "week", facts, now)
        with self.house.store.write() as tx:
            service._move(tx, None, service.administered(tx, self.boss.id, self.unit, made), "draft", "scheduled", now)
        return made

    def join(self, challenge: int, *people: Person, now: datetime | None = None) -> None:
        for person in people:
            with self.house.store.write() as tx:
                service.join(tx, person.id, challenge, now or start_of(FIRST))


def make_company(house: Any, size: int = 12, paid_in: int = 10_000) -> Company:
    """`size` people, half in each department; the first is the administrator."""
    people = [make_member(house, f"worker-{uuid.uuid4().hex[:8]}", nickname=f"员工{n}") for n in range(size)]
    unit = make_unit(house, "enterprise", f"漳山发电{uuid.uuid4().hex[:4]}", people[0])
    now = house.clock.now() - timedelta(days=2)
    with house.store.write() as tx:
        parts = [green_units.create_department(tx, people[0].id, unit, name, now) for name in ("运行部", "检修部")]
        made = [int(p) if isinstance(p, int) else int(p.id) for p in parts]
        green_units.leave_unit(tx, people[0].id, unit, now)
    with house.store.write() as tx:
        for n, person in enumerate(people):
            green_units.join_unit(tx, person.id, unit, now, made[n % 2])
        green_units.set_admin(tx, 0, unit, people[0].id, True, now, staff=True)
        fund = funds.open_fund(tx, None, "unit", unit, "员工挑战", now)
        if paid_in:
            funds.deposit(tx, fund, paid_in, "deposit:1", "deposit:1", now)
    with house.store.read() as tx:
        assert [p.id for p in units.tree_of(tx, unit).children(unit)] == made
    return Company(house, unit, made, people[0], people, fund)
