"""Partners' files: mappings as data, encodings, headers, and what each row says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from points_engine.clock import LOCAL
from tests.rooms.test_feeds import CATALOGUE, PLACES, plan, write
from webapp.feeds import mapping
from webapp.feeds.reading import FileTrouble, Refusal, Rows, inspect


def test_every_mapping_that_comes_with_the_platform_can_be_used() -> None:
    assert {"transit", "bike-share", "utility", "canteen", "standard"} <= set(mapping.names(PLACES))
    for name in mapping.names(PLACES):
        assert mapping.load(name, PLACES, CATALOGUE).columns


def test_everything_wrong_with_a_mapping_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('surprise = 1\nmember = 3\nbehaviour = "fly"\nquantity = { scale = 0.1 }\n')
    with pytest.raises(mapping.MappingFaults) as fault:
        mapping.load("bad", (tmp_path, *PLACES), CATALOGUE)
    said = "\n".join(fault.value.faults)
    for word in ("surprise", "member", "event", "fly", "quantity", "scale", "occurred_at", "name.zh"):
        assert word in said
    with pytest.raises(mapping.MappingFaults):
        mapping.load("../secret", PLACES, CATALOGUE)


def test_an_operators_own_mapping_stands_before_ours(tmp_path: Path) -> None:
    (tmp_path / "transit.toml").write_text((mapping.SHIPPED / "canteen.toml").read_text("utf-8"), "utf-8")
    assert mapping.load("transit", (tmp_path, *PLACES), CATALOGUE).event == "meal_id"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_file_is_read_in_the_encodings_partners_use(tmp_path: Path, encoding: str) -> None:
    row = "L1,A-7,20260615,083000"
    path = write(tmp_path / "bills.csv", row, head="流水号,户号,缴费日期,缴费时间", encoding=encoding)
    seen = inspect(path, "auto")
    with path.open(encoding=seen.encoding, newline="") as file:
        (line, event), *more = Rows(file, plan("utility"), CATALOGUE)
    assert (line, more) == (2, []) and event.natural == "L1"
    assert event.occurred_at == datetime(2026, 6, 15, 8, 30, tzinfo=LOCAL)


def test_a_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    for name, content in (("empty.csv", b""), ("bytes.csv", b"\xff\xff\xff\x00\x81")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileTrouble):
            inspect(tmp_path / name, "auto")
    with pytest.raises(FileTrouble, match="cannot be read"):
        inspect(tmp_path / "nowhere.csv", "auto")
    path = write(tmp_path / "other.csv", "1", head="event_id")
    with path.open() as file, pytest.raises(FileTrouble, match="member, occurred_at, behaviour, quantity"):
        Rows(file, plan(), CATALOGUE)


def test_rows_tell_their_line_and_what_is_wrong(tmp_path: Path) -> None:
    path = write(
        tmp_path / "rows.csv",
        'e1,"a\nb",bus_ride,1,2026-06-15 10:00:00',
        "e2,c,bus_ride,1",
        ",c,bus_ride,1,2026-06-15 10:00:00",
        "e4,c,bus_ride,１,2026-06-15 10:00:00",
        "e5,c,bus_ride,1,yesterday",
        "",
        "e6,c,bus_ride,1,2026-06-15T10:00:00Z",
        "e7,c,carpool,5,2026-06-15T10:00:00Z",
    )
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(Rows(file, plan(), CATALOGUE))
    said = {line: each.reason if isinstance(each, Refusal) else each.occurred_at.hour for line, each in rows}
    assert said == {
        2: "unknown_member", 4: "row_unreadable", 5: "event_missing", 6: "not_a_number", 7: "not_a_time", 9: 10, 10: 10,
    }  # fmt: skip


def test_metres_become_kilometres_and_unfinished_rides_are_left_out(tmp_path: Path) -> None:
    head = "ride_id,mobile,distance_m,started_at,state"
    path = write(tmp_path / "b.csv", "r1,1,3456.7,1781492400,completed", "r2,1,9,1781492400,broken off", head=head)
    with path.open(encoding="utf-8", newline="") as file:
        (_, ride), (_, other) = Rows(file, plan("bike-share"), CATALOGUE)
    assert str(ride.quantity) == "3.456" and other == Refusal("left_out", "state")
