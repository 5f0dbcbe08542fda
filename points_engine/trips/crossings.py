"""When a trip crossed the lines of a coarse net: by these moments a recording is known again, also after its track is gone."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import floor, sqrt
from typing import Literal, NamedTuple

from points_engine.trips.fixes import Fix
from points_engine.trips.marks import GAP, places

Likeness = Literal["copy", "unclear", "together", "apart"]
Line = tuple[int, int, int]  # its direction, which one, and the stretch of it
Segments = Sequence[Sequence[Fix]]

SAME_TIME = 45.0  # seconds apart within which two people may be on one ride
BETWEEN = 75.0  # metres between lines
STRETCH = 150.0  # metres; where on a line a trip crossed is known no better
EDGE = 25.0  # this near the end of a stretch noise may move a crossing to the next
DEEP = 15.0  # a line is crossed when the way comes this far from it on the other side; noise on the line does not count
CALM = 9.0  # seconds
FARTHEST = 50  # lines between two fixes; more is a jump
MOST = 160  # crossings kept of a trip
ROUNDS = 3  # crossings of one stretch that are told apart: there, back, and there again
FEWEST = 5  # crossings below which nothing is said
WHEEL = 2**32  # masked times go round, in tenths of a second: thirteen years
ENTRY = struct.Struct(">II")

# Which share of the crossings must agree on one shift to within so many seconds: `least`, and more the fewer there are.
# Measured on the same way walked and ridden on other days, also at nearly the same pace (tests/replays.py).
AGREEING = ((0.5, 0.2, 1.0), (1.0, 0.28, 1.2), (2.0, 0.38, 1.35), (4.0, 0.53, 1.4))
SPLICED = ((0.5, 0.35, 0.9), (1.0, 0.5, 0.9))  # the same for two shifts together: a trip put together from halves
BESIDE = (20.0, 0.5)  # seconds and share of people on one ride
EXACTLY = (0.3, 0.7)  # the same of one recording handed in by two: phones on one ride differ more


class Crossing(NamedTuple):
    """The trip crossed a line; near the end of a stretch it may have been the next one."""

    line: Line
    at: float
    beside: Line | None = None


class Vote(NamedTuple):
    """One crossing of each trip at one place, and the shift in time that would make them one."""

    shift: float
    mine: int
    theirs: int


def crossings(segments: Segments) -> list[Crossing]:
    """Every crossing of a line, in the order of lines' directions and then of time."""
    found: list[Crossing] = []
    for segment in segments:
        way = list(places([_calmed(segment)]))
        found += _across(0, [(at, north / BETWEEN, east / STRETCH) for at, north, east in way])
        found += _across(1, [(at, east / BETWEEN, north / STRETCH) for at, north, east in way])
    return found


def _calmed(segment: Sequence[Fix]) -> list[Fix]:
    """Each fix the mean of those within some seconds: noise of single fixes is gone, of one's own and added."""
    calmed: list[Fix] = []
    low = high = 0
    at = lat = lon = 0.0
    for fix in segment:
        while high < len(segment) and segment[high].at <= fix.at + CALM:
            at, lat, lon = at + segment[high].at - segment[0].at, lat + segment[high].lat, lon + segment[high].lon
            high += 1
        while segment[low].at < fix.at - CALM:
            at, lat, lon = at - segment[low].at + segment[0].at, lat - segment[low].lat, lon - segment[low].lon
            low += 1
        many = high - low
        calmed.append(Fix(segment[0].at + at / many, lat / many, lon / many))
    return calmed


def _across(direction: int, way: Sequence[tuple[float, float, float]]) -> Iterator[Crossing]:
    """Of the lines of one direction: the middle of the first and last time on the line before the way was clear of it."""
    open_: dict[int, list[float]] = {}  # line -> first, last, where along it
    clear: int | None = None
    at0, u0, v0 = way[0] if way else (0.0, 0.0, 0.0)
    for at, u, v in way:
        low, high = sorted((floor(u0), floor(u)))
        if high - low > FARTHEST or at - at0 > GAP:
            clear, open_ = None, {}
            low = high
        for line in range(low + 1, high + 1):
            part = (line - u0) / (u - u0)
            moment = at0 + (at - at0) * part
            open_.setdefault(line, [moment, moment, v0 + (v - v0) * part])[1] = moment
        band = floor(u)
        if DEEP <= (u - band) * BETWEEN <= BETWEEN - DEEP:
            if clear is not None:
                for line in range(min(band, clear) + 1, max(band, clear) + 1):
                    if line in open_:
                        yield _crossing(direction, line, *open_[line])
            clear, open_ = band, {}
        at0, u0, v0 = at, u, v


def _crossing(direction: int, line: int, first: float, last: float, along: float) -> Crossing:
    stretch = floor(along)
    inside = (along - stretch) * STRETCH
    step = -1 if inside < EDGE else 1 if inside > STRETCH - EDGE else 0
    return Crossing((direction, line, stretch), (first + last) / 2, (direction, line, stretch + step) if step else None)


# --- which shift they agree on ------------------------------------------------------------------------


def votes(mine: Sequence[Crossing], theirs: Sequence[Crossing], turned: bool) -> list[Vote]:
    """The shifts from mine to theirs at every place both crossed, in order; of a trip turned round the sums of the times."""
    there: dict[Line, list[tuple[float, int]]] = {}
    for m, each in enumerate(theirs):
        there.setdefault(each.line, []).append((each.at, m))
    sign = 1.0 if turned else -1.0
    return sorted(
        Vote(at + sign * each.at, n, m)
        for n, each in enumerate(mine)
        for line in (each.line, each.beside)
        if line is not None
        for at, m in there.get(line, ())
    )


