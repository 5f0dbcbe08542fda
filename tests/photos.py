"""Measures how well copies of photos are caught, on made-up photos: `python -m tests.photos --count 2000`.

The photos are drawn from seeds: meals, receipts, streets, buses, meters and landscapes, many of which look alike on
purpose. Every photo is kept; then copies are made of some (re-encoded, mirrored, turned, cropped, framed as a
screenshot) and asked for, and photos that were never kept are asked for as well: what is found for those is false.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random

from PIL import Image, ImageDraw, ImageEnhance

from points_engine import photos
from tests.scenes import draw, encoded, tint
from webapp.photos.child import _take_in
from webapp.photos.prints import Prints, prints_of

# ---- what is done to a copy


def again(rng: Random, image: Image.Image) -> Image.Image:
    """Re-encoded as chat programs do: smaller, and worse."""
    scale = rng.uniform(0.45, 1.0)
    small = image.resize((int(image.width * scale), int(image.height * scale)), Image.Resampling.LANCZOS)
    with Image.open(io.BytesIO(encoded(small, rng.randint(40, 85)))) as worse:
        return worse.convert("RGB")


def cropped(rng: Random, image: Image.Image) -> Image.Image:
    """A tenth of width and height gone: from the middle outwards, from one corner, or from anywhere."""
    w, h = image.size
    a, b = rng.choice(((0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (rng.random(), rng.random())))
    left, top = 0.1 * w * a, 0.1 * h * b
    return image.crop((int(left), int(top), int(left + 0.9 * w), int(top + 0.9 * h)))


def one_side(rng: Random, image: Image.Image) -> Image.Image:
    w, h = image.size
    cut = rng.choice(((0.1, 0, 1, 1), (0, 0.1, 1, 1), (0, 0, 0.9, 1), (0, 0, 1, 0.9)))
    return image.crop((int(cut[0] * w), int(cut[1] * h), int(cut[2] * w), int(cut[3] * h)))


def all_sides(rng: Random, image: Image.Image) -> Image.Image:
    """A tenth gone on every side: four fifths are left."""
    w, h = image.size
    return image.crop((w // 10, h // 10, w - w // 10, h - h // 10))


def screenshot(rng: Random, image: Image.Image) -> Image.Image:
    """The photo on a telephone's screen: bars above and below, the time, a few signs."""
    ground = rng.choice(((0, 0, 0), (255, 255, 255), (24, 24, 28), (245, 245, 247)))
    ink = (230, 230, 230) if sum(ground) < 300 else (40, 40, 40)
    width = 540
    shown = image.resize((width, int(image.height * width / image.width)), Image.Resampling.LANCZOS)
    screen = Image.new("RGB", (width, max(1170, shown.height + 160)), ground)
    screen.paste(shown, (0, (screen.height - shown.height) // 2))
    pen = ImageDraw.Draw(screen)
    pen.rectangle((24, 18, 70, 30), fill=ink)
    for n in range(3):
        pen.rectangle((width - 40 - n * 22, 18, width - 26 - n * 22, 30), fill=ink)
        pen.ellipse((110 + n * 150, screen.height - 50, 130 + n * 150, screen.height - 30), fill=ink)
    return screen


def framed(rng: Random, image: Image.Image) -> Image.Image:
    """An even border of one colour."""
    by = int(min(image.size) * rng.uniform(0.02, 0.15))
    out = Image.new(
        "RGB", (image.width + 2 * by, image.height + 2 * by), rng.choice(((0, 0, 0), (255, 255, 255), tint(rng)))
    )
    out.paste(image, (by, by))
    return out


def touched(rng: Random, image: Image.Image) -> Image.Image:
    """Lighter or darker, more or less colour, and a mark in a corner."""
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.85, 1.15))
    image = ImageEnhance.Color(image).enhance(rng.uniform(0.8, 1.2))
    pen = ImageDraw.Draw(image)
    w, h = image.size
    pen.rectangle((w * 0.72, h * 0.9, w * 0.97, h * 0.95), fill=(255, 255, 255))
    return image


def turned(by: Image.Transpose) -> Callable[[Random, Image.Image], Image.Image]:
    return lambda rng, image: image.transpose(by)


