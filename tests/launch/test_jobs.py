"""The queue: rows are done once, tried again, given up visibly, and survive the death of those who do them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from points_engine.clock import FixedClock
from tests.launch import small_house as small
from webapp.jobs import Job, connect, enqueue, queries, runner, scheduler
from webapp.jobs.celery_app import sender
from webapp.jobs.tables import job_note, outbox, schedule_run
from webapp.jobs.timetable import last_due, next_due
from webapp.web import House

NOON = datetime(2026, 6, 16, 4, 0, tzinfo=UTC)


@pytest.fixture
def little(database_url: str, tmp_path: Path) -> Iterator[House]:
    house = small.small_house(database_url, tmp_path, None, FixedClock(NOON))
    yield house
    house.store.dispose()


def leave(house: House, kind: str, key: str, **payload: Any) -> None:
    with house.store.write() as tx:
        enqueue(tx, kind, {"key": key, **payload}, key, house.clock.now())


def rows(house: House) -> list[Any]:
    with house.store.read() as tx:
        return list(tx.rows(select(outbox).order_by(outbox.c.id)))


def test_a_row_exists_exactly_if_its_transaction_does(little: House) -> None:
    with pytest.raises(ZeroDivisionError), little.store.write() as tx:
        enqueue(tx, "effect", {}, "never", NOON)
        raise ZeroDivisionError
    assert rows(little) == []


def test_the_same_key_twice_is_one_row(little: House) -> None:
    sent: list[str] = []
    connect(sent.append)
    try:
        leave(little, "effect", "a")
        leave(little, "effect", "a")
    finally:
        connect(None)
    assert [row.key for row in rows(little)] == ["a"]
    assert sent == ["a"]


def test_a_broker_that_is_away_costs_no_request(little: House) -> None:
    def refuse(key: str) -> None:
        raise ConnectionError

    connect(refuse)
    try:
        leave(little, "effect", "a")
    finally:
        connect(None)
    assert len(rows(little)) == 1


def test_work_for_later_waits(little: House) -> None:
    with little.store.write() as tx:
        enqueue(tx, "effect", {"key": "a"}, "a", NOON, run_after=NOON + timedelta(hours=1))
        tx.execute(text(small.EFFECTS))
    assert runner.run_due(little, NOON) == 0
    assert runner.run_due(little, NOON + timedelta(hours=1)) == 1


def test_a_failing_row_is_tried_later_and_given_up_visibly(little: House) -> None:
    leave(little, "fail", "a")
    for _ in range(runner.MAX_ATTEMPTS):
        runner.run_due(little, little.clock.now(), raising=False)
        little.clock.advance(hours=1)
    assert [(row.state, row.attempts) for row in rows(little)] == [("failed", runner.MAX_ATTEMPTS)]
    with little.store.read() as tx:
        page = queries.jobs_page(tx, little, little.clock.now())
    assert "no luck" in page.failed[0].last_error
    with little.store.write() as tx:
        assert runner.retry_failed(tx, page.failed[0].id, little.clock.now())
        assert not runner.retry_failed(tx, page.failed[0].id, little.clock.now())
    assert [(row.state, row.attempts) for row in rows(little)] == [("queued", 0)]


def test_a_firing_is_written_once_for_each_due_time(little: House) -> None:
    job = little.jobs[0]
    assert [scheduler.fire(little, job, NOON) for _ in range(3)] == [True, False, False]
    assert runner.run_due(little, NOON) == 1
    with little.store.read() as tx:
        note = tx.row(select(job_note))
        assert note is not None and (note.job, note.did) == ("tick", 1)


def test_a_timetable_that_runs_ahead_of_its_workers_leaves_one_row(little: House) -> None:
    for second in range(5):
        scheduler.fire(little, little.jobs[0], NOON + timedelta(seconds=second))
    assert len(rows(little)) == 1


def test_a_missed_job_is_said_to_be_late(little: House) -> None:
    daily = Job("daily", cron={"hour": 0, "minute": 5}, run=small.tick)
    little.jobs = (daily,)
    with little.store.read() as tx:
        assert next(x for x in queries.jobs_page(tx, little, NOON).jobs if x.name == "daily").late
    runner.run_job(little, "daily", NOON)
    with little.store.read() as tx:
        page = queries.jobs_page(tx, little, NOON)
    assert not next(line for line in page.jobs if line.name == "daily").late


@pytest.mark.parametrize(
    ("job", "last", "following"),
    [
        (
            Job("x", cron={"hour": 0, "minute": 5}, run=small.tick),
            datetime(2026, 6, 15, 16, 5, tzinfo=UTC),
            datetime(2026, 6, 16, 16, 5, tzinfo=UTC),
        ),
        (
            Job("x", cron={"day": 1, "hour": 0}, run=small.tick),
            datetime(2026, 5, 31, 16, 0, tzinfo=UTC),
            datetime(2026, 6, 30, 16, 0, tzinfo=UTC),
        ),
        (Job("x", every_seconds=60, run=small.tick), NOON, NOON + timedelta(minutes=1)),
    ],
)
def test_due_times_are_in_shanghai(job: Job, last: datetime, following: datetime) -> None:
    assert (last_due(job, NOON), next_due(job, NOON)) == (last, following)


# From here on with real processes, on SQLite with files and on PostgreSQL with Redis.


class Crew:
    """Real worker and scheduler processes around one database."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, role: str) -> subprocess.Popen[bytes]:
        settings = self.house.settings
        arguments = [settings.database_url, str(settings.var_dir), settings.redis_url or ""]
        command = [sys.executable, "-m", "tests.launch.small_house", role, *arguments]
        clean = {name: value for name, value in os.environ.items() if "PUHUI" not in name}
        self.processes.append(subprocess.Popen(command, env=clean, start_new_session=True))
        return self.processes[-1]

    def end(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture(params=["embedded", "servers"])
def crew(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crew]:
    embedded = request.param == "embedded"
    url = request.getfixturevalue("sqlite_url" if embedded else "pg_url")
    redis_url = None if embedded else request.getfixturevalue("redis_url")
    house = small.small_house(url, tmp_path, redis_url)
    with house.store.write() as tx:
        tx.execute(text(small.EFFECTS))
    crew = Crew(house)
    connect(sender(house.settings))
    yield crew
    connect(None)
    crew.end()
    house.store.dispose()


def effect(house: House, key: str) -> tuple[int, int]:
    with house.store.read() as tx:
        row = tx.row(text("SELECT starts, times FROM effect WHERE key = :key"), {"key": key})
    assert row is not None
    return int(row.starts), int(row.times)


def prepare(house: House, key: str) -> None:
    with house.store.write() as tx:
        tx.execute(text("INSERT INTO effect VALUES (:key, 0, 0)"), {"key": key})


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.05)


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9, and wait until it is gone: Redis may still hand a message to a connection that is dying."""
    process.kill()
    process.wait()
    time.sleep(0.3)


@pytest.mark.servers
def test_a_message_that_the_broker_lost_is_sent_again(crew: Crew) -> None:
    prepare(crew.house, "lost")
    connect(None)  # the row says that it was sent, and nobody got it
    leave(crew.house, "effect", "lost")
    crew.start("worker")
    crew.start("scheduler")
    until(lambda: effect(crew.house, "lost") == (1, 1))


@pytest.mark.servers
def test_a_killed_worker_loses_no_work_and_repeats_no_effect(crew: Crew) -> None:
    house = crew.house
    for key in ("before", "after"):
        prepare(house, key)
    first = crew.start("worker")
    leave(house, "effect", "before", seconds=1.0)
    until(lambda: effect(house, "before") == (1, 0))
    kill(first)  # in the middle, nothing done yet
    second = crew.start("worker")
    leave(house, "effect", "after", seconds=1.0)
    until(lambda: effect(house, "after") == (1, 1))
    kill(second)  # the effect is there, the row does not know it
    assert {row.state for row in rows(house)} == {"running"}
    crew.start("scheduler")
    crew.start("worker")
    until(lambda: all(row.state == "done" for row in rows(house) if row.kind == "effect"))
    for key in ("before", "after"):
        starts, times = effect(house, key)
        assert starts >= 2 and times == 1  # begun again, done once


@pytest.mark.servers
def test_two_schedulers_fire_each_due_time_once_and_the_spare_takes_over(crew: Crew) -> None:
    def firings() -> list[datetime]:
        with crew.house.store.read() as tx:
            ticks = select(schedule_run.c.due_at).where(schedule_run.c.job == "tick")
            return [row.due_at for row in tx.rows(ticks.order_by(schedule_run.c.due_at))]

    crew.start("worker")
    both = [crew.start("scheduler"), crew.start("scheduler")]
    until(lambda: len(firings()) >= 4)
    alive = queries_age(crew.house)
    assert alive is not None and alive < 12
    both[0].kill()
    before = len(firings())
    until(lambda: len(firings()) >= before + 3)
    due = firings()
    assert len(due) == len(set(due))
    until(lambda: sum(row.state == "done" for row in rows(crew.house)) >= 4)


def queries_age(house: House) -> float | None:
    with house.store.read() as tx:
        return queries.age(tx, "scheduler", house.clock.now())
