"""The documents: links lead somewhere, pictures are small, the version is in the changelog, no address of a registry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
HEAVIEST = 120 * 1024
FOLDERS = ("webapp", "points_engine", "tests", "bench", "docs", "migrations", "templates", "static", "scripts")
BINARY = (".webp", ".png", ".pyc")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_named_in_the_text_exist(page: Path) -> None:
    """`webapp/x.py`, `docs/x.md`: a name in backticks with a slash and an ending is a file of ours."""
    place = rf"`((?:{'|'.join(FOLDERS)})/[\w/.-]+\.(?:py|md|toml|sql|lock|html|js))`"
    named = re.findall(place, page.read_text("utf-8"))
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\(docs/([\w-]+\.md)\)", (ROOT / "README.md").read_text("utf-8")))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")}


def test_pictures_are_small() -> None:
    assert [p.name for p in (ROOT / "docs/images").iterdir() if p.stat().st_size > HEAVIEST] == []


def test_the_version_is_the_newest_heading_of_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    source = project["tool"]["hatch"]["version"]
    found = re.search(source["pattern"], (ROOT / source["path"]).read_text("utf-8"))
    assert found
    assert found["version"] == re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)[0]


def test_the_two_commands_of_the_readme_are_the_first_screen_and_ci_runs_the_second() -> None:
    first = re.findall(r"^    (python3 \S.*?)\s+#", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert first == ["python3 -m webapp up", "python3 -m webapp test"]
    assert "python3 -m webapp test" in (ROOT / ".ci/run").read_text("utf-8")


def test_no_file_names_a_package_registry() -> None:
    names = ("py" + "pi.org", "pythonhosted" + ".org", "registry." + "npmjs", "npm" + "mirror.com")
    assert [p for p in files() if any(name in p.read_text("utf-8", errors="ignore") for name in names)] == []


def files() -> Iterator[Path]:
    """Our own files, with or without git."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name in (*FOLDERS, ".ci", "frontend")]
    for path in chain(ROOT.iterdir(), *(folder.rglob("*") for folder in folders)):
        if path.is_file() and path.suffix not in BINARY and not {"node_modules", "__pycache__"} & set(path.parts):
            yield path
