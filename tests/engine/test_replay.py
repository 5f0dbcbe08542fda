"""Repeats of recordings: copies in every disguise are known again, companions and commuters are left alone."""

from __future__ import annotations

from random import Random

import pytest

from points_engine.trips import Fix
from points_engine.trips.marks import marks
from points_engine.trips.replay import by_marks, compare
from tests.replays import COPIES, HONEST, KEY, base, moved, rates

COUNT = 40
MOSTLY = ("jittered 3 m, same time", "halves swapped, another day")  # short halves say too little
ALWAYS = ("exact, same time", "exact, another day", "re-encoded", "re-encoded, another day", "shifted by minutes")


@pytest.mark.parametrize("family", COPIES)
def test_copies_are_known_again(family: str) -> None:
    tally = rates(COUNT, 5, [family])[family]
    # Added noise of 3 m at the same time is what a companion's phone looks like: most are caught, not all.
    least = 1.0 if family in ALWAYS else 0.85 if family in MOSTLY else 0.97
    assert tally["copy"] >= least * COUNT
    assert tally["candidate"] == COUNT if family in ALWAYS else tally["candidate"] >= 0.97 * COUNT


@pytest.mark.parametrize("family", [*HONEST, "commute"])
def test_companions_and_commuters_are_left_alone(family: str) -> None:
    tally = rates(COUNT, 6, [family])[family]
    assert tally["copy"] <= 1 and (tally["by marks"] == 0 or family.startswith("companion"))
    if family.startswith("companion"):
        assert tally["together"] >= 0.95 * COUNT
    else:
        assert tally["together"] == 0


def test_marks_need_the_key_and_hold_no_place() -> None:
    _, _, track, _, _ = base(Random("marks"))
    mine, others = marks(track, KEY), marks(track, b"x" * 32)
    assert mine == marks(track, KEY) and not {m.kept for m in mine} & {m.kept for m in others}
    assert all(-(2**63) <= m.kept < 2**63 for m in mine)


@pytest.mark.parametrize(
    "track",
    [
        [],
        [[]],
        [[Fix(0, 0, 0)]],
        [[Fix(0, 1, 1), Fix(0, 1, 1)]],
        [[Fix(9, 1, 1), Fix(1, 89.9, -179), Fix(5, -90, 180)]],
        [[Fix(n, 36.1, 113.1) for n in range(50)]],
        [[Fix(n * 1e9, 36 + n % 2, 113) for n in range(50)]],
    ],
)
def test_odd_recordings_never_break_the_comparison(track: list[list[Fix]]) -> None:
    _, _, real, _, _ = base(Random("odd"))
    for a, b in ((track, real), (real, track), (track, track)):
        assert compare(a, b) in ("copy", "together", "apart")
    marks(track, KEY)


def test_marks_alone_know_an_exact_repeat_after_the_track_is_gone() -> None:
    known = asked = 0
    for n in range(30):
        _, _, track, _, _ = base(Random(f"gone {n}"))
        old = [m for m in marks(track, KEY) if not m.alone]
        new = [m for m in marks(moved(track, 40 * 86_400.0), KEY) if not m.alone]
        kept = {m.kept for m in old}
        if len(old) >= 10:
            asked += 1
            known += by_marks(sum(m.kept in kept or m.near in kept for m in new), len(new), len(old)) == "copy"
    assert asked and known == asked
