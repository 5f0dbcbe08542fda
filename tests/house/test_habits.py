"""Habits of the source: who commits, who reads the clock, where chance and floats may be, how long things are."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.house.source import ROOT, Module, modules, parse

COMMITTING = {"commit", "begin", "begin_nested", "rollback"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "current_timestamp", "localtimestamp"}
OTHER_CLOCKS = {"webapp.jobs.files": "names of message files sort by the time of writing; no rule reads them"}
CLOCK_OWNERS = {"datetime", "date", "time", "func", "datetime.datetime", "datetime.date"}
CHANCE = {
    "secrets": {
        "webapp.challenges.settling": "numbers of certificates",
        "webapp.green_units.forms": "join codes",
        "webapp.green_units.basis": "ids of memberships",
        "webapp.honours.rows": "codes of certificates nobody guesses",
        "webapp.inbox.service": "keys of notices without one",
        "webapp.launch.secrets": "the secrets of a new installation",
        "webapp.members.codes": "sign-in codes",
        "webapp.learning.attempts": "seeds of draws that nobody tells beforehand",
        "webapp.learning.trainings": "addresses of screens",
        "webapp.pledges.service": "numbers of certificates nobody guesses",
        "webapp.members.entering": "nicknames nobody chose",
        "webapp.members.ids": "public ids",
        "webapp.members.signin": "session tokens",
        "webapp.members.staff": "the first administrator's token",
        "webapp.places.service": "addresses of screens",
        "webapp.rankings.closing": "names of frozen boards",
        "webapp.rewards.codes": "redemption codes",
        "webapp.trips.sealing": "the nonce of each sealed track",
        "webapp.web.errors": "the id of a fault",
        "webapp.web.headers": "padding that hides the length of an answer",
    },
    "random": {},  # only the demo, which is the same each time for one seed
}
FLOAT_FRIENDS = {
    "points_engine.photos": "prints of pictures are geometry, as trips are",
    "points_engine.clock": "advance() passes timedelta's own keywords",
}
KNOW_THE_DATABASE = {
    "webapp.methods.effects": "rates are a JSON text on PostgreSQL and a temporary table on SQLite",
    "webapp.launch.seeding": "a park is seeded beside the file on SQLite only",
}
LONGEST_FUNCTION, LONGEST_P95, LONGEST_FILE = 70, 30, 420
LONG_FILES = {
    "tests/browser/pages.py": "a line for every page there is",
    "tests/rooms/test_console.py": "a table of pages by role and the desk's every form",
    "tests/rooms/test_members.py": "registering, signing in, consents and leaving, one after the other",
    "tests/rooms/test_rewards.py": "the whole life of a redemption on both databases",
}
TREE = ("points_engine", "webapp", "tests", "bench", "scripts")


def committing(module: Module) -> list[str]:
    calls = (n.func.attr for n in module.nodes() if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    return sorted(set(calls) & COMMITTING)


def clocks(module: Module) -> list[str]:
    return [
        f"{module.name}:{node.lineno}"
        for node in module.nodes()
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and ast.unparse(node.value) in CLOCK_OWNERS
    ]


def floats(module: Module) -> list[str]:
    """Float literals, the name float, and the true division of anything but Decimal constants."""
    return [
        f"{module.name}:{getattr(node, 'lineno', 0)}"
        for node in module.nodes()
        if (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]


def test_only_the_store_commits() -> None:
    assert {m.name: found for m in modules("webapp") if (found := committing(m)) and ".store" not in m.name} == {}
    assert any(committing(m) for m in modules("webapp/store"))


def test_only_the_clock_reads_the_time() -> None:
    read = {m.name for m in modules("webapp", "points_engine", "scripts") if clocks(m)}
    assert read == {"points_engine.clock", *OTHER_CLOCKS}


def test_the_engine_reads_neither_the_environment_nor_chance() -> None:
    refused = {"os", "random", "secrets", "uuid", "socket", "threading", "logging", "urllib", "subprocess", "sqlite3"}
    assert {(m.name, n) for m in modules("points_engine") for n in m.imports() if n.split(".")[0] in refused} == set()


@pytest.mark.parametrize("library", sorted(CHANCE))
def test_chance_is_used_where_it_is_meant(library: str) -> None:
    using = {m.name for m in modules("webapp", "points_engine") if library in set(m.imports())}
    assert {name for name in using if not name.startswith("webapp.demo.")} == set(CHANCE[library])


def test_the_engine_counts_without_floats() -> None:
    faults = [place for m in modules("points_engine") if "trips" not in m.name for place in floats(m)]
    assert [place for place in faults if place.split(":")[0] not in FLOAT_FRIENDS] == []
    assert {place.split(":")[0] for place in faults} == set(FLOAT_FRIENDS)


def test_few_know_which_database_it_is() -> None:
    words = re.compile(r"\bdialect\b|sqlalchemy\.dialects|\bPRAGMA\b|\bpg_advisory|FOR UPDATE SKIP", re.IGNORECASE)
    knowing = {m.name for m in modules("webapp") if words.search(m.text) and words.search(_code(m))}
    assert {name for name in knowing if not name.startswith("webapp.store")} == set(KNOW_THE_DATABASE)


def test_functions_fit_a_screen() -> None:
    lengths = sorted(
        (node.end_lineno - node.lineno + 1, f"{m.place}:{node.name}")
        for m in modules(*TREE)
        for node in m.nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    )
    assert [item for item in lengths if item[0] > LONGEST_FUNCTION] == []
    assert lengths[int(len(lengths) * 0.95)][0] <= LONGEST_P95


def test_files_stay_short() -> None:
    long = {m.place: n for m in modules(*TREE) if (n := m.text.count("\n")) > LONGEST_FILE}
    assert {place: n for place, n in long.items() if place not in LONG_FILES} == {}
    assert [place for place in LONG_FILES if place not in long] == [], "these are short now: take them off the list"


def test_every_module_opens_with_a_sentence() -> None:
    first = {m.place: (ast.get_docstring(m.tree) or "").split("\n")[0] for m in modules(*TREE) if m.text.strip()}
    assert [place for place, line in first.items() if len(line) < 15 or not line.endswith((".", "。"))] == []


def test_what_a_room_offers_says_what_it_does() -> None:
    offered = [m for m in modules("webapp") if m.name.split(".")[-1] in {"service", "queries"}]
    silent = [
        f"{m.place}:{node.name}"
        for m in offered
        for node in m.tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_" and not ast.get_docstring(node)
    ]
    assert silent == [] and len(offered) > 18


def test_nothing_is_left_for_later_or_waved_through_without_a_reason() -> None:
    assert [fault for m in modules(*TREE) for fault in loose_ends(m)] == []


def loose_ends(module: Module) -> Iterator[str]:
    for line, comment in comments(module):
        later = re.search(r"\b(TODO|FIXME|XXX|HACK)\b", comment)
        bare = re.search(r"type: ignore(?!\[)|noqa(?!: [A-Z]+\d+ *(, *[A-Z]+\d+ *)*[-–#])|no cover", comment)
        if later or bare:
            yield f"{module.place}:{line} {comment}"


def comments(module: Module) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _code(module: Module) -> str:
    """The text without comments and docstrings."""
    return ast.unparse(_Bare().visit(ast.parse(module.text)))


class _Bare(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if hasattr(node, "body") and node.body == []:
            node.body = [ast.Pass()]
        return node


@pytest.mark.parametrize("text", ["tx.connection.commit()", "with engine.begin() as c: pass", "tx.rollback()"])
def test_a_stray_commit_is_seen(text: str) -> None:
    assert committing(parse(text))


@pytest.mark.parametrize(
    "text", ["datetime.now(UTC)", "date.today()", "time.time()", "func.now()", "f = datetime.utcnow"]
)
def test_a_second_clock_is_seen(text: str) -> None:
    assert clocks(parse(text)) and not clocks(parse("time.monotonic(); house().clock.now()"))


@pytest.mark.parametrize("text", ["x = 0.5", "y = float(z)", "def f(x: float): pass"])
def test_a_float_is_seen(text: str) -> None:
    assert floats(parse(text)) and not floats(parse("x = Decimal('0.5')"))


@pytest.mark.parametrize("text", ["# TODO", "x = y  # type: ignore", "x = y  # noqa", "x  # noqa: E501"])
def test_a_loose_end_is_seen(text: str) -> None:
    assert list(loose_ends(parse(text))) and not list(loose_ends(parse("x  # noqa: S603 - our own words")))


# Things of the workplace that must not be in the tree; spelt in pieces, so that this file may hold them.
WORKPLACE = re.compile(
    "|".join(
        (
            r"(?<![\w/.-])/(?:" + "work|home" + r")/\w+",
            r"/tmp/" + "puhui",
            r"\.\./" + "shared",
            r"(?:issue|issues|工单)\s*#?\d+",
            "py" + r"pi\.org|files\.python" + r"hosted|registry\." + r"npmjs|index" + r"-url\s*=?\s*http",
        )
    ),
    re.IGNORECASE,
)
PHONE = re.compile(r"(?<![\w.])1[3-9]\d{9}(?![\w.])")
NUMBERS_THAT_ARE_PASSWORDS = {"webapp/members/common_passwords.txt"}
TEXT = {".py", ".md", ".toml", ".html", ".css", ".js", ".json", ".yaml", ".yml", ".lock", ".txt", ".sql", ""}


def texts() -> Iterator[tuple[str, str]]:
    for folder in ("points_engine", "webapp", "templates", "static", "docs", "tests", "migrations", "bench", "scripts"):
        for path in sorted((ROOT / folder).rglob("*")):
            if (
                path.is_file()
                and path.suffix in TEXT
                and "vendor" not in path.parts
                and "__pycache__" not in path.parts
            ):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted(ROOT.glob("*")):
        if path.is_file() and path.suffix in TEXT and path.name != ".git":  # of a second work tree: not ours to word
            yield path.name, path.read_text(encoding="utf-8")


def test_the_tree_names_no_workplace_and_no_telephone() -> None:
    faults = []
    for place, text in texts():
        faults += [f"{place}: {found.group()}" for found in WORKPLACE.finditer(text)]
        if not place.startswith("tests/") and place not in NUMBERS_THAT_ARE_PASSWORDS:
            faults += [f"{place}: {found.group()}" for found in PHONE.finditer(text)]
    assert faults == []


def test_a_workplace_word_is_seen() -> None:
    assert WORKPLACE.search("see /" + "work/main/x") and WORKPLACE.search("as issue" + " 12 says")
    assert PHONE.search("call 138" + "00138000 now")
