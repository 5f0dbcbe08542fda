"""Tracks of trips: sealed, drawn without their ends, looked at on the record, exported, and gone in time."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from points_engine.errors import EngineError
from points_engine.trips import Fix
from tests.people import make_member
from tests.rooms.test_trips import hand_in, points_of, ride, rider
from webapp.activities import service as activities
from webapp.members.export import export_member
from webapp.members.phones import book
from webapp.trips import lines, queries, sealing, service
from webapp.trips.files import read_recordings
from webapp.trips.purge import purge_tracks


def test_a_sealed_track_opens_only_as_its_own(house: Any) -> None:
    track = [[*ride(house)[0][:50], Fix(1.5, -3.25, 170.5, 12.3)], [Fix(9.0, 1.0, 2.0)]]
    sealed = sealing.seal(house.settings, 1, "a", track)
    assert sealing.unseal(house.settings, 1, "a", sealed) == track
    assert sealing.unseal(house.settings, 2, "a", sealed) is None
    assert sealing.unseal(house.settings, 1, "b", sealed) is None
    assert (
        sealing.unseal(house.settings.model_copy(update={"track_key": "another key of ours"}), 1, "a", sealed) is None
    )
    assert sealing.unseal(house.settings, 1, "a", sealed[:-1]) is None
    assert sealing.seal(house.settings, 1, "a", track) != sealed


def test_the_line_shows_neither_ends_nor_coordinates(house: Any) -> None:
    track = ride(house)
    line = lines.blurred(track)
    assert line is not None
    numbers = [float(n) for each in line.lines for pair in each.split() for n in pair.split(",")]
    assert numbers and all(0 <= n <= 320 for n in numbers) and line.path.startswith("M")
    assert lines.blurred([track[0][:40]]) is None, "nothing is left of a short one"
    elsewhere = [[f._replace(lon=f.lon + 1.0) for f in track[0]]]
    assert lines.blurred(elsewhere) == line, "the place cannot be told from the line"


def drawn(segments: list[list[Fix]]) -> tuple[str, ...]:
    line = lines.blurred(segments)
    assert line is not None
    return line.lines


def test_where_one_stayed_on_the_way_is_hidden_like_an_end(house: Any) -> None:
    """Several files make one trip: home, work, home; each of them is somebody's place."""
    way = [Fix(n * 4.0, 36.1 + n / 10_000, 113.1) for n in range(200)]  # north, eleven metres at a time
    stayed = [way[:100], [f._replace(at=f.at + 3600) for f in way[100:]]]
    waited = [way[:100], [f._replace(at=f.at + 60) for f in way[100:]]]
    (first, last), (upper, lower) = drawn(stayed), drawn(waited)
    assert first.split()[-1] != upper.split()[-1] and last.split()[0] != lower.split()[0], "a red light is no stay"
    assert len(drawn([way])) == 1
    assert lines.blurred([[f._replace(at=f.at * 100) for f in way]]) is None, "nobody records like that"


def test_staff_see_the_blurred_line_and_leave_a_trace(house: Any) -> None:
    ling, wang = rider(house, "ling"), make_member(house, "wang", "reviewer")
    id = hand_in(house, ling, ride(house)).record["id"]
    with house.store.write() as tx:
        seen = service.look_at_track(house, tx, wang.id, ling.id, id, house.clock.now())
        with pytest.raises(EngineError):
            service.look_at_track(house, tx, ling.id, ling.id, id, house.clock.now())
        with pytest.raises(EngineError):
            service.look_at_track(house, tx, wang.id, ling.id, str(uuid.uuid4()), house.clock.now())
    with house.store.read() as tx:
        assert seen == queries.blurred_line(house, tx, ling.id, id)
        rows = tx.rows(text("SELECT actor_id, action, subject FROM staff_action WHERE action = 'trip.looked_at'"))
        assert [tuple(row) for row in rows] == [(wang.id, "trip.looked_at", f"trip:{id}")]


