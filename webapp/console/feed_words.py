"""Words about partners' files: how far they are, and why a row is worth nothing."""

from __future__ import annotations

from webapp.console.words import ACT_REASONS
from webapp.web import t
from webapp.web.messages import reason

Pair = tuple[str, str]

# By step and state; what failed or waits is told in the same words in both steps but for what it waits for.
STATES: dict[str, tuple[str, str, str]] = {
    "trial queued": ("等待试算", "Waiting to be tried out", "info"),
    "trial running": ("试算中", "Being tried out", "info"),
    "trial done": ("已试算，还没有计入", "Tried out, nothing credited yet", "warn"),
    "trial failed": ("试算没有完成", "The trial did not finish", "bad"),
    "import queued": ("等待导入", "Waiting to be imported", "info"),
    "import running": ("导入中", "Being imported", "info"),
    "import done": ("已导入", "Imported", "good"),
    "import failed": ("导入没有完成", "The import did not finish", "bad"),
}
DROPPED = ("文件已删除", "The file is deleted", "")
REASONS: dict[str, Pair] = {
    "row_unreadable": ("列数和表头不符，或引号不成对", "More or fewer cells than the header, or broken quotes"),
    "event_missing": ("没有流水号", "No number of the event"),
    "event_unreadable": ("流水号过长或有不可见字符", "The number of the event is too long or not printable"),
    "unknown_member": ("找不到这个账号、手机号或编号对应的用户", "Nobody has this account, number or id"),
    "unknown_behaviour": ("映射里没有这个行为", "The mapping does not know this act"),
    "left_out": ("按映射的条件不计", "The mapping says that this row does not count"),
    "not_a_number": ("数量不是数字", "The amount is no number"),
    "must_be_positive": ("数量要大于 0", "The amount must be above 0"),
    "out_of_bounds": ("数量超出合理范围", "The amount is outside sensible bounds"),
    "not_a_time": ("时间读不出来", "The time cannot be read"),
    "in_future": ("时间晚于现在", "The time lies ahead"),
    "too_old": ("超过 400 天", "Over 400 days old"),
    "missing": ("缺少需要的内容", "Something is missing"),
    "not_a_choice": ("不是可选的值", "Not one of the choices"),
    "event_changed": ("这个流水号已有不同的内容", "This event is known with other facts"),
    "already_imported": ("已经导入过", "The event is known already"),
    "metered_at_home": ("家里的表已经计入", "The meter at home measures this"),
}


def state_of(step: str, state: str) -> tuple[str, str, str]:
    """The words and the tone of a file's badge."""
    return DROPPED if state == "dropped" else STATES[f"{step} {state}"]


def reason_of(code: str) -> str:
    """Why a row is worth nothing."""
    pair = REASONS.get(code) or ACT_REASONS.get(code)
    return t(*pair) if pair else reason(code)
