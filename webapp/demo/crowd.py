"""The crowd of the demo park written set-wise: members, consents and memberships, thousands in a statement.

The rooms' own services take in one person at a time; a hundred thousand would take an hour. This is the
only module that writes other rooms' rows itself, and it writes what those services would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from points_engine.clock import local_day
from webapp.campaigns.tables import campaign_join
from webapp.demo import names
from webapp.demo.days import at
from webapp.demo.people import SHOWN, Person
from webapp.demo.town import Unit
from webapp.green_units.tables import membership
from webapp.members.consents import REQUIRED, VERSIONS
from webapp.members.ids import LETTERS
from webapp.members.passwords import hash_password
from webapp.members.phones import book
from webapp.members.tables import consent, member
from webapp.store import Store, Tx

PASSWORD = "puhui-demo"
BATCH = 5000
WITH_PHONE = 5000  # sealing a number takes longer than everything else about a member
BOARDS, NOTICES, PHOTOS, LOCATION = 0.93, 0.85, 0.7, 0.3  # how many say yes
STAFF = {
    "hr-demo": ("曦禾光电人事", "HR"),
    "merchant-demo": ("园区食堂窗口", "Canteen"),
    "reviewer-demo": ("核验员小周", "Reviewer"),
    "editor-demo": ("运营编辑小吕", "Editor"),
    "auditor-demo": ("审计员老韩", "Auditor"),
    "admin-demo": ("平台管理员", "Administrator"),
}


class Registry:
    """Makes members' rows; one password hash serves everybody, for hashing is slow on purpose."""

    def __init__(self, settings: Any, rng: Random) -> None:
        self.rng = rng
        self.book = book(settings)
        self.password_hash = hash_password(PASSWORD)

    def row(
        self, login: str, nickname: str, created_at: datetime, *, boards: bool, phone: str | None
    ) -> dict[str, Any]:
        return {
            "public_id": "".join(self.rng.choices(LETTERS, k=10)),
            "login": login,
            "phone_hash": self.book.fingerprint(phone) if phone else None,
            "phone_cipher": self.book.seal(phone) if phone else None,
            "password_hash": self.password_hash,
            "nickname": nickname,
            "board_opt_out": not boards,
            "elder": False,
            "age_14_confirmed_at": created_at,
            "goal_g_month": self.rng.choice((5000, 10000, 10000, 20000, 20000, 30000)),
            "created_at": created_at,
        }


def write_staff(tx: Tx, registry: Registry, now: datetime) -> dict[str, int]:
    """The staff sign-ins: login -> member id."""
    rows = [registry.row(login, nick, now, boards=False, phone=None) for login, (nick, _) in STAFF.items()]
    tx.insert(member, rows)
    ids = _ids(tx, [row["login"] for row in rows])
    tx.insert(consent, [_consent(ids[login], p, now) for login in sorted(ids) for p in REQUIRED])
    return ids


def write_members(
    store: Store, registry: Registry, people: Sequence[Person], units: Sequence[Unit], first: date
) -> Iterator[int]:
    """Register everybody, let them say yes or no, and join their units; yields how many are in."""
    for start in range(0, len(people), BATCH):
        some = people[start : start + BATCH]
        with store.write() as tx:
            _write(tx, registry, some, units, first)
        yield start + len(some)


def _write(tx: Tx, registry: Registry, some: Sequence[Person], units: Sequence[Unit], first: date) -> None:
    rng = registry.rng
    rows, yes, joined = [], [], []
    for person in some:
        purposes = _purposes(rng, person)
        created_at = joined_at(rng, person, first)
        nickname = "老顶山下的小满" if person.number == SHOWN else names.nickname(rng)
        phone = names.phone(person.number) if person.number <= WITH_PHONE else None
        row = registry.row(person.login, nickname, created_at, boards="boards" in purposes, phone=phone)
        rows.append(row | {"elder": person.elder and rng.random() < 0.5})
        yes.append(purposes)
    tx.insert(member, rows)
    ids = _ids(tx, [row["login"] for row in rows])
    consents = []
    for person, row, purposes in zip(some, rows, yes, strict=True):
        person.member_id = ids[person.login]
        consents += [_consent(person.member_id, p, row["created_at"]) for p in purposes]
        joined += list(_memberships(rng, person, units, row["created_at"]))
    tx.insert(consent, consents)
    tx.insert(membership, joined)


def joined_at(rng: Random, person: Person, first: date) -> datetime:
    """When the person registered: before the first day, or on the day before they begin."""
    if person.since == 0:
        return at(first - timedelta(days=rng.randrange(1, 12)), rng.uniform(480, 1320))
    return at(first + timedelta(days=person.since - 1), rng.uniform(480, 1380))


def _purposes(rng: Random, person: Person) -> list[str]:
    draws = {"boards": BOARDS, "notices": NOTICES, "photos": PHOTOS, "location": LOCATION}
    said = {purpose: rng.random() < share for purpose, share in draws.items()}
    if person.quiet or person.number == SHOWN:
        said = {purpose: purpose != "location" or not person.quiet for purpose in draws}
    return [*REQUIRED, *(purpose for purpose in VERSIONS if said.get(purpose))]


def _consent(member_id: int, purpose: str, now: datetime) -> dict[str, Any]:
    return {"member_id": member_id, "purpose": purpose, "given_at": now, "version": VERSIONS[purpose]}


def _memberships(rng: Random, person: Person, units: Sequence[Unit], now: datetime) -> Iterator[dict[str, Any]]:
    for index in (person.unit, person.community):
        if index < 0:
            continue
        unit = units[index]
        departments = unit.departments if index == person.unit else []
        yield {
            "member_id": person.member_id,
            "id": f"{int(now.timestamp() * 1_000_000):016x}{rng.getrandbits(32):08x}",
            "unit_id": unit.id,
            "kind": unit.kind,
            "department_id": departments[person.department] if departments else None,
            "joined_on": local_day(now),
        }


def _ids(tx: Tx, logins: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(logins), 500):
        rows = tx.rows(select(member.c.login, member.c.id).where(member.c.login.in_(logins[start : start + 500])))
        found |= {row.login: row.id for row in rows}
    return found


def write_joins(tx: Tx, campaign_id: int, member_ids: Sequence[int], now: datetime) -> None:
    """These members take part in a campaign; who is in already stays as they are."""
    rows = [{"member_id": m, "campaign_id": campaign_id, "joined_at": now, "seen_seq": 0} for m in member_ids]
    tx.upsert(campaign_join, rows, key=("member_id", "campaign_id"))
