"""Partners' records: mappings, reasons row by row, the same file twice, cut off or at once, and equal verdicts set-wise."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from points_engine.clock import LOCAL, FixedClock
from points_engine.errors import EngineError
from points_engine.methodology import Level, load
from tests.conftest import START
from tests.people import make_member
from tests.racing import race
from webapp import audit
from webapp.activities import partner_acts
from webapp.activities.commands import read_command
from webapp.activities.partner_acts import PartnerAct, PartnerDesk
from webapp.activities.proofs import Proof, event_id
from webapp.activities.service import log_activity, step_aside
from webapp.activities.tables import activity
from webapp.feeds import importing, mapping, posting, queries, service
from webapp.feeds.tables import feed_import, partner_link
from webapp.launch import feeding
from webapp.ledger.tables import wallet
from webapp.members.phones import book
from webapp.members.tables import member
from webapp.store import Store, metadata

CATALOGUE = load()
PLACES = (mapping.SHIPPED,)
HEAD = "event_id,member,behaviour,quantity,occurred_at"
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=LOCAL)


def plan(source: str = "acme") -> mapping.PartnerMapping:
    return mapping.load(source, PLACES, CATALOGUE)


def job(house: Any, path: Path, source: str = "acme", **more: Any) -> importing.Job:
    return importing.Job(path, plan(source), CATALOGUE, book(house.settings), house.clock.now, **more)


def run(house: Any, path: Path, source: str = "acme", **more: Any) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    told: list[tuple[Any, ...]] = []
    summary = importing.run(house.store, job(house, path, source, **more), lambda *row: told.append(row))
    return summary, told


def write(path: Path, *lines: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join((head, *lines, "")).encode(encoding))
    return path


def public_ids(store: Store) -> dict[str, str]:
    with store.read() as tx:
        return {row.login: row.public_id for row in tx.rows(select(member.c.login, member.c.public_id))}


def many(tmp_path: Path, ids: list[str], rows: int, seed: int = 1) -> Path:
    """A file of rides and meals in the three days before START."""
    chance = random.Random(seed)
    lines = []
    for n in range(rows):
        at = START - timedelta(minutes=chance.randrange(1, 3 * 24 * 60))
        what = chance.choice(("bus_ride,1", "bus_ride,2", "clean_plate,1", "shared_bike,3.25", "metro,8", "no_such,1"))
        lines.append(f"e{n},{chance.choice(ids)},{what},{at:%Y-%m-%d %H:%M:%S}")
    return write(tmp_path / f"many{rows}-{seed}.csv", *lines)


def everything(store: Store, *without: str) -> dict[str, list[Any]]:
    """All rows of all tables, but those without which databases may differ."""
    with store.read() as tx:
        return {
            t.name: sorted(tuple(map(str, row)) for row in tx.rows(select(t)))
            for t in metadata.sorted_tables
            if t.name not in without
        }


# --- accounts ---------------------------------------------------------------------------------------------------


def test_an_account_is_one_members_and_goes_when_they_leave(house: Any) -> None:
    ling, bo, keys, now = make_member(house, "ling"), make_member(house, "bo"), book(house.settings), START
    with house.store.write() as tx:
        service.link_account(tx, keys, ling.id, "transit", " C-1 ", now)
        service.link_account(tx, keys, ling.id, "transit", "C-1", now)
        with pytest.raises(EngineError) as fault:
            service.link_account(tx, keys, bo.id, "transit", "C-1", now)
        assert fault.value.code == "account_taken"
        assert queries.members_of(tx, keys, "transit", "account", {"C-1", 'C"2\\'}) == {"C-1": ling.id}
        assert queries.members_of(tx, keys, "canteen", "account", {"C-1"}) == {}
        assert "C-1" not in str(tx.rows(select(partner_link)))
        service.forget(tx, ling.id, now)
        assert queries.links_of(tx, ling.id) == []


# --- imports ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["one by one", "set-wise"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways through the door; on SQLite they are the same."""
    monkeypatch.setattr(partner_acts, "FEW", 1 if request.param == "set-wise" else 10**9)
    return str(request.param)


