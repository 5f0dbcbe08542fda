"""Invented names of the demo park: companies, public bodies, communities, departments, nicknames, phones.

Nothing here names a real company or person; companies carry 示例 (example) in their full name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, product
from random import Random


@dataclass(frozen=True, slots=True)
class Trade:
    """What a company does: its departments and how its people work."""

    departments: tuple[str, ...]
    shifts: float  # the share of its people who work in shifts
    canteen: float  # how likely somebody eats in the canteen


MAKING = ("生产一部", "生产二部", "质量部", "设备部", "仓储物流部", "行政人事部", "研发中心")
LED = Trade(MAKING, 0.6, 0.9)
SOLAR = Trade(("电池车间", "组件车间", "工艺部", "质量部", "设备部", "行政人事部", "市场部"), 0.65, 0.9)
MACHINES = Trade(("铸造车间", "机加工车间", "装配车间", "技术部", "质检部", "综合办公室"), 0.5, 0.85)
PHARMA = Trade(("制剂车间", "提取车间", "质量管理部", "研发中心", "注册部", "行政部"), 0.4, 0.85)
FREIGHT = Trade(("调度中心", "车队", "仓储部", "客服部", "综合部"), 0.45, 0.5)
SOFTWARE = Trade(("平台研发部", "数据部", "测试部", "产品部", "交付部", "综合部"), 0.0, 0.45)
FOOD = Trade(("生产车间", "包装车间", "品控部", "仓储部", "行政部"), 0.55, 0.8)

COMPANIES: tuple[tuple[str, str, Trade], ...] = (
    ("曦禾光电", "光电科技有限公司", LED),
    ("暖阡光伏", "光伏科技有限公司", SOLAR),
    ("砺行机械", "机械制造有限公司", MACHINES),
    ("青岑药业", "药业有限公司", PHARMA),
    ("捷驮物流", "物流有限公司", FREIGHT),
    ("云岫软件", "软件技术有限公司", SOFTWARE),
    ("晴墨照明", "照明科技有限公司", LED),
    ("石铎轴承", "精密轴承有限公司", MACHINES),
    ("稻里食品", "食品有限公司", FOOD),
    ("拾穗储能", "储能技术有限公司", SOLAR),
    ("澄汀环保", "环保设备有限公司", MACHINES),
    ("知微检测", "检测技术有限公司", SOFTWARE),
)
MORE_FIRST = ("岚", "沐", "禾", "澜", "砚", "朔", "霁", "枫", "棠", "泓", "屿", "筑", "珩", "苒")
MORE_SECOND = ("舟", "川", "野", "麓", "岑", "汀", "阡", "穗", "桥", "石", "木", "峦")
MORE_TRADES = (
    ("光电", "光电科技有限公司", LED),
    ("机械", "机械制造有限公司", MACHINES),
    ("软件", "软件技术有限公司", SOFTWARE),
    ("药业", "药业有限公司", PHARMA),
    ("物流", "物流有限公司", FREIGHT),
    ("光伏", "光伏科技有限公司", SOLAR),
)

OFFICE = Trade(("办公室", "综合科", "业务科", "后勤科"), 0.0, 0.8)
SCHOOL = Trade(("语文组", "数学组", "综合组", "后勤处"), 0.0, 0.9)
HEALTH = Trade(("门诊", "护理部", "公共卫生科", "综合办公室"), 0.35, 0.7)
PUBLIC_BODIES: tuple[tuple[str, Trade], ...] = (
    ("园区综合办公室", OFFICE),
    ("园区政务大厅", OFFICE),
    ("园区实验小学", SCHOOL),
    ("园区第一中学", SCHOOL),
    ("园区卫生中心", HEALTH),
    ("园区图书馆", OFFICE),
    ("园区职业学校", SCHOOL),
    ("园区市政中心", Trade(("养护一队", "养护二队", "综合科"), 0.3, 0.6)),
    ("园区公交车队", Trade(("一车队", "二车队", "调度室", "维修间"), 0.6, 0.7)),
    ("园区幼儿园", SCHOOL),
    ("园区体育馆", OFFICE),
    ("园区应急站", Trade(("一班", "二班", "综合科"), 0.7, 0.9)),
)
COMMUNITY_FIRST = (
    "槐荫", "漳岸", "松涛", "枫桥", "杏园", "柳泉", "荷塘", "丁香", "梧桐", "翠屏",
    "北苑", "南苑", "东坪", "西坪", "新河", "石桥", "书香", "向阳", "和顺", "青山",
)  # fmt: skip
COMMUNITY_LAST = ("里社区", "苑社区", "社区", "家园", "花园", "小区")


def companies() -> Iterator[tuple[str, str, Trade]]:
    """Full name, short name, trade; the twelve first, then as many more as anybody asks for."""
    for short, ending, trade in COMPANIES:
        yield f"{short[:2]}{ending}（示例）", short, trade
    for number in count():
        for (last, ending, trade), first, second in product(MORE_TRADES, MORE_FIRST, MORE_SECOND):
            tail = "" if number == 0 else str(number + 1)
            yield f"{first}{second}{tail}{ending}（示例）", f"{first}{second}{last}{tail}", trade


def public_bodies() -> Iterator[tuple[str, Trade]]:
    yield from PUBLIC_BODIES
    for number in count(2):
        for name, trade in PUBLIC_BODIES:
            yield f"{name}{number}", trade


def communities() -> Iterator[str]:
    for number in count():
        for last, first in product(COMMUNITY_LAST, COMMUNITY_FIRST):
            yield f"{first}{last}" if number == 0 else f"{first}{number + 1}{last}"


WHO = (
    "小满", "谷雨", "阿杉", "小麦", "大饼", "栗子", "橘子", "石头", "豆包", "阿禾", "团子", "木木",
    "小鹿", "老陈醋", "米汤", "酸枣", "核桃", "柿子", "核桃仁", "阿北", "小顶", "沙棘", "连翘", "党参",
)  # fmt: skip
DOES = (
    "爱骑车的", "走路去上班的", "慢慢走的", "早起的", "不倒剩饭的", "带饭的", "爱喝茶的", "坐公交的",
    "爬楼梯的", "不开车的", "夜班归来的", "晒太阳的", "种花的", "省电的", "拎布袋的", "跑步的",
)  # fmt: skip
WHOLE = (
    "漳河边的风", "老顶山脚下", "太行晚晴", "一碗和子饭", "骑行看云", "半杯白开水", "晚风不燥", "今天也走路",
    "绿豆汤加冰", "云淡风轻", "知足常乐", "平安是福", "一路向阳", "春风十里", "山高水长", "月下独行",
    "细水长流", "静待花开", "简单生活", "清风徐来", "岁月静好", "南山有雪", "听雨的人", "拾光",
)  # fmt: skip
ELDERS = ("李", "王", "张", "刘", "陈", "赵", "杨", "郭", "韩", "申", "牛", "苗", "秦", "靳", "崔", "段")


def nickname(rng: Random) -> str:
    """A nickname somebody in the park might choose; at most twelve characters."""
    kind = rng.random()
    if kind < 0.34:
        name = rng.choice(DOES) + rng.choice(WHO)
    elif kind < 0.52:
        name = rng.choice(WHOLE)
    elif kind < 0.70:
        name = rng.choice(("阿", "小", "大", "老")) + rng.choice(ELDERS)
    else:
        name = rng.choice(WHO)
    return f"{name}{rng.randrange(2, 999)}"[:12] if kind > 0.45 and rng.random() < 0.7 else name[:12]


FAMILIES = ("一家人", "小院", "的小家", "之家", "小屋")
FAMILY_FIRST = ("向日葵", "三口", "四季", "槐树下", "早餐", "骑行", "小菜园", "阳台", "石榴", "团圆", "慢生活", "丰收")


def family(rng: Random) -> str:
    return f"{rng.choice(FAMILY_FIRST)}{rng.choice(FAMILIES)}"


def phone(number: int) -> str:
    """A number of a range nobody has been given, so that no stranger is ever called."""
    return f"142{number:08d}"
