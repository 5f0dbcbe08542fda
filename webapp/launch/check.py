"""`check`: format, lint and types, then every test."""

from __future__ import annotations

import subprocess
import sys

from webapp.launch import testing
from webapp.launch.bootstrap import ROOT

STEPS = (
    ("format", ["ruff", "format", "--check", "."]),
    ("lint", ["ruff", "check", "."]),
    ("types", ["mypy"]),
)


def run(*, expression: str | None, fast: bool, rest: list[str]) -> int:
    """All steps are run even if one fails, so that one run shows everything."""
    failed = []
    for name, command in STEPS:
        print(f"── {name}: {' '.join(command)}", flush=True)
        if subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode:
            failed.append(name)
    if testing.run(expression=expression, fast=fast, rest=rest):
        failed.append("test")
    if failed:
        print(f"Not right yet: {', '.join(failed)}.")
    return 1 if failed else 0
