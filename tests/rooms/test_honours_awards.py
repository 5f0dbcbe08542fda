"""Honours on notice and after: objections, awards given once, revocation with its history, rewards, people who leave, races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from points_engine.errors import EngineError
from points_engine.honours import Criterion
from tests.people import make_member
from tests.rooms.honouring import (
    WORDS,
    YEAR,
    Staff,
    award,
    count,
    do,
    faults,
    make_company,
    make_round,
    make_staff,
    nominate,
    on_notice,
    refused,
    state_of,
    states,
)
from webapp.honours import figures, judging, queries, service
from webapp.honours.forms import Nomination, Objection
from webapp.honours.rounds import matches
from webapp.honours.rows import asked_of, find
from webapp.honours.tables import (
    honour_award,
    honour_candidate,
    honour_evaluation,
    honour_objection,
    honour_record,
    honour_round,
)
from webapp.inbox.tables import notice
from webapp.ledger import funds
from webapp.ledger import queries as ledger
from webapp.members import service as members

DOUBT = Objection("公示数据与实际不符", "三月停产")


@pytest.fixture
def staff(house: Any) -> Staff:
    return make_staff(house)


# --- objections ------------------------------------------------------------------------------------------


def test_a_notice_waits_for_its_last_objection(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    doubter, now = make_member(house, "doubter"), house.clock.now()
    refused("notice_over", lambda: do(house, service.object_to, doubter.id, candidate, DOUBT, now))
    until = on_notice(house, staff, made, [candidate])
    now = house.clock.now()
    number = do(house, service.object_to, doubter.id, candidate, DOUBT, now)
    refused("objection_open", lambda: do(house, service.object_to, doubter.id, candidate, DOUBT, now))
    assert service.move_by_clock(house.store, until) == 0 and state_of(house, made) == "notice"
    refused("already_resolved", lambda: do(house, service.ask_award, staff.editor.id, made, until))
    refused("notice_over", lambda: do(house, service.object_to, crowd[1].id, candidate, DOUBT, until))

    def decide(who: int, word: str) -> Any:
        return do(house, service.decide_objection, who, candidate, doubter.id, number, word, "已核实", until)

    refused("not_your_own", lambda: decide(staff.editor.id, "dismissed"))
    decide(staff.reviewer.id, "dismissed")
    refused("already_resolved", lambda: decide(staff.reviewer.id, "upheld"))
    assert service.move_by_clock(house.store, until) == 1 and state_of(house, made) == "settled"
    with house.store.read() as tx:
        told = {(r.member_id, r.body_zh) for r in tx.rows(select(notice).where(notice.c.kind == "honour"))}
    assert {(doubter.id, "已核实"), (crowd[0].id, "已核实")} <= told
    assert not any("doubter" in r.lower() for _, r in told)


def test_an_upheld_objection_takes_the_candidate_off_and_answers_the_others(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    until = on_notice(house, staff, made, [candidate])
    now = house.clock.now()
    doubters = [make_member(house, f"doubter{n}") for n in range(2)]
    for each in doubters:
        do(house, service.object_to, each.id, candidate, DOUBT, now)
    do(house, service.decide_objection, staff.reviewer.id, candidate, doubters[0].id, 1, "upheld", "属实", now)
    assert states(house, made) == {candidate: "removed"}
    assert count(house, honour_objection, honour_objection.c.state == "upheld") == 2
    service.move_by_clock(house.store, until)
    refused("no_candidates", lambda: do(house, service.ask_award, staff.editor.id, made, until))


def test_a_round_that_is_given_up_leaves_no_objection_waiting(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    on_notice(house, staff, made, [candidate])
    doubter, now = make_member(house, "doubter"), house.clock.now()
    do(house, service.object_to, doubter.id, candidate, DOUBT, now)
    do(house, service.cancel, staff.editor.id, made, "重新评选", now)
    with house.store.read() as tx:
        assert queries.waiting(tx).objections == 0
        assert [row.answer for row, _ in queries.my_objections(tx, doubter.id)] == ["重新评选"]
    assert count(house, notice, notice.c.member_id == doubter.id, notice.c.kind == "honour") == 1


# --- awards ----------------------------------------------------------------------------------------------


def test_an_award_is_given_once_by_a_second_person(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    until = on_notice(house, staff, made, [candidate])
    house.clock.set(until)
    service.move_by_clock(house.store, until)
    do(house, service.ask_award, staff.editor.id, made, until)
    refused("not_your_own", lambda: do(house, service.approve_award, staff.editor.id, made, until))
    do(house, service.decline_award, staff.boss.id, made, "再看看", until)
    do(house, service.ask_award, staff.editor.id, made, until)
    assert do(house, service.approve_award, staff.boss.id, made, until) == 1
    refused("already_resolved", lambda: do(house, service.approve_award, staff.boss.id, made, until))
    assert faults(house) == []
    with house.store.read() as tx:
        (given,) = queries.awards_of(tx, YEAR)
        code = queries.award_and_code(tx, candidate).code
        proof = queries.proof(tx, code)
        assert [b.zh for b in queries.beside_name(tx, "unit", unit)] == ["绿色企业"]
    assert (given.name, given.number, given.revoked_at) == ("good", f"GE-{YEAR}-0001", None)
    assert proof is not None and proof.award == given and len(code) == 20


def test_a_revocation_takes_two_and_keeps_the_history(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    now = on_notice(house, staff, made, [candidate])
    award(house, staff, made, now)
    refused("already_resolved", lambda: do(house, service.decide_revocation, staff.boss.id, candidate, True, now))
    do(house, service.ask_to_revoke, staff.editor.id, candidate, "查实虚报", now)
    refused("not_your_own", lambda: do(house, service.decide_revocation, staff.editor.id, candidate, True, now))
    do(house, service.decide_revocation, staff.boss.id, candidate, False, now)
    do(house, service.ask_to_revoke, staff.editor.id, candidate, "再次查实", now)
    do(house, service.decide_revocation, staff.boss.id, candidate, True, now)
    refused("already_resolved", lambda: do(house, service.ask_to_revoke, staff.editor.id, candidate, "x", now))
    with house.store.read() as tx:
        assert [row.what for row in queries.history(tx, candidate)] == [
            "awarded", "revoke_asked", "revoke_refused", "revoke_asked", "revoked",
        ]  # fmt: skip
        (given,) = queries.awards_of(tx, YEAR)
        assert queries.beside_name(tx, "unit", unit) == []
        asked = asked_of(find(tx, made))
        assert figures.of_units(tx, asked, [unit])[unit]["no_breach"].value == 0
    assert (given.reason, given.revoked_at) == ("再次查实", now) and faults(house) == []
    for change in (delete(honour_record), update(honour_record).values(reason="")):
        with pytest.raises(DBAPIError), house.store.write() as tx:
            tx.execute(change)


def test_rewards_come_once_from_the_fund_and_a_dry_fund_stops_no_honour(house: Any, staff: Staff) -> None:
    now = house.clock.now()
    _, crowd = make_company(house, "good", 5, 5)
    with house.store.write() as tx:
        fund = funds.open_fund(tx, staff.boss.id, "park", None, "荣誉奖励", now)
        funds.deposit(tx, fund, 150, "test", "k1", now)
    facts = {"criteria": (Criterion("grams", 1),), "fund_id": fund, "reward_points": 100}
    made = make_round(house, staff, "green_talent", **facts)
    said = replace(WORDS, shown="nickname")
    for person in crowd[:2]:
        do(house, service.nominate_self, person.id, made, said, now)
    until = on_notice(house, staff, made, sorted(states(house, made)))
    assert award(house, staff, made, until) == 2
    assert [service.pay_due(house.store, until) for _ in range(2)] == [2, 0]
    with house.store.write() as tx:
        funds.deposit(tx, fund, 50, "test", "k2", until)
    assert do(house, service.pay_again, staff.boss.id, made, until) == 1
    service.pay_due(house.store, until)
    with house.store.read() as tx:
        assert [ledger.wallet(tx, person.id).points for person in crowd[:2]] == [100, 100]
        assert funds.one(tx, fund).balance == 0
        assert service.audit_honours(tx, {f"honour:{made}": 200}) == []
        assert service.audit_honours(tx, {f"honour:{made}": 100}) != []


def test_the_audit_sees_what_was_done_behind_its_back(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    award(house, staff, made, on_notice(house, staff, made, [candidate]))
    assert faults(house) == []
    spoils = (
        update(honour_evaluation).values(record=honour_evaluation.c.record + " "),
        update(honour_candidate).values(evaluation=9),
        update(honour_candidate).values(state="accepted"),
        update(honour_round).values(awarded_by=honour_round.c.asked_by),
        update(honour_round).values(noticed_by=honour_round.c.proposed_by),
        update(honour_award).values(revoked_at=house.clock.now()),
        delete(honour_award),
    )
    for spoil in spoils:
        with pytest.raises(ZeroDivisionError), house.store.write() as tx:
            tx.execute(spoil)
            assert service.audit_honours(tx, {}), str(spoil)
            raise ZeroDivisionError
    assert faults(house) == []


# --- people ----------------------------------------------------------------------------------------------


def test_people_are_named_as_they_wish_and_leave_without_a_trace(house: Any, staff: Staff) -> None:
    _, crowd = make_company(house, "good", 5, 5)
    made, now = make_round(house, staff, "green_talent", criteria=(Criterion("grams", 1),)), house.clock.now()
    wishes = [Nomination("", "name", "王㐂"), Nomination("", "nickname"), Nomination("", "none")]
    for person, wish in zip(crowd, wishes, strict=False):
        do(house, service.nominate_self, person.id, made, wish, now)
    award(house, staff, made, on_notice(house, staff, made, sorted(states(house, made))))
    with house.store.read() as tx:
        assert [each.name for each in queries.awards_of(tx, YEAR)] == ["王㐂", "good1", ""]
        assert [b.zh for b in queries.beside_name(tx, "member", crowd[2].id)] == ["绿色达人"]
    with house.store.write() as tx:
        service.forget(tx, crowd[0].id, now)
    with house.store.read() as tx:
        assert [each.name for each in queries.awards_of(tx, YEAR)] == ["", "good1", ""]
    assert faults(house) == []


def test_who_hides_is_not_looked_through_and_may_come_forward(house: Any, staff: Staff) -> None:
    _, crowd = make_company(house, "good", 5, 5)
    with house.store.write() as tx:
        members.withdraw_consent(tx, crowd[0].id, "boards", house.clock.now())
    made = make_round(house, staff, "green_talent", criteria=(Criterion("grams", 1),))
    with house.store.read() as tx:
        found, _ = matches(tx, find(tx, made), house.clock.now())
    assert crowd[0].id not in found and crowd[1].id in found
    do(house, service.nominate_self, crowd[0].id, made, Nomination("", "none"), house.clock.now())
    with house.store.read() as tx:
        assert judging.judge(tx, find(tx, made), [crowd[0].id], house.clock.now())[crowd[0].id].eligible


# --- races -----------------------------------------------------------------------------------------------


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do `work` from so many threads that start together; refusals come back as their codes."""
    barrier = Barrier(count)

    def one(n: int) -> Any:
        barrier.wait(30)
        try:
            return work(n)
        except EngineError as error:
            return error.code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_fifty_at_once_nominate_object_and_approve_exactly_once(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    tried = at_once(50, lambda _: nominate(house, made, unit, crowd[0]))
    assert sorted(map(str, tried)).count("nominated_already") == 49 and count(house, honour_candidate) == 1
    (candidate,) = states(house, made)
    until = on_notice(house, staff, made, [candidate])
    doubters = [make_member(house, f"d{n}").id for n in range(10)]
    now = house.clock.now()
    raised = at_once(50, lambda n: do(house, service.object_to, doubters[n % 10], candidate, DOUBT, now))
    assert raised.count(1) == 10 and raised.count("objection_open") == 40
    assert count(house, honour_objection) == 10
    with house.store.read() as tx:
        waiting = [(row.member_id, row.number) for row, _ in queries.open_objections(tx)]
    word = "dismissed"
    decided = at_once(
        20,
        lambda n: do(
            house, service.decide_objection, staff.reviewer.id, candidate, *waiting[n % 10], word, "查无", now
        ),
    )  # fmt: skip
    assert decided.count(None) == 10 and decided.count("already_resolved") == 10
    at_once(4, lambda _: service.move_by_clock(house.store, until))
    do(house, service.ask_award, staff.editor.id, made, until)
    given = at_once(50, lambda _: do(house, service.approve_award, staff.boss.id, made, until))
    assert given.count(1) == 1 and given.count("already_resolved") == 49
    assert count(house, honour_award) == count(house, honour_record) == 1 and faults(house) == []


def test_an_objection_at_the_last_moment_is_in_or_out_never_lost(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    until = on_notice(house, staff, made, [candidate])
    doubters = [make_member(house, f"d{n}").id for n in range(6)]

    def either(n: int) -> Any:
        if n % 2:
            return service.move_by_clock(house.store, until)
        return do(house, service.object_to, doubters[n // 2], candidate, DOUBT, until - timedelta(seconds=1))

    at_once(12, either)
    if state_of(house, made) == "settled":
        assert count(house, honour_objection) == 0
    else:
        assert count(house, honour_objection, honour_objection.c.state == "open") > 0
    assert faults(house) == []
