"""Which pages there are, taken from the address map, who may look at each, and an example address for each with arguments."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for

from tests.browser import learning
from tests.browser.world import ANONYMOUS, LOGINS, View, World
from webapp.console.campaigns import STEPS
from webapp.inbox.mailing import off_token
from webapp.web.guards import Rule, rule_of
from webapp.web.house import Principal

Arguments = list[dict[str, Any]]
VIEWS = [View(theme, elder, lang) for elder in (False, True) for theme in ("light", "dark") for lang in ("zh-CN", "en")]
RESIDENTS = (ANONYMOUS, "member", "fresh")
# Addresses that answer with something other than a page for people.
NOT_PAGES = {
    "photos.show": "a picture",
    "console_review.photo": "a picture",
    "console_summaries.file": "a file to keep",
    "console_summaries.picture": "a picture",
    "console_tracks.track": "a picture",
    "challenge_admin.poster": "a picture",
    "challenge_admin.report_file": "a file to keep",
    "challenges.certificate": "a picture",
    "challenges.look": "a stylesheet",
    "energy.export": "a file to keep",
    "energy.faults": "a file to keep",
    "energy.poster": "a picture",
    "energy.template": "a file to keep",
    "console_energy.export": "a file to keep",
    "console_energy_platform.faults": "a file to keep",
    "health.healthz": "for probes",
    "health.metrics": "for scrapers",
    "health.readyz": "for probes",
    "members.my_export_file": "a file to keep",
    "honours.certificate": "a picture",
    "honours.year_csv": "open data",
    "honours.year_json": "open data",
    "places.plate_file": "a file to print",
    "pledges.my_certificate": "a picture",
    "pledges.unit_certificate": "a picture",
    "rankings.download": "a file to keep",
    "unit_reports.file": "a file to keep",
    "console_questions.export": "a file to keep",
    "console_questions.faults": "a file to keep",
    "console_questions.template": "a file to keep",
    "rosters.export": "a file to keep",
    "rosters.faults": "a file to keep",
    "rosters.template": "a file to keep",
    "methods.index_data": "open data",
    "public_ledger.sums_csv": "open data",
    "public_ledger.sums_json": "open data",
    "public_ledger.indicators_csv": "open data",
    "public_ledger.indicators_json": "open data",
    "methods.one_data": "open data",
    "console_drafts.effects_file": "a file to keep",
    "console_feeds.left_out": "a file to keep",
    "trips.worker": "a script",
}
# Addresses that only lead to another page, which has a line of its own.
REDIRECTS = {"activities.behaviours", "console_review.next_case"}


@dataclass(frozen=True)
class Case:
    """One page as one person sees it."""

    endpoint: str
    who: str
    path: str
    way_in: str | None = None

    def __str__(self) -> str:
        return f"{self.who} at {self.path}"


def page_endpoints(app: Any) -> list[str]:
    """Every address a browser can GET as a page; the API and files are left out."""
    found = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return sorted(e for e in found if not e.startswith("api.") and e not in NOT_PAGES)


def rule_for(app: Any, endpoint: str) -> Rule:
    rule = rule_of(app.view_functions[endpoint])
    assert rule is not None, f"{endpoint} has no guard"
    return rule


def audience(world: World, endpoint: str) -> list[str]:
    """Who is let in: for residents' pages the visitor, the busy and the new member; else everybody with the role."""
    rule = rule_for(world.app, endpoint)
    there = [who for who in LOGINS if who in world.members]
    if rule.kind == "public":
        return [ANONYMOUS, *(who for who in ("member", "fresh") if who in there)]
    if rule.kind == "member":
        return [who for who in ("member", "fresh") if who in there]
    people = [(who, world.principal(who)) for who in there]
    return [who for who, person in people if person and rule.refusal(person) is None]


def cases(world: World, endpoint: str) -> Iterator[Case]:
    """Every example of this page for everybody who may see it."""
    rules = [r for r in world.app.url_map.iter_rules(endpoint) if "GET" in (r.methods or ())]
    needs = bool(rules[0].arguments)
    assert not needs or endpoint in EXAMPLES, f"{endpoint} takes arguments; give it an example in {__name__}.EXAMPLES"
    for who in audience(world, endpoint):
        given = EXAMPLES[endpoint](Asker(world, who)) if endpoint in EXAMPLES else [{}]
        for arguments in given:
            way_in = arguments.pop("_way_in", None)
            with world.app.test_request_context():
                path = url_for(endpoint, **arguments)
            yield Case(endpoint, who, path, way_in)


