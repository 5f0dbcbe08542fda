"""The desk: who may open what, that every change leaves a journal row, and what the changes do."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from points_engine.clock import FixedClock
from points_engine.errors import EngineError
from tests.counting import count_statements
from tests.people import Person, give_points, make_member, make_shop, make_unit
from tests.rooms.honouring import steps_at_the_desk
from webapp.activities import queries as acts
from webapp.activities.commands import read_command
from webapp.campaigns import service as campaigns
from webapp.campaigns.tables import campaign
from webapp.console import service as desk_service
from webapp.console.tables import audit_report
from webapp.energy import evaluating, importing
from webapp.energy import files as energy_files
from webapp.energy import service as energy
from webapp.energy.forms import TargetFacts, Told
from webapp.feeds import files
from webapp.inbox import queries as inbox
from webapp.jobs import enqueue, runner
from webapp.jobs.runner import run_due
from webapp.jobs.tables import outbox
from webapp.journal.tables import staff_action
from webapp.ledger import funds
from webapp.ledger import queries as ledger
from webapp.members import queries as members
from webapp.members.tables import member as member_table
from webapp.methods import service as methods
from webapp.methods.forms import factor_values, read_version, version_values
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.rankings import closing as rankings_closing
from webapp.review import service as reviews
from webapp.review.tables import reputation
from webapp.rewards import service as rewards
from webapp.rewards.tables import reward
from webapp.web import burst

TEMPERATURES = {"text": "month,mean\n2026-01,-5.5\n", "station": "长治", "source": "气象公报", "confirm": "1"}
STAFF = ("reviewer", "editor", "auditor", "administrator")
REVIEW = {"reviewer", "administrator"}
EDIT = {"editor", "administrator"}
AUDIT = {"auditor", "administrator"}
ADMIN = {"administrator"}
# Every endpoint of the desk and who may open it; a new route without a row here fails.
TABLE = {
    "console.index": set(STAFF),
    "console_boards.index": set(STAFF),
    "console_boards.one": set(STAFF),
    "console_boards.recount": set(STAFF),
    "console_boards.hold": REVIEW | EDIT,
    "console_boards.lift": REVIEW | EDIT,
    "console_boards.freeze": EDIT,
    "console_boards.send_back": EDIT,
    "console_boards.approve": EDIT,
    "console_boards.correct": EDIT,
    "console_boards.withdraw": EDIT,
    "console_review.index": REVIEW,
    "console_review.next_case": REVIEW,
    "console_review.case": REVIEW,
    "console_review.accept": REVIEW,
    "console_review.reject": REVIEW,
    "console_review.photo": REVIEW,
    "console_review.batch": REVIEW,
    "console_review.sample": REVIEW,
    "console_review.reopen": ADMIN,
    "console_tracks.track": REVIEW,
    "console_cases.show_one": REVIEW,
    "console_cases.decide": REVIEW,
    "console_campaigns.index": EDIT,
    "console_campaigns.new": EDIT,
    "console_campaigns.from_template": EDIT,
    "console_campaigns.copy": EDIT,
    "console_campaigns.edit": EDIT,
    "console_campaigns.ask": EDIT,
    "console_campaigns.take": EDIT,
    "console_campaigns.pay_again": EDIT,
    "console_summaries.index": EDIT,
    "console_summaries.make": EDIT,
    "console_summaries.one": EDIT,
    "console_summaries.file": EDIT,
    "console_summaries.add_picture": EDIT,
    "console_summaries.picture": EDIT,
    "console_summaries.remove_picture": EDIT,
    "console_energy.index": EDIT,
    "console_energy.close": EDIT,
    "console_energy.card": EDIT,
    "console_energy.tick": EDIT,
    "console_energy.write": EDIT,
    "console_energy.letters": EDIT,
    "console_energy.send": EDIT,
    "console_energy.drop": EDIT,
    "console_energy.quotas": EDIT,
    "console_energy.export": EDIT,
    "console_energy.sheet": EDIT,
    "console_energy_platform.index": EDIT,
    "console_energy_platform.upload": EDIT,
    "console_energy_platform.one": EDIT,
    "console_energy_platform.faults": EDIT,
    "console_energy_platform.confirm": EDIT,
    "console_energy_platform.drop": EDIT,
    "console_energy_platform.code": EDIT,
    "console_indicators.index": EDIT,
    "console_indicators.one": EDIT,
    "console_honours.index": set(STAFF),
    "console_honours.new": EDIT,
    "console_honours.edit": EDIT,
    "console_honours.one": set(STAFF),
    "console_honours.matches": set(STAFF),
    "console_honours.step": EDIT,
    "console_honours.stop": EDIT,
    "console_honours.nominate": {"reviewer", *EDIT},
    "console_honours.candidate": set(STAFF),
    "console_honours.decide": REVIEW,
    "console_honours.objection": {"reviewer", *EDIT},
    "console_honours.ask_to_revoke": EDIT,
    "console_honours.revocation": EDIT,
    "console_pledges.index": EDIT,
    "console_pledges.new": EDIT,
    "console_pledges.edit": EDIT,
    "console_pledges.publish": EDIT,
    "console_pledges.state": EDIT,
    "console_lessons.index": EDIT,
    "console_lessons.new": EDIT,
    "console_lessons.edit": EDIT,
    "console_lessons.publish": EDIT,
    "console_lessons.withdraw": EDIT,
    "console_questions.index": EDIT,
    "console_questions.new": EDIT,
    "console_questions.edit": EDIT,
    "console_questions.state": EDIT,
    "console_questions.imports": EDIT,
    "console_questions.upload": EDIT,
    "console_questions.show_import": EDIT,
    "console_questions.faults": EDIT,
    "console_questions.confirm": EDIT,
    "console_questions.drop": EDIT,
    "console_questions.template": EDIT,
    "console_questions.export": EDIT,
    "console_quizzes.index": EDIT,
    "console_quizzes.new": EDIT,
    "console_quizzes.edit": EDIT,
    "console_quizzes.state": EDIT,
    "console_rewards.index": EDIT,
    "console_rewards.new": EDIT,
    "console_rewards.edit": EDIT,
    "console_rewards.stock": EDIT,
    "console_rewards.status": EDIT,
    "console_merchants.index_of_merchants": EDIT,
    "console_merchants.new_merchant": EDIT,
    "console_merchants.merchant": EDIT,
    "console_merchants.attach": ADMIN,
    "console_merchants.detach": ADMIN,
    "console_announcements.index": EDIT,
    "console_announcements.new": EDIT,
    "console_announcements.edit": EDIT,
    "console_announcements.publish": EDIT,
    "console_announcements.withdraw": EDIT,
    "console_units.index": EDIT,
    "console_units.new": ADMIN,
    "console_units.edit": EDIT,
    "console_units.rotate": ADMIN,
    "console_units.set_admin": ADMIN,
    "console_units.ask_close": ADMIN,
    "console_units.close": ADMIN,
    "console_members.index": ADMIN,
    "console_members.one": ADMIN,
    "console_members.freeze": ADMIN,
    "console_members.unfreeze": ADMIN,
    "console_members.grant": ADMIN,
    "console_members.revoke": ADMIN,
    "console_methods.index": set(STAFF),
    "console_methods.factors": set(STAFF),
    "console_methods.one": set(STAFF),
    "console_temperatures.index": {"administrator"},
    "console_temperatures.take": {"administrator"},
    "console_feeds.index": AUDIT,
    "console_feeds.hand_in": ADMIN,
    "console_feeds.one": AUDIT,
    "console_feeds.left_out": ADMIN,
    "console_feeds.try_out": ADMIN,
    "console_feeds.bring_in": ADMIN,
    "console_feeds.drop": ADMIN,
    "console_feeds.links": ADMIN,
    "console_feeds.link": ADMIN,
    "console_feeds.unlink": ADMIN,
    "console_drafts.index": set(STAFF),
    "console_drafts.one": set(STAFF),
    "console_drafts.effects_file": set(STAFF),
    "console_drafts.new": EDIT,
    "console_drafts.version": EDIT,
    "console_drafts.factor": EDIT,
    "console_drafts.save": EDIT,
    "console_drafts.try_it": EDIT,
    "console_drafts.approve": EDIT,
    "console_drafts.withdraw": EDIT,
    "console_funds.index": AUDIT,
    "console_funds.open_one": ADMIN,
    "console_funds.one": AUDIT,
    "console_funds.deposit": ADMIN,
    "console_funds.withdraw": ADMIN,
    "console_ledger.index": AUDIT,
    "console_ledger.report": AUDIT,
    "console_ledger.run": AUDIT,
    "console_ledger.journal": AUDIT,
    "console_workdays.index": EDIT,
    "console_workdays.set_one": EDIT,
    "console_jobs.index": AUDIT,
    "console_jobs.retry": ADMIN,
}


@pytest.fixture
def staff(app: Any, house: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person]:
    app.config["WTF_CSRF_ENABLED"] = False
    # The walks below are faster than any hand, and the same ids come back in every test.
    monkeypatch.setattr(burst, "_windows", burst.Windows())
    monkeypatch.setattr(burst, "PER_MEMBER", 10**6)
    return {role: make_member(house, f"{role}-one", role) for role in STAFF}


@pytest.fixture
def ling(house: Any, staff: Any) -> Person:
    return make_member(house, "ling", nickname="骑行的凌")


def as_one(app: Any, person: Person) -> Any:
    return person.sign_in(app.test_client())


def public_id(house: Any, person: Person) -> str:
    with house.store.read() as tx:
        return members.names(tx, [person.id])[person.id].public_id


def journal_rows(house: Any) -> int:
    with house.store.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(staff_action)))


def a_picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((200, 160), shade).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def wait_for_review(house: Any, person: Person, shade: int = 100) -> tuple[str, str]:
    """An act with a photo that has to be reviewed: (act, upload)."""
    now = house.clock.now()
    with house.store.write() as tx:
        upload = keep_picture(tx, house.blobs, person.id, read_picture(a_picture(shade)), now)["id"]
    command = read_command(
        house.catalogue,
        person.id,
        id=str(uuid.uuid4()),
        behaviour="bike",
        quantity=Decimal(9),
        occurred_at=now - timedelta(hours=1),
        inputs={},
        evidence=[upload],
        now=now,
    )
    record = house.desk.log(command, now).record
    assert record["status"] == "pending"
    return record["id"], upload


def wait_for_a_case(house: Any, person: Person) -> tuple[str, str]:
    """A sample to decide on, an act that counts and that nobody looks at yet, and photos that are stopped: (case, act)."""
    now, made = house.clock.now(), []
    for behaviour in ("no_cutlery", "plant_meal"):
        command = read_command(
            house.catalogue, person.id, id=str(uuid.uuid4()), behaviour=behaviour, quantity=Decimal(1),
            occurred_at=now - timedelta(hours=1), inputs={}, evidence=[], now=now,
        )  # fmt: skip
        made.append(house.desk.log(command, now).record["id"])
    with house.store.write() as tx:
        case = reviews.ask_to_sample(tx, 0, person.id, made[0], now)
        tx.upsert(
            reputation, [{"member_id": person.id, "state": "stopped", "outcomes": "", "changed_at": now}], ["member_id"]
        )
    return case.id, made[1]


# --- who may open what -------------------------------------------------------------------------------


def routes_of(app: Any) -> list[tuple[str, str, str]]:
    """(endpoint, method, address with made-up arguments) of every route of the desk."""
    some = {"int": "999999", "uuid": str(uuid.uuid4()), "default": "nobody", "string": "nobody"}
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("console"):
            continue
        address = "".join(part if not kind else some[kind] for kind, part in _parts(rule))
        found += [(rule.endpoint, method, address) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def _parts(rule: Any) -> list[tuple[str, str]]:
    parts = []
    for dynamic, text in rule._trace:
        if not dynamic:
            parts.append(("", text.lstrip("|")))
        else:
            kind = type(rule._converters[text]).__name__.replace("Converter", "")
            parts.append(({"Integer": "int", "UUID": "uuid"}.get(kind, "string"), text))
    return parts


def test_every_route_of_the_desk_opens_for_its_roles_only(app: Any, house: Any, staff: Any, ling: Person) -> None:
    routes = routes_of(app)
    assert {endpoint for endpoint, _, _ in routes} == set(TABLE)
    keeper = make_member(house, "mei")
    make_shop(house, keeper)
    for person, role in [*((staff[r], r) for r in STAFF), (ling, "resident"), (keeper, "merchant")]:
        client = as_one(app, person)
        for endpoint, method, address in routes:
            status = client.open(address, method=method).status_code
            if role in TABLE[endpoint]:
                assert status in (200, 303, 400, 404), (role, method, address, status)
            else:
                assert status == 403, (role, method, address, status)


def test_strangers_are_sent_to_the_sign_in_page(app: Any, staff: Any) -> None:
    for _, method, address in routes_of(app):
        answer = app.test_client().open(address, method=method)
        assert answer.status_code == 303 and "/sign-in" in answer.location, (method, address)


def test_the_menu_shows_what_the_role_opens(app: Any, staff: Any) -> None:
    page = as_one(app, staff["reviewer"]).get("/console").get_data(as_text=True)
    assert 'href="/console/review"' in page and 'href="/console/methods"' in page
    for hidden in ("members", "ledger", "rewards", "jobs", "journal"):
        assert f'href="/console/{hidden}"' not in page


# --- every change leaves a row -----------------------------------------------------------------------


CAMPAIGN = {
    "slug": "spring", "title_zh": "春天活动", "starts_at": "2026-06-20T00:00", "ends_at": "2026-06-27T00:00",
    "multiplier": "100", "audience": "all", "task-1-title_zh": "走一走", "task-1-kind": "log", "task-1-target": "3",
    "task-1-behaviours": "walk T03 行", "task-1-reward_points": "20",
}  # fmt: skip
REWARD = {
    "code": "tea", "name_zh": "一杯茶", "kind": "donation", "points": "20", "hold_days": "7", "limit_window": "total",
}  # fmt: skip


def walk_drafts(house: Any, helper: Person) -> list[tuple[str, str, dict[str, str]]]:
    """The steps of a new method: one of the helper's to approve, and ones of one's own."""
    drafts, day = "/console/methods/drafts", methods.earliest_day(house.clock.now())
    catalogue, reason = house.catalogue, {"reason": "试一试"}
    bus, bike = catalogue.behaviour("bus"), catalogue.behaviour("bike")
    text = read_version(catalogue, bus, version_values(bus, day) | reason)
    with house.store.write() as tx:
        theirs = methods.create_draft(tx, helper.id, text, "公交", house.clock.now())
        methods.ask_what_if(tx, helper.id, theirs, house.clock.now())
    run_due(house, house.clock.now())
    own = f"{drafts}/{theirs + 1}"
    return [
        ("console_drafts.new", f"{drafts}/new", {"text": text} | reason),
        ("console_drafts.version", f"{drafts}/version/{bike.ref}", version_values(bike, day) | reason),
        (
            "console_drafts.factor",
            f"{drafts}/factor/grid_shanxi",
            factor_values(catalogue.factors["grid_shanxi"], day) | reason | {"source": "公告", "value": "0.61"},
        ),
        ("console_drafts.save", own, {"text": text} | reason),
        ("console_drafts.try_it", f"{own}/what-if", {}),
        ("console_drafts.withdraw", f"{own}/withdraw", {}),
        ("console_drafts.approve", f"{drafts}/{theirs}/approve", {}),
    ]


def walk_feeds(house: Any, helper: Person) -> list[tuple[str, str, dict[str, Any]]]:
    """Temperatures; a file handed in, one tried out again and then imported, one done away with; an account linked and unlinked."""
    table, who = b"event_id,member,behaviour,quantity,occurred_at\n", public_id(house, helper)
    with house.store.write() as tx:
        made = [
            files.keep_file(tx, house.blobs, helper.id, "acme", "a.csv", table, house.clock.now()) for _ in range(3)
        ]
    run_due(house, house.clock.now())
    account = {"who": "helper", "source": "transit", "account": "1"}
    return [
        ("console_temperatures.take", "/console/temperatures", TEMPERATURES),
        ("console_feeds.hand_in", "/console/feeds", {"other": "acme", "file": (io.BytesIO(table), "b.csv")}),
        ("console_feeds.bring_in", f"/console/feeds/files/{made[0]}/import", {}),
        ("console_feeds.try_out", f"/console/feeds/files/{made[2]}/trial", {}),
        ("console_feeds.drop", f"/console/feeds/files/{made[1]}/drop", {}),
        ("console_feeds.link", "/console/feeds/links", account),
        ("console_feeds.unlink", f"/console/feeds/links/{who}/transit/remove", {}),
    ]


def walk_boards(house: Any, helper: Person) -> list[tuple[str, str, dict[str, str]]]:
    """One month held back, lifted, frozen and sent back; one frozen by another approved; one corrected."""
    now = house.clock.now()
    with house.store.write() as tx:
        for period in ("2026-03", "2026-04"):
            rankings_closing.open_review(tx, period, now)
        rankings_closing.ask_to_freeze(tx, helper.id, "2026-04", now)
    run_due(house, now)
    entry = {"subject": "unit", "subject_id": "1", "board": "enterprise-total"}
    notes = {"note_zh": "更正", "note_en": "Corrected"}
    at = "/console/boards/2026-0"
    return [
        ("console_boards.hold", f"{at}3/hold", entry | {"reason": "待核实"}),
        ("console_boards.lift", f"{at}3/lift", entry),
        ("console_boards.freeze", f"{at}3/freeze", {}),
        ("console_boards.send_back", f"{at}3/send-back", {}),
        ("console_boards.approve", f"{at}4/approve", {}),
        ("console_boards.recount", f"{at}4/recount", {}),
        ("console_boards.correct", f"{at}4/correct", notes),
        ("console_boards.withdraw", f"{at}4/withdraw", {}),
    ]


def walk_indicators() -> list[tuple[str, str, dict[str, str]]]:
    """A year's value of an indicator."""
    entry = {"year": "2025", "value": "17.5", "source": "统计公报"}
    return [("console_indicators.one", "/console/indicators/4", entry)]


