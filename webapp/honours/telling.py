"""Telling candidates and objectors what became of them, through the inbox, once by key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webapp.honours.rows import honour_of
from webapp.inbox import service as inbox
from webapp.members import queries as members
from webapp.store import Tx


def title_of(row: Any) -> tuple[str, str]:
    """2026 年绿色企业, in both languages."""
    honour = honour_of(row)
    return f"{row.year} 年“{honour.zh}”", f"{honour.en} {row.year}"


def whom(tx: Tx, candidate: Any) -> list[int]:
    """The person, or who administers the unit."""
    return [int(candidate.member_id)] if candidate.member_id else members.unit_admins(tx, int(candidate.unit_id))


def accepted(tx: Tx, row: Any, candidate: Any, reason: str, now: datetime) -> None:
    """The nomination is on the list."""
    zh, en = title_of(row)
    _tell(tx, row, candidate, whom(tx, candidate), "accepted",
          (f"{zh}：申报已通过初审", f"{en}: your nomination was accepted"), reason, now)  # fmt: skip


def declined(tx: Tx, row: Any, candidate: Any, reason: str, now: datetime) -> None:
    """The nomination is not on the list, and why."""
    zh, en = title_of(row)
    _tell(tx, row, candidate, whom(tx, candidate), "declined",
          (f"{zh}：申报未通过", f"{en}: your nomination was declined"), reason, now)  # fmt: skip


def nominated(tx: Tx, row: Any, candidate: Any, now: datetime) -> None:
    """Staff put somebody on the list who meets every criterion; they may step back."""
    zh, en = title_of(row)
    _tell(tx, row, candidate, whom(tx, candidate), "nominated",
          (f"{zh}：您已被提名，可随时撤回", f"{en}: you were nominated; you may step back at any time"), "", now)  # fmt: skip


def objected(tx: Tx, row: Any, candidate: Any, number: str, now: datetime) -> None:
    """Somebody objects; who it was is not said."""
    zh, en = title_of(row)
    _tell(tx, row, candidate, whom(tx, candidate), f"objection:{number}",
          (f"{zh}：公示期内收到一条异议，正在核实", f"{en}: an objection was received and is being looked into"), "", now)  # fmt: skip


def answered(
    tx: Tx, row: Any, candidate: Any, objector: int, number: str, upheld: bool, answer: str, now: datetime
) -> None:
    """What came of an objection, to the candidate and to who raised it."""
    zh, en = title_of(row)
    said = (
        (f"{zh}：异议成立", f"{en}: the objection was upheld")
        if upheld
        else (f"{zh}：异议不成立", f"{en}: the objection was dismissed")
    )
    to = sorted({*whom(tx, candidate), objector})
    _tell(tx, row, candidate, to, f"answer:{number}", said, answer, now)


def awarded(tx: Tx, row: Any, candidate: Any, number: str, now: datetime) -> None:
    """The honour is given; the certificate is there."""
    zh, en = title_of(row)
    _tell(tx, row, candidate, whom(tx, candidate), "awarded",
          (f"恭喜，获得{zh}", f"Congratulations: {en}"), f"No. {number}", now)  # fmt: skip


def revoked(tx: Tx, row: Any, candidate: Any, reason: str, now: datetime) -> None:
    """The honour is taken back, and why."""
    zh, en = title_of(row)
    _tell(tx, row, candidate, whom(tx, candidate), "revoked",
          (f"{zh}已被撤销", f"{en} has been revoked"), reason, now)  # fmt: skip


def given_up(tx: Tx, row: Any, to: Sequence[int], reason: str, now: datetime) -> None:
    """The round is given up; who had an objection open learns it."""
    zh, en = title_of(row)
    inbox.notify_many(
        tx,
        [{"member_id": member, "key": f"honour:{row.id}:given_up"} for member in to],
        "honour",
        f"{zh}评选已取消，您的异议随之结束",
        f"{en}: the round is given up, and your objection ends with it",
        reason,
        reason,
        "/honours/mine",
        now,
    )


def dry(tx: Tx, row: Any, to: Sequence[int], now: datetime) -> None:
    """The fund behind a reward is empty; the honour stands."""
    zh, en = title_of(row)
    inbox.notify_many(
        tx,
        [{"member_id": member, "key": f"honour:{row.id}:dry"} for member in to],
        "honour",
        f"{zh}的奖励积分暂未发放",
        f"{en}: the reward is not paid yet",
        "奖励资金不足，补足后会补发；荣誉与证书不受影响。",
        "The fund has run dry and will be filled; the honour and its certificate stand.",
        "/honours/mine",
        now,
    )


def _tell(
    tx: Tx, row: Any, candidate: Any, to: Sequence[int], key: str, said: tuple[str, str], body: str, now: datetime
) -> None:
    inbox.notify_many(
        tx,
        [{"member_id": member, "key": f"honour:{candidate.id}:{key}"} for member in to],
        "honour",
        *said,
        body,
        body,
        "/honours/mine",
        now,
    )
