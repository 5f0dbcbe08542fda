"""Loads the data folder and checks it: a bad folder tells all its faults at once, with file and key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from points_engine.methodology.acts import read_behaviour
from points_engine.methodology.figures import read_evidence, read_factors
from points_engine.methodology.model import (
    MARKS,
    Behaviour,
    Catalogue,
    CatalogueFaults,
    Elsewhere,
    Exclusion,
    Fault,
)
from points_engine.methodology.reading import Table, open_table

DATA = Path(__file__).parent / "data"
CLASSES = "TFUHOPC"  # the order of refs: travel, food, use, home, office, digital, clothing
Pair = tuple[str, str]  # zh, en
SCOPES = ("instant", "day", "meal", "month")


def load(folder: Path = DATA) -> Catalogue:
    """Every methodology of the folder; raises CatalogueFaults with everything that is wrong."""
    faults: list[Fault] = []
    factors = read_factors(folder, faults)
    coefficients = read_evidence(folder, faults)
    files = sorted((folder / "behaviours").glob("*.toml"))
    read = [(path.name, read_behaviour(path, factors, coefficients, faults)) for path in files]
    faults += _twins(read) if read else [Fault("behaviours", "-", "no methodology found")]
    codes = {each.code for _, each in read}
    exclusions = _exclusions(folder, codes, faults)
    published, not_found, derivations = _elsewhere(folder, codes, faults)
    if faults:
        raise CatalogueFaults(faults)
    behaviours = tuple(
        replace(
            each,
            exclusions=tuple(exclusions.get(each.code, ())),
            elsewhere=tuple(published.get(each.code, ())),
        )
        for _, each in sorted(read, key=lambda pair: _place(pair[1].ref))
    )
    return Catalogue(
        behaviours,
        factors,
        not_found,
        derivations,
        {each.code: each for each in behaviours},
        {each.ref: each for each in behaviours},
    )


def _twins(read: list[tuple[str, Behaviour]]) -> list[Fault]:
    """Two files that claim the same ref or code."""
    faults, seen = [], dict[tuple[str, str], str]()
    for file, each in read:
        for key, value in (("ref", each.ref), ("code", each.code)):
            if (key, value) in seen:
                faults.append(Fault(file, key, f"{value} is also in {seen[key, value]}"))
            seen[key, value] = file
    return faults


def _exclusions(folder: Path, codes: set[str], faults: list[Fault]) -> dict[str, list[Exclusion]]:
    """Each rule seen from every act it names."""
    found: dict[str, list[Exclusion]] = {}
    top = open_table(folder / "exclusions.toml", faults)
    for table in top.tables("exclusion"):
        reason, scope = table.pair("reason"), table.one_of("scope", SCOPES)
        among = _codes(table, "among", codes)
        these, others = _codes(table, "these", codes), _codes(table, "others", codes)
        stands = table.one_of("stands", ("first", "this"), "first")
        other = "other" if stands == "this" else "first"
        sides = [(code, among - {code}, "first") for code in among]
        sides += [(code, others, stands) for code in these]
        sides += [(code, these, other) for code in others]
        for code, against, who in sides:
            found.setdefault(code, []).append(Exclusion(against, scope, who, *reason))
    top.close()
    return found


def _codes(table: Table, key: str, codes: set[str]) -> frozenset[str]:
    names = table.texts(key, [])
    for name in names:
        if name not in codes:
            table.fault(key, f"unknown methodology {name}")
    return frozenset(names)


def _elsewhere(
    folder: Path, codes: set[str], faults: list[Fault]
) -> tuple[dict[str, list[Elsewhere]], tuple[Pair, ...], dict[str, Pair]]:
    """What others publish for the same act, what nobody could find, and our own derivations."""
    found: dict[str, list[Elsewhere]] = {}
    top = open_table(folder / "elsewhere.toml", faults)
    for table in top.tables("published"):
        named, who = _codes(table, "behaviours", codes), table.pair("who")
        value, unit, source = table.number("value"), table.text("unit"), table.text("source")
        figure = Elsewhere(*who, value, unit, source, table.one_of("mark", MARKS))
        for code in named:
            found.setdefault(code, []).append(figure)
    not_found = top.pairs("not_found")
    derivations = {t.text("key"): (t.text("zh"), t.text("en")) for t in top.tables("derivation")}
    top.close()
    return found, not_found, derivations


def _place(ref: str) -> tuple[int, str]:
    return CLASSES.find(ref[:1]), ref