@dataclass(frozen=True)
class Asker:
    """What an example may ask: the world and who is looking."""

    world: World
    who: str

    @property
    def person(self) -> Principal | None:
        return self.world.principal(self.who)

    @property
    def id(self) -> int:
        return self.person.member_id if self.person else 0

    def ids(self, statement: str, name: str, **values: Any) -> Arguments:
        """One set of arguments for each row; text that is a uuid without dashes gets them."""
        return [{name: _dashed(row[0])} for row in self.world.rows(statement, me=self.id, **values)]


def _dashed(value: Any) -> Any:
    return str(uuid.UUID(value)) if isinstance(value, str) and len(value) == 32 else value


def _one_of_each(by: str, table: str, where: str = "1 = 1") -> str:
    return f"SELECT min(id) FROM {table} WHERE {where} GROUP BY {by}"


def _acts(ask: Asker) -> Arguments:
    of_each = "SELECT min(id) FROM activity WHERE member_id = :me GROUP BY status, evidence = '[]'"
    return ask.ids(of_each, "activity_id")


def _forms(ask: Asker) -> Arguments:
    """A plain form, one with a choice of numbers, one with a choice of words, one for points only, one in no season."""
    open_ones = [b for b in ask.world.house.catalogue.behaviours if b.loggable and not b.hidden]
    kinds: dict[Any, str] = {}
    for each in open_ones:
        kinds.setdefault((tuple(i.kind for i in each.inputs), each.points_only, bool(each.season)), each.code)
    return [{"code": code} for code in kinds.values()]


def _methods(name: str) -> Callable[[Asker], Arguments]:
    def examples(ask: Asker) -> Arguments:
        kinds: dict[Any, Any] = {}
        for each in ask.world.house.catalogue.behaviours:
            kinds.setdefault((each.points_only, each.loggable, bool(each.inputs)), each)
        return [{name: each.code if name == "code" else each.ref} for each in kinds.values()]

    return examples


def _boards(ask: Asker) -> Arguments:
    return [
        {"code": "members", "period": "month"},
        {"code": "enterprise-total", "period": "total"},
        {"code": "enterprise-per-head", "period": "year"},
        {"code": "community-per-head"},
        {"code": "enterprise-participation-small", "period": "month"},
        {"code": "public-body-energy", "period": "year"},
        {"code": "enterprise-improvement", "period": "month"},
        {"code": "family-total", "period": "month"},
        *({"code": "members", "period": r[0]} for r in ask.world.rows(
            "SELECT max(period) FROM published_board WHERE board = 'members'") if r[0]),
    ]  # fmt: skip


def _units(ask: Asker) -> Arguments:
    mine = "SELECT unit_id FROM membership WHERE member_id = :me AND left_on IS NULL ORDER BY unit_id"
    return ask.ids(mine, "unit_id")


def _join_codes(ask: Asker) -> Arguments:
    found = ask.ids("SELECT join_code FROM green_unit WHERE join_code IS NOT NULL ORDER BY kind LIMIT 2", "code")
    return found


def _administered(ask: Asker) -> Arguments:
    return [{"unit_id": unit} for unit in (ask.person.unit_ids[:1] if ask.person else ())]


def _unit_meters(ask: Asker) -> Arguments:
    found = ask.world.rows("SELECT unit_id, min(id) AS id FROM meter WHERE unit_id IS NOT NULL GROUP BY unit_id")
    own = ask.person.unit_ids if ask.person else ()
    return [{"unit_id": r.unit_id, "meter_id": _dashed(r.id)} for r in found if r.unit_id in own]


def _last_year(ask: Asker) -> int:
    return int(ask.world.rows("SELECT max(year) AS year FROM energy_score")[0].year or 2025)


def _of_mine(ask: Asker, statement: str) -> Arguments:
    own = ask.person.unit_ids if ask.person else ()
    return [dict(r._mapping) for r in ask.world.rows(statement) if r.unit_id in own]


def _challenges(*states: str) -> Callable[[Asker], Arguments]:
    """Challenges of the administrator's unit in these states."""

    def examples(ask: Asker) -> Arguments:
        own = ask.person.unit_ids if ask.person else ()
        found = ask.world.rows("SELECT id, unit_id, status FROM challenge ORDER BY id")
        return [{"unit_id": r.unit_id, "challenge_id": r.id} for r in found if r.unit_id in own and r.status in states]

    return examples