def walk_energy(house: Any, helper: Person) -> list[tuple[str, str, dict[str, Any]]]:
    """A year closed and judged; letters written, sent and put aside; a quota; a code, and files of the platform."""
    now, body = house.clock.now(), {"body": "请整改"}
    units = [make_unit(house, "public_body", name) for name in ("甲局", "乙局", "丙局")]
    told = energy_files.Lines(["code"], [Told(units[0], "electricity", "2026-01", "EM-1", 5000)], [])
    goal = TargetFacts("total", "steps", "absolute", 2024, Fraction(2), {2025: Fraction(1)}, "责任书")
    with house.store.write() as tx:
        for unit in units:
            energy.set_target(tx, helper.id, unit, goal, now, staff=True)
        evaluating.close_year(tx, helper.id, 2025, now)
        sent, dropped = (evaluating.write_letter(tx, helper.id, u, 2025, "rectify", body, now) for u in units[:2])
        importing.set_code(tx, helper.id, "EM-1", units[0], "electricity", now)
        kept, gone = (importing.stage(tx, actor, None, "a.json", "0" * 64, told, now) for actor in (helper.id, 0))
    at, sheet = "/console/energy", b"code,month,value\nEM-1,2026-02,7\n"
    quota = {"kind": "enterprise", "measure": "area", "upper": "20", "from_year": "2025", "source": "标准"}
    return [
        ("console_energy.close", f"{at}/close?year=2025", {}),
        ("console_energy.tick", f"{at}/units/{units[0]}", {"done_officer": "1", "evidence_officer": "文件"}),
        ("console_energy.write", f"{at}/units/{units[2]}/letter", body | {"kind": "rectify"}),
        ("console_energy.send", f"{at}/letters/{sent}/send", {}),
        ("console_energy.drop", f"{at}/letters/{dropped}/drop", {}),
        ("console_energy.quotas", f"{at}/quotas", quota),
        (
            "console_energy_platform.code",
            f"{at}/platform/codes",
            {"code": "EM-2", "unit": str(units[0]), "carrier": "water"},
        ),
        ("console_energy_platform.upload", f"{at}/platform", {"file": (io.BytesIO(sheet), "a.csv")}),
        ("console_energy_platform.confirm", f"{at}/platform/{kept}/confirm", {}),
        ("console_energy_platform.drop", f"{at}/platform/{gone}/drop", {}),
    ]


