"""What a challenge adds up to: counted acts of who takes part, within dated memberships, by person, team and behaviour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select

from points_engine import challenge as rules
from points_engine.campaign import days_of_window
from points_engine.challenge import Group, Person, Stay, Sums, Task
from points_engine.workdays import Workdays, days_between
from webapp.activities import queries as activities
from webapp.challenges.tables import challenge, challenge_invite, challenge_join, challenge_task
from webapp.challenges.workdays import workdays
from webapp.green_units import queries as units
from webapp.store import Tx

j, m, a = challenge_join.c, units.memberships.c, activities.acts.c


@dataclass(frozen=True, slots=True)
class Teams:
    """Which team each department belongs to: the chosen departments, or those right under the unit."""

    names: Mapping[int, str]
    of: Mapping[int, int]
    everybody: bool  # whether people outside these departments are meant as well

    def team(self, department: int | None) -> int | None:
        return self.of.get(department) if department is not None else None

    def meant(self, department: int | None) -> bool:
        return self.everybody or (department is not None and department in self.of)


@dataclass(frozen=True, slots=True)
class Measured:
    """How far a challenge has come."""

    days: int
    people: Sequence[Person]
    everybody: Group
    teams: Mapping[int, Group]  # teams of five and more, and the joint one
    names: Mapping[int, str]
    workdays: int = 0  # in the whole window, by the calendar as it stood


def window_of(row: Row[Any]) -> tuple[date, date]:
    """First and last local day."""
    return days_of_window(row.starts_at, row.ends_at)


def tasks_of(tx: Tx, challenge_id: int) -> list[Task]:
    """The tasks in the order in which rewards are paid."""
    c = challenge_task.c
    rows = tx.rows(select(challenge_task).where(c.challenge_id == challenge_id).order_by(c.sort, c.id))
    return [Task(r.id, r.scope, r.goal, r.target, r.reward_points) for r in rows]


def teams_of(tx: Tx, unit_id: int, audience: str, departments: Iterable[int]) -> Teams:
    """The teams of a unit, by one statement."""
    tree = units.tree_of(tx, unit_id)
    chosen = [d for d in departments if d in tree.by_id] if audience == "departments" else []
    roots = chosen if audience == "departments" else [part.id for part in tree.children(unit_id)]
    of: dict[int, int] = {}
    for root in sorted(roots, key=lambda r: tree.by_id[r].depth):  # a chosen one inside another is a team of its own
        of |= dict.fromkeys(tree.below(root), root)
    return Teams({root: tree.by_id[root].name for root in roots}, of, audience != "departments")


def eligible(tx: Tx, row: Row[Any], teams: Teams, on: date) -> dict[int | None, int]:
    """How many people could take part on a day, by team."""
    belonged = and_(m.unit_id == row.unit_id, m.joined_on <= on, or_(m.left_on.is_(None), m.left_on > on))
    query = select(m.department_id, func.count().label("n")).where(belonged).group_by(m.department_id)
    if row.audience == "invited":
        i = challenge_invite.c
        query = query.where(m.member_id.in_(select(i.member_id).where(i.challenge_id == row.id)))
    found: dict[int | None, int] = {}
    for r in tx.rows(query):
        if teams.meant(r.department_id):
            team = teams.team(r.department_id)
            found[team] = found.get(team, 0) + int(r.n)
    return found


def taking_part(challenge_id: Any) -> Any:
    """Who takes part now: joined, and still of the unit; who has left it is no longer counted and hears nothing."""
    belongs = and_(m.member_id == j.member_id, m.unit_id == challenge.c.unit_id, m.left_on.is_(None))
    people = challenge_join.join(challenge, challenge.c.id == j.challenge_id).join(units.memberships, belongs)
    return select(j.member_id).select_from(people).where(j.challenge_id == challenge_id, j.left_on.is_(None))


def is_meant(tx: Tx, row: Row[Any], member_id: int) -> bool:
    """Whether this person may take part today."""
    mine = tx.row(
        select(m.department_id).where(m.member_id == member_id, m.unit_id == row.unit_id, m.left_on.is_(None))
    )
    if mine is None:
        return False
    if row.audience == "invited":
        i = challenge_invite.c
        asked = select(i.member_id).where(i.challenge_id == row.id, i.member_id == member_id)
        return tx.scalar(asked) is not None
    return teams_of(tx, row.unit_id, row.audience, row.departments).meant(mine.department_id)


def counted(row: Row[Any]) -> tuple[Any, list[Any]]:
    """Acts that count: accepted, worth something, in the window by our clock and by the day, while taking part."""
    first, last = window_of(row)
    source = challenge_join.join(units.memberships, and_(m.member_id == j.member_id, m.unit_id == row.unit_id)).join(
        activities.acts,
        and_(
            a.member_id == j.member_id,
            a.occurred_on >= j.joined_on,
            or_(j.left_on.is_(None), a.occurred_on < j.left_on),
            a.occurred_on >= m.joined_on,
            or_(m.left_on.is_(None), a.occurred_on < m.left_on),
        ),
    )
    those = [
        j.challenge_id == row.id,
        a.status == "accepted",
        or_(a.grams > 0, a.points > 0),
        a.occurred_on.between(first, last),
        a.recorded_at >= row.starts_at,
        a.recorded_at < row.ends_at,
    ]
    if row.behaviours:
        those.append(a.behaviour.in_(row.behaviours))
    return source, those


def sums_by_member(
    tx: Tx, row: Row[Any], calendar: Workdays, teams: Teams, member_id: int | None = None
) -> dict[tuple[int, int | None], Sums]:
    """What each person did for each team, by one statement."""
    first, last = window_of(row)
    off = [day for day in days_between(first, last) if not calendar.is_workday(day)]
    source, those = counted(row)
    if member_id is not None:
        those.append(j.member_id == member_id)
    worked = case((a.occurred_on.in_(off), None), else_=a.occurred_on) if off else a.occurred_on
    rows = tx.rows(
        select(
            a.member_id, m.department_id, func.count().label("acts"), func.sum(a.grams).label("grams"),
            func.count(func.distinct(a.occurred_on)).label("days"),
            func.count(func.distinct(worked)).label("workdays"),
        ).select_from(source).where(*those).group_by(a.member_id, m.department_id)
    )  # fmt: skip
    found: dict[tuple[int, int | None], Sums] = {}
    for r in rows:
        if teams.meant(r.department_id):
            key = (r.member_id, teams.team(r.department_id))
            found[key] = found.get(key, Sums()) + Sums(r.acts, int(r.grams or 0), r.days, r.workdays)
    return found


def stays_of(tx: Tx, row: Row[Any], teams: Teams, until: date) -> tuple[list[Stay], dict[int, Any]]:
    """Everybody's days in the window up to `until`, and of each the first day of joining, whether they stay, the team.

    Who leaves the unit or their part after the last day has taken part to the end; who leaves the platform has not.
    """
    first, last = window_of(row)
    rows = tx.rows(
        select(
            j.member_id, j.joined_on, j.left_on, m.department_id, m.joined_on.label("since"), m.left_on.label("until")
        )
        .select_from(challenge_join.join(units.memberships, and_(m.member_id == j.member_id, m.unit_id == row.unit_id)))
        .where(j.challenge_id == row.id)
    )
    stays: list[Stay] = []
    whose: dict[int, list[Any]] = {}  # joined, stays, team, last day
    for r in rows:
        mine = whose.setdefault(r.member_id, [r.joined_on, False, None, date.min])
        mine[0] = min(mine[0], r.joined_on)
        if not teams.meant(r.department_id):
            continue
        met = rules.meet((first, until), (r.joined_on, r.left_on), (r.since, r.until)) if until >= first else None
        team = teams.team(r.department_id)
        if met:
            stays.append(Stay(r.member_id, team, *met))
            if met[1] > mine[3]:
                mine[2], mine[3] = team, met[1]
        mine[1] = mine[1] or (r.left_on is None and r.since <= last and (r.until is None or r.until > last))
    return stays, whose


def measure(tx: Tx, row: Row[Any], today: date) -> Measured:
    """Everything at once, by six statements whatever the number of people."""
    first, last = window_of(row)
    until = min(last, today)
    calendar = workdays(tx, first, last)
    teams = teams_of(tx, row.unit_id, row.audience, row.departments)
    sums = sums_by_member(tx, row, calendar, teams)
    stays, whose = stays_of(tx, row, teams, until)
    could = eligible(tx, row, teams, until)
    total: dict[int, Sums] = {}
    for (member, _), one in sums.items():
        total[member] = total.get(member, Sums()) + one
    people = [Person(n, w[0], w[1], w[2], total.get(n, Sums())) for n, w in sorted(whose.items())]
    groups = _groups(calendar, stays, sums, people)
    with_all = rules.with_eligible(groups, could)
    everybody = Group()
    for group in with_all.values():
        everybody = everybody + group
    # Somebody who moved counts for two teams, but is one person of all.
    distinct = Group(
        len({s.member for s in stays if s.days}), everybody.eligible, sum(p.sums.acts > 0 and p.stays for p in people),
        everybody.person_days, everybody.person_workdays, everybody.sums, everybody.doers,
    )  # fmt: skip
    days = max(0, (until - first).days + 1)
    return Measured(days, people, distinct, rules.gather(with_all), teams.names, len(calendar.between(first, last)))


def _groups(
    calendar: Workdays, stays: Sequence[Stay], sums: Mapping[tuple[int, int | None], Sums], people: Sequence[Person]
) -> dict[int | None, Group]:
    counted_days = rules.count_days(stays, calendar)
    active: dict[int | None, int] = {}
    for person in people:
        if person.stays and person.sums.acts:
            active[person.team] = active.get(person.team, 0) + 1
    done: dict[int | None, Sums] = {}
    doers: dict[int | None, set[int]] = {}
    for (member, team), one in sums.items():
        done[team] = done.get(team, Sums()) + one
        doers.setdefault(team, set()).add(member)
    return {
        team: Group(n, 0, active.get(team, 0), days, work, done.get(team, Sums()), frozenset(doers.get(team, ())))
        for team, (n, days, work) in counted_days.items()
    }


@dataclass(frozen=True, slots=True)
class Split:
    """What was done by one behaviour and evidence level, and by how many people."""

    behaviour: str
    level: str
    acts: int
    grams: int
    people: int


def splits(tx: Tx, row: Row[Any]) -> list[Split]:
    """Counted acts by behaviour and evidence level, most grams first."""
    source, those = counted(row)
    teams = teams_of(tx, row.unit_id, row.audience, row.departments)
    if not teams.everybody:
        those.append(m.department_id.in_(sorted(teams.of)))
    rows = tx.rows(
        select(
            a.behaviour, a.level, func.count().label("acts"), func.sum(a.grams).label("grams"),
            func.count(func.distinct(a.member_id)).label("people"),
        ).select_from(source).where(*those).group_by(a.behaviour, a.level)
    )  # fmt: skip
    found = [Split(r.behaviour, r.level, r.acts, int(r.grams or 0), r.people) for r in rows]
    return sorted(found, key=lambda s: (-s.grams, s.behaviour, s.level))


@dataclass(frozen=True, slots=True)
class Mine:
    """One person's own progress."""

    sums: Sums = field(default_factory=Sums)
    team: int | None = None


def mine(tx: Tx, row: Row[Any], member_id: int) -> Mine:
    """What this person's acts add up to, and their team today."""
    first, last = window_of(row)
    teams = teams_of(tx, row.unit_id, row.audience, row.departments)
    found = sums_by_member(tx, row, workdays(tx, first, last), teams, member_id)
    department = tx.scalar(
        select(m.department_id).where(m.member_id == member_id, m.unit_id == row.unit_id, m.left_on.is_(None))
    )
    return Mine(sum(found.values(), Sums()), teams.team(department))
