"""The pages of meters, the same for a household and for a unit: list, add, one meter, readings, files, closing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import redirect, render_template, request, url_for

from points_engine.clock import days_of, local_day
from points_engine.errors import EngineError, Invalid, refuse
from points_engine.meters import KINDS, count
from points_engine.methodology import Level, grams_per_unit, quantify
from webapp.activities import queries as activities
from webapp.green_units import queries as units
from webapp.meters import files, queries, service, words
from webapp.meters.forms import Figure, MeterFacts, Replacement, fingerprint, read_figure_form
from webapp.meters.queries import Meter, Owner
from webapp.meters.settling import last_moment, open_books
from webapp.photos.pictures import MOST_BYTES, read_picture
from webapp.photos.service import keep_picture
from webapp.web import house, now, page_of, say, signed_in, t
from webapp.web.messages import message, reason

Answer = Any
SAID_ON_THE_PAGE = ("conflict", "limit")
FEWEST = 5  # people of a unit before a figure is told by the head, as with all their sums


class Place:
    """Whose pages these are, and how their addresses begin."""

    def __init__(self, owner: Owner, unit: Any = None) -> None:
        self.owner, self.unit = owner, unit
        self.layout = "staff.html" if unit else "base.html"

    def link(self, endpoint: str, **args: Any) -> str:
        """The address of one of these pages."""
        if self.unit:
            return url_for(f"unit_energy.{endpoint}", unit_id=self.unit.id, **args)
        return url_for(f"meters.{endpoint}", **args)

    @property
    def key(self) -> str:
        return str(house().settings.track_key)

    @property
    def kind(self) -> str:
        return "unit" if self.unit else "home"


def mine() -> Place:
    """The pages of the member who is signed in."""
    return Place(Owner(signed_in().member_id))


def of_unit(unit_id: int) -> Place:
    """The pages of a unit that the member administers; 404 for anybody else's."""
    with house().store.read() as tx:
        unit = units.administered_unit(tx, signed_in().member_id, unit_id)
    return Place(Owner(0, unit.id), unit)


def index(at: Place) -> str:
    """All meters of a household or a unit."""
    with house().store.read() as tx:
        found = queries.meters_of(tx, at.owner)
        last = queries.last_readings(tx, found)
    return _show("index.html", at, meters=found, last=last)


def new(
    at: Place, form: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None, said: str = ""
) -> str:
    """The form that binds a meter."""
    return _show("new.html", at, form=form or {}, errors=errors or {}, said=said)


def add(at: Place) -> Answer:
    """Bind a meter; what was typed stays on the page when it is refused."""
    try:
        facts = MeterFacts.parse(request.form, at.kind)
        made = house().store.retrying(
            lambda tx: service.add_meter(tx, at.key, signed_in().member_id, at.owner, facts, now())
        )
    except Invalid as fault:
        return new(at, request.form, fault.fields), 400
    except EngineError as refusal:
        if refusal.kind not in SAID_ON_THE_PAGE:
            raise
        return new(at, request.form, said=message(refusal.code, refusal.facts)), 409
    say(t("表已绑定，现在记第一次读数", "The meter is bound; now take its first reading"))
    return redirect(at.link("show", meter_id=made), 303)


def show(
    at: Place,
    meter_id: str,
    form: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    said: str = "",
) -> str:
    """Use against baseline, the working of each month, readings, and the forms."""
    known_id, after = _uuid(meter_id), _after()
    with house().store.read() as tx:
        known = queries.one(tx, at.owner, known_id)
        books = open_books(tx, [known], now(), peers=False)
        settled = books.settled[known.place]
        acts = activities.by_keys(tx, [(known.member_id, r.activity_id) for r in settled.values() if r.activity_id])
        rows = queries.reading_page(tx, known.place, after, queries.PAGE + 1)
    uses = list(books.months[known.place].values())
    told = [_told(known, settled[m], acts) for m in sorted(settled, reverse=True)[: words.BARS]]
    today = local_day(now())
    return _show(
        "show.html",
        at,
        meter=known,
        bars=words.bars(known, uses, settled),
        told=told,
        waiting=[u for u in uses if u.measured and u.month not in settled],
        free_after=days_of(max(settled))[1] + timedelta(days=1) if settled else None,
        saved=sum(row.saved_milli for row in settled.values() if at.unit or row.activity_id),
        people=known.people if at.unit and known.people >= FEWEST else 0,
        readings=page_of(rows, queries.PAGE, lambda row: f"{row.read_on.isoformat()}.{row.register}"),
        months=count("months_before_credit"),
        form=form or {"on": today.isoformat()},
        errors=errors or {},
        said=said,
        today=today,
        late=count("typed_late"),
    )  # fmt: skip


