"""When two photos are the same picture: prints, the questions asked of an index of prints, and the verdict.

A print compares the light of neighbouring places in the middle of a photo (a window of 80 %), in one of eight
orientations chosen by where the photo is brighter. A new photo asks for its own print and for the prints it would
have if it were a cut of, or had been cut to, another photo. What the index finds is compared closely, in three ways
that must agree: by finer comparisons, by the detail that stands out from what surrounds it (two receipts of one shop
are alike but for that) and by what hardly does, and by colour. No picture can be made from a print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise, product
from operator import itemgetter, sub
from typing import Any, Protocol

Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of a photo


class Sight(Protocol):
    """A photo that can be asked for windows of itself."""

    def light(self, box: Box) -> tuple[bytes, bytes]:
        """The light in 8 x 8 and in 16 x 16 places."""

    def detail(self, box: Box) -> bytes:
        """In 24 x 24 places, how much lighter than what surrounds it each is; 128 is as light."""

    def colours(self, box: Box) -> bytes:
        """The light and two colour differences, in 4 x 4 places each."""


EDGE = 0.1  # a window leaves out a tenth on each side
CUTS = ((0.0, 0.0), (0.05, 0.05), (0.1, 0.0), (0.0, 0.1), (0.1, 0.1))
BANDS, BAND_BITS = 5, 20
FLIPS = 3  # the least certain places of each band are asked for both ways
CLEAR = 4  # levels of grey; less is noise
# Of 112 comparisons and of 576 places; a wall, a night sky or a sunset is known by its exact bytes only.
LEAST_CLEAR, LEAST_DETAIL = 24, 60
TURN = 0.12  # how undecided the brighter side may be for a question to ask both ways

LOOKED_AT = 16  # prints that the index finds most often are compared closely
NEAR_BITS = 36  # of 112, coarse; further away is not looked at closely
FAR = 0.2  # share of clear fine comparisons that differ, beyond which two photos have nothing to do with each other
SETTLED = 0.03  # close enough not to look for closer
PALE = 3  # mean colour, of 127; a copy without colours cannot be told by them


@dataclass(frozen=True, slots=True)
class Print:
    """What is kept of a photo: comparisons coarse and fine, detail, which of them are clear, and colours."""

    coarse: int
    fine: int
    fine_clear: int
    detail: int
    detail_clear: int
    colours: bytes

    def text(self) -> str:
        fine = f"{self.fine:0112x}{self.fine_clear:0112x}"
        return f"{self.coarse:028x}{fine}{self.detail:0144x}{self.detail_clear:0144x}{self.colours.hex()}"

    @staticmethod
    def read(text: str) -> Print:
        ends = (0, 28, 140, 252, 396, 540)
        coarse, fine, fine_clear, detail, detail_clear = (int(text[a:b], 16) for a, b in pairwise(ends))
        return Print(coarse, fine, fine_clear, detail, detail_clear, bytes.fromhex(text[540:]))


@dataclass(frozen=True, slots=True)
class Question:
    """The print a photo would have, seen through `box` and turned by `turn`."""

    box: Box
    turn: int
    coarse: int
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far a photo is from a print.

    `far`, `detail` and `grain` are shares of comparisons that differ: of places with one another, of what stands out
    from its surroundings, and of what hardly does. `hue` and `tone` are mean differences of colour and light, of 255.
    """

    far: float
    detail: float
    grain: float
    hue: float
    tone: float
    pale: bool = False

    def within(self, most: Likeness) -> bool:
        shapes = self.far <= most.far and self.detail <= most.detail and self.grain <= most.grain
        return shapes and self.hue <= most.hue and self.tone <= most.tone

    @property
    def verdict(self) -> str | None:
        if self.within(COPY):
            return "copy"
        # What was made black and white cannot be told by its colours: a person looks.
        seen = replace(self, hue=0.0) if self.pale else self
        return "similar" if seen.within(SIMILAR) else None


# Calibrated with tests/photos.py; docs/photos.md says what they catch.
COPY = Likeness(far=0.06, detail=0.035, grain=0.2, hue=3.0, tone=6.0)
SIMILAR = Likeness(far=0.08, detail=0.05, grain=0.25, hue=4.5, tone=8.0)


