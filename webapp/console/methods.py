"""The methodology browser: every behaviour with its editions, figures, caps and worked examples; drafts are next door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, request

from points_engine.clock import local_day
from points_engine.errors import refuse
from points_engine.methodology import DOMAINS, Behaviour, Factor, Series, Version, passport
from webapp.console.roles import METHODS
from webapp.console.views import Answer, show
from webapp.methods import queries
from webapp.web import guard, house, now

bp = Blueprint("console_methods", __name__, url_prefix="/console/methods")


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One published figure with how it stands today."""

    series: str
    factor: Factor
    role: str
    overdue: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a methodology with its figures and its examples worked out."""

    version: Version
    current: bool
    factors: list[FactorLine]
    worked: list[Any]


@bp.get("")
@guard.roles(*METHODS)
def index() -> Answer:
    today, catalogue = local_day(now()), house().catalogue
    text = (request.args.get("q") or "").strip().casefold()[:40]
    overdue = {b.ref: _overdue(b, today) for b in catalogue.behaviours}
    groups = [
        (domain, [b for b in catalogue.behaviours if b.domain == domain[0] and _matches(b, text)]) for domain in DOMAINS
    ]
    with house().store.read() as tx:
        drafts = queries.open_drafts(tx)
    return show(
        "methods.html", drafts=drafts, groups=[g for g in groups if g[1]], overdue=overdue, today=today, q=text,
        late=sum(1 for line in _all_factors(today) if line.overdue),
    )  # fmt: skip


@bp.get("/factors")
@guard.roles(*METHODS)
def factors() -> Answer:
    today = local_day(now())
    lines = sorted(_all_factors(today), key=lambda each: (each.factor.review_by, each.series))
    return show("factors.html", lines=lines, today=today)


@bp.get("/<ref>")
@guard.roles(*METHODS)
def one(ref: str) -> Answer:
    behaviour = house().catalogue.by_ref.get(ref)
    if behaviour is None:
        raise refuse("not_found", "unknown_methodology", behaviour=ref[:40])
    today = local_day(now())
    editions = [_edition(behaviour, version, today) for version in reversed(behaviour.versions)]
    evidence = [
        _line(series.key, series.on(today), "evidence", today, True)
        for level, series in behaviour.coefficients.items()
        if level in behaviour.evidence
    ]
    return show("method.html", b=behaviour, editions=editions, evidence=evidence, today=today)


def _matches(behaviour: Behaviour, text: str) -> bool:
    named = (behaviour.ref, behaviour.code, behaviour.name_zh, behaviour.name_en)
    return not text or any(text in each.casefold() for each in named)


def _edition(behaviour: Behaviour, version: Version, today: date) -> Edition:
    in_force = [v for v in behaviour.versions if v.valid_from <= today]
    worked = [
        (
            example,
            passport(
                behaviour,
                version.version,
                example.quantity,
                example.inputs,
                example.level,
                example.on,
            ),
        )
        for example in version.examples
    ]
    figures = [
        _line(series.key, row, role, today, row is _in_force(series, today))
        for role, series in _figures(version)
        for row in reversed(series.rows)
    ]
    return Edition(version, bool(in_force) and in_force[-1] is version, figures, worked)


def _figures(version: Version) -> list[tuple[str, Series]]:
    """Each series once per role it plays."""
    roles = [("baseline", s) for term in version.baseline for s in term]
    roles += [("activity", s) for term in version.activity for s in term]
    roles += [("both", s) for s in version.times]
    return list(dict.fromkeys(roles))


def _in_force(series: Series, today: date) -> Factor | None:
    return next((row for row in reversed(series.rows) if row.valid_from <= today), None)


def _line(key: str, row: Factor, role: str, today: date, current: bool) -> FactorLine:
    return FactorLine(key, row, role, current and row.review_by < today, current)


def _all_factors(today: date) -> list[FactorLine]:
    return [
        _line(key, row, "", today, row is _in_force(series, today))
        for key, series in house().catalogue.factors.items()
        for row in series.rows
    ]


def _overdue(behaviour: Behaviour, today: date) -> int:
    """How many of the figures in force have passed their review date."""
    version = next((v for v in reversed(behaviour.versions) if v.valid_from <= today), behaviour.versions[0])
    rows = [_in_force(series, today) for _, series in _figures(version)]
    return sum(1 for row in rows if row is not None and row.review_by < today)