def _staff_units(ask: Asker) -> Arguments:
    return ask.ids(_one_of_each("kind", "green_unit", "parent_id IS NULL"), "unit_id")


def _campaign_steps(ask: Asker) -> Arguments:
    found = ask.world.rows("SELECT id, status FROM campaign ORDER BY id")
    return [{"campaign_id": r.id, "step": step} for r in found for step in STEPS.get(r.status, {})]


def _people(ask: Asker) -> Arguments:
    return ask.ids("SELECT public_id FROM member WHERE login IN ('m000001', 'hr-demo', 'admin-demo')", "public_id")


def _pending(ask: Asker) -> Arguments:
    found = ask.world.rows(
        "SELECT m.public_id, a.id FROM activity a JOIN member m ON m.id = a.member_id"
        " WHERE a.status = 'pending' ORDER BY a.id LIMIT 1"
    )
    return [{"public_id": r.public_id, "activity_id": _dashed(r.id)} for r in found]


def _redemptions(ask: Asker) -> Arguments:
    return ask.ids(_one_of_each("status, merchant_id IS NULL", "redemption", "member_id = :me"), "redemption_id")


def _held(ask: Asker) -> Arguments:
    return ask.ids(
        "SELECT min(id) FROM redemption WHERE member_id = :me AND status = 'held' HAVING count(*) > 0",
        "redemption_id",
    )


def _managing(ask: Asker) -> Arguments:
    """Staff, and administrators of units other than families."""
    units = {r.id for r in ask.world.rows("SELECT id FROM green_unit WHERE kind <> 'family'")}
    person = ask.person
    return [{}] if person and (person.roles & {"editor", "administrator"} or units & set(person.unit_ids)) else []


def _places(ask: Asker) -> Arguments:
    return ask.ids("SELECT max(id) FROM place HAVING count(*) > 0", "place_id") if _managing(ask) else []


def _rewards(ask: Asker) -> Arguments:
    return ask.ids(_one_of_each("kind", "reward", "status = 'on'"), "reward_id")


def _first_admin(ask: Asker) -> Arguments:
    token = ask.world.first_admin_token
    return [{"token": token, "_way_in": "no_administrator"}] if token and ask.who == ANONYMOUS else []


def _when_new(*given: dict[str, Any]) -> Callable[[Asker], Arguments]:
    """Pages of the way in, which lead signed-in people on."""
    return lambda ask: [dict(each) for each in given] if ask.who == ANONYMOUS else []


def _companies(ask: Asker) -> Arguments:
    families = {row.id for row in ask.world.rows("SELECT id FROM green_unit WHERE kind = 'family'")}
    return [each for each in _administered(ask) if each["unit_id"] not in families]


def _lists(ask: Asker) -> Arguments:
    return [
        {"unit_id": row.unit_id, "import_id": row.id}
        for row in ask.world.rows("SELECT unit_id, id FROM roster_import ORDER BY id")
        if ask.person and row.unit_id in ask.person.unit_ids
    ]


def _parts_of_mine(ask: Asker) -> Arguments:
    return [
        {"unit_id": row.top_id, "part_id": row.id}
        for row in ask.world.rows(
            "SELECT top_id, min(id) AS id FROM green_unit WHERE top_id IS NOT NULL GROUP BY top_id"
        )
        if ask.person and row.top_id in ask.person.unit_ids
    ]


def _my_parts(ask: Asker) -> Arguments:
    return [{"part_id": each["part_id"]} for each in _parts_of_mine(ask)]


def _pledges(ask: Asker) -> Arguments:
    return ask.ids("SELECT slug FROM pledge WHERE edition > 0", "slug")


def _honoured(ask: Asker) -> Arguments:
    return ask.ids(
        "SELECT min(id) FROM honour_candidate WHERE state IN ('accepted', 'awarded', 'revoked') GROUP BY round_id, state",
        "candidate_id",
    )


