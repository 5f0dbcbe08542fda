"""Lists of employees: previews, faults by line and column, one commit, twice is once, and nobody joins unasked."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from points_engine.errors import EngineError
from tests.racing import clean_processes
from tests.rooms.boardpark import NOW, TODAY, company, people
from tests.rosters import BOOK, confirm, csv_file, give_phones, import_file, phone, table, upload
from webapp.green_units import inviting, queries, roster, roster_reads, service
from webapp.green_units.roster_lines import path_of, read_lines
from webapp.green_units.tables import green_unit, membership, roster_entry, roster_import
from webapp.inbox.tables import notice


@pytest.fixture
def unit(store: Any) -> int:
    people(store, 9)
    made = company(store, "甲公司")
    with store.write() as tx:
        service.set_admin(tx, 1, made, 1, True, NOW, staff=True)
    return made


def counts_of(store: Any, unit_id: int, import_id: int) -> dict[str, int]:
    with store.read() as tx:
        return roster_reads.upload_of(tx, unit_id, import_id).counts


def statuses(store: Any, unit_id: int) -> dict[str, int]:
    with store.read() as tx:
        return roster_reads.totals(tx, unit_id)


def brief(counts: dict[str, int]) -> tuple[int, ...]:
    return tuple(counts[key] for key in ("fresh", "known", "moved", "absent", "ended", "faults"))


def everything(store: Any) -> dict[str, Any]:
    with store.read() as tx:
        return {t.name: sorted(map(str, tx.rows(select(t)))) for t in (roster_entry, membership, green_unit, notice)}


def test_each_line_is_read_and_each_fault_has_its_place() -> None:
    lines = read_lines(
        table(
            (phone(1), "A/B", "007"),
            ("１３８ 0000-0002", "", ""),
            (phone(1), "", ""),
            ("12345", "A", ""),
            ("", "A", " ０0７ "),
            ("", "A", ""),
            (phone(3), "a/b/c/d/e", ""),
            (phone(4), "A//B", ""),
            ("", "", "有字"),
            head=("手机号", "部门", "工号"),
        ),
        BOOK,
        5,
    )
    assert [(line.line, line.kind, line.tail, line.path) for line in lines.good] == [
        (2, "phone", "0001", ("A", "B")),
        (3, "phone", "0002", ()),
        (6, "number", "", ("A",)),
    ]
    assert [(fault.line, fault.column, fault.reason, fault.other) for fault in lines.faults] == [
        (4, "A", "twice_in_file", 2),
        (5, "A", "phone", 0),
        (7, "A", "nobody_named", 0),
        (8, "B", "part_too_deep_here", 0),
        (9, "B", "department_name", 0),
        (10, "C", "employee_number", 0),
    ]
    other = read_lines(table(("007", "A"), head=("工号", "部门")), BOOK, 6)
    assert other.good[0].ref_hash != lines.good[2].ref_hash, "two units must not know each other's people"
    assert path_of(" 研发 部 ／ 一组") == ("研发 部", "一组")
    for head, code in ((("姓名", "部门"), "table_columns"), (("手机", "手机号"), "table_column_twice")):
        with pytest.raises(EngineError) as refused:
            read_lines(table(("x", "y"), head=head), BOOK, 5)
        assert refused.value.code == code


def test_a_preview_changes_nothing_and_a_confirmed_list_invites(store: Any, unit: int) -> None:
    give_phones(store, {2: phone(2), 3: phone(3)})
    with store.write() as tx:
        service.join_unit(tx, 3, unit, NOW)
    found = table((phone(1), "研发部/一组"), (phone(2), "研发部"), (phone(3), "财务部"), ("1", "x"))
    before = everything(store)
    made = upload(store, unit, found, NOW)
    assert everything(store) == before
    assert brief(counts_of(store, unit, made)) == (2, 0, 1, 0, 0, 1)
    assert brief(confirm(store, unit, made, NOW)) == (2, 0, 1, 0, 0, 1)
    with store.read() as tx:
        tree = queries.tree_of(tx, unit)
        assert sorted(part.full_name for part in tree.parts) == ["研发部", "研发部/一组", "财务部"]
        assert queries.unit_ids_of(tx, 2) == {}, "nobody is put into a unit"
        assert (
            tx.scalar(select(membership.c.department_id).where(membership.c.member_id == 3))
            == (tree.by_path[("财务部",)])
        )
        assert [one.department for one in inviting.my_invitations(tx, 2)] == ["研发部"]
        assert [row.member_id for row in tx.rows(select(notice.c.member_id))] == [2]
        assert phone(1) not in str(everything(store)) and phone(1) not in str(tx.rows(select(roster_import)))
    assert statuses(store, unit) == {"invited": 2, "joined": 1, "declined": 0, "left": 0}


def test_the_same_list_twice_changes_nothing_the_second_time(store: Any, unit: int) -> None:
    give_phones(store, {2: phone(2), 3: phone(3)})
    with store.write() as tx:
        service.join_unit(tx, 3, unit, NOW)
    found = table((phone(1), "A/B"), (phone(2), ""), (phone(3), "A"))
    made = upload(store, unit, found, NOW)
    first = confirm(store, unit, made, NOW)
    after = everything(store)
    assert confirm(store, unit, made, NOW + timedelta(hours=1)) == first, "a second press"
    assert everything(store) == after
    again = upload(store, unit, found, NOW + timedelta(hours=1))
    assert brief(confirm(store, unit, again, NOW + timedelta(hours=1))) == (0, 3, 0, 0, 0, 0)
    assert everything(store) == after


def test_two_confirm_the_same_file_at_once(store: Any, unit: int, database_url: str) -> None:
    data, barrier, done = csv_file(300), threading.Barrier(2), []

    def run() -> None:
        barrier.wait(timeout=30)
        try:
            done.append(import_file(database_url, unit, data, NOW))
        except EngineError as refused:
            assert refused.code == "list_dropped", "whoever uploads later drops the other's preview"

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with store.read() as tx:
        rows = tx.scalar(select(func.count()).select_from(roster_entry))
        parts = tx.scalar(select(func.count()).select_from(green_unit).where(green_unit.c.top_id == unit))
    assert rows == 300 and parts == 21
    assert sorted(each["fresh"] for each in done) in ([0, 300], [300])


def test_moves_during_a_month_leave_dated_rows(store: Any, unit: int) -> None:
    give_phones(store, {2: phone(2)})
    with store.write() as tx:
        service.join_unit(tx, 2, unit, NOW - timedelta(days=9))
    confirm(store, unit, upload(store, unit, table((phone(2), "A")), NOW - timedelta(days=5)), NOW - timedelta(days=5))
    confirm(store, unit, upload(store, unit, table((phone(2), "B")), NOW), NOW)
    made = upload(store, unit, table((phone(2), "A"), (phone(5), "A")), NOW)
    assert brief(counts_of(store, unit, made)) == (1, 0, 1, 0, 0, 0)
    confirm(store, unit, made, NOW)
    with store.read() as tx:
        tree = queries.tree_of(tx, unit)
        rows = tx.rows(
            select(membership).where(membership.c.member_id == 2).order_by(membership.c.joined_on, membership.c.id)
        )
    names = {part.id: part.name for part in tree.parts} | {None: None}
    assert [(names[r.department_id], r.joined_on, r.left_on) for r in rows] == [
        (None, TODAY - timedelta(days=9), TODAY - timedelta(days=5)),
        ("A", TODAY - timedelta(days=5), TODAY),
        ("A", TODAY, None),  # moved twice on one day: the row of that day changed
    ]


def test_a_list_of_those_who_left_ends_memberships_and_says_who_is_missing(store: Any, unit: int) -> None:
    give_phones(store, {2: phone(2), 3: phone(3)})
    confirm(store, unit, upload(store, unit, table((phone(2), "A"), (phone(3), "A"), (phone(4), "A")), NOW), NOW)
    with store.write() as tx:
        roster.accept(tx, 2, unit, NOW - timedelta(days=3))
        roster.decline(tx, 3, unit)
        service.set_admin(tx, 1, unit, 2, True, NOW)
    assert brief(
        counts_of(
            store,
            unit,
            upload(
                store,
                unit,
                table(
                    (phone(3), "A"),
                ),
                NOW,
            ),
        )
    ) == (0, 1, 0, 2, 0, 0)
    made = upload(store, unit, table((phone(2), ""), (phone(4), ""), (phone(8), "")), NOW, mode="left")
    assert brief(confirm(store, unit, made, NOW)) == (0, 1, 0, 0, 2, 0)
    assert statuses(store, unit) == {"invited": 0, "joined": 0, "declined": 1, "left": 2}
    with store.read() as tx:
        assert queries.unit_ids_of(tx, 2) == {} and queries.administered(tx, 2) == []
    back = upload(store, unit, table((phone(2), "A"), (phone(3), "A")), NOW)
    assert brief(confirm(store, unit, back, NOW)) == (1, 1, 0, 0, 0, 0), "who declined is not asked again"


def test_one_tap_joins_and_only_the_invited(store: Any, unit: int) -> None:
    give_phones(store, {2: phone(2), 3: phone(3)})
    confirm(
        store,
        unit,
        upload(
            store,
            unit,
            table(
                (phone(2), "A/B"),
            ),
            NOW,
        ),
        NOW,
    )
    with pytest.raises(EngineError) as refused, store.write() as tx:
        roster.accept(tx, 3, unit, NOW)
    assert refused.value.code == "unknown_invitation"
    with store.write() as tx:
        roster.accept(tx, 2, unit, NOW)
        assert queries.my_membership(tx, 2, unit).department == "B"
        service.leave_unit(tx, 2, unit, NOW)
    assert statuses(store, unit)["left"] == 1


def test_previews_belong_to_their_unit_and_do_not_wait_for_ever(store: Any, unit: int) -> None:
    other = company(store, "乙公司")
    with store.write() as tx:
        service.set_admin(tx, 1, other, 4, True, NOW, staff=True)
    made = upload(store, unit, table((phone(2), "A"), ("1", "")), NOW)
    for use_case in (
        lambda tx: roster.confirm(tx, 4, other, made, NOW),
        lambda tx: roster.confirm(tx, 4, unit, made, NOW),
        lambda tx: roster.drop(tx, 4, unit, made, NOW),
        lambda tx: roster_reads.upload_of(tx, other, made),
    ):
        with pytest.raises(EngineError) as refused, store.write() as tx:
            use_case(tx)
        assert refused.value.kind == "not_found"
    with store.write() as tx:
        head, faults = roster_reads.faults_of(tx, BOOK, unit, made)
        assert head == ["手机号", "部门"] and faults[0].cells == ["1", ""]
        assert roster.sweep(tx, NOW + timedelta(hours=23)) == 0
        assert roster.sweep(tx, NOW + timedelta(days=1)) == 1
        assert roster_reads.faults_of(tx, BOOK, unit, made) == ([], [])
    with pytest.raises(EngineError) as refused:
        confirm(store, unit, made, NOW)
    assert refused.value.code == "list_dropped"


def test_a_kill_in_the_middle_leaves_nothing(store: Any, unit: int, database_url: str) -> None:
    data, before = csv_file(3000), everything(store)
    context = clean_processes()
    for wait in (0, 30, 120, 400):
        began = context.Event()
        child = context.Process(target=import_file, args=(database_url, unit, data, NOW, began))
        child.start()
        assert began.wait(60)
        time.sleep(wait / 1000)
        child.kill()
        child.join(30)
        assert len(everything(store)["roster_entry"]) in (0, 3000)
        if everything(store) != before:
            break
    import_file(database_url, unit, data, NOW)
    assert len(everything(store)["roster_entry"]) == 3000
