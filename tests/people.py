"""The cast: Ling rides, Bo is in her green unit, Chen is in another, Wang is staff, Mei keeps the counter."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from points_engine.ledger import Move
from webapp.green_units import service as green_units
from webapp.green_units.forms import UnitNames
from webapp.ledger import service as ledger
from webapp.members import service as members
from webapp.members import signin
from webapp.members.forms import Registration
from webapp.members.phones import book
from webapp.rewards import service as rewards

PASSWORD = "correct horse 42"


@dataclass(frozen=True)
class Person:
    """A registered member of the test world."""

    id: int
    login: str
    house: Any

    def token(self, kind: str = "api") -> str:
        """A live session, opened without the slow password."""
        with self.house.store.write() as tx:
            return signin.start_session(tx, self.id, kind, "test", self.house.clock.now())

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    def sign_in(self, client: Any) -> Any:
        """Put a web session into the client's cookie jar."""
        token = self.token("web")
        with client.session_transaction() as session:
            session["_user_id"] = token
            session["_fresh"] = True
        return client


def make_member(
    house: Any, login: str, *roles: str, password: str | None = None, nickname: str | None = None
) -> Person:
    """A member with every consent, and staff roles when named."""
    now = house.clock.now()
    command = Registration(
        nickname or login.capitalize(), ("terms", "privacy", "boards", "notices"), None, login, password
    )
    with house.store.write() as tx:
        member_id = members.register_member(tx, book(house.settings), command, now)
        for role in roles:
            members.grant_role(tx, 0, member_id, role, now)
    return Person(member_id, login, house)


def give_points(house: Any, person: Person, points: int) -> None:
    """Points out of thin air, as an award with a cause of its own."""
    key = uuid.uuid4().hex
    with house.store.write() as tx:
        ledger.post(
            tx,
            [Move(person.id, "points", "awarded", "points", points, "grant", f"grant:{key}", key)],
            house.clock.now(),
        )


def make_shop(house: Any, keeper: Person, *, points: int = 50, stock: int = 10, limit: int | None = None) -> int:
    """A merchant with `keeper` at the counter and one reward on the shelf; the reward's id."""
    now = house.clock.now()
    with house.store.write() as tx:
        merchant = rewards.create_merchant(
            tx, 0, rewards.MerchantFacts(code=f"shop-{uuid.uuid4().hex[:6]}", name_zh="潞州小店"), now
        )
        members.grant_role(tx, 0, keeper.id, "merchant", now, merchant_id=merchant)
        facts = rewards.RewardFacts(
            code=f"cup-{uuid.uuid4().hex[:6]}",
            name_zh="豆浆一杯",
            kind="voucher",
            points=points,
            merchant_id=merchant,
            per_member_limit=limit,
        )
        reward = rewards.create_reward(tx, 0, facts, now)
        rewards.add_stock(tx, 0, reward, stock, now)
        rewards.set_status(tx, 0, reward, "on", now)
    return int(reward)


def make_unit(house: Any, kind: str, name: str, *people: Person) -> int:
    """A green unit with `people` in it, the first of them its admin."""
    now = house.clock.now()
    with house.store.write() as tx:
        unit = green_units.create_unit(tx, 0, kind, UnitNames.parse({"name": name}), now)
        for person in people:
            green_units.join_unit(tx, person.id, unit, now)
        if people:
            green_units.set_admin(tx, 0, unit, people[0].id, True, now, staff=True)
    return int(unit)
