"""Reads of home: everything the first page shows, in a fixed small number of statements."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from points_engine.clock import LOCAL, days_of, local_day, month_of
from points_engine.goal import Ring, ring
from points_engine.ledger import Wallet
from points_engine.methodology import Catalogue
from points_engine.streak import Streak, streak
from webapp.activities import queries as activities
from webapp.campaigns import queries as campaigns
from webapp.green_units import queries as green_units
from webapp.home import tiles
from webapp.inbox import queries as inbox
from webapp.ledger import queries as ledger
from webapp.ledger.queries import Line
from webapp.members import queries as members
from webapp.rankings import queries as rankings
from webapp.store import Store, Tx

STREAK_DAYS = 400  # how far back a streak is followed
KEEP_TOTALS = timedelta(minutes=5)
UNIT_ORDER = ("enterprise", "public_body", "community", "family")


@dataclass(frozen=True, slots=True)
class Hero:
    """The account card: balances, the month's goal, the streak, my place this week."""

    wallet: Wallet
    ring: Ring
    streak: Streak
    place: int | None
    gap: int | None
    car_km: int

    @property
    def grams(self) -> int:
        return self.wallet.declared_g + self.wallet.verified_g


@dataclass(frozen=True, slots=True)
class Home:
    """The first page of a member."""

    hour: int
    unit: str | None
    unread: int
    hero: Hero
    tiles: Sequence[tiles.Tile]
    campaign: tuple[campaigns.CampaignCard, Sequence[campaigns.TaskView]] | None
    board: rankings.MyPlace
    announcements: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Totals:
    """What everybody has saved: grams and people, all time and this month."""

    grams: int
    people: int
    month_grams: int


@dataclass(frozen=True, slots=True)
class Progress:
    """My streak and month, with the days of the last five weeks."""

    hero: Hero
    weeks: Sequence[Sequence[tuple[date, str]]]  # state: on, rest, off, coming
    months: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of one book: balances, entries with what they are about, and points that will expire."""

    wallet: Wallet
    lines: Sequence[Line]
    behaviours: dict[str, str]
    expiring: Sequence[tuple[date, int]]


def home(tx: Tx, catalogue: Catalogue, member_id: int, now: datetime, audiences: Sequence[Any] = ()) -> Home:
    """Thirteen statements, however long the history."""
    today = local_day(now)
    board = rankings.home_board(tx, member_id, now)
    units = green_units.my_units(tx, member_id)
    kinds = {mine.unit.kind: mine.unit.id for mine in units}
    recent = activities.recent(tx, member_id, today - timedelta(days=tiles.LOOK_BACK_DAYS))
    return Home(
        hour=now.astimezone(LOCAL).hour,
        unit=_unit_name(units),
        unread=inbox.unread(tx, member_id),
        hero=hero(tx, catalogue, member_id, board, now),
        tiles=tiles.grid(catalogue, recent, today),
        campaign=campaigns.home_card(tx, member_id, kinds, now),
        board=board,
        announcements=inbox.announcements(tx, now, 2, inbox.meant_for(audiences, member_id)),
    )


def hero(tx: Tx, catalogue: Catalogue, member_id: int, board: rankings.MyPlace, now: datetime) -> Hero:
    """The account card; three statements."""
    days = _days(tx, member_id, now)
    return _hero(catalogue, ledger.wallet(tx, member_id), days, members.goal(tx, member_id), board, local_day(now))


def after_tap(
    tx: Tx, catalogue: Catalogue, member_id: int, code: str, index: int, now: datetime
) -> tuple[tiles.Tile, Hero]:
    """What one tap changes on the page: its tile and the account card."""
    today = local_day(now)
    recent = activities.recent(tx, member_id, today - timedelta(days=tiles.LOOK_BACK_DAYS))
    made = tiles.tile(catalogue.behaviour(code), recent, today, index)
    return made, hero(tx, catalogue, member_id, rankings.home_board(tx, member_id, now), now)


def progress(tx: Tx, catalogue: Catalogue, member_id: int, now: datetime) -> Progress:
    """My streak day by day and the months of this year."""
    today = local_day(now)
    days = _days(tx, member_id, now)
    board = rankings.home_board(tx, member_id, now)
    card = _hero(catalogue, ledger.wallet(tx, member_id), days, members.goal(tx, member_id), board, today)
    months: dict[str, int] = {}
    for row in days:
        months[month_of(row.day)] = months.get(month_of(row.day), 0) + row.declared_g + row.verified_g
    return Progress(card, _weeks({row.day for row in days}, card.streak, today), sorted(months.items())[-6:])


def statement(tx: Tx, member_id: int, book: str, after: int | None, limit: int, now: datetime) -> Statement:
    """One page of a book, newest first; fetches one entry more than `limit`."""
    lines = ledger.statement(tx, member_id, book, after, limit + 1)
    ids = [line.cause.partition(":")[2] for line in lines if line.cause.startswith("activity:")]
    lots = ledger.expiring(tx, member_id, local_day(now), 6) if book == "points" and after is None else []
    return Statement(ledger.wallet(tx, member_id), lines, activities.behaviours_of(tx, member_id, ids), lots)


_totals: dict[str, tuple[datetime, Totals]] = {}
_counting = threading.Lock()


def public_totals(store: Store, now: datetime) -> Totals:
    """Everybody's grams, counted at most every five minutes by each process."""
    kept = _totals.get(store.url)
    if kept and timedelta(0) <= now - kept[0] < KEEP_TOTALS:
        return kept[1]
    month = month_of(local_day(now))
    with _counting, store.read() as tx:
        found = rankings.public_totals(tx, ["total", month])
    grams, people = found.get("total", (0, 0))
    made = Totals(grams, people, found.get(month, (0, 0))[0])
    _totals[store.url] = (now, made)
    return made


def car_km(catalogue: Catalogue, grams: int, on: date) -> int:
    """How far a petrol car drives on these grams, rounded down."""
    per_km = catalogue.factors["petrol_car"].on(on).exact
    return int(grams / per_km)


def _hero(
    catalogue: Catalogue, wallet: Wallet, days: Sequence[Any], goal: int, board: rankings.MyPlace, today: date
) -> Hero:
    first = days_of(month_of(today))[0]
    done = sum(row.declared_g + row.verified_g for row in days if row.day >= first)
    return Hero(
        wallet=wallet,
        ring=ring(done, goal, today),
        streak=streak((row.day for row in days), today),
        place=None if board.last_week else board.place,
        gap=None if board.last_week else board.gap,
        car_km=car_km(catalogue, wallet.declared_g + wallet.verified_g, today),
    )


def _days(tx: Tx, member_id: int, now: datetime) -> list[Any]:
    today = local_day(now)
    return ledger.day_list(tx, member_id, today - timedelta(days=STREAK_DAYS), today)


def _unit_name(units: Sequence[green_units.MyUnit]) -> str | None:
    by_kind = {mine.unit.kind: mine.unit.name for mine in units}
    return next((by_kind[kind] for kind in UNIT_ORDER if kind in by_kind), None)


def _weeks(active: set[date], found: Streak, today: date) -> list[list[tuple[date, str]]]:
    """Five weeks, Monday first, with what each day was."""
    monday = today - timedelta(days=today.weekday() + 28)
    days = [monday + timedelta(days=n) for n in range(35)]

    def state(day: date) -> str:
        if day > today:
            return "coming"
        return "on" if day in active else "rest" if day in found.rested else "off"

    return [[(day, state(day)) for day in days[at : at + 7]] for at in range(0, 35, 7)]