def walk_pledges(text: dict[str, str]) -> list[tuple[str, str, dict[str, str]]]:
    """The steps of a pledge: written, changed, published, closed."""
    return [
        ("console_pledges.new", "/console/pledges/new", text | {"slug": "green", "signers": "both"}),
        ("console_pledges.edit", "/console/pledges/1", text | {"title_zh": "新公约"}),
        ("console_pledges.publish", "/console/pledges/1/publish", {}),
        ("console_pledges.state", "/console/pledges/1/state", {"open": "0"}),
    ]


def walk_learning() -> list[tuple[str, str, dict[str, Any]]]:
    """A lesson up and down; a question written, changed, withdrawn; files of questions; a quiz."""
    lesson = {"topic": "energy", "title_zh": "关灯", "body_zh": "人走灯灭"}
    question = {
        "kind": "truth", "topic": "energy", "difficulty": "1", "text_zh": "人走灯灭能省电", "answer": "对",
        "explanation_zh": "不亮就不用电",
    }  # fmt: skip
    quiz = {"title_zh": "小测验", "questions": "1", "mark_kind": "percent", "mark": "60", "explain": "end"}
    table = "题型,题干,选项A,选项B,答案,解析,主题\n判断,{}可以省电,,,对,是的,节能用电\n"
    file = "/console/questions/import"

    def sent(name: str) -> dict[str, Any]:
        return {"file": (io.BytesIO(table.format(name).encode()), "q.csv")}

    return [
        ("console_lessons.new", "/console/lessons/new", lesson),
        ("console_lessons.edit", "/console/lessons/1", lesson | {"title_zh": "随手关灯"}),
        ("console_lessons.publish", "/console/lessons/1/publish", {}),
        ("console_lessons.withdraw", "/console/lessons/1/withdraw", {}),
        ("console_questions.new", "/console/questions/new", question),
        ("console_questions.edit", "/console/questions/1", question | {"difficulty": "2"}),
        ("console_questions.upload", file, sent("拔插头")),
        ("console_questions.confirm", f"{file}/1/confirm", {}),
        ("console_questions.upload", file, sent("拉窗帘")),
        ("console_questions.drop", f"{file}/2/drop", {}),
        ("console_quizzes.new", "/console/quizzes/new", quiz),
        ("console_quizzes.edit", "/console/quizzes/1", quiz | {"mark": "80"}),
        ("console_quizzes.state", "/console/quizzes/1/state", {"open": "1"}),
        ("console_questions.state", "/console/questions/1/state", {"used": "0"}),
    ]


