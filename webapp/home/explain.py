"""How one behaviour is worked out, ready to be read: figures, caps, evidence, exclusions and a worked example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from points_engine.methodology import (
    Behaviour,
    Catalogue,
    Elsewhere,
    Factor,
    Passport,
    Version,
    passport,
)
from points_engine.methodology.model import Example
from webapp.activities import views
from webapp.web import t

SCOPES = {
    "instant": ("同一时刻", "at the same moment"),
    "meal": ("同一餐", "in the same meal"),
    "day": ("同一天", "on the same day"),
    "month": ("同一个月", "in the same month"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One methodology for its public page."""

    behaviour: Behaviour
    name: str
    rate: str | None
    price: str | None
    prices: Sequence[tuple[str, str]]  # by input, where the price depends on one
    closed: str | None
    passport: Passport | None  # of the worked example
    example: str
    evidence: Sequence[tuple[str, Factor]]
    caps: Sequence[views.CapLine]
    exclusions: Sequence[str]
    elsewhere: Sequence[Elsewhere]
    version: Version
    versions: Sequence[Version]


def explain(behaviour: Behaviour, catalogue: Catalogue, today: date) -> Explained:
    edition = behaviour.version_on(today)
    first = edition.examples[0] if edition.examples else None
    return Explained(
        behaviour=behaviour,
        name=views.name_of(behaviour),
        rate=views.rate_of(behaviour, today),
        price=views.price_of(behaviour, today),
        prices=_prices(behaviour, edition),
        closed=None if behaviour.loggable else views.why_closed(behaviour),
        passport=_passport(behaviour, edition, first) if first else None,
        example=_words(behaviour, first) if first else "",
        evidence=[
            (t(*views.LEVELS[level.value]), behaviour.coefficient_on(level, today)) for level in behaviour.evidence
        ],
        caps=views.cap_lines(behaviour, catalogue),
        exclusions=_exclusions(behaviour, catalogue),
        elsewhere=behaviour.elsewhere,
        version=edition,
        versions=behaviour.versions,
    )


def _passport(behaviour: Behaviour, edition: Version, example: Example) -> Passport:
    inputs = views.inputs_of(behaviour, example.inputs)
    return passport(behaviour, edition.version, example.quantity, inputs, example.level, example.on)


def _words(behaviour: Behaviour, example: Example) -> str:
    words = [views.name_of(behaviour), views.amount_of(behaviour, example.quantity)]
    for asked in behaviour.inputs:
        value = example.inputs.get(asked.name, "")
        shown = t(*views.CHOICES.get(value, (value, value)))
        words.append(f"{t(asked.label_zh, asked.label_en)} {shown}")
    return t("，", ", ").join([*words, t(*views.LEVELS[example.level.value])])


def _prices(behaviour: Behaviour, edition: Version) -> list[tuple[str, str]]:
    if edition.points.table is None:
        return []
    return [
        (t(*views.CHOICES.get(key, (key, key))), f"{float(value):g}") for key, value in edition.points.table.items()
    ]


def _exclusions(behaviour: Behaviour, catalogue: Catalogue) -> list[str]:
    found = []
    for rule in behaviour.exclusions:
        names = [views.name_of(catalogue.behaviour(code)) for code in sorted(rule.codes)]
        scope = t(*SCOPES[rule.scope])
        reason = t(rule.reason_zh, rule.reason_en)
        found.append(
            t(
                f"{reason}：{scope}不与{'、'.join(names)}重复计入",
                f"{reason[:1].upper()}{reason[1:]}: does not count {scope} together with {', '.join(names)}",
            )
        )
    return found
