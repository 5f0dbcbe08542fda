"""Settings: what may be set, what stops a start, and that each one is documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.launch import settings_table
from webapp.launch.secrets import make_secrets
from webapp.settings import ROOT, Settings, SettingsError, load

GOOD = "a-secret-that-is-long-enough"


def test_every_setting_is_documented() -> None:
    assert settings_table.table() in (ROOT / "docs/settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"PUHUI_DATABSE_URL": "x"}, "no setting called PUHUI_DATABSE_URL"),
        ({"PUHUI_PORT": "eighty"}, "PUHUI_PORT"),
        ({"PUHUI_DATABASE_URL": "mysql://x"}, "sqlite:/// or postgresql://"),
        ({"PUHUI_REDIS_URL": "localhost"}, "redis://"),
        ({"PUHUI_BASE_URL": "tan.example.cn"}, "https://"),
        ({"PUHUI_SECRET_KEY_FILE": "/nowhere/key"}, "cannot be read"),
        ({"PUHUI_ENV": "production"}, "PUHUI_BASE_URL"),
        ({"PUHUI_ENV": "production", "PUHUI_BASE_URL": "https://a.cn"}, "a secret of its own"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_sentence(
    environment: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PUHUI_VAR_DIR", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load()
    assert says in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_production_prints_no_codes(tmp_path: Path) -> None:
    secrets = dict.fromkeys(("secret_key", "track_key", "phone_key", "phone_pepper"), GOOD)
    made = Settings(env="production", base_url="https://a.cn", var_dir=tmp_path, **secrets)
    assert made.sms_sender == "none" and not made.development_inbox and made.secure
    with pytest.raises(ValueError, match="does not print"):
        Settings(env="production", base_url="https://a.cn", sms_sender="console", **secrets)


def test_secrets_come_from_files_or_are_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PUHUI_VAR_DIR", str(tmp_path))
    make_secrets(load())
    kept = tmp_path / "secret.env"
    assert kept.stat().st_mode & 0o777 == 0o600
    made = load()
    assert made.secret_key in kept.read_text() and len(made.phone_key) > 30
    make_secrets(made)
    assert load().secret_key == made.secret_key
    (tmp_path / "key").write_text(GOOD + "\n")
    monkeypatch.setenv("PUHUI_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert load().secret_key == GOOD
    monkeypatch.setenv("PUHUI_SECRET_KEY", GOOD + "-2")
    assert load().secret_key == GOOD + "-2"


def test_secrets_do_not_show() -> None:
    made = Settings(secret_key=GOOD, database_url=f"postgresql://u:{GOOD}@h/d")
    assert GOOD not in repr(made)


def test_postgresql_means_psycopg() -> None:
    for given in ("postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"):
        assert Settings(database_url=given).database_url == "postgresql+psycopg://h/d"
