"""Photos: copies in other shapes, at once and after their owner left; notes of the camera; what stays when they go."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests import photos as drawn
from tests.racing import race
from webapp.photos import service as uploads
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.photos.tables import photo_band, photo_print, photo_use, upload
from webapp.store import Store
from webapp.store.blobs import FolderBlobs

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
COPIES = [name for name in drawn.COPIES if name != "touched up"]


def send(store: Store, folder: Path, member: int, data: bytes) -> tuple[dict[str, Any], Any]:
    """What the sender is told, and the row."""
    picture = read_picture(data)
    with store.write() as tx:
        told = keep_picture(tx, FolderBlobs(folder), member, picture, NOW)
        return told, tx.row(select(upload).where(upload.c.member_id == member, upload.c.id == told["id"]))


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_somebody_elses_photo_is_known(store: Store, tmp_path: Path, name: str) -> None:
    rng = Random(name)
    for seed in range(6):
        send(store, tmp_path, 1, drawn.encoded(drawn.draw(seed)))
    for seed in (0, 2, 3):
        copy = drawn.again(rng, drawn.COPIES[name][1](rng, drawn.draw(seed)))
        told, row = send(store, tmp_path, 2, drawn.encoded(copy))
        assert (told["duplicate_of_other"], row.near) == (True, "copy"), (name, seed)
        with store.read() as tx:
            assert tx.scalar(select(upload.c.member_id).where(upload.c.id == row.near_to)) == 1


def test_other_photos_are_not_copies(store: Store, tmp_path: Path) -> None:
    found = [send(store, tmp_path, seed % 3, drawn.encoded(drawn.draw(seed))) for seed in range(24)]
    assert not any(told["duplicate_of_other"] or row.near for told, row in found)


def test_views_of_one_meal_are_no_fraud_until_one_has_paid(store: Store, tmp_path: Path) -> None:
    rng, photo = Random(7), drawn.draw(6)
    _, first = send(store, tmp_path, 1, drawn.encoded(photo))
    _, second = send(store, tmp_path, 1, drawn.encoded(drawn.cropped(rng, photo)))
    assert second.near is None
    with store.write() as tx:
        act = "00000000-0000-0000-0000-000000000001"
        tx.insert(photo_use, [{"sha256": first.sha256, "member_id": 1, "activity_id": act}])
    told, third = send(store, tmp_path, 1, drawn.encoded(drawn.one_side(rng, photo)))
    assert (third.near, third.near_to, told["duplicate_of_other"]) == ("similar", first.id, False)


def test_own_copies_cannot_hide_whose_photo_it_is(store: Store, tmp_path: Path) -> None:
    photo = drawn.draw(12)
    send(store, tmp_path, 1, drawn.encoded(photo))
    for quality in range(40, 65):
        assert send(store, tmp_path, 2, drawn.encoded(photo, quality))[1].near == "copy"
    with store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(photo_print).where(photo_print.c.member_id == 2)) == 0


def test_a_wall_is_known_by_its_bytes_only(store: Store, tmp_path: Path) -> None:
    wall = Image.new("RGB", (640, 480), (200, 198, 190))
    send(store, tmp_path, 1, drawn.encoded(wall))
    told, row = send(store, tmp_path, 2, drawn.encoded(wall, 60))
    assert (told["duplicate_of_other"], row.near) == (False, None)
    assert send(store, tmp_path, 3, drawn.encoded(wall))[0]["duplicate_of_other"]


def test_prints_outlive_photo_and_owner(store: Store, tmp_path: Path) -> None:
    photo = drawn.draw(13)
    send(store, tmp_path, 1, drawn.encoded(photo))
    with store.write() as tx:
        uploads.forget(tx, 1, NOW)
    with store.read() as tx:
        assert set(tx.rows(select(photo_print.c.member_id))) == {(0,)}
        assert tx.scalar(select(func.count()).select_from(photo_band)) >= 5
    assert send(store, tmp_path, 2, drawn.encoded(photo, 70))[1].near == "copy"


class Place:
    """What a racing process works with."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)


def send_one(place: Place, item: tuple[int, str, bytes]) -> str:
    member, folder, data = item
    picture = read_picture(data)
    told = place.store.retrying(lambda tx: keep_picture(tx, FolderBlobs(Path(folder)), member, picture, NOW))
    return "copy" if told["duplicate_of_other"] else "clean"


def test_of_copies_sent_at_once_one_is_the_first(store: Store, database_url: str, tmp_path: Path) -> None:
    photo = drawn.draw(14)
    items = [(member, str(tmp_path), drawn.encoded(photo, 60 + member)) for member in range(1, 13)]
    assert race(Place, database_url, send_one, items, processes=2, threads=3) == Counter(clean=1, copy=11)


def with_notes(**notes: Any) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769).update({0x9003: notes.get("taken", "2026:06:16 08:30:00"), 0x9011: notes.get("offset", "")})
    exif.get_ifd(0x8825).update({1: "N", 2: (36.0, 11.0, 30.0), 3: "E", 4: (113.0, 6.0, 30.0)})
    out = io.BytesIO()
    drawn.draw(2).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    ("taken", "offset", "expected"),
    [
        ("2026:06:16 08:30:00", "", datetime(2026, 6, 16, 0, 30, tzinfo=UTC)),
        ("2026:06:16 08:30:00", "+09:00", datetime(2026, 6, 15, 23, 30, tzinfo=UTC)),
        ("0000:00:00 00:00:00", "", None),
        ("yesterday", "", None),
    ],
)
def test_notes_are_read_and_not_kept(
    store: Store, tmp_path: Path, taken: str, offset: str, expected: datetime | None
) -> None:
    data = with_notes(taken=taken, offset=offset)
    picture = read_picture(data)
    assert picture.taken_at == expected
    assert picture.place == (36.19, 113.11)  # to about a kilometre, for a comparison; kept nowhere
    _, row = send(store, tmp_path, 1, data)
    assert row.taken_at == expected
    assert (row.width, row.height) == (480, 640) or (row.width, row.height) == (640, 480)
    for name in (row.blob, row.thumbnail):
        kept = FolderBlobs(tmp_path).get(name) or b""
        with Image.open(io.BytesIO(kept)) as image:
            assert not image.getexif() and "exif" not in image.info
            assert b"Exif" not in kept
            assert image.size == (row.width, row.height) if name == row.blob else max(image.size) == 480


def test_photos_are_turned_upright(tmp_path: Path) -> None:
    upright = drawn.draw(2)
    picture = read_picture(with_notes())
    assert (picture.width, picture.height) == upright.size[::-1]