def test_tracks_go_after_thirty_days_and_leave_no_coordinate(
    house: Any, database_url: str, tmp_path: Path, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    ling, bo = rider(house, "ling"), rider(house, "bo")
    track = ride(house, hours=2)
    planted = {f"{value:.{digits}f}" for f in track[0][10:40] for value in (f.lat, f.lon) for digits in (4, 5, 6)}
    sent = hand_in(house, ling, track)
    held = hand_in(house, bo, ride(house, "b"))
    with house.store.write() as tx:
        service.hold_track(tx, bo.id, held.record["id"], True)
    house.clock.advance(days=29, hours=23)
    assert purge_tracks(house, house.clock.now()) == 0
    house.clock.advance(hours=2)
    assert purge_tracks(house, house.clock.now()) == 1
    assert purge_tracks(house, house.clock.now()) == 0
    with house.store.read() as tx:
        kept = queries.one(tx, ling.id, sent.record["id"])
        assert queries.blurred_line(house, tx, ling.id, sent.record["id"]) is None
        assert queries.blurred_line(house, tx, bo.id, held.record["id"]) is not None
        assert tx.scalar(text("SELECT count(*) FROM trip_mark WHERE member_id = :m"), {"m": ling.id}) > 10
    assert kept["purged_at"] and kept["distance_m"] == sent.distance_m and kept["duration_s"] > 800
    with house.store.write() as tx:
        service.hold_track(tx, bo.id, held.record["id"], False)
    assert purge_tracks(house, house.clock.now()) == 1
    found = [each for each in [*everything(house, database_url, tmp_path), caplog.text] for p in planted if p in each]
    assert not found
    assert any(sent.record["id"] in each for each in everything(house, database_url, tmp_path)), (
        "the search finds what is there"
    )


def everything(house: Any, database_url: str, tmp_path: Path) -> list[str]:
    """All rows as text, and all files of the house: database, blobs, logs."""
    said = []
    with house.store.snapshot() as tx:
        names = (
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            if tx.dialect == "sqlite"
            else "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        for (name,) in tx.rows(text(names)):
            for row in tx.rows(text(f'SELECT * FROM "{name}"')):
                said.append(
                    " ".join(bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in row)
                )
    for folder in {tmp_path, house.settings.var_dir}:
        said += [path.read_bytes().decode("latin-1") for path in Path(folder).rglob("*") if path.is_file()]
    return said


def test_a_trip_that_waits_keeps_its_track(house: Any, monkeypatch: Any) -> None:
    ling = rider(house, "ling")
    real = service.judge

    def doubtful(segments: Any, claimed: str) -> Any:
        return replace(real(segments, claimed), verdict="review", reasons=("perhaps_a_vehicle",))

    monkeypatch.setattr(service, "judge", doubtful)
    sent = hand_in(house, ling, ride(house))
    assert sent.record["status"] == "pending" and points_of(house, ling) == 0
    house.clock.advance(days=60)
    assert purge_tracks(house, house.clock.now()) == 0
    wang = make_member(house, "wang", "reviewer")
    with house.store.write() as tx:
        activities.review_activity(
            tx, house.catalogue, wang.id, ling.id, sent.record["id"], accept=True, note="", now=house.clock.now()
        )
    assert points_of(house, ling) > 0
    house.clock.advance(days=29)
    assert purge_tracks(house, house.clock.now()) == 0
    house.clock.advance(days=2)
    assert purge_tracks(house, house.clock.now()) == 1


def test_the_export_holds_my_tracks_and_leaving_takes_them(house: Any) -> None:
    ling = rider(house, "ling")
    track = ride(house)
    id = hand_in(house, ling, track).record["id"]
    with house.store.read() as tx:
        gpx = service.export(house, tx, ling.id)["tracks"][id]
        rows = export_member(tx, ling.id, book(house.settings), house.clock.now())["tables"]
    assert read_recordings([("own.gpx", gpx.encode())]) == track
    assert "sealed" not in rows["trip_track"][0] and rows["trip"][0]["id"] == id
    with house.store.write() as tx:
        service.forget(tx, ling.id, house.clock.now())
    with house.store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM trip_track")) == 0
        assert queries.one(tx, ling.id, id)["purged_at"]
        assert service.export(house, tx, ling.id) == {"tracks": {}}
