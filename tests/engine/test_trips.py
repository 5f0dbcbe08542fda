"""The trip judge: rates on made-up trips it was not tuned on, attacks, broken data, gaps, and the command."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points_engine.errors import EngineError
from points_engine.trips import MODES, REASONS, Fix, clean, judge, read_points
from points_engine.trips.judge import _enough
from points_engine.trips.limits import book
from tests import tracks
from webapp.launch import verify_trips

ROOT = Path(__file__).parent.parent.parent
HELD_OUT = 4242  # tuning used other seeds
FEW = 60


DENSE = (1.0, 2.0, 3.0, 5.0)  # seconds between the fixes of most phones and loggers
RIDES = ["bike_city", "bike_busy", "bike_slow", "bike_hills", "bike_with_walk"]


@cache
def answers(family: str, claim: str, steps: tuple[float, ...] = ()) -> Counter[str]:
    return Counter(judge(trip.segments, claim).verdict for trip in tracks.many([family], FEW, HELD_OUT, steps))


def shares(families: list[str], claim: str, steps: tuple[float, ...] = ()) -> dict[str, float]:
    total: Counter[str] = Counter()
    for family in families:
        total += answers(family, claim, steps)
    return {answer: total[answer] / total.total() for answer in ("accept", "review", "reject")}


@pytest.mark.parametrize("steps", [(), DENSE])
def test_rides_pass_as_rides(steps: tuple[float, ...]) -> None:
    share = shares(RIDES, "bike", steps)
    assert share["accept"] >= 0.95 and share["reject"] <= 0.01, share


def test_fast_rides_are_not_refused() -> None:
    share = shares(["bike_sport"], "bike")
    assert share["accept"] >= 0.75 and share["reject"] <= 0.02, share


def test_cars_and_buses_do_not_pass_as_rides() -> None:
    assert shares(["car_free", "car_city"], "bike")["accept"] <= 0.03
    assert shares(["bus_city", "bus_jam", "shuttle"], "bike")["accept"] <= 0.06
    assert shares(["taxi_rush"], "bike")["accept"] <= 0.10  # as congested driving cycles go
    assert shares(["taxi_jam"], "bike")["accept"] <= 0.10  # half the way in a jam without long halts
    assert shares(["taxi_crawl"], "bike")["accept"] <= 0.45  # all the way
    assert shares(["car_hidden"], "bike")["accept"] <= 0.10  # a car for seventy per cent of the time


def test_dense_fixes_tell_more() -> None:
    assert shares(["car_free", "car_city", "taxi_rush"], "bike", DENSE)["accept"] <= 0.03
    assert shares(["taxi_jam"], "bike", DENSE)["accept"] <= 0.07
    assert shares(["bus_city", "bus_jam", "shuttle"], "bike", DENSE)["accept"] <= 0.02


@pytest.mark.parametrize("claim", ["walk", "run"])
def test_nothing_on_wheels_with_a_motor_passes_as_on_foot(claim: str) -> None:
    assert shares(["car_free", "car_city", "bus_city", "bus_jam", "shuttle"], claim)["accept"] <= 0.03
    assert shares(["bike_city", "ebike"], "walk")["accept"] <= 0.05


def test_honest_traffic_is_hardly_ever_refused_and_seldom_looked_at() -> None:
    total: Counter[str] = Counter()
    for family, (mode, _) in tracks.HONEST.items():
        total += answers(family, mode)
    assert total["reject"] / total.total() <= 0.005, total
    assert total["review"] / total.total() <= 0.05, total


@pytest.mark.parametrize("family", ["teleport", "mock", "hopping", "broken_times"])
def test_forged_tracks_are_caught(family: str) -> None:
    assert answers(family, "bike")["accept"] <= 0.02 * FEW


def line(speed: float, seconds: int, every: int = 5, start: float = 0.0, north: float = 37.5) -> list[Fix]:
    """A straight, slightly wavering track."""
    fixes, gone = [], 0.0
    for second in range(0, seconds, every):
        gone += speed * every * (1 + 0.2 * math.sin(second / 40) + 0.05 * math.sin(second * 7))
        fixes.append(Fix(start + second, north + gone / 111_195, 113.0))
    return fixes


def stop_and_go(up: float, cruise: float = 7.0) -> list[Fix]:
    """Eight minutes from halt to halt with that acceleration, a fix a second."""
    speeds: list[float] = []
    while len(speeds) < 480:
        climb = [up * second for second in range(1, int(cruise / up) + 1)]
        speeds += [*climb, *[cruise] * (45 + len(speeds) % 7 - len(climb)), 4.0, 2.0, *[0.0] * 8]
    fixes, gone = [], 0.0
    for second, speed in enumerate(speeds):
        gone += speed * (1 + 0.04 * math.sin(second * 7))
        fixes.append(Fix(float(second), 37.5 + gone / 111_195, 113.0))
    return fixes


def test_a_hard_pull_away_is_an_engine() -> None:
    gentle, hard = judge([stop_and_go(0.4)], "bike"), judge([stop_and_go(2.0)], "bike")
    assert gentle.verdict == "accept" and hard.verdict != "accept", (gentle, hard)
    assert gentle.facts["p95_kmh"] > hard.facts["p95_kmh"] - 0.1  # no faster, only harder
    assert gentle.facts["pull_w_kg"] < 2 < hard.facts["pull_w_kg"]


def test_the_unrest_of_positions_is_no_launch() -> None:
    """A phone that errs by metres from fix to fix makes no engine of a rider, nor does it hide one."""
    steady, hard = line(4.0, 900), stop_and_go(2.0)
    doubted = [judge([shaken(steady, 4.0, Random(seed))], "bike").facts["launch_ms2"] for seed in range(6)]
    assert sum(doubted) / 6 < 0.5  # 0.6 by the speeds alone
    assert judge([hard], "bike").facts["launch_ms2"] > 0.6
    assert judge([shaken(hard, 2.0, Random(5))], "bike").facts["launch_ms2"] > 0.6


def shaken(fixes: list[Fix], metres: float, rng: Random) -> list[Fix]:
    """Each fix off by so much, east and north."""
    off = metres / 100_000
    return [fix._replace(lat=fix.lat + rng.gauss(0, off), lon=fix.lon + rng.gauss(0, off)) for fix in fixes]


def test_a_short_recording_must_look_more_like_a_ride() -> None:
    bounds = book()["claim"]["bike"]["dense"]
    assert bounds["short"] < bounds["review"] < bounds["reject"]
    assert _enough(200, bounds) == bounds["short"] and _enough(2000, bounds) == bounds["review"]
    assert bounds["short"] < _enough(600, bounds) < bounds["review"]


def test_every_figure_speaks_one_way() -> None:
    for claim in book()["motor"].values():
        for figures in claim.values():
            for name, one in figures.items():
                if name == "start":
                    continue
                assert list(one["at"]) == sorted(set(one["at"])) and len(one["at"]) == len(one["adds"])
                assert list(one["adds"]) == sorted(one["adds"], reverse=name == "middle"), name


def test_twelve_segments_are_not_joined() -> None:
    segments = []
    for number in range(12):
        segments.append(line(4.0, 280, start=number * 400.0, north=37.5 + number * 0.015))
    inside = sum(math.dist((a.lat, 0), (b.lat, 0)) for part in segments for a, b in pairwise(part)) * 111_195
    verdict = judge(segments, "bike")
    assert verdict.verdict == "accept"
    assert abs(verdict.distance_m - inside) < 0.01 * inside
    assert inside < 0.75 * 111_195 * (segments[-1][-1].lat - segments[0][0].lat)  # joined it would be a third more


def test_a_gap_inside_a_segment_is_not_counted() -> None:
    before = line(4.0, 600)
    after = line(4.0, 600, start=600 + 900.0, north=before[-1].lat + 0.05)
    verdict = judge([before + after], "bike")
    assert verdict.verdict == "accept" and "gaps_not_counted" in verdict.reasons
    apart = judge([before], "bike").distance_m + judge([after], "bike").distance_m
    assert abs(verdict.distance_m - apart) <= 2


def test_standing_still_is_no_way() -> None:
    still = [
        Fix(second, 37.5 + 0.00001 * math.sin(second), 113.0 + 0.00001 * math.cos(second * 3))
        for second in range(0, 900, 5)
    ]
    verdict = judge([still], "walk")
    assert verdict.verdict == "reject" and verdict.distance_m == 0 and verdict.reasons == ("hardly_moved",)


def test_a_short_honest_way_counts() -> None:
    assert judge([line(1.3, 460)], "walk").verdict == "accept"  # 600 m on foot
    assert judge([line(3.6, 200)], "bike").verdict == "accept"  # 700 m by bicycle


@pytest.mark.parametrize(
    "points",
    [
        [],
        [[0, 37.5, 113.0]],
        [[0, 37.5, 113.0], [60, 37.51, 113.0]],
        [[0, 37.5 + i / 1000, 113.0] for i in range(50)],
        [[-i, 37.5 + i / 5000, 113.0] for i in range(300)],
        [[i, 37.5 + i / 1000, 113.0] for i in range(300)],  # 400 km/h
        [[i * 20, 37.5 + (i % 2) * 0.02, 113.0] for i in range(100)],  # 400 km/h there and back
        [[i, 37.5, 113.0] for i in range(300)],
    ],
)
def test_broken_recordings_never_pay(points: list[list[float]]) -> None:
    for claim in MODES:
        verdict = judge([read_points(points)], claim)
        assert verdict.verdict == "reject" and verdict.distance_m == 0, verdict


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.floats(), max_size=4), st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)  # fmt: skip
POINT = st.one_of(
    st.tuples(st.floats(0, 3600), st.floats(37, 38), st.floats(112, 113)).map(list),
    st.tuples(st.integers(0, 20), st.just(37.5), st.floats(112.999, 113.001)).map(list),
    st.fixed_dictionaries(
        {"at": st.floats(0, 100), "lat": st.floats(-90, 90), "lon": st.floats(-180, 180), "accuracy": JUNK}
    ),
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    raw=st.one_of(JUNK, st.lists(st.one_of(POINT, JUNK), max_size=30), st.lists(POINT, max_size=60)),
    claim=st.one_of(st.sampled_from(MODES), JUNK),
)
def test_junk_gets_an_answer(raw: Any, claim: Any) -> None:
    try:
        fixes = read_points(raw)
    except EngineError:
        return
    verdict = judge([fixes], claim)
    assert verdict.reasons and set(verdict.reasons) <= set(REASONS)
    assert verdict.distance_m >= 0 and (verdict.verdict != "reject" or verdict.distance_m == 0)
    assert all(math.isfinite(value) for value in verdict.facts.values())
    assert not {"lat", "lon"} & set(verdict.facts)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats(), st.floats(), st.none() | st.floats()), max_size=40))
def test_the_judge_itself_never_raises(rows: list[tuple[float, float, float, float | None]]) -> None:
    for claim in ("bike", "car"):
        assert judge([[Fix(*row) for row in rows]], claim).distance_m >= 0


def test_the_same_fixes_get_the_same_answer() -> None:
    trip = tracks.make("bike_city", 7)
    assert judge(trip.segments, "bike") == judge([list(part) for part in trip.segments], "bike")


def test_segments_in_any_order_and_lying_over_each_other() -> None:
    one, two = line(4.0, 400), line(4.0, 400, start=1000.0, north=37.6)
    assert judge([two, one], "bike") == judge([one, two], "bike")
    assert judge([one, one], "bike").verdict == "reject"  # the same time twice


def test_one_spike_is_left_out() -> None:
    ride = line(4.0, 900)
    spiked = [fix._replace(lat=fix.lat + 0.02) if number == 90 else fix for number, fix in enumerate(ride)]
    path = clean([spiked])
    assert path.spikes == 1 and path.jumps == 0
    assert abs(judge([spiked], "bike").distance_m - judge([ride], "bike").distance_m) < 30


def test_every_reason_has_words_and_every_threshold_a_mark() -> None:
    for chinese, english in REASONS.values():
        assert chinese and english and chinese != english
    for name, entry in book()["limit"].items():
        assert {"value", "unit", "mark", "source"} <= set(entry), name
        assert entry["mark"] in "SKM"


def test_the_command_answers_every_line(tmp_path: Path) -> None:
    ride = [list(fix[:3]) for fix in tracks.make("bike_city", 3).segments[0]]
    lines = [
        json.dumps({"id": "a", "claimed": "bike", "points": ride}),
        "",
        "not json",
        '{"id": 5}',
        '{"id": NaN, "claimed": "bike", "points": [[NaN, 1, 2], ["x", 1, 2]]}',
        '{"id": "z", "claimed": ["bike"], "points": 3}',
        '{"id": "\\ud800", "claimed": "walk", "points": []}',
        "[" * 100_000,
        json.dumps({"id": "b", "claimed": "walk", "points": ride}),
    ]
    path = tmp_path / "trips.jsonl"
    path.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe broken bytes")
    done = subprocess.run(
        [sys.executable, "-m", "webapp", "verify-trips", str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(lines) + 1
    assert told[0]["id"] == "a" and told[0]["verdict"] == "accept" and told[0]["distance_m"] > 200
    assert told[8]["id"] == "b" and told[8]["verdict"] != "accept"
    for answer in told[1:8] + told[9:]:
        assert answer["verdict"] == "reject" and answer["distance_m"] == 0 and answer["reasons"]
    assert told[3]["id"] == 5


def test_the_command_loads_nothing_of_the_platform() -> None:
    code = (
        "import sys; import webapp.launch.verify_trips; print([m for m in ('flask', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_file_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_trips.main(["nowhere.jsonl"]) == 2
    assert "cannot be read" in capsys.readouterr().err
