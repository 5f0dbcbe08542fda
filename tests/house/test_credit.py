"""Nobody credits around the checks: who may move grams, who may make a proof, who may write an act's row."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import Module, modules

# Rooms that judge evidence before they make a proof of it.
PROVING = {"trips", "places", "meters", "feeds"}
# Grams are moved by an act's worth alone; an act's row is written by its own room.
GRAMS = {"webapp/activities/worth.py"}
ACTS = {"webapp/activities/state.py", "webapp/activities/worth.py", "webapp/activities/verdicts.py"}


def calls(module: Module, name: str) -> Iterator[ast.Call]:
    for node in module.nodes():
        if isinstance(node, ast.Call):
            called = node.func
            if (isinstance(called, ast.Name) and called.id == name) or (
                isinstance(called, ast.Attribute) and called.attr == name
            ):
                yield node


def says(call: ast.Call, *words: str) -> bool:
    return any(
        isinstance(a, ast.Constant) and a.value in words for a in (*call.args, *(k.value for k in call.keywords))
    )


def test_only_rooms_that_judge_evidence_make_proofs() -> None:
    makers = {m.place for m in modules("webapp", "points_engine") if any(calls(m, "Proof"))}
    assert {place for place in makers if place.split("/")[1] not in PROVING} == set()


def test_only_feeds_bring_the_records_of_partners() -> None:
    callers = {m.place for m in modules("webapp") if any(calls(m, "PartnerDesk"))}
    assert {place.split("/")[1] for place in callers} == {"feeds"}


def test_grams_move_in_one_place() -> None:
    movers = {m.place for m in modules("webapp") if any(says(c, "carbon", "reduction") for c in calls(m, "Move"))}
    assert movers == GRAMS


def test_an_act_is_written_by_its_own_room() -> None:
    for module in modules("webapp"):
        for name in ("insert", "update", "Write", "upsert"):
            for call in calls(module, name):
                first = call.args[0] if call.args else None
                if isinstance(first, ast.Name) and first.id == "activity":
                    assert module.place in ACTS, f"{module.place}:{call.lineno}"


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [('Move(1, "carbon", "reduction", "verified", 5)', "Move", ("carbon",)), ("proofs.Proof(kind)", "Proof", ())],
)
def test_a_way_around_is_seen(text: str, name: str, words: tuple[str, ...]) -> None:
    module = Module("webapp.x", modules("webapp")[0].path, text, ast.parse(text))
    assert [c for c in calls(module, name) if not words or says(c, *words)]
