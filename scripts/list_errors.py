"""Writes docs/errors.md from the words and the refusals found in the code; a test says when to run it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from webapp.web.errors import HTTP_CODES, STATUS  # noqa: E402 - found once the path is set
from webapp.web.messages import MESSAGES, REASONS  # noqa: E402 - as above

HEAD = """# Error codes

Every JSON error has one shape, `{"error": {"code", "message", "facts"}}`. `code` is stable; `message` is in the language
asked for (`Accept-Language`); `facts` holds figures such as `retry_after` in seconds, or `fields`, the reason for each
field of an `invalid_input`. Pages show the same sentence. `python scripts/list_errors.py` writes this list.

| kind of refusal | status |
| --- | --- |
"""
# Codes that are not raised by name in one place.
BY_HAND = {
    "fault": 500, "invalid_input": 400, "bad_code": 400, "consent_missing": 403, "merchant_only": 403,
    "staff_only": 403, "unit_admin_only": 403, "login_taken": 400, "unknown_behaviour": 400,
}  # fmt: skip


def statuses() -> dict[str, set[int]]:
    """Which statuses each code is answered with."""
    found: dict[str, set[int]] = {code: {status} for code, status in BY_HAND.items()}
    for path in (*ROOT.glob("webapp/**/*.py"), *ROOT.glob("points_engine/**/*.py")):
        text = path.read_text(encoding="utf-8")
        for kind, code in re.findall(r'refuse\(\s*"([a-z_]+)",\s*"([a-z_]+)"', text):
            found.setdefault(code, set()).add(STATUS[kind])
    for status, code in HTTP_CODES.items():
        if status in (400, 401, 403, 404, 405, 406, 413, 415, 429, 503):
            found.setdefault(code, set()).add(status)
    return found


def text() -> str:
    known = statuses()
    lines = [HEAD.rstrip()]
    lines += [f"| {kind} | {status} |" for kind, status in STATUS.items()]
    lines += ["| a broken promise of ours (`fault`, with an id that is in the log) | 500 |", "", "## Codes", ""]
    lines += ["| code | status | 中文 | English |", "| --- | --- | --- | --- |"]
    for code, (zh, en) in sorted(MESSAGES.items()):
        answered = ", ".join(str(status) for status in sorted(known.get(code, ()))) or "–"
        lines.append(f"| `{code}` | {answered} | {zh} | {en} |")
    lines += ["", "## Reasons beside a field", "", "| reason | 中文 | English |", "| --- | --- | --- |"]
    lines += [f"| `{code}` | {zh} | {en} |" for code, (zh, en) in sorted(REASONS.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "errors.md").write_text(text(), encoding="utf-8")
