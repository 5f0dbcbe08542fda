"""Honours before the notice: figures, who meets the criteria, rounds by the clock, nominations, four eyes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from points_engine.clock import local_day, start_of
from points_engine.errors import Invalid
from points_engine.honours import NO_DATA, Criterion, honours
from tests.counting import count_statements
from tests.rooms.boardpark import act
from tests.rooms.honouring import (
    FACTS,
    YEAR,
    Staff,
    count,
    do,
    make_company,
    make_round,
    make_staff,
    nominate,
    on_notice,
    refused,
    state_of,
    states,
)
from webapp.honours import figures, queries, service
from webapp.honours.forms import NewRound, Objection
from webapp.honours.rounds import matches, notice_end
from webapp.honours.rows import find
from webapp.honours.tables import (
    honour_candidate,
    honour_evaluation,
)
from webapp.inbox.tables import notice
from webapp.journal.tables import staff_action
from webapp.rankings.published_tables import board_closing, board_hold, published_board, published_row
from webapp.review.tables import reputation

DOUBT = Objection("公示数据与实际不符", "三月停产")


@pytest.fixture
def staff(house: Any) -> Staff:
    return make_staff(house)


# --- figures ---------------------------------------------------------------------------------------------


def test_figures_are_what_the_ledger_says(house: Any, staff: Staff) -> None:
    good, crowd = make_company(house, "good", 6, 5)
    few, _ = make_company(house, "few", 4, 4)
    quiet, _ = make_company(house, "quiet", 8, 3)
    idle, _ = make_company(house, "idle", 6, 0)
    act(house.store, crowd[0].id, 500, date(2025, 12, 31))  # before the year and before joining
    codes = ("grams", "per_head", "participation", "months_active", "people", "improvement")
    asked = figures.Asked("enterprise", YEAR, tuple(Criterion(code, 1) for code in codes))
    with house.store.read() as tx:
        found = figures.of_units(tx, asked)
        assert figures.of_units(tx, asked, [good, few, quiet, idle]) == found
    values = {code: figure.value for code, figure in found[good].items()}
    assert values == {
        "grams": 45_000, "per_head": 7_500, "participation": 83_333, "months_active": 3, "people": 6,
        "improvement": None,
    }  # fmt: skip
    assert found[good]["improvement"].why == "no_baseline"
    assert {f.why for f in found[few].values()} == {"few"}
    assert found[quiet]["people"].value == 8 and {found[quiet][c].why for c in codes if c != "people"} == {"few"}
    assert found[idle]["grams"].value == 0 and found[idle]["participation"].value == 0


def test_figures_of_people_and_families(house: Any, staff: Staff) -> None:
    family, crowd = make_company(house, "home", 2, 1, "family")
    act(house.store, crowd[0].id, 4500, date(2025, 6, 1))
    with house.store.read() as tx:
        asked = figures.Asked("family", YEAR, (Criterion("per_head", 1), Criterion("months_active", 1)))
        found = figures.of_units(tx, asked)[family]
        assert (found["grams"].value, found["per_head"].value, found["months_active"].value) == (9000, 6000, 3)
        asked = figures.Asked("member", YEAR, (Criterion("grams", 9), Criterion("improvement", 100)))
        everybody = figures.of_members(tx, asked)
        assert set(everybody) == {crowd[0].id} and everybody[crowd[0].id]["improvement"].value == 200_000
        assert figures.of_members(tx, asked, [crowd[1].id])[crowd[1].id]["grams"].value == 0


def test_units_below_five_cannot_be_judged_on_figures_of_people(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "tiny", 4, 4)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    refused("criteria_not_met", lambda: do(house, service.accept, staff.reviewer.id, candidate, "", house.clock.now()))
    with house.store.read() as tx:
        judged = queries.standing(tx, find(tx, made), unit, house.clock.now())
    assert [(f.state, f.why) for f in judged.findings[:2]] == [(NO_DATA, "few")] * 2


def test_a_breach_and_a_place(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "held", 5, 5)
    now = house.clock.now()
    with house.store.write() as tx:
        values = {"period": "2026", "subject": "unit", "subject_id": unit, "reason": "x", "held_by": 1, "held_at": now}
        tx.execute(insert(board_hold).values(**values))
        tx.execute(
            insert(reputation).values(member_id=crowd[1].id, state="tightened", outcomes="", changed_at=now)
        )  # fmt: skip
        tx.execute(
            insert(board_closing).values(
                period="2026", version=1, state="frozen", note_zh="", note_en="", opened_at=now, hands=[]
            )
        )
        own = {"board": "members", "period": "2026", "version": 1}
        tx.execute(
            insert(published_board).values(
                **own, as_of=now, entries=1, checksum="", salt="", method_zh="", method_en="", head=""
            )
        )
        tx.execute(
            insert(published_row).values(
                **own, position=1, place=1, member_id=crowd[0].id, value_milli=1, plain_milli=1, members=1, weight=10,
                size_class="",
            )
        )  # fmt: skip
    breach, place = Criterion("no_breach"), Criterion("place", 10, "members")
    both = figures.Asked("member", YEAR, (breach, place))
    with house.store.read() as tx:
        assert figures.of_units(tx, figures.Asked("enterprise", YEAR, (breach,)))[unit]["no_breach"].value == 0
        before = figures.of_members(tx, both, [crowd[0].id])[crowd[0].id]
    assert (before["place"].value, before["place"].why) == (None, "no_board")
    with house.store.write() as tx:
        tx.execute(update(board_closing).values(state="published"))
    with house.store.read() as tx:
        found = figures.of_members(tx, both, [crowd[0].id, crowd[1].id])
    assert [found[c.id]["no_breach"].value for c in crowd[:2]] == [1, 0]
    assert found[crowd[0].id]["place"].value == 1 and found[crowd[1].id]["place"].why == "not_on_board"
    assert found[crowd[0].id]["place"].source == "board:members:2026:1"


def test_everybody_is_looked_through_in_the_same_number_of_statements(house: Any, staff: Staff) -> None:
    make_company(house, "one", 5, 5)
    made = make_round(house, staff, criteria=honours()["green_community"].criteria)

    def looked() -> tuple[int, int]:
        with house.store.read() as tx, count_statements(house.store) as seen:
            found, _ = matches(tx, find(tx, made), house.clock.now())
        return len(found), seen.count

    few = looked()
    for n in range(5):
        make_company(house, f"more{n}", 5, 5)
    assert looked()[1] == few[1]
    service.screen(house.store, made, house.clock.now())
    service.screen(house.store, made, house.clock.now())
    with house.store.read() as tx:
        assert queries.match_count(tx, made) == looked()[0]


# --- a round from its draft to the notice ----------------------------------------------------------------


def test_one_round_a_year_and_only_drafts_change(house: Any, staff: Staff) -> None:
    now = house.clock.now()
    made = make_round(house, staff)
    new = NewRound(honours()["green_enterprise"], YEAR)
    with pytest.raises(Invalid) as error:
        do(house, service.create_round, staff.editor.id, new, FACTS, now)
    assert error.value.fields == {"year": "taken"}
    refused("already_resolved", lambda: do(house, service.change_round, staff.editor.id, made, FACTS, now))
    do(house, service.cancel, staff.editor.id, made, "重来", now)
    again = do(house, service.create_round, staff.editor.id, new, FACTS, now)
    do(house, service.change_round, staff.editor.id, again, replace(FACTS, quota=3), now)
    with pytest.raises(Invalid) as error:
        wrong = replace(FACTS, criteria=(Criterion("pledge", 0, "nowhere"),))
        do(house, service.change_round, staff.editor.id, again, wrong, now)
    assert error.value.fields == {"param_pledge": "not_a_choice"}


def test_the_clock_opens_and_closes_nominations_whatever_runs_twice(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff, opens_at=start_of(date(2026, 6, 17)))
    refused("nominations_closed", lambda: nominate(house, made, unit, crowd[0]))
    house.clock.set(start_of(date(2026, 6, 17)))
    assert [service.move_by_clock(house.store, house.clock.now()) for _ in range(2)] == [1, 0]
    nominate(house, made, unit, crowd[0])
    house.clock.set(FACTS.closes_at)
    other, them = make_company(house, "late", 5, 5)
    refused("nominations_closed", lambda: nominate(house, made, other, them[0]))
    with ThreadPoolExecutor(4) as pool:
        moved = list(pool.map(lambda _: service.move_by_clock(house.store, FACTS.closes_at), range(4)))
    assert sum(moved) == 1 and state_of(house, made) == "reviewing"
    assert count(house, staff_action, staff_action.c.action == "honour.reviewing") == 1


def test_nobody_puts_forward_a_unit_of_others(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    other, them = make_company(house, "other", 5, 5)
    family, home = make_company(house, "home", 2, 2, "family")
    made = make_round(house, staff)
    refused("unknown_unit", lambda: nominate(house, made, unit, them[0]))
    refused("unknown_unit", lambda: nominate(house, made, unit, crowd[1]))
    refused("not_this_honour", lambda: nominate(house, made, family, home[0]))
    mine = nominate(house, made, unit, crowd[0])
    refused("nominated_already", lambda: nominate(house, made, unit, crowd[0]))
    refused("unknown_candidate", lambda: do(house, service.withdraw, them[0].id, mine, house.clock.now()))
    do(house, service.withdraw, crowd[0].id, mine, house.clock.now())
    assert nominate(house, made, unit, crowd[0]) == mine
    assert other and states(house, made) == {mine: "nominated"}


def test_who_put_forward_does_not_decide(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made, now = make_round(house, staff), house.clock.now()
    service.screen(house.store, made, now)
    candidate = do(house, service.nominate_match, staff.boss.id, made, unit, 0, now)
    refused("not_your_own", lambda: do(house, service.accept, staff.boss.id, candidate, "ok", now))
    do(house, service.decline, staff.reviewer.id, candidate, "材料不足", now)
    do(house, service.accept, staff.reviewer.id, candidate, "补齐", now)
    told = select(func.count()).where(notice.c.member_id == crowd[0].id, notice.c.kind == "honour")
    with house.store.read() as tx:
        assert tx.scalar(told) == 3
        row = tx.row(select(honour_evaluation).where(honour_evaluation.c.candidate_id == candidate))
    assert row.eligible and '"measure":"per_head"' in row.record
    refused("unknown_candidate", lambda: do(house, service.nominate_match, staff.boss.id, made, unit + 99, 0, now))


def test_the_list_needs_answers_a_quota_and_a_second_person(house: Any, staff: Staff) -> None:
    one, crowd = make_company(house, "one", 5, 5)
    two, others = make_company(house, "two", 5, 5)
    made, now = make_round(house, staff, quota=1), house.clock.now()
    first, second = nominate(house, made, one, crowd[0]), nominate(house, made, two, others[0])
    do(house, service.accept, staff.reviewer.id, first, "好", now)
    house.clock.set(FACTS.closes_at)
    service.move_by_clock(house.store, house.clock.now())
    refused("candidates_waiting", lambda: do(house, service.propose, staff.editor.id, made, now))
    do(house, service.accept, staff.reviewer.id, second, "好", now)
    refused("over_quota", lambda: do(house, service.propose, staff.editor.id, made, now))
    do(house, service.decline, staff.reviewer.id, second, "名额已满", now)
    do(house, service.propose, staff.editor.id, made, now)
    refused("not_your_own", lambda: do(house, service.start_notice, staff.editor.id, made, now))
    do(house, service.send_back, staff.boss.id, made, now)
    do(house, service.propose, staff.editor.id, made, now)
    do(house, service.start_notice, staff.boss.id, made, now)
    assert state_of(house, made) == "notice"


def test_a_notice_stands_so_many_working_days(house: Any) -> None:
    with house.store.read() as tx:
        ends = [notice_end(tx, 5, start_of(day)) for day in (date(2026, 6, 22), date(2026, 9, 28))]
    # Monday 22 June: Tuesday to the next Monday. Before the October holiday: 29, 30 September, then from 8 October.
    assert local_day(ends[0]) == date(2026, 6, 30)
    assert local_day(ends[1]) > date(2026, 10, 8)


def test_who_no_longer_meets_the_criteria_is_not_published(house: Any, staff: Staff) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    other, them = make_company(house, "other", 5, 5)
    made = make_round(house, staff)
    stays, goes = nominate(house, made, unit, crowd[0]), nominate(house, made, other, them[0])

    def spoil() -> None:
        with house.store.write() as tx:
            tx.execute(
                insert(board_hold).values(
                    period="2026-05", subject="unit", subject_id=other, reason="x", held_by=1,
                    held_at=house.clock.now(),
                )
            )  # fmt: skip

    for each in (stays, goes):
        do(house, service.accept, staff.reviewer.id, each, "好", house.clock.now())
    spoil()
    on_notice(house, staff, made, [])
    assert states(house, made) == {stays: "accepted", goes: "declined"}
    with house.store.read() as tx:
        assert tx.scalar(select(honour_candidate.c.evaluation).where(honour_candidate.c.id == stays)) == 2