def walk_money(unit: int) -> list[tuple[str, str, dict[str, str]]]:
    """A fund opened, filled and taken from; a day off."""
    return [
        ("console_workdays.set_one", "/console/workdays", {"day": "2027-01-01", "works": "off", "note": "元旦"}),
        ("console_funds.open_one", "/console/funds", {"kind": "unit", "owner": str(unit), "name": "员工挑战"}),
        ("console_funds.deposit", "/console/funds/1/deposit", {"points": "500", "reference": "A-1"}),
        ("console_funds.withdraw", "/console/funds/1/withdraw", {"points": "100", "reference": "A-2"}),
    ]


def walk_campaigns(house: Any) -> list[tuple[str, str, dict[str, str]]]:
    """The steps of a campaign: from a template, copied, written by hand, announced; one that is over, paid again."""
    now = house.clock.now()
    with house.store.write() as tx:
        fund = funds.open_fund(tx, None, "park", None, "园区奖励", now)
        facts = campaigns.CampaignFacts("over", "结束了的活动", now - timedelta(days=9), now, fund_id=fund)
        over = campaigns.create_campaign(tx, None, facts, [], now)
        done = {"status": "settled", "decided_at": now, "settled_at": now}
        tx.execute(update(campaign).where(campaign.c.id == over).values(**done))
    made = f"/console/campaigns/{over + 1}"
    return [
        ("console_campaigns.pay_again", f"/console/campaigns/{over}/pay-again", {}),
        (
            "console_summaries.add_picture",
            f"/console/campaigns/{over}/pictures",
            {"caption_zh": "启动仪式", "photo": (io.BytesIO(a_picture(50)), "a.jpg")},
        ),
        ("console_summaries.make", f"/console/campaigns/{over}/summary", {"note": "圆满"}),
        ("console_summaries.remove_picture", f"/console/campaigns/{over}/pictures/1/remove", {}),
        (
            "console_campaigns.from_template",
            "/console/campaigns/from-template",
            {"template": "energy-week", "day": "2026-06-22"},
        ),
        ("console_campaigns.copy", f"{made}/copy", {"day": "2027-06-21"}),
        ("console_campaigns.new", "/console/campaigns/new", CAMPAIGN),
        ("console_campaigns.edit", made, CAMPAIGN | {"slug": "summer"}),
        ("console_campaigns.take", f"{made}/schedule", {}),
    ]


