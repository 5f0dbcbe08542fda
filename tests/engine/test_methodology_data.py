"""The data folder: broken ones tell everything at once, published ones never change."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from points_engine.methodology import CatalogueFaults, Level, load, passport, quantify
from points_engine.methodology.catalogue import DATA
from points_engine.methodology.dimensions import parse
from points_engine.methodology.published import fingerprints, lock_new, locked


@pytest.fixture
def folder(tmp_path):
    """A copy of our data that a test may spoil."""
    return shutil.copytree(DATA, tmp_path / "data")


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(folder):
    with pytest.raises(CatalogueFaults) as refused:
        load(folder)
    return [str(fault) for fault in refused.value.faults]


BIKE, METRO, PV = "T03_bike.toml", "T08_metro.toml", "H05_rooftop_pv.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (BIKE, 'usual = "3"', "usual = 3", f"{BIKE}: usual: must be str, not int"),
        (BIKE, 'usual = "3"', 'usual = "３"', "usual: must be a number"),
        (BIKE, 'usual = "3"', 'usual = "900"', "usual: 900 is outside the bounds of 1"),
        (BIKE, 'usual = "3"', "", f"{BIKE}: usual: missing"),
        (BIKE, "loggable = true", "loggable = 1", "loggable: must be bool, not int"),
        (BIKE, "loggable = true", "logable = true", f"{BIKE}: logable: unknown key"),
        (BIKE, 'domain = "行"', 'domain = "飞"', f"{BIKE}: domain: must be one of 行"),
        (BIKE, '"cycling"]', '"scooter"]', "version[0].activity_factors: unknown factor scooter"),
        (BIKE, '"cycling"]', '"grid_shanxi"]', "grid_shanxi does not come out as grams per km"),
        (BIKE, 'code = "km"', 'code = "km/h/day"', "cannot read the unit"),
        (BIKE, 'code = "km"', 'code = "100km"', "100km is no base unit"),
        (BIKE, 'formula = "saving"', 'formula = "magic"', "version[0].formula: must be one of saving"),
        (BIKE, 'formula = "saving"', 'formula = "shared_ride"', "needs an input called n"),
        (BIKE, 'formula = "saving"', 'formula = "points_only"', "points_only takes no factors"),
        (BIKE, 'least = "0.001"', 'least = "0"', "version[0].bounds.least: must be above zero"),
        (BIKE, 'per_unit = "10"', 'per_unit = "-1"', "points.per_unit: must not be negative"),
        (BIKE, 'per_unit = "10"', 'per_unit = "1/0"', "points.per_unit: must be a number or a"),
        ("F01_no_cutlery.toml", "[[cap]]", "[cap]", "cap: must be list, not dict"),
        (BIKE, 'per = "act"', 'per = "hour"', "cap[0].per: must be one of act"),
        (BIKE, 'amount = "10"', 'amount = "0"', "cap[0].amount: must be above zero"),
        (BIKE, '"declared", "photo"', '"photo"', "loggable: needs declared among the evidence"),
        (BIKE, '"photo"', '"hearsay"', "evidence: unknown level hearsay"),
        (BIKE, 'level = "declared"', 'level = "hope"', "version[0].example[0].level: must be one of"),
        (BIKE, 'zh = "骑自行车", ', "", f"{BIKE}: name.zh: missing"),
        (BIKE, 'ref = "T03"', 'ref = "T04"', "T04_shared_bike.toml: ref: T04 is also in T03_bike"),
        (BIKE, "[[version]]", "[[verison]]", "version: missing"),
        (BIKE, 'ref = "T03"', 'ref = "T03', f"{BIKE}: -: cannot be read"),
        (PV, '"grid_shanxi"]', "]", "version[0].baseline_factors: missing"),
        (METRO, '"changzhi"', "1", "hidden_in[0]: must be str"),
        ("H02_ac_26.toml", "first_month = 6", "first_month = 10", "season.first_month: must be two"),
        ("P02_learning.toml", 'by = "kind"', 'by = "sort"', "points.by: no input is called sort"),
        ("T12_carpool.toml", 'most = "7"', 'most = "2"', "input[0].most: must be above least"),
    ],
)  # fmt: skip
def test_a_fault_in_a_behaviour(folder, file, old, new, told):
    change(folder / "behaviours" / file, old, new)
    assert any(told in line for line in faults(folder)), faults(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("factors.toml", 'value = "0.104"', 'value = "-0.104"', "value: must not be negative"),
        ("factors.toml", 'unit = "kgCO2e/person-km"', 'unit = "kg//km"', "cannot read the unit"),
        ("factors.toml", 'mark = "S"', 'mark = "X"', "factor[0].mark: must be one of R, S, D, K"),
        ("factors.toml", "review_by = 2026-04-12", "review_by = 2024-04-12", "must come after"),
        ("factors.toml", "valid_from = 2024-12-20", "valid_from = 2024-04-12", "two rows from"),
        ("factors.toml", 'unit = "kgCO2/kWh"', 'unit = "gCO2/kWh"', "grid_shanxi changes its unit"),
        ("evidence.toml", 'key = "photo"', 'key = "foto"', "no coefficient for photo"),
        ("exclusions.toml", '"steps"', '"stepps"', "among: unknown methodology stepps"),
        ("elsewhere.toml", '"steps"', '"stepps"', "behaviours: unknown methodology stepps"),
    ],
)
def test_a_fault_in_a_shared_file(folder, file, old, new, told):
    change(folder / file, old, new)
    lines = faults(folder)
    assert any(line.startswith(file) and told in line for line in lines), lines


def test_all_faults_are_told_at_once(folder):
    change(folder / "behaviours" / BIKE, 'domain = "行"', 'domain = "飞"')
    change(folder / "behaviours" / BIKE, 'amount = "10"', 'amount = "ten"')
    change(folder / "behaviours" / PV, 'mark = "S"', 'mork = "S"')
    change(folder / "factors.toml", 'value = "0.104"', "value = 0.104")
    lines = faults(folder)
    for told in (f"{BIKE}: domain", f"{BIKE}: cap[0].amount", f"{PV}: mark: missing",
                 f"{PV}: mork: unknown key", "factors.toml: factor["):  # fmt: skip
        assert any(line.startswith(told) for line in lines), lines


def test_an_empty_folder_says_so(tmp_path):
    assert any("no methodology found" in line for line in faults(tmp_path))


def test_a_new_notice_adds_a_row_and_leaves_history_alone(folder):
    row = (folder / "factors.toml").read_text(encoding="utf-8").split("[[factor]]")[3]
    assert "0.6634" in row
    row = row.replace("0.6634", "0.6000").replace("2025-12-31", "2026-12-31")
    with (folder / "factors.toml").open("a", encoding="utf-8") as file:
        file.write("\n[[factor]]" + row.replace("2027-12-31", "2028-12-31"))
    pv = load(folder).behaviour("rooftop_pv")
    worth = [quantify(pv, Decimal(10), {}, Level.PHOTO, day).grams for day in (date(2026, 12, 30), date(2026, 12, 31))]
    assert worth == [6634, 6000]


def test_a_new_edition_holds_from_its_day_and_the_old_one_stays_readable(folder):
    path = folder / "behaviours" / "F01_no_cutlery.toml"
    with path.open("a", encoding="utf-8") as file:
        file.write(
            '\n[[version]]\nversion = "2"\nvalid_from = 2026-10-01\nformula = "saving"\n'
            'baseline_factors = ["chopsticks_pair"]\nbounds = { least = "1", most = "20" }\n'
            'points = { per_unit = "3" }\n'
            '[[version.example]]\nquantity = "1"\nlevel = "photo"\non = 2026-10-01\n'
            "grams = 20\npoints = 3\n"
        )
    change(
        folder / "factors.toml",
        'unit = "gCO2e/meal"\nsource = "津云',
        'unit = "gCO2e/order"\nsource = "津云',
    )
    change(folder / "behaviours" / "F03_own_chopsticks.toml", 'code = "meal"', 'code = "order"')
    act = load(folder).behaviour("no_cutlery")
    before, after = date(2026, 9, 30), date(2026, 10, 1)
    got = [quantify(act, Decimal(1), {}, Level.PHOTO, day) for day in (before, after)]
    assert [(each.grams, each.version) for each in got] == [(23, "1"), (20, "2")]
    assert passport(act, "1", Decimal(1), {}, Level.PHOTO, before).working_en.endswith("= 23 g")


def test_published_editions_and_rows_never_change():
    """Changed a figure? Add a new version or row instead, then lock it (see published.py)."""
    now, before = fingerprints(load()), locked()
    assert {name: now.get(name) for name in before} == before
    assert set(now) == set(before), "run python3 -m points_engine.methodology.published"


def test_locking_adds_what_is_new_and_replaces_nothing(folder):
    lock = folder / "published.lock"
    change(folder / "factors.toml", 'value = "0.104"', 'value = "0.106"')
    with (folder / "evidence.toml").open("a", encoding="utf-8") as file:
        row = (folder / "evidence.toml").read_text(encoding="utf-8").split("[[factor]]")[1]
        file.write("\n[[factor]]" + row.replace("2026-01-01", "2026-07-01"))
    before = locked(lock)
    assert lock_new(load(folder), lock) == ["evidence declared 2026-07-01"]
    name = "factor city_trip_mix 2026-01-01"
    assert locked(lock)[name] == before[name] != fingerprints(load(folder))[name]


@pytest.mark.parametrize(
    ("text", "scale", "same_as"),
    [
        ("kgCO2/kWh", 1000, "gCO2e/kWh"),
        ("kWh/100km", Fraction(1, 100), "kWh/km"),
        ("kW", 1, "kWh/h"),
        ("%/°C", Fraction(1, 100), "1/°C"),
        ("g/m2", Fraction(1, 1000), "kg/m2"),
        ("1", 1, "1"),
    ],
)
def test_units(text, scale, same_as):
    assert parse(text).scale == scale
    assert parse(text).fits(parse(same_as))


@pytest.mark.parametrize("text", ["kg/", "a/b/c", "kg**m", ""])
def test_what_is_no_unit(text):
    with pytest.raises(ValueError):
        parse(text)
