"""`verify-trips`: judges recorded trips from a file, one line in, one line out, without starting the platform."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

from points_engine.errors import EngineError, Invalid
from points_engine.trips import MODES, judge, read_points
from webapp.launch.trouble import Trouble

LONGEST_LINE = 64 * 1024 * 1024  # characters; about a million fixes


def run(file: str, out: TextIO | None = None) -> int:
    """Answer every line of the file in order; what is wrong with a line is its answer, never a traceback."""
    out = out or sys.stdout
    try:
        source = Path(file).open("rb")  # noqa: SIM115 - closed below; opening is what may fail
    except OSError as fault:
        raise Trouble(f"The file {file} cannot be read: {fault.strerror}.") from fault
    with source:
        while line := source.readline(LONGEST_LINE):
            whole = line
            while not whole.endswith(b"\n") and (whole := source.readline(LONGEST_LINE)):
                line = b""  # too long to be a trip; read past it
            out.write(json.dumps(answer(line), separators=(",", ":")) + "\n")
            out.flush()
    return 0


def main(arguments: list[str]) -> int:
    """The command's door, apart from the other commands' so that nothing of the platform is loaded."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python3 -m webapp verify-trips FILE.jsonl", file=sys.stderr)
        return 2
    try:
        return run(arguments[0])
    except Trouble as fault:
        print(str(fault), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader went away; nothing is left to say
        sys.stderr.close()
        return 0


def answer(line: bytes) -> dict[str, Any]:
    """The verdict on one line; a line that cannot be read is rejected."""
    given: Any = None
    try:
        record = _read(line)
        given = record.get("id")
        if not isinstance(given, str | int | float | None) or given != given:  # an id that is no word or number
            given = None
        if record.get("claimed") not in MODES:
            raise Invalid({"claimed": "unknown_mode"})
        verdict = judge([read_points(record.get("points"))], record["claimed"])
    except Invalid as fault:
        reasons = sorted(set(fault.fields.values()))
        return {"id": given, "verdict": "reject", "reasons": reasons, "distance_m": 0}
    except EngineError as fault:
        return {"id": given, "verdict": "reject", "reasons": [fault.code], "distance_m": 0}
    except Exception as fault:  # noqa: BLE001 - one line must never end the run; it is told on standard error
        print(f"verify-trips: a line could not be judged: {type(fault).__name__}", file=sys.stderr)
        return {"id": given, "verdict": "reject", "reasons": ["unreadable_points"], "distance_m": 0}
    return {
        "id": given,
        "verdict": verdict.verdict,
        "reasons": list(verdict.reasons),
        "distance_m": verdict.distance_m,
    }


def _read(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise Invalid({"points": "unreadable_line"}) from fault
    if not isinstance(record, dict):
        raise Invalid({"points": "unreadable_line"})
    return record
