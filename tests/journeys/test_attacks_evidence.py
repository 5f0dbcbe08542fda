"""Ways to be paid around the checks of evidence: photos that are not there, replays behind a screen of refusals, own screens."""

from __future__ import annotations

import gzip
import io
import time
import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from points_engine.errors import Invalid
from points_engine.methodology import Level
from tests.people import Person, make_member, make_unit
from tests.replays import moved
from tests.rooms.test_meters import bind, read_all, savings
from tests.rooms.test_places import make_place, on_screen, scan
from tests.rooms.test_trips import clean, hand_in, ride, rider
from webapp.activities import service as activities
from webapp.activities.commands import read_command
from webapp.activities.proofs import Proof
from webapp.ledger import queries as ledger
from webapp.meters import queries, service
from webapp.meters.forms import Figure, Replacement
from webapp.meters.queries import Owner
from webapp.meters.settling import settle_months
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.trips import queries as trip_queries
from webapp.trips import repeats
from webapp.trips.files import read_recordings


def send_photo(house: Any, who: Person, colour: int) -> str:
    out = io.BytesIO()
    Image.effect_noise((240, 180), colour).convert("RGB").save(out, "JPEG")
    with house.store.write() as tx:
        return str(keep_picture(tx, house.blobs, who.id, read_picture(out.getvalue()), house.clock.now())["id"])


# --- meters ----------------------------------------------------------------------------------------------


def test_a_reading_cannot_rest_on_a_photo_that_is_not_there(client: Any, house: Any) -> None:
    """The page keeps a photo's id in its form, where anybody can write another one."""
    ling, bo = make_member(house, "ling"), make_member(house, "bo")
    meter, theirs = bind(house, ling), send_photo(house, bo, 90)
    ling.sign_in(client)
    for told in (str(uuid.uuid4()), theirs):
        answer = client.post(f"/meters/{meter}/readings", data={"value": "100", "on": "2026-06-16", "photo_id": told})
        assert answer.status_code == 400
    mine = {"value": "100", "on": "2026-06-16", "photo_id": send_photo(house, ling, 60)}
    assert client.post(f"/meters/{meter}/readings", data=mine).status_code == 303
    with house.store.read() as tx:
        assert [row.support for row in tx.rows(text("SELECT support FROM reading"))] == ["photo"]


def test_a_file_from_a_household_is_no_partners_word(house: Any) -> None:
    """Whoever can edit a file is its author: worth no more than photos, and looked at as they are."""
    ling = make_member(house, "ling")
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 11 + [5] * 2, support="file")
    with house.store.write() as tx:
        tx.execute(text("UPDATE reading SET support = 'photo' WHERE read_on = '2026-03-01'"))
    settle_months(house, house.clock.now())
    assert savings(house, ling)["2026-05"].activity_id
    with house.store.read() as tx:
        rows = tx.rows(text("SELECT status, level FROM activity"))
    assert rows and {(row.status, row.level) for row in rows} == {("pending", "photo")}


def test_use_cannot_vanish_between_two_devices_unseen(house: Any) -> None:
    """The "new" device begins where the old one really stands: what was used in between is told to nobody."""
    ling, now = make_member(house, "ling"), house.clock.now()
    meter, owner = bind(house, ling), Owner(ling.id)
    read_all(house, ling, meter, [1] * 11)
    with house.store.read() as tx:
        known = queries.one(tx, owner, meter)
        last = max(r.value for r in queries.readings(tx, [known])[known.place])
    told = Replacement(date(2026, 5, 1), last + 22_000, "140099998888", 6, last + 27_000)
    figures = [
        service.Row(meter, Figure(date(2026, 5, 1), last + 27_000, support="photo")),
        service.Row(meter, Figure(date(2026, 6, 1), last + 50_000, support="photo")),
    ]
    with house.store.write() as tx:
        key, photo = house.settings.track_key, Figure(told.on, told.last, support="photo")
        service.replace_register(tx, key, ling.id, owner, meter, told, photo, now)
        service.import_readings(tx, ling.id, owner, figures, set(), now)
    settle_months(house, now)
    with house.store.read() as tx:
        rows = {str(r.occurred_on)[:7]: r for r in tx.rows(text("SELECT occurred_on, status, reasons FROM activity"))}
    assert rows["2026-04"].status == "pending" and "register_replaced" in str(rows["2026-04"].reasons)


def test_who_may_not_earn_by_photo_does_not_by_a_meters_photo_either(house: Any) -> None:
    ling, now = make_member(house, "ling"), house.clock.now()
    photo = send_photo(house, ling, 70)
    proof = Proof("meter", Level.PHOTO, source="m:1", natural="2026-05")
    told = {"behaviour": "electricity_saved", "quantity": Decimal("0.1"), "inputs": {}, "evidence": [photo]}
    command = read_command(
        house.catalogue, ling.id, id=str(uuid.uuid4()), occurred_at=now, now=now, proof=proof, **told
    )
    with house.store.write() as tx:
        activities.stop_photos(tx, ling.id, True, now)
        record = activities.log_activity(tx, command, now).record
    assert (record["status"], record["points"]) == ("pending", 0)
    assert "photo_needs_review" in record["reasons"]


# --- trips -----------------------------------------------------------------------------------------------


def restore(house: Any, who: Person, act: str) -> Any:
    reviewer = make_member(house, f"rev-{uuid.uuid4().hex[:6]}", "reviewer")
    with house.store.write() as tx:
        return activities.restore(tx, house.catalogue, reviewer.id, who.id, act, note="", now=house.clock.now())


