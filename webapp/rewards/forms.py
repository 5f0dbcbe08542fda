"""What comes in: a request to redeem, a code at the counter, and the staff's forms for rewards and merchants."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from points_engine.errors import Invalid
from webapp.rewards.shelf import MerchantFacts, RewardFacts

LONGEST = {"code": 40, "name_zh": 60, "name_en": 120, "description_zh": 2000, "description_en": 4000,
           "address_zh": 120, "address_en": 200, "contact": 120}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Redeem:
    """A request to redeem, from the page or the API."""

    id: str
    reward_id: int

    @classmethod
    def parse(cls, given: Mapping[str, Any], reward: Any = None) -> Redeem:
        """`given` holds id and reward (the page names the reward in its address)."""
        wrong: dict[str, str] = {}
        made = read_uuid(given.get("id"), "id", wrong)
        number = _reward(given.get("reward") if reward is None else reward, wrong)
        if wrong:
            raise Invalid(wrong)
        return cls(made, number)


@dataclass(frozen=True, slots=True)
class Fulfil:
    """A code typed or sent at the counter."""

    id: str
    code: str

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Fulfil:
        wrong: dict[str, str] = {}
        made = read_uuid(given.get("id"), "id", wrong)
        code = given.get("code")
        if not isinstance(code, str) or not code.strip():
            wrong["code"] = "required"
        elif len(code) > 60:
            wrong["code"] = "too_long"
        if wrong:
            raise Invalid(wrong)
        return cls(made, str(code))


def read_uuid(given: Any, field: str, wrong: dict[str, str]) -> str:
    """Any version of UUID, in its one canonical spelling."""
    try:
        if not isinstance(given, str) or len(given) > 45:
            raise ValueError(given)
        return str(uuid.UUID(given))
    except ValueError:
        wrong[field] = "not_a_uuid"
        return ""


def _reward(given: Any, wrong: dict[str, str]) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 2**63:
        return given
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 18:
        return int(given)
    wrong["reward"] = "required" if given in (None, "") else "invalid"
    return 0


def read_reward(form: Mapping[str, str]) -> RewardFacts:
    """The staff's form for a reward; Invalid names every field that needs changing."""
    wrong: dict[str, str] = {}
    texts = {n: _text(form, n, wrong) for n in ("code", "name_zh", "name_en", "description_zh", "description_en")}
    facts = RewardFacts(
        **texts,
        kind=form.get("kind", ""),
        points=_whole(form, "points", wrong) or 0,
        per_member_limit=_whole(form, "per_member_limit", wrong, optional=True),
        limit_window=form.get("limit_window", "total"),
        hold_days=_whole(form, "hold_days", wrong) or 0,
        merchant_id=_whole(form, "merchant_id", wrong, optional=True),
        sort=_whole(form, "sort", wrong, optional=True) or 100,
    )
    if wrong:
        raise Invalid(wrong)
    return facts


def read_merchant(form: Mapping[str, str]) -> MerchantFacts:
    """The staff's form for a merchant."""
    wrong: dict[str, str] = {}
    names = ("code", "name_zh", "name_en", "address_zh", "address_en", "contact")
    texts = {name: _text(form, name, wrong) for name in names}
    wrong |= {name: "required" for name in ("code", "name_zh") if not texts[name]}
    if wrong:
        raise Invalid(wrong)
    return MerchantFacts(**texts)


def read_amount(form: Mapping[str, str]) -> int:
    """How many to put on the shelf; negative takes away."""
    text = form.get("amount", "").strip().replace("−", "-")
    try:
        return int(text)
    except ValueError as error:
        raise Invalid({"amount": "not_a_number" if text else "required"}) from error


def _text(form: Mapping[str, str], name: str, wrong: dict[str, str]) -> str:
    text = form.get(name, "").strip()
    if len(text) > LONGEST[name]:
        wrong[name] = "too_long"
    return text


def _whole(form: Mapping[str, str], name: str, wrong: dict[str, str], *, optional: bool = False) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        if not optional:
            wrong[name] = "required"
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        wrong[name] = "not_a_number"
        return None
    return int(text)