def read(at: Place, meter_id: str) -> Answer:
    """Keep a typed figure with its photo; a contradiction names both readings and keeps what was typed."""
    form = dict(request.form)
    try:
        known = _known(at, meter_id)
        form["photo_id"] = _photo(at) or _uuid(request.form.get("photo_id", ""), "")
        figure = read_figure_form(request.form, known.digits, local_day(now()))
        figure = service.supported(at.owner, figure, form["photo_id"], local_day(now()))
        fresh = house().store.retrying(lambda tx: service.add_reading(tx, at.owner, known.id, figure, now()))
    except Invalid as fault:
        if "photo" in fault.fields:  # it will not do: room for another
            form["photo_id"] = ""
        return show(at, meter_id, form, fault.fields), 400
    except EngineError as refusal:
        if refusal.kind not in SAID_ON_THE_PAGE:
            raise
        return show(at, meter_id, form, said=message(refusal.code, refusal.facts)), 409
    say(_kept_words(figure) if fresh else t("这次读数已经有了，没有重复记", "This reading was here already"))
    return redirect(at.link("show", meter_id=known.id), 303)


def remove(at: Place, meter_id: str) -> Answer:
    """Take a mistyped reading out again."""
    known = _known(at, meter_id)
    on, register = _reading_key(request.form.get("reading", ""))
    return _change(
        at,
        known,
        lambda tx: service.remove_reading(tx, signed_in().member_id, at.owner, known.id, register, on, now()),
        t("读数已删除", "The reading is removed"),
    )


def replace(at: Place, meter_id: str) -> Answer:
    """The company has hung a new device."""
    form = dict(request.form)
    try:
        known = _known(at, meter_id)
        told = Replacement.parse(request.form, known.digits, local_day(now()))
        photo = _photo(at, "slip")
        figure = service.supported(at.owner, Figure(told.on, told.last), photo or "", local_day(now()))
        house().store.retrying(
            lambda tx: service.replace_register(
                tx, at.key, signed_in().member_id, at.owner, known.id, told, figure, now()
            )
        )
    except Invalid as fault:
        return show(at, meter_id, form, fault.fields), 400
    except EngineError as refusal:
        if refusal.kind not in SAID_ON_THE_PAGE:
            raise
        return show(at, meter_id, form, said=message(refusal.code, refusal.facts)), 409
    say(t("新表已接上，基线继续", "The new device is in; the baseline goes on"))
    return redirect(at.link("show", meter_id=known.id), 303)


def close(at: Place, meter_id: str) -> Answer:
    """Moved house: the number is free for whoever lives there now."""
    known = _known(at, meter_id)
    return _change(
        at,
        known,
        lambda tx: service.close_meter(tx, signed_in().member_id, at.owner, known.id, now()),
        t("已解除绑定", "The meter is no longer bound"),
    )


def file_form(at: Place, parsed: files.Parsed | None = None, errors: Mapping[str, str] | None = None) -> str:
    """The form that takes a utility's export, and the preview of one."""
    with house().store.read() as tx:
        meters = [m for m in queries.meters_of(tx, at.owner) if m.closed_on is None]
    return _show("import.html", at, meters=meters, parsed=parsed, errors=errors or {}, fault_words=fault_words)


def take_file(at: Place) -> Answer:
    """Preview a file, or take in one that was previewed; with any fault nothing is taken in."""
    try:
        sent = request.files.get("file")
        text = files.decode(sent.stream.read(files.MOST_BYTES + 1)) if sent and sent.filename else ""
        text = text or request.form.get("text", "")
        if not text.strip():
            raise Invalid({"file": "missing"})
        with house().store.read() as tx:
            parsed = _parsed(tx, at, text)
        if parsed.faults or "confirm" not in request.form:
            return file_form(at, parsed), 400 if parsed.faults else 200
        new_rows = house().store.retrying(
            lambda tx: service.import_readings(
                tx, signed_in().member_id, at.owner, parsed.rows, set(parsed.by_usage), now()
            )
        )
    except Invalid as fault:
        return file_form(at, errors=fault.fields), 400
    except EngineError as refusal:
        if refusal.kind not in SAID_ON_THE_PAGE:
            raise
        return file_form(at, errors={"file": message(refusal.code, refusal.facts)}), 409
    say(t(f"已导入 {new_rows} 次新读数", f"{new_rows} new readings imported"))
    return redirect(at.link("index"), 303)