def walk(house: Any, ling: Person, helper: Person) -> list[tuple[str, str, dict[str, str]]]:
    """Every POST of the desk with arguments that work, in an order that works."""
    who, other = public_id(house, ling), public_id(house, helper)
    first, _ = wait_for_review(house, ling, 50)
    second, _ = wait_for_review(house, ling, 90)
    now = house.clock.now()
    with house.store.write() as tx:
        enqueue(tx, "nobody.home", {}, "failed:1", now)
        tx.execute(update(outbox).where(outbox.c.key == "failed:1").values(state="failed"))
        failed = tx.scalar(select(outbox.c.id).where(outbox.c.key == "failed:1"))
    unit = make_unit(house, "enterprise", "漳山发电", ling)
    keeper = make_member(house, "mei")
    shelf = make_shop(house, keeper)
    with house.store.read() as tx:
        shop = tx.scalar(select(reward.c.merchant_id).where(reward.c.id == shelf))
    text = {"title_zh": "通知", "body_zh": "正文"}
    why = {"reason": "unclear", "note": ""}
    case, credited = wait_for_a_case(house, ling)
    third, _ = wait_for_review(house, ling, 70)
    return [
        ("console_review.sample", f"/console/review/{who}/{credited}/sample", {}),
        ("console_review.batch", "/console/review/batch", {"kind": "pending", "pick": [f"{who}/{third}"]}),
        ("console_cases.decide", f"/console/review/cases/{case}/say", {"word": "pass"}),
        ("console_review.reopen", f"/console/review/{who}/photos", {}),
        ("console_review.accept", f"/console/review/{who}/{first}/accept", {}),
        ("console_review.reject", f"/console/review/{who}/{second}/reject", why),
        *walk_campaigns(house),
        *walk_money(unit),
        *walk_pledges(text),
        *steps_at_the_desk(house, helper),
        *walk_indicators(),
        *walk_energy(house, helper),
        *walk_learning(),
        ("console_rewards.new", "/console/rewards/new", REWARD),
        ("console_rewards.edit", f"/console/rewards/{shelf + 1}", REWARD | {"points": "30"}),
        ("console_rewards.stock", f"/console/rewards/{shelf + 1}/stock", {"amount": "5"}),
        ("console_rewards.status", f"/console/rewards/{shelf + 1}/status", {"status": "on"}),
        (
            "console_merchants.new_merchant",
            "/console/merchants/new",
            {"code": "new-shop", "name_zh": "新店"},
        ),
        (
            "console_merchants.merchant",
            f"/console/merchants/{shop}",
            {"code": "shop-9", "name_zh": "老店"},
        ),
        ("console_merchants.attach", f"/console/merchants/{shop}/people", {"who": "helper"}),
        ("console_merchants.detach", f"/console/merchants/{shop}/people/{other}/remove", {}),
        ("console_announcements.new", "/console/announcements/new", text),
        ("console_announcements.edit", "/console/announcements/1", text | {"title_zh": "新通知"}),
        ("console_announcements.publish", "/console/announcements/1/publish", {}),
        ("console_announcements.withdraw", "/console/announcements/1/withdraw", {}),
        ("console_units.new", "/console/units/new", {"kind": "community", "name": "英雄南路社区"}),
        ("console_units.edit", f"/console/units/{unit}", {"name": "漳山电厂"}),
        ("console_units.rotate", f"/console/units/{unit}/code", {}),
        ("console_units.set_admin", f"/console/units/{unit}/admins/{who}", {"admin": "0"}),
        ("console_units.close", f"/console/units/{unit}/close", {}),
        ("console_members.freeze", f"/console/members/{who}/freeze", {"reason": "cheating"}),
        ("console_members.unfreeze", f"/console/members/{who}/unfreeze", {"note": "已查清"}),
        ("console_members.grant", f"/console/members/{who}/roles", {"role": "reviewer"}),
        ("console_members.revoke", f"/console/members/{who}/roles/reviewer/revoke", {}),
        *walk_feeds(house, helper),
        *walk_drafts(house, helper),
        *walk_boards(house, helper),
        ("console_ledger.run", "/console/ledger/run", {}),
        ("console_jobs.retry", f"/console/jobs/{failed}/retry", {}),
    ]


