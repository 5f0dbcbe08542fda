"""The demo park's pledge 公约: its text, and who has signed it by now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from webapp.demo.days import at
from webapp.pledges import service as pledges
from webapp.pledges.forms import PledgeFacts, PledgeText
from webapp.store import Tx

SLUG = "green-living"
BODY_ZH = """我们在这里生活和工作，愿意从能做到的小事做起：

1. **出行**：近路走路、骑车，远路坐公交和通勤车，能拼车就不独自开车。
2. **用电**：人走灯灭，空调夏天不低于 26℃、冬天不高于 20℃。
3. **吃饭**：按需点餐，不剩饭菜，自带餐具。
4. **购物**：自带袋子和杯子，少用一次性用品。
5. **办公**：双面打印，视频开会，低楼层走楼梯。
6. **回收**：分类投放，旧衣旧物继续有用。
7. **参与**：学一点节能降碳知识，也带动身边的人。

签署不产生积分，也不代表任何减排量；减排量只来自真实记录的行为。
"""
BODY_EN = """We live and work here, and begin with small things we can keep:

1. **Travel**: walk or ride when it is near, take the bus or the shuttle when it is far, share a car rather than drive alone.
2. **Power**: lights off when we leave; air conditioning not below 26 °C in summer, heating not above 20 °C in winter.
3. **Food**: order what we can eat, leave no leftovers, bring our own cutlery.
4. **Shopping**: our own bag and cup, fewer disposables.
5. **Office**: print on both sides, meet by video, take the stairs for a few floors.
6. **Recycling**: sort waste; let old clothes and things stay in use.
7. **Taking part**: learn something about saving energy, and bring others along.

Signing earns no points and stands for no reduction; grams come only from acts that were done and recorded.
"""


def build(tx: Tx, seed: int, staff: dict[str, int], people: Sequence[int], units: Sequence[int], first: date) -> None:
    """Publish the pledge before anybody registers; two in five sign, and so does every third unit."""
    rng = Random(f"{seed}:pledges")
    editor, begins = staff["editor-demo"], at(first - timedelta(days=7), 600)
    text = PledgeText("绿色生产生活公约", "Green work and living pledge", BODY_ZH, BODY_EN)
    made = pledges.create_pledge(tx, editor, PledgeFacts(SLUG, "both"), text, begins)
    pledges.publish(tx, editor, made, begins)
    signed = [
        (who, at(first, 60 + rng.randrange(1200)), rng.random() < 0.7)
        for who in people
        if rng.random() < 0.4 or who == people[0]
    ]
    pledges.sign_many(tx, made, 1, signed)
    for unit in units[::3]:
        pledges.sign_for_unit(tx, staff["admin-demo"], unit, made, 1, at(first, 30), staff=True)
