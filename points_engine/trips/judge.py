"""The judge: a cleaned path and a claim give accept, review or reject, with every reason that counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, isfinite
from typing import Any

from points_engine.trips.fixes import Fix
from points_engine.trips.limits import book, limit
from points_engine.trips.path import Path, clean
from points_engine.trips.profile import Profile, profile, ridden, stretches
from points_engine.trips.verdict import MODES, Answer, Verdict

Finding = tuple[Answer, str]
HARSHNESS = {"accept": 0, "review": 1, "reject": 2}
FIGURES = ("middle", "high", "top", "sustained", "long_sustained", "surge")  # of a profile, that a claim may bound


def judge(segments: Sequence[Sequence[Fix]], claimed: str) -> Verdict:
    """Judge one trip; never raises, whatever the fixes are."""
    path = clean(segments)
    shape = profile(path)
    if claimed not in MODES:
        return _answer([("reject", "unknown_mode")], path, shape)
    broken = _recording(path, shape)
    if any(answer == "reject" for answer, _ in broken):
        return _answer(broken, path, shape)
    return _answer(broken + CLAIMS[claimed](shape), path, shape)


def _answer(findings: Sequence[Finding], path: Path, shape: Profile) -> Verdict:
    """The harshest finding decides; only its reasons are told, and what was left out."""
    verdict = max((answer for answer, _ in findings), key=HARSHNESS.__getitem__)
    reasons = dict.fromkeys(reason for answer, reason in findings if answer == verdict)
    if verdict == "accept" and path.gaps:
        reasons["gaps_not_counted"] = None
    if verdict == "accept" and path.spikes + path.jumps:
        reasons["jumps_removed"] = None
    return Verdict(
        verdict=verdict,
        reasons=tuple(reasons),
        distance_m=0 if verdict == "reject" else int(shape.length),
        moving_s=int(shape.moving),
        duration_s=int(path.duration),
        facts=facts(path, shape),
    )


def facts(path: Path, shape: Profile) -> dict[str, float]:
    """The figures shown beside a verdict; none of them tells where the trip was."""
    figures = {
        "length_m": shape.length,
        "recorded_s": shape.seconds,
        "median_kmh": shape.middle,
        "p85_kmh": shape.high,
        "p95_kmh": shape.top,
        "best_minute_kmh": shape.sustained,
        "best_two_minutes_kmh": shape.long_sustained,
        "surge_kmh": shape.surge,
        "pull_w_kg": shape.pull,
        "launch_ms2": shape.launch,
        "spread": shape.spread,
        "standing_share": shape.still,
        "creeping_share": shape.creep,
        "stops_per_km": shape.stops,
        "interval_s": shape.interval,
        "motor_likelihood": motor_likelihood(ridden(shape, limit("walking"))),
        "fixes": path.fixes,
        "gaps": path.gaps,
        "spikes": path.spikes,
        "jumps": path.jumps,
    }
    return {name: round(float(value), 2) for name, value in figures.items() if isfinite(value)}


def _recording(path: Path, shape: Profile) -> list[Finding]:
    """What is wrong with the recording itself, whatever is claimed."""
    kept = sum(len(piece) for piece in path.pieces)
    seen = max(1, path.fixes)
    if path.backward > max(limit("most_backward") * seen, 0):
        return [("reject", "times_broken")]
    if path.coarse > 0.5 * seen:
        return [("reject", "mostly_inaccurate")]
    if path.spikes > limit("most_spikes") * seen or path.jumps > limit("most_jumps") * (1 + path.duration / 3600):
        return [("reject", "impossible_speed")]
    if kept < limit("fewest_fixes"):
        return [("reject", "too_few_fixes")]
    if shape.seconds < limit("shortest_time"):
        return [("reject", "too_brief")]
    if shape.length < limit("shortest_way"):
        return [("reject", "hardly_moved" if shape.seconds > 300 else "too_short")]
    if shape.top > limit("fastest_road"):
        return [("reject", "impossible_speed")]
    found: list[Finding] = []
    if path.jumped_m > max(300.0, 0.1 * shape.length):
        found.append(("reject" if path.jumped_m > shape.length else "review", "jumps_elsewhere"))
    if _too_even(path):
        found.append(("reject", "too_even_for_a_phone"))
    return found


def _too_even(path: Path) -> bool:
    """Equal steps at equal times throughout: made by a program. Straight pieces interpolated in between are not enough."""
    steps: list[float] = []
    for piece in path.pieces:
        for (t1, x1, y1), (t2, x2, y2) in pairwise(piece):
            steps.append(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 / (t2 - t1))
    if len(steps) < limit("even_fixes"):
        return False
    mean = sum(steps) / len(steps)
    if mean <= 0.3:
        return False
    spread = (sum((step - mean) ** 2 for step in steps) / len(steps)) ** 0.5 / mean
    return bool(spread < limit("even_spread"))


def _walk(shape: Profile) -> list[Finding]:
    return _on_foot(shape, "walk", "too_fast_for_walking", "looks_like_a_walk")


def _run(shape: Profile) -> list[Finding]:
    return _on_foot(shape, "run", "too_fast_for_running", "looks_like_a_run")


def _on_foot(shape: Profile, claim: str, too_fast: str, good: str) -> list[Finding]:
    return _over(shape, book()["claim"][claim], dict.fromkeys(FIGURES, too_fast)) or [("accept", good)]


def _over(shape: Profile, bounds: Mapping[str, Any], reasons: Mapping[str, str]) -> list[Finding]:
    """Every bounded figure that is over its bound, with the reason that names it."""
    found: list[Finding] = []
    for name in FIGURES:
        value = getattr(shape, name)
        if name in bounds and value > bounds[name]["review"]:
            found.append(("reject" if value > bounds[name]["reject"] else "review", reasons[name]))
    return found


def _bike(shape: Profile) -> list[Finding]:
    return _ride(shape, "bike", "too_fast_for_a_bike", "looks_like_a_ride")


def _ebike(shape: Profile) -> list[Finding]:
    return _ride(shape, "ebike", "too_fast_for_an_ebike", "looks_like_an_ebike_ride")


def _ride(shape: Profile, claim: str, too_fast: str, good: str) -> list[Finding]:
    rules = book()["claim"][claim]
    found = _over(
        shape, rules, {"high": too_fast, "top": too_fast, "sustained": "fast_stretch", "long_sustained": "fast_stretch"}
    )
    likely = motor_likelihood(ridden(shape, limit("walking")), claim)
    bounds = rules[_grain(shape)]
    if likely > bounds["reject"]:
        found.append(("reject", "stop_and_go_like_traffic"))
    elif likely > _enough(shape.seconds, bounds):
        found.append(("review", "perhaps_a_vehicle"))
    worst = max((motor_likelihood(part, claim) for part in stretches(shape, limit("stretch"))), default=0.0)
    if worst > rules["stretch"]["review"]:
        found.append(("reject" if worst > rules["stretch"]["reject"] else "review", "fast_stretch"))
    if shape.high < rules["slowest"]["review"]:
        found.append(("review", "looks_like_walking"))
    if shape.seconds < limit("sure_time") or shape.length < limit("sure_way"):
        found.append(("review", "too_brief"))
    return found or [("accept", good)]


def _enough(seconds: float, bounds: Mapping[str, float]) -> float:
    """How likely a motor may be before a person looks: less, the less was recorded."""
    return _between(seconds, (limit("little_time"), limit("ample_time")), (bounds["short"], bounds["review"]))


def _motor(shape: Profile) -> list[Finding]:
    rules = book()["claim"]["motor"]
    if shape.sustained > rules["sustained"]["reject"]:
        return [("reject", "too_fast_for_the_road")]
    if shape.high < rules["walking"]["review"]:
        return [("review", "looks_like_walking")]
    if motor_likelihood(ridden(shape, limit("walking"))) < rules[_grain(shape)]["review"]:
        return [("review", "looks_like_cycling")]
    return [("accept", "looks_like_a_motor_trip")]


CLAIMS = {
    "walk": _walk,
    "run": _run,
    "bike": _bike,
    "ebike": _ebike,
    "bus": _motor,
    "shuttle": _motor,
    "car": _motor,
    "carpool": _motor,
}


def _grain(shape: Profile) -> str:
    """How far apart the fixes are: the key of the bounds that hold."""
    if shape.interval > limit("rare_from"):
        return "rare"
    return "sparse" if shape.interval > limit("sparse_from") else "dense"


def motor_likelihood(shape: Profile, claim: str = "bike") -> float:
    """0 to 1: how much the profile is a motor vehicle's rather than a bicycle's; weights are data."""
    weights = book()["motor"][claim]["dense" if _grain(shape) == "dense" else "sparse"]
    score = weights["start"]
    for name, one in weights.items():
        if name != "start":
            score += _between(getattr(shape, name), one["at"], one["adds"])
    return 1.0 / (1.0 + exp(-max(-60.0, min(60.0, score))))


def _between(value: float, at: Sequence[float], adds: Sequence[float]) -> float:
    """What a figure adds: in proportion between two of the values listed, no more and no less beyond the ends."""
    if not value > at[0]:
        return float(adds[0])
    for low, high, below, above in zip(at, at[1:], adds, adds[1:], strict=False):
        if value <= high:
            return float(below + (above - below) * (value - low) / (high - low))
    return float(adds[-1])
