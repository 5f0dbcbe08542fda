"""Boards: ties, periods, people who move, small units, hidden names, closing, and an audit that sees a changed row."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from points_engine.errors import EngineError
from tests.counting import count_statements
from tests.rooms.boardpark import NOW, TODAY, act, catch_up, close, company, faults, join, people, undo
from webapp.green_units import service as units
from webapp.green_units.forms import UnitNames
from webapp.members.tables import member
from webapp.rankings import queries, service
from webapp.rankings.tables import score


def board(
    store: Any, code: str, period: str | None = None, me: int | None = None, number: int = 1, now: datetime = NOW
) -> Any:
    with store.read() as tx:
        return queries.page(tx, code, period, number, me, now)


def places(page: Any) -> list[tuple[int, int]]:
    return [(row.place, row.subject_id) for row in page.rows]


def test_equal_values_share_a_place_and_the_earlier_stands_first(store: Any) -> None:
    people(store, 5)
    for i, (who, grams) in enumerate([(3, 500), (1, 900), (2, 500), (4, 500), (5, 100)]):
        act(store, who, grams)
        catch_up(store, NOW + timedelta(minutes=i))
    page = board(store, "members")
    assert places(page) == [(1, 1), (2, 3), (2, 2), (2, 4), (5, 5)]
    assert page.total == 5 and page.state == "live" and page.period == "2026-W25"
    with store.read() as tx:
        mine = queries.my_place(tx, "members", None, 2, NOW)
    assert (mine.place, mine.grams, mine.gap, mine.ahead) == (2, 500, 400, 1)
    assert [(row.place, row.subject_id) for row in mine.rows] == [(1, 1), (2, 3), (2, 2), (2, 4), (5, 5)]


def test_the_rows_around_mine_carry_the_places_of_the_whole_board(store: Any) -> None:
    ids = people(store, 40)
    for i, who in enumerate(ids):
        act(store, who, 100 + (i * 7919) % 11)
        if i % 9 == 0:
            catch_up(store, NOW + timedelta(seconds=i))
    catch_up(store, NOW + timedelta(hours=1))
    rows = board(store, "members").rows
    for at, row in enumerate(rows):
        with store.read() as tx:
            mine = queries.my_place(tx, "members", None, row.subject_id, NOW)
        near = rows[max(0, at - 2) : at + 3]
        assert [(r.place, r.subject_id) for r in mine.rows] == [(r.place, r.subject_id) for r in near]
        above = [r.grams for r in rows if r.grams > row.grams]
        assert (mine.place, mine.gap) == (row.place, min(above) - row.grams if above else None)


def test_a_value_that_comes_back_keeps_what_the_ledger_says(store: Any) -> None:
    people(store, 2)
    act(store, 1, 300)
    act(store, 2, 200)
    catch_up(store)
    undo(store, 1, 300)
    catch_up(store)
    assert places(board(store, "members")) == [(1, 2)]
    with store.read() as tx:
        assert queries.my_place(tx, "members", None, 1, NOW).place is None
    assert faults(store) == []


@pytest.mark.parametrize(
    ("period", "expected"),
    [("2026-W27", 300), ("2026-W26", 0), ("2026-06", 100), ("2026-07", 200), ("2026", 300), ("total", 300)],
)
def test_days_fall_in_their_periods(store: Any, period: str, expected: int) -> None:
    now = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
    people(store, 1)
    act(store, 1, 100, date(2026, 6, 30), now)
    act(store, 1, 200, date(2026, 7, 1), now)
    catch_up(store, now)
    page = board(store, "members", period, now=now)
    assert [row.grams for row in page.rows] == ([expected] if expected else [])


@pytest.mark.parametrize("period", ["2026-W54", "2026-13", "1x", "2026-W9", "2027", "0000", "2026-W26"])
def test_a_period_that_is_not_one_is_not_found(store: Any, period: str) -> None:
    with pytest.raises(EngineError) as refusal:
        board(store, "members", period)
    assert refusal.value.code == "unknown_period"


def test_grams_count_for_the_unit_of_the_day(store: Any) -> None:
    """Six people start at A on the 8th; the first moves to B on the 12th."""
    ids = people(store, 11)
    start, moved = NOW - timedelta(days=8), NOW - timedelta(days=4)
    a, b = company(store, "甲公司", now=start), company(store, "乙公司", now=start)
    join(store, a, *ids[:6], now=start)
    join(store, b, *ids[6:], now=start)
    with store.write() as tx:
        units.leave_unit(tx, 1, a, moved)
    join(store, b, 1, now=moved)
    for day, grams in ((7, 1), (8, 10), (11, 100), (12, 1000), (16, 10000)):
        act(store, 1, grams, date(2026, 6, day))
    act(store, 8, 60, TODAY)
    for who in ids[1:]:
        act(store, who, 1, TODAY)
    catch_up(store)
    page = board(store, "enterprise-total", "2026-06", me=1)
    assert [(r.subject_id, r.grams, r.members) for r in page.rows] == [(b, 11065, 6), (a, 115, 6)]
    assert [row.is_me for row in page.rows] == [True, False]
    assert page.me.gap is None
    heads = board(store, "enterprise-per-head", "2026-06")
    assert [r.plain_milli for r in heads.rows] == [1844166, 19166]
    # Their class's mean, 931.666 g, is read as 931 g: (6 x 1844.166 + 20 x 931) / 26, and so on.
    assert [(r.subject_id, r.value) for r in heads.rows] == [(b, 1141.73), (a, 720.576)]
    assert faults(store) == []


def test_joining_counts_without_another_act(store: Any) -> None:
    ids = people(store, 5)
    unit = company(store, "甲公司")
    for who in ids:
        act(store, who, 100)
    catch_up(store)
    join(store, unit, *ids)
    catch_up(store)
    assert [(r.grams, r.members) for r in board(store, "enterprise-total").rows] == [(500, 5)]
    assert faults(store) == []


def test_small_units_and_shy_families_are_not_shown(store: Any) -> None:
    ids = people(store, 8)
    small = company(store, "小公司")
    join(store, small, *ids[:4])
    with store.write() as tx:
        shy = units.create_family(tx, 5, UnitNames("张家", "张家"), NOW)
        open_ = units.create_family(tx, 6, UnitNames("李家", "向日葵"), NOW, on_boards=True)
    for who in ids:
        act(store, who, 100 * who)
    catch_up(store)
    assert board(store, "enterprise-total").rows == []
    page = board(store, "family-per-head", me=5)
    assert [(r.subject_id, r.name) for r in page.rows] == [(open_, "向日葵")]
    assert page.me.place is None
    join(store, small, ids[6])
    with store.write() as tx:
        units.set_on_boards(tx, 5, shy, True, NOW)
    catch_up(store)
    assert [r.subject_id for r in board(store, "enterprise-total").rows] == [small]
    assert len(board(store, "family-per-head").rows) == 2
    with store.write() as tx:
        units.close_unit(tx, 1, small, NOW, staff=True)
    catch_up(store)
    assert board(store, "enterprise-total").rows == []


def test_who_hides_is_nameless_and_who_is_frozen_is_gone(store: Any) -> None:
    people(store, 3)
    for who in (1, 2, 3):
        act(store, who, 100 * who)
    catch_up(store)
    with store.write() as tx:
        tx.execute(update(member).where(member.c.id == 3).values(board_opt_out=True))
        tx.execute(update(member).where(member.c.id == 2).values(status="frozen"))
        assert service.relist(tx) > 0
    page = board(store, "members")
    assert [(r.place, r.subject_id, r.name) for r in page.rows] == [(1, 3, None), (2, 1, "用户1")]
    with store.write() as tx:
        tx.execute(update(member).where(member.c.id == 2).values(status="active"))
        service.relist(tx)
        assert service.relist(tx) == 0
    assert len(board(store, "members").rows) == 3
    with store.write() as tx:
        service.forget(tx, 1, NOW)
    assert [r.subject_id for r in board(store, "members").rows] == [3, 2]


def test_a_period_is_published_72_hours_after_its_end_and_never_changes(store: Any) -> None:
    people(store, 3)
    for who, grams in ((1, 200), (2, 300), (3, 200)):
        act(store, who, grams)
    catch_up(store)
    late = datetime(2026, 6, 24, 15, 59, tzinfo=UTC)  # Wednesday 23:59
    act(store, 3, 50, date(2026, 6, 21), late)
    assert close(store, late) == 1  # the week before, empty, was still open
    assert board(store, "members", now=late).state == board(store, "members", "2026-W25", now=late).state == "live"
    after = late + timedelta(minutes=2)
    assert close(store, after) == 1
    assert close(store, after) == 0
    page = board(store, "members", "2026-W25", me=1, now=after)
    assert page.state == "published" and page.as_of == after and page.total == 3
    assert places(page) == [(1, 2), (2, 3), (3, 1)] and page.version == 1
    assert (page.me.place, page.me.gap) == (3, 50)
    with store.read() as tx:
        file = queries.download(tx, "members", "2026-W25", after)
    assert hashlib.sha256(file.encode()).hexdigest() == page.checksum
    assert page.me.reference in file and len([x for x in file.splitlines() if not x.startswith("#")]) == 4
    act(store, 1, 900, date(2026, 6, 21), after)  # a reviewer accepts something old: too late for the week
    catch_up(store, after)
    assert places(board(store, "members", "2026-W25", now=after)) == [(1, 2), (2, 3), (3, 1)]
    assert board(store, "members", "2026-06", now=after).rows[0].subject_id == 1
    assert faults(store) == []


def test_the_database_refuses_to_change_what_was_published(store: Any) -> None:
    people(store, 1)
    act(store, 1, 200)
    catch_up(store)
    close(store, NOW + timedelta(days=12))
    for statement in (
        "UPDATE published_row SET value_milli = 1",
        "DELETE FROM published_board",
        "DELETE FROM published_row",
        "INSERT INTO published_row SELECT board, period, version, position + 100, place, member_id, unit_id, "
        "value_milli, plain_milli, members, weight, size_class FROM published_row",
        "UPDATE board_closing SET state = 'reviewing'",
        "DELETE FROM board_closing",
        "UPDATE board_cut_off SET positions = ''",
    ):
        with pytest.raises(DBAPIError), store.write() as tx:
            tx.execute(text(statement))


def test_rebuild_gives_what_catching_up_gave_and_keeps_the_order(store: Any) -> None:
    ids = people(store, 12)
    unit = company(store, "甲公司", now=NOW - timedelta(days=40))
    join(store, unit, *ids[:6], now=NOW - timedelta(days=40))
    for who in reversed(ids):
        act(store, who, 100 * (who // 2 + 1))
        act(store, who, 70, TODAY - timedelta(days=35))
        catch_up(store, NOW + timedelta(seconds=who))
    codes = ("members", "enterprise-total", "enterprise-per-head")
    before = [places(board(store, code, period)) for code in codes for period in ("week", "month", "total")]
    with store.write() as tx:
        tx.execute(update(score).where(score.c.member_id == 3).values(value=score.c.value + 5, reached_at=NOW))
    assert len(faults(store)) > 0
    with store.write() as tx:
        service.rebuild(tx, NOW + timedelta(hours=1))
    close(store, NOW + timedelta(hours=1))
    assert faults(store) == []
    after = [places(board(store, code, period)) for code in codes for period in ("week", "month", "total")]
    assert [sorted(p) for p in after] == [sorted(p) for p in before] and after[3:] == before[3:]
    assert board(store, "members", "2026-W20").state == "published"


def test_the_audit_sees_changed_standings(store: Any) -> None:
    ids = people(store, 6)
    unit = company(store, "甲公司")
    join(store, unit, *ids)
    for who in ids:
        act(store, who, 100)
    catch_up(store)
    assert faults(store) == []
    for statement in (
        "UPDATE score SET value = value + 1 WHERE member_id = 2",
        "DELETE FROM score WHERE member_id = 3",
        "UPDATE unit_score SET value = value - 1",
        "UPDATE unit_mark SET plain_milli = plain_milli + 1 WHERE measure = 'per_head'",
        "UPDATE unit_mark SET value_milli = value_milli + 1 WHERE measure = 'participation'",
        "UPDATE ladder_step SET n = n + 1 WHERE shift = 0",
        "DELETE FROM ladder_step WHERE shift = 28",
        "UPDATE unit_part SET value = value + 1 WHERE member_id = 4",
    ):
        with store.write() as tx:
            tx.execute(text(statement))
        assert faults(store), statement
        with store.write() as tx:
            service.rebuild(tx, NOW)
        assert faults(store) == [], statement


def test_posts_and_catching_up_at_once_lose_nothing(store: Any) -> None:
    ids = people(store, 8)
    unit = company(store, "甲公司")
    join(store, unit, *ids)
    done = threading.Event()

    def post(who: int) -> None:
        for i in range(12):
            act(store, who, 10 + i, now=NOW + timedelta(seconds=i))

    def read() -> None:
        while not done.is_set():
            store.retrying(lambda tx: service.catch_up(tx, NOW, limit=3))

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=post, args=(who,)) for who in ids]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    catch_up(store)
    assert faults(store) == []
    each = sum(range(10, 22))
    assert [r.grams for r in board(store, "enterprise-total").rows] == [each * 8]
    assert [(r.place, r.grams) for r in board(store, "members").rows] == [(1, each)] * 8


def test_a_page_asks_as_many_queries_for_many_rows_as_for_few(store: Any) -> None:
    ids = people(store, 120)
    for who in ids[:4]:
        act(store, who, 10 * who)
    catch_up(store)
    with count_statements(store) as few:
        board(store, "members", me=2)
    for who in ids[4:]:
        act(store, who, 10 * who)
    catch_up(store)
    with count_statements(store) as many:
        page = board(store, "members", me=60)
    assert len(page.rows) == 50 and page.has_next and page.me.place == 61
    assert many.count == few.count
    second = board(store, "members", number=2)
    assert [row.place for row in second.rows] == list(range(51, 101))
    assert [row.place for row in board(store, "members", number=3).rows] == list(range(101, 121))
    assert board(store, "members", number=9).rows == []


def test_catching_up_asks_as_many_queries_for_many_members_as_for_few(store: Any) -> None:
    ids = people(store, 60)
    unit = company(store, "甲公司")
    join(store, unit, *ids)
    catch_up(store)
    seen = []
    for some in (ids[:6], ids):
        for who in some:
            act(store, who, 10)
        with count_statements(store) as statements, store.write() as tx:
            service.catch_up(tx, NOW)
        seen.append(statements.count)
    assert seen[1] <= seen[0] + 1, seen
