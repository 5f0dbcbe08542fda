"""What a draft would have changed: all acts at once, in the database, to the gram as if worked out one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    String,
    and_,
    case,
    column,
    func,
    literal,
    select,
    table,
    type_coerce,
    union_all,
)
from sqlalchemy.exc import DBAPIError

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
rate = table(
    "temp_rate",
    *(column(name, String()) for name in WORDS),
    *(column(name, Date()) for name in DAYS),
    *(column(name, BigInteger()) for name in NUMBERS),
)


def effects(tx: Tx, rates: list[dict[str, Any]], part: int = 0, parts: int = 1) -> list[Effect]:
    """Old and new grams and points by behaviour, and by unit of today; of one of so many equal parts of the members."""
    if not rates:
        return []
    with laid_out(tx, rates):
        return _sums(tx, {each["behaviour"] for each in rates}, part, parts)


def _sums(tx: Tx, codes: set[str], part: int, parts: int) -> list[Effect]:
    each = _per_member(codes, part, parts).cte("each")
    sums = [func.sum(each.c[name]) for name in ("acts", "changed", "credited", "old_g", "new_g", "old_p", "new_p")]
    touched = func.sum(case((each.c.changed > 0, 1), else_=0))
    everybody = select(each.c.behaviour, literal(EVERYBODY), touched, *sums).group_by(each.c.behaviour)
    m = memberships.c
    now_in = and_(m.member_id == each.c.member_id, m.left_on.is_(None))
    units = (
        select(each.c.behaviour, m.unit_id, touched, *sums)
        .select_from(each.join(memberships, now_in))
        .group_by(each.c.behaviour, m.unit_id)
    )
    rows = tx.rows(union_all(everybody, units))
    return [Effect(row[0], *(int(n) for n in row[1:])) for row in rows]


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
def laid_out(tx: Tx, rates: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Lay the rates out as a temporary table beside the acts; both databases look acts up in it by its key."""
    kinds = [*((name, "text") for name in WORDS), *((name, "date") for name in DAYS), *((n, "bigint") for n in NUMBERS)]
    columns = ", ".join(f"{name} {kind} NOT NULL" for name, kind in kinds)
    key = ", ".join((*WORDS, "first_day"))
    run = tx.connection.exec_driver_sql
    run("DROP TABLE IF EXISTS temp_rate")
    tail = " WITHOUT ROWID" if tx.dialect == "sqlite" else ""
    run(f"CREATE TEMPORARY TABLE temp_rate ({columns}, PRIMARY KEY ({key})){tail}")
    try:
        if tx.dialect == "sqlite":
            names = [name for name, _ in kinds]
            marks = ", ".join("?" for _ in names)
            if rates:
                run(f"INSERT INTO temp_rate VALUES ({marks})", [tuple(each[name] for name in names) for each in rates])  # noqa: S608
        else:
            record = ", ".join(f"{name} {kind}" for name, kind in kinds)
            rows = "json_to_recordset(%(rates)s::json)"
            run(f"INSERT INTO temp_rate SELECT * FROM {rows} AS r({record})", {"rates": json.dumps(list(rates))})  # noqa: S608
            run("ANALYZE temp_rate")
        yield
    finally:
        with suppress(DBAPIError):  # a transaction that failed takes the table with it
            run("DROP TABLE IF EXISTS temp_rate")


def with_rates(*wanted: Any) -> Any:
    """Accepted acts, each beside the rate of its kind on its day; without one where there is none."""
    # An outer join: an act that no version explains must not vanish, and SQLite goes from the act to its rate.
    same = [type_coerce(acts.c[name], String()) == rate.c[name] for name in WORDS]
    days = acts.c.occurred_on.between(rate.c.first_day, rate.c.last_day)
    return (
        select(*wanted).select_from(acts.join(rate, and_(*same, days), isouter=True)).where(acts.c.status == "accepted")
    )


def worth_of(side: str) -> tuple[Any, Any]:
    """Grams, and points before the rule of the least point, of an act: the engine's `share` in SQL."""
    milli = acts.c.credited_milli
    return milli * rate.c[f"{side}go"] // rate.c[f"{side}gu"], milli * rate.c[f"{side}po"] // rate.c[f"{side}pu"]


def points_of(only: Any, milli: Any, grams: Any, share: Any, price: Any) -> Any:
    """The engine's `worth`: nothing for what is not credited, else at least one point where points are given."""
    nothing = case((only == 1, milli < 1000), else_=grams < 1)
    return case((nothing, 0), (and_(share == 0, price > 0), 1), else_=share)


def _per_member(codes: set[str], part: int, parts: int) -> Any:
    old_g, old_p = worth_of("old_")
    new_g, new_p = worth_of("new_")
    one = (
        with_rates(
            acts.c.behaviour, acts.c.member_id, acts.c.credited_milli.label("milli"), acts.c.grams.label("credited"),
            old_g.label("old_g"), old_p.label("old_share"), new_g.label("new_g"), new_p.label("new_share"),
            rate.c.old_only, rate.c.old_po, rate.c.new_only, rate.c.new_po,
        )
        .where(acts.c.behaviour.in_(sorted(codes)), acts.c.member_id % parts == part)
        .subquery("one")
    )  # fmt: skip
    o = one.c
    priced = select(
        o.behaviour, o.member_id, o.credited, o.old_g, o.new_g,
        points_of(o.old_only, o.milli, o.old_g, o.old_share, o.old_po).label("old_p"),
        points_of(o.new_only, o.milli, o.new_g, o.new_share, o.new_po).label("new_p"),
    ).subquery("priced")  # fmt: skip
    p = priced.c
    other = case((and_(p.old_g == p.new_g, p.old_p == p.new_p), 0), else_=1)
    return select(
        p.behaviour, p.member_id, func.count().label("acts"), func.sum(other).label("changed"),
        *(func.sum(p[name], type_=Integer).label(name) for name in ("credited", "old_g", "new_g", "old_p", "new_p")),
    ).group_by(p.behaviour, p.member_id)  # fmt: skip
