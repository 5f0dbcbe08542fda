"""A small demo park with a person of every role, on SQLite, for the tests that walk over all addresses."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import url_for
from sqlalchemy import text
from werkzeug.routing import Rule as UrlRule

from points_engine.clock import FixedClock
from points_engine.trips import Fix
from tests.conftest import START
from tests.people import Person
from webapp import demo
from webapp.app import create_app
from webapp.feeds import files
from webapp.inbox.mailing import off_token
from webapp.jobs.runner import run_job
from webapp.members import service as members
from webapp.members import signin
from webapp.methods import service as methods
from webapp.review.service import open_appeal
from webapp.rewards import service as rewards
from webapp.settings import Settings
from webapp.store import Store
from webapp.tables import metadata
from webapp.trips.service import submit_trip
from webapp.web import burst
from webapp.web.guards import Rule, rule_of

ROLES = {
    "resident": "m000001",
    "unit admin": "hr-demo",
    "merchant": "merchant-demo",
    "reviewer": "reviewer-demo",
    "editor": "editor-demo",
    "auditor": "auditor-demo",
    "administrator": "admin-demo",
}
NOBODY = "nobody"
DRAFT = """
[[factor]]
key = "grid_shanxi"
name = { zh = "山西电网（2024年）", en = "Shanxi grid, 2024" }
value = "0.65"
unit = "kgCO2/kWh"
source = "公告"
mark = "S"
valid_from = 2026-12-01
review_by = 2028-12-01
"""
# One example for each argument of an address; what stands before the colon narrows it to one endpoint or the endpoints of a blueprint.
EXAMPLES = {
    "activity_id": "SELECT id FROM activity WHERE member_id = :me AND evidence != '[]'",
    "console_review:activity_id": "SELECT min(id) FROM activity WHERE status = 'pending' AND evidence != '[]'",
    "announcement_id": "SELECT min(id) FROM announcement",
    "case_id": "SELECT min(id) FROM review_case WHERE kind = 'appeal'",
    "console_tracks:activity_id": "SELECT min(activity_id) FROM review_case WHERE kind = 'appeal'",
    "console_tracks:public_id": "SELECT public_id FROM member JOIN review_case ON member_id = member.id"
    " WHERE kind = 'appeal'",
    "campaign_id": "SELECT min(id) FROM campaign",
    "console_summaries:campaign_id": "SELECT min(campaign_id) FROM campaign_summary",
    "console_summaries:version": "SELECT min(version) FROM campaign_summary",
    "console_summaries:picture_id": "SELECT min(id) FROM campaign_picture",
    "code": "SELECT 'bike'",
    "green_units:code": "SELECT join_code FROM green_unit WHERE join_code IS NOT NULL AND kind = 'enterprise'",
    "rankings:code": "SELECT 'members'",
    "board": "SELECT 'members'",
    "api:code": "SELECT min(code) FROM place",
    "places:code": "SELECT min(code) FROM place",
    "places:key": "SELECT screen_key FROM place ORDER BY code LIMIT 1",
    "places:size": "SELECT 'a5'",
    "unit_reports:form": "SELECT 'csv'",
    "places:form": "SELECT 'png'",
    "part_id": "SELECT min(id) FROM green_unit WHERE top_id = (SELECT unit_id FROM membership JOIN role_grant"
    " USING (member_id, unit_id))",
    "import_id": "SELECT max(id) FROM roster_import",
    "families:public_id": "SELECT public_id FROM member JOIN child ON member_id = member.id",
    "place_id": "SELECT max(id) FROM place",
    "device_id": "SELECT 'nobody'",
    "draft_id": "SELECT min(id) FROM method_draft",
    "console_drafts:key": "SELECT 'grid_shanxi'",
    "file_id": "SELECT min(id) FROM feed_file",
    "console_feeds:source": "SELECT 'transit'",
    "fulfilment_id": "SELECT min(id) FROM fulfilment",
    "merchant_id": "SELECT min(id) FROM merchant",
    "fund_id": "SELECT min(id) FROM fund",
    "method_code": "SELECT 'T03'",
    "challenge_id": "SELECT COALESCE((SELECT min(challenge_id) FROM challenge_join WHERE member_id = :me), min(id))"
    " FROM challenge",
    "challenge_admin.edit:challenge_id": "SELECT max(id) FROM challenge WHERE status = 'draft'",
    "challenge_admin:challenge_id": "SELECT min(id) FROM challenge",
    "energy:import_id": "SELECT max(id) FROM energy_import WHERE unit_id IS NOT NULL",
    "energy:letter_id": "SELECT min(id) FROM energy_letter WHERE status = 'sent'",
    "console_energy_platform:import_id": "SELECT max(id) FROM energy_import WHERE unit_id IS NULL",
    "letter_id": "SELECT max(id) FROM energy_letter",
    "energy_public:unit_id": "SELECT min(unit_id) FROM energy_publication",
    "energy_public:year": "SELECT max(year) FROM energy_publication",
    "challenges:number": "SELECT min(number) FROM challenge_certificate",
    "challenges:colour": "SELECT '0f6cbd'",
    "meter_id": "SELECT id FROM meter WHERE member_id = :me",
    "unit_energy:meter_id": "SELECT id FROM meter WHERE unit_id IS NOT NULL",
    "notice_id": "SELECT min(id) FROM notice WHERE member_id = :me",
    "round_id": "SELECT min(id) FROM honour_round WHERE state = 'awarded'",
    "candidate_id": "SELECT min(id) FROM honour_candidate WHERE state = 'awarded'",
    "honours.nominate:round_id": "SELECT max(id) FROM honour_round",
    "honours:year": "SELECT max(year) FROM honour_round WHERE state = 'awarded'",
    "console_honours:number": "SELECT 1",
    "honours:code": "SELECT code FROM honour_award ORDER BY candidate_id LIMIT 1",
    "period": "SELECT max(period) FROM published_board",
    "public_id": "SELECT public_id FROM member WHERE id = :me",
    "console_review:public_id": "SELECT public_id FROM member JOIN (SELECT member_id, min(id) AS id FROM activity"
    " WHERE status = 'pending' AND evidence != '[]') AS a ON a.member_id = member.id",
    "no": "SELECT 4",
    "lesson_id": "SELECT min(id) FROM lesson WHERE status = 'published'",
    "question_id": "SELECT min(id) FROM question",
    "console_questions:import_id": "SELECT max(id) FROM question_import",
    "console_questions:form": "SELECT 'csv'",
    "quiz_id": "SELECT min(id) FROM quiz",
    "quizzes.attempt:quiz_id": "SELECT quiz_id FROM quiz_attempt WHERE member_id = :me ORDER BY id LIMIT 1",
    "quizzes:attempt_id": "SELECT id FROM quiz_attempt WHERE member_id = :me ORDER BY id LIMIT 1",
    "training_id": "SELECT min(id) FROM training WHERE audience = 'park' AND ends_at > '2026-06-16'",
    "training_desk:training_id": "SELECT min(id) FROM training WHERE unit_id IS NOT NULL",
    "trainings:key": "SELECT screen_key FROM training WHERE id = (SELECT min(id) FROM training"
    " WHERE audience = 'park' AND ends_at > '2026-06-16')",
    "pledge_id": "SELECT min(id) FROM pledge",
    "slug": "SELECT min(slug) FROM pledge WHERE edition > 0",
    "number": "SELECT min(number) FROM pledge_unit",
    "edition": "SELECT 1",
    "pledges:unit_id": "SELECT min(unit_id) FROM pledge_unit",
    "purpose": "SELECT 'boards'",
    "redemption_id": "SELECT min(id) FROM redemption WHERE member_id = :me AND status = 'held'",
    "ref": "SELECT 'T01'",
    "report_id": "SELECT min(id) FROM audit_report",
    "reward_id": "SELECT min(id) FROM reward WHERE status = 'on'",
    "role": "SELECT 'editor'",
    "row_id": "SELECT min(id) FROM outbox",
    "step": "SELECT 'close'",
    "token": f"SELECT '{off_token(Settings(env='test'), 1)}'",
    "topic": "SELECT 'news'",
    "way": "SELECT 'off'",
    "trip_id": "SELECT id FROM trip WHERE member_id = :me",
    "unit_id": "SELECT unit_id FROM membership JOIN role_grant USING (member_id, unit_id)",
    "upload_id": "SELECT id FROM upload WHERE member_id = :me",
    "console_review:upload_id": "SELECT upload.id FROM upload JOIN photo_use USING (member_id, sha256)"
    " WHERE activity_id = (SELECT min(id) FROM activity WHERE status = 'pending' AND evidence != '[]')",
}


@dataclass
class Park:
    """The application over the park, and a client for each role."""

    app: Any
    path: Path
    ids: dict[str, int]
    _clients: dict[str, Any] = field(default_factory=dict)
    _tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    _watch: Any = None

    @property
    def house(self) -> Any:
        return self.app.extensions["puhui"]

    def routes(self, *methods: str) -> list[tuple[UrlRule, str]]:
        """(rule, method) of every address, for the given methods only."""
        found = ((r, m) for r in self.app.url_map.iter_rules() for m in sorted(r.methods - {"HEAD", "OPTIONS"}))
        return sorted(((r, m) for r, m in found if not methods or m in methods), key=lambda pair: pair[0].rule)

    def guard(self, rule: UrlRule) -> Rule:
        found = rule_of(self.app.view_functions[rule.endpoint])
        assert found is not None, f"{rule.rule} has no guard"
        return found

    def address(self, rule: UrlRule) -> str:
        with self.app.test_request_context():
            return url_for(rule.endpoint, **{name: self.example(rule.endpoint, name) for name in rule.arguments})

    def example(self, endpoint: str, name: str) -> Any:
        room = endpoint.split(".")[0]
        query = EXAMPLES.get(f"{endpoint}:{name}") or EXAMPLES.get(f"{room}:{name}") or EXAMPLES[name]
        with self.house.store.read() as tx:
            found = tx.scalar(text(query), {"me": self.ids["resident"]} if ":me" in query else None)
        assert found is not None, f"the park has no {name} for {endpoint}"
        return str(uuid.UUID(found)) if isinstance(found, str) and len(found) == 32 else found

    def open(self, role: str, method: str, rule: UrlRule, **more: Any) -> Any:
        """Call the address as this role: pages with its cookie, the API with its token."""
        address = self.address(rule)
        if address.startswith("/api/"):
            more.setdefault("headers", {}).update(self._token(role))
            return self.app.test_client().open(address, method=method, **more)
        return self.client(role).open(address, method=method, **more)

    def client(self, role: str) -> Any:
        if role not in self._clients:
            client = self.app.test_client()
            self._clients[role] = client if role == NOBODY else self.person(role).sign_in(client)
        return self._clients[role]

    def person(self, role: str) -> Person:
        return Person(self.ids[role], ROLES[role], self.house)

    def welcome(self, rule: UrlRule) -> list[str]:
        """The roles this address is open to, worked out from the mark on the view and not by the guard's own check."""
        guard = self.guard(rule)
        if guard.kind == "public":
            return [NOBODY, *ROLES]
        if guard.kind == "roles":
            return [role for role in ROLES if role in guard.roles]
        if guard.kind == "managers":
            return [r for r in ROLES if r in guard.roles or self.principal(r).unit_ids]
        has = {"member": "member_id", "unit_admin": "unit_ids", "merchant": "merchant_ids"}[guard.kind]
        return [role for role in ROLES if getattr(self.principal(role), has)]

    def principal(self, role: str) -> Any:
        return signin.load(self.house, self._token(role)["Authorization"].split()[1], "api")

    def version(self) -> int:
        """Changes whenever anybody writes to the database."""
        if self._watch is None:
            self._watch = sqlite3.connect(self.path)
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def _token(self, role: str) -> dict[str, str]:
        if role not in self._tokens:
            self._tokens[role] = {} if role == NOBODY else self.person(role).headers()
        return self._tokens[role]


