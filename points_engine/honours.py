"""荣誉 Honours: what is measured, the criteria a round begins with, and the judging of one candidate with its working."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

SUBJECTS = ("enterprise", "public_body", "community", "family", "member")
MET, NOT_MET, NO_DATA = "met", "not_met", "no_data"
STATES = (MET, NOT_MET, NO_DATA)
MOST = 10**9  # of any threshold


@dataclass(frozen=True, slots=True)
class Measure:
    """Something a criterion can ask for: `scale` parts of the figure make one of the threshold's, 0 for yes or no."""

    code: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    scale: int
    better: str
    personal: bool
    subjects: tuple[str, ...]
    most: int = MOST

    @property
    def counts(self) -> bool:
        """Whether there is a threshold at all."""
        return self.scale > 0


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of a round: a measure, the threshold in the measure's unit, and which pledge or board is meant."""

    measure: str
    threshold: int = 0
    param: str = ""

    def as_data(self) -> dict[str, Any]:
        return {"measure": self.measure, "threshold": self.threshold, "param": self.param}


@dataclass(frozen=True, slots=True)
class Honour:
    """A title that is given year by year, and what a new round of it begins with."""

    code: str
    zh: str
    en: str
    subject: str
    criteria: tuple[Criterion, ...]

    @property
    def of_members(self) -> bool:
        return self.subject == "member"


@dataclass(frozen=True, slots=True)
class Figure:
    """What is known of one candidate by one measure: no value says why (`few`, `no_baseline`, …), and whence it comes."""

    value: int | None
    source: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion judged, with everything needed to judge it again."""

    measure: str
    threshold: int
    param: str
    state: str
    value: int | None
    source: str
    why: str

    @property
    def criterion(self) -> Criterion:
        return Criterion(self.measure, self.threshold, self.param)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All criteria of a round judged for one candidate at one instant."""

    findings: tuple[Finding, ...]
    as_of: datetime

    @property
    def eligible(self) -> bool:
        """Whether every criterion is met; what is not known is not met."""
        return bool(self.findings) and all(each.state == MET for each in self.findings)

    @property
    def met(self) -> int:
        return sum(each.state == MET for each in self.findings)


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "honours.toml").read_text("utf-8"))


@cache
def measures() -> Mapping[str, Measure]:
    """Every measure by its code, in the order of the page."""
    return {each["code"]: Measure(**each | {"subjects": tuple(each["subjects"])}) for each in _tables()["measure"]}


@cache
def honours() -> Mapping[str, Honour]:
    """Every honour by its code."""
    return {
        each["code"]: Honour(
            each["code"], each["zh"], each["en"], each["subject"], tuple(Criterion(**one) for one in each["criteria"])
        )
        for each in _tables()["honour"]
    }


def measures_for(subject: str) -> list[Measure]:
    """What can be asked of a company, a family, a person."""
    return [each for each in measures().values() if subject in each.subjects]


def faults(subject: str, criteria: Sequence[Criterion]) -> dict[str, str]:
    """What is wrong with the criteria of a round, by the field of the form."""
    allowed = {each.code: each for each in measures_for(subject)}
    wrong: dict[str, str] = {} if criteria else {"criteria": "required"}
    for each in criteria:
        measure = allowed.get(each.measure)
        if measure is None:
            wrong["criteria"] = "not_a_choice"
        elif measure.counts and not 0 < each.threshold <= measure.most:
            wrong[f"threshold_{each.measure}"] = "out_of_bounds"
        elif each.measure in ("pledge", "place") and not each.param:
            wrong[f"param_{each.measure}"] = "required"
    return wrong


def judge(criterion: Criterion, figure: Figure | None) -> Finding:
    """One criterion against what is known; nothing known is no data, neither met nor missed."""
    measure = measures()[criterion.measure]
    if figure is None or figure.value is None:
        why = figure.why if figure else "unknown"
        state = NOT_MET if why == "not_on_board" else NO_DATA
        source = figure.source if figure else ""
        return Finding(criterion.measure, criterion.threshold, criterion.param, state, None, source, why)
    limit = criterion.threshold * measure.scale
    good = figure.value == 1 if not measure.counts else (
        figure.value <= limit if measure.better == "less" else figure.value >= limit
    )  # fmt: skip
    state = MET if good else NOT_MET
    return Finding(criterion.measure, criterion.threshold, criterion.param, state, figure.value, figure.source, "")


def evaluate(criteria: Iterable[Criterion], figures: Mapping[str, Figure], as_of: datetime) -> Evaluation:
    """All criteria of a round for one candidate."""
    return Evaluation(tuple(judge(each, figures.get(each.measure)) for each in criteria), as_of)


def record(honour: str, year: int, evaluation: Evaluation) -> str:
    """The evaluation as the text that is kept; the same evaluation always gives the same text."""
    rows = [
        {"measure": f.measure, "threshold": f.threshold, "param": f.param, "state": f.state, "value": f.value,
         "source": f.source, "why": f.why}
        for f in evaluation.findings
    ]  # fmt: skip
    said = {"honour": honour, "year": year, "as_of": evaluation.as_of.isoformat(timespec="seconds"), "findings": rows}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_record(text: str) -> Evaluation:
    """The evaluation behind a kept text."""
    said = json.loads(text)
    return Evaluation(tuple(Finding(**row) for row in said["findings"]), datetime.fromisoformat(said["as_of"]))


def checksum(text: str) -> str:
    """What fixes a kept text: SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()
