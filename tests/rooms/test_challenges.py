"""Challenges: who counts, the life by the clock, settling once and exactly, dry funds, tenants, kudos, working days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from points_engine.clock import start_of
from points_engine.errors import EngineError
from tests.people import make_member
from tests.rooms.challenging import FACTS, FIRST, Company, make_company
from webapp import audit
from webapp.challenges import measure, service, settling, standing
from webapp.challenges import queries as challenges
from webapp.challenges.forms import TaskFacts
from webapp.challenges.jobs import move_challenges, refresh_challenges
from webapp.challenges.tables import challenge, challenge_award
from webapp.challenges.workdays import workdays
from webapp.green_units import service as green_units
from webapp.inbox import queries as inbox
from webapp.ledger import funds, queries
from webapp.ledger import service as ledger

ENDS = start_of(FIRST + timedelta(days=7))
SETTLES = ENDS + settling.SETTLE_AFTER


def at(day: int, hour: int = 9) -> datetime:
    """The n-th day of the challenge."""
    return start_of(FIRST + timedelta(days=day - 1)) + timedelta(hours=hour)


@pytest.fixture
def company(house: Any) -> Company:
    return make_company(house)


def row_of(house: Any, number: int) -> Any:
    with house.store.read() as tx:
        return tx.row(select(challenge).where(challenge.c.id == number))


def awards(house: Any, number: int) -> list[tuple[int, str, int]]:
    with house.store.read() as tx:
        rows = tx.rows(
            select(challenge_award).where(challenge_award.c.challenge_id == number).order_by(challenge_award.c.rank)
        )
    return [(r.member_id, r.status, r.points) for r in rows]


def points(house: Any, person: Any) -> int:
    with house.store.read() as tx:
        lines = queries.statement(tx, person.id, "points", None)
    return sum(line.amount for line in lines if line.code == "challenge_bonus")


def settle(house: Any, now: datetime = SETTLES) -> None:
    for moment in (start_of(FIRST), ENDS, now):
        move_challenges(house, moment)


# --- who counts ----------------------------------------------------------------------------------


def test_acts_count_from_joining_to_leaving_and_by_our_clock(house: Any, company: Company) -> None:
    late, leaver, early = company.people[1:4]
    number = company.challenge()
    move_challenges(house, start_of(FIRST))
    company.join(number, early, leaver)
    for person in (late, leaver, early):
        company.log(person, at(2))
    company.join(number, late, now=at(3))
    with house.store.write() as tx:
        service.leave(tx, leaver.id, number, at(3))
    for person in (late, leaver, early):
        company.log(person, at(3))
    company.log(early, ENDS + timedelta(minutes=1))  # done in time, told too late
    with house.store.read() as tx:
        found = measure.measure(tx, row_of(house, number), date(2026, 6, 30))
    by_member = {p.member: p for p in found.people}
    assert [by_member[p.id].sums.acts for p in (late, leaver, early)] == [1, 1, 2]
    assert [by_member[p.id].stays for p in (late, leaver, early)] == [True, False, True]


def test_somebody_who_moves_counts_where_they_were_on_the_day(house: Any, company: Company) -> None:
    mover, first, second = company.people[2], *company.departments
    number = company.challenge(tasks=(TaskFacts("team", "total", 1, 5),))
    company.join(number, *company.people)
    company.log(mover, at(2))
    with house.store.write() as tx:
        green_units.leave_unit(tx, mover.id, company.unit, at(3))
        green_units.join_unit(tx, mover.id, company.unit, at(3), second)
    company.log(mover, at(4))
    with house.store.read() as tx:
        found = measure.measure(tx, row_of(house, number), date(2026, 6, 30))
    assert found.teams[first].sums.acts == 1 and found.teams[second].sums.acts == 1
    assert next(p for p in found.people if p.member == mover.id).team == second
    assert (found.teams[first].person_days, found.teams[second].person_days) == (5 * 7 + 2, 6 * 7 + 5)
    assert found.everybody.people == 12 and found.everybody.person_days == 12 * 7


@pytest.mark.parametrize(
    ("audience", "who", "may"),
    [
        ("all", 1, True),
        ("departments", 0, True),
        ("departments", 1, False),
        ("invited", 1, False),
        ("invited", 2, True),
    ],
)
def test_who_is_meant(house: Any, company: Company, audience: str, who: int, may: bool) -> None:
    chosen = (company.departments[0],) if audience == "departments" else ()
    number = company.challenge(audience=audience, departments=chosen)
    with house.store.write() as tx:
        service.invite(tx, company.boss.id, company.unit, number, [company.people[2].id], [], start_of(FIRST))
    with house.store.write() as tx:
        if may:
            assert service.join(tx, company.people[who].id, number, start_of(FIRST))
            assert not service.join(tx, company.people[who].id, number, start_of(FIRST))
        else:
            with pytest.raises(EngineError, match="not_eligible"):
                service.join(tx, company.people[who].id, number, start_of(FIRST))


def test_another_companys_people_and_administrator_see_nothing(house: Any, company: Company) -> None:
    number, other, stranger = company.challenge(), make_company(house), make_member(house, "stranger")
    for person in (*other.people[:2], stranger):
        with house.store.write() as tx, pytest.raises(EngineError, match="unknown_challenge"):
            service.join(tx, person.id, number, start_of(FIRST))
    calls: list[Any] = [
        lambda tx: service.publish(tx, other.boss.id, company.unit, number, start_of(FIRST)),
        lambda tx: service.publish(tx, other.boss.id, other.unit, number, start_of(FIRST)),
        lambda tx: service.change_challenge(tx, other.boss.id, other.unit, number, FACTS, start_of(FIRST)),
        lambda tx: service.close_now(tx, other.boss.id, other.unit, number, start_of(FIRST)),
        lambda tx: service.delete_draft(tx, other.boss.id, other.unit, number, start_of(FIRST)),
        lambda tx: service.invite(tx, other.boss.id, other.unit, number, [1], [], start_of(FIRST)),
        lambda tx: service.pay_again(tx, other.boss.id, other.unit, number, start_of(FIRST)),
    ]
    for call in calls:
        with house.store.write() as tx, pytest.raises(EngineError) as refused:
            call(tx)
        assert refused.value.kind == "not_found"


# --- by the clock --------------------------------------------------------------------------------


def test_it_opens_and_closes_at_the_minute_and_settles_later(house: Any, company: Company) -> None:
    number, seen = company.challenge(), []
    minute = timedelta(minutes=1)
    for moment in (
        start_of(FIRST) - minute, start_of(FIRST), ENDS - minute, ENDS, SETTLES - minute, SETTLES,
        ENDS + settling.ARCHIVE_AFTER - minute, ENDS + settling.ARCHIVE_AFTER,
    ):  # fmt: skip
        move_challenges(house, moment)
        move_challenges(house, moment)
        seen.append(row_of(house, number).status)
    assert seen == ["scheduled", "open", "open", "closed", "closed", "settled", "settled", "archived"]


def test_rewards_are_paid_once_and_exactly(house: Any, company: Company) -> None:
    number = company.challenge(tasks=(TaskFacts("person", "acts", 2, 10), TaskFacts("all", "total", 100, 3)))
    winner, one_act, leaver = company.people[1:4]
    company.join(number, winner, one_act, leaver)
    for person in (winner, leaver):
        company.log(person, at(1))
        company.log(person, at(2))
    company.log(one_act, at(2))
    move_challenges(house, start_of(FIRST))
    with house.store.write() as tx:
        service.leave(tx, leaver.id, number, at(6))
    settle(house)
    settle(house, SETTLES + timedelta(hours=1))
    assert awards(house, number) == [(winner.id, "paid", 10), (winner.id, "paid", 3), (one_act.id, "paid", 3)]
    assert [points(house, p) for p in (winner, one_act, leaver)] == [13, 3, 0]
    with house.store.read() as tx:
        assert funds.one(tx, company.fund).balance == 10_000 - 16
        assert [line.amount for line in funds.lines(tx, company.fund)] == [-16, 10_000]
    assert audit.run(house.store).faults == []


def test_a_dry_fund_stops_rewards_with_a_notice_and_touches_nothing_else(house: Any) -> None:
    company = make_company(house, paid_in=15)
    number = company.challenge(tasks=(TaskFacts("person", "acts", 1, 10),))
    first, second = company.people[1:3]
    company.join(number, first, second)
    for person in (first, second):
        company.log(person, at(1))
    with house.store.read() as tx:
        before = queries.wallet(tx, second.id)
    settle(house)
    assert awards(house, number) == [(first.id, "paid", 10), (second.id, "dry", 10)]
    with house.store.read() as tx:
        assert queries.wallet(tx, second.id).points == before.points > 0
        told = {p.id: [n.title_zh for n in inbox.notices(tx, p.id)] for p in (company.boss, second)}
    assert all(any("资金不足" in title for title in titles) for titles in told.values())
    assert row_of(house, number).dry_at is not None
    with house.store.write() as tx:
        funds.deposit(tx, company.fund, 100, "deposit:2", "deposit:2", SETTLES)
        assert service.pay_again(tx, company.boss.id, company.unit, number, SETTLES) == 1
    move_challenges(house, SETTLES + timedelta(minutes=1))
    assert [points(house, p) for p in (first, second)] == [10, 10]
    assert audit.run(house.store).faults == []


def test_a_frozen_winner_waits(house: Any, company: Company) -> None:
    number = company.challenge(tasks=(TaskFacts("person", "acts", 1, 10),))
    frozen, other = company.people[1:3]
    company.join(number, frozen, other)
    for person in (frozen, other):
        company.log(person, at(1))
    with house.store.write() as tx:
        ledger.set_frozen(tx, frozen.id, True, at(2))
    settle(house)
    assert awards(house, number) == [(frozen.id, "frozen", 10), (other.id, "paid", 10)]


def test_the_audit_sees_a_reward_that_was_not_paid(house: Any, company: Company) -> None:
    number = company.challenge(tasks=(TaskFacts("person", "acts", 1, 10),))
    company.join(number, company.people[1])
    company.log(company.people[1], at(1))
    settle(house)
    with house.store.write() as tx:
        tx.execute(challenge_award.update().values(points=11))
    assert audit.run(house.store).faults == [f"challenge:{number}: rewards of 11 written down, 10 paid"]


def test_final_figures_stay_when_an_act_is_undone_later(house: Any, company: Company) -> None:
    number = company.challenge()
    company.join(number, *company.people)
    for person in company.people:
        company.log(person, at(1))
    settle(house)
    before = row_of(house, number).standing
    assert before["all"]["active"] == 12 and before["all"]["grams"] > 0
    refresh_challenges(house, SETTLES + timedelta(days=1))
    assert row_of(house, number).standing == before


def test_who_leaves_the_unit_after_the_last_day_is_rewarded_and_who_leaves_the_platform_is_not_owed(house: Any) -> None:
    company = make_company(house, paid_in=5)
    number = company.challenge(tasks=(TaskFacts("person", "acts", 1, 10),))
    before, after, gone, waiting = company.people[1:5]
    company.join(number, before, after, gone, waiting)
    for person in (before, after, gone, waiting):
        company.log(person, at(1))
    move_challenges(house, start_of(FIRST))
    with house.store.write() as tx:
        green_units.leave_unit(tx, before.id, company.unit, at(6))
    with house.store.read() as tx:
        assert challenges.joined_count(tx, number) == 3 == challenges.of_unit(tx, company.unit)[0].people
    move_challenges(house, ENDS)
    with house.store.write() as tx:
        green_units.leave_unit(tx, after.id, company.unit, ENDS + timedelta(days=1))
        service.forget(tx, gone.id, ENDS + timedelta(days=1))
    settle(house)
    assert awards(house, number) == [(after.id, "dry", 10), (waiting.id, "dry", 10)]
    with house.store.write() as tx:
        service.forget(tx, waiting.id, SETTLES)
        funds.deposit(tx, company.fund, 100, "deposit:2", "deposit:2", SETTLES)
        assert service.pay_again(tx, company.boss.id, company.unit, number, SETTLES) == 1
    move_challenges(house, SETTLES + timedelta(minutes=1))
    assert [points(house, p) for p in (after, waiting)] == [10, 0]
    assert audit.run(house.store).faults == []


def test_one_that_cannot_be_settled_holds_up_no_other(house: Any, company: Company, monkeypatch: Any) -> None:
    broken, fine = company.challenge(), company.challenge()
    company.join(fine, company.people[1])
    for day in (1, 2):
        company.log(company.people[1], at(day))
    real = settling.decide

    def decide(tx: Any, number: int, now: datetime) -> bool:
        if number == broken:
            raise RuntimeError("no figures")
        return real(tx, number, now)

    monkeypatch.setattr(settling, "decide", decide)
    with pytest.raises(RuntimeError):
        settle(house)
    assert [row_of(house, number).status for number in (broken, fine)] == ["closed", "settled"]
    assert points(house, company.people[1]) == 10


def test_a_board_worked_out_late_does_not_touch_what_was_settled(house: Any, company: Company) -> None:
    number = company.challenge()
    company.join(number, *company.people)
    company.log(company.people[1], at(1))
    stale = row_of(house, number)
    settle(house)
    final = row_of(house, number)
    company.log(company.people[2], at(2))
    with house.store.write() as tx:
        standing.refresh(tx, stale, SETTLES + timedelta(minutes=1))
    assert (row_of(house, number).standing, row_of(house, number).standing_at) == (final.standing, final.standing_at)


def test_a_change_that_comes_with_the_publishing_is_refused(house: Any, company: Company, monkeypatch: Any) -> None:
    now = start_of(FIRST) - timedelta(days=1)
    with house.store.write() as tx:
        number = service.create_challenge(tx, company.boss.id, company.unit, "week", FACTS, now)
    real = service.administered

    def published_meanwhile(tx: Any, *names: int) -> Any:
        row = real(tx, *names)  # read while it was a draft
        tx.execute(challenge.update().values(status="scheduled"))
        return row

    monkeypatch.setattr(service, "administered", published_meanwhile)
    with house.store.write() as tx, pytest.raises(EngineError, match="already_resolved"):
        service.change_challenge(tx, company.boss.id, company.unit, number, replace(FACTS, title="别的"), now)
    with house.store.write() as tx, pytest.raises(EngineError, match="already_resolved"):
        service.delete_draft(tx, company.boss.id, company.unit, number, now)
    assert row_of(house, number).title == FACTS.title


# --- boards, kudos -------------------------------------------------------------------------------


def test_a_team_of_few_is_hidden_and_joined_with_others(house: Any, company: Company) -> None:
    number = company.challenge(tasks=(TaskFacts("team", "place", 1, 5),))
    ones, others = company.people[0::2], company.people[1::2]
    company.join(number, *ones, *others[:2])
    for person in (*ones, *others[:2]):
        company.log(person, at(1))
    move_challenges(house, start_of(FIRST))
    assert refresh_challenges(house, at(2)) == 1 and refresh_challenges(house, at(2)) == 0
    lines = standing.team_lines(row_of(house, number).standing, "联队")
    assert [(line.id, line.people, line.place) for line in lines] == [(company.departments[0], 6, 1)]


def test_figures_of_fewer_than_five_who_acted_are_hidden(house: Any, company: Company) -> None:
    number = company.challenge()
    company.join(number, *company.people)
    for person in company.people[:4]:
        company.log(person, at(1))
    move_challenges(house, start_of(FIRST))
    refresh_challenges(house, at(2))
    figures = row_of(house, number).standing
    assert standing.hidden_all(figures)
    assert {line.grams for line in standing.team_lines(figures, "联队")} == {None}


def test_moving_people_about_shows_nothing_of_one(house: Any, company: Company) -> None:
    """An administrator moves four who did something elsewhere to the one person who acted in a department."""
    number = company.challenge()
    second = company.departments[1]
    company.join(number, *company.people)
    lonely, movers = company.people[1], company.people[0:8:2]
    for person in (lonely, *company.people[0::2]):
        company.log(person, at(2))
    with house.store.write() as tx:
        for person in movers:
            green_units.move_member(tx, company.boss.id, company.unit, person.id, second, at(4))
    with house.store.read() as tx:
        row = row_of(house, number)
        figures = standing.figures_of(tx, row, measure.measure(tx, row, date(2026, 6, 30)), [])
    lines = {line.id: line for line in standing.team_lines(figures, "联队")}
    assert (lines[second].grams, lines[second].per_head) == (None, None)
    assert next(t for t in figures["teams"] if t["id"] == second)["active"] == 5


def test_kudos_are_ready_words_once_a_team_and_day_and_few(house: Any, company: Company) -> None:
    number = company.challenge()
    company.join(number, *company.people)
    for person in company.people:
        company.log(person, at(1))
    move_challenges(house, start_of(FIRST))
    refresh_challenges(house, at(1))
    who, team = company.people[3].id, company.departments[0]

    def say(word: str = "well_done", team: int = team, member: int = who) -> bool:
        with house.store.write() as tx:
            return service.give_kudos(tx, member, number, team, word, at(2))

    assert say() and not say()
    with pytest.raises(EngineError):
        say("something rude", company.departments[1])
    with pytest.raises(EngineError):
        say(team=999)
    with pytest.raises(EngineError, match="unknown_challenge"):
        say(member=make_member(house, "stranger").id)


# --- the gate, and working days ------------------------------------------------------------------


def test_a_grave_finding_keeps_a_draft_back(house: Any, company: Company) -> None:
    facts = replace(FACTS, fund_id=company.fund, tasks=(TaskFacts("person", "days", 8, 10),))
    with house.store.write() as tx:
        number = service.create_challenge(tx, company.boss.id, company.unit, "week", facts, at(1))
    with house.store.write() as tx, pytest.raises(EngineError) as refused:
        service.publish(tx, company.boss.id, company.unit, number, at(1))
    assert refused.value.facts["codes"] == ["more_than_days"]
    sound = replace(facts, tasks=(TaskFacts("person", "days", 5, 10),))
    with house.store.write() as tx:
        service.change_challenge(tx, company.boss.id, company.unit, number, sound, at(1))
        service.publish(tx, company.boss.id, company.unit, number, at(1))
    assert row_of(house, number).status == "scheduled"
    with house.store.write() as tx, pytest.raises(EngineError, match="already_resolved"):
        service.change_challenge(tx, company.boss.id, company.unit, number, facts, at(1))


def test_staff_say_where_the_calendar_ends(house: Any) -> None:
    day = date(2027, 1, 1)
    with house.store.write() as tx:
        service.set_workday(tx, 1, day, False, "元旦", at(1))
    with house.store.read() as tx:
        assert not workdays(tx, day, day).is_workday(day)
    with house.store.write() as tx:
        service.set_workday(tx, 1, day, None, "", at(1))
    with house.store.read() as tx:
        assert workdays(tx, day, day).is_workday(day)
