"""Works a published board out again from its file and says whether it is the same.

Run it as `python scripts/recompute_board.py board.csv`. Needs nothing but Python. Draws small units towards the mean of their class, orders, gives places, writes the file anew
and compares it byte for byte; ends with 0 when it is the same, with 1 when it is not. docs/rankings.md explains the file.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path


def mean_of(rows: list[dict[str, str]]) -> int:
    """The mean over all people of a class, rounded down to its first three digits."""
    weight = sum(int(row["weight_tenths"]) for row in rows)
    if not weight:
        return 0
    mean = sum(int(row["plain_milli"]) * int(row["weight_tenths"]) for row in rows) // weight
    unit = int(10 ** max(0, len(str(mean)) - 3))
    return mean // unit * unit


def compared(row: dict[str, str], pull: int, means: dict[str, int]) -> int:
    """The value that is compared: (weight x own + pull x mean) / (weight + pull), rounded down."""
    own, weight, extra = int(row["plain_milli"]), int(row["weight_tenths"]), pull * 10
    return (weight * own + extra * means[row["class"]]) // (weight + extra) if pull else own


def recompute(text: str) -> str:
    """The file as it should be, made from its head and from what each row says was counted."""
    lines = text.splitlines()
    head = [line for line in lines if line.startswith("#")]
    names = lines[len(head)].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[len(head) + 1 :]]
    facts = dict(line[2:].split(": ", 1) for line in head if ": " in line)
    pull = int(facts["pull"])
    classes = {row["class"] for row in rows}
    means = {size: mean_of([row for row in rows if row["class"] == size]) for size in classes}
    for row in rows:
        row["value_milli"] = str(compared(row, pull, means))
    rows.sort(key=lambda row: (-int(row["value_milli"]), row["reference"]))
    out, place, last = [*head, ",".join(names)], 0, ""
    for position, row in enumerate(rows, 1):
        if row["value_milli"] != last:
            place, last = position, row["value_milli"]
        row["place"] = str(place)
        out.append(",".join(row[name] for name in names))
    return "\n".join(out) + "\n"


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    given = Path(sys.argv[1]).read_bytes()
    text = given.decode("utf-8")
    if not text.startswith("# puhui-board 2\n"):
        print("not a board file of the second kind")
        return 2
    same = recompute(text).encode("utf-8") == given
    print(f"SHA-256 {hashlib.sha256(given).hexdigest()}")
    print("the same" if same else "NOT the same: places or values do not follow from what was counted")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
