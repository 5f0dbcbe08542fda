"""Workers that gather and deliver at the same instant: one e-mail a day and three a week, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from points_engine.clock import FixedClock, local_day
from tests import postbox
from tests.people import make_member
from tests.postbox import Postbox
from tests.racing import race
from webapp.app import build_house
from webapp.inbox import delivery, digests, service
from webapp.inbox.mail_tables import mail, mail_item, mail_setting
from webapp.members.phones import book
from webapp.settings import Settings

NOW = datetime(2026, 6, 16, 4, 0, tzinfo=UTC)
PEOPLE = 6


@pytest.fixture
def box() -> Iterator[Postbox]:
    made = Postbox()
    server = postbox.start(made)
    yield made
    server.shutdown()
    server.server_close()


def open_house(told: str) -> Any:
    """A worker's house; the address of the database and the port of the mail server come in one text."""
    url, port, folder = told.split("|")
    settings = Settings(
        env="test", database_url=url, var_dir=Path(folder), mail_sender="smtp", smtp_host="127.0.0.1",
        smtp_port=int(port), smtp_security="none", smtp_from="noreply@puhui.example",
    )  # fmt: skip
    return build_house(settings, FixedClock(NOW))


def gather_and_deliver(house: Any, now: datetime) -> str:
    """What a worker does: form what is due, then send every e-mail there is, its own and the others'."""
    made = digests.gather(house, now)
    with house.store.read() as tx:
        formed = tx.rows(select(mail.c.member_id, mail.c.day).where(mail.c.day == local_day(now)))
    for row in formed:
        delivery.send_digest(house, {"member_id": row.member_id, "day": row.day.isoformat()}, now)
    return f"formed {made}"


def processes(told: str, moments: Sequence[datetime]) -> Counter[str]:
    return race(open_house, told, gather_and_deliver, [*moments] * 4, 2, 4)


def threads(house: Any, now: datetime) -> Counter[str]:
    """Eight workers of one process; quicker than starting processes again."""
    barrier = threading.Barrier(8)

    def work(_: int) -> str:
        barrier.wait(timeout=60)
        return gather_and_deliver(house, now)

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(work, range(8)))


def test_workers_at_the_same_instant_send_one_a_day_and_three_a_week(
    database_url: str, box: Postbox, tmp_path: Path
) -> None:
    told = f"{database_url}|{box.port}|{tmp_path}"
    house = open_house(told)
    for n in range(PEOPLE):
        who = make_member(house, f"member-{n}")
        keys = book(house.settings)
        row = {"member_id": who.id, "sealed": keys.seal(f"m{n}@mail.example"), "state": "on", "by_mail": "news"}
        with house.store.write() as tx:
            tx.upsert(mail_setting, [row | {"quiet_from": 0, "quiet_until": 0}], key=["member_id"])

    def races(*moments: datetime) -> int:
        """Something new for everybody, then eight workers; how many e-mails they formed between them."""
        with house.store.write() as tx:
            for member in tx.rows(select(mail_setting.c.member_id)):
                service.notify(tx, member.member_id, "news", "消息", "News", now=moments[0] - timedelta(hours=1))
        outcomes = threads(house, moments[0]) if len(moments) == 1 else processes(told, moments)
        assert all(key.startswith("formed ") for key in outcomes), outcomes
        return sum(int(key.split()[1]) * n for key, n in outcomes.items())

    def arrived() -> Counter[str]:
        return Counter(str(letter["To"]) for letter in box.letters)

    everybody = {f"m{n}@mail.example" for n in range(PEOPLE)}
    assert races(NOW) == PEOPLE and arrived() == dict.fromkeys(everybody, 1)
    with house.store.write() as tx:  # a second one in this week
        past = {"day": local_day(NOW - timedelta(days=1)), "state": "sent", "items": 1, "formed_at": NOW}
        tx.insert(mail, [past | {"member_id": r.member_id} for r in tx.rows(select(mail_setting.c.member_id))])
    # Clocks that differ around midnight: one more is left, whichever day it is.
    assert races(NOW + timedelta(days=2), NOW + timedelta(days=3)) == PEOPLE
    assert arrived() == dict.fromkeys(everybody, 2)
    with house.store.read() as tx:
        assert {row.state for row in tx.rows(select(mail.c.state))} == {"sent"}
        assert tx.rows(select(mail_item)) == []
    house.store.dispose()
