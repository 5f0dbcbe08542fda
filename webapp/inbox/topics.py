"""The four topics a member chooses by, and which kinds of notice belong to each."""

from __future__ import annotations

from collections.abc import Iterable

# A notice of any other kind (families, units, welcome) is for the app alone: never by e-mail, never silenced.
TOPICS = ("result", "redemption", "campaign", "news")
# Verdicts, clawbacks and appeals are always counted as unread: they have a time limit.
NEVER_SILENT = "result"
FIRST_BY_MAIL = ("result", "redemption")  # what a new address gets until its owner chooses otherwise
_PREFIXES = {
    "review": "result",
    "honour": "result",
    "energy": "result",  # letters to units that missed their targets: answers are due
    "redemption": "redemption",
    "campaign": "campaign",
    "challenge": "campaign",
    "news": "news",
}
NAMES = {
    "result": ("核验、申诉等结果", "Results, as of reviews and appeals"),
    "redemption": ("兑换", "Redemptions"),
    "campaign": ("活动与挑战", "Campaigns and challenges"),
    "news": ("公告与新闻", "Announcements and news"),
}


def topic_of(kind: str) -> str | None:
    """`campaign_task` → campaign; None for what stays in the app."""
    return _PREFIXES.get(kind.split("_", 1)[0])


def chosen(text: str) -> tuple[str, ...]:
    """What is kept as `result,news`, in the usual order."""
    kept = set(text.split(","))
    return tuple(topic for topic in TOPICS if topic in kept)


def kept(topics: Iterable[str]) -> str:
    """The way back."""
    wanted = set(topics)
    return ",".join(topic for topic in TOPICS if topic in wanted)
