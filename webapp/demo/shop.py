"""The counter of the demo park: local merchants and rewards, and people who redeem, collect, cancel or forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from points_engine.errors import EngineError
from webapp.demo.days import new_id
from webapp.ledger import queries as ledger
from webapp.members import service as members
from webapp.rewards import service as rewards
from webapp.rewards.service import MerchantFacts, RewardFacts
from webapp.store import Tx

MERCHANTS = (
    MerchantFacts(
        "canteen", "园区食堂（示例）", "Park canteen (example)", "科技一路 8 号", "8 Keji 1st Road", "一楼服务台"
    ),
    MerchantFacts(
        "bus", "绿线公交服务点（示例）", "Green Line bus desk (example)", "公交首末站", "Bus terminus", "售票窗口"
    ),
    MerchantFacts(
        "bookshop", "拾光书店（示例）", "Shiguang bookshop (example)", "创业广场 2 层", "2F, Venture Square", "前台"
    ),
    MerchantFacts(
        "market", "禾下便利（示例）", "Hexia corner shop (example)", "和园路 16 号", "16 Heyuan Road", "收银台"
    ),
    MerchantFacts(
        "craft", "潞绸小铺（示例）", "Luzhou silk corner (example)", "文化中心一层", "1F, Culture Centre", "前台"
    ),
)


def _reward(
    code: str, zh: str, kind: str, points: int, en: str, merchant: str | None, stock: int, **more: object
) -> tuple[str | None, int, RewardFacts]:
    facts = RewardFacts(code, zh, kind, points, en, **more)  # type: ignore[arg-type]
    return merchant, stock, facts


# The first can be taken again and again: cheap, without a limit, and there is plenty.
REWARDS = (
    _reward("canteen-1", "食堂 1 元抵扣券", "voucher", 50, "Canteen voucher, 1 yuan", "canteen", 20000, sort=10,
            description_zh="在园区食堂结账时出示兑换码，抵扣 1 元，可叠加使用。",
            description_en="Show the code at the canteen till: 1 yuan off; several may be used together."),
    _reward("bus-ride", "公交免费乘车券 1 次", "voucher", 100, "One free bus ride", "bus", 6000, sort=20, per_member_limit=8,
            limit_window="month", description_zh="到服务点换取乘车券，一次有效。", description_en="Collect the ticket at the desk; one ride."),
    _reward("canteen-soy", "食堂豆浆一杯", "goods", 120, "A cup of soy milk", "canteen", 3000, sort=30, per_member_limit=10,
            limit_window="month", description_zh="请自带杯。", description_en="Bring your own cup."),
    _reward("bag", "棉布购物袋", "goods", 300, "Cotton shopping bag", "market", 600, sort=40, per_member_limit=1,
            description_zh="代替塑料袋，可用上几百次。", description_en="Replaces plastic bags for hundreds of visits."),
    _reward("cup", "折叠随行杯", "goods", 800, "Folding cup", "market", 200, sort=50, per_member_limit=1,
            description_zh="硅胶折叠杯，350 毫升。", description_en="Silicone, 350 ml."),
    _reward("bell", "自行车铃", "goods", 450, "Bicycle bell", "market", 150, sort=60, per_member_limit=1,
            description_zh="给常骑车的您。", description_en="For those who ride."),
    _reward("book-5", "书店 5 元抵扣券", "voucher", 400, "Bookshop voucher, 5 yuan", "bookshop", 500, sort=70, per_member_limit=2,
            limit_window="month", description_zh="购书满 20 元可用。", description_en="For books from 20 yuan."),
    _reward("silk", "潞绸书签", "goods", 1200, "Lu silk bookmark", "craft", 80, sort=80, per_member_limit=1,
            description_zh="本地潞绸边角料制成，每枚花色不同。", description_en="Made of silk remnants; each is different."),
    _reward("plant", "绿萝一盆", "goods", 600, "A potted pothos", "market", 60, sort=90, per_member_limit=1, hold_days=3,
            description_zh="请在三天内领取。", description_en="Please collect within three days."),
    _reward("birds", "为漳泽湖候鸟捐一份口粮", "donation", 100, "Feed the birds of Zhangze Lake", None, 5000, sort=100,
            description_zh="演示用的公益项目：积分捐出后即完成，给您一张收据码。",
            description_en="A charity for the demo: your points are given at once and you get a receipt code."),
    _reward("trees", "为老顶山添一棵小树", "donation", 1500, "A sapling for Laoding Hill", None, 300, sort=110,
            description_zh="演示用的公益项目。", description_en="A charity for the demo."),
)  # fmt: skip
PULL = (30, 18, 10, 8, 3, 3, 5, 2, 4, 12, 1)  # how often each is chosen


@dataclass(slots=True)
class Held:
    """A redemption on its way: what its owner will do with it, and when."""

    member_id: int
    id: str
    code: str
    merchant: str
    day: int
    what: str


@dataclass(slots=True)
class Shop:
    """The shelf as built, and what is held at the moment."""

    merchants: dict[str, int] = field(default_factory=dict)
    clerks: dict[str, int] = field(default_factory=dict)
    rewards: list[tuple[int, RewardFacts, str | None]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def build(self, tx: Tx, staff: dict[str, int], clerks: Sequence[int], now: datetime) -> None:
        """Merchants with somebody at each counter, rewards on the shelf."""
        admin = staff["admin-demo"]
        free = iter(clerks)
        for desk in MERCHANTS:
            made = rewards.create_merchant(tx, admin, desk, now)
            own = desk.code in ("canteen", "bus")
            clerk = staff["merchant-demo"] if own else next(free, staff["merchant-demo"])
            members.grant_role(tx, admin, clerk, "merchant", now, merchant_id=made)
            self.merchants[desk.code], self.clerks[desk.code] = made, clerk
        for merchant, stock, facts in REWARDS:
            known = self.merchants[merchant] if merchant else None
            facts = replace(facts, merchant_id=known)
            made = rewards.create_reward(tx, staff["editor-demo"], facts, now)
            rewards.add_stock(tx, staff["editor-demo"], made, stock, now)
            rewards.set_status(tx, staff["editor-demo"], made, "on", now)
            self.rewards.append((made, facts, merchant))

    def redeem_some(self, tx: Tx, rng: Random, who: Sequence[int], day: int, now: datetime) -> None:
        """Each of `who` takes something they can pay for, if there is anything."""
        for member_id in who:
            points = ledger.wallet(tx, member_id).points
            within = [(r, w) for r, w in zip(self.rewards, PULL, strict=True) if r[1].points <= points]
            if within:
                ((reward, facts, merchant),) = rng.choices([r for r, _ in within], [w for _, w in within])
                self.redeem(tx, rng, member_id, reward, facts, merchant, day, now)

    def redeem(
        self,
        tx: Tx,
        rng: Random,
        member_id: int,
        reward: int,
        facts: RewardFacts,
        merchant: str | None,
        day: int,
        now: datetime,
        what: str = "",
    ) -> None:
        """One redemption, and what will become of it."""
        try:
            done = rewards.redeem(tx, member_id, new_id(rng), reward, now)
        except EngineError:  # at a limit: they leave it
            return
        if done.status != "held":
            return
        fate = what or rng.choices(("fulfil", "cancel", "forget"), (80, 7, 13))[0]
        after = rng.randrange(0, facts.hold_days) if fate != "forget" else 0
        self.held.append(Held(member_id, done.id, done.code, merchant or "", day + after, fate))

    def collect(self, tx: Tx, rng: Random, day: int, now: datetime) -> None:
        """What is collected or cancelled today, and the holds that have run out."""
        due = [h for h in self.held if h.day <= day and h.what != "forget"]
        self.held = [h for h in self.held if h.day > day]
        for n, held in enumerate(due):
            if held.what == "cancel":
                rewards.cancel_redemption(tx, held.member_id, held.id, now + timedelta(seconds=n))
                continue
            rewards.fulfil(
                tx,
                self.clerks[held.merchant],
                [self.merchants[held.merchant]],
                new_id(rng),
                held.code,
                now + timedelta(seconds=n),
            )
        while rewards.expire_holds(tx, now):
            pass
