"""Hostile files sent as photos: refused within a second and within bounded memory; a process that dies is replaced."""

from __future__ import annotations

import io
import os
import random
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from points_engine.errors import Invalid
from tests import photos as drawn
from webapp.photos import child as photo_child
from webapp.photos import pool as photo_pool
from webapp.photos.pictures import read_picture
from webapp.photos.pool import POOL, Child, Gone, Pool

pillow_heif.register_heif_opener()
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
GOOD = {format: drawn.encoded(drawn.draw(2), 80, format) for format in FORMATS}
HUGE = 20_000  # pixels a side: 400 million


def refused(sent: bytes) -> str:
    """The reason; fails if the answer took a second or longer."""
    read_picture(GOOD["JPEG"])  # the process is there, as it is after the first photo of a day
    began = time.perf_counter()
    with pytest.raises(Invalid) as found:
        read_picture(sent)
    assert time.perf_counter() - began < 1.0
    return str(found.value.fields["photo"])


def patched(sent: bytes, at: int, new: bytes) -> bytes:
    return sent[:at] + new + sent[at + len(new) :]


def bomb_jpeg() -> bytes:
    sent = GOOD["JPEG"]
    at = sent.index(b"\xff\xc0")
    return patched(sent, at + 5, struct.pack(">HH", HUGE, HUGE))


def bomb_png(side: int = HUGE) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9))
        + chunk(b"IEND", b"")
    )


def bomb_webp() -> bytes:
    big = b"\x10\x00\x00\x00" + (HUGE - 1).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", len(big)) + big + GOOD["WEBP"][12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bomb_heif() -> bytes:
    sent = GOOD["HEIF"]
    at = sent.index(b"ispe")
    return patched(sent, at + 8, struct.pack(">II", HUGE, HUGE))


