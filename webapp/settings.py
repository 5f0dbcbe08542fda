"""Every setting of the platform: one typed, frozen class read from PUHUI_ variables, checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "PUHUI_"
SECRETS_FILE = "secret.env"
MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
DEVELOPMENT_SECRET = "development-only-not-a-secret"  # noqa: S105 - production refuses it
SECRETS = ("secret_key", "track_key", "phone_key", "phone_pepper", "metrics_token", "database_url", "redis_url",
           "smtp_password")  # fmt: skip


class SettingsError(Exception):
    """The settings cannot be used; the message is one plain sentence for whoever starts the program."""


class Settings(BaseSettings):
    """What an operator can decide. Names here are the environment variables without PUHUI_."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", case_sensitive=False
    )

    env: Literal["development", "production", "test"] = Field(
        "development", description="Which rules apply; production refuses development secrets."
    )
    base_url: str | None = Field(
        None,
        description="The address people type. An https address turns on Secure and __Host- cookies and HSTS. "
        "Required in production.",
    )
    park_name: str = Field(
        "长治高新技术产业开发区",
        min_length=2,
        max_length=40,
        description="Who issues certificates, honours and statistics.",
    )
    host: str = Field("127.0.0.1", description="The address the web process listens on.")
    port: int = Field(8000, ge=1, le=65535, description="The port the web process listens on.")
    var_dir: Path = Field(ROOT / "var", description="The folder that holds everything `up` keeps or logs.")
    database_url: str = Field(
        default_factory=lambda data: f"sqlite:///{data['var_dir']}/puhui.db",
        description="sqlite:///path, postgresql://… or postgresql+psycopg://…; SQLite in the var folder if not set.",
        repr=False,
    )
    redis_url: str | None = Field(
        None,
        description="redis://… for the job queue; not set means the embedded file queue.",
        repr=False,
    )
    blob_url: str = Field(
        default_factory=lambda data: f"file://{data['var_dir']}/blobs",
        description="Where photos are kept: file:///folder, or s3://bucket/prefix.",
    )
    secret_key: str = Field(DEVELOPMENT_SECRET, min_length=16, description="Signs cookies and forms.", repr=False)
    track_key: str = Field(
        DEVELOPMENT_SECRET,
        min_length=16,
        description="Encrypts recorded trips and keys their fingerprints; losing it loses the tracks of the last weeks.",
        repr=False,
    )
    phone_key: str = Field(
        DEVELOPMENT_SECRET,
        min_length=16,
        description="Encrypts phone numbers and e-mail addresses; losing it loses them.",
        repr=False,
    )
    phone_pepper: str = Field(
        DEVELOPMENT_SECRET,
        min_length=16,
        description="Keys the fingerprint by which a phone number is looked up.",
        repr=False,
    )
    metrics_token: str | None = Field(
        None,
        description="Bearer token that opens /metrics from elsewhere; without it only this machine may read.",
        repr=False,
    )
    sms_sender: Literal["console", "none"] = Field(
        default_factory=lambda data: "none" if data.get("env") == "production" else "console",
        description="How sign-in codes leave: console (log and development inbox) or none (password only).",
    )
    mail_sender: Literal["smtp", "file", "none"] = Field(
        default_factory=lambda data: "none" if data.get("env") == "production" else "file",
        description="How e-mails leave: smtp, file (into the var folder, for development) or none (the app alone).",
    )
    smtp_host: str | None = Field(None, description="The mail server. Required for PUHUI_MAIL_SENDER=smtp.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port; 465 is usual for tls, 587 for starttls.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is encrypted; none is for a relay on the same machine only."
    )
    smtp_user: str | None = Field(None, description="The name to sign in with, if the server asks.", repr=False)
    smtp_password: str | None = Field(None, description="The password to sign in with.", repr=False)
    smtp_from: str | None = Field(
        None, description="The address e-mails come from. Required for PUHUI_MAIL_SENDER=smtp."
    )
    smtp_timeout: int = Field(15, ge=1, le=120, description="Seconds to wait for the mail server at each step.")
    smtp_ca: Path | None = Field(None, description="Certificates to trust for the mail server, if it is a private one.")
    icp_number: str | None = Field(None, description="The filing number (备案号) shown at the foot of every page.")
    web_processes: int = Field(1, ge=1, le=64, description="Web processes of `serve`; more than one wants Redis.")
    web_threads: int = Field(8, ge=1, le=128, description="Threads of each web process.")
    worker_threads: int = Field(2, ge=1, le=64, description="Jobs one worker does at the same time.")
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front whose X-Forwarded-For may be believed."
    )
    group_commit: bool = Field(True, description="Let acts that arrive together share one database transaction.")
    boards_reviewed: str = Field(
        "month,year",
        pattern=r"^(none|(week|month|year)(,(week|month|year))*)$",
        description="Which boards wait for a review and a second person before they are published: "
        "week, month, year, with commas between, or none. The others publish themselves.",
    )
    campaign_archive_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="Days after its settling on which a campaign is put away among the archived ones.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    log_json: bool = Field(
        default_factory=lambda data: data.get("env") == "production",
        description="Log JSON lines in place of text; on in production.",
    )
    chromium: Path | None = Field(None, description="The browser the tests drive, if it is not found by itself.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            _SecretFiles(settings_cls),
            _GeneratedSecrets(settings_cls),
        )

    @field_validator("var_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        scheme, mark, rest = value.partition("://")
        if scheme in ("postgres", "postgresql", "postgresql+psycopg") and mark:
            return f"postgresql+psycopg://{rest}"
        if scheme == "sqlite" and mark:
            return value
        raise ValueError("has to start with sqlite:/// or postgresql://")

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("has to start with redis:// or rediss://")
        return value

    @field_validator("blob_url")
    @classmethod
    def _blobs(cls, value: str) -> str:
        if not value.startswith(("file:///", "s3://")):
            raise ValueError("has to start with file:/// or s3://")
        return value.rstrip("/")

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("has to be an address such as https://tan.example.cn")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _fit_for_mail(self) -> Self:
        if self.mail_sender == "smtp":
            if not self.smtp_host or not MAIL.fullmatch(self.smtp_from or ""):
                raise ValueError("PUHUI_MAIL_SENDER=smtp needs PUHUI_SMTP_HOST and an address in PUHUI_SMTP_FROM")
            if self.smtp_security == "none" and self.smtp_host not in ("127.0.0.1", "::1", "localhost"):
                raise ValueError("PUHUI_SMTP_SECURITY=none is for a mail server on this machine only")
        if self.mail_sender == "file" and self.production:
            raise ValueError("production does not write e-mails into files; set PUHUI_MAIL_SENDER to smtp or none")
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if not self.production:
            return self
        if self.base_url is None:
            raise ValueError("production needs PUHUI_BASE_URL, the address people type")
        for name in ("secret_key", "track_key", "phone_key", "phone_pepper"):
            if getattr(self, name) == DEVELOPMENT_SECRET:
                raise ValueError(
                    f"production needs a secret of its own in {PREFIX}{name.upper()} "
                    f"or in a file named by {PREFIX}{name.upper()}_FILE"
                )
        if self.sms_sender == "console":
            raise ValueError("production does not print sign-in codes; set PUHUI_SMS_SENDER=none")
        return self

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def reviewed_periods(self) -> tuple[str, ...]:
        """The kinds of period whose boards people look at before they are published."""
        return () if self.boards_reviewed == "none" else tuple(self.boards_reviewed.split(","))

    @property
    def secure(self) -> bool:
        """Whether people reach us over https, so that cookies may insist on it."""
        return bool(self.base_url and self.base_url.startswith("https://"))

    @property
    def embedded(self) -> bool:
        """Whether jobs travel through files on this machine in place of Redis."""
        return self.redis_url is None

    @property
    def broker_url(self) -> str:
        return self.redis_url or "puhui-files://localhost//"

    @property
    def broker_dir(self) -> Path:
        return self.var_dir / "broker"

    @property
    def address(self) -> str:
        """Where people reach us, for links in what leaves without a request."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def development_inbox(self) -> bool:
        """Whether codes can be read on a page, which no one but the developer may reach."""
        return self.sms_sender == "console" and not self.production


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads a secret from the file named by PUHUI_…_FILE, as container platforms hand them over."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        named = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        if field_name not in SECRETS or not named:
            return None, field_name, False
        try:
            return Path(named).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as fault:
            raise SettingsError(
                f"{PREFIX}{field_name.upper()}_FILE names {named}, which cannot be read: {fault.strerror}."
            ) from fault

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class _GeneratedSecrets(_SecretFiles):
    """Reads the secrets that `up` made for this checkout, so that every command uses the same ones."""

    def __call__(self) -> dict[str, Any]:
        var_dir = self.current_state.get("var_dir") or ROOT / "var"
        return read_env_file(Path(var_dir).expanduser() / SECRETS_FILE)


def read_env_file(path: Path) -> dict[str, Any]:
    """The settings written as PUHUI_NAME=value lines in a file, by field name; nothing if there is no file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as fault:
        raise SettingsError(f"{path} cannot be read: {fault.strerror}.") from fault
    pairs = (line.partition("=") for line in lines if line.startswith(PREFIX))
    return {name.removeprefix(PREFIX).lower(): value.strip() for name, _, value in pairs}


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """The PUHUI_ variables that mean nothing to us: most likely a misspelt setting."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def load(**overrides: Any) -> Settings:
    """The settings of this process; raises SettingsError with one plain sentence."""
    unknown = unknown_variables(os.environ)
    if unknown:
        raise SettingsError(f"There is no setting called {', '.join(unknown)}; docs/settings.md lists those there are.")
    try:
        return Settings(**overrides)
    except ValidationError as fault:
        raise SettingsError(_sentence(fault)) from fault


def _sentence(fault: ValidationError) -> str:
    parts = []
    for error in fault.errors():
        if error["type"] == "default_factory_not_called":  # a consequence of another fault
            continue
        reason = error["msg"].removeprefix("Value error, ").rstrip(".")
        name = "_".join(str(step) for step in error["loc"][:1])
        parts.append(f"{PREFIX}{name.upper()}: {reason}" if name else reason)
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."
