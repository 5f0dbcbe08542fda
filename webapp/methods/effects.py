"""What a draft would have changed: all acts at once, in the database, to the gram as if worked out one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
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
    func,
    literal,
    select,
    text,
    type_coerce,
    union_all,
)

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
DAYS = ("first", "last")
NUMBERS = ("old_only", "old_go", "old_gu", "old_po", "old_pu", "new_only", "new_go", "new_gu", "new_po", "new_pu")


def effects(tx: Tx, rates: list[dict[str, Any]], first: int, last: int) -> list[Effect]:
    """Old and new grams and points of the acts of members `first` to `last`, by behaviour, and by unit of today."""
    if not rates:
        return []
    each = _per_member(rate_table(tx.dialect), {r["behaviour"] for r in rates}, first, last).cte("each")
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
    rows = tx.rows(union_all(everybody, units), {"rates": json.dumps(rates)})
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
                    days = {"first": span.first.isoformat(), "last": span.last.isoformat()}
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


def rate_table(dialect: str) -> Any:
    """The rates, handed over as one JSON text, as a table to join."""
    columns = (
        *((name, String(), "text") for name in WORDS),
        *((name, Date(), "date") for name in DAYS),
        *((name, BigInteger(), "bigint") for name in NUMBERS),
    )
    if dialect == "postgresql":
        record = ", ".join(f"{name} {kind}" for name, _, kind in columns)
        source = f"SELECT * FROM json_to_recordset(CAST(:rates AS json)) AS r({record})"  # noqa: S608 - our own names
    else:
        taken = ", ".join(f"value ->> '{name}' AS {name}" for name, _, _ in columns)
        source = f"SELECT {taken} FROM json_each(:rates)"  # noqa: S608 - our own names
    return text(source).columns(**{name: kind for name, kind, _ in columns}).cte("rate")


def with_rates(rate: Any, *wanted: Any) -> Any:
    """Accepted acts, each beside the rate of its kind on its day; without one where there is none."""
    # An outer join: SQLite then looks rates up by act and not acts by rate.
    same = [type_coerce(acts.c[name], String()) == rate.c[name] for name in WORDS]
    days = acts.c.occurred_on.between(rate.c.first, rate.c.last)
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


def _per_member(rate: Any, codes: set[str], first: int, last: int) -> Any:
    old_g, old_p = worth_of(rate, "old_")
    new_g, new_p = worth_of(rate, "new_")
    one = (
        with_rates(
            rate, acts.c.behaviour, acts.c.member_id, acts.c.credited_milli.label("milli"), acts.c.grams.label("credited"),
            old_g.label("old_g"), old_p.label("old_share"), new_g.label("new_g"), new_p.label("new_share"),
            rate.c.old_only, rate.c.old_po, rate.c.new_only, rate.c.new_po,
        )
        .where(acts.c.behaviour.in_(sorted(codes)), acts.c.member_id.between(first, last))
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
