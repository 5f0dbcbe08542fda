"""An account farm against the rules: what a thousand accounts earn in a month, and when they come before a person.

    python -m tests.farm --accounts 1000 --days 30

Declared acts only, the best paid mix within every cap and limit; nothing but the engine runs. A case that is due is
taken to be decided on its last day, and the accounts in it to be frozen by a person then.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from points_engine import risk
from points_engine.activity import Act, Usage, decide
from points_engine.clock import LOCAL
from points_engine.methodology import Level, load
from points_engine.review import rules

START = datetime(2026, 6, 1, 8, 0, tzinfo=LOCAL)
POINTS_A_YUAN = 100
# Minutes by which a script spreads the same act over its accounts, and whether it claims the caps to the unit.
FAMILIES = {
    "one script": (0, True),
    "minutes apart": (4, True),
    "hours apart": (600, True),
    "hours apart, below the caps": (600, False),
}


def day_of_acts(at: datetime) -> list[tuple[str, int]]:
    """(behaviour, points) of the acts with which an account earns most in a day, found greedily."""
    catalogue, counters, grams, points = load(), dict[tuple[str, str], int](), 0, 0
    done = []
    usable = [b for b in catalogue.behaviours if b.loggable and not b.inputs and Level.DECLARED in b.evidence]
    for behaviour in usable:
        if not behaviour.in_season(at.date()):
            continue
        caps = [cap.amount for cap in behaviour.caps if cap.of == "quantity" and cap.per in ("act", "day")]
        amount = min([*caps, behaviour.versions[-1].bounds.most])
        act = Act(behaviour, Decimal(amount), {}, Level.DECLARED, at + timedelta(minutes=len(done)))
        verdict = decide(act, Usage(counters, grams, points))
        if verdict.points:
            for key, n in verdict.counters.items():
                counters[key] = counters.get(key, 0) + n
            grams, points = grams + verdict.grams, points + verdict.points
            done.append((behaviour.code, verdict.points))
    return done


def run(accounts: int, days: int, spread: int, greedy: bool = True, seed: int = 1) -> Mapping[str, int]:
    """Points earned before anybody is frozen, the day on which the farm is seen, and how many accounts are."""
    rng, acts = random.Random(seed), day_of_acts(START)
    marks: dict[int, set[risk.Mark]] = {n: set() for n in range(accounts)}
    patience = rules()["decisions"]["due_days"]["risk"]
    frozen, seen_on, earned = dict[int, int](), 0, 0
    for day in range(days):
        for n in range(accounts):
            if frozen.get(n, days) <= day:
                continue
            earned += sum(points for _, points in acts)
            late = timedelta(days=day, minutes=rng.randint(0, spread) if spread else 0)
            marks[n] |= {
                risk.mark_of(code, START + late + timedelta(minutes=20 * k)) for k, (code, _) in enumerate(acts)
            }
        if not frozen:
            to_the_unit = greedy and _weighs_enough(day + 1)
            found = set(marks) if to_the_unit else _found(marks, START + timedelta(days=day))
            seen_on = day + 1 if found else 0
            frozen = dict.fromkeys(found, day + patience)
    return {"earned": earned, "seen_on": seen_on, "seen": len(frozen), "a_day": sum(points for _, points in acts)}


def _weighs_enough(days: int) -> bool:
    """Whether claims that equal a cap on each of so many days bring an account before a person by themselves."""
    daily = risk.kinds()["caps_every_day"]
    counted = {"cap_exactly": days, "caps_every_day": daily["weight"] if days >= daily["days"] else 0}
    return risk.score(counted) >= rules()["score"]["open_at"]


def _found(marks: Mapping[int, set[risk.Mark]], now: datetime) -> set[int]:
    """The accounts that the nightly look would bring before a person."""
    week = risk.mark_of("", now - timedelta(days=risk.kinds()["lockstep"]["days"] + 1))[1]
    lately = {n: {mark for mark in own if mark[1] >= week} for n, own in marks.items()}
    sketches = risk.Sketches()
    for n, own in lately.items():
        for mark in own:
            sketches.add(n, mark)
    found: set[int] = set()
    for group in sketches.candidates():
        if set(group) - found:
            found |= set().union(*risk.in_lockstep({n: lately[n] for n in group}), set())
    return found


def main() -> None:
    """Print a table of families."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args()
    print(f"{asked.accounts} accounts, {asked.days} days, declared acts only")
    for name, (spread, greedy) in FAMILIES.items():
        told = run(asked.accounts, asked.days, spread, greedy)
        most = told["a_day"] * asked.accounts * asked.days
        yuan, all_yuan = told["earned"] // POINTS_A_YUAN, most // POINTS_A_YUAN
        seen = f"seen on day {told['seen_on']} ({told['seen']} accounts)" if told["seen"] else "not seen"
        print(f"{name:>28}: {told['a_day']} points a day each; lost {yuan} of {all_yuan} yuan; {seen}")


if __name__ == "__main__":
    main()
