"""How many fixes a second `verify-trips` judges: made-up rides and drives, thousands of fixes each, through the real command."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests import tracks


def write(path: Path, trips: int) -> int:
    """Write so many trips of one fix a second; answer how many fixes."""
    fixes = 0
    with path.open("w", encoding="utf-8") as out:
        for number in range(trips):
            rng = Random(number)
            mover = (tracks.bike_city, tracks.car_city, tracks.bus_city)[number % 3]
            recorded = tracks.record(rng, (mover(rng) * 6)[:3000], tracks.phone(rng, 1.0))
            fixes += len(recorded)
            points = [[fix.at, fix.lat, fix.lon] for fix in recorded]
            out.write(json.dumps({"id": number, "claimed": "bike", "points": points}) + "\n")
    return fixes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trips", type=int, default=150)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trips.jsonl"
        fixes = write(path, given.trips)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "webapp", "verify-trips", str(path)], stdout=subprocess.PIPE, check=True
        )
        spent = time.perf_counter() - began
    print(json.dumps({
        "trips": done.stdout.count(b"\n"), "fixes": fixes, "seconds": round(spent, 2), "fixes_per_s": round(fixes / spent),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
