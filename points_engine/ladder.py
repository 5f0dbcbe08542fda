"""名次阶梯: counts of values in steps of sixteen, so that a place is a sum over a few steps and not over all who stand above.

A value stands on eight levels: on level 0 as itself, on level 4 as value // 16, and so on. Above a value stand, on
each level, the later siblings of its step; on the top level every later step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

BITS = 4
SHIFTS = tuple(range(0, 32, BITS))
LAST = (1 << BITS) - 1
Step = tuple[int, int, int]  # ladder, shift, prefix


def moves(changes: Iterable[tuple[int, int, int]]) -> dict[Step, int]:
    """What (ladder, old value, new value) change on the steps; a value of nothing stands on no step."""
    found: dict[Step, int] = {}
    for ladder, old, new in changes:
        if old == new:
            continue
        for value, n in ((old, -1), (new, 1)):
            for shift in SHIFTS if value > 0 else ():
                step = (ladder, shift, value >> shift)
                found[step] = found.get(step, 0) + n
    return {step: n for step, n in found.items() if n}


def above(steps: Mapping[Step, int], ladder: int, value: int) -> int:
    """How many stand above a value; what the database works out with the same bounds."""
    total = 0
    for shift in SHIFTS:
        own = value >> shift
        last = None if shift == SHIFTS[-1] else own | LAST
        total += sum(
            n
            for (whose, s, prefix), n in steps.items()
            if whose == ladder and s == shift and prefix > own and (last is None or prefix <= last)
        )
    return total


def number_of(period: str) -> int:
    """A period as a number below ten millions, another one for each."""
    if period == "total":
        return 0
    if "-W" in period:
        return 1_000_000 + int(period[:4]) * 100 + int(period[6:])
    return int(period.replace("-", ""))
