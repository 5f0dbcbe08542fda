"""Acts: what is credited and why not more, the same id twice, exclusions, undo, photos and review."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from points_engine.errors import EngineError, Invalid
from points_engine.methodology import load
from webapp.activities import audit, queries, service
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.desk import Desk
from webapp.ledger import queries as ledger
from webapp.ledger.audit import check_members
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.store import Store
from webapp.store.blobs import FolderBlobs

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)  # 09:00 in Changzhi
CATALOGUE = load()


def act(member: int, behaviour: str, quantity: str, id: str = "", at: datetime = NOW, **more: Any) -> LogActivity:
    return read_command(
        CATALOGUE,
        member,
        id=id or str(uuid.uuid4()),
        behaviour=behaviour,
        quantity=Decimal(quantity),
        occurred_at=at,
        inputs=more.get("inputs", {}),
        evidence=more.get("evidence", ()),
        now=more.get("now", NOW),
    )


def log(store: Store, *commands: LogActivity, now: datetime = NOW) -> list[Any]:
    with store.write() as tx:
        return service.log_many(tx, commands, now)


def records(store: Store, *commands: LogActivity, now: datetime = NOW) -> list[Any]:
    return [answer.record for answer in log(store, *commands, now=now)]


def faults(store: Store) -> list[str]:
    with store.snapshot() as tx:
        found = check_members(tx, 0, 999)
        return found.faults + audit.check_members(tx, 0, 999, found.causes).faults


def test_the_worked_example_is_credited_to_the_declared_account(store: Store) -> None:
    (record,) = records(store, act(1, "bike", "5.2"))
    assert (record["status"], record["grams"], record["points"]) == ("accepted", 247, 26)
    with store.read() as tx:
        purse = ledger.wallet(tx, 1)
    assert (purse.declared_g, purse.verified_g, purse.points) == (247, 0, 26)
    assert faults(store) == []


def test_the_same_id_answers_the_first_and_other_facts_are_refused(store: Store) -> None:
    one = act(1, "bike", "2")
    same, other, foreign = act(1, "bike", "2.000", one.id), act(1, "bike", "3", one.id), act(2, "bike", "2", one.id)
    answers = log(store, one, same, other, foreign)
    assert [getattr(a, "fresh", a) for a in answers[:2]] == [True, False]
    assert isinstance(answers[2], EngineError) and answers[2].code == "request_reused"
    assert answers[3].fresh, "an id is unique per member, not across members"
    again = log(store, same)[0]
    assert not again.fresh and again.record["grams"] == answers[0].record["grams"]
    assert faults(store) == []


def test_over_a_cap_the_part_that_fits_is_credited(store: Store) -> None:
    nine, eight, four = records(
        store, act(1, "bike", "9"), act(1, "shared_bike", "8", at=NOW - timedelta(minutes=9)), act(1, "bike", "4")
    )
    assert nine["reasons"] == [] and eight["reasons"] == []
    assert four["credited_milli"] == 3000 and four["reasons"] == ["daily_cap_reached"]
    (none,) = records(store, act(1, "bike", "1", at=NOW - timedelta(hours=1)))
    assert (none["status"], none["grams"], none["points"], none["reasons"]) == ("accepted", 0, 0, ["daily_cap_reached"])
    assert faults(store) == []


def test_caps_follow_the_local_day(store: Store) -> None:
    before = datetime(2026, 6, 15, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Changzhi
    late, early = records(
        store, act(1, "own_bag", "2", at=before), act(1, "own_bag", "2", at=before + timedelta(seconds=1))
    )
    assert late["reasons"] == early["reasons"] == []
    assert str(late["occurred_on"]) == "2026-06-15" and str(early["occurred_on"]) == "2026-06-16"


def test_declared_grams_and_daily_points_have_limits(store: Store) -> None:
    day = [
        act(1, "shuttle", "60"),
        act(1, "bus", "30", at=NOW - timedelta(minutes=1)),
        act(1, "ebike", "15", at=NOW - timedelta(minutes=2)),
    ]
    shuttle, bus, ebike = records(store, *day)
    assert shuttle["grams"] + bus["grams"] + ebike["grams"] == 2000
    assert ebike["grams"] == 0 and "declared_daily_limit_reached" in ebike["reasons"]
    assert shuttle["points"] + bus["points"] + ebike["points"] <= 200
    assert faults(store) == []


def test_two_kinds_of_travel_at_one_instant_are_one_trip(store: Store) -> None:
    ride, bus, later = records(
        store, act(1, "bike", "2"), act(1, "bus", "2"), act(1, "bus", "2", at=NOW - timedelta(minutes=5))
    )
    assert ride["grams"] > 0 and later["grams"] > 0
    assert (bus["grams"], bus["reasons"]) == (0, ["counted_elsewhere"])


def test_what_replaces_another_act_is_worth_what_it_adds(store: Store) -> None:
    """A lunch box 60 g replaces no cutlery 23 g and own chopsticks 20 g for that meal, whichever comes first."""
    cutlery, sticks, box = records(
        store, act(1, "no_cutlery", "1"), act(1, "own_chopsticks", "1"), act(1, "own_lunch_box", "1")
    )
    assert cutlery["grams"] + sticks["grams"] + box["grams"] == 30 and box["reasons"] == ["counted_in_part"]
    first, late = records(store, act(2, "own_lunch_box", "1"), act(2, "no_cutlery", "1"))
    assert (first["grams"], late["grams"], late["reasons"]) == (30, 0, ["counted_elsewhere"])
    supper = NOW - timedelta(hours=14)
    assert records(store, act(2, "no_cutlery", "1", at=supper))[0]["grams"] == 11, "another meal"
    assert faults(store) == []


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"quantity": "0"}, "quantity", "must_be_positive"),
        ({"quantity": "NaN"}, "quantity", "not_a_number"),
        ({"quantity": "1E+400"}, "quantity", "out_of_bounds"),
        ({"quantity": "1.2345"}, "quantity", "too_many_decimals"),
        ({"at": NOW + timedelta(minutes=11)}, "occurred_at", "in_future"),
        ({"at": NOW - timedelta(hours=72, seconds=1)}, "occurred_at", "too_old"),
        ({"behaviour": "flying"}, "behaviour", "unknown"),
        ({"behaviour": "ev_charge"}, "behaviour", "not_loggable"),
        ({"id": "1"}, "id", "not_a_uuid"),
        ({"inputs": {"n": Decimal(3)}}, "inputs.n", "unknown"),
    ],
)
def test_bad_input_names_its_field(change: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        act(1, **{"behaviour": "bike", "quantity": "1", **change})
    assert refused.value.fields[field] == reason


def test_undo_reverses_by_new_transfers_and_frees_the_cap(store: Store) -> None:
    first, second = act(1, "own_cup", "2"), act(1, "own_cup", "1", at=NOW - timedelta(hours=1))
    records(store, first)
    assert records(store, second)[0]["grams"] == 0
    for _ in range(2):  # twice is the same as once
        with store.write() as tx:
            undone = service.undo_activity(tx, 1, first.id, NOW + timedelta(minutes=9))
        assert undone["status"] == "undone"
    with store.read() as tx:
        purse, lines = ledger.wallet(tx, 1), ledger.statement(tx, 1, "points", None)
    assert (purse.declared_g, purse.points) == (0, 0)
    assert [line.code for line in lines] == ["undo", "act"]
    assert records(store, act(1, "own_cup", "2", at=NOW - timedelta(hours=2)))[0]["grams"] > 0
    assert faults(store) == []


def test_undo_has_an_end_and_an_owner(store: Store) -> None:
    one = act(1, "own_cup", "1")
    records(store, one)
    for member, now, code in ((1, NOW + timedelta(minutes=11), "undo_window_closed"), (2, NOW, "unknown_activity")):
        with pytest.raises(EngineError) as refused, store.write() as tx:
            service.undo_activity(tx, member, one.id, now)
        assert refused.value.code == code


def photo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


def sent(store: Store, blobs: FolderBlobs, member: int, colour: str) -> dict[str, Any]:
    with store.write() as tx:
        return keep_picture(tx, blobs, member, read_picture(photo(colour)), NOW)


def test_a_photo_lifts_the_coefficient_once(store: Store, tmp_path: Any) -> None:
    blobs = FolderBlobs(tmp_path)
    mine, copy = sent(store, blobs, 1, "green"), sent(store, blobs, 2, "green")
    assert not mine["duplicate_of_other"] and copy["duplicate_of_other"]
    assert sent(store, blobs, 1, "green")["id"] == mine["id"]
    good, stolen = records(
        store, act(1, "bike", "5.2", evidence=[mine["id"]]), act(2, "bike", "5.2", evidence=[copy["id"]])
    )
    assert (good["level"], good["grams"]) == ("photo", 495)
    assert (stolen["status"], stolen["grams"], stolen["reasons"]) == ("rejected", 0, ["photo_reused"])
    unknown = log(store, act(2, "bike", "1", evidence=[mine["id"]]))[0]
    assert isinstance(unknown, Invalid) and unknown.fields == {"evidence": "unknown_upload"}
    assert faults(store) == []


def review(store: Store, who: int, command: LogActivity, **verdict: Any) -> Any:
    with store.write() as tx:
        return service.review_activity(tx, CATALOGUE, who, command.member_id, command.id, now=NOW, **verdict)


def test_a_large_photo_act_waits_for_a_reviewer(store: Store, tmp_path: Any) -> None:
    blobs = FolderBlobs(tmp_path)
    ids = [sent(store, blobs, 1, colour)["id"] for colour in ("red", "blue")]
    rides = [
        act(1, "bike", "9", evidence=[ids[0]]),
        act(1, "bike", "8", evidence=[ids[1]], at=NOW - timedelta(hours=1)),
    ]
    assert [r["status"] for r in records(store, *rides)] == ["pending", "pending"]
    with store.read() as tx:
        assert queries.count_pending(tx) == 2 and ledger.wallet(tx, 1).verified_g == 0
    with pytest.raises(EngineError) as refused:
        review(store, 1, rides[0], accept=True, note="")
    assert refused.value.code == "not_your_own"
    with pytest.raises(Invalid):
        review(store, 9, rides[0], accept=False, note=" ")
    assert review(store, 9, rides[0], accept=True, note="")["grams"] == 857
    assert review(store, 9, rides[1], accept=False, note="看不清")["status"] == "rejected"
    with pytest.raises(EngineError) as refused:
        review(store, 9, rides[0], accept=True, note="")
    assert refused.value.code == "already_resolved"
    assert faults(store) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE activity SET counters = replace(counters, '2000', '1000')",
        "UPDATE activity SET grams = grams + 1",
        "UPDATE member_day SET acts = acts + 1",
        "DELETE FROM activity",
    ],
)
def test_the_audit_finds_touched_acts_and_counters(store: Store, statement: str) -> None:
    records(store, act(1, "bike", "2"), act(1, "own_cup", "1"))
    assert faults(store) == []
    with store.write() as tx:
        tx.execute(text(statement))
    assert faults(store)


def test_one_bad_act_in_a_batch_hurts_nobody_else(store: Store) -> None:
    with store.write() as tx:
        from webapp.ledger.service import set_frozen

        set_frozen(tx, 2, True, NOW)
    good, bad, better = log(store, act(1, "bike", "1"), act(2, "bike", "1"), act(3, "bike", "1"))
    assert good.record["grams"] == better.record["grams"] == 47
    assert isinstance(bad, EngineError) and bad.code == "account_frozen"


@pytest.mark.parametrize("group", [True, False])
def test_the_desk_answers_each_request_after_its_commit(store: Store, group: bool) -> None:
    desk = Desk(store, group=group)
    one = act(1, "bike", "1")
    assert desk.log(one, NOW).fresh and not desk.log(one, NOW).fresh
    with pytest.raises(EngineError):
        desk.log(act(1, "bike", "2", one.id), NOW)
    desk.close()


def test_statements_per_batch_do_not_grow_with_it(store: Store) -> None:
    from tests.counting import count_statements

    with count_statements(store) as few:
        log(store, *(act(m, "bike", "1") for m in range(1, 4)))
    with count_statements(store) as many:
        log(store, *(act(m, "bike", "1") for m in range(10, 70)))
    assert many.count == few.count
