"""Children in a family: a guardian makes their account, it joins the family, and ends being a child's at fourteen."""

from __future__ import annotations

from datetime import datetime

from points_engine.clock import local_day
from points_engine.errors import refuse
from webapp.green_units import queries
from webapp.green_units import service as units
from webapp.inbox import service as inbox
from webapp.members import queries as members
from webapp.members import service as accounts
from webapp.members.forms import ChildAccount
from webapp.members.phones import PhoneBook
from webapp.store import Tx


def create_child(tx: Tx, book: PhoneBook, guardian_id: int, command: ChildAccount, hashed: str, now: datetime) -> int:
    """Make a child's account in the guardian's family; raises needs_family, family_full, too_many_children."""
    family = queries.unit_ids_of(tx, guardian_id).get("family")
    if family is None:
        raise refuse("conflict", "needs_family")
    member_id = accounts.register_child(tx, book, guardian_id, command, hashed, now)
    units.join_unit(tx, member_id, family, now)
    return member_id


def ward_of(tx: Tx, guardian_id: int, public_id: str) -> members.Ward:
    """A child of this guardian; 404 unknown_member for anybody else's."""
    for ward in members.wards(tx, guardian_id):
        if ward.public_id == public_id:
            return ward
    raise refuse("not_found", "unknown_member")


def hand_over(tx: Tx, guardian_id: int, public_id: str, to: str, now: datetime) -> None:
    """Another grown-up of the same family keeps the account from now on."""
    ward = ward_of(tx, guardian_id, public_id)
    other = members.id_of(tx, to)
    family = queries.unit_ids_of(tx, guardian_id).get("family")
    if family is None or queries.unit_ids_of(tx, other).get("family") != family:
        raise refuse("not_found", "unknown_member")
    accounts.hand_over(tx, ward.id, other)
    inbox.notify(
        tx, other, "family", f"您现在是{ward.nickname}的监护人", f"You are now the guardian of {ward.nickname}",
        "", "", "/units/children", now,
    )  # fmt: skip


def grow_up(tx: Tx, now: datetime) -> int:
    """End the accounts whose owners are fourteen by now; both are told."""
    done = members.grown_up(tx, local_day(now))
    for member_id, guardian_id in done:
        accounts.end_childhood(tx, member_id, now)
        for who in (member_id, guardian_id):
            inbox.notify(
                tx, who, "family", "年满 14 岁，账号已转为普通账号", "Fourteen: the account is one like any other now",
                "以后可以自己决定是否上榜、使用位置和兑换。", "Boards, location and rewards are now their own choice.",
                "/me", now, key=f"fourteen:{member_id}",
            )  # fmt: skip
    return len(done)
