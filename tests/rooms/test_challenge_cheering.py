"""Encouragements: what is missing in plain words, at half time and on the last day, once, and nothing that cannot be done."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from points_engine.challenge import Sums, Task
from points_engine.clock import start_of
from tests.rooms.challenging import FIRST, make_company
from webapp.challenges.cheering import HALF, LAST, cheer, said
from webapp.challenges.forms import TaskFacts
from webapp.challenges.jobs import move_challenges
from webapp.inbox.tables import notice

HALF_TIME = start_of(FIRST + timedelta(days=3)) + timedelta(hours=12)
LAST_DAY = start_of(FIRST + timedelta(days=6))


def told(house: Any, person: Any) -> list[tuple[str, str]]:
    with house.store.read() as tx:
        query = select(notice).where(notice.c.member_id == person.id, notice.c.kind == "challenge")
        rows = tx.rows(query.order_by(notice.c.created_at, notice.c.id))
    return [(row.title_zh, row.body_zh) for row in rows if row.key.endswith((":half", ":last"))]


@pytest.fixture
def company(house: Any) -> Any:
    made = make_company(house)
    number = made.challenge(tasks=(TaskFacts("person", "acts", 2, 10), TaskFacts("person", "days", 5, 0)))
    move_challenges(house, start_of(FIRST))
    made.join(number, *made.people[:3])
    return made


def at(day: int) -> datetime:
    return start_of(FIRST + timedelta(days=day - 1)) + timedelta(hours=9)


def test_each_learns_what_is_missing_once_at_each_moment(house: Any, company: Any) -> None:
    keen, idle, some = company.people[:3]
    for day in (1, 2, 3):
        company.log(keen, at(day))
    company.log(some, at(2))
    assert cheer(house.store, HALF_TIME - timedelta(minutes=1)) == 0
    assert cheer(house.store, HALF_TIME) == 3 and cheer(house.store, HALF_TIME + timedelta(minutes=5)) == 0
    assert told(house, keen) == [("「绿色通勤」已过半", "已达成 1 个目标。还差：2 天有行动。")]
    assert told(house, some) == [("「绿色通勤」已过半", "还差：1 次行动；4 天有行动。")]
    assert told(house, idle) == [("「绿色通勤」已过半", "还差：2 次行动。")], "five days cannot be done any more"
    for day in (4, 5, 6):
        company.log(keen, at(day))
    assert cheer(house.store, LAST_DAY) == 2, "who has reached everything is left alone"
    assert told(house, some)[1:] == [("「绿色通勤」还有一天", "还差：1 次行动。")]
    assert told(house, company.people[3]) == [], "not taking part"


def test_a_moment_slept_through_is_left_out(house: Any, company: Any) -> None:
    assert cheer(house.store, LAST_DAY + timedelta(hours=1)) == 3
    assert [title for title, _ in told(house, company.people[0])] == ["「绿色通勤」还有一天"]


def test_two_timetables_at_once_tell_once(house: Any, company: Any) -> None:
    gate, counts = Barrier(2), list[int]()

    def run() -> None:
        gate.wait()
        counts.append(cheer(house.store, HALF_TIME))

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 3] and len(told(house, company.people[0])) == 1


@pytest.mark.parametrize(
    ("sums", "days", "moment", "expected"),
    [
        (Sums(acts=5, days=5), 0, HALF, "您已达成 2 个目标，谢谢您的坚持！"),
        (Sums(acts=5, days=5), 0, LAST, None),
        (Sums(acts=5, days=2), 3, LAST, "已达成 1 个目标。还差：3 天有行动。"),
        (Sums(acts=5, days=2), 2, LAST, None),
    ],
)
def test_words(sums: Sums, days: int, moment: int, expected: str | None) -> None:
    tasks = [Task(1, "person", "acts", 2), Task(2, "person", "days", 5)]
    text = said("周", tasks, sums, days, days, moment)
    assert (text[2] if text else None) == expected