def test_each_row_is_credited_or_has_a_reason(house: Any, tmp_path: Path, way: str) -> None:
    ling, bo = make_member(house, "ling"), make_member(house, "bo")
    ids = public_ids(house.store)
    with house.store.write() as tx:
        tx.execute(wallet.insert().values(member_id=bo.id, declared_g=0, verified_g=0, points=0, held=0, seq=0,
                                          digest="0" * 64, frozen=True))  # fmt: skip
    at = "2026-06-15 {}:00:00"
    ride = f"{ids['ling']},bus_ride,1,{at}"
    path = write(
        tmp_path / "f.csv",
        *(f"r{n},{ride.format(7 + n)}" for n in range(5)),
        f"r1,{ride.format('08')}",
        f"r1,{ride.format('09')}",
        f"x1,{ids['bo']},bus_ride,1,{at.format('08')}",
        f"x2,nobody,bus_ride,1,{at.format('08')}",
        f"x3,{ids['ling']},bus_ride,1.5,{at.format('13')}",
        f"x4,{ids['ling']},bus_ride,1,2026-06-16 12:00:00",
        f"x5,{ids['ling']},bus_ride,1,2025-01-01 12:00:00",
        f"x6,{ids['ling']},metro,8,{at.format('07')}",
        f"x7,{ids['ling']},no_such_thing,8,{at.format('07')}",
    )
    dry, said = run(house, path, dry_run=True)
    assert everything(house.store)["activity"] == [] and everything(house.store)["feed_import"] == []
    summary, told = run(house, path)
    assert told == said and {k: v for k, v in dry.items() if k not in ("seconds", "rows_per_second", "dry_run")} == {
        k: v for k, v in summary.items() if k not in ("seconds", "rows_per_second", "dry_run")
    }
    assert [(line, event, reason) for line, event, reason, _ in told] == [
        (6, "r4", "daily_cap_reached"), (7, "r1", "already_imported"), (8, "r1", "event_changed"),
        (9, "x1", "account_frozen"), (10, "x2", "unknown_member"), (11, "x3", "must_be_whole"),
        (12, "x4", "in_future"), (13, "x5", "too_old"), (14, "x6", "counted_elsewhere"), (15, "x7", "unknown_behaviour"),
    ]  # fmt: skip
    assert (summary["rows"], summary["credited"], summary["zero"], summary["already"], summary["refused"]) == (
        14,
        4,
        2,
        1,
        7,
    )
    assert summary["grams"] == 320 and summary["points"] == 32
    with house.store.read() as tx:
        (row,) = tx.rows(select(feed_import))
        assert row.credited == 4 and row.finished_at and row.checksum == summary["checksum"]
        assert tx.scalar(select(wallet.c.verified_g).where(wallet.c.member_id == ling.id)) == 320
    assert audit.run(house.store).faults == []


def test_the_same_file_again_credits_nothing(house: Any, tmp_path: Path, way: str) -> None:
    for n in range(20):
        make_member(house, f"m{n}")
    path = many(tmp_path, list(public_ids(house.store).values()), 600)
    first, _ = run(house, path, batch=250)
    before = everything(house.store, "feed_import", "staff_action")
    again, _ = run(house, path, batch=250)
    assert again["credited"] == again["zero"] == again["grams"] == 0
    assert again["already"] == first["credited"] + first["zero"] and again["refused"] == first["refused"]
    assert everything(house.store, "feed_import", "staff_action") == before
    alike = write(tmp_path / "alike.csv", *path.read_text("utf-8").splitlines()[2:])
    other, _ = run(house, alike, "other-source", batch=250)
    assert other["already"] == 0, "another source has numbers of its own"
    assert audit.run(house.store).faults == []


def dying(clock: FixedClock, calls: list[int], last: int) -> datetime:
    """The time, until the process is gone without a word, in the middle of a batch."""
    calls.append(1)
    if len(calls) > last:
        os._exit(9)
    return clock.now()


def import_and_die(url: str, path: str, last: int) -> None:
    settings = type("Keys", (), {"phone_key": "k" * 16, "phone_pepper": "p" * 16})
    now = partial(dying, FixedClock(START), [], last)
    store = Store(url)
    importing.run(store, importing.Job(Path(path), plan(), CATALOGUE, book(settings), now, batch=100), lambda *_: None)