def fault_words(fault: files.Fault) -> str:
    """What is wrong with a line."""
    column = t(*files.COLUMNS.get(fault.column, (fault.column, fault.column)))
    said = message(fault.code, dict(fault.facts)) if fault.facts else reason(fault.code)
    return f"{column}{t('：', ': ')}{said}"


def _parsed(tx: Any, at: Place, text: str) -> files.Parsed:
    meters = [m for m in queries.meters_of(tx, at.owner) if m.closed_on is None]
    if not meters:
        raise Invalid({"file": "no_meter_yet"})
    marks = {n: [fingerprint(at.key, kind, n) for kind in KINDS] for n in files.numbers_in(text)}
    return files.read_readings(text, meters, marks, queries.readings(tx, meters), local_day(now()))


def _change(at: Place, known: Meter, use_case: Any, said: str) -> Answer:
    try:
        house().store.retrying(use_case)
        say(said)
    except EngineError as refusal:
        if refusal.kind != "conflict":
            raise
        say(message(refusal.code, refusal.facts), "bad")
    return redirect(at.link("show", meter_id=known.id), 303)


def _known(at: Place, meter_id: str) -> Meter:
    with house().store.read() as tx:
        return queries.one(tx, at.owner, _uuid(meter_id))


def _photo(at: Place, field: str = "photo") -> str | None:
    """Take in the photo of this request, if there is one; somebody else's photo is refused."""
    sent = request.files.get(field)
    if at.unit or sent is None or not sent.filename:
        return None
    try:
        picture = read_picture(sent.stream.read(MOST_BYTES + 1))
    except Invalid as fault:  # it stands at the field the photo came by
        raise Invalid({field: fault.fields["photo"]}) from fault
    kept = house().store.retrying(lambda tx: keep_picture(tx, house().blobs, signed_in().member_id, picture, now()))
    if kept["duplicate_of_other"]:
        raise Invalid({field: "photo_reused"})
    return str(kept["id"])


def _kept_words(figure: Figure) -> str:
    if figure.estimated:
        return t("估抄读数已保存，等下次实抄", "The estimate is kept; the next true reading settles it")
    if figure.support == "none":
        return t(
            "读数已保存；没有当周的照片，这次读数不计节约",
            "The reading is kept; without a photo of that week it earns nothing",
        )
    return t("读数已保存，整月用量会在夜里结算", "The reading is kept; whole months are settled at night")


def _told(known: Meter, row: Any, acts: Mapping[tuple[int, str], Mapping[str, Any]]) -> words.Told:
    """One settled month with the factor in force on its last day; a unit's grams are on nobody's account."""
    code = "unit_electricity" if known.unit_id and known.kind == "electricity" else KINDS[known.kind].behaviour
    behaviour, day = house().catalogue.behaviour(code), local_day(last_moment(row.month))
    try:
        factor = grams_per_unit(behaviour, day)
        worth = quantify(behaviour, Decimal(row.saved_milli) / 1000, {}, Level.PARTNER, day).grams
    except EngineError:  # no method was in force then
        factor, worth = None, None
    act = acts.get((known.member_id, row.activity_id))
    return words.told(known, row, act, int(worth) if known.unit_id and worth is not None else None, factor)


def _show(template: str, at: Place, **context: Any) -> str:
    return render_template(
        f"meters/{template}", at=at, layout=at.layout, link=at.link, unit=at.unit, kinds=KINDS, w=words, **context
    )


def _after() -> tuple[date, int] | None:
    typed = request.args.get("after")
    return _reading_key(typed, "after") if typed else None


def _reading_key(typed: str, field: str = "reading") -> tuple[date, int]:
    day, _, register = typed.partition(".")
    try:
        if not register.isascii() or not register.isdigit() or len(register) > 4:
            raise ValueError(typed)
        return date.fromisoformat(day), int(register)
    except ValueError:
        raise Invalid({field: "not_a_cursor"}) from None


def _uuid(text: str, otherwise: str | None = None) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        if otherwise is not None:
            return otherwise
        raise refuse("not_found", "unknown_meter") from None
