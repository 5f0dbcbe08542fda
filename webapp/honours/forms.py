"""What comes in for honours: a round as staff write it, a nomination, an objection and reasons; checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from points_engine.clock import start_of
from points_engine.errors import Invalid
from points_engine.honours import Criterion, Honour, faults, honours, measures_for

STATEMENT_MAX, REASON_MAX, EVIDENCE_MAX, ANSWER_MAX, NAME_MAX = 1000, 500, 1000, 400, 20
NOTICE_LEAST, NOTICE_MOST = 5, 60
POINTS_MOST = 1_000_000
SHOWN = ("name", "nickname", "none")


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """A round as its editor wants it; which honour and year it is for is said once, when it is made."""

    criteria: tuple[Criterion, ...]
    quota: int | None
    opens_at: datetime
    closes_at: datetime
    notice_days: int
    objections_to: str
    fund_id: int | None = None
    reward_points: int = 0

    @classmethod
    def parse(cls, form: Mapping[str, str], honour: Honour) -> RoundFacts:
        """Read the fields of the same names; `first` and `last` are the days of the window, both included."""
        wrong: dict[str, str] = {}
        first, last = _day(form, "first", wrong), _day(form, "last", wrong)
        if first and last and last < first:
            wrong["last"] = "ends_before_start"
        notice = _whole(form, "notice_days", wrong, required=True)
        if notice is not None and not NOTICE_LEAST <= notice <= NOTICE_MOST:
            wrong["notice_days"] = "out_of_bounds"
        quota = _whole(form, "quota", wrong)
        if quota is not None and not 0 < quota <= 10_000:
            wrong["quota"] = "out_of_bounds"
        points, fund = _whole(form, "reward_points", wrong) or 0, _whole(form, "fund_id", wrong)
        if points > POINTS_MOST or (points and not honour.of_members):
            wrong["reward_points"] = "out_of_bounds"
        if points and not fund:
            wrong["fund_id"] = "required"
        where = " ".join((form.get("objections_to") or "").split())
        if not where or len(where) > 200:
            wrong["objections_to"] = "too_long" if where else "required"
        criteria = read_criteria(form, honour.subject, wrong)
        if wrong or first is None or last is None or notice is None:
            raise Invalid(wrong)
        closes = start_of(last + timedelta(days=1))
        return cls(criteria, quota, start_of(first), closes, notice, where, fund if points else None, points)

    @property
    def columns(self) -> dict[str, Any]:
        """The row of the round."""
        return {
            "criteria": [each.as_data() for each in self.criteria],
            "quota": self.quota,
            "opens_at": self.opens_at,
            "closes_at": self.closes_at,
            "notice_days": self.notice_days,
            "objections_to": self.objections_to,
            "fund_id": self.fund_id,
            "reward_points": self.reward_points,
        }


def read_criteria(form: Mapping[str, str], subject: str, wrong: dict[str, str]) -> tuple[Criterion, ...]:
    """The measures that are ticked, each with its threshold and its pledge or board."""
    found, typed = [], dict[str, str]()
    for measure in measures_for(subject):
        if form.get(f"use_{measure.code}") != "1":
            continue
        threshold = _whole(form, f"threshold_{measure.code}", typed, required=True) if measure.counts else 0
        found.append(Criterion(measure.code, threshold or 0, (form.get(f"param_{measure.code}") or "").strip()[:40]))
    wrong |= faults(subject, found) | typed
    return tuple(found)


@dataclass(frozen=True, slots=True)
class NewRound:
    """Which honour, for which year."""

    honour: Honour
    year: int

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> NewRound:
        """Read `honour` and `year`."""
        wrong: dict[str, str] = {}
        honour = honours().get(form.get("honour") or "")
        if honour is None:
            wrong["honour"] = "not_a_choice"
        year = _whole(form, "year", wrong, required=True)
        if year is not None and not 2020 <= year <= 2100:
            wrong["year"] = "out_of_bounds"
        if wrong or honour is None or year is None:
            raise Invalid(wrong)
        return cls(honour, year)


@dataclass(frozen=True, slots=True)
class Nomination:
    """What a candidate says of itself, and how it wishes to be named."""

    statement: str
    shown: str
    own_name: str = ""

    @classmethod
    def parse(cls, form: Mapping[str, str], subject: str) -> Nomination:
        """Read `statement`; of a person also `shown` and `own_name`, of a family its agreement to be named."""
        statement = (form.get("statement") or "").strip().replace("\r\n", "\n")
        wrong = {"statement": "too_long"} if len(statement) > STATEMENT_MAX else {}
        if subject == "family" and form.get("agree") != "1":
            wrong["agree"] = "required"
        if subject != "member":
            shown, own = ("nickname" if subject == "family" else "name"), ""
        else:
            shown, own = form.get("shown") or "", " ".join((form.get("own_name") or "").split())
            if shown not in SHOWN:
                wrong["shown"] = "not_a_choice"
            if shown == "name" and not own:
                wrong["own_name"] = "required"
            if len(own) > NAME_MAX or not own.isprintable():
                wrong["own_name"] = "too_long" if len(own) > NAME_MAX else "invalid"
        if wrong:
            raise Invalid(wrong)
        return cls(statement, shown, own if shown == "name" else "")


@dataclass(frozen=True, slots=True)
class Objection:
    """Why somebody thinks a candidate should not be honoured, and what shows it."""

    reason: str
    evidence: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> Objection:
        """Read `reason` and `evidence`."""
        reason, evidence = ((form.get(name) or "").strip().replace("\r\n", "\n") for name in ("reason", "evidence"))
        wrong = {}
        if not reason or len(reason) > REASON_MAX:
            wrong["reason"] = "too_long" if reason else "required"
        if len(evidence) > EVIDENCE_MAX:
            wrong["evidence"] = "too_long"
        if wrong:
            raise Invalid(wrong)
        return cls(reason, evidence)


def read_reason(text: str | None, field: str = "reason") -> str:
    """Why staff decided so; needed, and kept."""
    reason = " ".join((text or "").split())
    if not reason or len(reason) > ANSWER_MAX:
        raise Invalid({field: "too_long" if reason else "required"})
    return reason


def read_code(text: str | None) -> str:
    """The code of a certificate as printed, with or without blanks and dashes; empty when it cannot be one."""
    code = "".join((text or "").split()).replace("-", "").upper()
    return code if 12 <= len(code) <= 24 and code.isascii() and code.isalnum() else ""


def _day(form: Mapping[str, str], name: str, wrong: dict[str, str]) -> date | None:
    text = (form.get(name) or "").strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        wrong[name] = "invalid" if text else "required"
        return None
    if not 2020 <= day.year <= 2100:
        wrong[name] = "invalid"
        return None
    return day


def _whole(form: Mapping[str, str], name: str, wrong: dict[str, str], *, required: bool = False) -> int | None:
    text = (form.get(name) or "").strip().replace(",", "")
    if not text:
        if required:
            wrong[name] = "required"
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        wrong[name] = "not_a_number"
        return None
    return int(text)
