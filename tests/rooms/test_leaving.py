"""Leaving: the photos of a member go, rows and files, and still cannot pay again."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from sqlalchemy import select

from tests.people import make_member
from webapp.jobs.runner import run_due
from webapp.members import service
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture, make_thumbnail
from webapp.photos.tables import photo_use, upload


def photo() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 48), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_photos_of_who_leaves_are_gone(app: Any, house: Any) -> None:
    ling, bo = make_member(house, "ling"), make_member(house, "bo")
    now = house.clock.now()
    with house.store.write() as tx:
        hers = keep_picture(tx, house.blobs, ling.id, read_picture(photo()), now)
        his = keep_picture(tx, house.blobs, bo.id, read_picture(photo()), now)
        tx.insert(photo_use, [{"sha256": hers["sha256"], "member_id": ling.id, "activity_id": hers["id"]}])
    run_due(house, now)
    names = (f"{hers['id']}.jpg", f"{hers['id']}-s.jpg")
    assert all(house.blobs.get(name) for name in names)

    with house.store.write() as tx:
        service.leave(tx, ling.id, house.forgetters, now)
    run_due(house, now)
    make_thumbnail(house, {"member_id": ling.id, "id": hers["id"]}, now)  # a late twin changes nothing
    with house.store.read() as tx:
        assert [row.member_id for row in tx.rows(select(upload))] == [bo.id]
        assert [row.member_id for row in tx.rows(select(photo_use))] == [0]
    assert [house.blobs.get(name) for name in names] == [None, None]
    assert house.blobs.get(f"{his['id']}.jpg")
