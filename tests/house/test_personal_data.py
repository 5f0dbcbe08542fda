"""What belongs to a person: keyed by the person, gone when they leave or kept for a named reason."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import UniqueConstraint, func, select

from tests.house.conftest import Park
from tests.people import Person, make_member
from webapp.app import create_app
from webapp.members import service as members
from webapp.members.tables import member
from webapp.tables import metadata

# What stays of somebody who left, nameless, and why. Everything else with a member_id is empty for them.
STAYS = {
    "activity": "what was done, for the totals of the park and the audit of its grams",
    "campaign_bonus": "what a campaign paid, for its budget",
    "campaign_share": "what somebody brought to a team goal, for its sum",
    "challenge_award": "what a challenge paid, for its fund",
    "challenge_join": "on which days somebody counted for a team, for its sums",
    "consent": "that consent was given and taken back has to be shown",
    "fulfilment": "a merchant's record of what was handed over",
    "honour_candidate": "an honour that was given stays in the public list, without a name",
    "lot": "the ledger is never cut",
    "member_day": "the totals of the park, its units and its months",
    "member_reward_count": "the audit counts redemptions again",
    "membership": "when somebody belonged to a unit, for the unit's sums",
    "photo_use": "only the fingerprint, so that a photo cannot be used again by somebody else",
    "proof": "what a partner or a meter has told once pays once for ever; without its times",
    "published_row": "a board that was published stays as it was, without a nickname",
    "review_case": "how many acts were looked at and with what verdict, without the words",
    "redemption": "what points bought, for the stock's audit",
    "redemption_code": "a code is never given twice",
    "score": "what was done for a period counts for the unit",
    "transfer": "the ledger is never cut",
    "trip": "distance and time behind an act, without its track and without a place",
    "trip_mark": "keyed marks of a recording, so that it cannot pay again; no place can be read from them",
    "unit_part": "a member's part of the unit's sums",
    "wallet": "the ledger is never cut",
}
# Tables with a member_id whose key does not begin with it, and why.
KEYED_OTHERWISE = {
    "feedback": "may come from a visitor",
    "honour_candidate": "a round is read as a whole, and units are candidates too",
    "honour_match": "a round's list is read as a whole, and units stand on it too",
    "photo_print": "asked for by what a photo shows, whoever sent it",
    "photo_use": "unique across members, keyed by the fingerprint",
    "published_row": "a published board is read and kept as a whole",
    "redemption_code": "unique across members, keyed by the code",
    "roster_entry": "a list is its unit's; who joined through a line is noted beside it",
    "trip_mark": "asked for by mark, whoever rode",
}
UNIQUE_OTHERWISE = {
    ("meter", "kind"): "a meter is bound to one home, whoever reads it",
    ("challenge_certificate", "number"): "asked for by its number, whoever shows it",
    ("activity", "id"): "a partner's event is one act for ever, whoever brings it",
    ("proof", "source"): "what a source has told once is known for ever, whoever brings it",
    ("pledge_signature", "number"): "a certificate is looked up by its number alone",
    ("fulfilment", "code"): "a code is handed over once, whoever stands at the counter",
    ("partner_link", "source"): "a partner's account is one member's",
}


def personal() -> list[Any]:
    return [table for table in metadata.sorted_tables if "member_id" in table.c]


def test_what_grows_with_people_is_keyed_by_the_person() -> None:
    first = {t.name for t in personal() if next(iter(t.primary_key)).name != "member_id"}
    assert first == set(KEYED_OTHERWISE)
    unique = [
        (t.name, columns[0].name)
        for t in personal()
        if t.name not in KEYED_OTHERWISE
        for each in (*t.constraints, *t.indexes)
        if isinstance(each, UniqueConstraint) or getattr(each, "unique", False)
        if (columns := list(each.columns))[0].name != "member_id"
    ]
    assert set(unique) == set(UNIQUE_OTHERWISE)


@pytest.fixture
def leaving(park: Park, tmp_path: Path) -> Iterator[Any]:
    """The house of a copy of the park, and in it somebody who has done everything there is."""
    shutil.copy(park.path, tmp_path / "copy.db")
    settings = park.house.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'copy.db'}"})
    app = create_app(settings, clock=park.house.clock)
    yield app.extensions["puhui"]
    app.extensions["puhui"].store.dispose()


def test_leaving_empties_every_table_that_has_no_reason_to_keep(leaving: Any, park: Park) -> None:
    who, house = park.ids["resident"], leaving
    Person(who, "m000001", house).token()
    before = rows_of(house, who)
    assert set(before) >= {"activity", "notice", "upload", "session", "redemption", "campaign_join", "membership"}
    others = total(house) - sum(before.values())
    leave(house, who)
    after = rows_of(house, who)
    assert set(after) - set(STAYS) == set()
    assert {t for t in STAYS if t not in metadata.tables} == set(), "no such table any more"
    assert total(house) - sum(after.values()) >= others, "rows of somebody else went too"


def test_no_name_and_no_number_is_left_anywhere(leaving: Any, tmp_path: Path) -> None:
    house = leaving
    lin = make_member(house, "lin-login-unique", nickname="林小满独一份")
    with house.store.write() as tx:
        members.leave_feedback(tx, lin.id, "请联系我", house.clock.now())
    path = tmp_path / "copy.db"
    assert {"lin-login-unique", "林小满独一份"} <= words_in(path)
    leave(house, lin.id)
    assert words_in(path) & {"lin-login-unique", "林小满独一份"} == set()


def leave(house: Any, who: int) -> None:
    with house.store.write() as tx:
        members.leave(tx, who, house.forgetters, house.clock.now())


def rows_of(house: Any, who: int) -> dict[str, int]:
    """Tables in which this member has rows."""
    with house.store.read() as tx:
        counts = {
            t.name: int(tx.scalar(select(func.count()).select_from(t).where(t.c.member_id == who))) for t in personal()
        }
        assert tx.scalar(select(member.c.id).where(member.c.id == who)) == who, "the row stays, nameless"
    return {name: n for name, n in counts.items() if n}


def total(house: Any) -> int:
    with house.store.read() as tx:
        return sum(int(tx.scalar(select(func.count()).select_from(t))) for t in personal())


def words_in(path: Path) -> set[str]:
    """The unusual words that stand anywhere in the database."""
    with sqlite3.connect(path) as connection:
        dump = "\n".join(connection.iterdump())
    return {word for word in ("lin-login-unique", "林小满独一份") if word in dump}