@pytest.fixture(scope="module")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    """Sixty people after three weeks, on a Tuesday morning; nothing in these tests may change it."""
    folder = tmp_path_factory.mktemp("park")
    settings = Settings(env="test", database_url=f"sqlite:///{folder / 'park.db'}", var_dir=folder / "var")
    store = Store(settings.database_url)
    metadata.create_all(store.engine)
    demo.build(store, settings=settings, members=60, units=6, days=16, seed=1, until=date(2026, 6, 15))
    with store.read() as tx:
        ids = {row.login: row.id for row in tx.rows(text("SELECT id, login FROM member WHERE login IS NOT NULL"))}
    store.dispose()
    app = create_app(settings, clock=FixedClock(START))
    made = Park(app, folder / "park.db", {role: ids[login] for role, login in ROLES.items()})
    _last_touches(made)
    with closing(sqlite3.connect(made.path)) as connection:  # tests copy the file without its journal
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(burst, "PER_MEMBER", 10**6)  # these walks are faster than any hand
        patch.setattr(burst, "PER_ADDRESS", 10**6)
        for role in (NOBODY, *ROLES):
            made.client(role)
            made._token(role)
        yield made
    made.house.store.dispose()


def hand_in(house: Any, who: int, now: Any, count: int = 1) -> None:
    """Recorded walks of two fixes each, one after the other, which the judge finds too few."""
    with house.store.write() as tx:
        members.give_consent(tx, who, "location", now)
    for n in range(count):
        began = now.timestamp() - 90_000 + n * 120
        fixes = [Fix(began, 36.0, 113.0), Fix(began + 60, 36.0, 113.0)]
        submit_trip(
            house, who, id=str(uuid.uuid4()), mode="walk", segments=[fixes], now=now, source="recorded"
        )  # fmt: skip


