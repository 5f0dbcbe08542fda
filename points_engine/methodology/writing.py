"""Writes editions and figures as the TOML that drafts are made of; the worked examples are worked out on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from points_engine.errors import EngineError
from points_engine.methodology.model import Behaviour, Factor, PointsRule, Scenario, Version
from points_engine.methodology.quantify import quantify_under


def next_name(behaviour: Behaviour) -> str:
    """The name of the version after the newest: the next whole number that is free."""
    taken = {each.version for each in behaviour.versions}
    return next(str(n) for n in range(len(taken) + 1, len(taken) + 1000) if str(n) not in taken)


def write_version(behaviour: Behaviour, edition: Version) -> str:
    """A draft that brings `edition`; its examples are those it has, moved to its first day and worked out again."""
    lines = [f"behaviour = {_text(behaviour.code)}", "", "[[version]]"]
    lines += [
        f"version = {_text(edition.version)}",
        f"valid_from = {edition.valid_from}",
        f"formula = {_text(edition.formula)}",
        *_scenario("baseline_factors", edition.baseline),
        *_scenario("activity_factors", edition.activity),
    ]
    if edition.times:
        lines.append(f"times = [{', '.join(_text(series.key) for series in edition.times)}]")
    if edition.default_grams is not None:
        lines.append(f"default_grams = {_text(f'{edition.default_grams:f}')}")
    lines.append(f"bounds = {{ least = {_number(edition.bounds.least)}, most = {_number(edition.bounds.most)} }}")
    lines.append(f"points = {_points(edition.points)}")
    lines += _examples(behaviour, edition)
    return "\n".join(lines) + "\n"


def write_factor(row: Factor) -> str:
    """A draft that brings one row of a figure."""
    lines = [
        "[[factor]]",
        f"key = {_text(row.key)}",
        f"name = {{ zh = {_text(row.name_zh)}, en = {_text(row.name_en)} }}",
        f"value = {_number(row.value)}",
        f"unit = {_text(row.unit)}",
        f"source = {_text(row.source)}",
        f"mark = {_text(row.mark)}",
        f"valid_from = {row.valid_from}",
        f"review_by = {row.review_by}",
    ]
    if row.note_zh or row.note_en:
        lines.append(f"note = {{ zh = {_text(row.note_zh)}, en = {_text(row.note_en)} }}")
    return "\n".join(lines) + "\n"


def moved(edition: Version, name: str, day: date) -> Version:
    """The same edition under a new name from another day on, its examples with it."""
    examples = tuple(replace(each, on=max(each.on, day)) for each in edition.examples)
    return replace(edition, version=name, valid_from=day, examples=examples)


def _examples(behaviour: Behaviour, edition: Version) -> list[str]:
    lines: list[str] = []
    for each in edition.examples:
        try:
            got = quantify_under(edition, behaviour, each.quantity, each.inputs, each.level, each.on)
        except (EngineError, KeyError, ZeroDivisionError):
            continue  # the lint says what is missing
        lines += [
            "",
            "[[version.example]]",
            f"quantity = {_number(each.quantity)}",
            f"level = {_text(each.level.value)}",
            f"on = {each.on}",
            f"grams = {got.grams}",
            f"points = {got.points}",
        ]
        if each.inputs:
            lines.append(f"inputs = {_table(each.inputs)}")
    return lines


def _scenario(key: str, scenario: Scenario) -> list[str]:
    terms = [" * ".join(series.key for series in term) for term in scenario]
    return [f"{key} = [{', '.join(_text(term) for term in terms)}]"] if terms else []


def _points(rule: PointsRule) -> str:
    if rule.table is None:
        return f"{{ per_unit = {_text(str(rule.per_unit))} }}"
    table = _table({key: str(price) for key, price in rule.table.items()})
    return f"{{ by = {_text(rule.by)}, table = {table} }}"


def _table(values: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{_text(key)} = {_text(str(value))}" for key, value in values.items()) + " }"


def _number(value: Decimal) -> str:
    return _text(f"{value:f}")


def _text(value: str) -> str:
    """A TOML basic string; what JSON escapes, TOML escapes the same way, and DEL besides."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
