"""Language, colours and elder view: one small cookie, so that signed-out pages keep the choice too."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request
from werkzeug.wrappers import Response

from webapp.web.context import current

LANGS = ("zh-CN", "en")
THEMES = ("auto", "light", "dark")
YEAR = 365 * 86400


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen; None and "auto" mean: ask the browser."""

    lang: str | None = None
    theme: str = "auto"
    elder: bool = False


def cookie_name() -> str:
    return "__Host-prefs" if current_app.config["SESSION_COOKIE_SECURE"] else "prefs"


def from_cookie() -> Preferences:
    """The cookie's choice; anything unexpected in it counts as nothing chosen."""
    parts = request.cookies.get(cookie_name(), "").split(".")
    if len(parts) != 3:
        return Preferences()
    lang, theme, elder = parts
    return Preferences(lang if lang in LANGS else None, theme if theme in THEMES else "auto", elder == "1")


def to_cookie(response: Response, chosen: Preferences) -> None:
    """Keep the choice for a year."""
    response.set_cookie(
        cookie_name(),
        f"{chosen.lang or ''}.{chosen.theme}.{int(chosen.elder)}",
        max_age=YEAR,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def effective() -> Preferences:
    """The member's stored choice where there is one, else the cookie's."""
    cookie, person = from_cookie(), current()
    if person is None:
        return cookie
    return Preferences(
        person.lang or cookie.lang,
        person.theme if person.theme in THEMES else cookie.theme,
        cookie.elder if person.elder is None else person.elder,
    )
