"""The words of units' energy; messages.py puts them with the others."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "unknown_file": ("没有这份文件", "No such file"),
    "unknown_letter": ("没有这份通知", "No such letter"),
}
REASONS: dict[str, tuple[str, str]] = {}
