"""Judging recorded trips: is this track what its owner says it is? Pure rules, floats only here because they are geometry."""

from points_engine.trips.fixes import Fix, read_points
from points_engine.trips.judge import judge
from points_engine.trips.path import Path, clean
from points_engine.trips.verdict import MODES, REASONS, Verdict

__all__ = ["MODES", "REASONS", "Fix", "Path", "Verdict", "clean", "judge", "read_points"]
