"""What a draft would have changed: all acts at once, in the database, to the gram as if worked out one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, String, and_, case, column, func, select, table, text, type_coerce

from points_engine.errors import EngineError, refuse
from points_engine.methodology import Behaviour, Catalogue, Level, Version
from points_engine.methodology.drafts import WIDEST, Draft, affected
from points_engine.methodology.quantify import Rate, rate_on
from points_engine.methodology.rates import possible_inputs, spans
from webapp.activities.queries import acts
from webapp.green_units.queries import memberships
from webapp.methods.queries import EVERYBODY, FEW_PEOPLE, Effect
from webapp.store import Tx
from webapp.store.types import canonical

Inputs = Mapping[str, Decimal | str]
FEWEST = 5  # no figure of fewer people
WORDS = ("behaviour", "version", "level", "inputs")
DAYS = ("first_day", "last_day")
NUMBERS = ("old_only", "old_go", "old_gu", "old_po", "old_pu", "new_only", "new_go", "new_gu", "new_po", "new_pu")
KINDS = [*((name, "text") for name in WORDS), *((name, "date") for name in DAYS), *((n, "bigint") for n in NUMBERS)]
TYPES: dict[str, Any] = {"text": String(), "date": Date(), "bigint": BigInteger()}


def _typed() -> list[Any]:
    return [column(name, TYPES[kind]) for name, kind in KINDS]


TEMPORARY = table("temp_rate", *_typed())


def effects(tx: Tx, rates: list[dict[str, Any]], members: tuple[int, int] | None = None) -> list[Effect]:
    """Old and new grams and points by behaviour, and by unit of today; of everybody or of a range of members."""
    if not rates:
        return []
    codes = sorted({each["behaviour"] for each in rates})
    with laid_out(tx, rates) as (rate, given):
        ours = _theirs(tx, members, codes)
        sums = tx.rows(_sums(rate, ours), given)
    heads = [
        (code, units, n)
        for units, *told in tx.rows(_heads(tx, ours, codes))
        for code, n in zip(codes, told, strict=True)
        if n
    ]
    found: dict[tuple[str, int], list[int]] = {}
    for at, rows in ((0, heads), (1, sums)):
        for behaviour, units, *figures in rows:
            for unit in (EVERYBODY, *map(int, (units or "").split(",") if units else ())):
                mine = found.setdefault((behaviour, unit), [0] * 8)
                for place, n in enumerate(figures, at):
                    mine[place] += int(n)
    return [Effect(behaviour, unit, *figures) for (behaviour, unit), figures in found.items()]


def added(parts: Iterable[Effect]) -> list[Effect]:
    """The sums of parts that have no member in common; units with fewer than five people touched come together."""
    sums: dict[tuple[str, int], list[int]] = {}
    for part in parts:
        mine = sums.setdefault((part.behaviour, part.unit_id), [0] * 8)
        for at, n in enumerate(_figures(part)):
            mine[at] += n
    shown: dict[tuple[str, int], list[int]] = {}
    for (behaviour, unit), figures in sums.items():
        few = unit != EVERYBODY and figures[0] < FEWEST
        mine = shown.setdefault((behaviour, FEW_PEOPLE if few else unit), [0] * 8)
        for at, n in enumerate(figures):
            mine[at] += n
    return [Effect(behaviour, unit, *figures) for (behaviour, unit), figures in sorted(shown.items())]


def _figures(e: Effect) -> tuple[int, ...]:
    return e.members, e.acts, e.changed, e.credited_g, e.old_g, e.new_g, e.old_p, e.new_p


# --- rates -------------------------------------------------------------------------------------------


def draft_rates(tx: Tx, old: Catalogue, new: Catalogue, draft: Draft) -> list[dict[str, Any]]:
    """For each kind of act the draft touches: its rate by its own version, and by the draft all in force."""
    day = draft.complete_from
    return [
        {**entry, **_numbers("new_", rate)}
        for code in affected(new, draft)
        for entry, inputs, level in _kinds(tx, old.behaviour(code))
        for rate in [_bounded(_rate_at(new.behaviour(code), inputs, level, day), new.behaviour(code))]
    ]


def pinned_rates(tx: Tx, catalogue: Catalogue) -> list[dict[str, Any]]:
    """The rate of every kind of act by the version it carries."""
    return [
        {**entry, "new_only": 0, "new_go": 0, "new_gu": 1, "new_po": 0, "new_pu": 1}
        for behaviour in catalogue.behaviours
        for entry, _, _ in _kinds(tx, behaviour)
    ]


def _rate_at(behaviour: Behaviour, inputs: Inputs, level: Level, day: date) -> Rate:
    return rate_on(behaviour.version_on(day), behaviour, inputs, level, day)


def _kinds(tx: Tx, behaviour: Behaviour) -> Iterator[tuple[dict[str, Any], Inputs, Level]]:
    """Every version, level, combination of inputs and stretch of days of a behaviour, with its rate."""
    listed = possible_inputs(behaviour)
    for inputs in listed if listed is not None else _inputs_in_use(tx, behaviour):
        written = canonical({name: str(value) for name, value in inputs.items()})
        for edition in behaviour.versions:
            for level in behaviour.evidence:
                for span in _spans(edition, behaviour, inputs, level):
                    key = dict(zip(WORDS, (behaviour.code, edition.version, level.value, written), strict=True))
                    days = {"first_day": span.first.isoformat(), "last_day": span.last.isoformat()}
                    yield {**key, **days, **_numbers("old_", _bounded(span.rate, behaviour))}, inputs, level


def _spans(edition: Version, behaviour: Behaviour, inputs: Inputs, level: Level) -> list[Any]:
    try:
        return spans(edition, behaviour, inputs, level)
    except (EngineError, KeyError, ZeroDivisionError):
        return []  # an answer that this edition does not know


def _inputs_in_use(tx: Tx, behaviour: Behaviour) -> list[Inputs]:
    choices = {asked.name for asked in behaviour.inputs if asked.kind == "choice"}
    rows = tx.rows(select(acts.c.inputs).where(acts.c.behaviour == behaviour.code).distinct())
    return [{n: v if n in choices else Decimal(v) for n, v in row.inputs.items()} for row in rows]


def _numbers(side: str, rate: Rate) -> dict[str, int]:
    return {
        f"{side}only": int(rate.points_only),
        f"{side}go": rate.grams_over,
        f"{side}gu": 1000 * rate.grams_under,
        f"{side}po": rate.points_over,
        f"{side}pu": 1000 * rate.points_under,
    }


def _bounded(rate: Rate, behaviour: Behaviour) -> Rate:
    """The databases multiply in 64 bits and do not say when a product leaves them."""
    most = max(int(edition.bounds.most * 1000) for edition in behaviour.versions)
    if max(rate.grams_over * most, rate.points_over * most, 1000 * rate.grams_under, 1000 * rate.points_under) > WIDEST:
        raise refuse("invalid", "figure_too_fine", behaviour=behaviour.code)
    return rate


# --- statements --------------------------------------------------------------------------------------


@contextmanager
def laid_out(tx: Tx, rates: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, dict[str, str]]]:
    """The rates as a table to join, and the parameters that a statement with it takes.

    PostgreSQL hashes them from one JSON text, in every worker of a parallel scan; SQLite would read through
    all of them for every act, and gets a temporary table with a key.
    """
    if tx.dialect == "postgresql":
        record = ", ".join(f"{name} {kind}" for name, kind in KINDS)
        source = text(f"SELECT * FROM json_to_recordset(CAST(:rates AS json)) AS r({record})")  # noqa: S608 - our own names
        yield source.columns(*_typed()).cte("rate"), {"rates": json.dumps(list(rates))}
        return
    run = tx.connection.exec_driver_sql
    columns = ", ".join(f"{name} {kind} NOT NULL" for name, kind in KINDS)
    run("DROP TABLE IF EXISTS temp_rate")
    run(f"CREATE TEMPORARY TABLE temp_rate ({columns}, PRIMARY KEY ({', '.join((*WORDS, 'first_day'))})) WITHOUT ROWID")
    marks = ", ".join("?" for _ in KINDS)
    if rates:
        rows = [tuple(each[name] for name, _ in KINDS) for each in rates]
        run(f"INSERT INTO temp_rate VALUES ({marks})", rows)  # noqa: S608 - marks only
    try:
        yield TEMPORARY, {}
    finally:
        run("DROP TABLE IF EXISTS temp_rate")


def with_rates(rate: Any, *wanted: Any) -> Any:
    """Accepted acts, each beside the rate of its kind on its day; without one where there is none."""
    # An outer join: an act that no version explains must not vanish, and SQLite goes from the act to its rate.
    same = [type_coerce(acts.c[name], String()) == rate.c[name] for name in WORDS]
    days = acts.c.occurred_on.between(rate.c.first_day, rate.c.last_day)
    return (
        select(*wanted).select_from(acts.join(rate, and_(*same, days), isouter=True)).where(acts.c.status == "accepted")
    )


def worth_of(rate: Any, side: str) -> tuple[Any, Any]:
    """Grams, and points before the rule of the least point, of an act: the engine's `share` in SQL."""
    milli = acts.c.credited_milli
    return milli * rate.c[f"{side}go"] // rate.c[f"{side}gu"], milli * rate.c[f"{side}po"] // rate.c[f"{side}pu"]


