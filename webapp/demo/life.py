"""Life in the demo park: day after day people act, redeem, take part and are reviewed, by the rooms' own services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from points_engine.errors import EngineError
from webapp.activities.service import Logged, log_many, review_activity, undo_activity
from webapp.campaigns import service as campaigns
from webapp.demo import crowd, photos
from webapp.demo.days import Deed, Scribe, at, batches, cuts, deeds_of
from webapp.demo.events import Programme
from webapp.demo.people import SHOWN, Person
from webapp.demo.shop import Shop
from webapp.demo.weather import Weather
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.store import Store, Tx
from webapp.store.blobs import Blobs

CHUNK = 5000  # people simulated together: their rows lie side by side, so big worlds stay fast
MANY = 10_000  # a world of more people is written in fewer, larger batches
SHOP_OPENS = 780  # minute of the day
REDEEM_DAILY, REDEEM_MOST = 0.004, 60  # share of people who redeem on a day; in big worlds at most so many
JOINING, JOIN_MOST = 0.6, 8000
PHOTOGRAPHED = {"bike": "bike", "shared_bike": "bike", "bus": "bus", "shuttle": "bus"}
SNAPPED = {"clean_plate": "plate", "own_lunch_box": "box"}
WORTH_A_REVIEW = {"bike": 6000, "shared_bike": 6000, "bus": 10000, "shuttle": 10000}  # over 500 g
REVIEW_AFTER = 3  # days until the reviewer gets to it; what is younger waits in the queue


@dataclass(slots=True)
class Life:
    """Everything the days need; `chance` of a chunk never depends on other chunks."""

    store: Store
    catalogue: Any
    blobs: Blobs
    seed: int
    first: date
    weather: Sequence[Weather]
    people: Sequence[Person]
    staff: dict[str, int]
    shop: Shop
    programme: Programme
    pending: list[tuple[int, str, int]] = field(default_factory=list)

    def live(self) -> Iterator[float]:
        """Live all days, a chunk of people after the other; yields the share that is done."""
        days = len(self.weather)
        chunks = [self.people[n : n + CHUNK] for n in range(0, len(self.people), CHUNK)]
        for n, chunk in enumerate(chunks):
            chance = Random(f"{self.seed}:life:{n}")
            scribe = Scribe(self.catalogue, Random(f"{self.seed}:ids:{n}"))
            for day in range(days):
                self._day(chance, scribe, chunk, day, with_photos=n == 0)
                yield (n * days + day + 1) / (len(chunks) * days)

    def _day(self, chance: Random, scribe: Scribe, chunk: Sequence[Person], day: int, with_photos: bool) -> None:
        on = self.first + timedelta(days=day)
        self._join(chance, chunk, day, on)
        deeds = deeds_of(chance, chunk, day, on, self.weather[day])
        pictures = self._pictures(chance, deeds, day) if with_photos else {}
        shopped = False
        for minute, some in batches(deeds, cuts(chance, len(self.people) > MANY)):
            if minute > SHOP_OPENS and not shopped:
                self._shop(chance, deeds, chunk, day, on)
                shopped = True
            self._write(chance, scribe, some, on, at(on, minute), pictures, day)
        if with_photos:
            self._review(chance, day, at(on, 1439))
        if self._campaign_day(day):
            campaigns.catch_up(self.store, self.catalogue, at(on, 1439) + timedelta(seconds=20))

    # --- acts ------------------------------------------------------------------------------------

    def _write(
        self,
        chance: Random,
        scribe: Scribe,
        some: Sequence[Deed],
        on: date,
        now: datetime,
        pictures: dict[int, str],
        day: int,
    ) -> None:
        with self.store.write() as tx:
            commands = [
                scribe.command(deed, on, now, self._evidence(tx, chance, deed, pictures.get(id(deed)), now))
                for deed in some
            ]
            answers = log_many(tx, commands, now)
            fresh = [a.record for a in answers if isinstance(a, Logged) and a.fresh]
            self.pending += [(r["member_id"], r["id"], day) for r in fresh if r["status"] == "pending"]
            for record in chance.sample(fresh, min(len(fresh), 1 if chance.random() < 0.5 else 0)):
                self._undo(tx, record, now + timedelta(minutes=chance.uniform(0.5, 8)))

    def _evidence(self, tx: Tx, chance: Random, deed: Deed, subject: str | None, now: datetime) -> tuple[str, ...]:
        if subject is None:
            return ()
        picture = read_picture(photos.draw(chance, subject))
        return (keep_picture(tx, self.blobs, deed.person.member_id, picture, now)["id"],)

    def _undo(self, tx: Tx, record: Any, now: datetime) -> None:
        if record["status"] == "accepted":
            undo_activity(tx, record["member_id"], record["id"], now)

    def _pictures(self, chance: Random, deeds: Sequence[Deed], day: int) -> dict[int, str]:
        """Which deeds of the day come with a picture, and of what."""
        last = day >= len(self.weather) - REVIEW_AFTER
        trips = [d for d in deeds if d.habit.code in WORTH_A_REVIEW]
        big = [d for d in trips if d.amount >= WORTH_A_REVIEW[d.habit.code]]
        small = [d for d in deeds if d.habit.code in SNAPPED]
        chosen = chance.sample(big, min(len(big), 12 if last else 1))
        chosen += chance.sample(small, min(len(small), 3 if last else day % 2))
        shown = [d for d in trips if d.person.number == SHOWN and d not in chosen]
        chosen += shown[: int(day % 3 == 0)]  # the one to show has verified grams to show too
        words = PHOTOGRAPHED | SNAPPED
        return {id(deed): words[deed.habit.code] for deed in chosen}

    def _review(self, chance: Random, day: int, now: datetime) -> None:
        """The reviewer looks at what has waited some days: most is accepted, some is not."""
        due = [p for p in self.pending if p[2] <= day - REVIEW_AFTER]
        self.pending = [p for p in self.pending if p[2] > day - REVIEW_AFTER]
        if not due:
            return
        with self.store.write() as tx:
            for member_id, act, _ in due:
                accept = chance.random() < 0.8
                note = "" if accept else chance.choice(("照片看不清里程", "照片与所填行为不符", "看不出是当天拍的"))
                review_activity(
                    tx, self.catalogue, self.staff["reviewer-demo"], member_id, act, accept=accept, note=note, now=now
                )

    # --- rewards and campaigns -------------------------------------------------------------------

    def _shop(self, chance: Random, deeds: Sequence[Deed], chunk: Sequence[Person], day: int, on: date) -> None:
        rate = min(REDEEM_DAILY, REDEEM_MOST / len(self.people))
        about = {deed.person.number: deed.person for deed in deeds}
        about = {n: p for n, p in about.items() if n != SHOWN and not p.quiet}
        many = min(len(about), max(1, round(rate * len(chunk)))) if day >= 3 else 0
        who = [about[n].member_id for n in chance.sample(sorted(about), many)]
        now = at(on, SHOP_OPENS)
        with self.store.write() as tx:
            self.shop.collect(tx, chance, day, now)
            self.shop.redeem_some(tx, chance, who, day, now)
            if chunk[0].number == SHOWN:
                self._shown_redeems(tx, chance, chunk[0].member_id, day, now)

    def _shown_redeems(self, tx: Tx, chance: Random, member_id: int, day: int, now: datetime) -> None:
        days = len(self.weather)
        wishes = {days // 2: ("canteen-1", "fulfil"), days // 2 + 4: ("birds", ""), days - 2: ("canteen-1", "forget")}
        if day in wishes:
            code, what = wishes[day]
            reward, facts, merchant = next(r for r in self.shop.rewards if r[1].code == code)
            try:
                self.shop.redeem(tx, chance, member_id, reward, facts, merchant, day, now, what)
            except EngineError:  # too little yet, in a short world
                return

    def _campaign_day(self, day: int) -> bool:
        p = self.programme
        return day >= p.now_first or (p.before is not None and p.before_first <= day <= p.before_last + 2)

    def _join(self, chance: Random, chunk: Sequence[Person], day: int, on: date) -> None:
        """On the first days of a campaign people join, the keen ones sooner."""
        for campaign, begins in (
            (self.programme.now, self.programme.now_first),
            (self.programme.before, self.programme.before_first),
        ):
            if campaign is None or not begins <= day < begins + 3:
                continue
            share = JOINING * min(1.0, JOIN_MOST / len(self.people)) / (1 + day - begins) ** 0.7
            now = at(on, 5)
            who = [p.member_id for p in chunk if self._joins(chance, p, day, begins, share)]
            with self.store.write() as tx:
                crowd.write_joins(tx, campaign, who, now)

    def _joins(self, chance: Random, person: Person, day: int, begins: int, share: float) -> bool:
        if person.number == SHOWN:
            return day == begins
        keen = min(1.0, person.energy * 1.6 + 0.05)
        return chance.random() < share * keen and not person.quiet and person.since <= day and person.energy > 0
