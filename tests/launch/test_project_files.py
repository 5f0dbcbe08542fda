"""The files that others run: locks carry hashes and no addresses, compose.yaml fits the settings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from webapp.launch import bootstrap, testing
from webapp.settings import PREFIX, ROOT, SECRETS, Settings

LOCKS = (bootstrap.LOCK, bootstrap.DEVELOPMENT_LOCK, bootstrap.UV_LOCK)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_with_hashes_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"://|\.(org|com|cn|net|io)\b|--index|--find-links", text)
    packages = re.split(r"\n(?=\S)", text.strip())
    for package in packages:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+", package), package[:80]
        assert "--hash=sha256:" in package, package[:80]


def test_the_development_lock_holds_the_other_one() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+==[^ \\]+)", (ROOT / name).read_text(), re.M))

    assert pins(bootstrap.LOCK) <= pins(bootstrap.DEVELOPMENT_LOCK)


def test_every_dependency_is_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = (ROOT / bootstrap.DEVELOPMENT_LOCK).read_text()
    for requirement in named:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert name and re.search(rf"^{name[0].lower()}(\[.*\])?==", locked, re.M), requirement


def test_compose_runs_our_commands_with_our_settings() -> None:
    made = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = made["services"]
    assert {"postgres", "redis", "migrate", "web", "worker", "scheduler"} <= set(services)
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    for name in ("migrate", "web", "worker", "scheduler"):
        service = services[name]
        assert service["command"][:3] == ["python3", "-m", "webapp"]
        assert service["command"][3] in bootstrap.COMMANDS
        given = {v for v in service["environment"] if v.startswith(PREFIX)}
        assert given <= known, given - known
        assert set(service["secrets"]) <= set(made["secrets"])
        for secret in service["secrets"]:
            assert f"/run/secrets/{secret}" in service["environment"].values()
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_door_and_the_bootstrap_need_only_the_standard_library() -> None:
    # -S leaves the installed packages out, -I the folder we are in.
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import webapp.__main__, webapp.launch.bootstrap"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_command_is_known_to_the_door_and_documented() -> None:
    from webapp.launch import commands

    parsers = commands.parser()._subparsers
    assert parsers is not None
    named = set(parsers._group_actions[0].choices or ())
    assert named == set(bootstrap.COMMANDS)
    told = (ROOT / "docs/operations.md").read_text()
    for name in named:
        assert f"`{name}" in told, name
        assert name in bootstrap.USAGE


@pytest.mark.parametrize("unwanted", [True, False])
def test_the_processes_of_a_test_run_share_their_bytecode(unwanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def run(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.update(env)
        assert not unwanted or Path(env["PYTHONPYCACHEPREFIX"]).is_dir()
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    if unwanted:
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(testing.subprocess, "run", run)
    assert testing.run(expression=None, fast=True, rest=[]) == 5
    assert "PYTHONDONTWRITEBYTECODE" not in seen and ("PYTHONPYCACHEPREFIX" in seen) is unwanted
    assert not unwanted or not Path(seen["PYTHONPYCACHEPREFIX"]).exists()