@pytest.mark.parametrize("bomb", [bomb_jpeg, bomb_png, bomb_webp, bomb_heif])
def test_bombs_are_refused_by_their_header(bomb: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    sent = bomb()
    monkeypatch.setattr(POOL, "take_in", lambda *_: pytest.fail("it was handed on to be decoded"))
    began = time.perf_counter()
    with pytest.raises(Invalid) as found:
        read_picture(sent)
    assert time.perf_counter() - began < 0.2
    assert found.value.fields == {"photo": "bad_dimensions"}


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", "Main-Class: Bad")
    return out.getvalue()


def with_comment(text: bytes) -> bytes:
    return GOOD["JPEG"][:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + GOOD["JPEG"][2:]


def png_with(kind: bytes, body: bytes) -> bytes:
    part = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return GOOD["PNG"][:33] + part + GOOD["PNG"][33:]


POLYGLOTS = {
    "page behind": GOOD["JPEG"] + b"<html><script>alert(1)</script>",
    "page in a comment": with_comment(b"*/=1;<ScRipt>alert(1)</script>"),
    "archive behind": GOOD["JPEG"] + archive(),
    "archive behind a PNG": GOOD["PNG"] + archive(),
    "archive behind a WebP": GOOD["WEBP"] + archive(),
    "archive behind a HEIC": GOOD["HEIF"] + archive(),
    "archive in a comment, its end at the end": with_comment(archive()) + archive()[-22:],
    "PDF in a comment": with_comment(b"%PDF-1.7 1 0 obj"),
    "PDF behind": GOOD["JPEG"] + b"\n%PDF-1.4",
    "page in a PNG": png_with(b"tEXt", b"Comment\0<svg onload=alert(1)>"),
    "program behind": GOOD["JPEG"] + b"#!/bin/sh\nid\n",
    "PHP in a comment": with_comment(b"<?php system($_GET[0]); ?>"),
    "GIF behind": GOOD["PNG"] + b"GIF89a" + bytes(20),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_is_another_document_as_well_is_refused(name: str) -> None:
    assert refused(POLYGLOTS[name]) in ("more_than_a_photo", "unreadable")


def test_what_phones_add_behind_a_photo_is_dropped() -> None:
    film = struct.pack(">I", 24) + b"ftypmp42" + bytes(12) + random.Random(1).randbytes(200_000)
    for behind in (bytes(16), film, b"SEFH" + bytes(40) + b"SEFT", GOOD["JPEG"], b"\n"):
        picture = read_picture(GOOD["JPEG"] + behind)
        assert behind[:20].strip(b"\0\n") == b"" or behind not in picture.data


OTHERS = {
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "XML": b'<?xml version="1.0"?><svg/>',
    "GIF": drawn.encoded(drawn.draw(1), format="GIF"),
    "BMP": drawn.encoded(drawn.draw(1), format="BMP"),
    "TIFF": drawn.encoded(drawn.draw(1), format="TIFF"),
    "text": b"hello" * 100,
    "RIFF, but a sound": b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_are_no_photos(name: str) -> None:
    assert refused(OTHERS[name]) == "not_a_photo"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("share", [0.999, 0.7, 0.3, 0.02])
def test_a_file_cut_short_is_refused(format: str, share: float) -> None:
    sent = GOOD[format]
    assert refused(sent[: int(len(sent) * share)]) == "unreadable"


def moving(format: str) -> bytes:
    out = io.BytesIO()
    frames = [drawn.draw(seed).resize((64, 48)) for seed in range(3)]
    frames[0].save(out, format, save_all=True, append_images=frames[1:], duration=50)
    return out.getvalue()


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_moving_pictures_are_refused(format: str) -> None:
    assert refused(moving(format)) == "unreadable"


def test_tiny_and_many_part_pictures_are_refused() -> None:
    assert refused(drawn.encoded(Image.new("RGB", (4, 400)))) == "bad_dimensions"
    assert refused(GOOD["JPEG"][:2] + b"\xff\xfe\x00\x02" * 400_000 + GOOD["JPEG"][2:]) == "unreadable"
    scans = GOOD["JPEG"][:-2] + (b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 5000) + b"\xff\xd9"
    assert refused(scans) == "unreadable"


@pytest.mark.parametrize("format", FORMATS)
def test_damaged_files_never_do_more_than_be_refused(format: str) -> None:
    rng = random.Random(format)
    for _ in range(25):
        sent = bytearray(GOOD[format])
        for _ in range(rng.randint(1, 12)):
            sent[rng.randrange(len(sent))] = rng.randrange(256)
        try:
            picture = read_picture(bytes(sent))
        except Invalid as fault:
            assert set(fault.fields) == {"photo"}
        else:
            assert picture.data.startswith(b"\xff\xd8")


def peak_of(child: Child) -> int:
    """The most memory the process has ever taken, in MB."""
    status = Path(f"/proc/{child.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) // 1024


def test_memory_is_bounded_whatever_is_decoded() -> None:
    """The largest we open, and one that lies about its size: neither takes more than the process may."""
    child = Child()
    try:
        largest = drawn.encoded(Image.effect_noise((500, 500), 90).resize((8000, 6000)), 70)
        assert child.ask(largest, "JPEG", 12)[1]
        assert child.ask(bomb_png(4990), "PNG", 12)
        child.ask(bomb_heif(), "HEIF", 12)
        child.ask(bomb_png(), "PNG", 12)
        child.ask(bomb_jpeg(), "JPEG", 12)
        assert peak_of(child) < photo_child.MEMORY // 1024 // 1024
        assert peak_of(child) < 500
    finally:
        child.end()


def test_the_process_has_limits_and_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUHUI_SECRET_KEY", "secret")
    child = Child()
    try:
        child.ask(GOOD["JPEG"], "JPEG", 12)
        limits = Path(f"/proc/{child.process.pid}/limits").read_text()
        assert re.search(rf"Max address space\s+{photo_child.MEMORY}\s", limits)
        assert re.search(r"Max open files\s+3\s", limits)
        assert re.search(r"Max file size\s+0\s", limits)
        assert re.search(r"Max cpu time\s+\d+\s", limits)
        assert b"PUHUI" not in Path(f"/proc/{child.process.pid}/environ").read_bytes()
        opened = sorted(each.name for each in Path(f"/proc/{child.process.pid}/fd").iterdir())
        assert opened == ["0", "1", "2"]
    finally:
        child.end()


def test_a_process_that_dies_or_hangs_is_replaced() -> None:
    pool = Pool(size=1)
    try:
        assert pool.take_in(GOOD["JPEG"], "JPEG").copy
        child = pool._idle.get()
        assert child is not None
        pool._idle.put(child)
        child.process.kill()
        child.process.wait()
        assert pool.take_in(GOOD["JPEG"], "JPEG").copy  # found dead, replaced before it is asked
        second = pool._idle.get()
        assert second is not None and second is not child
        pool._idle.put(second)
        second.process.send_signal(signal.SIGSTOP)
        pool.wait, usual = 0.6, pool.wait  # only here: a new process needs longer on a busy machine
        began = time.perf_counter()
        with pytest.raises(Gone):
            pool.take_in(GOOD["JPEG"], "JPEG")
        assert time.perf_counter() - began < 2
        pool.wait = usual
        assert pool.take_in(GOOD["PNG"], "PNG").copy
    finally:
        pool.close()


def test_a_process_killed_while_it_decodes_makes_the_photo_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Child.ask

    def ask(self: Child, sent: bytes, kind: str, wait: float) -> list[bytes]:
        self.process.kill()
        return real(self, sent, kind, wait)

    with monkeypatch.context() as patch:
        patch.setattr(Child, "ask", ask)
        with pytest.raises(Invalid) as found:
            read_picture(GOOD["JPEG"])
    assert found.value.fields == {"photo": "unreadable"}
    assert read_picture(GOOD["JPEG"]).width == 480 or read_picture(GOOD["JPEG"]).width == 640


def test_what_the_process_says_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (
        b'{"width": 10, "height": 10}',
        b"\xff\xd8\xff",
        b"\xff\xd8\xff",
        bytes(photo_pool.LOOK),
        bytes(photo_pool.HUE),
    )
    for n, lie in ((0, b'{"width": 1e9, "height": 1}'), (0, b"[]"), (1, b"<html>"), (3, b"short"), (0, b"\xff")):
        parts = [*whole[:n], lie, *whole[n + 1 :]]
        monkeypatch.setattr(Child, "ask", lambda self, *_, parts=parts: list(parts))
        with pytest.raises(Invalid):
            read_picture(GOOD["JPEG"])


def test_many_threads_share_few_processes() -> None:
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(read_picture(GOOD["JPEG"]).width)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 12
    assert POOL._idle.qsize() == photo_pool.PROCESSES


def test_the_processes_go_when_ours_does() -> None:
    """Even when it is killed: their input ends."""
    program = (
        "import sys, time; from pathlib import Path; from webapp.photos.pool import POOL\n"
        "POOL.take_in(Path(sys.argv[1]).read_bytes(), 'JPEG'); print(POOL._idle.get().process.pid, flush=True)\n"
        "time.sleep(60)"
    )
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"photo-{os.getpid()}.jpg"
    path.write_bytes(GOOD["JPEG"])
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
    path.unlink()
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text():
            return
        time.sleep(0.05)
    pytest.fail("it lives on")
