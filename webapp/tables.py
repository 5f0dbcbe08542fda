"""Every table of every room, gathered for migrations, audits and the export of a member's data."""

from __future__ import annotations

import importlib
from pathlib import Path

from webapp.store import metadata

for _path in sorted(Path(__file__).parent.glob("*/tables.py")):
    importlib.import_module(f"webapp.{_path.parent.name}.tables")

__all__ = ["metadata"]
