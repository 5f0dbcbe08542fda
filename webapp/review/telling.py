"""What members are told of verdicts: one plain notice each, with the reason and where to go on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from points_engine.methodology import Catalogue
from points_engine.review import rules
from webapp.inbox import service as inbox
from webapp.store import Tx

# (kind, word): title in both languages behind the act's name. A passed sample changes nothing and is not sent;
# its act says so.
TITLES = {
    ("pending", "accept"): ("核验通过", "accepted"),
    ("pending", "reject"): ("核验未通过", "not accepted"),
    ("sample", "fail"): ("抽查未通过，已收回", "did not hold when looked at again, and was taken back"),
    ("appeal", "overturn"): ("申诉成立，已重新计入", "your appeal was right; it counts again"),
    ("appeal", "uphold"): ("申诉未成立，维持原结论", "your appeal was looked at by somebody else; the verdict stays"),
}


def verdict(
    tx: Tx,
    catalogue: Catalogue,
    case: Any,
    word: str,
    zh: str,
    en: str,
    record: Mapping[str, Any],
    now: datetime,
) -> None:
    """Tell the member what was decided, why, and what can be done about it."""
    title = TITLES.get((case.kind, word))
    if title is None:
        return
    if word in ("reject", "fail"):
        days = rules()["decisions"]["appeal_days"]
        zh = f"{zh}。如有不同意见，{days} 天内可在这条记录的页面申诉，由另一位工作人员复核。"
        en = f"{en}. If you disagree, you can appeal on the record's page within {days} days; somebody else looks."
    if (case.kind, word) == ("sample", "fail"):
        zh += "收回的积分若已使用，会从以后获得的积分中扣还。"
        en += " Points already spent are made up from points to come."
    behaviour = catalogue.behaviour(record["behaviour"])
    inbox.notify(
        tx,
        case.member_id,
        "review",
        f"「{behaviour.name_zh}」{title[0]}",
        f"{behaviour.name_en}: {title[1]}",
        zh,
        en,
        f"/activities/{record['id']}",
        now,
        key=f"{'review' if case.kind == 'pending' else case.kind}:{record['id']}",
    )


def stopped(tx: Tx, member_id: int, now: datetime) -> None:
    """Photos no longer earn by themselves."""
    inbox.notify(
        tx,
        member_id,
        "review",
        "带照片的行为改为先核验后计入",
        "Acts with a photo are now looked at before they count",
        "最近多次抽查没有通过。以后带照片的行为会先由工作人员核验，通过后照常计入；不带照片的行为不受影响。",
        "Several acts did not hold when looked at. From now on a person looks first; acts without a photo are as before.",
        "/activities",
        now,
        key=f"stopped:{now.isoformat()}",
    )


def reopened(tx: Tx, member_id: int, now: datetime) -> None:
    """Photos earn at once again."""
    inbox.notify(
        tx,
        member_id,
        "review",
        "带照片的行为恢复即时计入",
        "Acts with a photo count at once again",
        "工作人员已恢复您带照片行为的即时计入，近期仍会多看几次。",
        "Your photos count at once again; for a while we look at them more often.",
        "/activities",
        now,
        key=f"reopened:{now.isoformat()}",
    )
