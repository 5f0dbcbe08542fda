"""What other rooms may ask of rewards: redeem, cancel, expire, fulfil, and the staff's hand on the shelf."""

from webapp.rewards.counter import fulfil_typed, wrong_codes_left
from webapp.rewards.fulfilling import Receipt, fulfil
from webapp.rewards.redeeming import (
    Redeemed,
    cancel_redemption,
    expire_holds,
    forget,
    redeem,
)
from webapp.rewards.shelf import (
    MerchantFacts,
    RewardFacts,
    add_stock,
    change_merchant,
    change_reward,
    create_merchant,
    create_reward,
    set_status,
    stock_audit,
    stock_totals,
)

__all__ = [
    "MerchantFacts",
    "Receipt",
    "Redeemed",
    "RewardFacts",
    "add_stock",
    "cancel_redemption",
    "change_merchant",
    "change_reward",
    "create_merchant",
    "create_reward",
    "expire_holds",
    "forget",
    "fulfil",
    "fulfil_typed",
    "redeem",
    "set_status",
    "stock_audit",
    "stock_totals",
    "wrong_codes_left",
]
