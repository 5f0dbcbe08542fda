"""Home: one tap logs once, undo, the visitor's try is kept, few statements, statements and methods read well."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from points_engine.clock import local_day
from points_engine.methodology import Level
from tests.counting import count_statements
from tests.people import make_member, make_unit
from webapp.activities import queries as activities
from webapp.activities import service
from webapp.activities.commands import read_command
from webapp.activities.proofs import Proof
from webapp.app import create_app
from webapp.campaigns import service as campaigns
from webapp.campaigns.templates import facts_of
from webapp.home import queries
from webapp.home import service as home
from webapp.ledger import queries as ledger

MOST_STATEMENTS = 14


@pytest.fixture
def ling(house: Any) -> Any:
    return make_member(house, "ling", nickname="林小满")


@pytest.fixture
def signed(app: Any, client: Any, ling: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return ling.sign_in(client)


def log(house: Any, member_id: int, code: str, amount: str, at: Any, proof: Proof | None = None) -> str:
    made = str(uuid.uuid4())
    command = read_command(
        house.catalogue,
        member_id,
        id=made,
        behaviour=code,
        quantity=Decimal(amount),
        occurred_at=at,
        inputs={},
        evidence=[],
        now=at,
        proof=proof,
    )
    with house.store.write() as tx:
        service.log_activity(tx, command, at)
    return made


def tile(page: str, code: str) -> dict[str, str]:
    """The hidden fields of a behaviour's tile."""
    form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if f'name="behaviour" value="{code}"' in f)
    return dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', form))


def statements_of(client: Any, house: Any) -> list[str]:
    """What one visit of home asks of the database, the session included."""
    with count_statements(house.store) as seen:
        assert client.get("/").status_code == 200
    return [text for text in seen.statements if text != "BEGIN"]


def wallet(house: Any, member: Any) -> Any:
    with house.store.read() as tx:
        return ledger.wallet(tx, member.id)


