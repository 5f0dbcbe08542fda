"""Energy of the demo world: years of months at a few units, one that misses its target, publications, an evaluation with letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from points_engine.clock import days_of, month_of
from points_engine.energy import managed_items, months_of
from webapp.demo.days import at
from webapp.demo.meters import USUAL
from webapp.energy import evaluating, files, importing, publishing, service
from webapp.energy.forms import QuotaFacts, SizeFacts, TargetFacts, Told
from webapp.papers.reading import Table
from webapp.store import Tx

BODIES = 3  # public bodies with energy, besides the first company
HEAT = (36, 32, 16, 0, 0, 0, 0, 0, 0, 0, 20, 32)  # GJ by month of a centrally heated house


def build(tx: Tx, seed: int, staff: Mapping[str, int], units: Sequence[Any], until: date) -> None:
    """Tell two whole years and this one so far; judge, publish and answer for the last."""
    bodies = [u for u in units if u.kind == "public_body"][:BODIES]
    first = next((u for u in units if u.kind == "enterprise"), None)
    editor, admin = staff["editor-demo"], staff["admin-demo"]
    last = until.year - 1
    begins = at(date(last - 1, 1, 5), 600)
    for n, unit in enumerate([*bodies, *([first] if first else [])]):
        _sizes(tx, editor, unit.id, 2600 + 2300 * n, 80 + 40 * n, last - 1, begins)
        _months(tx, seed, editor, unit.id, 1 + n, until, *((152, 105) if unit is first else (60 + 60 * n, 92)))
        target = TargetFacts(
            "total",
            "line",
            "percent",
            last - 1,
            None,
            {last: Fraction(2), last + 4: Fraction(10)},
            "园区节能目标责任书",
        )
        service.set_target(tx, editor, unit.id, target, at(until, 480), staff=True)
        if unit is not first and n < 2:
            _tick(tx, editor, unit.id, last, at(until, 490))
    if bodies:
        _platform(tx, seed, editor, bodies[-1].id, until)
        publishing.publish(tx, editor, bodies[0].id, last, "供电、供水、供热账单", "", at(until, 500), staff=True)
        wrong = Told(bodies[0].id, "water", f"{last}-12", "", 71_000, "按水费账单更正")
        service.tell_reading(tx, editor, wrong, at(until, 510), staff=True)
        publishing.publish(
            tx, editor, bodies[0].id, last, "供电、供水、供热账单", "十二月用水按账单更正", at(until, 520), staff=True
        )
    quota = QuotaFacts("enterprise", "head", "420", "400", "360", "演示数据：园区企业人均用能，非真实定额", last - 1)
    service.set_quota(tx, editor, quota, at(until, 525))
    if first or bodies:
        evaluating.close_year(tx, admin, last, at(until, 530))
    if first:
        _file(tx, editor, first.id, until)
        _letters(tx, editor, admin, first.id, bodies[0].id if bodies else None, last, until)


def _sizes(tx: Tx, who: int, unit_id: int, area: int, heads: int, year: int, now: datetime) -> None:
    for what, value, source in (("area", area, "不动产权证"), ("heads", heads, "在岗人数统计")):
        service.tell_size(tx, who, unit_id, SizeFacts(what, date(year, 1, 1), value * 1000, source), now, staff=True)


def _months(tx: Tx, seed: int, who: int, unit_id: int, size: int, until: date, times: int, thrift: int) -> None:
    """Each month told on the tenth of the next: so many homes' power; from the second year on `thrift` per cent of it."""
    rng, last = Random(f"{seed}:energy:{unit_id}"), until.year - 1
    for year in (last - 1, last, last + 1):
        part = 100 if year == last - 1 else thrift
        for n, month in enumerate(months_of(year)):
            if month >= month_of(until):
                return
            power = int(USUAL[n] * times * 30 * rng.uniform(0.98, 1.02)) * part // 100
            told = [
                Told(unit_id, "electricity", month, "", power * 1000),
                Told(unit_id, "water", month, "", (60 + rng.randrange(20)) * size * 1000 * part // 100),
            ]
            if HEAT[n]:
                told.append(Told(unit_id, "heat", month, "", HEAT[n] * size * 1000 * part // 100))
            day = days_of(month)[1] + timedelta(days=10)
            service.write_readings(tx, who, told, "typed", None, at(min(day, until), 540))


def _tick(tx: Tx, who: int, unit_id: int, year: int, now: datetime) -> None:
    for item in managed_items():
        evaluating.tick(tx, who, unit_id, year, item, True, "现场核查，资料齐全", now)


def _platform(tx: Tx, seed: int, who: int, unit_id: int, until: date) -> None:
    """The platform's own file of one unit's last months, which counts before what was typed."""
    importing.set_code(tx, who, "CZGX-EM-0007", unit_id, "electricity", at(until, 470))
    rng, month = Random(f"{seed}:energy:platform"), month_of(until)
    rows = [(0, ["code", "month", "value"])]
    for each in [m for m in months_of(until.year) if m < month]:
        rows.append((len(rows), ["CZGX-EM-0007", each, str(9000 + rng.randrange(1500))]))
    if len(rows) > 1:
        lines = files.read_platform(Table("JSON", rows), importing.known_codes(tx), until)
        importing.bring_in(tx, who, "platform.json", "0" * 64, lines, at(until, 475))


def _file(tx: Tx, who: int, unit_id: int, until: date) -> None:
    """A file with a faulty line, which waits as a preview."""
    month = month_of(until.replace(day=1) - timedelta(days=1))
    rows = [
        (1, ["月份", "能源品种", "用量", "部门"]),
        (2, [month, "汽油", "320", ""]),
        (3, [month, "柴油", "一百", ""]),
    ]
    lines = files.read_unit(Table("1", rows), files.Unit(unit_id, {}), until)
    importing.stage(tx, who, unit_id, "车用油.csv", "0" * 64, lines, at(until, 550), staff=True)


def _letters(tx: Tx, editor: int, admin: int, missed: int, praised: int | None, year: int, until: date) -> None:
    """A notice that was sent, and a commendation that waits for a second person."""
    body = "经年度节能考核，你单位未完成年度能耗目标。请查明原因，制定整改措施，并在平台提交整改说明。"
    letter = evaluating.write_letter(tx, editor, missed, year, "rectify", {"body": body}, at(until, 535))
    evaluating.send_letter(tx, admin, letter, at(until, 540))
    if praised is not None:
        praise = "经年度节能考核，你单位成绩突出，现予通报表扬。"
        evaluating.write_letter(tx, editor, praised, year, "commend", {"body": praise}, at(until, 545))
