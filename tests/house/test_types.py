"""Types: the engine and every room hold, strictly."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from tests.house.source import ROOT

CHECKED = {"points_engine", "webapp"}


def test_the_types_of_the_engine_and_the_rooms_hold() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["strict"] and set(settings["files"]) >= CHECKED and "exclude" not in settings
    # A library may say nothing of its types; nothing of ours may ask to be passed over.
    assert all(set(each) == {"module", "ignore_missing_imports"} for each in settings["overrides"])
    assert not [name for each in settings["overrides"] for name in each["module"] if name.split(".")[0] in CHECKED]
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
