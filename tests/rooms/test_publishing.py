"""Closing boards: once however often, four eyes, held entries, versions, and files that the ledger gives again byte for byte."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from points_engine import board_file
from points_engine.errors import EngineError, Invalid
from tests.rooms.boardpark import TODAY, act, catch_up, close, company, faults, join, people, undo
from webapp.energy.tables import energy_reading
from webapp.green_units import service as units
from webapp.green_units.forms import UnitNames
from webapp.members.tables import child
from webapp.meters.tables import meter, month_use
from webapp.rankings import closing, queries, service
from webapp.rankings.published_tables import board_closing, published_board

OVER = datetime(2026, 7, 4, 1, 0, tzinfo=UTC)  # 72 hours after June
MONTH = "2026-06"
REVIEWED = ("month", "year")
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "recompute_board.py"


def park(store: Any) -> tuple[int, int]:
    """Two companies of six; the first member moves from one to the other in the middle of the month."""
    ids = people(store, 12)
    start = datetime(2026, 6, 2, 1, 0, tzinfo=UTC)
    a, b = company(store, "甲公司", now=start), company(store, "乙公司", now=start)
    join(store, a, *ids[:6], now=start)
    join(store, b, *ids[6:], now=start)
    with store.write() as tx:
        units.leave_unit(tx, 1, a, datetime(2026, 6, 10, 1, 0, tzinfo=UTC))
    join(store, b, 1, now=datetime(2026, 6, 10, 2, 0, tzinfo=UTC))
    for who in ids:
        for day in (5, 9, 10, 12):
            act(store, who, 100 + who % 4, date(2026, 6, day))
    catch_up(store)
    return a, b


def publish(store: Any, hands: tuple[int, int] = (101, 102), period: str = MONTH, now: datetime = OVER) -> None:
    store.retrying(lambda tx: closing.ask_to_freeze(tx, hands[0], period, now))
    assert service.freeze(store, period, now) > 0
    store.retrying(lambda tx: closing.approve(tx, hands[1], period, now))


def file(store: Any, code: str, version: int | None = None, now: datetime = OVER) -> str:
    with store.read() as tx:
        return queries.download(tx, code, MONTH, now, version)


def rows_of(found: str) -> list[list[str]]:
    return [line.split(",") for line in found.splitlines() if not line.startswith(("#", "place"))]


def state(store: Any, period: str = MONTH) -> Any:
    with store.read() as tx:
        row = closing.latest(tx, period)
    return (row.version, row.state) if row else None


def test_a_month_waits_for_people_and_a_week_does_not(store: Any) -> None:
    park(store)
    catch_up(store)
    assert close(store, OVER, REVIEWED) >= 3  # weeks published, June under review
    assert close(store, OVER, REVIEWED) == 0
    assert state(store) == (1, "reviewing") and state(store, "2026-W24") == (1, "published")
    with store.read() as tx:
        page = queries.page(tx, "members", MONTH, 1, None, OVER)
    assert page.state == "live" and page.reviewing and page.total == 12
    publish(store)
    with store.read() as tx:
        page = queries.page(tx, "members", MONTH, 1, 1, OVER)
    assert page.state == "published" and page.version == 1 and not page.reviewing
    assert board_file.digest([file(store, "members")]) == page.checksum
    assert faults(store) == []


def test_days_count_for_the_unit_of_the_day_in_what_is_published(store: Any) -> None:
    a, b = park(store)
    close(store, OVER, ())
    with store.read() as tx:
        page = queries.page(tx, "enterprise-total", MONTH, 1, None, OVER)
        heads = queries.page(tx, "enterprise-participation-small", MONTH, 1, None, OVER)
    own = [4 * (100 + who % 4) for who in range(1, 13)]
    half = own[0] // 2  # the 5th and 9th for the first company, the 10th and 12th for the second
    assert {r.subject_id: (r.grams, r.members) for r in page.rows} == {
        a: (half + sum(own[1:6]), 6),
        b: (half + sum(own[6:]), 7),
    }
    assert [(r.place, r.value_milli) for r in heads.rows] == [(1, 100_000), (1, 100_000)]


def test_who_had_a_hand_does_not_approve(store: Any) -> None:
    park(store)
    close(store, OVER, REVIEWED)
    with store.write() as tx:
        closing.hold(tx, 103, MONTH, "member", 3, "照片重复，待核实", OVER)
        closing.ask_to_freeze(tx, 101, MONTH, OVER)
    with pytest.raises(EngineError) as late, store.write() as tx:
        closing.hold(tx, 103, MONTH, "member", 4, "晚了", OVER)
    assert late.value.code == "already_resolved"
    service.freeze(store, MONTH, OVER)
    for hand in (101, 103):
        with pytest.raises(EngineError) as refusal, store.write() as tx:
            closing.approve(tx, hand, MONTH, OVER)
        assert refusal.value.code == "not_your_own"
    with store.write() as tx:
        closing.approve(tx, 102, MONTH, OVER)
    with pytest.raises(EngineError), store.write() as tx:
        closing.approve(tx, 104, MONTH, OVER)
    with store.read() as tx:
        members = queries.page(tx, "members", MONTH, 1, None, OVER)
        total = queries.page(tx, "enterprise-total", MONTH, 1, None, OVER)
    assert 3 not in [row.subject_id for row in members.rows] and members.total == 11
    assert sum(row.grams for row in total.rows) == sum(4 * (100 + who % 4) for who in range(1, 13))
    assert "# held: 1" in file(store, "members") and "# held: 0" in file(store, "enterprise-total")


def test_a_hold_needs_a_reason_and_can_be_lifted(store: Any) -> None:
    park(store)
    close(store, OVER, REVIEWED)
    with pytest.raises(Invalid), store.write() as tx:
        closing.hold(tx, 103, MONTH, "member", 3, "  ", OVER)
    with store.write() as tx:
        closing.hold(tx, 103, MONTH, "unit", 1, "表计待核", OVER)
        closing.lift(tx, 103, MONTH, "unit", 1, OVER)
    with pytest.raises(EngineError), store.write() as tx:
        closing.lift(tx, 103, MONTH, "unit", 1, OVER)


def test_a_reversal_later_makes_a_second_version_and_the_first_stays(store: Any) -> None:
    park(store)
    close(store, OVER, REVIEWED)
    publish(store)
    first, now = file(store, "members"), OVER + timedelta(days=3)
    undo(store, 2, 102, date(2026, 6, 9), now)
    catch_up(store, now)
    assert file(store, "members") == first and service.recounted(store, MONTH, 1) == []
    with pytest.raises(Invalid), store.write() as tx:
        closing.correct(tx, 101, MONTH, "扣回一次重复申报", "", now)
    with store.write() as tx:
        assert closing.correct(tx, 101, MONTH, "扣回一次重复申报", "A double claim was taken back", now) == 2
    assert file(store, "members", now=now) == first
    publish(store, now=now)
    second = file(store, "members", now=now)
    assert file(store, "members", 1, now) == first != second and "# change: 扣回一次重复申报 / A double" in second
    with store.read() as tx:
        page, old = (queries.page(tx, "members", MONTH, 1, 2, now, v) for v in (None, 1))
    assert (page.version, old.version, old.superseded) == (2, 1, True)
    assert [each.note_en for each in page.versions] == ["A double claim was taken back", ""]
    assert (page.me.grams, old.me.grams) == (306, 306) or page.me.grams == 306
    assert next(r.grams for r in old.rows if r.subject_id == 2) == 408
    assert service.recounted(store, MONTH, 1) == service.recounted(store, MONTH, 2) == []
    assert faults(store) == []
    with pytest.raises(EngineError), store.read() as tx:
        queries.page(tx, "members", MONTH, 1, None, now, 3)


def test_what_is_sent_back_is_thrown_away_and_a_correction_can_be_withdrawn(store: Any) -> None:
    park(store)
    close(store, OVER, REVIEWED)
    store.retrying(lambda tx: closing.ask_to_freeze(tx, 101, MONTH, OVER))
    service.freeze(store, MONTH, OVER)
    assert service.freeze(store, MONTH, OVER) == 0
    store.retrying(lambda tx: closing.send_back(tx, 102, MONTH, OVER))
    with store.read() as tx:
        assert not tx.rows(select(published_board).where(published_board.c.period == MONTH))
    publish(store, (101, 104))
    store.retrying(lambda tx: closing.correct(tx, 101, MONTH, "试", "Try", OVER))
    store.retrying(lambda tx: closing.withdraw(tx, 101, MONTH, OVER))
    assert state(store) == (1, "published")


def test_two_timetables_at_once_publish_once(store: Any) -> None:
    park(store)
    done: list[int] = []
    start = threading.Barrier(2)

    def run() -> None:
        start.wait()
        done.append(close(store, OVER, ()))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        periods = tx.rows(select(board_closing.c.period, board_closing.c.version))
    assert sum(done) == len(periods) == len(set(periods)) > 0
    assert faults(store) == []


def test_what_is_published_while_writes_run_is_what_the_ledger_gives_again(store: Any) -> None:
    park(store)
    stop = threading.Event()

    def write(who: int) -> None:
        n = 0
        while not stop.is_set() and n < 400:
            n += 1
            act(store, who, 10 + n % 7, date(2026, 6, 1 + n % 28), OVER)
            if n % 5 == 0:
                undo(store, who, 5, date(2026, 6, 1 + n % 28), OVER)

    writers = [threading.Thread(target=write, args=(who,)) for who in (1, 2, 7, 8)]
    for thread in writers:
        thread.start()
    try:
        close(store, OVER, REVIEWED)
        store.retrying(lambda tx: closing.ask_to_freeze(tx, 101, MONTH, OVER))
        assert service.freeze(store, MONTH, OVER) > 0
    finally:
        stop.set()
        for thread in writers:
            thread.join()
    act(store, 5, 900, TODAY, OVER)
    store.retrying(lambda tx: closing.approve(tx, 102, MONTH, OVER))
    assert service.recounted(store, MONTH, 1) == []
    cut = by_sql(store, MONTH, 1)
    stored = {row[1]: int(row[2]) for row in rows_of(file(store, "members"))}
    with store.read() as tx:
        salt = tx.scalar(select(published_board.c.salt).where(published_board.c.board == "members", published_board.c.period == MONTH))  # fmt: skip
    assert stored == {board_file.reference(salt, who): grams * 1000 for who, grams in cut.items()}
    with store.read() as tx:
        assert {r.period for r in tx.rows(select(board_closing.c.period).where(board_closing.c.state == "published"))} > {MONTH}  # fmt: skip


def measure(store: Any, unit: int, carrier: str, month: str, milli: int, source: str = "meter", part: str = "") -> None:
    """A month of a unit's meter; or a figure of the park's platform, or one that the unit typed."""
    with store.write() as tx:
        if source != "meter":
            version = tx.scalar(text("SELECT count(*) + 1 FROM energy_reading WHERE unit_id = :u AND month = :m AND meter = :p"), {"u": unit, "m": month, "p": part})  # fmt: skip
            row = {
                "unit_id": unit,
                "month": month,
                "carrier": carrier,
                "source": source,
                "meter": part,
                "version": version,
            }
            tx.insert(energy_reading, [row | {"value_milli": milli, "note": "", "actor_id": 1, "entered_at": OVER}])
            return
        own = str(uuid.UUID(int=unit * 10 + len(carrier)))
        known = {"member_id": 0, "id": own, "unit_id": unit, "kind": carrier, "number_hash": own, "last4": "0001", "digits": 6,
                 "people": 1, "electric_heating": False, "by_usage": False, "register": 1, "opened_on": date(2025, 1, 1),
                 "created_at": OVER, "due": False}  # fmt: skip
        tx.upsert(meter, [{name: value for name, value in known.items() if name in meter.c}], key=("member_id", "id"))
        use = {
            "member_id": 0,
            "meter_id": own,
            "month": month,
            "kind": carrier,
            "size": "1",
            "days": 30,
            "use_milli": milli,
        }
        tx.upsert(month_use, [use | {"measured": True}], key=("member_id", "meter_id", "month"), replace=("use_milli",))


def test_an_energy_board_is_worked_out_again_from_what_meters_said(store: Any) -> None:
    """Meters before the platform, the platform where no meter is read, nothing that a unit told itself; later readings change nothing."""
    a, b = park(store)
    c = company(store, "丙公司", now=datetime(2026, 6, 2, 1, 0, tzinfo=UTC))
    for month, of_a, of_b in (("2025-06", 900_000, 500_000), (MONTH, 700_000, 450_000)):
        measure(store, a, "electricity", month, of_a)
        measure(store, a, "electricity", month, 999_000_000, "platform")
        measure(store, b, "electricity", month, of_b, "platform", "A1")
        measure(store, c, "electricity", month, of_a * 9, "typed")
    measure(store, b, "heat", MONTH, 1, "platform")  # nothing of a year before
    catch_up(store)
    store.retrying(lambda tx: service.refresh_energy(tx, OVER))
    close(store, OVER, REVIEWED)
    publish(store)
    first = file(store, "enterprise-energy")
    # 0.1229 kg a kWh: 200 and 50 kWh less than a year before
    assert [int(row[2]) for row in rows_of(first)] == [24_580_000, 6_145_000]
    assert service.recounted(store, MONTH, 1) == []
    measure(store, a, "electricity", MONTH, 100_000)
    measure(store, b, "electricity", MONTH, 1, "platform", "A1")
    assert service.recounted(store, MONTH, 1) == [] and file(store, "enterprise-energy") == first
    with pytest.raises(DBAPIError), store.write() as tx:
        tx.execute(text("UPDATE board_energy SET measured = ''"))


def by_sql(store: Any, period: str, version: int) -> dict[int, int]:
    """Grams by member from the transfers at the cut-off, by a query that shares no line with the room."""
    seen: dict[int, int] = {}
    found: dict[int, int] = {}
    with store.read() as tx:
        for row in tx.rows(text("SELECT positions FROM board_cut_off WHERE period = :p AND version = :v"), {"p": period, "v": version}):  # fmt: skip
            seen |= {int(m): int(s) for m, s in (each.split(":") for each in row.positions.split())}
        query = text(
            "SELECT member_id, seq, CASE WHEN debit = 'reduction' THEN amount ELSE -amount END AS grams FROM transfer "
            "WHERE book = 'carbon' AND occurred_on BETWEEN '2026-06-01' AND '2026-06-30'"
        )
        for row in tx.rows(query):
            if row.seq <= seen.get(row.member_id, 0):
                found[row.member_id] = found.get(row.member_id, 0) + int(row.grams)
    return {member: grams for member, grams in found.items() if grams > 0}


@pytest.mark.parametrize("code", ["members", "enterprise-per-head", "enterprise-participation-small", "family-total"])
def test_anybody_can_recompute_a_file(store: Any, tmp_path: Path, code: str) -> None:
    park(store)
    close(store, OVER, ())
    found, path = file(store, code), tmp_path / "board.csv"
    path.write_text(found, "utf-8", newline="")
    right = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True, check=False)
    assert right.returncode == 0, right.stdout + right.stderr
    assert board_file.digest([found]) in right.stdout
    changed = [line for line in found.splitlines() if line.startswith("1,")]
    if changed:
        path.write_text(found.replace(changed[0], changed[0].replace("1,", "2,", 1)), "utf-8", newline="")
        assert subprocess.run([sys.executable, SCRIPT, path], capture_output=True, check=False).returncode == 1


def test_a_tie_has_no_order_of_merit_in_the_file(store: Any) -> None:
    ids = people(store, 9)
    for who in ids:
        act(store, who, 300 if who < 8 else 500, date(2026, 6, 5))
    catch_up(store)
    close(store, OVER, ())
    rows = rows_of(file(store, "members"))
    assert [int(row[0]) for row in rows] == [1, 1, 3, 3, 3, 3, 3, 3, 3]
    assert [row[1] for row in rows[2:]] == sorted(row[1] for row in rows[2:])


def test_a_family_is_divided_by_person_equivalents(store: Any) -> None:
    ids = people(store, 3)
    with store.write() as tx:
        home = units.create_family(tx, 1, UnitNames("李家", "向日葵"), datetime(2026, 6, 2, tzinfo=UTC), on_boards=True)
        tx.insert(child, [{"member_id": 3, "guardian_id": 1, "until": date(2030, 1, 1), "created_at": OVER}])
    join(store, home, *ids[1:], now=datetime(2026, 6, 2, tzinfo=UTC))
    for who in ids:
        act(store, who, 60, date(2026, 6, 5))
    catch_up(store)
    with store.read() as tx:
        row = queries.page(tx, "family-per-head", MONTH, 1, None, OVER).rows[0]
        young = queries.page(tx, "members", MONTH, 1, None, OVER)
    assert (row.members, row.value_milli) == (3, 180 * 1000 * 10 // 18)  # 1.0 + 0.5 + 0.3 persons
    assert {r.subject_id for r in young.rows} == {1, 2}


def test_improvement_is_told_against_the_weeks_before(store: Any) -> None:
    ids, start = people(store, 10), datetime(2026, 5, 4, tzinfo=UTC)
    more, same = company(store, "甲公司", now=start), company(store, "乙公司", now=start)
    join(store, more, *ids[:5], now=start)
    join(store, same, *ids[5:], now=start)
    for who in ids:
        for day in (date(2026, 6, 3), date(2026, 6, 10)):
            act(store, who, 100, day)
        act(store, who, 100 if who <= 5 else 50, TODAY)
    while True:
        catch_up(store)
        with store.read() as tx:
            if not service.behind(tx):
                break
    with store.read() as tx:
        page = queries.page(tx, "enterprise-improvement", "2026-W25", 1, None, OVER)
    # Four weeks before: 200 g a head over four weeks, so 50 g a week; the mean of 200 % and 100 % draws both in.
    assert [(r.subject_id, r.plain_milli) for r in page.rows] == [(more, 200_000), (same, 100_000)]
    assert [r.value_milli for r in page.rows] == [(50 * 200_000 + 200 * 150_000) // 250, (50 * 100_000 + 200 * 150_000) // 250]  # fmt: skip


def test_who_is_not_named_keeps_the_place(store: Any) -> None:
    a, _ = park(store)
    with store.write() as tx:
        tx.execute(text("UPDATE green_unit SET on_boards = false, version = version + 1 WHERE id = :id"), {"id": a})
    catch_up(store)
    with store.read() as tx:
        page = queries.page(tx, "enterprise-total", MONTH, 1, 2, OVER)
    assert [row.name for row in page.rows if row.subject_id == a] == [None] and page.me.place is not None


def test_closings_are_listed_by_pages(store: Any) -> None:
    park(store)
    close(store, OVER, ())
    with store.read() as tx:
        whole = queries.closings(tx, None, 50)
        first = queries.closings(tx, None, 2)
        rest = queries.closings(tx, f"{first[-1].period}|{first[-1].version}", 50)
    assert [(r.period, r.version) for r in [*first, *rest]] == [(r.period, r.version) for r in whole] and rest