# ---- places, orientations and comparisons, as tables that itemgetter reads at once


@cache
def _turned(side: int, turn: int) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Reads a square in one of eight orientations: mirrored (1), upside down (2), over the diagonal (4)."""
    places = []
    for row, column in product(range(side), repeat=2):
        y, x = (column, row) if turn & 4 else (row, column)
        y = side - 1 - y if turn & 2 else y
        x = side - 1 - x if turn & 1 else x
        places.append(y * side + x)
    return itemgetter(*places)


def _pairs(side: int, step: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    across = [(r * side + c + step, r * side + c) for r in range(side) for c in range(side - step)]
    down = [((r + step) * side + c, r * side + c) for r in range(side - step) for c in range(side)]
    places = across + down
    return itemgetter(*(a for a, _ in places)), itemgetter(*(b for _, b in places))


_COARSE, _FINE = _pairs(8, 1), _pairs(16, 2)
COARSE_BITS, FINE_BITS = 112, 448
# Each band takes comparisons from all over the photo.
_BAND = [itemgetter(*(n * 45 % COARSE_BITS for n in range(b * BAND_BITS, (b + 1) * BAND_BITS))) for b in range(BANDS)]
_WEIGHTS = [1 << (BAND_BITS - 1 - n) for n in range(BAND_BITS)]


def _steps(light: Sequence[int], pairs: tuple[Callable[..., Any], Callable[..., Any]]) -> list[int]:
    return list(map(sub, pairs[0](light), pairs[1](light)))


def _bits(steps: Iterable[int]) -> int:
    return int("".join(["1" if step > 0 else "0" for step in steps]), 2)


def _tilt(light: Sequence[int]) -> tuple[int, int, int]:
    """How much brighter the right and the lower half are, and the contrast that this is to be seen against."""
    rows = [sum(light[n : n + 8]) for n in range(0, 64, 8)]
    columns = [sum(light[n::8]) for n in range(8)]
    across = sum(columns[4:]) - sum(columns[:4])
    down = sum(rows[4:]) - sum(rows[:4])
    mean = sum(rows) / 64
    return across, down, int(sum(abs(each - mean) for each in light)) or 1


def _turns(light: Sequence[int], doubt: float) -> list[int]:
    """The orientations in which the right side is the brighter, then the lower one, the first more than the second.

    The first of them is the one a print is kept in; with doubt, those that nearly are follow.
    """
    across, down, contrast = _tilt(light)
    slack = doubt * contrast
    found = []
    for turn in range(8):
        x, y = (-across if turn & 1 else across), (-down if turn & 2 else down)
        if turn & 4:
            x, y = y, x
        if x >= -slack and y >= -slack and x - y >= -slack:
            found.append((-min(x, y, x - y), turn))
    return [turn for _, turn in sorted(found)]


# ---- prints and questions


def is_plain(sight: Sight, box: Box = (0.0, 0.0, 1.0, 1.0)) -> bool:
    """Whether too little is to be seen for a print to tell photos apart."""
    window = _inside(box)
    clear = sum(abs(step) >= CLEAR for step in _steps(sight.light(window)[0], _COARSE))
    detail = sum(abs(each - 128) >= CLEAR for each in sight.detail(window))
    return clear < LEAST_CLEAR or detail < LEAST_DETAIL


def print_of(sight: Sight, box: Box = (0.0, 0.0, 1.0, 1.0)) -> Print:
    """The print of a photo, or of the part of it without its border."""
    window = _inside(box)
    coarse, fine = sight.light(window)
    turn = _turns(coarse, 0.0)[0]
    steps = _steps(_turned(16, turn)(fine), _FINE)
    detail = [each - 128 for each in _turned(24, turn)(sight.detail(window))]
    return Print(
        _bits(_steps(_turned(8, turn)(coarse), _COARSE)),
        _bits(steps),
        _clear(steps),
        _bits(detail),
        _clear(detail),
        _turned_colours(sight.colours(window), turn),
    )


def _clear(steps: Sequence[int]) -> int:
    """The half of the steps that stands out, without what is noise."""
    floor = max(2, sorted(map(abs, steps))[len(steps) // 2])
    return int("".join(["1" if abs(step) >= floor else "0" for step in steps]), 2)


def bands_of(coarse: int) -> list[int]:
    """Where a print stands in the index."""
    places = f"{coarse:0{COARSE_BITS}b}"
    return [n << BAND_BITS | int("".join(band(places)), 2) for n, band in enumerate(_BAND)]


def questions(sight: Sight, boxes: Sequence[Box]) -> list[Question]:
    """What a photo asks the index, for each of its boxes (itself, and itself without a border)."""
    asked: dict[tuple[int, int], Question] = {}
    for box in boxes:
        for window in _windows(box):
            coarse = sight.light(window)[0]
            for turn in _turns(coarse, TURN):
                question = _question(window, turn, _steps(_turned(8, turn)(coarse), _COARSE))
                asked.setdefault((question.coarse, turn), question)
    return list(asked.values())


def _question(window: Box, turn: int, steps: list[int]) -> Question:
    bands = []
    for n, band in enumerate(_BAND):
        own = band(steps)
        value = sum(weight for step, weight in zip(own, _WEIGHTS, strict=True) if step > 0)
        values = [n << BAND_BITS | value]
        for _, weight in sorted((abs(step), weight) for step, weight in zip(own, _WEIGHTS, strict=True))[:FLIPS]:
            values += [each ^ weight for each in values]
        bands += values
    return Question(window, turn, _bits(steps), tuple(bands))


def _windows(box: Box) -> Iterator[Box]:
    """Where the window of another photo would be, if this one were cut from it, or it from this one."""
    seen = set()
    for (a, b), (c, d) in product(CUTS, repeat=2):
        cut = (*_cut(a, b), *_cut(c, d))
        whole = (*_uncut(a, b), *_uncut(c, d))
        for left, right, top, bottom in (cut, whole):
            if (left, right, top, bottom) not in seen:
                seen.add((left, right, top, bottom))
                yield _within(box, (left, top, right, bottom))


def _cut(a: float, b: float) -> tuple[float, float]:
    left = 1 - a - b
    return (EDGE - a) / left, (1 - EDGE - a) / left


def _uncut(a: float, b: float) -> tuple[float, float]:
    left = 1 - a - b
    return a + EDGE * left, a + (1 - EDGE) * left


def _inside(box: Box) -> Box:
    return _within(box, (EDGE, EDGE, 1 - EDGE, 1 - EDGE))


def _within(box: Box, part: Box) -> Box:
    width, height = box[2] - box[0], box[3] - box[1]
    return (
        box[0] + part[0] * width,
        box[1] + part[1] * height,
        box[0] + part[2] * width,
        box[1] + part[3] * height,
    )


# ---- the close look


def compare(sight: Sight, asked: Sequence[Question], known: Print) -> Likeness | None:
    """How far the photo that asks is from a print the index found; None if it is nowhere near."""
    close = sorted(((each.coarse ^ known.coarse).bit_count(), n) for n, each in enumerate(asked))[:4]
    tried = []
    for bits, n in close:
        if bits <= NEAR_BITS:
            each = asked[n]
            tried.append((_far(sight, each.box, each.turn, known), each.box, each.turn))
    if not tried or min(tried)[0] > 0.36:
        return None
    far, box, turn = min(tried)
    if _strange(sight, box, turn, known, 3.0):
        return None
    far, box = _settle(partial(_far, sight), known, turn, far, box, (0.03,))
    if far > 2 * FAR or _strange(sight, box, turn, known, 2.0):
        return None
    far, box = _settle(partial(_far, sight), known, turn, far, box, (0.015, 0.008))
    if far > FAR:
        return None
    _, box = _settle(partial(_off, sight), known, turn, _off(sight, box, turn, known), box, (0.01, 0.005, 0.0025))
    hue, tone, pale = _colours_off(_turned_colours(sight.colours(box), turn), known.colours)
    return Likeness(far, *_details_off(sight, box, turn, known), hue, tone, pale)


def _strange(sight: Sight, box: Box, turn: int, known: Print, times: float) -> bool:
    """Whether the colours are so far apart that no small move brings them together."""
    hue, tone, pale = _colours_off(_turned_colours(sight.colours(box), turn), known.colours)
    return tone > times * SIMILAR.tone or (hue > times * SIMILAR.hue and not pale)


def _colours_off(ours: bytes, theirs: bytes) -> tuple[float, float, bool]:
    """Mean differences of colour and of light, after one was made as strong and as light as the other."""
    tone = _apart(ours[:16], theirs[:16])
    blue, red = _apart(ours[16:32], theirs[16:32], 8), _apart(ours[32:], theirs[32:], 8)
    pale = sum(abs(each - 128) for each in ours[16:]) < PALE * 32 < sum(abs(each - 128) for each in theirs[16:])
    return (blue + red) / 2, tone, pale


def _apart(ours: bytes, theirs: bytes, shift: float = 255) -> float:
    """The mean difference that is left when a change of strength and of the whole is taken away."""
    a, b = sum(ours) / 16, sum(theirs) / 16
    spread = sum((y - b) ** 2 for y in theirs) or 1
    gain = sum((x - a) * (y - b) for x, y in zip(ours, theirs, strict=True)) / spread
    gain = min(1.6, max(0.6, gain))
    moved = min(shift, max(-shift, a - b))
    return sum(abs((x - b - moved) - gain * (y - b)) for x, y in zip(ours, theirs, strict=True)) / 16


def _far(sight: Sight, box: Box, turn: int, known: Print) -> float:
    steps = _steps(_turned(16, turn)(sight.light(box)[1]), _FINE)
    differ = (_bits(steps) ^ known.fine) & known.fine_clear
    return differ.bit_count() / (known.fine_clear.bit_count() or 1)


def _off(sight: Sight, box: Box, turn: int, known: Print) -> float:
    return _differ(sight, box, turn, known).bit_count() / ALL_DETAIL.bit_count()


def _details_off(sight: Sight, box: Box, turn: int, known: Print) -> tuple[float, float]:
    """Shares of what stands out that differ, and of what does not stand out."""
    differ, clear = _differ(sight, box, turn, known), known.detail_clear
    rest = ALL_DETAIL & ~clear
    return (differ & clear).bit_count() / (clear.bit_count() or 1), (differ & rest).bit_count() / (
        rest.bit_count() or 1
    )


def _differ(sight: Sight, box: Box, turn: int, known: Print) -> int:
    return int(bytes(_turned(24, turn)(sight.detail(box).translate(_LIGHTER))), 2) ^ known.detail


ALL_DETAIL = (1 << 24 * 24) - 1
_LIGHTER = bytes(ord("1") if each > 128 else ord("0") for each in range(256))
Measure = Callable[[Box, int, Print], float]


def _settle(
    measure: Measure, known: Print, turn: int, far: float, box: Box, steps: Sequence[float]
) -> tuple[float, Box]:
    """Move and stretch the window by smaller and smaller steps as long as the two come closer."""
    for step in steps:
        for _ in range(3):
            if far < SETTLED:
                return far, box
            better = min((measure(each, turn, known), each) for each in _around(box, step))
            if better[0] >= far:
                break
            far, box = better
    return far, box


def _around(box: Box, step: float) -> list[Box]:
    left, top, right, bottom = box
    moves = [
        (-1, 0, -1, 0), (1, 0, 1, 0), (0, -1, 0, -1), (0, 1, 0, 1), (-1, 0, 1, 0), (1, 0, -1, 0), (0, -1, 0, 1),
        (0, 1, 0, -1), (-1, -1, 1, 1), (1, 1, -1, -1),
    ]  # fmt: skip
    found = [(left + a * step, top + b * step, right + c * step, bottom + d * step) for a, b, c, d in moves]
    return [tuple(min(1.0, max(0.0, side)) for side in each) for each in found]  # type: ignore[misc]


def _turned_colours(colours: bytes, turn: int) -> bytes:
    read = _turned(4, turn)
    return bytes((*read(colours[:16]), *read(colours[16:32]), *read(colours[32:])))
