"""Doors: who may import whom."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.house.source import Module, modules, parse
from webapp.app import ROOMS

# The modules a room shows to rooms on its right, besides service, queries and forms; tables are private.
DOORS = {
    "members": {
        "limits",
        "phones",
        "signin",
    },  # codes by e-mail are counted too; feeds find people by a number's fingerprint; the API signs people in
    "ledger": {"audit", "funds", "setwise"},  # one view of the replay for every audit; credits by the thousand
    "green_units": {"figures", "yearly"},  # one rule hides sums of fewer than five people
    "photos": {"pictures", "words"},  # every photo is taken in by one hand
    "activities": {"commands", "partner_acts", "proofs", "views"},  # an act is read and told in one way everywhere
    # the desk writes lessons, questions and quizzes, each kept in a file of its own
    "learning": {"bank", "bank_lines", "importing", "lessons", "quizzes", "words"},
    "feeds": {"files", "mapping"},  # the desk hands files in, and names the partners there are
    "meters": {"files", "words"},  # the desk reads tables as meters do, and tells a working in the same words
    "energy": {
        "evaluating",
        "file_pages",
        "files",
        "importing",
        "pages",
        "words",
    },  # the desk judges, and takes in the platform's files
    "methods": {"views"},  # pages and the API give the same open data
    "honours": {"words"},  # the desk says criteria and states as the public pages do
    "rankings": {"boards", "figures"},  # names of boards and periods; honours judge units by the sums boards rest on
}
PLAIN_DOORS = {"service", "queries", "forms"}
# Under the rooms: anyone may use them. webapp.jobs is the outbox.
UNDER = {"settings", "store", "web", "jobs", "papers"}
# Over the rooms: they know everyone and nobody below knows them.
OVER = {"app", "launch", "demo", "wsgi", "worker", "scheduler", "__main__"}
ALLOWED = {
    ("webapp.store.migrate", "webapp.tables"): "migrations compare every table with the database",
    ("webapp.web.health", "webapp.jobs.broker"): "health asks whether the broker answers",
    ("webapp.web.health", "webapp.jobs.queries"): "health shows late jobs",
    ("webapp.console.service", "webapp.audit"): "the ledger page of the desk runs the whole audit",
}
CALLERS_OF_THE_APP = {"app", "launch", "demo", "wsgi", "worker", "scheduler"}


def faults_of(module: Module) -> list[str]:
    return [
        f"{module.name} imports {name}"
        for name in sorted(set(module.imports()))
        if (module.name, name) not in ALLOWED and not may(module.name, name)
    ]


def may(who: str, what: str) -> bool:
    if who.split(".")[0] == "points_engine":
        return what.split(".")[0] in {"points_engine", *sys.stdlib_module_names}
    if not what.startswith("webapp."):
        return True
    mine, theirs = who.split(".")[1], what.split(".")[1]
    if mine == theirs or mine in OVER or mine == "tables":
        return True
    if mine == "audit":
        return (theirs in ROOMS and what.split(".")[2] in {"audit", "service", "queries"}) or theirs in {
            *UNDER,
            "tables",
        }
    if mine in {"store", "settings", "web", "jobs"}:
        return theirs in {"settings", "store"} or (mine, theirs) == ("jobs", "web")
    return theirs in UNDER or opens(mine, what)


def opens(mine: str, what: str) -> bool:
    """A room opens doors only to rooms on its left, and only those that are shown."""
    theirs, *door = what.split(".")[1:]
    if theirs not in ROOMS or ROOMS.index(theirs) >= ROOMS.index(mine):
        return False
    return bool(door) and door[0] in PLAIN_DOORS | DOORS.get(theirs, set())


def test_every_import_goes_through_a_door() -> None:
    assert [fault for module in modules("points_engine", "webapp") for fault in faults_of(module)] == []


def test_every_exception_is_still_needed() -> None:
    used = {(m.name, name) for m in modules("webapp") for name in m.imports()}
    assert [pair for pair in ALLOWED if pair not in used] == []
    doors = {tuple(name.split(".")[1:3]) for who, name in used if name.split(".")[1:2] != who.split(".")[1:2]}
    assert [(room, door) for room, shown in DOORS.items() for door in shown if (room, door) not in doors] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("points_engine.rule", "import flask"),
        ("points_engine.rule", "from webapp.store import Store"),
        ("webapp.store.engine", "from webapp.members import queries"),
        ("webapp.web.errors", "import webapp.members.service"),
        ("webapp.members.service", "from webapp.ledger.service import post"),
        ("webapp.rewards.service", "from webapp.ledger.tables import wallet"),
        ("webapp.rewards.service", "from webapp.ledger import tables"),
        ("webapp.rewards.service", "def f():\n    from webapp.campaigns import service"),
        ("webapp.home.routes", "from webapp.app import create_app"),
        ("webapp.jobs.runner", "from webapp.inbox.service import notify"),
    ],
)
def test_a_wrong_door_is_seen(name: str, text: str) -> None:
    assert faults_of(parse(text, name))


def test_only_the_launchers_know_the_whole_house() -> None:
    knowing = {
        m.name
        for m in modules("webapp", "points_engine", "scripts")
        for node in m.nodes()
        if isinstance(node, ast.ImportFrom | ast.Name | ast.Attribute | ast.alias)
        and {"create_app", "build_house"} & {getattr(node, key, None) for key in ("id", "attr", "name")}
    }
    assert {name for name in knowing if name.split(".")[1] not in CALLERS_OF_THE_APP} == set()
    assert "webapp.wsgi" in knowing


def test_services_and_tables_know_nothing_of_http() -> None:
    deaf = [m for m in modules("webapp") if m.name.split(".")[-1] in {"service", "queries", "tables"}]
    heard = {(m.name, n.split(".")[0]) for m in deaf for n in m.imports() if n.split(".")[0] in {"flask", "werkzeug"}}
    assert heard == set() and len(deaf) > 25


def test_nobody_goes_in_circles() -> None:
    graph = {m.name: set(m.imports(running=True)) for m in modules("points_engine", "webapp")}
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path[path.index(name) :], name))
        if name in done or name not in graph:
            return
        for other in sorted(graph[name]):
            if other != name:
                walk(other, (*path, name))
        done.add(name)

    for name in sorted(graph):
        walk(name, ())