def test_refused_copies_do_not_hide_the_trip_that_was_paid(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Own refused trips may be sent again; enough of them, under low ids, must not fill the list of candidates."""
    monkeypatch.setattr(repeats, "MOST_CANDIDATES", 3)
    ling, track = rider(house, "ling"), ride(house, hours=20)
    assert hand_in(house, ling, track, id=str(uuid.UUID(int=2**128 - 1))).record["points"]
    for n in range(4):
        assert hand_in(house, ling, track, "car", id=str(uuid.UUID(int=n + 1))).verdict == "reject"
    again = hand_in(house, ling, moved(track, 6 * 3600))
    assert (again.verdict, again.reasons, again.record["points"]) == ("reject", ("trip_replayed",), 0)


def test_a_trip_credited_on_appeal_is_not_forgiven_any_more(house: Any) -> None:
    ling, track = rider(house, "ling"), ride(house, hours=20)
    refused = hand_in(house, ling, track, "car")
    assert restore(house, ling, refused.record["id"])["grams"]
    again = hand_in(house, ling, moved(track, 6 * 3600))
    assert (again.verdict, again.reasons) == ("reject", ("trip_replayed",))


def test_a_refused_trip_that_was_sent_again_and_paid_is_known_on_appeal(house: Any) -> None:
    ling, track = rider(house, "ling"), ride(house, hours=20)
    refused = hand_in(house, ling, track, "car").record["id"]
    other = hand_in(house, ling, ride(house, "other", hours=30)).record["id"]
    with house.store.read() as tx:
        assert not trip_queries.paid_again(tx, ling.id, refused) and not trip_queries.paid_again(tx, ling.id, other)
    assert hand_in(house, ling, moved(track, 6 * 3600)).record["points"]
    with house.store.read() as tx:
        assert trip_queries.paid_again(tx, ling.id, refused)
        assert not trip_queries.paid_again(tx, ling.id, other)


def test_a_reviewers_yes_does_not_pay_a_trip_twice(house: Any) -> None:
    """Told without a recording and paid; the recording, credited later by a person, is worth what it adds."""
    ling, bo, now = rider(house, "ling"), rider(house, "bo"), house.clock.now()
    only = restore(house, bo, hand_in(house, bo, ride(house, "b"), "car").record["id"])
    refused = hand_in(house, ling, ride(house, "a"), "car")
    inside = now - timedelta(hours=3) + timedelta(minutes=7)
    told = {"behaviour": "bike", "quantity": Decimal(3), "inputs": {}, "evidence": []}
    command = read_command(house.catalogue, ling.id, id=str(uuid.uuid4()), occurred_at=inside, now=now, **told)
    with house.store.write() as tx:
        declared = activities.log_activity(tx, command, now).record
    both = restore(house, ling, refused.record["id"])
    assert declared["grams"] and only["grams"] and "counted_in_part" in both["reasons"]
    alone = both["quantity_milli"] * only["grams"] // only["quantity_milli"]
    with house.store.read() as tx:
        purse = ledger.wallet(tx, ling.id)
    assert purse.declared_g + purse.verified_g <= max(alone, declared["grams"]) + 2
    clean(house)


def test_a_file_of_endless_empty_members_is_refused_at_once() -> None:
    data, began = gzip.compress(b"") * 200_000, time.perf_counter()
    with pytest.raises(Invalid):
        read_recordings([("a.gpx.gz", data)])
    assert time.perf_counter() - began < 1


def test_what_a_judge_found_odd_is_not_accepted_in_a_batch(client: Any, house: Any) -> None:
    ling, rev, now = make_member(house, "ling"), make_member(house, "rev", "reviewer"), house.clock.now()
    acts = []
    for n, why in enumerate((("use_too_low",), ())):
        proof = Proof("meter", Level.PHOTO, "review", why, source="m:1", natural=f"2026-0{n + 1}")
        told = {"behaviour": "electricity_saved", "quantity": Decimal("0.1"), "inputs": {}, "evidence": []}
        own = str(uuid.uuid4())
        command = read_command(house.catalogue, ling.id, id=own, occurred_at=now, now=now, proof=proof, **told)
        with house.store.write() as tx:
            acts.append(activities.log_activity(tx, command, now).record["id"])
    with house.store.read() as tx:
        who = tx.scalar(text("SELECT public_id FROM member WHERE id = :m"), {"m": ling.id})
    rev.sign_in(client)
    client.post("/console/review/batch", data={"kind": "pending", "pick": [f"{who}/{act}" for act in acts]})
    with house.store.read() as tx:
        found = {str(uuid.UUID(str(r.id))): r.status for r in tx.rows(text("SELECT id, status FROM activity"))}
    assert [found[act] for act in acts] == ["pending", "accepted"]


# --- places ----------------------------------------------------------------------------------------------


def test_who_holds_the_address_of_a_screen_scans_it_as_a_plate(house: Any) -> None:
    """Whoever manages a place can open its screen at home: the code then proves no more than the plate."""
    admin, ling = make_member(house, "hr"), make_member(house, "ling")
    unit, editor = make_unit(house, "enterprise", "潞安一厂", admin, ling), make_member(house, "editor", "editor")
    spot = make_place(house, unit_id=str(unit))
    for person, level in ((ling, "device"), (admin, "photo"), (editor, "photo")):
        assert scan(house, person.id, spot, key=on_screen(house, spot)).record["level"] == level