def test_every_change_leaves_a_row_in_the_journal(app: Any, house: Any, staff: Any, ling: Person) -> None:
    steps = walk(house, ling, make_member(house, "helper"))
    changing = {endpoint for endpoint, method, _ in routes_of(app) if method == "POST"}
    assert {endpoint for endpoint, _, _ in steps} == changing
    client = as_one(app, staff["administrator"])
    for endpoint, address, data in steps:
        before = journal_rows(house)
        answer = client.post(address, data=data)
        assert answer.status_code == 303, (
            endpoint,
            answer.status_code,
            answer.get_data(as_text=True)[:2000],
        )
        assert journal_rows(house) > before, endpoint
    with house.store.read() as tx:
        actors = {
            row[0] for row in tx.rows(select(staff_action.c.actor_id).order_by(staff_action.c.id.desc()).limit(10))
        }
    assert actors == {staff["administrator"].id}


def test_every_page_opens_when_empty_and_when_full_in_both_languages(
    app: Any, house: Any, staff: Any, ling: Person, monkeypatch: Any
) -> None:
    monkeypatch.setattr(burst, "PER_MEMBER", 10_000)  # the desk has more pages than one person opens in a minute
    client = as_one(app, staff["administrator"])
    made_up = ("999999", "nobody", "/cases/")
    plain = [a for _, method, a in routes_of(app) if method == "GET" and not any(word in a for word in made_up)]

    def look() -> None:
        for lang in ("zh-CN", "en"):
            for address in [*plain, *full]:
                answer = client.get(address, headers={"Accept-Language": lang})
                assert answer.status_code in (200, 303), address
                page = answer.get_data(as_text=True) if answer.mimetype == "text/html" else "<h1"
                assert answer.status_code == 303 or page.count("<h1") == 1, address

    full: list[str] = []
    look()
    act, upload = wait_for_review(house, ling)
    steps = walk(house, ling, make_member(house, "helper"))
    for _, address, data in [s for s in steps if not s[1].endswith(("/accept", "/reject", "/close", "/retry"))]:
        client.post(address, data=data)
    desk_service.write_report(house, "test:1")
    who = public_id(house, ling)
    cases = sorted({address.removesuffix("/say") for _, address, _ in steps if "/cases/" in address})
    full = [
        *sorted({a.split(end)[0] for _, a, _ in steps for end in ("/step", "/revo", "/objections") if "/honours/" in a and end in a}),
        "/console/review?tab=sample", *cases, f"/console/review/{who}/{act}", f"/console/review/{who}/{act}/photo/{upload}", "/console/campaigns/1",
        "/console/campaigns/1/open", "/console/rewards/1", "/console/merchants/1", "/console/announcements/1",
        "/console/energy/units/1", "/console/energy/platform/1", "/console/campaigns/1/summary", "/console/campaigns/1/summary/1", "/console/campaigns/1/summary/1/file",
        "/console/units/1", "/console/units/1/close", f"/console/members/{who}", "/console/methods/T03",
        "/console/ledger/1", "/console/journal?area=unit&who=administrator-one&from=2026-06-01&to=2026-06-30",
    ]  # fmt: skip
    look()


# --- reviewing ---------------------------------------------------------------------------------------


def test_a_reviewer_accepts_one_and_rejects_the_next(app: Any, house: Any, staff: Any, ling: Person) -> None:
    first, upload = wait_for_review(house, ling, 60)
    house.clock.advance(minutes=1)
    second, _ = wait_for_review(house, ling, 110)
    who, client = public_id(house, ling), as_one(app, staff["reviewer"])

    page = client.get("/console/review/next", follow_redirects=True)
    assert page.request.path == f"/console/review/{who}/{first}"
    text = page.get_data(as_text=True)
    assert "骑行的凌" in text and "857 g" in text and 'accesskey="a"' in text

    before = journal_rows(house)
    photo = client.get(f"/console/review/{who}/{first}/photo/{upload}")
    assert photo.mimetype == "image/jpeg" and photo.headers["Cache-Control"] == "no-store"
    assert journal_rows(house) == before + 1

    answer = client.post(f"/console/review/{who}/{first}/accept", follow_redirects=True)
    assert answer.request.path == f"/console/review/{who}/{second}"
    with house.store.read() as tx:
        assert acts.one(tx, ling.id, first)["status"] == "accepted"
        assert ledger.wallet(tx, ling.id).verified_g == 857

    refused = client.post(f"/console/review/{who}/{second}/reject", data={"note": " "})
    assert refused.status_code == 400
    typed = client.post(f"/console/review/{who}/{second}/reject", data={"reason": "mismatch", "note": "像" * 200})
    assert typed.status_code == 400 and "像像像" in typed.get_data(as_text=True)
    answer = client.post(f"/console/review/{who}/{second}/reject", data={"reason": "mismatch", "note": "是一辆车"})
    assert answer.status_code == 303
    with house.store.read() as tx:
        assert acts.one(tx, ling.id, second)["note"] == "照片内容与所报行为不符；是一辆车"
        assert ledger.wallet(tx, ling.id).verified_g == 857
        titles = {n.title_zh for n in inbox.notices(tx, ling.id)}
        assert {"「骑自行车」核验通过", "「骑自行车」核验未通过"} <= titles
        assert acts.verdicts(tx, [ling.id]) == {ling.id: {"accepted": 1, "rejected": 1}}
    assert "没有待核验" in client.get("/console/review").get_data(as_text=True)
    assert client.get(f"/console/review/{who}/{first}/photo/{upload}").status_code == 404

    late = client.post(f"/console/review/{who}/{first}/accept", follow_redirects=True)
    assert "已经处理过了" in late.get_data(as_text=True)


def test_nobody_reviews_an_act_of_their_own(app: Any, house: Any, staff: Any) -> None:
    reviewer = staff["reviewer"]
    act, _ = wait_for_review(house, reviewer)
    who, client = public_id(house, reviewer), as_one(app, reviewer)
    assert f"/console/review/{who}/{act}" not in client.get("/console/review").get_data(as_text=True)
    assert client.get("/console/review/next").location == "/console/review"
    for verdict in ("accept", "reject"):
        answer = client.post(f"/console/review/{who}/{act}/{verdict}", data={"reason": "unclear"})
        assert answer.status_code == 403
    with house.store.read() as tx:
        assert acts.one(tx, reviewer.id, act)["status"] == "pending"