T = Image.Transpose
COPIES: dict[str, tuple[float, Callable[[Random, Image.Image], Image.Image]]] = {
    "re-encoded": (0.99, lambda rng, image: image),
    "mirrored": (0.95, turned(T.FLIP_LEFT_RIGHT)),
    "turned 90": (0.95, turned(T.ROTATE_90)),
    "turned 180": (0.95, turned(T.ROTATE_180)),
    "turned 270": (0.95, turned(T.ROTATE_270)),
    "cropped 10 %": (0.95, cropped),
    "cropped 10 %, one side": (0.95, one_side),
    "cropped 10 %, each side": (0.95, all_sides),
    "screenshot": (0.95, screenshot),
    "even border": (0.95, framed),
    "touched up": (0.0, touched),
    "mirrored and cropped": (0.0, lambda rng, image: cropped(rng, image.transpose(T.FLIP_LEFT_RIGHT))),
}


# ---- the index, in memory, as the database keeps it


class Index:
    """Prints by band; `ask` finds what webapp/photos/near.py finds."""

    def __init__(self) -> None:
        self.bands: dict[int, list[int]] = {}
        self.prints: list[tuple[int, photos.Print]] = []

    def keep(self, number: int, made: Prints) -> None:
        for each in made.kept:
            for value in photos.bands_of(each.coarse):
                self.bands.setdefault(value, []).append(len(self.prints))
            self.prints.append((number, each))

    def ask(self, made: Prints) -> list[tuple[int, photos.Likeness]]:
        values = {value for each in made.asked for value in each.bands}
        hits = Counter(found for value in values for found in self.bands.get(value, ()))
        likely = [found for found, _ in hits.most_common(photos.LOOKED_AT)]
        answers = []
        for found in likely:
            number, known = self.prints[found]
            like = photos.compare(made.look, made.asked, known)
            if like is not None:
                answers.append((number, like))
        return sorted(answers, key=lambda each: (each[1].detail, each[0]))


def taken(data: bytes) -> Prints:
    """A photo as the intake makes it."""
    *_, light, hue = _take_in(data, "JPEG")
    return prints_of(light, hue)


def measure(count: int, copies: int, strangers: int) -> Iterator[str]:
    """Lines of the table."""
    index, began = Index(), time.perf_counter()
    plain = 0
    for seed in range(count):
        made = taken(encoded(draw(seed)))
        plain += not made.kept
        index.keep(seed, made)
    yield f"{count} photos kept ({len(index.prints)} prints, {plain} too plain) in {time.perf_counter() - began:.0f} s"
    yield "| what was done | copies | caught (copy) | or held for review | bar |"
    yield "| --- | --- | --- | --- | --- |"
    rng = Random("copies")
    for name, (bar, change) in COPIES.items():
        yield _caught(name, bar, change, index, rng.sample(range(count), min(copies, count)), rng)
    yield from _false(index, range(count, count + strangers))


def _caught(
    name: str,
    bar: float,
    change: Callable[[Random, Image.Image], Image.Image],
    index: Index,
    seeds: Sequence[int],
    rng: Random,
) -> str:
    exact = held = 0
    for seed in seeds:
        made = taken(encoded(again(rng, change(rng, draw(seed))), 85))
        own = [like.verdict for number, like in index.ask(made) if number == seed]
        exact += "copy" in own
        held += bool(own) and any(own)
    return f"| {name} | {len(seeds)} | {exact / len(seeds):.1%} | {held / len(seeds):.1%} | {f'{bar:.0%}' if bar else '-'} |"


def _false(index: Index, seeds: Sequence[int]) -> Iterator[str]:
    asked = looked = copy = similar = 0
    seconds, closest = 0.0, []
    for seed in seeds:
        made = taken(encoded(draw(seed)))
        began = time.perf_counter()
        found = index.ask(made)
        seconds += time.perf_counter() - began
        asked += 1
        looked += len(found)
        verdicts = {like.verdict for _, like in found}
        copy += "copy" in verdicts
        similar += bool(verdicts & {"similar"}) and "copy" not in verdicts
        closest += [like.detail for _, like in found[:1]]
    near = ", ".join(f"{far:.3f}" for far in sorted(closest)[:5])
    yield f"strangers asked: {asked}; false copies {copy / asked:.2%}, false reviews {similar / asked:.2%}; closest {near}"
    yield f"prints looked at closely per photo: {looked / asked:.1f}; {1000 * seconds / asked:.1f} ms a lookup in memory"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--copies", type=int, default=300, help="copies of each kind")
    parser.add_argument("--strangers", type=int, default=2000)
    given = parser.parse_args()
    for line in measure(given.count, given.copies, given.strangers):
        print(line, flush=True)


if __name__ == "__main__":
    main()