def appeal_a_trip(house: Any, who: int, now: Any) -> None:
    """A second look is asked for at a trip that did not count; what was recorded lately is screened."""
    trip = "SELECT id FROM activity WHERE member_id = :me AND status = 'rejected' AND level = 'device'"
    with house.store.write() as tx:
        open_appeal(tx, who, str(uuid.UUID(tx.scalar(text(trip), {"me": who}))), "我是走路去的", now)
    run_job(house, "review.screen_acts", now)


def _last_touches(park: Park) -> None:
    """One reward handed over, one audit report and one trip, so that every page has something to show."""
    house, now = park.house, park.house.clock.now()
    run_job(house, "audit_ledger", now)
    with house.store.write() as tx:
        drafted = methods.create_draft(tx, park.ids["editor"], DRAFT, "新的公告", now)
        run = methods.ask_what_if(tx, park.ids["editor"], drafted, now)
    methods.run_what_if(house, run)
    table = b"event_id,member,behaviour,quantity,occurred_at\ne1,nobody,bus_ride,1,2026-06-15T12:00:00+08:00\n"
    with house.store.write() as tx:
        made = files.keep_file(tx, house.blobs, park.ids["administrator"], "acme", "rides.csv", table, now)
    files.work(house, {"file": made, "run": 1}, now)
    keeper = park.principal("merchant")
    shelf = (
        "SELECT min(id) FROM reward WHERE status = 'on' AND stock > 0 AND kind != 'donation' AND merchant_id = :shop"
    )
    with house.store.write() as tx:
        reward = tx.scalar(text(shelf), {"shop": keeper.merchant_ids[0]})
        kept, taken, receipt = (str(uuid.uuid4()) for _ in range(3))
        rewards.redeem(tx, park.ids["resident"], kept, reward, now)
        code = rewards.redeem(tx, park.ids["resident"], taken, reward, now).code
        rewards.fulfil(tx, keeper.member_id, keeper.merchant_ids, receipt, code, now)
    hand_in(house, park.ids["resident"], now)
    appeal_a_trip(house, park.ids["resident"], now)