def test_the_queue_pages_through_acts_of_one_instant(app: Any, house: Any, staff: Any) -> None:
    people = [make_member(house, f"rider{n}") for n in range(4)]
    for n, person in enumerate(people):
        wait_for_review(house, person, 40 + 20 * n)
    seen, after = [], None
    while True:
        with house.store.read() as tx:
            rows = acts.pending(tx, after, 2)
        if not rows:
            break
        seen += [row["member_id"] for row in rows]
        after = (rows[-1]["recorded_at"], rows[-1]["member_id"], rows[-1]["id"])
    assert seen == [person.id for person in people]


# --- members -----------------------------------------------------------------------------------------


def test_freezing_blocks_earning_and_redeeming_and_unfreezing_ends_it(
    app: Any, house: Any, staff: Any, ling: Person
) -> None:
    give_points(house, ling, 500)
    shelf = make_shop(house, make_member(house, "mei"))
    who, client = public_id(house, ling), as_one(app, staff["administrator"])
    hers = as_one(app, ling)
    now = house.clock.now()
    assert client.post(f"/console/members/{who}/freeze").status_code == 400
    assert client.post(f"/console/members/{who}/freeze", data={"reason": "cheating"}).status_code == 303

    assert hers.get("/me").status_code == 303
    with pytest.raises(EngineError) as earning:
        wait_for_review(house, ling)
    with pytest.raises(EngineError) as spending:
        house.store.retrying(lambda tx: rewards.redeem(tx, ling.id, str(uuid.uuid4()), shelf, now))
    assert earning.value.kind == spending.value.kind == "forbidden"
    again = client.post(f"/console/members/{who}/freeze", data={"reason": "cheating"}, follow_redirects=True)
    assert "已经处理过了" in again.get_data(as_text=True)

    assert client.post(f"/console/members/{who}/unfreeze", data={"note": "查清了"}).status_code == 303
    wait_for_review(house, ling)
    house.store.retrying(lambda tx: rewards.redeem(tx, ling.id, str(uuid.uuid4()), shelf, now))


def test_the_last_administrator_cannot_remove_themselves(app: Any, house: Any, staff: Any) -> None:
    admin = staff["administrator"]
    who, client = public_id(house, admin), as_one(app, admin)
    for address, data in (
        ("roles/administrator/revoke", {}),
        ("roles", {"role": "reviewer"}),
        ("freeze", {"reason": "request"}),
    ):
        assert client.post(f"/console/members/{who}/{address}", data=data).status_code == 403
    with house.store.read() as tx:
        assert [g.role for g in members.grants_of(tx, admin.id)] == ["administrator"]
    page = client.get(f"/console/members/{who}").get_data(as_text=True)
    assert "/revoke" not in page and "/freeze" not in page


def test_an_auditor_holds_no_other_role(app: Any, house: Any, staff: Any) -> None:
    client = as_one(app, staff["administrator"])
    for person, role in ((staff["auditor"], "editor"), (staff["editor"], "auditor")):
        client.post(f"/console/members/{public_id(house, person)}/roles", data={"role": role})
        with house.store.read() as tx:
            assert len(members.grants_of(tx, person.id)) == 1


def test_pages_about_members_show_no_phone(app: Any, house: Any, staff: Any, ling: Person) -> None:
    from webapp.members.phones import book

    keeper = book(house.settings)
    with house.store.write() as tx:
        values = {
            "phone_hash": keeper.fingerprint("13912345678"),
            "phone_cipher": keeper.seal("13912345678"),
        }
        tx.execute(update(member_table).where(member_table.c.id == ling.id).values(**values))
    client = as_one(app, staff["administrator"])
    for address in (
        "/console/members",
        "/console/members?q=ling",
        f"/console/members/{public_id(house, ling)}",
    ):
        page = client.get(address).get_data(as_text=True)
        assert "骑行的凌" in page and "139" not in page and "5678" not in page
    assert "骑行的凌" not in client.get("/console/members?q=13912345678").get_data(as_text=True)


# --- what is written stays, and is safe --------------------------------------------------------------


def test_errors_keep_what_was_typed(app: Any, house: Any, staff: Any) -> None:
    client = as_one(app, staff["editor"])
    for address, data, kept in (
        ("/console/rewards/new", REWARD | {"points": "many"}, "一杯茶"),
        ("/console/merchants/new", {"name_zh": "新店"}, "新店"),
        ("/console/announcements/new", {"title_zh": "标题"}, "标题"),
        ("/console/campaigns/new", CAMPAIGN | {"task-1-target": "x"}, "走一走"),
        ("/console/campaigns/new", CAMPAIGN | {"task-1-behaviours": "飞行"}, "飞行"),
        ("/console/campaigns/new", CAMPAIGN | {"ends_at": "2026-06-01T00:00"}, "春天活动"),
    ):
        answer = client.post(address, data=data)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 400 and kept in page and 'aria-invalid="true"' in page, address
    assert journal_rows(house) == len(STAFF)  # only the roles of the cast


def test_the_preview_is_sanitised_and_saves_nothing(app: Any, house: Any, staff: Any) -> None:
    client = as_one(app, staff["editor"])
    body = "**好** <script>alert(1)</script> [x](javascript:alert(1))"
    before = journal_rows(house)
    for address, data in (
        ("/console/announcements/new", {"title_zh": "标题", "body_zh": body}),
        ("/console/campaigns/new", CAMPAIGN | {"body_zh": body}),
    ):
        page = client.post(address, data=data | {"do": "preview"}).get_data(as_text=True)
        assert "<strong>好</strong>" in page and "<script>alert" not in page and 'href="javascript' not in page
    assert journal_rows(house) == before


