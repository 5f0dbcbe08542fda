"""Times the intake of photos beside a yardstick: one draft decode that makes a copy, a thumbnail and a hash.

`python -m bench.photos` (options: --rounds). Both take the same 12-megapixel JPEG in turns in one run, the intake
with all it does: checks of the header, the way to the limited process and back, prints and what they ask the index.
The yardstick runs in this process and its hash is the cheapest there is, so the ratio is not flattered.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from random import Random

from PIL import Image, ImageFilter, ImageOps

from webapp.photos.pictures import read_picture
from webapp.photos.pool import POOL

BAR = 1.2


def photo(size: tuple[int, int] = (4000, 3000)) -> bytes:
    """A JPEG as a phone makes it: light, noise, held upright, with notes."""
    rng = Random("bench")
    small = Image.frombytes("RGB", (80, 60), rng.randbytes(80 * 60 * 3))
    image = small.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    grain = Image.frombytes("L", (1000, 750), rng.randbytes(750_000)).resize(size, Image.Resampling.NEAREST)
    image = Image.blend(image, Image.merge("RGB", (grain,) * 3), 0.06)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Bench", 6
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()


def yardstick(sent: bytes) -> tuple[bytes, bytes, int]:
    """One draft decode for everything: copy of 1600, thumbnail of 480, difference hash."""
    image = Image.open(io.BytesIO(sent))
    scale = 1600 / max(image.size)
    image.draft("RGB", (int(image.width * scale), int(image.height * scale)))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((1600, 1600))
    copy, small = io.BytesIO(), io.BytesIO()
    upright.save(copy, "JPEG", quality=82, exif=b"")
    upright.thumbnail((480, 480))
    upright.save(small, "JPEG", quality=80)
    tiny = upright.convert("L").resize((9, 8)).tobytes()
    bits = (tiny[n] < tiny[n + 1] for row in range(8) for n in range(row * 9, row * 9 + 8))
    return copy.getvalue(), small.getvalue(), sum(bit << n for n, bit in enumerate(bits))


def seconds(work: Callable[[bytes], object], sent: bytes) -> float:
    began = time.perf_counter()
    work(sent)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    sent = photo()
    print(f"a JPEG of 12 megapixels, {len(sent) / 1e6:.1f} MB, {rounds} rounds in turns")
    for work in (yardstick, read_picture):
        work(sent)
    pairs = [(seconds(yardstick, sent), seconds(read_picture, sent)) for _ in range(rounds)]
    one, ours = (statistics.median(each) * 1000 for each in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for theirs, mine in pairs)
    print(f"one draft decode for everything: {one:.0f} ms; our intake: {ours:.0f} ms; ratio {ratio:.2f} (bar {BAR})")
    POOL.close()


if __name__ == "__main__":
    main()
