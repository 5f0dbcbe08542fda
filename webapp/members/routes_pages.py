"""Pages for everybody: preferences, help and feedback, the legal texts, the licences of what we use."""

from __future__ import annotations

import json
from pathlib import Path

from flask import redirect, render_template, request, url_for
from jinja2 import TemplateNotFound
from werkzeug.wrappers import Response

from points_engine.errors import Invalid, refuse
from webapp.members import consents, entering, limits, service
from webapp.members.blueprint import bp
from webapp.members.forms import feedback_of
from webapp.web import address, current, guard, house, lang, now, safe_next, say, t
from webapp.web.preferences import LANGS, THEMES, Preferences, effective, to_cookie

VENDORED = Path(__file__).resolve().parents[2] / "static" / "vendor" / "vendor.json"


@bp.post("/preferences")
@guard.public("language and text size are for visitors too")
def preferences() -> Response:
    """Any of lang, theme, elder; kept in a cookie and, when signed in, with the member."""
    was, form = effective(), request.form
    chosen = Preferences(
        form["lang"] if form.get("lang") in LANGS else was.lang,
        form["theme"] if form.get("theme") in THEMES else was.theme,
        form["elder"] == "1" if form.get("elder") in ("0", "1") else was.elder,
    )
    person = current()
    if person is not None:
        with house().store.write() as tx:
            service.keep_preferences(tx, person.member_id, chosen.lang, chosen.theme, chosen.elder)
    response = redirect(safe_next(), 303)
    to_cookie(response, chosen)
    return response


@bp.get("/help")
@guard.public("help is for everybody")
def help_page() -> str:
    return render_template("members/help.html", errors={}, typed=request.form)


@bp.post("/help")
@guard.public("feedback is for everybody")
def do_help() -> str | Response | tuple[str, int]:
    try:
        text = feedback_of(request.form)
    except Invalid as error:
        return render_template("members/help.html", errors=error.fields, typed=request.form), 400
    person = current()
    with house().store.write() as tx:
        limits.check(tx, limits.for_feedback(entering.the_book(), address()), now())
        service.leave_feedback(tx, person.member_id if person else None, text, now())
    say(t("收到了，谢谢您的反馈", "Received. Thank you for your feedback"))
    return redirect(url_for(".help_page"), 303)


@bp.get("/privacy")
@guard.public("the law asks for it")
def privacy() -> str:
    return _legal("privacy")


@bp.get("/terms")
@guard.public("read before agreeing")
def terms() -> str:
    return _legal("terms")


def _legal(name: str) -> str:
    """The present version, or an older one by `?version=`: what somebody agreed to can be read again."""
    version = request.args.get("version", consents.VERSIONS[name])
    language = "en" if lang() == "en" else "zh"
    if not version.replace("-", "").isdigit() or len(version) != 10:
        raise refuse("not_found", "not_found")
    try:
        return render_template(
            "members/legal.html",
            name=name,
            version=version,
            current_version=consents.VERSIONS[name],
            body=f"members/legal/{name}-{version}.{language}.html",
        )
    except TemplateNotFound as error:
        raise refuse("not_found", "not_found") from error


@bp.get("/licences")
@guard.public("the licences of others ask for it")
def licences() -> str:
    return render_template("members/licences.html", entries=json.loads(VENDORED.read_text()))