def test_a_campaign_goes_from_draft_to_closed_with_confirmations(app: Any, house: Any, staff: Any) -> None:
    client = as_one(app, staff["editor"])
    client.post("/console/campaigns/new", data=CAMPAIGN)
    stored = client.get("/console/campaigns/1").get_data(as_text=True)
    assert 'value="walk bike 行"' in stored
    for step, state in (("schedule", "待开始"), ("open", "进行中"), ("close", "已结束")):
        asked = client.get(f"/console/campaigns/1/{step}").get_data(as_text=True)
        assert f'action="/console/campaigns/1/{step}"' in asked
        page = client.post(f"/console/campaigns/1/{step}", follow_redirects=True).get_data(as_text=True)
        assert state in page, step
    back = client.post("/console/campaigns/1/open", follow_redirects=True)
    assert "已经处理过了" in back.get_data(as_text=True)


def test_an_open_campaign_keeps_its_rules(app: Any, house: Any, staff: Any) -> None:
    client = as_one(app, staff["editor"])
    client.post("/console/campaigns/new", data=CAMPAIGN)
    client.post("/console/campaigns/1/open")
    answer = client.post("/console/campaigns/1", data=CAMPAIGN | {"multiplier": "300", "title_zh": "新名字"})
    assert answer.status_code == 303
    page = client.get("/console/campaigns/1").get_data(as_text=True)
    assert "新名字" in page and 'value="300"' not in page and "走一走" in page


# --- the auditor's pages -----------------------------------------------------------------------------


def test_the_audit_runs_as_a_job_once_for_each_request(
    app: Any, house: Any, staff: Any, ling: Person, clock: FixedClock
) -> None:
    client = as_one(app, staff["auditor"])
    give_points(house, ling, 50)
    assert "还没有审计报告" in client.get("/console/ledger").get_data(as_text=True)
    client.post("/console/ledger/run")
    waits = client.post("/console/ledger/run", follow_redirects=True).get_data(as_text=True)
    assert "排队" in waits
    clock.advance(seconds=5)
    runner.run_due(house, clock.now())
    with house.store.read() as tx:
        row = tx.row(select(audit_report))
        assert row is not None and row.fault_count == 0 and row.counts["points.points"] == 50
        key = row.key
    assert desk_service.write_report(house, key) == 0
    page = client.get("/console/ledger").get_data(as_text=True)
    assert "全部一致" in page and "可用积分" in page
    assert client.get("/console/ledger/1").status_code == 200

    runner.run_job(house, "audit_ledger", clock.now())
    with house.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(audit_report)) == 2


def test_a_fault_is_seen_on_the_desk_and_in_its_report(app: Any, house: Any, staff: Any) -> None:
    shelf = make_shop(house, make_member(house, "mei"))
    with house.store.write() as tx:
        tx.execute(update(reward).where(reward.c.id == shelf).values(stock=3))
    assert desk_service.write_report(house, "test:1") == 1
    client = as_one(app, staff["auditor"])
    assert "1 处不符" in client.get("/console").get_data(as_text=True)
    assert f"reward {shelf}: stock 3" in client.get("/console/ledger/1").get_data(as_text=True)


def test_the_journal_is_filtered_and_paged(app: Any, house: Any, staff: Any) -> None:
    editor = as_one(app, staff["editor"])
    for n in range(35):
        editor.post("/console/merchants/new", data={"code": f"shop-{n}", "name_zh": f"店{n}"})
    client = as_one(app, staff["auditor"])
    page = client.get("/console/journal?area=merchant&who=editor-one").get_data(as_text=True)
    assert page.count("新增商家") == 30 and "after=" in page
    with house.store.read() as tx:
        oldest = tx.scalar(select(func.min(staff_action.c.id)).where(staff_action.c.action == "merchant.create"))
    rest = client.get(f"/console/journal?area=merchant&who=editor-one&after={oldest + 5}").get_data(as_text=True)
    assert rest.count("新增商家") == 5
    assert "没有符合条件" in client.get("/console/journal?who=nobody-here").get_data(as_text=True)
    assert "没有符合条件" in client.get("/console/journal?to=2026-06-01").get_data(as_text=True)
    assert client.get("/console/journal?from=yesterday").status_code == 400


def test_late_jobs_say_so_and_failed_work_is_tried_again(app: Any, house: Any, staff: Any, clock: FixedClock) -> None:
    with house.store.write() as tx:
        enqueue(tx, "nobody.home", {}, "failed:1", clock.now())
    for _ in range(runner.MAX_ATTEMPTS):
        runner.run_one(house, "failed:1", clock.now(), "w1")
        clock.advance(hours=2)
    client = as_one(app, staff["administrator"])
    page = client.get("/console/jobs").get_data(as_text=True)
    assert "迟到" in page and "nobody.home" in page and "没有按时报到" in page
    assert "/retry" not in as_one(app, staff["auditor"]).get("/console/jobs").get_data(as_text=True)
    with house.store.read() as tx:
        failed = tx.scalar(select(outbox.c.id).where(outbox.c.state == "failed"))
    client.post(f"/console/jobs/{failed}/retry")
    with house.store.read() as tx:
        assert tx.scalar(select(outbox.c.state).where(outbox.c.id == failed)) == "queued"
    assert "不用重试" in client.post(f"/console/jobs/{failed}/retry", follow_redirects=True).get_data(as_text=True)


def test_lists_ask_as_many_queries_for_many_rows_as_for_few(app: Any, house: Any, staff: Any) -> None:
    client = as_one(app, staff["administrator"])
    addresses = (
        "/console/review",
        "/console/members",
        "/console/units",
        "/console/rewards",
        "/console/journal",
    )

    def grow(first: int, last: int) -> None:
        for n in range(first, last):
            person = make_member(house, f"rider{n}")
            wait_for_review(house, person, 20 + 7 * n)
            make_unit(house, "community", f"社区{n}", person)
            make_shop(house, person)

    def asked() -> list[int]:
        found = []
        for address in addresses:
            client.get("/console")  # what a process reads by the clock is read
            with count_statements(house.store) as queries:
                assert client.get(address).status_code == 200
            found.append(queries.count)
        return found

    grow(0, 2)
    few = asked()
    grow(2, 12)
    assert asked() == few
