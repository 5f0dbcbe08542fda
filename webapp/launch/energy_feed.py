"""`import-energy`: takes in a file of the park's energy platform, whole or not at all; faults by line to standard error."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path

from points_engine.clock import SystemClock, local_day
from points_engine.errors import EngineError
from webapp.energy import files, importing
from webapp.launch.trouble import Trouble
from webapp.papers.reading import Table, read_table
from webapp.settings import Settings
from webapp.store import Store
from webapp.web.messages import MESSAGES, REASONS


def run(settings: Settings, file: str, *, dry_run: bool) -> int:
    """0 when it was taken in (or would be), 1 when a line or the file is faulty; the same file again changes nothing."""
    path, now = Path(file), SystemClock().now()
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise Trouble(f"The file {file} cannot be read: {fault.strerror}.") from fault
    store = Store(settings.database_url)
    try:
        with store.read() as tx:
            codes = importing.known_codes(tx)
        lines = files.read_platform(_table(path, data), codes, local_day(now))
        for each in lines.faults:
            words = (REASONS.get(each.reason) or MESSAGES.get(each.reason) or (each.reason, each.reason))[1]
            print(f"line {each.line}, column {each.column}: {words}", file=sys.stderr)
        if lines.faults or dry_run:
            print(json.dumps({"rows": len(lines.good) + len(lines.faults), "faults": len(lines.faults)}))
            return 1 if lines.faults else 0
        checksum = hashlib.sha256(data).hexdigest()
        counts = store.retrying(lambda tx: importing.bring_in(tx, 0, path.name, checksum, lines, now))
    except EngineError as fault:
        print(MESSAGES[fault.code][1].format(**fault.facts), file=sys.stderr)
        return 1
    finally:
        store.dispose()
    print(json.dumps(counts))
    return 0


def _table(path: Path, data: bytes) -> Table:
    return files.json_table(data) if path.suffix.lower() == ".json" else read_table(path.name, io.BytesIO(data))