def agreed(given: Sequence[Vote], within: float) -> Sequence[Vote]:
    """The votes within so many seconds in which most crossings take part."""
    best: tuple[int, int, int] = (0, 0, 0)
    taking: Counter[int] = Counter()
    low = 0
    for high, vote in enumerate(given):
        taking[vote.mine] += 1
        while vote.shift - given[low].shift > within:
            taking[given[low].mine] -= 1
            if not taking[given[low].mine]:
                del taking[given[low].mine]
            low += 1
        if len(taking) > best[0]:
            best = len(taking), low, high + 1
    return given[best[1] : best[2]]


def agreements(given: Sequence[Vote], within: float, most: int) -> list[list[Vote]]:
    """The largest agreement, then the largest among the crossings it leaves, and so on."""
    found: list[list[Vote]] = []
    left = list(given)
    while left and len(found) < most:
        one = list(agreed(left, within))
        mine, theirs = {vote.mine for vote in one}, {vote.theirs for vote in one}
        found.append(one)
        left = [vote for vote in left if vote.mine not in mine and vote.theirs not in theirs]
    return found


def shift_of(agreement: Sequence[Vote]) -> float:
    """The middle of an agreement."""
    return (agreement[0].shift + agreement[-1].shift) / 2


# --- what is kept -------------------------------------------------------------------------------------


def _sketch(crossed: Sequence[Crossing], key: bytes) -> bytes:
    """What outlives a track: for each crossing a keyed hash of the line, and the moment masked by another one.

    Only who has the key and was at the same place can read the moment. Of long trips the lowest hashes are kept, so
    that two recordings of one way keep the same ones.
    """
    return b"".join(ENTRY.pack(tag, (tenths + mask) % WHEEL) for tag, mask, tenths in _ranked(crossed, key)[:MOST])


def _ranked(crossed: Sequence[Crossing], key: bytes) -> list[tuple[int, int, int]]:
    rounds: Counter[Line] = Counter()
    found = []
    for each in sorted(crossed, key=lambda one: one.at):
        if rounds[each.line] < ROUNDS:
            tag, mask = _words(key, each.line, rounds[each.line])
            found.append((tag, mask, round(each.at * 10)))
            rounds[each.line] += 1
    return sorted(found)


def _words(key: bytes, line: Line, nth: int) -> tuple[int, int]:
    text = ",".join(map(str, (*line, nth))).encode()
    tag, mask = ENTRY.unpack(blake2b(text, key=key[:64], person=b"line", digest_size=ENTRY.size).digest())
    return tag, mask


class Asked:
    """A recording held against kept sketches of others."""

    def __init__(self, segments: Segments, key: bytes) -> None:
        self.crossed = crossings(segments)
        self.sketch = _sketch(self.crossed, key)
        self._ranks = [tag for tag, _, _ in _ranked(self.crossed, key)]
        self._words = {
            line: [_words(key, line, nth) for nth in range(ROUNDS)]
            for each in self.crossed
            for line in (each.line, each.beside)
            if line is not None
        }

    def likeness(self, kept: bytes) -> Likeness:
        """How this recording is like the one of which only the sketch is left."""
        entries = list(ENTRY.iter_unpack(kept))
        full = len(entries) == MOST
        # Of a long trip only the lowest hashes were kept: as many of mine can be found again.
        comparable = sum(1 for tag in self._ranks if not full or tag <= entries[-1][0])
        fewer = min(len(entries), comparable)
        if fewer < FEWEST:
            return "apart"
        theirs = list(self._read(entries))
        ways = [(turned, votes(self.crossed, theirs, turned)) for turned in (False, True)]
        return max((_judged(given, turned, fewer) for turned, given in ways), key=("apart", "together", "copy").index)

    def _read(self, entries: Sequence[tuple[int, int]]) -> Iterator[Crossing]:
        """Their crossings of lines that mine crossed, too; the others stay unreadable."""
        masked: dict[int, int] = dict(entries)
        near = round(self.crossed[0].at * 10) if self.crossed else 0
        for line, words in self._words.items():
            for tag, mask in words:
                if tag in masked:
                    away = (masked[tag] - mask - near + WHEEL // 2) % WHEEL - WHEEL // 2
                    yield Crossing(line, (near + away) / 10)


def _judged(given: Sequence[Vote], turned: bool, fewer: int) -> Likeness:
    """By how many crossings agree on one shift: on another day nobody comes to every place at the same moment."""
    within, share = BESIDE
    if not turned and _share([vote for vote in given if abs(vote.shift) <= SAME_TIME], within, 1, fewer) >= share:
        within, share = EXACTLY
        return "copy" if _share(given, within, 1, fewer) >= share else "together"
    for parts, rules in ((1, AGREEING), (2, SPLICED)):
        if any(_share(given, within, parts, fewer) >= least + more / sqrt(fewer) for within, least, more in rules):
            return "copy"
    return "apart"


def _share(given: Sequence[Vote], within: float, parts: int, fewer: int) -> float:
    found = agreements(given, within, parts)
    taking = [min(len({vote.mine for vote in part}), len({vote.theirs for vote in part})) for part in found]
    return sum(count for count in taking if count >= FEWEST - 1) / fewer
