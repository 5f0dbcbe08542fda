"""Places of the demo park: canteens, a charging pile, a bus stop, a greenway and a recycling point with their plates."""

from __future__ import annotations

from datetime import datetime

from webapp.places.forms import PlaceFacts
from webapp.places.service import create_place
from webapp.store import Tx

EVERY_DAY, WORKING_DAYS = "1234567", "12345"


def _facts(
    kind: str,
    names: tuple[str, str],
    behaviours: dict[str, str],
    hours: tuple[int, int] | None = None,
    days: str = EVERY_DAY,
    spot: tuple[int, int, int] | None = None,
    unit_id: int | None = None,
) -> PlaceFacts:
    opens, closes = hours or (None, None)
    lat, lon, radius = spot or (None, None, None)
    return PlaceFacts(kind, *names, unit_id, behaviours, opens, closes, days, 1, lat, lon, radius)


def build(tx: Tx, editor: int, unit_id: int | None, now: datetime) -> None:
    """Make the places; the last one belongs to the first company and is open all the time."""
    lunch = (11 * 60, 13 * 60 + 30)
    for facts in (
        _facts(
            "canteen",
            ("园区第一食堂", "Park canteen 1"),
            {"clean_plate": "1", "own_lunch_box": "1"},
            lunch,
            WORKING_DAYS,
        ),
        _facts("charging", ("A 区充电桩", "Charging piles, zone A"), {"ev_charge": ""}),
        _facts("bus_line", ("园区微循环 1 号线", "Park loop bus 1"), {"bus_ride": "1"}, (6 * 60, 22 * 60)),
        _facts("greenway", ("漳泽湖绿道驿站", "Zhangze Lake greenway"), {"walk": "2"}, spot=(3625000, 11305000, 500)),
        _facts("recycling", ("旧物回收点", "Recycling point"), {"box_returned": "1", "waste_sorting": "1"}),
        _facts("canteen", ("员工餐厅", "Staff canteen"), {"clean_plate": "1", "own_cup": "1"}, unit_id=unit_id),
    ):
        create_place(tx, editor, None, facts, now)
