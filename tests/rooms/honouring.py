"""A park for the tests of honours: a company that meets its criteria, one that does not, staff, and a round at any stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from points_engine.clock import start_of
from points_engine.errors import EngineError
from points_engine.honours import Criterion, honours
from tests.people import Person, make_member
from tests.rooms.boardpark import act
from webapp.green_units import service as green_units
from webapp.green_units.forms import UnitNames
from webapp.honours import service
from webapp.honours.forms import NewRound, Nomination, RoundFacts
from webapp.honours.rows import find
from webapp.honours.tables import honour_candidate

YEAR = 2026
FIRST, LAST = date(2026, 6, 16), date(2026, 6, 20)
JOINED = start_of(date(2026, 1, 5))
WORDS = Nomination("我们全年坚持绿色出行。", "name")
CRITERIA = (Criterion("per_head", 1), Criterion("participation", 60), Criterion("no_breach"))
FACTS = RoundFacts(CRITERIA, None, start_of(FIRST), start_of(LAST + timedelta(days=1)), 5, "园区管委会 3 楼")


@dataclass
class Staff:
    """Who puts forward, who decides, who approves."""

    editor: Person
    reviewer: Person
    boss: Person


def make_staff(house: Any) -> Staff:
    return Staff(
        make_member(house, "editor", "editor"),
        make_member(house, "reviewer", "reviewer"),
        make_member(house, "boss", "administrator"),
    )


def make_company(
    house: Any, name: str, people: int, acting: int, kind: str = "enterprise", grams: int = 3000
) -> tuple[int, list[Person]]:
    """A unit of so many people since January, of whom so many saved something in each month since March."""
    crowd = [make_member(house, f"{name}{n}".lower(), nickname=f"{name}{n}") for n in range(people)]
    with house.store.write() as tx:
        if kind == "family":
            unit = green_units.create_family(tx, crowd[0].id, UnitNames(name, name[:12]), JOINED, on_boards=True)
        else:
            unit = green_units.create_unit(tx, 0, kind, UnitNames(name, name[:12]), JOINED)
        for person in crowd[1:] if kind == "family" else crowd:
            green_units.join_unit(tx, person.id, unit, JOINED)
        if kind != "family":
            green_units.set_admin(tx, 0, unit, crowd[0].id, True, JOINED, staff=True)
    for person in crowd[:acting]:
        for month in (3, 4, 5):
            act(house.store, person.id, grams, date(YEAR, month, 10))
    return int(unit), crowd


def make_round(house: Any, staff: Staff, honour: str = "green_enterprise", **changed: Any) -> int:
    """A round that takes nominations now."""
    facts = replace(FACTS, **changed)
    now = house.clock.now()
    made = do(house, service.create_round, staff.editor.id, NewRound(honours()[honour], YEAR), facts, now)
    do(house, service.announce, staff.editor.id, made, now)
    return int(made)


def do(house: Any, use_case: Any, *given: Any) -> Any:
    """A use case in a transaction of its own."""
    return house.store.retrying(lambda tx: use_case(tx, *given))


def nominate(house: Any, round_id: int, unit: int, admin: Person) -> int:
    return int(do(house, service.nominate_unit, admin.id, round_id, unit, WORDS, house.clock.now()))


def on_notice(house: Any, staff: Staff, round_id: int, candidates: Sequence[int]) -> datetime:
    """Accept these, let the window end, publish; the end of the notice."""
    for each in candidates:
        do(house, service.accept, staff.reviewer.id, each, "材料齐全", house.clock.now())
    house.clock.set(FACTS.closes_at)
    service.move_by_clock(house.store, house.clock.now())
    do(house, service.propose, staff.editor.id, round_id, house.clock.now())
    do(house, service.start_notice, staff.boss.id, round_id, house.clock.now())
    with house.store.read() as tx:
        until: datetime = find(tx, round_id).notice_until
    return until


def award(house: Any, staff: Staff, round_id: int, until: datetime) -> int:
    """Let the notice end and honour who is left."""
    house.clock.set(until)
    service.move_by_clock(house.store, until)
    do(house, service.ask_award, staff.editor.id, round_id, until)
    return int(do(house, service.approve_award, staff.boss.id, round_id, until))


def refused(code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(EngineError) as error:
        call()
    assert error.value.code == code


def states(house: Any, round_id: int) -> dict[int, str]:
    with house.store.read() as tx:
        rows = tx.rows(select(honour_candidate).where(honour_candidate.c.round_id == round_id))
    return {row.id: row.state for row in rows}


def state_of(house: Any, round_id: int) -> str:
    with house.store.read() as tx:
        return str(find(tx, round_id).state)


def count(house: Any, table: Any, *where: Any) -> int:
    with house.store.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(table).where(*where)))


def faults(house: Any) -> list[str]:
    with house.store.snapshot() as tx:
        return service.audit_honours(tx, {})
