"""Units' energy: which figure counts, sizes by day, results for honours; on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from points_engine.clock import LOCAL
from tests.counting import count_statements
from tests.people import make_member, make_unit
from webapp.energy import queries
from webapp.energy.tables import energy_reading, energy_size, energy_target
from webapp.green_units import service as units
from webapp.green_units.forms import UnitNames


def tell(
    tx: Any, unit: int, month: str, kwh: int, at: datetime, source: str = "typed", meter: str = "", version: int = 1
) -> None:
    tx.execute(
        insert(energy_reading).values(
            unit_id=unit, month=month, carrier="electricity", source=source, meter=meter, version=version,
            value_milli=kwh * 1000, note="", actor_id=0, entered_at=at,
        )
    )  # fmt: skip


def tell_year(tx: Any, unit: int, year: int, kwh: int) -> None:
    """Twelve months, each told on the tenth of the next."""
    for n in range(1, 13):
        after = datetime(year + n // 12, n % 12 + 1, 10, tzinfo=LOCAL)
        tell(tx, unit, f"{year}-{n:02d}", kwh, after)


def aim(tx: Any, unit: int, base: str, goal: str, year: int, at: datetime) -> None:
    tx.execute(
        insert(energy_target).values(
            unit_id=unit, measure="total", shape="steps", base_year=year - 1, base=base, points={str(year): goal},
            given="absolute", source="自定", actor_id=0, entered_at=at,
        )
    )  # fmt: skip


def test_results_for_honours(house: Any) -> None:
    now = house.clock.now()
    good, bad, silent = (make_unit(house, "public_body", name) for name in ("甲局", "乙局", "丙局"))
    homes = make_unit(house, "community", "小区")
    with house.store.write() as tx:
        for unit, kwh in ((good, 1000), (bad, 1200)):
            tell_year(tx, unit, 2024, 1100)
            tell_year(tx, unit, 2025, kwh)
            aim(tx, unit, "1600", "1550", 2025, now)
            tx.execute(insert(energy_size).values(unit_id=unit, what="area", from_on=date(2020, 1, 1), value_milli=200_000,
                                                  source="房产证", actor_id=0, entered_at=now))  # fmt: skip
    with house.store.read() as tx:
        found = queries.results(tx, [good, bad, silent, homes], 2025)
    assert set(found) == {good, bad, silent}
    assert (found[good].met, found[good].score, found[good].status) == (True, 30 + 16 + 20, "on_track")
    assert (found[bad].met, found[bad].score, found[bad].grade) == (False, 12 + 20, "fail")
    assert (found[silent].met, found[silent].score, found[silent].status) == (None, None, "none")


def test_parts_are_added_up_where_the_unit_itself_told_nothing(house: Any) -> None:
    now = house.clock.now()
    unit = make_unit(house, "public_body", "甲局")
    with house.store.write() as tx:
        east, west = (units.create_department(tx, 0, unit, name, now, staff=True) for name in ("东楼", "西楼"))
        tell(tx, east, "2026-01", 100, now)
        tell(tx, west, "2026-01", 50, now)
        tell(tx, east, "2026-02", 100, now)
        tell(tx, unit, "2026-02", 170, now)
        for part, area in ((east, 1000), (west, 500)):
            tx.execute(insert(energy_size).values(unit_id=part, what="area", from_on=date(2026, 1, 1), value_milli=area * 1000,
                                                  source="测绘", actor_id=0, entered_at=now))  # fmt: skip
    with house.store.read() as tx:
        known = queries.account(tx, queries.green_units.unit_by_id(tx, unit), 2026)
    cells = {month: (cell.milli, cell.parts) for (_, month), cell in known.cells.items()}
    assert cells == {"2026-01": (150_000, 2), "2026-02": (170_000, 0)}
    assert known.book.size("area", ["2026-01"]) == 1500


def test_a_correction_counts_and_the_first_time_stays(house: Any) -> None:
    now = house.clock.now()
    unit = make_unit(house, "public_body", "甲局")
    early = datetime(2026, 2, 10, tzinfo=LOCAL)
    with house.store.write() as tx:
        tell(tx, unit, "2026-01", 100, early)
        tell(tx, unit, "2026-01", 90, now, version=2)
        tell(tx, unit, "2026-02", 90, now)
    with house.store.read() as tx:
        top = queries.green_units.unit_by_id(tx, unit)
        known = queries.account(tx, top, 2026)
        before = queries.accounts(tx, [top], 2025, 2026, as_of=early + timedelta(days=1))[unit]
    assert known.book.uses == {("electricity", "2026-01"): 90_000, ("electricity", "2026-02"): 90_000}
    assert before.book.uses == {("electricity", "2026-01"): 100_000}
    assert known.in_time(2026) == 1


def test_many_units_are_judged_by_as_many_statements_as_few(house: Any) -> None:
    with house.store.write() as tx:
        made = [
            units.create_unit(tx, 0, "public_body", UnitNames(f"局{n}", f"局{n}"), house.clock.now()) for n in range(12)
        ]
        for unit in made:
            tell_year(tx, unit, 2025, 1000)
    counts = []
    for some in (made[:2], made):
        with house.store.read() as tx, count_statements(house.store) as seen:
            assert len(queries.results(tx, some, 2025)) == len(some)
        counts.append(seen.count)
    assert counts[0] == counts[1] <= 12


def test_a_quota_for_one_unit_comes_before_its_kind(house: Any, app: Any) -> None:
    bureau = make_unit(house, "public_body", "甲局")
    app.config["WTF_CSRF_ENABLED"] = False
    desk = make_member(house, "editor", "editor").sign_in(app.test_client())
    form = {"kind": "public_body", "measure": "area", "upper": "9", "guide": "8", "from_year": "2024", "source": "省标"}
    assert desk.post("/console/energy/quotas", data=form | {"guide": "10"}).status_code == 400
    assert desk.post("/console/energy/quotas", data=form | {"unit": "99"}).status_code == 400
    assert (
        desk.post("/console/energy/quotas", data=form | {"unit": str(bureau), "upper": "5", "guide": ""}).status_code
        == 303
    )
    assert desk.post("/console/energy/quotas", data=form).status_code == 303  # later, and still behind the unit's own
    with house.store.read() as tx:
        top = queries.green_units.by_ids(tx, [bureau])[0]
        quotas = queries.account(tx, top, 2025).quotas(2025)
    assert (quotas["area"].constraint, quotas["area"].source) == (5, "省标") and "head" in quotas
