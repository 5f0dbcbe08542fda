"""企业挑战: who counts for how long, goals of people, teams and all, places with ties, and who is rewarded in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

from points_engine.workdays import Workdays, days_between

# What each scope may aim at: acts, days, working days and grams of one person; grams together, grams a head, the share
# of people who took part and the share of working days with an act, of a team or of everybody; a place among teams.
GOALS = {
    "person": ("acts", "days", "workdays", "grams"),
    "team": ("total", "per_head", "rate", "frequency", "place"),
    "all": ("total", "per_head", "rate", "frequency"),
}
FEWEST = 5  # no figure for fewer people
CHEERED_FROM = timedelta(days=4)
JOINT = 0  # the team of all whose own team has too few people


@dataclass(frozen=True, slots=True)
class Task:
    """One goal and what everybody who reaches it is given."""

    id: int
    scope: str
    goal: str
    target: int
    reward_points: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """What one person's counted acts add up to."""

    acts: int = 0
    grams: int = 0
    days: int = 0
    workdays: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.acts + other.acts, self.grams + other.grams, self.days + other.days, self.workdays + other.workdays
        )


@dataclass(frozen=True, slots=True)
class Stay:
    """Days from `first` up to the day before `after` on which a person counts for a team (None: no team)."""

    member: int
    team: int | None
    first: date
    after: date

    @property
    def days(self) -> int:
        return max(0, (self.after - self.first).days)


