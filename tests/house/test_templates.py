"""Templates: nothing inline, every page inside the shell, every text in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import nodes

from tests.house.source import ROOT, modules

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHELLS = {"base.html", "staff.html"}
# Shown when something broke, so it leans on nothing: no shell, no language of the request, both languages at once.
ALONE = "errors/fault.html"
INLINE = re.compile(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\bsrc=)|javascript:", re.IGNORECASE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# The same in both languages, on purpose.
SAME = {"", "CO₂", "%", "#", "/"}


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


def test_nothing_is_inline() -> None:
    assert [name(path) for path in TEMPLATES if INLINE.search(source(path))] == []


@pytest.mark.parametrize(
    "text", ['<p style="color:red">', "<script>x()</script>", '<a onclick="x()">', "<style>", '<a href="javascript:x">']
)
def test_something_inline_is_seen(text: str) -> None:
    assert INLINE.search(text) and not INLINE.search('<script src="/static/x.js" defer></script>')


def test_every_page_stands_in_the_shell() -> None:
    """A template extends a shell, or others include or import it, or it is a fragment that a view answers to htmx."""
    used = {
        n for path in TEMPLATES for n in re.findall(r"(?:include|import|from|extends) ['\"]([\w/.-]+)", source(path))
    }
    rendered = "\n".join(m.text for m in modules("webapp"))
    loose = [
        name(p) for p in TEMPLATES if name(p) not in used | SHELLS and not source(p).lstrip().startswith("{% extends")
    ]
    pages = [n for n in loose if f'"{n}"' in rendered and "<html" in source(ROOT / "templates" / n)]
    assert pages == [ALONE]
    fragments = {n for n in loose if "legal/" not in n} - {ALONE}
    assert fragments <= {"errors/fragment.html", "home/tapped.html"}, fragments


def test_every_page_has_a_title_and_one_heading_place() -> None:
    pages = [p for p in TEMPLATES if source(p).lstrip().startswith("{% extends") and name(p) not in SHELLS]
    assert [name(p) for p in pages if "{% block title" not in source(p)] == [] and len(pages) > 40
    assert [name(p) for p in pages if source(p).count("<h1") > 2] == []


def pairs_of_templates(app: Any) -> Iterator[tuple[str, str, str]]:
    for path in TEMPLATES:
        for call in app.jinja_env.parse(source(path)).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t":
                assert len(call.args) == 2 or call.dyn_args, f"{name(path)}:{call.lineno}: t() takes the pair"
                zh, en = (
                    (a.value if isinstance(a, nodes.Const) else None for a in call.args) if call.args else (None, None)
                )
                if zh is not None or en is not None:
                    yield f"{name(path)}:{call.lineno}", str(zh or ""), str(en or "")


def pairs_of_code() -> Iterator[tuple[str, str, str]]:
    for module in modules("webapp"):
        for node in module.nodes():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                assert len(node.args) == 2 or any(isinstance(a, ast.Starred) for a in node.args), module.place
                given = [a.value for a in node.args if isinstance(a, ast.Constant)]
                if len(given) == 2:
                    yield f"{module.place}:{node.lineno}", str(given[0]), str(given[1])
            elif isinstance(node, ast.Tuple) and len(node.elts) >= 2:
                first, second = node.elts[:2]
                if isinstance(first, ast.Constant) and isinstance(second, ast.Constant):
                    zh, en = first.value, second.value
                    if isinstance(zh, str) and isinstance(en, str) and CHINESE.search(zh) and not CHINESE.search(en):
                        yield f"{module.place}:{node.lineno}", zh, en


def faults(pairs: Iterator[tuple[str, str, str]]) -> list[str]:
    wrong = []
    for place, zh, en in pairs:
        if not zh.strip() and not en.strip():
            continue
        missing = not zh.strip() or not en.strip()
        same = zh == en and zh.strip() not in SAME and not re.fullmatch(r"[\W\d]*", zh)
        if missing or same or CHINESE.search(en):
            wrong.append(f"{place} {zh!r} {en!r}")
    return wrong


def test_every_text_of_a_template_has_both_languages(park: Any) -> None:
    pairs = list(pairs_of_templates(park.app))
    assert faults(iter(pairs)) == [] and len(pairs) > 300


def test_every_text_of_the_code_has_both_languages() -> None:
    pairs = list(pairs_of_code())
    assert faults(iter(pairs)) == [] and len(pairs) > 150


@pytest.mark.parametrize("pair", [("积分", ""), ("积分", "积分"), ("Points", "Points"), ("", "Points")])
def test_half_a_pair_is_seen(pair: tuple[str, str]) -> None:
    assert faults(iter([("somewhere", *pair)])) and not faults(iter([("somewhere", "积分", "Points")]))


def test_no_chinese_stands_outside_a_pair(park: Any) -> None:
    """Text between tags goes through t(); the legal texts are whole files in each language."""
    naked = []
    for path in TEMPLATES:
        if "legal/" in name(path) or name(path) == ALONE:
            continue
        for data in park.app.jinja_env.parse(source(path)).find_all(nodes.TemplateData):
            if CHINESE.search(re.sub(r"<!--.*?-->", "", data.data, flags=re.DOTALL)):
                naked.append(f"{name(path)}:{data.lineno} {data.data.strip()[:40]}")
    assert naked == []