def test_the_same_file_under_another_name_is_refused(house: Any, tmp_path: Path) -> None:
    make_member(house, "ling")
    (ling,) = public_ids(house.store).values()
    path = write(tmp_path / "f.csv", f"e1,{ling},bus_ride,1,2026-06-15 10:00:00")
    empty = write(tmp_path / "g.csv", "e1,nobody,bus_ride,1,2026-06-15 10:00:00")
    assert run(house, path)[0]["credited"] == 1 and run(house, empty)[0]["refused"] == 1
    for dry_run in (True, False):
        with pytest.raises(importing.FileTrouble, match="imported as acme"):
            run(house, path, "other", dry_run=dry_run)
    assert run(house, path)[0]["already"] == 1 and run(house, empty, "other")[0]["refused"] == 1
    assert audit.run(house.store).faults == []


def test_an_import_that_was_killed_is_finished_by_the_next(house: Any, tmp_path: Path, database_url: str) -> None:
    for n in range(20):
        make_member(house, f"m{n}")
    path = many(tmp_path, list(public_ids(house.store).values()), 500)
    whole, _ = run(house, path, dry_run=True)
    for last in (2, 4):
        process = get_context("spawn").Process(target=import_and_die, args=(database_url, str(path), last))
        process.start()
        process.join(120)
        assert process.exitcode == 9
    with house.store.read() as tx:
        kept = len(tx.rows(select(activity.c.id)))
        assert [row.finished_at for row in tx.rows(select(feed_import))] == [None, None]
    rest, _ = run(house, path)
    assert (
        0 < kept == rest["already"]
        and rest["already"] + rest["credited"] + rest["zero"] == whole["credited"] + whole["zero"]
    )
    again, _ = run(house, path)
    assert again["already"] == whole["credited"] + whole["zero"]
    with house.store.read() as tx:
        rows = tx.rows(select(activity.c.grams))
    assert sum(row.grams for row in rows) == whole["grams"]
    assert audit.run(house.store).faults == []


def open_house(url: str) -> Any:
    clock = FixedClock(START)
    settings = type("Keys", (), {"phone_key": "k" * 16, "phone_pepper": "p" * 16})
    return type("House", (), {"store": Store(url), "clock": clock, "settings": settings})


def import_once(house: Any, item: str) -> str:
    path, batch = item.split("|")
    summary, _ = run(house, Path(path), batch=int(batch))
    return json.dumps([summary[name] for name in ("credited", "zero", "already", "grams")])


def test_two_imports_at_once_credit_every_event_once(house: Any, tmp_path: Path, database_url: str) -> None:
    for n in range(20):
        make_member(house, f"m{n}")
    path = many(tmp_path, list(public_ids(house.store).values()), 1200)
    whole, _ = run(house, path, dry_run=True)
    outcomes = race(open_house, database_url, import_once, [f"{path}|300", f"{path}|400"], 2, 1)
    sums: Counter[str] = Counter()
    for said, times in outcomes.items():
        for name, n in zip(("credited", "zero", "already", "grams"), json.loads(said), strict=True):
            sums[name] += n * times
    assert sums["credited"] + sums["zero"] == whole["credited"] + whole["zero"] == sums["already"]
    assert (sums["credited"], sums["grams"]) == (whole["credited"], whole["grams"])
    assert audit.run(house.store).faults == []


# --- set-wise means the same ------------------------------------------------------------------------------------


def people(store: Store, count: int) -> None:
    rows = [
        {"id": n, "public_id": f"p{n}", "login": f"l{n}", "nickname": f"n{n}", "created_at": START}
        for n in range(1, count + 1)
    ]
    with store.write() as tx:
        tx.insert(member, rows)


def prepare(store: Store) -> None:
    """Forty people with a past: declared acts, a recorded trip, a meter, a debt, a suspension."""
    people(store, 40)
    with store.write() as tx:
        for n in range(1, 30):
            command = read_command(
                CATALOGUE, n, id=f"00000000-0000-4000-8000-{n:012}", behaviour=("bus_ride", "bus", "own_chopsticks")[n % 3],
                quantity=1, occurred_at=NOON + timedelta(minutes=n), inputs={}, evidence=[], now=START,
            )  # fmt: skip
            log_activity(tx, command, START)
        span = Proof("trip", Level.DEVICE, starts_at=NOON, ends_at=NOON + timedelta(hours=1))
        ride = read_command(
            CATALOGUE, 31, id="00000000-0000-4000-8000-000000000031", behaviour="bike", quantity=4,
            occurred_at=NOON, inputs={}, evidence=[], now=START, proof=span,
        )  # fmt: skip
        log_activity(tx, ride, START)
        step_aside(tx, 32, ["lights_off"], NOON.date() - timedelta(days=9), None, START)
        tx.execute(update(wallet).where(wallet.c.member_id == 3).values(frozen=True))