EXAMPLES: dict[str, Callable[[Asker], Arguments]] = {
    "activities.form": _forms,
    "activities.show": _acts,
    "campaigns.show": lambda ask: ask.ids(
        "SELECT id FROM campaign WHERE status IN ('open', 'closed', 'settled')", "campaign_id"
    ),
    "challenge_admin.edit": _challenges("draft"),
    "challenge_admin.index": _administered,
    "challenge_admin.people": _challenges("draft"),
    "challenge_admin.report": _challenges("open", "archived"),
    "challenge_admin.show": _challenges("draft", "open", "archived"),
    "challenges.show": lambda ask: ask.ids(
        "SELECT challenge_id FROM challenge_join WHERE member_id = :me", "challenge_id"
    ),
    "challenges.verify": lambda ask: ask.ids(
        "SELECT min(number) FROM challenge_certificate HAVING count(*) > 0", "number"
    ),
    "unit_fund.fund": _administered,
    "console_announcements.edit": lambda ask: ask.ids(
        _one_of_each("published_at IS NULL, withdrawn_at IS NULL", "announcement"), "announcement_id"
    ),
    "console_boards.one": lambda ask: ask.ids(
        "SELECT DISTINCT period FROM board_closing ORDER BY 1 DESC LIMIT 2", "period"
    ),
    "console_campaigns.ask": _campaign_steps,
    "console_summaries.index": lambda ask: ask.ids("SELECT DISTINCT campaign_id FROM campaign_summary", "campaign_id"),
    "console_summaries.one": lambda ask: [
        {"campaign_id": r.campaign_id, "version": r.version}
        for r in ask.world.rows("SELECT campaign_id, version FROM campaign_summary")
    ],
    "console_campaigns.edit": lambda ask: ask.ids("SELECT id FROM campaign", "campaign_id"),
    "console_feeds.one": lambda ask: ask.ids("SELECT id FROM feed_file", "file_id"),
    "console_funds.one": lambda ask: ask.ids("SELECT id FROM fund ORDER BY id LIMIT 2", "fund_id"),
    "console_ledger.report": lambda ask: ask.ids("SELECT id FROM audit_report LIMIT 1", "report_id"),
    "console_members.one": _people,
    "console_merchants.merchant": lambda ask: ask.ids("SELECT id FROM merchant LIMIT 1", "merchant_id"),
    "console_drafts.factor": lambda ask: [{"key": "grid_shanxi"}],
    "console_drafts.one": lambda ask: ask.ids("SELECT id FROM method_draft ORDER BY id", "draft_id"),
    "console_drafts.version": _methods("ref"),
    "console_methods.one": _methods("ref"),
    "methods.one": _methods("code"),
    "console_cases.show_one": lambda ask: ask.ids(_one_of_each("kind", "review_case"), "case_id"),
    "console_review.case": _pending,
    "console_review.index": lambda ask: [{}, {"tab": "sample"}, {"tab": "risk"}, {"tab": "appeal"}],
    "console_rewards.edit": lambda ask: ask.ids(_one_of_each("kind", "reward"), "reward_id"),
    "console_units.ask_close": _staff_units,
    "console_units.edit": _staff_units,
    "console_energy.card": lambda ask: ask.ids("SELECT min(unit_id) FROM energy_letter HAVING count(*) > 0", "unit_id"),
    "console_energy_platform.one": lambda ask: ask.ids(
        "SELECT max(id) FROM energy_import WHERE unit_id IS NULL HAVING count(*) > 0", "import_id"
    ),
    "energy.facts": _companies,
    "energy.index": lambda ask: [
        a | {"year": y} for a in _companies(ask) for y in (_last_year(ask), _last_year(ask) + 1)
    ],
    "energy.letter": lambda ask: _of_mine(
        ask, "SELECT unit_id, id AS letter_id FROM energy_letter WHERE status = 'sent'"
    ),
    "energy.preview": lambda ask: _of_mine(ask, "SELECT unit_id, id AS import_id FROM energy_import"),
    "energy.publish": _companies,
    "energy.readings": _companies,
    "energy.report": _companies,
    "energy.uploads": _companies,
    "energy_public.publication": lambda ask: [
        dict(r._mapping) for r in ask.world.rows("SELECT unit_id, year, version FROM energy_publication")
    ],
    "green_units.invitation": _join_codes,
    "green_units.show": _units,
    "home.how": _methods("code"),
    "home.index": lambda ask: [{}, *([{"try": "bus"}] if ask.who == ANONYMOUS else [])],
    "home.statement": lambda ask: [{"book": "points"}, {"book": "carbon"}],
    "inbox.announcement": lambda ask: ask.ids(
        "SELECT id FROM announcement WHERE published_at IS NOT NULL AND withdrawn_at IS NULL LIMIT 1",
        "announcement_id",
    ),
    "mail.ask_off": lambda ask: [{"token": off_token(ask.world.app.extensions["puhui"].settings, 1)}],
    "meters.show": lambda ask: ask.ids(
        _one_of_each("kind", "meter", "member_id = :me AND unit_id IS NULL"), "meter_id"
    ),
    "members.code": _when_new({"_way_in": "code"}),
    "members.first_admin": _first_admin,
    "members.register": _when_new({}, {"_way_in": "proved"}),
    "members.sign_in": _when_new({"by": "password"}, {"by": "code"}),
    "members.step_up": lambda ask: [{"_way_in": "stale"}],
    "merchants.receipt": lambda ask: ask.ids(
        "SELECT min(id) FROM fulfilment WHERE member_id = :me HAVING count(*) > 0", "fulfilment_id"
    ),
    "honours.year": lambda ask: ask.ids("SELECT DISTINCT year FROM honour_round WHERE state = 'awarded'", "year"),
    "honours.one": lambda ask: ask.ids(
        "SELECT id FROM honour_round WHERE state NOT IN ('draft', 'cancelled')", "round_id"
    ),
    "honours.nominate": lambda ask: ask.ids("SELECT id FROM honour_round WHERE state = 'open' LIMIT 1", "round_id"),
    "honours.candidate": _honoured,
    "honours.verify": lambda ask: ask.ids("SELECT code FROM honour_award ORDER BY revoked_at LIMIT 2", "code"),
    "console_honours.new": lambda ask: [{}, {"honour": "green_talent"}],
    "console_honours.one": lambda ask: ask.ids("SELECT id FROM honour_round", "round_id"),
    "console_honours.edit": lambda ask: ask.ids("SELECT id FROM honour_round LIMIT 1", "round_id"),
    "console_honours.matches": lambda ask: ask.ids("SELECT id FROM honour_round", "round_id"),
    "console_honours.candidate": lambda ask: ask.ids(
        "SELECT min(id) FROM honour_candidate GROUP BY round_id, state", "candidate_id"
    ),
    "pledges.show": _pledges,
    "pledges.wall": _pledges,
    "pledges.one_edition": lambda ask: [a | {"edition": 1} for a in _pledges(ask)],
    "pledges.verify": lambda ask: [
        {"number": r.number} for r in ask.world.rows("SELECT number FROM pledge_unit LIMIT 1")
    ],
    "console_indicators.one": lambda _: [{"no": 2}, {"no": 3}],
    "console_pledges.edit": lambda ask: ask.ids("SELECT id FROM pledge", "pledge_id"),
    "places.index": _managing,
    "places.manage": _places,
    "places.new": _managing,
    "places.plate_page": _places,
    "places.screen": lambda ask: [
        {"code": r.code, "key": r.screen_key} for r in ask.world.rows("SELECT code, screen_key FROM place LIMIT 1")
    ],
    "places.show": lambda ask: ask.ids("SELECT code FROM place WHERE status = 'open' ORDER BY id LIMIT 4", "code"),
    "rankings.show": _boards,
    "rewards.confirm_cancel": _held,
    "rewards.mine": lambda ask: [{}, {"state": "held"}],
    "rewards.redemption": _redemptions,
    "rewards.show": _rewards,
    "trips.record": lambda ask: [{}, {"mode": "carpool"}],
    "trips.show": lambda ask: ask.ids(_one_of_each("verdict", "trip", "member_id = :me"), "trip_id"),
    "unit_admin.index": lambda ask: [{}] if ask.person and len(ask.person.unit_ids) != 1 else [],
    "unit_admin.people": _administered,
    "unit_admin.poster": _administered,
    "unit_admin.show": _administered,
    "unit_reports.manage": _administered,
    "unit_reports.show": _units,
    "rosters.index": _companies,
    "rosters.requests": _companies,
    "rosters.show": _lists,
    "unit_parts.edit": _parts_of_mine,
    "unit_parts.index": _companies,
    "unit_parts.show": _my_parts,
    "unit_energy.file_form": _administered,
    "unit_energy.index": _administered,
    "unit_energy.new": _administered,
    "unit_energy.show": _unit_meters,
    "training_desk.index": _managing,
    "training_desk.new": _managing,
    **learning.EXAMPLES,
}
