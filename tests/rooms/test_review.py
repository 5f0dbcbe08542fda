"""Samples, signals, verdicts by one and by two, appeals and the public figures, on both databases."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from points_engine.errors import EngineError
from points_engine.review import Reputation, picked
from tests.people import Person, give_points, make_member, make_shop, make_unit
from tests.rooms.reviewing import (
    WHY,
    appeal,
    case_of,
    code_of,
    failed,
    log,
    one,
    sampled,
    say,
    screen,
    set_standing,
    titles,
    wallet,
)
from webapp import audit
from webapp.activities import queries as acts
from webapp.activities.purge import purge_photos
from webapp.journal import queries as journals
from webapp.members import service as members
from webapp.review import groups, queries, screening, service
from webapp.review.service import Why
from webapp.review.tables import review_case, risk_signal
from webapp.rewards import service as rewards


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling", nickname="骑行的凌")


@pytest.fixture
def desk(house: Any) -> list[Person]:
    """Two reviewers, and an administrator."""
    return [make_member(house, "one", "reviewer"), make_member(house, "two", "reviewer"),
            make_member(house, "boss", "administrator")]  # fmt: skip


# --- sampling ------------------------------------------------------------------------------------------


def test_a_newcomers_first_acts_with_evidence_are_looked_at_after_they_count(house: Any, ling: Person) -> None:
    first = [log(house, ling, shade=20 + n, at=house.clock.now() - timedelta(hours=n)) for n in range(5)]
    assert all(one(house, ling, act)["status"] == "accepted" for act in first), "nothing is delayed"
    assert screen(house) == 5
    cases_before = [case_of(house, ling, "sample", act) for act in first]
    assert {case.cause for case in cases_before} == {"new"} and {case.state for case in cases_before} == {"open"}
    assert screen(house) == 0, "twice is the same as once"
    with house.store.read() as tx:
        assert queries.waiting(tx, house.clock.now())["sample"].total == 5


def test_the_draw_is_by_the_act_and_the_secret(house: Any, ling: Person) -> None:
    set_standing(house, ling, "trusted")
    house.clock.advance(days=1)
    for n in range(12):
        log(house, ling, "no_cutlery", 1, at=house.clock.now() - timedelta(hours=n))
    secret = screening._secret(house)
    with house.store.read() as tx:
        mine = acts.recorded_between(tx, house.clock.now() - timedelta(hours=1), house.clock.now())
    screen(house)
    with house.store.read() as tx:
        drawn = {row.activity_id for row in queries.queue(tx, "sample", None, 50)}
    assert drawn == {r["id"] for r in mine if (r["grams"] or r["points"]) and picked(secret, r["id"], 2)}


def test_acts_that_earned_nothing_or_were_decided_are_not_drawn(house: Any, ling: Person, desk: Any) -> None:
    waiting = log(house, ling, amount=9, shade=33)
    assert one(house, ling, waiting)["status"] == "pending"
    assert screen(house) == 0
    say(house, desk[0], ling, "pending", waiting, "accept", Why())
    assert screen(house) == 0


def test_an_act_recorded_late_by_a_slow_transaction_is_still_seen(house: Any, ling: Person) -> None:
    screen(house)
    log(house, ling, shade=40)
    house.clock.advance(minutes=10)
    assert screen(house) == 1
    house.clock.advance(minutes=10)
    assert screen(house) == 0


# --- verdicts ------------------------------------------------------------------------------------------


def test_a_sample_that_holds_changes_nothing_but_the_standing(house: Any, ling: Person, desk: Any) -> None:
    act = sampled(house, ling, 21)
    before, said = one(house, ling, act), say(house, desk[0], ling, "sample", act, "pass", Why())
    assert said.state == "decided" and one(house, ling, act) == before
    with house.store.read() as tx:
        assert queries.standing_of(tx, ling.id) == Reputation("normal", "p")
    assert code_of(lambda: say(house, desk[1], ling, "sample", act, "fail")) == "already_resolved"


def test_a_sample_that_fails_is_taken_back_with_its_reason(house: Any, ling: Person, desk: Any) -> None:
    act = sampled(house, ling, 22)
    had = wallet(house, ling)
    assert had.points and had.verified_g
    say(house, desk[0], ling, "sample", act, "fail")
    record, now_has = one(house, ling, act), wallet(house, ling)
    assert (record["status"], record["reasons"], record["grams"]) == ("rejected", ["taken_back"], 0)
    assert record["note"] == WHY.zh and now_has.points == 0 and now_has.verified_g == 0
    assert any("抽查未通过" in title for title in titles(house, ling))
    with house.store.read() as tx:
        assert queries.standing_of(tx, ling.id).outcomes == "f"
        assert [s.code for s in queries.signals_of(tx, ling.id, house.clock.now())] == ["verdict_failed"]
        action = journals.recent(tx, None, 5)[0]
    assert action.action == "sample.fail" and action.detail["member"] == ling.id


def test_points_spent_become_a_debt_and_no_balance_is_negative(house: Any, ling: Person, desk: Any) -> None:
    act = sampled(house, ling, 23)
    earned = wallet(house, ling).points
    keeper = make_member(house, "keeper")
    reward = make_shop(house, keeper, points=earned, stock=3)
    with house.store.write() as tx:
        rewards.redeem(tx, ling.id, str(uuid.uuid4()), reward, house.clock.now())
    say(house, desk[0], ling, "sample", act, "fail")
    assert (wallet(house, ling).points, wallet(house, ling).debt) == (0, earned)
    give_points(house, ling, earned + 3)
    assert (wallet(house, ling).points, wallet(house, ling).debt) == (3, 0)


def test_a_reason_is_needed_to_say_no(house: Any, ling: Person, desk: Any) -> None:
    act = sampled(house, ling, 24)
    assert code_of(lambda: say(house, desk[0], ling, "sample", act, "fail", Why())) == "invalid_input"
    assert code_of(lambda: say(house, desk[0], ling, "sample", act, "accept")) == "invalid_input"
    assert code_of(lambda: say(house, desk[0], ling, "risk", act, "clear")) == "unknown_case"


def test_nobody_decides_on_their_own_act_nor_on_their_own_units_people(house: Any, ling: Person, desk: Any) -> None:
    hr = make_member(house, "hr", "reviewer")
    make_unit(house, "enterprise", "长治某厂", hr, ling)
    act = sampled(house, ling, 25)
    assert code_of(lambda: say(house, hr, ling, "sample", act, "pass", Why())) == "own_unit"
    own = sampled(house, desk[0], 26)
    assert code_of(lambda: say(house, desk[0], desk[0], "sample", own, "pass", Why())) == "not_your_own"
    waiting = log(house, ling, amount=9, shade=27)
    assert code_of(lambda: say(house, hr, ling, "pending", waiting, "accept", Why())) == "own_unit"


def test_staffs_own_acts_take_two(house: Any, desk: Any) -> None:
    first, second, boss = desk
    act = log(house, boss, amount=9, shade=28)
    assert say(house, first, boss, "pending", act, "accept", Why()).state == "first_said"
    assert one(house, boss, act)["status"] == "pending"
    assert code_of(lambda: say(house, first, boss, "pending", act, "accept", Why())) == "same_reviewer"
    assert say(house, second, boss, "pending", act, "accept", Why()).state == "decided"
    assert one(house, boss, act)["status"] == "accepted"


def test_taking_back_much_takes_two_and_a_third_where_they_differ(
    house: Any, ling: Person, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "takes_two", lambda kind, word, g, p, staff: (kind, word) == ("sample", "fail"))
    first, second, boss = desk
    act = sampled(house, ling, 29)
    assert say(house, first, ling, "sample", act, "fail").state == "first_said"
    assert one(house, ling, act)["status"] == "accepted"
    assert say(house, second, ling, "sample", act, "pass", Why()).state == "split"
    third = make_member(house, "three", "reviewer")
    assert code_of(lambda: say(house, third, ling, "sample", act, "pass", Why())) == "administrator_decides"
    assert say(house, boss, ling, "sample", act, "pass", Why()).state == "decided"
    assert one(house, ling, act)["status"] == "accepted"
    other = sampled(house, ling, 30)
    say(house, first, ling, "sample", other, "fail")
    assert say(house, second, ling, "sample", other, "fail").state == "decided"
    assert one(house, ling, other)["status"] == "rejected"


@pytest.mark.parametrize("kind", ["pending", "sample"])
def test_two_who_click_together_decide_once(house: Any, ling: Person, desk: Any, kind: str) -> None:
    people = [*desk, *(make_member(house, f"more-{n}", "reviewer") for n in range(3))]
    for turn in range(3):
        shade = 50 + turn
        act = sampled(house, ling, shade) if kind == "sample" else log(house, ling, amount=9, shade=shade)
        words = ("pass", "fail") if kind == "sample" else ("accept", "reject")
        barrier, seen = threading.Barrier(len(people)), Counter[str]()

        def click(n: int, act: str = act, words: Any = words, barrier: Any = barrier, seen: Any = seen) -> None:
            barrier.wait(timeout=30)
            try:
                seen[say(house, people[n], ling, kind, act, words[n % 2]).state] += 1
            except EngineError as error:
                seen[error.code] += 1

        hands = [threading.Thread(target=click, args=(n,)) for n in range(len(people))]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        assert seen == {"decided": 1, "already_resolved": len(people) - 1}
        case, record = case_of(house, ling, kind, act), one(house, ling, act)
        assert (record["status"] == "accepted") == (case.decision in ("accept", "pass"))
        with house.store.read() as tx:
            said = [e for e in journals.recent(tx, None, 50) if e.subject == f"activity:{act}"]
        assert len(said) == 1
        house.clock.advance(hours=2)


def test_five_faults_stop_photos_and_an_administrator_lets_them_earn_again(house: Any, ling: Person, desk: Any) -> None:
    set_standing(house, ling, "tightened", "ffff")
    act = sampled(house, ling, 61)
    say(house, desk[0], ling, "sample", act, "fail")
    with house.store.read() as tx:
        assert queries.standing_of(tx, ling.id).state == "stopped"
    assert "带照片的行为改为先核验后计入" in titles(house, ling)
    house.clock.advance(days=1)
    with_photo, without = log(house, ling, shade=62), log(house, ling, "no_cutlery", 1)
    assert one(house, ling, with_photo)["status"] == "pending"
    assert "photo_needs_review" in one(house, ling, with_photo)["reasons"]
    assert one(house, ling, without)["status"] == "accepted"
    house.store.retrying(lambda tx: service.reopen_photos(tx, desk[2].id, ling.id, house.clock.now()))
    assert one(house, ling, log(house, ling, shade=63))["status"] == "accepted"
    again = lambda: house.store.retrying(  # noqa: E731 - said twice
        lambda tx: service.reopen_photos(tx, desk[2].id, ling.id, house.clock.now())
    )
    assert code_of(again) == "not_stopped"


# --- appeals -------------------------------------------------------------------------------------------


def test_an_appeal_is_answered_by_somebody_else_and_restores(house: Any, ling: Person, desk: Any) -> None:
    first, second, _ = desk
    act = sampled(house, ling, 71)
    worth = wallet(house, ling)
    say(house, first, ling, "sample", act, "fail")
    case, fresh = appeal(house, ling, act, "  是我的  车  ")
    assert fresh and case.words == "是我的 车" and case.due_at == house.clock.now() + timedelta(days=7)
    assert appeal(house, ling, act) == (case, False)
    assert code_of(lambda: say(house, first, ling, "appeal", act, "overturn", Why())) == "same_reviewer"
    assert say(house, second, ling, "appeal", act, "overturn", Why()).state == "decided"
    assert wallet(house, ling).points == worth.points and one(house, ling, act)["status"] == "accepted"
    assert any("申诉成立" in title for title in titles(house, ling))
    with house.store.read() as tx:
        assert queries.standing_of(tx, ling.id) == Reputation()
        assert queries.signals_of(tx, ling.id, house.clock.now()) == []
    assert screen(house) == 0, "decided twice by people: enough"


def test_an_appeal_that_is_upheld_says_so_and_is_the_last_word(house: Any, ling: Person, desk: Any) -> None:
    act = failed(house, ling, desk[0], 72)
    appeal(house, ling, act)
    say(house, desk[1], ling, "appeal", act, "uphold")
    assert one(house, ling, act)["status"] == "rejected"
    assert any("维持原结论" in title for title in titles(house, ling))
    case, fresh = appeal(house, ling, act)
    assert not fresh and case.state == "decided"


def test_appeals_are_for_fourteen_days_for_refused_acts_and_for_their_owner(
    house: Any, ling: Person, desk: Any
) -> None:
    fine = log(house, ling, shade=73)
    assert code_of(lambda: appeal(house, ling, fine)) == "not_rejected"
    assert code_of(lambda: appeal(house, desk[0], fine)) == "unknown_activity"
    act = failed(house, ling, desk[0], 74)
    assert code_of(lambda: appeal(house, ling, act, "长" * 501)) == "invalid_input"
    house.clock.advance(days=14, seconds=1)
    assert code_of(lambda: appeal(house, ling, act)) == "appeal_window_closed"


def test_an_open_appeal_keeps_the_photo_and_its_end_lets_it_go(house: Any, ling: Person, desk: Any) -> None:
    act = failed(house, ling, desk[0], 75)
    house.clock.advance(days=10)
    appeal(house, ling, act)
    house.clock.advance(days=40)
    assert purge_photos(house, house.clock.now()) == 0
    say(house, desk[1], ling, "appeal", act, "uphold")
    house.clock.advance(days=31)
    assert purge_photos(house, house.clock.now()) == 1


def test_overdue_cases_stand_on_top_and_are_counted(house: Any, ling: Person, desk: Any) -> None:
    early = failed(house, ling, desk[0], 76)
    appeal(house, ling, early)
    house.clock.advance(days=8)
    late = failed(house, ling, desk[0], 77)
    appeal(house, ling, late)
    with house.store.read() as tx:
        assert [row.activity_id for row in queries.queue(tx, "appeal", None, 9)] == [early, late]
        waits = queries.waiting(tx, house.clock.now())["appeal"]
        first = queries.queue(tx, "appeal", None, 1)[0]
        assert [r.activity_id for r in queries.queue(tx, "appeal", (first.due_at, first.id), 9)] == [late]
    assert (waits.total, waits.overdue) == (2, 1)


# --- risk ----------------------------------------------------------------------------------------------


def test_signals_add_up_to_a_case_for_a_person_and_freeze_nothing(house: Any, ling: Person, desk: Any) -> None:
    act = log(house, ling, "no_cutlery", 1)
    with house.store.write() as tx:
        for n in range(4):
            tx.insert(risk_signal, [{"member_id": ling.id, "code": "trip_replayed", "mark": str(n), "activity_id": act,
                                     "weight": 30, "seen_at": house.clock.now()}])  # fmt: skip
        assert screening.open_risks(tx, {ling.id: act}, house.clock.now()) == 1
        assert screening.open_risks(tx, {ling.id: act}, house.clock.now()) == 0
    assert case_of(house, ling, "risk", act).score == 90
    log(house, ling, "plant_meal", 1)  # still earns
    assert say(house, desk[0], ling, "risk", act, "confirm").state == "decided"
    with house.store.read() as tx:
        assert queries.standing_of(tx, ling.id).state == "tightened"
    other = log(house, ling, "no_cutlery", 1, at=house.clock.now() - timedelta(hours=5))
    with house.store.write() as tx:
        assert screening.open_risks(tx, {ling.id: other}, house.clock.now()) == 0, "looked at already"


def test_screening_writes_what_is_odd_once(house: Any, ling: Person) -> None:
    at = house.clock.now().replace(hour=18) - timedelta(days=1)  # two at night in the park
    log(house, ling, "bike", 3, at=at)
    screen(house)
    screen(house)
    with house.store.read() as tx:
        assert [s.code for s in queries.signals_of(tx, ling.id, house.clock.now())] == ["night"]


def test_the_audit_is_clean_after_verdicts_and_appeals(house: Any, ling: Person, desk: Any) -> None:
    for n, words in enumerate((("fail", "overturn"), ("fail", "uphold"), ("pass", ""))):
        act = sampled(house, ling, 82 + n)
        say(house, desk[0], ling, "sample", act, words[0])
        if words[1]:
            appeal(house, ling, act)
            say(house, desk[1], ling, "appeal", act, words[1])
        house.clock.advance(hours=2)
    assert audit.run(house.store).faults == []


def test_accounts_in_lockstep_come_before_a_person(house: Any, ling: Person) -> None:
    bots = [make_member(house, f"bot-{n}") for n in range(5)]
    for day in range(8):
        house.clock.advance(days=1)
        for hours in (2, 5):
            at = house.clock.now() - timedelta(hours=hours)
            for bot in bots:
                log(house, bot, "no_cutlery" if hours == 2 else "plant_meal", 1, at=at)
        log(house, ling, "no_cutlery", 1, at=house.clock.now() - timedelta(minutes=17 * day))
    assert groups.find_groups(house, house.clock.now()) == 5
    assert groups.find_groups(house, house.clock.now()) == 0
    with house.store.read() as tx:
        found = {row.member_id for row in queries.queue(tx, "risk", None, 50)}
    assert found == {bot.id for bot in bots}


def test_the_sweep_forgets_and_closes_what_no_longer_stands(house: Any, ling: Person) -> None:
    act = sampled(house, ling, 81)
    with house.store.write() as tx:
        tx.execute(text("UPDATE activity SET status = 'undone'"))
        old = {"member_id": ling.id, "code": "night", "mark": "x", "activity_id": None, "weight": 3}
        tx.insert(risk_signal, [old | {"seen_at": house.clock.now() - timedelta(days=181)}])
    assert groups.sweep(house, house.clock.now()) == 2
    assert case_of(house, ling, "sample", act).state == "void"


def test_a_sample_nobody_looks_at_lapses_and_lets_its_evidence_go(house: Any, ling: Person, desk: Any) -> None:
    act, staffs = sampled(house, ling, 82), sampled(house, desk[1], 83)
    say(house, desk[0], desk[1], "sample", staffs, "pass")
    assert case_of(house, desk[1], "sample", staffs).state == "first_said"
    house.clock.advance(days=27)
    assert groups.sweep(house, house.clock.now()) == 0
    house.clock.advance(days=2)
    assert groups.sweep(house, house.clock.now()) == 1 and case_of(house, ling, "sample", act).state == "void"
    house.clock.advance(days=2)
    assert purge_photos(house, house.clock.now()) == 1, "the one that waits for a second word stays"
    with house.store.read() as tx:
        assert [row.member_id for row in tx.rows(text("SELECT member_id FROM upload"))] == [desk[1].id]


def test_nothing_is_drawn_while_it_can_still_be_undone(house: Any, ling: Person) -> None:
    """Else who sees (on the trip's page, in the export) that an act was drawn takes it back and tells it anew."""
    act = log(house, ling, shade=84)
    drawn = []
    for _ in range(11):
        house.clock.advance(minutes=1)
        drawn.append(screening.screen_acts(house, house.clock.now()))
    assert drawn == [0] * 10 + [1] and case_of(house, ling, "sample", act)


# --- figures and leaving -------------------------------------------------------------------------------


def test_public_figures_hide_small_numbers(house: Any, ling: Person, desk: Any) -> None:
    for n in range(5):
        act = sampled(house, ling, 90 + n)
        say(house, desk[0], ling, "sample", act, "pass" if n else "fail", WHY if not n else Why())
        house.clock.advance(hours=3)
    with house.store.read() as tx:
        (month,) = queries.by_month(tx, house.clock.now())
    assert (month.month, month.sampled, month.passed, month.failed) == ("2026-06", 5, None, None)
    assert (month.appeals, month.overturned, month.median_days) == (0, 0, 0)
    assert queries.median([(0, 2), (3, 2), (9, 1)]) == 3 and queries.median([]) == 0


def test_leaving_takes_cases_signals_and_standing_along(house: Any, ling: Person, desk: Any) -> None:
    act = failed(house, ling, desk[0], 99)
    appeal(house, ling, act, "听我说")
    with house.store.write() as tx:
        members.leave(tx, ling.id, house.forgetters, house.clock.now())
        kept = tx.rows(select(review_case).where(review_case.c.member_id == ling.id))
        assert [(row.kind, row.note, row.words) for row in kept] == [("sample", None, None)]
        assert tx.scalar(select(func.count()).select_from(risk_signal)) == 0