def test_a_tap_sent_twice_logs_once_even_a_second_later(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    fields = tile(signed.get("/").text, "bike")
    for _ in range(3):
        assert signed.post("/tap", data=fields).status_code == 303
        clock.advance(seconds=2)
    assert wallet(house, ling).declared_g == 142  # 3 km × 95.3 g × 0.5
    page = signed.get("/").text
    assert "已记录" in page and "+142 g" in page


def test_a_tap_says_what_it_brought_and_can_be_undone(signed: Any, house: Any, ling: Any) -> None:
    signed.post("/tap", data=tile(signed.get("/").text, "walk"))
    page = signed.get("/").text
    assert "已记录：步行 1 公里，+52\u00a0g，+5\u00a0积分" in page
    undo = re.search(r'action="(/activities/[0-9a-f-]{36}/undo\?next=/)"', page)
    assert undo is not None
    answer = signed.post(undo.group(1))
    assert answer.status_code == 303 and answer.headers["Location"] == "/"
    assert (wallet(house, ling).declared_g, wallet(house, ling).points) == (0, 0)
    assert "已撤销" in signed.get("/").text


def test_htmx_gets_the_tile_the_card_and_a_toast(signed: Any) -> None:
    fields = tile(signed.get("/").text, "own_cup")
    answer = signed.post("/tap", data=fields, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "<html" not in answer.text
    assert 'hx-swap-oob="true"' in answer.text and "data-toast" in answer.text and "已记录" in answer.text
    assert tile(answer.text, "own_cup")["id"] != fields["id"]


def test_a_tampered_tap_is_refused(signed: Any, house: Any, ling: Any) -> None:
    fields = tile(signed.get("/").text, "bike")
    for wrong in ({"quantity": "１２"}, {"quantity": "99999"}, {"id": "x"}, {"behaviour": "ev_km"}):
        assert signed.post("/tap", data={**fields, **wrong}).status_code == 400
    assert signed.post("/tap", data={**fields, "behaviour": "nothing"}).status_code == 404
    assert wallet(house, ling).declared_g == 0


def test_a_full_tile_leads_to_the_form_instead(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    for minutes in (30, 20, 10):
        log(house, ling.id, "own_cup", "1", clock.now() - timedelta(minutes=minutes))
    page = signed.get("/").text
    assert "今日已满" in page and 'name="behaviour" value="own_cup"' not in page


def test_my_habits_come_first_with_the_last_amount(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    for days, km in ((3, "2"), (2, "7"), (1, "4.5")):
        log(house, ling.id, "shuttle", km, clock.now() - timedelta(days=days))
    page = signed.get("/").text
    first = re.search(r'name="behaviour" value="(\w+)"', page)
    assert first is not None and first.group(1) == "shuttle"
    assert tile(page, "shuttle")["quantity"] == "4.5"
    assert 'value="metro"' not in page


def test_the_usual_amount_is_one_that_was_typed(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    """A recorded distance fills no tile; before anything was typed stands what is usual."""
    usual = tile(signed.get("/").text, "bike")["quantity"]
    log(house, ling.id, "bike", "3.417", clock.now() - timedelta(days=1), Proof("trip", Level.DEVICE))
    assert tile(signed.get("/").text, "bike")["quantity"] == usual
    log(house, ling.id, "bike", "6", clock.now() - timedelta(days=2))
    assert tile(signed.get("/").text, "bike")["quantity"] == "6"
    signed.post("/tap", data=tile(signed.get("/").text, "bike"))
    assert tile(signed.get("/").text, "bike")["quantity"] == "6"


def test_home_takes_the_same_few_statements_however_long_the_history(
    signed: Any, house: Any, ling: Any, clock: Any
) -> None:
    make_unit(house, "community", "梧桐社区", ling)
    with house.store.write() as tx:
        facts, tasks = facts_of("energy-week", local_day(clock.now()))
        campaigns.open_campaign(tx, None, campaigns.create_campaign(tx, None, facts, tasks, clock.now()), clock.now())
    empty = statements_of(signed, house)
    for days in range(60, 0, -1):
        for code in ("walk", "own_cup", "clean_plate"):
            log(house, ling.id, code, "1", clock.now() - timedelta(days=days))
    others = [make_member(house, f"other{n}") for n in range(5)]
    for other in others:
        log(house, other.id, "bike", "3", clock.now())
    for job in house.jobs:
        if job.name.startswith("rankings"):
            job.run(house, clock.now())
    full = statements_of(signed, house)
    assert "梧桐社区" in signed.get("/").text and "节能宣传周" in signed.get("/").text
    assert len(full) <= MOST_STATEMENTS, "\n".join(full)
    assert len(empty) <= MOST_STATEMENTS
    log(house, ling.id, "e_invoice", "2", clock.now())
    assert len(statements_of(signed, house)) == len(full)


def test_the_streak_and_the_goal_are_explained(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    for days in (4, 3, 1, 0):
        log(house, ling.id, "bike", "3", clock.now() - timedelta(days=days))
    with house.store.read() as tx:
        page = queries.progress(tx, house.catalogue, ling.id, clock.now())
    assert page.hero.streak.current == 4 and page.hero.streak.rest_left == 1
    assert [day for week in page.weeks for day, state in week if state == "rest"] == [
        local_day(clock.now()) - timedelta(days=2)
    ]
    text = signed.get("/progress").text
    assert "4 <small>天" in text and "本月目标" in text


def test_visitors_see_a_short_welcome(app: Any, client: Any) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "免费注册" in page.text and 'action="/try"' in page.text and "/how" in page.text
    assert "Set-Cookie" not in page.headers or "guest" not in page.headers["Set-Cookie"]


def test_a_visitor_tries_one_act_and_keeps_it_on_registering(app: Any, client: Any, house: Any, clock: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/try", data={"behaviour": "bike", "quantity": "5.2"})
    assert answer.status_code == 303
    page = client.get("/").text
    assert "+247 g" in page and "5.2 km × (104 − 8.7) g/km × 0.5 = 247 g" in page
    with client.session_transaction() as session:
        guest = dict(session["guest"])
    bo = make_member(house, "bo")
    clock.advance(minutes=5)
    home.on_registered(house, bo.id, guest, clock.now())
    home.on_registered(house, bo.id, guest, clock.now())
    assert wallet(house, bo).declared_g == 247
    assert home.on_registered in house.on_registered


def test_registering_through_the_page_keeps_the_tried_act(settings: Any, clock: Any) -> None:
    app = create_app(settings.model_copy(update={"sms_sender": "none"}), clock=clock)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/try", data={"behaviour": "own_cup", "quantity": "2"})
    form = {
        "login": "dong-dong",
        "password": "correct horse 42",
        "password_again": "correct horse 42",
        "age_14": "1",
        "agree": "1",
    }
    assert client.post("/register", data=form).status_code == 303
    page = client.get("/").text
    assert "已记录" in page and "+19 g" in page
    assert "自带水杯" in client.get("/activities").text
    app.extensions["puhui"].store.dispose()


def test_what_a_visitor_types_wrong_stays_in_the_field(app: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/try", data={"behaviour": "walk", "quantity": "５"})
    assert answer.status_code == 400
    assert 'value="５"' in answer.text and "请用半角数字" in answer.text
    assert client.post("/try", data={"behaviour": "ev_km", "quantity": "5"}).status_code == 400


def test_broken_guest_records_are_left_out(house: Any, clock: Any) -> None:
    cy = make_member(house, "cy")
    bad = [
        {"behaviour": "bike"},
        {"behaviour": "nothing", "id": "x", "quantity": "1", "inputs": {}, "at": "x"},
        "text",
    ]
    home.on_registered(house, cy.id, {"acts": bad}, clock.now())
    assert wallet(house, cy).declared_g == 0


def test_statements_say_what_each_entry_is_and_page_on(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    made = [log(house, ling.id, "bike", "1", clock.now() - timedelta(days=2, minutes=n)) for n in range(18)]
    made += [log(house, ling.id, "own_cup", "1", clock.now() - timedelta(days=1, minutes=n)) for n in range(2)]
    made += [log(house, ling.id, "e_invoice", "1", clock.now() - timedelta(minutes=n)) for n in range(5)]
    made += [log(house, ling.id, "paper_saved", "2", clock.now() - timedelta(minutes=n)) for n in range(8)]
    page = signed.get("/statement?book=carbon").text
    assert "自带水杯" in page and f"/activities/{made[-1]}" in page and made[0] not in page
    after = re.search(r"after=(\d+)", page)
    assert after is not None
    rest = signed.get(f"/statement?book=carbon&amp;after={after.group(1)}".replace("&amp;", "&")).text
    assert "骑自行车" in rest and made[0] in rest
    assert "到期" in signed.get("/statement?book=points").text
    assert signed.get("/statement?after=x").status_code == 400


def test_every_method_has_a_public_page(client: Any, house: Any) -> None:
    listed = client.get("/how").text
    for behaviour in house.catalogue.behaviours:
        assert f"/how/{behaviour.code}" in listed
        page = client.get(f"/how/{behaviour.code}")
        assert page.status_code == 200 and behaviour.name_zh in page.text
    assert client.get("/how/nothing").status_code == 404
    english = client.get("/how/bike", headers={"Accept-Language": "en"}).text
    assert "Own bicycle" in english and "5.2 km × (104 − 8.7) g/km × 0.5 = 247 g" in english


def test_recent_acts_are_bounded(house: Any, ling: Any, clock: Any) -> None:
    for n in range(6):
        log(house, ling.id, "e_invoice", "1", clock.now() - timedelta(minutes=n))
    with house.store.read() as tx:
        rows = activities.recent(tx, ling.id, local_day(clock.now()) - timedelta(days=28), limit=4)
    assert len(rows) == 4
