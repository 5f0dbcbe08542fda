"""Meters of the demo world: eighteen months at home for m000001, and one meter of the first company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from points_engine.clock import days_of, month_of
from points_engine.methodology import Catalogue
from webapp.activities import queries as activities
from webapp.activities.service import review_activity
from webapp.demo.photos import draw_meter
from webapp.meters import service
from webapp.meters.forms import Figure, MeterFacts
from webapp.meters.queries import Owner
from webapp.meters.settling import settle_batch
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.store import Tx
from webapp.store.blobs import Blobs

MONTHS = 18
SEEN = 4  # so many months ago somebody took a photo of it; that month used more than the year before
# Kilowatt-hours a day by month in a home of three: air conditioning in July and August, dark winters.
USUAL = (7.4, 7.1, 6.2, 5.6, 5.4, 6.6, 9.2, 8.8, 6.0, 5.5, 6.1, 7.0)


def hang_at_home(tx: Tx, blobs: Blobs, key: str, seed: int, member_id: int, until: date, now: datetime) -> None:
    """Bind the home's meter and bring its readings as its utility exports them, the last one with a photo."""
    home, rng = Owner(member_id), Random(f"{seed}:meters")
    made = service.add_meter(tx, key, member_id, home, MeterFacts("electricity", "140028806613", 6, 3), now)
    figures = _figures(rng, until, 3_400_000, 1, SEEN)
    picture = read_picture(draw_meter(rng, f"{figures[-1].value // 100 / 10:08.1f}"))
    photo = keep_picture(tx, blobs, member_id, picture, now)["id"]
    figures[-1] = replace(figures[-1], support="photo", upload_id=photo)
    service.import_readings(tx, member_id, home, [service.Row(made, each) for each in figures], set(), now)


def look_at_earlier(tx: Tx, catalogue: Catalogue, reviewer_id: int, member_id: int, now: datetime) -> None:
    """Settle the months; the reviewer has seen all but the latest, which waits with its photo."""
    settle_batch(tx, catalogue, now)
    for record in reversed(activities.mine(tx, member_id, limit=99, status="pending")):
        if record["behaviour"] == "electricity_saved" and not record["evidence"]:
            review_activity(tx, catalogue, reviewer_id, member_id, record["id"], accept=True, note="", now=now)


def hang_at_work(
    tx: Tx, key: str, seed: int, unit_id: int, admin_id: int, until: date, now: datetime, number: str = "140090010027"
) -> None:
    """Bind a unit's meter and bring its readings."""
    rng, unit = Random(f"{seed}:meters:unit"), Owner(0, unit_id)
    made = service.add_meter(tx, key, admin_id, unit, MeterFacts("electricity", number, 7, 120), now)
    figures = _figures(rng, until, 512_000_000, 160, 0)
    service.import_readings(tx, admin_id, unit, [service.Row(made, each) for each in figures], set(), now)


def _figures(rng: Random, until: date, start: int, times: int, seen: int) -> list[Figure]:
    """Readings on the first of each month; from the second year on a little less is used."""
    firsts = [until.replace(day=1)]
    while len(firsts) <= MONTHS:
        firsts.insert(0, (firsts[0] - timedelta(days=1)).replace(day=1))
    value, found = start, [Figure(firsts[0], start, support="file")]
    for n, first in enumerate(firsts[:-1]):
        last = days_of(month_of(first))[1]
        thrift = 0.86 if n >= 12 else 1.0
        watched = seen and n == len(firsts) - 1 - seen
        daily = USUAL[first.month - 1] * times * (1.08 if watched else thrift) * rng.uniform(0.97, 1.03)
        if watched:
            middle = first + timedelta(days=14)
            found.append(Figure(middle, value + int(daily * 1000) * 14, support="photo"))
        value += int(daily * 1000) * last.day
        found.append(Figure(last + timedelta(days=1), value, support="file"))
    return found
