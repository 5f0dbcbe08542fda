"""Every refusal, reason, status and job has words in both languages and a line in the documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from points_engine.errors import EngineError, Invalid
from points_engine.trips import REASONS as TRIP_REASONS
from scripts import list_errors
from tests.house.source import ROOT, Module, modules
from webapp.activities import views
from webapp.console import words
from webapp.jobs.runner import all_jobs
from webapp.web.errors import HTTP_CODES, STATUS
from webapp.web.messages import MESSAGES, REASONS

CODE = re.compile(r"[a-z][a-z_]{2,}")
KINDS_OF_WRONG = re.compile(r"errors|wrong|faults|fields|problems?")
# Modules whose small functions give back a reason code, or None.
TELL_REASONS = {"points_engine.methodology.inputs", "webapp.members.passwords", "webapp.members.phones"}
# Words kept for a refusal that is part of the API's contract, though nothing raises it at present.
PROMISED = {"consent_missing"}


def test_every_refusal_has_words_and_a_known_kind() -> None:
    raised = dict(pair for m in modules("webapp", "points_engine") for pair in refusals(m))
    assert {code for code in raised if code not in MESSAGES} == set()
    assert {kind for kind in raised.values() if kind not in STATUS} == set() and len(raised) > 40
    assert set(HTTP_CODES.values()) <= set(MESSAGES)


def test_refusals_are_made_in_one_way() -> None:
    """By refuse() or Invalid, so that the test above sees the code."""
    classes = {cls.__name__ for cls in (EngineError, Invalid)}
    odd = [
        f"{m.place}:{node.lineno}"
        for m in modules("webapp", "points_engine")
        for node in m.nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in classes - {"Invalid"}
    ]
    assert [place for place in odd if not place.startswith("points_engine/errors.py")] == []


def test_every_reason_beside_a_field_has_words() -> None:
    told = {code: m.place for m in modules("webapp", "points_engine") for code in reasons(m)}
    known = {*REASONS, *MESSAGES, *TRIP_REASONS}
    assert {code: place for code, place in told.items() if code not in known} == {} and len(told) > 40


def test_no_words_wait_for_a_code_that_nobody_says() -> None:
    text = "\n".join(m.text for m in modules("webapp", "points_engine") if not m.name.startswith("webapp.web.messages"))
    said = set(re.findall(r'"([a-z_]+)"', text))
    dynamic = {code for code in MESSAGES if code.startswith("redemption_")}  # made from the status
    assert sorted((set(REASONS) | set(MESSAGES)) - said - dynamic - PROMISED) == []


def test_the_list_of_errors_is_the_one_the_code_gives() -> None:
    listed = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert listed == list_errors.text(), "run python scripts/list_errors.py"


def test_reasons_on_acts_have_words_for_residents_and_for_the_desk() -> None:
    text = "\n".join(m.text for m in modules("points_engine", "webapp/activities"))
    told = (
        set(re.findall(r'"([a-z_]+_(?:reached|reused|elsewhere|in_part|review|left))"', text))
        - set(MESSAGES)
        - set(TRIP_REASONS)
    )
    assert told - set(views.REASONS) == set() and told - set(words.ACT_REASONS) == set() and len(told) >= 8
    assert set(views.REASONS) == set(words.ACT_REASONS)


def test_every_job_is_in_the_operators_guide(park: Any) -> None:
    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    names = [job.name for job in all_jobs(park.house)]
    assert [name for name in names if f"`{name}`" not in guide] == [] and len(names) == len(set(names)) > 8
    assert [name for name in names if not CODE.match(name)] == []


def test_every_job_and_handler_says_what_it_does(park: Any) -> None:
    jobs = {job.name: job.run for job in all_jobs(park.house)} | dict(park.house.handlers)
    assert [name for name, run in jobs.items() if not (run.__doc__ or "").strip()] == []


def refusals(module: Module) -> Iterator[tuple[str, str]]:
    """(code, kind) of each refuse("kind", "code", …)."""
    for node in module.nodes():
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "refuse" and len(node.args) > 1:
            kind, code = node.args[:2]
            if isinstance(kind, ast.Constant) and isinstance(code, ast.Constant):
                yield code.value, kind.value


def reasons(module: Module) -> Iterator[str]:
    """Codes put beside a field: `errors["phone"] = "…"`, `Invalid({"phone": "…"})`, or given back by a small function."""
    for node in module.nodes():
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Assign) and KINDS_OF_WRONG.search(ast.unparse(node.targets[0]).split("[")[0]):
            given = [node.value] if isinstance(node.targets[0], ast.Subscript | ast.Name) else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Invalid":
            given = [value for arg in node.args if isinstance(arg, ast.Dict) for value in arg.values]
        elif isinstance(node, ast.Return) and module.name in TELL_REASONS:
            given = [node.value]
        for expression in given:
            yield from answers(expression)


def answers(expression: ast.expr | None) -> Iterator[str]:
    """The constants an expression may give, through `a if b else c` and tuples, not those it compares with."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str) and CODE.fullmatch(expression.value):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from answers(expression.body)
        yield from answers(expression.orelse)
    elif isinstance(expression, ast.Tuple | ast.BoolOp):
        for each in expression.elts if isinstance(expression, ast.Tuple) else expression.values:
            yield from answers(each)
    elif isinstance(expression, ast.Dict):
        for value in expression.values:
            yield from answers(value)