@dataclass(frozen=True, slots=True)
class Group:
    """A team, or everybody: who takes part, for how many days, and what they did meanwhile."""

    people: int = 0
    eligible: int = 0
    active: int = 0
    person_days: int = 0
    person_workdays: int = 0
    sums: Sums = field(default_factory=Sums)
    # Who did what the sums hold, on days that counted for this team: others may have come to it since, or left it.
    doers: frozenset[int] = frozenset()

    def __add__(self, other: Group) -> Group:
        return Group(
            self.people + other.people,
            self.eligible + other.eligible,
            self.active + other.active,
            self.person_days + other.person_days,
            self.person_workdays + other.person_workdays,
            self.sums + other.sums,
            self.doers | other.doers,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the end: `stays` tells whether they still take part and belong; `team` is the one of the last day."""

    member: int
    joined: date
    stays: bool
    team: int | None
    sums: Sums


@dataclass(frozen=True, slots=True)
class Award:
    """A task somebody reached, with its points; `place` among teams where the task is a place."""

    member: int
    task: int
    points: int
    place: int | None = None


# --- who counts for how long ---------------------------------------------------------------------


def meet(
    window: tuple[date, date], joined: tuple[date, date | None], belonged: tuple[date, date | None]
) -> tuple[date, date] | None:
    """The days on which the window (both ends included), taking part and belonging (last day excluded) all hold."""
    end = date.fromordinal(window[1].toordinal() + 1)
    first = max(window[0], joined[0], belonged[0])
    after = min(end, joined[1] or end, belonged[1] or end)
    return (first, after) if first < after else None


def day_of_joining(today: date, first: date) -> date:
    """Acts count from the day of joining; who joins before the start counts from the start."""
    return max(today, first)


def may_join(status: str, ends_at: datetime, now: datetime) -> bool:
    """Until the last minute; a late joiner's targets are those of everybody."""
    return status in ("scheduled", "open") and now < ends_at


def count_days(stays: Iterable[Stay], workdays: Workdays) -> dict[int | None, tuple[int, int, int]]:
    """Of each team: people who counted for at least a day, their days, and their working days."""
    people: dict[int | None, set[int]] = {}
    sums: dict[int | None, list[int]] = {}
    known: dict[tuple[date, date], int] = {}
    for stay in stays:
        if not stay.days:
            continue
        key = (stay.first, stay.after)
        if key not in known:
            last = date.fromordinal(stay.after.toordinal() - 1)
            known[key] = sum(workdays.is_workday(day) for day in days_between(stay.first, last))
        people.setdefault(stay.team, set()).add(stay.member)
        counted = sums.setdefault(stay.team, [0, 0])
        counted[0] += stay.days
        counted[1] += known[key]
    return {team: (len(people[team]), *sums[team]) for team in sums}  # type: ignore[misc]


def gather(teams: Mapping[int | None, Group]) -> dict[int, Group]:
    """Teams of five and more; all others, and who has no team, together in one joint team if it has five."""
    kept = {team: group for team, group in teams.items() if team is not None and group.people >= FEWEST}
    rest = Group()
    for team, group in teams.items():
        if team not in kept:
            rest = rest + group
    if rest.people >= FEWEST:
        kept[JOINT] = rest
    return kept


def team_at_the_end(team: int | None, teams: Mapping[int, Group]) -> int | None:
    """The team somebody is rewarded with: their own, else the joint one, else none."""
    if team is not None and team in teams:
        return team
    return JOINT if JOINT in teams else None


# --- how far it has come -------------------------------------------------------------------------


def done_by_person(task: Task, sums: Sums) -> int:
    """How far one person has come, in whole units."""
    return int(getattr(sums, task.goal))


def missing(task: Task, sums: Sums, days_left: int, workdays_left: int) -> int | None:
    """What one person still lacks for a goal of their own: 0 when it is reached, None when the days left cannot do."""
    lack = max(0, task.target - done_by_person(task, sums))
    left = {"days": days_left, "workdays": workdays_left}.get(task.goal)
    return None if left is not None and lack > left else lack


def cheers(starts_at: datetime, ends_at: datetime) -> tuple[datetime, ...]:
    """When people are encouraged: at half time, and a day before the end; never in a challenge of less than four days."""
    if ends_at - starts_at < CHEERED_FROM:
        return ()
    return starts_at + (ends_at - starts_at) / 2, ends_at - timedelta(days=1)


def done_by_group(task: Task, group: Group, days: int) -> int:
    """How far a team, or everybody, has come in `days` days, rounded down; a head is a person for the whole time."""
    if task.goal == "total":
        return group.sums.grams
    if task.goal == "per_head":
        return group.sums.grams * days // group.person_days if group.person_days else 0
    if task.goal == "rate":
        return min(100, group.active * 100 // group.eligible) if group.eligible else 0
    assert task.goal == "frequency", task.goal
    return group.sums.workdays * 100 // group.person_workdays if group.person_workdays else 0


def places(teams: Mapping[int, Group], days: int) -> dict[int, int]:
    """Places by grams a head, exactly; equal teams share a place and the next one is left out; nothing done, no place."""
    score = {
        team: Fraction(group.sums.grams * days, group.person_days)
        for team, group in teams.items()
        if group.person_days and group.sums.grams
    }
    return {team: 1 + sum(other > mine for other in score.values()) for team, mine in score.items()}


# --- who is rewarded -----------------------------------------------------------------------------


def awards(
    tasks: Sequence[Task], people: Sequence[Person], teams: Mapping[int, Group], everybody: Group, days: int
) -> list[Award]:
    """Everybody who reached something, in the order in which a fund that runs dry pays: task, day of joining, number.

    Rewards go to those who still take part, still belong, and have at least one counted act.
    """
    order = sorted((p for p in people if p.stays and p.sums.acts), key=lambda p: (p.joined, p.member))
    placed = places(teams, days)
    found: list[Award] = []
    for task in tasks:
        for person in order:
            team = team_at_the_end(person.team, teams)
            reached, place = False, None
            if task.scope == "person":
                reached = done_by_person(task, person.sums) >= task.target
            elif task.scope == "all":
                reached = done_by_group(task, everybody, days) >= task.target
            elif team is not None and task.goal == "place":
                place = placed.get(team)
                reached = place is not None and place <= task.target
            elif team is not None:
                reached = done_by_group(task, teams[team], days) >= task.target
            if reached:
                found.append(Award(person.member, task.id, task.reward_points, place))
    return found


def with_eligible(groups: Mapping[int | None, Group], eligible: Mapping[int | None, int]) -> dict[int | None, Group]:
    """Add how many people could have taken part; a team nobody joined is there as well, with nothing."""
    return {
        team: replace(groups.get(team, Group()), eligible=eligible.get(team, 0))
        for team in groups.keys() | eligible.keys()
    }
