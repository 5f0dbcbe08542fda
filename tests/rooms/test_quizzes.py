"""Quizzes: one scored attempt a day, draws that stay, marks at the edge, answers as they come, the clock, the audit."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select, update

from points_engine.errors import EngineError, Invalid
from tests.people import make_member
from tests.rooms.learners import begin, fill, hand_in, look, make_quiz, question, say, take
from webapp import audit
from webapp.jobs.runner import run_job
from webapp.learning import bank, queries, quizzes, service
from webapp.learning.tables import quiz_answer, quiz_attempt


def refused(code: str, call: Any) -> None:
    with pytest.raises(EngineError) as error:
        call()
    assert error.value.code == code


@pytest.fixture
def ling(house: Any) -> int:
    fill(house)
    return make_member(house, "ling").id


def test_four_of_seven_fail_and_five_pass_sixty_percent(house: Any, ling: int) -> None:
    assert not take(house, ling, make_quiz(house), 4)
    assert take(house, ling, make_quiz(house), 5)
    assert not take(house, ling, make_quiz(house, mark_kind="count", mark=7), 6)
    assert take(house, ling, make_quiz(house, mark_kind="count", mark=7), 7)
    assert audit.run(house.store).faults == []


def test_a_reload_shows_the_same_and_the_next_day_another(house: Any, ling: int) -> None:
    made = make_quiz(house)
    first = begin(house, ling, made)
    assert look(house, ling, made, first) == look(house, ling, made, begin(house, ling, made))
    hand_in(house, ling, first)
    assert begin(house, ling, made) == first, "a day has one scored attempt"
    house.clock.advance(days=1)
    second = begin(house, ling, made)
    order = [[(i.question_id, i.order) for i in look(house, ling, made, each).items] for each in (first, second)]
    assert second != first and order[0] != order[1]


def test_questions_are_dealt_over_topics(house: Any) -> None:
    fill(house, energy=12, water=2)
    who, made = make_member(house, "ling").id, make_quiz(house, topics=("energy", "water"), questions=5)
    topics = [item.text.topic for item in look(house, who, made, begin(house, who, made)).items]
    assert sorted(topics) == ["energy"] * 3 + ["water"] * 2


def test_practice_is_free_and_never_scored(house: Any, ling: int) -> None:
    made = make_quiz(house)
    assert take(house, ling, made, 7, scored=False) and take(house, ling, made, 7, scored=False)
    key = str(uuid.uuid4())
    assert begin(house, ling, made, False, key) == begin(house, ling, made, False, key), "two taps are one attempt"
    assert passed(house, ling, made) == {}
    assert take(house, ling, made, 7) and passed(house, ling, made) == {ling: 1}
    assert passed(house, ling, None) == {ling: 1}
    house.clock.advance(days=40)
    run_job(house, "learning.sweep", house.clock.now())
    with house.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(quiz_attempt)) == 1
        assert tx.scalar(select(func.count()).select_from(quiz_answer)) == 7


def passed(house: Any, who: int, quiz_id: int | None) -> dict[int, int]:
    now = house.clock.now()
    with house.store.read() as tx:
        assert queries.quizzes_passed(tx, quiz_id, [who], now + timedelta(seconds=1), now + timedelta(days=1)) == {}
        assert queries.quizzes_passed(tx, quiz_id, [who], now - timedelta(days=1), now) == {}, "the end is outside"
        return queries.quizzes_passed(tx, quiz_id, [who], now, now + timedelta(days=1))


def test_fifty_starts_and_fifty_hand_ins_at_once_are_one(house: Any, ling: int) -> None:
    made, barrier = make_quiz(house), Barrier(50)

    def tap(_n: int) -> str:
        barrier.wait(30)
        return begin(house, ling, made)

    with ThreadPoolExecutor(50) as pool:
        seen = set(pool.map(tap, range(50)))
    assert len(seen) == 1
    attempt = seen.pop()
    say(house, ling, attempt, 0, look(house, ling, made, attempt).items[0].right_here)

    def send(n: int) -> bool:
        barrier.wait(30)
        return hand_in(house, ling, attempt)

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(send, range(50))) == {False}
    with house.store.read() as tx:
        rows = tx.rows(select(quiz_attempt))
    assert len(rows) == 1 and rows[0].correct == 1
    assert audit.run(house.store).faults == []


def test_the_last_answer_counts_until_it_is_explained(house: Any, ling: int) -> None:
    late, early = make_quiz(house), make_quiz(house, explain="each")
    for made in (late, early):
        attempt = begin(house, ling, made)
        item = look(house, ling, made, attempt).items[0]
        wrong = sorted(set(range(4)) - item.right_here)[:1]
        say(house, ling, attempt, 0, wrong)
        if made == late:
            say(house, ling, attempt, 0, item.right_here)
            assert look(house, ling, made, attempt).items[0].is_right
        else:
            refused("answered_already", lambda a=attempt, i=item: say(house, ling, a, 0, i.right_here))
            say(house, ling, attempt, 0, wrong)  # the same again, from a slow network
            assert not look(house, ling, made, attempt).items[0].is_right


def test_several_right_answers_are_all_or_nothing(house: Any) -> None:
    fill(house, kind="multiple")
    who, made = make_member(house, "ling").id, make_quiz(house, questions=2, mark=100)
    attempt = begin(house, who, made)
    first, second = look(house, who, made, attempt).items
    say(house, who, attempt, 0, sorted(first.right_here)[:1])
    say(house, who, attempt, 1, second.right_here)
    assert [item.is_right for item in look(house, who, made, attempt).items] == [False, True]
    for bad in ([], [4], [0, 9]):
        with pytest.raises(Invalid):
            say(house, who, attempt, 0, bad)
    refused("unknown_attempt", lambda: say(house, who, attempt, 2, [0]))


def test_the_servers_clock_ends_an_attempt_with_grace(house: Any, ling: int) -> None:
    made = make_quiz(house, minutes=5)
    attempt = begin(house, ling, made)
    house.clock.advance(minutes=5, seconds=30)
    say(house, ling, attempt, 0, look(house, ling, made, attempt).items[0].right_here)
    house.clock.advance(seconds=1)
    refused("attempt_over", lambda: say(house, ling, attempt, 1, [0]))
    run_job(house, "learning.close_attempts", house.clock.now())
    assert look(house, ling, made, attempt).finished_at is None, "an answer may still be written"
    house.clock.advance(minutes=1)
    run_job(house, "learning.close_attempts", house.clock.now())
    over = look(house, ling, made, attempt)
    assert (over.correct, over.passed, over.finished_at) == (1, False, over.ends_at)
    assert hand_in(house, ling, attempt) is False
    refused("attempt_over", lambda: say(house, ling, attempt, 1, [0]))
    assert audit.run(house.store).faults == []


def test_an_old_attempt_shows_the_question_as_it_was(house: Any, ling: int) -> None:
    made = make_quiz(house, questions=12)
    attempt = begin(house, ling, made)
    item = look(house, ling, made, attempt).items[0]
    changed = question(500)
    with house.store.write() as tx:
        assert bank.edit(tx, 0, item.question_id, changed, house.clock.now()) == 2
        assert bank.edit(tx, 0, item.question_id, changed, house.clock.now()) == 2, "nothing new is no version"
        bank.set_in_use(tx, 0, look(house, ling, made, attempt).items[1].question_id, False, house.clock.now())
    assert look(house, ling, made, attempt).items[0].text == item.text
    say(house, ling, attempt, 0, item.right_here)
    assert look(house, ling, made, attempt).items[0].is_right
    house.clock.advance(days=1)
    refused("quiz_short", lambda: begin(house, ling, made))


def test_what_is_closed_or_another_s_is_not_there(house: Any, ling: int) -> None:
    made, chen = make_quiz(house), make_member(house, "chen").id
    attempt = begin(house, ling, made)
    refused("unknown_attempt", lambda: look(house, chen, made, attempt))
    refused("unknown_attempt", lambda: say(house, chen, attempt, 0, [0]))
    refused("unknown_attempt", lambda: look(house, ling, made + 1, attempt))
    refused("unknown_attempt", lambda: begin(house, ling, made, True, "no uuid"))
    with house.store.write() as tx:
        quizzes.set_open(tx, 0, made, False, house.clock.now())
        assert queries.quiz_choices(tx) == []
    refused("quiz_closed", lambda: begin(house, chen, made))
    assert hand_in(house, ling, attempt) is False, "what was begun goes on"
    refused("unknown_quiz", lambda: begin(house, chen, made + 1))


def test_a_quiz_opens_only_when_the_bank_can_fill_it(house: Any) -> None:
    fill(house, energy=3)
    refused("quiz_short", lambda: make_quiz(house, questions=4))
    refused("quiz_short", lambda: make_quiz(house, questions=3, topics=("water",)))
    make_quiz(house, questions=3)


def test_the_audit_sees_a_changed_score(house: Any, ling: int) -> None:
    made = make_quiz(house)
    take(house, ling, made, 5)
    for table, values in (
        (quiz_attempt, {"correct": 7}),
        (quiz_attempt, {"correct": 5, "passed": False}),
        (quiz_answer, {"is_right": True}),
    ):
        with house.store.write() as tx:
            tx.execute(update(table).values(**values))
        assert audit.run(house.store).faults, values


def test_who_leaves_takes_attempts_along(house: Any, ling: int) -> None:
    take(house, ling, make_quiz(house), 5)
    with house.store.write() as tx:
        service.forget(tx, ling, house.clock.now())
        assert not tx.scalar(select(func.count()).select_from(quiz_attempt))
        assert not tx.scalar(select(func.count()).select_from(quiz_answer))
