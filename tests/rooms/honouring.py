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
from webapp.honours.forms import NewRound, Nomination, Objection, RoundFacts
from webapp.honours.rows import find
from webapp.honours.tables import honour_candidate, honour_round

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


FORM = {
    "honour": "green_enterprise", "year": "2026", "use_per_head": "1", "threshold_per_head": "1", "use_no_breach": "1",
    "first": "2026-06-16", "last": "2026-06-20", "notice_days": "5", "objections_to": "园区管委会 3 楼",
}  # fmt: skip


def steps_at_the_desk(house: Any, helper: Person) -> list[tuple[str, str, dict[str, str]]]:
    """Every POST of the desk's honours with arguments that work: rounds and candidates at the stage each needs."""
    staff, now = Staff(helper, helper, helper), house.clock.now()
    doubter = make_member(house, "doubter")
    where: dict[str, int] = {}
    for honour, kind in (("green_community", "community"), ("green_unit", "public_body"), ("green_family", "family")):
        unit, crowd = make_company(house, kind, 5, 5, kind)
        made = make_round(house, staff, honour, criteria=(Criterion("no_breach"),))
        said = replace(WORDS, shown="nickname")
        where[kind] = int(do(house, service.nominate_unit, crowd[0].id, made, unit, said, now))
        where[f"{kind}-round"] = made
    another, _ = make_company(house, "more", 5, 5, "public_body")
    service.screen(house.store, where["public_body-round"], now)
    with house.store.write() as tx:
        there = honour_candidate.c.id.in_([where["community"], where["family"]])
        tx.execute(honour_candidate.update().where(there).values(state="accepted"))
        _set_round(tx, where["community-round"], "notice", notice_until=now + timedelta(days=3))
        _set_round(tx, where["family-round"], "asked", asked_by=0)
    do(house, service.object_to, doubter.id, where["community"], Objection("请核实", ""), now)
    do(house, service.approve_award, helper.id, where["family-round"], now)
    again = _asked_again(house, helper, doubter, now)
    with house.store.read() as tx:
        mine = 1 + int(tx.scalar(select(func.max(honour_round.c.id))))
    at, one = "/console/honours", f"/console/honours/candidates/{where['family']}"
    answer = {"reason": "已核实"}
    return [
        ("console_honours.new", f"{at}/new", FORM),
        ("console_honours.edit", f"{at}/{mine}/edit", FORM | {"quota": "3"}),
        ("console_honours.step", f"{at}/{mine}/step", {"do": "announce"}),
        ("console_honours.step", f"{at}/{mine}/step", {"do": "screen"}),
        ("console_honours.stop", f"{at}/{mine}/stop", {"do": "cancel", "reason": "重来"}),
        ("console_honours.nominate", f"{at}/{where['public_body-round']}/nominate", {"unit_id": str(another)}),
        ("console_honours.decide", f"{at}/candidates/{where['public_body']}/decide", answer | {"do": "accept"}),
        (
            "console_honours.objection",
            f"{at}/candidates/{where['community']}/objections/1",
            answer | {"objector": str(doubter.id), "do": "dismissed"},
        ),
        ("console_honours.ask_to_revoke", f"{one}/revoke", answer),
        ("console_honours.revocation", *again),
    ]


def _asked_again(house: Any, helper: Person, person: Person, now: datetime) -> tuple[str, dict[str, str]]:
    """An honour whose revocation somebody else has asked for."""
    made = make_round(house, Staff(helper, helper, helper), "green_talent", criteria=(Criterion("no_breach"),))
    found = int(do(house, service.nominate_self, person.id, made, replace(WORDS, shown="none"), now))
    with house.store.write() as tx:
        tx.execute(honour_candidate.update().where(honour_candidate.c.id == found).values(state="accepted"))
        _set_round(tx, made, "asked", asked_by=0)
    do(house, service.approve_award, helper.id, made, now)
    do(house, service.ask_to_revoke, helper.id, found, "查实", now)
    return f"/console/honours/candidates/{found}/revocation", {"do": "revoke"}


def _set_round(tx: Any, round_id: int, state: str, **values: Any) -> None:
    tx.execute(honour_round.update().where(honour_round.c.id == round_id).values(state=state, **values))
