"""How each board counts, in words: the same sentences on the live page, in the file and in what was published."""

from __future__ import annotations

from points_engine.boards import FEWEST, rules
from webapp.rankings.boards import Board

GRAMS = (
    "统计周期内减排量（克二氧化碳当量），自报与核验的合计；自报行为已按一半计。",
    "Grams of CO2e within the period, declared and verified together; declared acts are already halved.",
)
UNITS = (
    "单位只计成员在该单位期间（按入离日期）的行为。",
    "A unit counts what its people did while they belonged to it, by the dates of their memberships.",
)
PEOPLE = (
    "人数为周期内曾在该单位的所有人。",
    "People are everybody who belonged to the unit in the period.",
)
SHOWN = (
    f"不足 {FEWEST} 人、或实际参与不足 {FEWEST} 人的单位不上榜。选择不公开名称的，只隐去名称，成绩照计。",
    f"Units of fewer than {FEWEST} people, or with fewer than {FEWEST} who took part, are not shown. Whoever opts out "
    "is not named; the figures stay.",
)
FAMILY = (
    "家庭由本人选择是否上榜，并以昵称出现。",
    "Families choose whether they are shown, under a nickname.",
)
CLOSING = (
    "周期结束后 72 小时内补记的行为计入，之后定榜；更正另出新版本，原版本保留。数值相同名次并列（1、2、2、4）；"
    "实时榜并列者先达到的排在前面，定榜文件中并列者不分先后、按编号排列。",
    "Acts logged up to 72 hours after the end count; then the board is closed, and a correction makes a further "
    "version while the earlier one stays. Equal values share a place (1, 2, 2, 4); on the live board whoever got "
    "there first stands first, in the file of a closed one a tie has no order and stands by reference.",
)
EXAMPLE = (
    "例：6 人的单位人均 1843.333 克，同级均值取 930 克：(6×1843.333 + 20×930) ÷ (6 + 20) = 1140.769 克。",
    "Example: a unit of 6 people at 1843.333 g each, mean of its class 930 g: (6 x 1843.333 + 20 x 930) / (6 + 20) "
    "= 1140.769 g.",
)
OF_MEASURE = {
    "per_head": ("人均为减排量除以人数，保留到千分之一克，向下取整。", "Per head is grams over people, to a thousandth, rounded down."),
    "participation": (
        "参与率为周期内有减排量的成员占该单位人数的百分比。",
        "Participation is the percentage of the unit's people who saved anything in the period.",
    ),
    "improvement": (
        "比自己为本期人均占基线人均的百分比，100% 即与基线持平；基线为上年同期，上年同期没有减排量的，取此前 4 周（月榜为 "
        "3 个月）的人均；仍没有的不上榜。周期未结束时按已有数值计，会继续上升。",
        "Improvement is this period's grams per head in percent of the unit's own baseline; 100% means as before. The "
        "baseline is the same period last year, or where there was nothing the average per head of the 4 weeks (3 "
        "months) before; without either a unit is not shown. While a period runs the figure still rises.",
    ),
    "energy": (
        "节能为本单位表计各月用能比上年同月少用的量之和（多用的月份相减），折标准煤千克：电 0.1229 千克/千瓦时，"
        "天然气 1.2143 千克/立方米，热力 34.12 千克/吉焦（GB/T 2589-2020）；只计两年都有读数的月份，不作天气修正。",
        "Energy saved is what the unit's meters used less than in the same months last year (months with more are "
        "subtracted), in kg of standard coal: electricity 0.1229 kg/kWh, natural gas 1.2143 kg/m3, heat 34.12 kg/GJ (GB/T 2589-2020); "
        "only months with readings in both years, not corrected for weather.",
    ),
}  # fmt: skip
HOUSEHOLD = (
    "家庭人均按等效人数：第一位成人 1.0，其他成人 0.5，14 岁以下儿童 0.3（OECD 修正等值尺度）。",
    "Families are divided by person-equivalents: first adult 1.0, further adults 0.5, children under 14 0.3 "
    "(OECD-modified scale).",
)


def method(board: Board) -> tuple[str, str]:
    """How a board counts, in Chinese and in English."""
    family = board.subject == "family"
    parts = [] if board.measure in ("participation", "energy") else [GRAMS]
    if not board.of_members:
        parts += [UNITS] if board.measure != "energy" else []
        parts += [OF_MEASURE[board.measure]] if board.measure in OF_MEASURE else []
        parts += [HOUSEHOLD] if family and board.measure != "total" else [PEOPLE] if not family else []
        parts += [_shrunk()] if board.shrunk else []
        parts += [FAMILY if family else SHOWN]
    parts += [CLOSING]
    return "".join(zh for zh, _ in parts), " ".join(en for _, en in parts)


def _shrunk() -> tuple[str, str]:
    people = rules()["shrink"]["people"]
    return (
        f"小单位向同级（同类同规模）均值收缩：比较值 =（人数×自身值 + {people}×同级均值）÷（人数 + {people}），均值按人数"
        f"加权，取前三位数字，其余舍去。{EXAMPLE[0]}",
        f"Small units are drawn towards the mean of their class (same kind and size): compared value = (people x own "
        f"value + {people} x mean) / (people + {people}); the mean is weighted by people and keeps its first three "
        f"digits. {EXAMPLE[1]}",
    )
