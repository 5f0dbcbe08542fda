"""The source of the project as the house tests read it: parsed modules, and who imports whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name, its text and its syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    def imports(self, running: bool = False) -> Iterator[str]:
        """Dotted names as far as they name a module: `from webapp import web` gives webapp.web.

        `running` leaves out what only the type checker imports.
        """
        for node in walk_running(self.tree) if running else self.nodes():
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module, f"{self.place}:{node.lineno}: relative import"
                for alias in node.names:
                    yield f"{node.module}.{alias.name}" if is_module(node.module, alias.name) else node.module


def walk_running(node: ast.AST) -> Iterator[ast.AST]:
    """Like ast.walk, without the blocks under `if TYPE_CHECKING`."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from walk_running(child)


@cache
def is_module(package: str, name: str) -> bool:
    place = ROOT.joinpath(*package.split("."), name)
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module below the folders, sorted by name."""
    return tuple(_read(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def _read(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    text = path.read_text(encoding="utf-8")
    return Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path, text, ast.parse(text))


def parse(text: str, name: str = "webapp.made.up") -> Module:
    """A module that exists only in a test."""
    return Module(name, ROOT.joinpath(*name.split(".")).with_suffix(".py"), text, ast.parse(text))
