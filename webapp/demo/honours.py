"""The demo park's honours: last year's, one of them revoked; this year's on public notice with an objection; one round open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from points_engine.clock import start_of
from points_engine.honours import Criterion, honours
from webapp.demo.days import at
from webapp.honours import queries, service
from webapp.honours.forms import NewRound, Nomination, Objection, RoundFacts
from webapp.store import Store, Tx

WHERE = "园区管委会节能办公室（科创大厦 3 楼）"
LAST_YEAR = (Criterion("no_breach"),)  # the platform is younger than the year: nothing else can be looked up
THIS_YEAR = (Criterion("per_head", 1), Criterion("participation", 30), Criterion("months_active", 1), Criterion("no_breach"))  # fmt: skip
TALENT = (Criterion("grams", 5), Criterion("months_active", 1), Criterion("no_breach"))
GIVEN, LISTED = 3, 6


def build_last_year(store: Store, staff: Mapping[str, int], first: date) -> None:
    """Three companies honoured before the world's first day, by the hands of three; one award was taken back."""
    begins = at(first - timedelta(days=13), 600)
    made = _announced(store, staff, "green_enterprise", begins.year - 1, LAST_YEAR, begins, begins + timedelta(days=1))
    chosen = _accepted(store, staff, made, GIVEN, begins)
    if not chosen:
        return
    until = _on_notice(store, staff, made, begins + timedelta(days=1))
    service.move_by_clock(store, until)
    _do(store, service.ask_award, staff["editor-demo"], made, until)
    _do(store, service.approve_award, staff["admin-demo"], made, until)
    if len(chosen) == GIVEN:
        why = "复核发现当年用能数据虚报"
        _do(store, service.ask_to_revoke, staff["editor-demo"], chosen[-1], why, until)
        _do(store, service.decide_revocation, staff["admin-demo"], chosen[-1], True, until)


def build(
    store: Store, staff: Mapping[str, int], people: Sequence[int], first: date, until: date, end: datetime
) -> None:
    """This year's companies on notice since now, with an objection that waits; and people may put themselves forward."""
    made = _announced(store, staff, "green_enterprise", until.year, THIS_YEAR, start_of(first), end)
    chosen = _accepted(store, staff, made, LISTED, end - timedelta(seconds=1))
    if chosen:
        _on_notice(store, staff, made, end)
        if len(people) > 5:
            said = Objection("这家单位四月的班车拼车记录偏多，请核实。", "厂区门口的公示栏写着四月停产两周。")
            _do(store, service.object_to, people[5], chosen[0], said, end)
    closes = start_of(until + timedelta(days=21))
    talent = _announced(store, staff, "green_talent", until.year, TALENT, start_of(until), closes, end)
    service.screen(store, talent, end)
    for n, who in enumerate(people[6:9]):
        said_of_me = Nomination("每天骑车上下班，带动同事一起参加。", ("nickname", "none")[n % 2])
        _do(store, service.nominate_self, who, talent, said_of_me, end)


def _announced(
    store: Store, staff: Mapping[str, int], honour: str, year: int, criteria: Sequence[Criterion], opens: datetime,
    closes: datetime, now: datetime | None = None,
) -> int:  # fmt: skip
    """A round that takes nominations from `opens` to `closes`."""
    facts = RoundFacts(tuple(criteria), None, opens, closes, 5, WHERE)
    new, editor, now = NewRound(honours()[honour], year), staff["editor-demo"], now or opens
    made = int(_do(store, service.create_round, editor, new, facts, now))
    _do(store, service.announce, editor, made, now)
    return made


def _accepted(store: Store, staff: Mapping[str, int], made: int, most: int, now: datetime) -> list[int]:
    """The first few of those who meet everything, put forward by the editor and accepted by the reviewer."""
    service.screen(store, made, now)
    with store.read() as tx:
        found = [line[0] for line in queries.matches(tx, queries.find(tx, made), 0, most)]
    chosen = [int(_do(store, service.nominate_match, staff["editor-demo"], made, unit, 0, now)) for unit in found]
    for each in chosen:
        _do(store, service.accept, staff["reviewer-demo"], each, "数据与材料一致", now)
    return chosen


def _on_notice(store: Store, staff: Mapping[str, int], made: int, now: datetime) -> datetime:
    service.move_by_clock(store, now)
    _do(store, service.propose, staff["editor-demo"], made, now)
    _do(store, service.start_notice, staff["admin-demo"], made, now)
    with store.read() as tx:
        until: datetime = queries.find(tx, made).notice_until
    return until


def _do(store: Store, use_case: Any, *given: Any) -> Any:
    def run(tx: Tx) -> Any:
        return use_case(tx, *given)

    return store.retrying(run)