def points_of(only: Any, milli: Any, grams: Any, share: Any, price: Any) -> Any:
    """The engine's `worth`: nothing for what is not credited, else at least one point where points are given."""
    nothing = case((only == 1, milli < 1000), else_=grams < 1)
    return case((nothing, 0), (and_(share == 0, price > 0), 1), else_=share)


def _theirs(tx: Tx, members: tuple[int, int] | None, codes: Sequence[str]) -> Any:
    """The condition for the acts in question."""
    ours = acts.c.behaviour.in_(codes)
    if members is None:
        return ours
    return and_(ours, _who(tx).between(*members))


def _who(tx: Tx) -> Any:
    """The member of an act; SQLite would follow an index through the whole table, and the plus keeps it from that."""
    return acts.c.member_id if tx.dialect == "postgresql" else acts.c.member_id.op("+")(0)


def _homes() -> Any:
    """Each member's units of today as one text: acts are added up by it, and the sums dealt out to the units."""
    m = memberships.c
    units = func.aggregate_strings(m.unit_id.cast(String), ",").label("units")
    return select(m.member_id, units).where(m.left_on.is_(None)).group_by(m.member_id).subquery("homes")


def _sums(rate: Any, ours: Any) -> Any:
    """Acts, changed ones, and grams and points by behaviour and units."""
    old_g, old_p = worth_of(rate, "old_")
    new_g, new_p = worth_of(rate, "new_")
    o = with_rates(
        rate, acts.c.behaviour, acts.c.member_id, acts.c.credited_milli.label("milli"), acts.c.grams.label("credited"),
        old_g.label("old_g"), old_p.label("old_share"), new_g.label("new_g"), new_p.label("new_share"),
        rate.c.old_only, rate.c.old_po, rate.c.new_only, rate.c.new_po,
    ).where(ours).subquery("one").c  # fmt: skip
    priced = select(
        o.behaviour, o.member_id, o.credited, o.old_g, o.new_g,
        points_of(o.old_only, o.milli, o.old_g, o.old_share, o.old_po).label("old_p"),
        points_of(o.new_only, o.milli, o.new_g, o.new_share, o.new_po).label("new_p"),
    ).subquery("priced")  # fmt: skip
    p, homes = priced.c, _homes()
    other = case((and_(p.old_g == p.new_g, p.old_p == p.new_p), 0), else_=1)
    return (
        select(
            p.behaviour, homes.c.units, func.count(), func.sum(other),
            *(func.sum(p[name]) for name in ("credited", "old_g", "new_g", "old_p", "new_p")),
        )
        .select_from(priced.join(homes, homes.c.member_id == p.member_id, isouter=True))
        .group_by(p.behaviour, homes.c.units)
    )  # fmt: skip


def _heads(tx: Tx, ours: Any, codes: Sequence[str]) -> Any:
    """How many people stand behind the sums, by units: a column for each behaviour."""
    did = [func.max(case((acts.c.behaviour == code, 1), else_=0)).label(f"did_{n}") for n, code in enumerate(codes)]
    who = _who(tx)
    theirs = select(who.label("member_id"), *did).where(ours, acts.c.status == "accepted").group_by(who)
    each, homes = theirs.subquery("each"), _homes()
    return (
        select(homes.c.units, *(func.sum(each.c[f"did_{n}"]) for n in range(len(codes))))
        .select_from(each.join(homes, homes.c.member_id == each.c.member_id, isouter=True))
        .group_by(homes.c.units)
    )
