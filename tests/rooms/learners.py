"""Pieces of a small school: questions, a bank, quizzes and sessions."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from webapp.learning import attempts, bank, quizzes, trainings
from webapp.learning.forms import QuestionText, QuizFacts, TrainingFacts

NOBODYS: frozenset[int] = frozenset()


def question(n: int, topic: str = "energy", kind: str = "single") -> QuestionText:
    """The n-th question: of four options the second is right, of several the second and the fourth."""
    options = (
        (("对", "True"), ("错", "False")) if kind == "truth" else tuple((f"选{n}-{k}", f"No. {k}") for k in range(4))
    )
    answers = {"single": (1,), "multiple": (1, 3), "truth": (0,)}[kind]
    return QuestionText(
        kind, topic, 1 + n % 3, f"第{n}题？", f"Question {n}?", options, answers, "因为如此", "Because", "自编"
    )


def fill(house: Any, energy: int = 12, water: int = 0, kind: str = "single", first: int = 0) -> list[int]:
    """A bank of so many questions, counted from `first`."""
    texts = [question(first + n, kind=kind) for n in range(energy)]
    texts += [question(1000 + first + n, "water", kind) for n in range(water)]
    with house.store.write() as tx:
        return bank.insert_many(tx, 0, texts, house.clock.now())


def facts(**changes: Any) -> QuizFacts:
    """Seven questions, 60 % to pass, explained at the end."""
    usual: dict[str, Any] = {
        "title_zh": "小测验", "title_en": "", "intro_zh": "", "intro_en": "", "topics": (), "questions": 7,
        "mark_kind": "percent", "mark": 60, "minutes": None, "explain": "end",
    }  # fmt: skip
    return QuizFacts(**usual | changes)


def make_quiz(house: Any, **changes: Any) -> int:
    """An open quiz."""
    with house.store.write() as tx:
        made = quizzes.create(tx, 0, facts(**changes), house.clock.now())
        quizzes.set_open(tx, 0, made, True, house.clock.now())
    return made


def make_session(house: Any, **changes: Any) -> int:
    """A session for the park, tomorrow at the same time, an hour long, with ten seats."""
    begins = house.clock.now() + timedelta(days=1)
    usual: dict[str, Any] = {
        "unit_id": None, "audience": "park", "title_zh": "节能讲座", "title_en": "", "body_zh": "", "body_en": "",
        "place_zh": "二楼会议室", "place_en": "", "starts_at": begins, "ends_at": begins + timedelta(hours=1),
        "capacity": 10,
    }  # fmt: skip
    with house.store.write() as tx:
        return trainings.create(tx, 0, None, TrainingFacts(**usual | changes), house.clock.now())


def begin(house: Any, who: int, quiz_id: int, scored: bool = True, key: str | None = None) -> str:
    made = key or str(uuid.uuid4())
    return str(house.store.retrying(lambda tx: attempts.start(tx, who, quiz_id, made, scored, house.clock.now())))


def look(house: Any, who: int, quiz_id: int, attempt: str) -> attempts.Attempt:
    with house.store.read() as tx:
        return attempts.one(tx, who, quiz_id, attempt)


def say(house: Any, who: int, attempt: str, place: int, chosen: Any) -> None:
    house.store.retrying(lambda tx: attempts.answer(tx, who, attempt, place, sorted(chosen), house.clock.now()))


def hand_in(house: Any, who: int, attempt: str) -> bool:
    return bool(house.store.retrying(lambda tx: attempts.finish(tx, who, attempt, house.clock.now())))


def take(house: Any, who: int, quiz_id: int, right: int, scored: bool = True) -> bool:
    """A whole attempt with so many right answers."""
    attempt = begin(house, who, quiz_id, scored)
    for item in look(house, who, quiz_id, attempt).items:
        wrong = set(range(len(item.order))) - item.right_here
        say(house, who, attempt, item.place, item.right_here if item.place < right else sorted(wrong)[:1])
    return hand_in(house, who, attempt)


def sign(house: Any, who: int, made: int, units: frozenset[int] = NOBODYS) -> str:
    return str(house.store.retrying(lambda tx: trainings.sign_up(tx, who, units, made, house.clock.now())))
