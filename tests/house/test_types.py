"""Types: the packages that pyproject.toml names for mypy hold, strictly."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from tests.house.source import ROOT

CHECKED = {"points_engine", "webapp/store", "webapp/inbox", "webapp/ledger"}


def test_the_types_of_the_checked_packages_hold() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["strict"] and set(settings["files"]) >= CHECKED
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
