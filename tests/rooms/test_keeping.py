"""How long things are kept: photos after the verdict, notices, audit reports; what waits when somebody leaves."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from tests.people import make_member
from webapp import audit
from webapp.activities import queries, service
from webapp.activities.commands import read_command
from webapp.activities.purge import purge_photos
from webapp.console import service as desk
from webapp.console.tables import audit_report
from webapp.inbox import service as inbox
from webapp.inbox.jobs import sweep_notices
from webapp.inbox.tables import notice
from webapp.jobs.runner import run_due
from webapp.members import service as members
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.photos.tables import photo_use, upload


def act_with_photo(house: Any, member_id: int, km: str, shade: int) -> tuple[str, str]:
    """Log a ride with a photo of its own; returns the ids of the act and of the photo."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, 90, 90)).save(out, "JPEG")
    now, act = house.clock.now(), str(uuid.uuid4())
    with house.store.write() as tx:
        photo = keep_picture(tx, house.blobs, member_id, read_picture(out.getvalue()), now)["id"]
        command = read_command(
            house.catalogue,
            member_id,
            id=act,
            behaviour="bike",
            quantity=Decimal(km),
            occurred_at=now - timedelta(hours=1),
            inputs={},
            evidence=[photo],
            now=now,
        )
        service.log_many(tx, [command], now)
    return act, photo


def kept(house: Any) -> set[str]:
    with house.store.read() as tx:
        return {row.id for row in tx.rows(select(upload))}


def test_photos_go_thirty_days_after_the_verdict(app: Any, house: Any, clock: Any) -> None:
    ling, reviewer = make_member(house, "ling"), make_member(house, "reviewer")
    _, plain = act_with_photo(house, ling.id, "3", 10)
    waits, judged = act_with_photo(house, ling.id, "30", 20)
    _, pending = act_with_photo(house, ling.id, "31", 30)
    with house.store.read() as tx:
        assert queries.count_pending(tx) == 2
    run_due(house, clock.now())

    clock.advance(days=29, hours=23)
    with house.store.write() as tx:
        service.review_activity(tx, house.catalogue, reviewer.id, ling.id, waits, accept=True, note="", now=clock.now())
    assert purge_photos(house, clock.now()) == 0
    clock.advance(hours=2)
    assert purge_photos(house, clock.now()) == 1
    assert kept(house) == {judged, pending}
    run_due(house, clock.now())
    assert [house.blobs.get(f"{plain}{end}.jpg") for end in ("", "-s")] == [None, None]
    assert house.blobs.get(f"{judged}.jpg")

    clock.advance(days=30)
    assert purge_photos(house, clock.now()) == 1
    assert purge_photos(house, clock.now()) == 0
    assert kept(house) == {pending}
    with house.store.read() as tx:
        assert len(tx.rows(select(photo_use))) == 3  # none of them can pay again
    again, _ = act_with_photo(house, ling.id, "3", 10)
    with house.store.read() as tx:
        assert queries.one(tx, ling.id, again)["reasons"] == ["photo_reused"]


def test_the_page_of_an_act_says_that_its_photo_is_gone(app: Any, house: Any, clock: Any, client: Any) -> None:
    ling = make_member(house, "ling")
    ling.sign_in(client)
    act, photo = act_with_photo(house, ling.id, "3", 10)
    assert f"/photos/{photo}" in client.get(f"/activities/{act}").text
    clock.advance(days=31)
    purge_photos(house, clock.now())
    ling.sign_in(client)
    page = client.get(f"/activities/{act}").text
    assert "已删除" in page and "/photos/" not in page


def test_what_waits_for_review_is_closed_when_its_owner_leaves(app: Any, house: Any, clock: Any) -> None:
    ling = make_member(house, "ling")
    act, _ = act_with_photo(house, ling.id, "30", 20)
    with house.store.write() as tx:
        members.leave(tx, ling.id, house.forgetters, clock.now())
    with house.store.read() as tx:
        assert queries.count_pending(tx) == 0
        record = queries.one(tx, ling.id, act)
        assert (record["status"], record["reasons"], record["decided_by"]) == ("rejected", ["member_left"], None)
    assert audit.run(house.store).faults == []


def test_notices_go_after_400_days(app: Any, house: Any, clock: Any) -> None:
    people = [make_member(house, f"member-{n}").id for n in range(3)]

    def send(title: str) -> None:
        with house.store.write() as tx:
            for one in people:
                inbox.notify(tx, one, "test", title, "", now=clock.now())

    send("old")
    clock.advance(days=200)
    send("new")
    clock.advance(days=200)
    assert sweep_notices(house, clock.now()) == 0
    clock.advance(minutes=1)
    assert sweep_notices(house, clock.now()) == 3
    with house.store.read() as tx:
        titles = {(n.member_id, n.title_zh) for n in tx.rows(select(notice)) if n.kind == "test"}
    assert titles == {(one, "new") for one in people}


def test_the_last_audit_reports_are_kept(app: Any, house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "KEPT_REPORTS", 3)
    for n in range(5):
        desk.write_report(house, f"test:{n}")
    with house.store.read() as tx:
        keys = [row.key for row in tx.rows(select(audit_report).order_by(audit_report.c.id))]
    assert keys == ["test:2", "test:3", "test:4"]
