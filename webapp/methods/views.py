"""What the public pages of the methods show: one method ready to be read, worked out live, and as open data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from points_engine.errors import EngineError, Invalid
from points_engine.methodology import (
    Behaviour,
    Catalogue,
    Elsewhere,
    Factor,
    Level,
    Passport,
    Version,
    parse_number,
    passport,
    read_inputs,
    read_quantity,
)
from points_engine.methodology.formulas import FORMULAS
from points_engine.methodology.rates import used
from points_engine.units import displayed, plain
from webapp.activities import views as acts
from webapp.methods.queries import Approved
from webapp.web import t

SCOPES = {
    "instant": ("同一时刻", "at the same moment"),
    "meal": ("同一餐", "in the same meal"),
    "day": ("同一天", "on the same day"),
    "month": ("同一个月", "in the same month"),
}


@dataclass(frozen=True, slots=True)
class Edition:
    """One version with its figures, its worked examples and how it came about."""

    version: Version
    state: str  # current, coming or past
    until: date | None
    formula: str
    price: str
    factors: Sequence[Factor]
    worked: Sequence[tuple[str, Passport]]
    approved: Approved | None


@dataclass(frozen=True, slots=True)
class Tried:
    """The worked example a visitor may change."""

    amount: str
    level: str
    inputs: Mapping[str, str]
    passport: Passport | None
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MethodPage:
    """One method for its public page."""

    behaviour: Behaviour
    name: str
    rate: str | None
    price: str | None
    closed: str | None
    tried: Tried
    evidence: Sequence[tuple[str, Factor]]
    caps: Sequence[acts.CapLine]
    exclusions: Sequence[str]
    elsewhere: Sequence[Elsewhere]
    derivations: Sequence[str]
    editions: Sequence[Edition]
    overdue: bool


def method_page(
    behaviour: Behaviour, catalogue: Catalogue, approved: Sequence[Approved], args: Mapping[str, str], today: date
) -> MethodPage:
    """Everything the page of one method shows; `args` is what the visitor typed into its example."""
    editions = [_edition(behaviour, each, approved, today) for each in reversed(behaviour.versions)]
    now_used = [series.on(today) for series in used(behaviour.version_on(today)).values()]
    return MethodPage(
        behaviour=behaviour,
        name=acts.name_of(behaviour),
        rate=acts.rate_of(behaviour, today),
        price=acts.price_of(behaviour, today),
        closed=None if behaviour.loggable else acts.why_closed(behaviour),
        tried=_try(behaviour, args, today),
        evidence=[(t(*acts.LEVELS[x.value]), behaviour.coefficient_on(x, today)) for x in behaviour.evidence],
        caps=acts.cap_lines(behaviour, catalogue),
        exclusions=exclusions(behaviour, catalogue),
        elsewhere=behaviour.elsewhere,
        derivations=_derivations(behaviour, catalogue),
        editions=editions,
        overdue=any(row.review_by < today for row in now_used),
    )


def exclusions(behaviour: Behaviour, catalogue: Catalogue) -> list[str]:
    """What does not count beside this act, in sentences."""
    found = []
    for rule in behaviour.exclusions:
        names = [acts.name_of(catalogue.behaviour(code)) for code in sorted(rule.codes)]
        zh, en = SCOPES[rule.scope]
        reason = t(rule.reason_zh, rule.reason_en)
        listed = t("、", ", ").join(names)
        found.append(
            t(
                f"{reason}：{zh}不与{listed}重复计入",
                f"{reason[:1].upper()}{reason[1:]}: does not count {en} together with {listed}",
            )
        )
    return found


def _derivations(behaviour: Behaviour, catalogue: Catalogue) -> list[str]:
    """Our own derivations that the sources of this act name."""
    edition = behaviour.versions[-1]
    told = " ".join([behaviour.source, *(row.source for series in used(edition).values() for row in series.rows)])
    words = set(told.replace("（", " ").replace("）", " ").replace("，", " ").replace("、", " ").split())
    return [f"{key} {t(zh, en)}" for key, (zh, en) in catalogue.derivations.items() if key in words]


def _edition(behaviour: Behaviour, version: Version, approved: Sequence[Approved], today: date) -> Edition:
    current = behaviour.version_on(max(today, behaviour.versions[0].valid_from))
    later = [v.valid_from for v in behaviour.versions if v.valid_from > version.valid_from]
    state = "current" if version is current else "coming" if version.valid_from > today else "past"
    made = next((a for a in approved if (a.behaviour, a.version) == (behaviour.code, version.version)), None)
    return Edition(
        version=version,
        state=state,
        until=min(later, default=None),
        formula=t(FORMULAS[version.formula].zh, FORMULAS[version.formula].en),
        price=_price(behaviour, version),
        factors=[row for series in used(version).values() for row in reversed(series.rows)],
        worked=[
            (t(*acts.LEVELS[e.level.value]), passport(behaviour, version.version, e.quantity, _inputs(behaviour, e.inputs), e.level, e.on))
            for e in version.examples
        ],
        approved=made,
    )  # fmt: skip


def _price(behaviour: Behaviour, version: Version) -> str:
    rule, unit = version.points, acts.unit_of(behaviour)
    if rule.table is None:
        return f"{displayed(rule.per_unit):f} / {unit}" if rule.per_unit else t("不给积分", "no points")
    asked = next(each for each in behaviour.inputs if each.name == rule.by)
    words = [f"{t(*acts.CHOICES.get(key, (key, key)))}: {displayed(price):f}" for key, price in rule.table.items()]
    return f"{t(asked.label_zh, asked.label_en)} → {t('、', ', ').join(words)} / {unit}"


def _inputs(behaviour: Behaviour, stored: Mapping[str, str]) -> dict[str, Decimal | str]:
    return acts.inputs_of(behaviour, stored)


def _try(behaviour: Behaviour, args: Mapping[str, str], today: date) -> Tried:
    """What the visitor typed, or the first worked example."""
    edition = behaviour.version_on(max(today, behaviour.versions[0].valid_from))
    first = edition.examples[0] if edition.examples else None
    usual = plain(first.quantity if first else behaviour.usual)
    amount = args.get("amount", f"{usual:f}").strip()[:20]
    levels = [level.value for level in behaviour.evidence]
    level = (
        args.get("level")
        if args.get("level") in levels
        else first.level.value
        if first
        else levels[0]
        if levels
        else ""
    )
    given = {
        asked.name: args.get(asked.name, (first.inputs.get(asked.name) if first else None) or asked.usual).strip()[:20]
        for asked in behaviour.inputs
    }
    if not level:
        return Tried(amount, "", given, None, {})
    try:
        quantity = read_quantity(behaviour, parse_number(amount), on=today)
        inputs = read_inputs(behaviour, given)
        shown = passport(behaviour, edition.version, quantity, inputs, Level(level), max(today, edition.valid_from))
    except Invalid as wrong:
        names = {"quantity": "amount"}
        return Tried(
            amount, level, given, None, {names.get(k, k.removeprefix("inputs.")): v for k, v in wrong.fields.items()}
        )
    except (EngineError, KeyError):
        return Tried(amount, level, given, None, {"amount": "invalid"})
    return Tried(amount, level, given, shown, {})


# --- open data ---------------------------------------------------------------------------------------


def open_data(behaviour: Behaviour, approved: Sequence[Approved], today: date) -> dict[str, Any]:
    """One method as plain data, complete enough to be recomputed elsewhere; the same in every language."""
    return {
        "code": behaviour.code,
        "ref": behaviour.ref,
        "domain": behaviour.domain,
        "name": _pair(behaviour.name_zh, behaviour.name_en),
        "unit": {"code": behaviour.unit, **_pair(behaviour.unit_zh, behaviour.unit_en)},
        "baseline": _pair(behaviour.baseline_zh, behaviour.baseline_en),
        "activity": _pair(behaviour.activity_zh, behaviour.activity_en),
        "source": behaviour.source,
        "mark": behaviour.mark,
        "loggable": behaviour.loggable,
        "evidence": [level.value for level in behaviour.evidence],
        "inputs": [
            {"name": i.name, "label": _pair(i.label_zh, i.label_en), "kind": i.kind, "choices": list(i.choices)}
            for i in behaviour.inputs
        ],
        "caps": [{"per": c.per, "amount": str(c.amount), "of": c.of, "group": c.group, "mark": c.mark} for c in behaviour.caps],
        "exclusions": [
            {"codes": sorted(e.codes), "scope": e.scope, "stands": e.stands, "reason": _pair(e.reason_zh, e.reason_en)}
            for e in behaviour.exclusions
        ],
        "notes": [_pair(zh, en) for zh, en in behaviour.notes],
        "elsewhere": [
            {"who": _pair(e.who_zh, e.who_en), "value": str(e.value), "unit": e.unit, "source": e.source, "mark": e.mark}
            for e in behaviour.elsewhere
        ],
        "versions": [_version_data(behaviour, each, approved, today) for each in behaviour.versions],
    }  # fmt: skip


def _version_data(behaviour: Behaviour, version: Version, approved: Sequence[Approved], today: date) -> dict[str, Any]:
    edition = _edition(behaviour, version, approved, today)
    made = edition.approved
    return {
        "version": version.version,
        "valid_from": version.valid_from.isoformat(),
        "state": edition.state,
        "formula": version.formula,
        "baseline_factors": [" * ".join(s.key for s in term) for term in version.baseline],
        "activity_factors": [" * ".join(s.key for s in term) for term in version.activity],
        "times": [s.key for s in version.times],
        "bounds": {"least": str(version.bounds.least), "most": str(version.bounds.most)},
        "points": _points_data(version),
        "examples": [
            {"quantity": str(e.quantity), "inputs": dict(e.inputs), "level": e.level.value, "on": e.on.isoformat(),
             "grams": e.grams, "points": e.points}
            for e in version.examples
        ],
        "factors": [factor_data(row) for row in edition.factors],
        "checksum": made.checksum if made else None,
        "approved_at": made.decided_at.isoformat() if made else None,
    }  # fmt: skip


def _points_data(version: Version) -> dict[str, Any]:
    rule = version.points
    if rule.table is None:
        return {"per_unit": str(rule.per_unit)}
    return {"by": rule.by, "table": {key: str(price) for key, price in rule.table.items()}}


def factor_data(row: Factor) -> dict[str, Any]:
    """One figure as plain data."""
    return {
        "key": row.key,
        "name": _pair(row.name_zh, row.name_en),
        "value": str(row.value),
        "unit": row.unit,
        "source": row.source,
        "mark": row.mark,
        "valid_from": row.valid_from.isoformat(),
        "review_by": row.review_by.isoformat(),
        "note": _pair(row.note_zh, row.note_en),
    }


def _pair(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}
