"""The demo park's indicators: made-up values from 2023 up to last year, one of them corrected."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from random import Random

from webapp.demo.days import at
from webapp.public_ledger import service
from webapp.public_ledger.forms import Entry
from webapp.public_ledger.indicators import BASE, indicators, path, shown
from webapp.store import Tx

SOURCE = "演示数据：{year} 年度统计，非真实数值"
BEHIND = (6, 8, 12)  # what the demo park is late with
EMPTY = 14  # nobody has told this one yet


def build(tx: Tx, seed: int, editor: int, until: date) -> None:
    """Every year's values entered by an editor, two of three a little better than the path."""
    rng = Random(f"{seed}:indicators")
    now = at(until, 600)
    for of in indicators():
        for year in range(BASE, min(until.year, 2031)):
            goal = path(of, year)
            if of.no == EMPTY or goal is None:
                continue
            step = 0 if year == BASE else rng.randrange(1, 6) * (year - BASE)
            percent = 100 + step * (1 if of.higher else -1) * (-1 if of.no in BEHIND else 1)
            value = min(goal * percent / 100, Fraction(99)) if of.unit_zh == "%" else goal * percent / 100
            text = of.actual_2022 if year == BASE else shown(value)
            if (of.no, year) == (2, BASE + 1):
                draft = Entry(year, shown(goal), SOURCE.format(year=year), "")
                service.enter_value(tx, editor, of.no, draft, at(until, 590))
            note = "按终核数更正" if (of.no, year) == (2, BASE + 1) else ""
            service.enter_value(tx, editor, of.no, Entry(year, text, SOURCE.format(year=year), note), now)
