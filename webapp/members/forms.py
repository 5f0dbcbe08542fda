"""What members type: each parse gives a frozen command or Invalid with a reason for every field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from points_engine.errors import Invalid
from webapp.members import passwords, phones

_LOGIN = re.compile(r"[a-z][a-z0-9-]{3,31}")
_RESERVED = (
    "管理员", "官方", "客服", "系统", "碳普惠", "高新区", "管委会", "admin", "official", "puhui", "support", "system",
)  # fmt: skip
LEAVE_WORDS = ("注销", "leave")


@dataclass(frozen=True, slots=True)
class Registration:
    """A new member: what they said about themselves and what they agreed to."""

    nickname: str
    consents: tuple[str, ...]
    phone: str | None = None
    login: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, form: Mapping[str, str], phone: str | None) -> Registration:
        """With a proved `phone`, or by login name and password where no codes can be sent."""
        errors: dict[str, str] = {}
        nickname = nickname_of(form.get("nickname") or "", errors, optional=True)
        if form.get("age_14") != "1":
            errors["age_14"] = "age"
        if form.get("agree") != "1":
            errors["agree"] = "consent"
        login = password = None
        if phone is None:
            login = login_of(form.get("login") or "", errors)
            password = _password_of(form, errors, login, staff=False)
        if errors:
            raise Invalid(errors)
        asked = tuple(p for p in ("boards", "notices") if form.get(f"consent_{p}") == "1")
        return cls(nickname, ("terms", "privacy", *asked), phone, login, password)


@dataclass(frozen=True, slots=True)
class ChildAccount:
    """An account a guardian makes for somebody under fourteen; of the birth only the day it ends is kept."""

    nickname: str
    login: str
    password: str
    until: date

    @classmethod
    def parse(cls, form: Mapping[str, str], today: date) -> ChildAccount:
        errors: dict[str, str] = {}
        nickname = nickname_of(form.get("nickname") or "", errors)
        login = login_of(form.get("login") or "", errors)
        password = _password_of(form, errors, login, staff=False)
        until = _fourteen(form.get("born") or "", today, errors)
        if form.get("guardian") != "1":
            errors["guardian"] = "consent"
        if errors or until is None:
            raise Invalid(errors)
        return cls(nickname, login, password, until)


def _fourteen(text: str, today: date, errors: dict[str, str]) -> date | None:
    """The first day after the month of the fourteenth birthday, from a month such as 2016-03."""
    found = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})", unicodedata.normalize("NFKC", text).strip())
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    if not found or not 1 <= month <= 12 or not year > 1900 or (year, month) > (today.year, today.month):
        errors["born"] = "birth_month" if text else "required"
        return None
    until = date(year + 14 + month // 12, month % 12 + 1, 1)
    if until <= today:
        errors["born"] = "not_a_child"
    return until


@dataclass(frozen=True, slots=True)
class Profile:
    """What a member may change about themselves."""

    nickname: str
    login: str | None
    goal_g_month: int
    board_opt_out: bool

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> Profile:
        errors: dict[str, str] = {}
        nickname = nickname_of(form.get("nickname") or "", errors)
        login = login_of(form["login"], errors) if form.get("login") else None
        goal = unicodedata.normalize("NFKC", form.get("goal_kg") or "").strip()
        if not (goal.isascii() and goal.isdigit() and 1 <= int(goal[:6]) <= 1000):
            errors["goal_kg"] = "goal"
        if errors:
            raise Invalid(errors)
        return cls(nickname, login, int(goal) * 1000, form.get("on_boards") != "1")


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password typed twice."""

    password: str

    @classmethod
    def parse(cls, form: Mapping[str, str], login: str | None, staff: bool) -> NewPassword:
        errors: dict[str, str] = {}
        password = _password_of(form, errors, login, staff)
        if errors:
            raise Invalid(errors)
        return cls(password)


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """The first administrator's own choice; there is no default."""

    nickname: str
    login: str
    password: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> FirstAdministrator:
        errors: dict[str, str] = {}
        nickname = nickname_of(form.get("nickname") or "", errors, staff=True)
        login = login_of(form.get("login") or "", errors)
        password = _password_of(form, errors, login, staff=True)
        if errors:
            raise Invalid(errors)
        return cls(nickname, login, password)


def code_of(text: str | None) -> str:
    """Six digits, however they were typed or pasted."""
    code = re.sub(r"\s", "", unicodedata.normalize("NFKC", text or "")[:20])
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        raise Invalid({"code": "bad_code"})
    return code


def phone_of(text: str | None) -> str:
    return phones.normal(text)


def nickname_of(text: str, errors: dict[str, str], optional: bool = False, staff: bool = False) -> str:
    """Two to sixteen letters of any script; nothing invisible, nobody else's title, no phone number."""
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if not name and optional:
        return ""
    fine = all(unicodedata.category(c)[0] in "LMN" or c in " _-·" for c in name)
    if not name:
        errors["nickname"] = "required"
    elif not 2 <= len(name) <= 16 or not fine:
        errors["nickname"] = "nickname"
    elif re.search(r"[0-9]{7}", name.replace(" ", "").replace("-", "")):
        errors["nickname"] = "nickname_number"
    elif not staff and any(word in name.lower().replace(" ", "") for word in _RESERVED):
        errors["nickname"] = "nickname_reserved"
    return name


def login_of(text: str, errors: dict[str, str]) -> str:
    login = unicodedata.normalize("NFKC", text).strip().lower()
    if not login:
        errors["login"] = "required"
    elif not _LOGIN.fullmatch(login):
        errors["login"] = "login"
    return login


def _password_of(form: Mapping[str, str], errors: dict[str, str], login: str | None, staff: bool) -> str:
    password = form.get("password") or ""
    if not password:
        errors["password"] = "required"  # noqa: S105 - a reason, not a password
    elif why := passwords.fault(password, login, staff):
        errors["password"] = why
    elif password != (form.get("password_again") or ""):
        errors["password_again"] = "password_mismatch"  # noqa: S105 - a reason
    return password


def feedback_of(form: Mapping[str, str]) -> str:
    text = unicodedata.normalize("NFC", form.get("text") or "").replace("\r\n", "\n").strip()
    if not text:
        raise Invalid({"text": "required"})
    if len(text) > 1000:
        raise Invalid({"text": "too_long"})
    return text


def confirmed_leave(form: Mapping[str, str]) -> None:
    """Leaving takes the word typed out: it cannot be undone."""
    if (form.get("word") or "").strip().lower() not in LEAVE_WORDS:
        raise Invalid({"word": "confirm_word"})
