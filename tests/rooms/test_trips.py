"""Trips handed in: judged and credited once, repeats refused, tracks sealed, looked at on the record, and purged."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from points_engine.errors import EngineError, Invalid
from points_engine.trips import Fix
from tests.people import Person, make_member
from tests.replays import Way, jittered, moved, recorded, resampled, rounded
from tests.tracks import Phone
from webapp.activities import service as activities
from webapp.audit import run as audit
from webapp.ledger import queries as ledger
from webapp.members.consents import give_consent, withdraw_consent
from webapp.trips import service
from webapp.trips.purge import purge_tracks

GOOD = Phone(2.0, 0.1, 1.0, 2.0, 0.0, 0.0, 0.0)
Track = list[list[Fix]]


def rider(house: Any, login: str) -> Person:
    person = make_member(house, login)
    with house.store.write() as tx:
        give_consent(tx, person.id, "location", house.clock.now())
    return person


def ride(house: Any, seed: str = "a", *, hours: float = 3.0, seconds: int = 900) -> Track:
    """A bicycle ride of a quarter of an hour that the judge takes."""
    rng = Random(seed)
    gone, metres, speed = [], 0.0, 3.0
    for second in range(seconds):
        speed += (rng.uniform(3.2, 5.2) - speed) * 0.1
        if second % 240 > 225:
            speed *= 0.6
        metres += speed
        gone.append(metres)
    start = (house.clock.now() - timedelta(hours=hours)).timestamp()
    return recorded(rng, Way(rng, metres + 100), gone, GOOD, float(int(start)))


def hand_in(house: Any, person: Person, track: Track, mode: str = "bike", id: str = "", **more: Any) -> Any:
    return service.submit_trip(
        house,
        person.id,
        id=id or str(uuid.uuid4()),
        mode=mode,
        segments=track,
        now=house.clock.now(),
        source="file",
        **more,
    )


def points_of(house: Any, person: Person) -> int:
    with house.store.read() as tx:
        return ledger.wallet(tx, person.id).points


def clean(house: Any) -> None:
    report = audit(house.store)
    assert not report.faults, report.faults


def test_a_ride_is_credited_in_full_as_a_device_recording(house: Any) -> None:
    ling = rider(house, "ling")
    done = hand_in(house, ling, ride(house))
    assert done.verdict == "accept" and done.fresh, done
    assert done.record["level"] == "device" and done.record["status"] == "accepted"
    assert 2500 < done.distance_m < 5000 and done.record["quantity_milli"] == done.distance_m
    with house.store.read() as tx:
        purse = ledger.wallet(tx, ling.id)
    assert (purse.verified_g, purse.points) == (done.record["grams"], done.record["points"]) and purse.verified_g > 200
    clean(house)


def test_without_consent_nothing_is_kept(house: Any) -> None:
    bo = make_member(house, "bo")
    with pytest.raises(EngineError) as refused:
        hand_in(house, bo, ride(house))
    assert (refused.value.kind, refused.value.code) == ("forbidden", "location_consent_required")
    ling = rider(house, "ling")
    with house.store.write() as tx:
        withdraw_consent(tx, ling.id, "location", house.clock.now())
    with pytest.raises(EngineError):
        hand_in(house, ling, ride(house))
    with house.store.read() as tx:
        for table in ("trip", "trip_track", "trip_mark", "activity"):
            assert tx.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_the_same_id_answers_the_first_and_another_trip_is_refused(house: Any) -> None:
    ling, id = rider(house, "ling"), str(uuid.uuid4())
    track = ride(house)
    one, two = hand_in(house, ling, track, id=id), hand_in(house, ling, track, id=id)
    assert (one.fresh, two.fresh) == (True, False)
    assert (one.verdict, one.distance_m, one.reasons) == (two.verdict, two.distance_m, two.reasons)
    assert one.record["grams"] == two.record["grams"]
    for other, mode in ((ride(house, "b"), "bike"), (track, "ebike")):
        with pytest.raises(EngineError) as refused:
            hand_in(house, ling, other, mode, id=id)
        assert refused.value.code == "request_reused"
    assert points_of(house, ling) == one.record["points"]


@pytest.mark.parametrize("who", ["the same member", "another member"])
def test_a_repeat_in_disguise_is_rejected_and_the_first_stands(house: Any, who: str) -> None:
    ling, bo = rider(house, "ling"), rider(house, "bo")
    track, rng = ride(house, hours=30), Random("disguise")
    first = hand_in(house, ling, track)
    other = ling if who == "the same member" else bo
    disguises = [
        moved(track, 7200),
        rounded(moved(track, 15 * 3600)),
        resampled(moved(track, 4 * 3600), 5.0),
        jittered(rng, moved(track, 20 * 3600), 3.0),
        [moved(track, 10 * 3600)[0][20:-25]],
    ]
    if other is bo:
        disguises += [track, jittered(rng, track, 2.0)]
    for disguise in disguises:
        again = hand_in(house, other, disguise)
        assert (again.verdict, again.record["status"]) == ("reject", "rejected")
        assert again.reasons == ("trip_replayed",) and again.record["grams"] == 0
    assert points_of(house, ling) == first.record["points"]
    assert other is ling or points_of(house, bo) == 0
    clean(house)


def test_an_exact_repeat_is_known_when_the_track_is_gone(house: Any) -> None:
    ling = rider(house, "ling")
    track = ride(house, hours=2)
    hand_in(house, ling, track)
    house.clock.advance(days=31)
    assert purge_tracks(house, house.clock.now()) == 1
    again = hand_in(house, ling, moved(track, 31 * 86_400.0))
    assert again.reasons == ("trip_replayed",)


def test_a_trip_sent_under_the_wrong_mode_or_taken_back_may_be_sent_again(house: Any) -> None:
    ling, track = rider(house, "ling"), ride(house)
    wrong = hand_in(house, ling, track, "walk")
    assert wrong.record["status"] == "rejected" and wrong.record["grams"] == 0
    right = hand_in(house, ling, track)
    assert right.verdict == "accept" and right.record["grams"] > 0
    with house.store.write() as tx:
        activities.undo_activity(tx, ling.id, right.record["id"], house.clock.now())
    assert hand_in(house, ling, track).record["grams"] == right.record["grams"]
    clean(house)


def test_three_companions_stand_and_more_wait_for_a_person(house: Any) -> None:
    rng = Random("friends")
    gone = [4.0 * s + 3 * (s // 50 % 2) for s in range(900)]
    way = Way(rng, gone[-1] + 100)
    start = float(int((house.clock.now() - timedelta(hours=2)).timestamp()))
    receiver = Phone(2.0, 0.1, 2.0, 5.0, 0.0, 0.0, 0.0)
    seen = []
    for n in range(5):
        behind = [max(0.0, m - 3 * n) for m in gone]
        done = hand_in(house, rider(house, f"friend{n}"), recorded(rng, way, behind, receiver, start))
        seen.append((done.verdict, "many_companions" in done.reasons))
    assert seen[:4] == [("accept", False)] * 4
    assert seen[4] == ("review", True)


def test_the_same_way_on_other_days_is_no_repeat(house: Any) -> None:
    ling = rider(house, "ling")
    rng = Random("commute")
    way = Way(rng, 6000)
    for day in range(6):
        gone, metres, speed = [], 0.0, 3.0
        while metres < 3500:
            speed += (rng.uniform(3.0, 5.4) - speed) * 0.1
            metres += speed if rng.random() > 0.02 else 0.0
            gone.append(metres)
        start = float(int((house.clock.now() - timedelta(hours=2)).timestamp()))
        done = hand_in(house, ling, recorded(rng, way, gone, GOOD, start))
        assert (done.verdict, done.record["status"]) == ("accept", "accepted"), (day, done.reasons)
        house.clock.advance(days=1)


def test_one_persons_trips_count_once_at_a_time(house: Any) -> None:
    ling = rider(house, "ling")
    first = hand_in(house, ling, ride(house, "a"))
    beside = hand_in(house, ling, ride(house, "b", hours=2.9))
    after = hand_in(house, ling, ride(house, "c", hours=2.5))
    assert first.record["grams"] > 0 and after.record["grams"] > 0
    assert beside.record["grams"] == 0 and "trip_overlaps" in beside.reasons
    clean(house)


def test_a_car_is_recorded_and_never_paid(house: Any) -> None:
    ling = rider(house, "ling")
    track = ride(house)
    for fix in range(len(track[0])):
        track[0][fix] = track[0][fix]._replace(at=track[0][0].at + (track[0][fix].at - track[0][0].at) / 2.5)
    done = hand_in(house, ling, track, "car")
    assert done.record["status"] == "rejected" and done.record["points"] == 0
    pool = hand_in(house, ling, track, "carpool", inputs={"n": 3})
    assert pool.record["inputs"]["n"] == "3"


@pytest.mark.parametrize(
    "points",
    [
        lambda t: [[Fix(t, 36.1, 113.1), Fix(t + 5, 36.1001, 113.1)]],
        lambda t: [[Fix(t, 36.1 + n * 0.0001, 113.1) for n in range(100)]],
        lambda t: [[Fix(t - n * 5, 36.1 + n * 0.0001, 113.1) for n in range(100)]],
        lambda t: [[Fix(t + n * 5, 36.1 + n * 0.005, 113.1) for n in range(100)]],
        lambda t: [[Fix(t + n * 5, 36.1, 113.1) for n in range(100)]],
        lambda t: [[Fix(t, 36.1, 113.1)]],
    ],
)
def test_broken_data_is_recorded_and_never_pays(house: Any, points: Any) -> None:
    ling = rider(house, "ling")
    track = points((house.clock.now() - timedelta(hours=1)).timestamp())
    done = hand_in(house, ling, track)
    assert (done.verdict, done.record["status"], done.record["grams"]) == ("reject", "rejected", 0)
    assert done.reasons


def test_what_is_not_of_our_time_is_refused(house: Any) -> None:
    ling, now = rider(house, "ling"), house.clock.now().timestamp()
    for shift, code in ((-80 * 3600, "too_old"), (3600, "in_future"), (9e11, "bad_instant")):
        track = [[Fix(now + shift + n * 5, 36.1 + n * 0.0002, 113.1) for n in range(50)]]
        with pytest.raises(Invalid) as refused:
            hand_in(house, ling, track)
        assert refused.value.fields == {"points": code}
    for track, fields in (([], {"points": "no_fixes"}), ([[Fix(now, 1, 1)] * 50_001], {"points": "too_many_points"})):
        with pytest.raises(Invalid) as refused:
            hand_in(house, ling, track)
        assert refused.value.fields == fields
    with pytest.raises(Invalid) as refused:
        hand_in(house, ling, ride(house), "balloon", id="x")
    assert refused.value.fields == {"id": "not_a_uuid", "mode": "not_a_choice"}


# --- the API -----------------------------------------------------------------------------------------


def test_the_api_takes_a_trip(house: Any, client: Any) -> None:
    ling, track = rider(house, "ling"), ride(house)
    body = {"id": str(uuid.uuid4()), "mode": "bike", "points": [list(f[:3]) for f in track[0]]}
    first = client.post("/api/v1/trips", json=body, headers=ling.headers())
    assert first.status_code == 201, first.json
    assert first.json["verdict"] == "accept" and first.json["status"] == "accepted"
    assert first.json["distance_m"] > 2500 and first.json["grams"] > 0 and first.json["passport"]
    again = client.post("/api/v1/trips", json=body, headers=ling.headers())
    assert again.status_code == 200 and again.json == first.json
    other = client.post("/api/v1/trips", json={**body, "points": body["points"][:-9]}, headers=ling.headers())
    assert (other.status_code, other.json["error"]["code"]) == (409, "request_reused")
    half = len(body["points"]) // 2
    pieces = {**body, "id": str(uuid.uuid4()), "points": [body["points"][:half], body["points"][half:]]}
    assert client.post("/api/v1/trips", json=pieces, headers=ling.headers()).json["reasons"] == ["trip_replayed"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mode": "balloon"}, "mode"),
        ({"mode": 5}, "mode"),
        ({"id": "x" * 36}, "id"),
        ({"points": []}, "points"),
        ({"points": "here"}, "points"),
        ({"points": [["a", "b", "c"]] * 9}, "points"),
        ({"points": [[1, 2]] * 9}, "points"),
        ({"points": [None] * 9}, "points"),
        ({"points": [[]] * 9}, "points"),
        ({"points": [[[]]]}, "points"),
        ({"points": [[1e400, 1e400, 1e400]] * 9}, "body"),
        ({"points": [[n, 36.1, 113.1] for n in range(60)]}, "points"),
        ({"points": [[10**400, 36.1, 113.1] for n in range(60)]}, "points"),
        ({"inputs": {"n": "3"}}, "inputs.n"),
        ({"extra": 1}, "extra"),
    ],
)
def test_the_api_names_what_is_wrong(house: Any, client: Any, change: Any, field: str) -> None:
    ling = rider(house, "ling")
    body = {"id": str(uuid.uuid4()), "mode": "bike", "points": [list(f[:3]) for f in ride(house)[0]]}
    answer = client.post("/api/v1/trips", data=json.dumps({**body, **change}), headers=ling.headers())
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_input"), answer.json
    assert list(answer.json["error"]["facts"]["fields"]) == [field]
    with house.store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM activity")) == 0


def test_the_api_refuses_without_consent(house: Any, client: Any) -> None:
    bo = make_member(house, "bo")
    body = {"id": str(uuid.uuid4()), "mode": "bike", "points": [list(f[:3]) for f in ride(house)[0]]}
    answer = client.post("/api/v1/trips", json=body, headers=bo.headers())
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "location_consent_required")
