"""What the tests of review share: acts with photos, screening, words of reviewers, appeals."""

from __future__ import annotations

import io
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from points_engine.errors import EngineError
from points_engine.review import Reputation
from tests.people import Person
from webapp.activities import queries as acts
from webapp.activities.commands import read_command
from webapp.inbox import queries as inbox
from webapp.ledger import queries as ledger
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.review import cases, screening, service, standing
from webapp.review.service import Why

WHY = Why("mismatch", "照片内容与所报行为不符", "The photo does not show the act")


def photo_of(house: Any, person: Person, shade: int) -> str:
    out = io.BytesIO()
    Image.effect_noise((200, 160), shade).convert("RGB").save(out, "JPEG")
    with house.store.write() as tx:
        return str(keep_picture(tx, house.blobs, person.id, read_picture(out.getvalue()), house.clock.now())["id"])


def log(
    house: Any,
    person: Person,
    behaviour: str = "bike",
    amount: float = 2,
    *,
    shade: int = 0,
    at: datetime | None = None,
) -> str:
    now = house.clock.now()
    command = read_command(
        house.catalogue, person.id, id=str(uuid.uuid4()), behaviour=behaviour, quantity=Decimal(str(amount)),
        occurred_at=at or now - timedelta(hours=1), inputs={}, evidence=[photo_of(house, person, shade)] if shade else [],
        now=now,
    )  # fmt: skip
    return str(house.desk.log(command, now).record["id"])


def screen(house: Any) -> int:
    """Screen once what was logged can no longer be undone."""
    house.clock.advance(minutes=11)
    return screening.screen_acts(house, house.clock.now())


def say(house: Any, by: Person, of: Person, kind: str, act: str, word: str, why: Why = WHY) -> service.Said:
    return house.store.retrying(  # type: ignore[no-any-return]
        lambda tx: service.decide(tx, house.catalogue, by.id, of.id, kind, act, word, why, house.clock.now())
    )


def appeal(house: Any, of: Person, act: str, words: str = "") -> Any:
    return house.store.retrying(lambda tx: service.open_appeal(tx, of.id, act, words, house.clock.now()))


def code_of(run: Any) -> str:
    with pytest.raises(EngineError) as refused:
        run()
    return str(refused.value.code)


def one(house: Any, of: Person, act: str) -> Any:
    with house.store.read() as tx:
        return acts.one(tx, of.id, act)


def case_of(house: Any, of: Person, kind: str, act: str) -> Any:
    with house.store.read() as tx:
        return cases.find(tx, of.id, kind, act)


def wallet(house: Any, of: Person) -> Any:
    with house.store.read() as tx:
        return ledger.wallet(tx, of.id)


def titles(house: Any, of: Person) -> set[str]:
    with house.store.read() as tx:
        return {notice.title_zh for notice in inbox.notices(tx, of.id)}


def set_standing(house: Any, of: Person, state: str, outcomes: str = "") -> None:
    with house.store.write() as tx:
        standing._set(tx, of.id, Reputation(), Reputation(state, outcomes), house.clock.now())


def sampled(house: Any, of: Person, shade: int, amount: float = 2) -> str:
    act = log(house, of, amount=amount, shade=shade)
    screen(house)
    assert case_of(house, of, "sample", act).state == "open"
    return act


def failed(house: Any, of: Person, by: Person, shade: int) -> str:
    act = sampled(house, of, shade)
    say(house, by, of, "sample", act, "fail")
    return act
