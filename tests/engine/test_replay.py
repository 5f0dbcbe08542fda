"""Repeats of recordings: copies in every disguise are known again, companions and commuters are left alone."""

from __future__ import annotations

from random import Random

import pytest

from points_engine.trips import Fix
from points_engine.trips.crossings import ENTRY, MOST, WHEEL, Asked
from points_engine.trips.marks import marks
from points_engine.trips.replay import by_marks, compare
from tests.replays import COPIES, HONEST, KEY, base, moved, rates

COUNT = 40
ALWAYS = ("exact, same time", "exact, another day", "re-encoded", "re-encoded, another day", "shifted by minutes")


@pytest.mark.parametrize("family", COPIES)
def test_copies_are_known_again(family: str) -> None:
    tally = rates(COUNT, 5, [family])[family]
    # A person looks where noise was added to so few fixes that it may be another phone: that pays nobody by itself.
    assert tally["copy"] + tally["unclear"] >= (1.0 if family in ALWAYS else 0.97) * COUNT
    assert tally["copy"] >= (1.0 if family in ALWAYS else 0.8 if "same time" in family else 0.88) * COUNT
    assert tally["candidate"] == COUNT if family in ALWAYS else tally["candidate"] >= 0.97 * COUNT


@pytest.mark.parametrize("every", [1.0, 3.0, 10.0])
@pytest.mark.parametrize("family", ["jittered 3 m, same time", "resampled and jittered 3 m, same time", "jittered 5 m"])
def test_noise_is_known_however_often_a_phone_looks(family: str, every: float) -> None:
    tally = rates(COUNT, 8, [family], [every])[family]
    assert tally["copy"] + tally["unclear"] >= 0.97 * COUNT and tally["copy"] >= 0.9 * COUNT


@pytest.mark.parametrize("family", [*HONEST, "commute"])
def test_companions_and_commuters_are_left_alone(family: str) -> None:
    tally = rates(COUNT, 6, [family])[family]
    assert tally["copy"] == 0 and tally["unclear"] <= 1 and tally["purged"] == 0
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


PURGED = {"exact, another day": 0.97, "re-encoded, another day": 0.95, "turned round": 0.95, "trimmed": 0.9,
          "resampled to 5 s": 0.9, "halves swapped, another day": 0.85, "jittered 3 m": 0.8, "jittered 5 m": 0.6}  # fmt: skip


@pytest.mark.parametrize("family", PURGED)
def test_crossings_know_most_disguises_after_the_track_is_gone(family: str) -> None:
    tally = rates(COUNT, 5, [family])[family]
    assert tally["purged"] >= PURGED[family] * COUNT


def test_people_on_one_ride_are_told_from_a_copy_without_their_tracks() -> None:
    rng = Random("one ride")
    way, gone, track, _, start = base(rng, [2.0])
    mine = Asked(track, KEY)
    assert mine.likeness(mine.sketch) == "copy"
    assert mine.likeness(Asked(HONEST["companion"](rng, way, gone, start), KEY).sketch) == "together"


def test_crossings_need_the_key_and_the_place() -> None:
    _, _, track, _, _ = base(Random("marks"))
    _, _, elsewhere, _, _ = base(Random("elsewhere"))
    mine, other, away = Asked(track, KEY), Asked(track, b"x" * 32), Asked(elsewhere, KEY)
    assert mine.likeness(other.sketch) == mine.likeness(away.sketch) == "apart"
    assert not {tag for tag, _ in ENTRY.iter_unpack(mine.sketch)} & {tag for tag, _ in ENTRY.iter_unpack(other.sketch)}
    assert 10 < len(mine.sketch) / ENTRY.size <= MOST
    masked = [moment for _, moment in ENTRY.iter_unpack(mine.sketch)]
    # Read without the mask the moments of one ride lie all over thirteen years.
    assert max(masked) - min(masked) > WHEEL / 2


def test_a_way_over_a_degree_of_latitude_has_no_marks_of_its_own() -> None:
    """The grid is as wide as the belt it is in; between two belts nothing is joined."""
    over = [[Fix(n * 5.0, 35.99 + n * 0.0001, 113.1) for n in range(200)]]
    assert len(Asked(over, KEY).crossed) < 60