def acts_of(seed: int) -> Iterator[PartnerAct]:
    chance = random.Random(seed)
    codes = [
        "bus_ride",
        "bus_ride",
        "metro",
        "shared_bike",
        "clean_plate",
        "own_lunch_box",
        "online_bill",
        "lights_off",
    ]
    for n in range(700):
        at = NOON + timedelta(minutes=chance.randrange(-1500, 1000))
        if n % 9 == 0:
            at = NOON + timedelta(minutes=chance.randrange(1, 40))
        natural = f"{seed}-{n if n % 25 else n - 10}" + ('"\\' if n % 50 == 7 else "")
        code = chance.choice(codes)
        amount = (
            chance.choice(("0.4", "3.5", "12", "400")) if code in ("metro", "shared_bike") else chance.choice("123")
        )
        quantity = CATALOGUE.behaviour(code).usual * 0 + type(CATALOGUE.behaviour(code).usual)(amount)
        yield PartnerAct(chance.randrange(1, 41), natural, code, quantity, (), at.astimezone(START.tzinfo))


@pytest.mark.servers
def test_set_wise_and_one_by_one_write_the_same_rows(
    pg_url: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = Proof("feed", Level.PARTNER, source="acme")
    results = []
    for url, few in ((sqlite_url, 10**9), (pg_url, 1)):
        monkeypatch.setattr(partner_acts, "FEW", few)
        store, desk, outcomes = Store(url), PartnerDesk(CATALOGUE, stamp), []
        prepare(store)
        for seed in (1, 2, 1):
            with store.write() as tx:
                outcomes += desk.log(tx, list(acts_of(seed)), START + timedelta(minutes=seed))
        results.append((outcomes, everything(store)))
        assert audit.run(store).faults == []
        store.dispose()
    (slow, slow_rows), (fast, fast_rows) = results
    assert fast == slow
    assert Counter(o.status for o in slow)["credited"] > 200 and {o.reason for o in slow} >= {
        "daily_cap_reached", "counted_elsewhere", "already_imported", "event_changed", "account_frozen",
    }  # fmt: skip
    for name, rows in slow_rows.items():
        assert fast_rows[name] == rows, name


@pytest.mark.servers
def test_an_id_that_somebody_took_before_is_found_out(pg_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partner_acts, "FEW", 1)
    house = open_house(pg_url)
    people(house.store, 2)
    with house.store.write() as tx:
        taken = read_command(
            CATALOGUE, 1, id=event_id("acme", "e1"), behaviour="clean_plate", quantity=1,
            occurred_at=NOON, inputs={}, evidence=[], now=START,
        )  # fmt: skip
        log_activity(tx, taken, START)
    poster = importing.Poster(house.store, job(house, Path("f.csv")))
    acts = [PartnerAct(n, f"e{n}", "bus_ride", taken.quantity, (), NOON) for n in (1, 2)]
    done = poster.post(acts, [2, 3], posting.Done())
    assert done.tally.credited == 1 and done.refused == [(2, "e1", "event_changed", "")]
    with house.store.read() as tx:
        assert len(tx.rows(select(activity).where(activity.c.natural.is_not(None)))) == 1
    house.store.dispose()


# --- the command ------------------------------------------------------------------------------------------------


def test_the_command_prints_a_summary_and_reports_rows(house: Any, tmp_path: Path, capsys: Any) -> None:
    make_member(house, "ling")
    yesterday = datetime.now(LOCAL) - timedelta(days=1)
    ids = public_ids(house.store)
    path = write(
        tmp_path / "f.csv", f"e1,{ids['ling']},bus_ride,1,{yesterday:%Y-%m-%d} 10:00:00", "=e2,nobody,bus_ride,1,x"
    )
    report = tmp_path / "report.csv"
    code = feeding.run(house.settings, str(path), "acme", dry_run=False, report=str(report))
    said = json.loads(capsys.readouterr().out)
    assert code == 0 and said["credited"] == 1 and said["reasons"] == {"not_a_time": 1}
    assert report.read_text("utf-8-sig").splitlines() == ["line,event,reason,field", "3,'=e2,not_a_time,occurred_at"]
    assert feeding.run(house.settings, str(tmp_path / "none.csv"), "acme", dry_run=False, report=None) == 1
    assert "cannot be read" in capsys.readouterr().err
