"""E-mail beside the inbox: proving an address, what waits and what goes, one a day and three a week, ways out, bounces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from points_engine.clock import LOCAL, local_day
from tests import postbox
from tests.people import Person, make_member, make_unit
from tests.postbox import Postbox
from webapp.green_units import service as green_units
from webapp.inbox import digests, mailing, queries, service
from webapp.inbox.forms import AnnouncementText, MailChoice
from webapp.inbox.jobs import sweep_mail
from webapp.inbox.mail_tables import mail, mail_item, mail_setting
from webapp.jobs.runner import MAX_ATTEMPTS, run_due
from webapp.jobs.tables import outbox
from webapp.members import service as members
from webapp.members.export import export_member
from webapp.members.phones import book
from webapp.settings import Settings

ADDRESS = "ling.unusual@mail.example"


@pytest.fixture
def box() -> Iterator[Postbox]:
    made = Postbox()
    server = postbox.start(made)
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(database_url: str, tmp_path: Any, box: Postbox) -> Settings:
    return Settings(
        env="test", database_url=database_url, var_dir=tmp_path / "var", mail_sender="smtp", smtp_host="127.0.0.1",
        smtp_port=box.port, smtp_security="none", smtp_from="noreply@puhui.example", smtp_timeout=2,
    )  # fmt: skip


@pytest.fixture
def ling(house: Any) -> Person:
    """Somebody with a proved address who wants everything by e-mail and never rests."""
    who = make_member(house, "ling")
    prove(house, who)
    choose(house, who, "result", "redemption", "campaign", "news")
    return who


def prove(house: Any, who: Person, address: str = ADDRESS) -> None:
    with house.store.write() as tx:
        keys, now = book(house.settings), house.clock.now()
        row = {"member_id": who.id, "sealed": keys.seal(address), "state": "on", "verified_at": now}
        tx.upsert(mail_setting, [row], key=["member_id"], replace=["sealed", "state", "verified_at"])


def choose(
    house: Any, who: Person, *topics: str, silent: tuple[str, ...] = (), quiet: tuple[int, int] = (0, 0)
) -> None:
    with house.store.write() as tx:
        mailing.save(tx, who.id, MailChoice(topics, silent, *quiet))


def tell(house: Any, who: Person, title: str, kind: str = "news", link: str = "/campaigns/1") -> None:
    with house.store.write() as tx:
        service.notify(tx, who.id, kind, title, f"EN {title}", link=link, now=house.clock.now())


def go(house: Any) -> int:
    """What the two jobs do together; how many e-mails were formed."""
    made = digests.gather(house, house.clock.now())
    run_due(house, house.clock.now())
    return made


def test_an_address_is_proved_by_a_code_that_ends(
    client: Any, house: Any, clock: Any, box: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    ling = make_member(house, "ling")
    ling.sign_in(client)
    assert "邮箱地址" in client.get("/inbox/settings").text
    wrong = client.post("/inbox/settings/address", data={"address": "ling at home"})
    assert wrong.status_code == 400 and "ling at home" in wrong.text
    assert client.post("/inbox/settings/address", data={"address": ADDRESS}).status_code == 303
    clock.set(datetime(2026, 6, 16, 23, 0, tzinfo=LOCAL))  # quiet hours hold no codes back
    run_due(house, clock.now())
    assert box.letters == [], "the code had ended"
    assert client.post("/inbox/settings/address", data={"address": ADDRESS}).status_code == 303
    run_due(house, clock.now())
    code = code_in(box)
    assert client.post("/inbox/settings/code", data={"code": f"{(int(code) + 1) % 10**6:06d}"}).status_code == 400
    assert ADDRESS in client.get("/inbox/settings").text
    clock.advance(minutes=31)
    assert client.post("/inbox/settings/code", data={"code": code}).status_code == 400
    clock.advance(days=1)
    client.post("/inbox/settings/address", data={"address": ADDRESS})
    run_due(house, clock.now())
    assert client.post("/inbox/settings/code", data={"code": code_in(box)}).status_code == 303
    with house.store.read() as tx:
        kept = mailing.settings_of(tx, house.settings, ling.id)
        stored = str(tx.rows(select(mail_setting)) + tx.rows(select(outbox)))
    assert kept.state == "on" and kept.address == ADDRESS and kept.by_mail == ("result", "redemption")
    assert "ling.unusual" not in stored and code_in(box) not in stored
    assert "ling.unusual" not in caplog.text and code_in(box) not in caplog.text


def code_in(box: Postbox) -> str:
    found = re.search(r"\d{6}", str(box.letters[-1].get_body(("plain",)).get_content()))  # type: ignore[union-attr]
    assert found
    return found.group()


def test_five_wrong_codes_end_it_and_askings_are_counted(house: Any, clock: Any, box: Postbox) -> None:
    ling, mei = make_member(house, "ling"), make_member(house, "mei")

    def ask(who: Person) -> None:
        house.store.retrying(lambda tx: mailing.ask_code(tx, house.settings, who.id, ADDRESS, clock.now()))

    def confirm(code: str) -> bool:
        return bool(house.store.retrying(lambda tx: mailing.confirm(tx, house.settings, ling.id, code, clock.now())))

    ask(ling)
    run_due(house, clock.now())
    right = code_in(box)
    wrong = "000000" if right != "000000" else "111111"
    assert [confirm(wrong) for _ in range(5)] == [False] * 5 and not confirm(right)
    for _ in range(2):
        clock.advance(seconds=1)
        ask(ling)
    with pytest.raises(Exception, match="too_many_codes"):
        ask(mei)  # the fourth to this address today, whoever asks


def test_several_go_as_one_and_the_next_one_waits_a_day(house: Any, clock: Any, box: Postbox, ling: Person) -> None:
    tell(house, ling, "第一条")
    assert go(house) == 0, "half an hour is given to what comes together"
    clock.advance(minutes=20)
    tell(house, ling, "第二条", "review", "/activities")
    clock.advance(minutes=11)
    assert go(house) == 1 and go(house) == 0
    letter = box.letters[0]
    text, html = (str(letter.get_body((kind,)).get_content()) for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert letter["Subject"] == "碳普惠：2 条新消息" and letter["To"] == ADDRESS
    assert text.index("第二条") < text.index("第一条"), "results come first"
    assert "http://127.0.0.1:8000/activities" in text and '<a href="http://127.0.0.1:8000/campaigns/1">第一条' in html
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    tell(house, ling, "第三条")
    clock.advance(hours=6)
    assert go(house) == 0, "one a day"
    clock.advance(days=1)
    assert go(house) == 1 and len(box.letters) == 2


def test_three_in_any_seven_days(house: Any, clock: Any, box: Postbox, ling: Person) -> None:
    days = []
    for _ in range(16):
        tell(house, ling, "又一条")
        clock.advance(minutes=31)
        if go(house):
            days.append(local_day(clock.now()))
        clock.advance(hours=23, minutes=29)
    assert len(days) == 8 == len(box.letters)
    for day in days:
        assert sum(day - timedelta(days=6) <= other <= day for other in days) <= 3


def test_quiet_hours_hold_back_until_they_end(house: Any, clock: Any, box: Postbox, ling: Person) -> None:
    choose(house, ling, "news", quiet=(21 * 60, 8 * 60))
    clock.set(datetime(2026, 6, 16, 20, 45, tzinfo=LOCAL))
    tell(house, ling, "晚上的消息")
    for hour, minute, sent in ((21, 15, 0), (23, 59, 0), (7, 59, 0), (8, 0, 1)):
        day = 16 if hour > 12 else 17
        clock.set(datetime(2026, 6, day, hour, minute, tzinfo=LOCAL))
        assert go(house) == sent, (hour, minute)
    with house.store.read() as tx:
        assert queries.notices(tx, ling.id)[0].title_zh == "晚上的消息", "the app was told at once"


def test_an_e_mail_that_could_not_leave_in_time_goes_another_day(
    house: Any, clock: Any, box: Postbox, ling: Person
) -> None:
    box.refusals[ADDRESS] = "451 4.7.1 later"
    tell(house, ling, "消息")
    clock.advance(minutes=31)
    digests.gather(house, clock.now())
    run_due(house, clock.now(), raising=False)
    choose(house, ling, "news", quiet=(0, 1439))
    clock.advance(hours=1)
    run_due(house, clock.now())
    with house.store.read() as tx:
        assert tx.rows(select(mail)) == [] and tx.scalar(select(mail_item.c.day)) is None
    box.refusals.clear()
    choose(house, ling, "news")
    assert go(house) == 1 and len(box.letters) == 1


def test_what_was_read_or_not_wanted_needs_no_e_mail(house: Any, clock: Any, box: Postbox, ling: Person) -> None:
    bo = make_member(house, "bo")  # no address at all
    tell(house, ling, "读过的")
    tell(house, ling, "家庭", "family")
    tell(house, bo, "没有邮箱")
    with house.store.write() as tx:
        service.mark_all_read(tx, ling.id, clock.now())
    tell(house, ling, "改了主意", "campaign_task")
    choose(house, ling, "news")
    clock.advance(minutes=31)
    assert go(house) == 0 and box.letters == []
    with house.store.read() as tx:
        assert tx.rows(select(mail_item)) == []


def test_an_announcement_by_e_mail_goes_to_whom_it_is_meant_for_once(
    house: Any, clock: Any, box: Postbox, ling: Person
) -> None:
    bo, mei = make_member(house, "bo"), make_member(house, "mei")
    firm = make_unit(house, "enterprise", "漳泽电厂")
    for who, topics in ((bo, ("news",)), (mei, ("result",))):
        prove(house, who, f"{who.login}@mail.example")
        choose(house, who, *topics)
        with house.store.write() as tx:
            green_units.join_unit(tx, who.id, firm, clock.now())
    with house.store.write() as tx:
        for audience in (f"unit:{firm}", "kind:public_body"):
            text = AnnouncementText("停电通知", "Power cut", "周五", "", audience=audience, by_mail=True)
            made = service.create_announcement(tx, mei.id, text, clock.now())
            service.publish_announcement(tx, mei.id, made, clock.now(), at=clock.now() + timedelta(hours=1))
    assert go(house) == 0
    clock.advance(hours=1)
    go(house)
    clock.advance(minutes=31)
    go(house)
    assert [str(letter["To"]) for letter in box.letters] == ["bo@mail.example"], "a member of it who wants news"
    assert "/announcements/" in str(box.letters[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    clock.advance(days=2)
    assert go(house) == 0


def test_the_way_out_works_without_signing_in_and_in_one_click(
    app: Any, house: Any, clock: Any, box: Postbox, ling: Person
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    tell(house, ling, "消息")
    clock.advance(minutes=31)
    go(house)
    off = re.sub(r"^https?://[^/]+", "", str(box.letters[0]["List-Unsubscribe"])[1:-1])
    stranger = app.test_client()
    assert "不再接收邮件" in stranger.get(off).text
    with house.store.read() as tx:
        assert mailing.settings_of(tx, house.settings, ling.id).by_mail, "looking turns nothing off"
    done = stranger.post(off, data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example"})
    assert done.status_code == 200
    with house.store.read() as tx:
        assert mailing.settings_of(tx, house.settings, ling.id).by_mail == ()
    assert stranger.get(f"{off}x").status_code == 404 == stranger.post("/mail/off/nonsense").status_code
    tell(house, ling, "又一条")
    clock.advance(days=2)
    assert go(house) == 0


def test_one_tap_turns_a_topic_off_and_back(client: Any, house: Any, clock: Any, ling: Person) -> None:
    ling.sign_in(client)
    for kind in ("campaign_task", "challenge", "review"):
        tell(house, ling, f"消息 {kind}", kind)
    page = client.get("/inbox").text
    assert page.count("不再提醒：活动与挑战") == 1 == page.count("不再发邮件：核验、申诉等结果")
    client.post("/inbox/topics/campaign/off")
    client.post("/inbox/topics/result/off")
    assert client.post("/inbox/topics/nothing/off").status_code == 404
    with house.store.read() as tx:
        before = queries.unread(tx, ling.id)
        kept = mailing.settings_of(tx, house.settings, ling.id)
    assert kept.by_mail == ("redemption", "news") and kept.silent == ("campaign",)
    tell(house, ling, "安静的", "campaign_task")
    tell(house, ling, "裁定", "review")
    with house.store.read() as tx:
        assert queries.unread(tx, ling.id) == before + 1, "verdicts are always counted"
        assert len(queries.notices(tx, ling.id)) == 5, "and nothing is left out of the list"
    assert "/inbox/topics/campaign/on" in client.post("/inbox/topics/campaign/off", follow_redirects=True).text
    client.post("/inbox/topics/campaign/on")
    with house.store.read() as tx:
        assert mailing.settings_of(tx, house.settings, ling.id).silent == ()


@pytest.mark.parametrize(
    ("answer", "state", "letters_later"),
    [
        ("550 5.1.1 no such user", "bounced", 0),
        ("553 no", "bounced", 0),
        ("550 5.7.1 your server is on a list", "on", 1),
        ("552 5.2.2 full", "on", 1),
    ],
)
def test_an_address_that_takes_no_letters_is_turned_off(
    house: Any, clock: Any, box: Postbox, ling: Person, answer: str, state: str, letters_later: int
) -> None:
    box.refusals[ADDRESS] = answer
    tell(house, ling, "消息")
    clock.advance(minutes=31)
    assert go(house) == 1
    with house.store.read() as tx:
        assert mailing.settings_of(tx, house.settings, ling.id).state == state
        assert tx.scalar(select(mail.c.state)) == "failed"
        told = [n.title_zh for n in queries.notices(tx, ling.id)]
    assert ("您的邮箱收不到信，已停止发送邮件" in told) == (state == "bounced")
    box.refusals.clear()
    tell(house, ling, "后来的")
    clock.advance(days=1)
    assert go(house) == letters_later == len(box.letters)


def test_a_server_that_is_away_is_tried_again_and_given_up_visibly(
    house: Any, clock: Any, box: Postbox, ling: Person, caplog: pytest.LogCaptureFixture
) -> None:
    choose(house, ling, "news")
    box.at_dot = "451 4.3.0 later"
    tell(house, ling, "消息")
    clock.advance(minutes=31)
    digests.gather(house, clock.now())
    for _ in range(MAX_ATTEMPTS):
        run_due(house, clock.now(), raising=False)
        clock.advance(hours=1)
    with house.store.read() as tx:
        row = tx.row(select(outbox).where(outbox.c.kind == "inbox.mail"))
        assert row is not None and row.state == "failed" and row.attempts == MAX_ATTEMPTS
        assert "data_451" in row.last_error and "ling.unusual" not in row.last_error
        assert tx.scalar(select(mail.c.state)) == "failed"
    assert "data_451" in caplog.text and "ling.unusual" not in caplog.text


def test_whether_it_arrived_nobody_knows_so_it_is_not_sent_again(
    house: Any, clock: Any, box: Postbox, ling: Person
) -> None:
    box.at_dot = "close"
    tell(house, ling, "消息")
    clock.advance(minutes=31)
    go(house)
    box.at_dot = ""
    clock.advance(minutes=5)
    assert go(house) == 0 and box.letters == []
    with house.store.read() as tx:
        assert tx.scalar(select(mail.c.state)) == "unsure"


def test_a_worker_that_died_while_sending_sends_nothing_twice(
    house: Any, clock: Any, box: Postbox, ling: Person
) -> None:
    tell(house, ling, "消息")
    clock.advance(minutes=31)
    digests.gather(house, clock.now())
    with house.store.write() as tx:
        assert digests.claim(tx, ling.id, local_day(clock.now()), clock.now(), 20) is not None
    run_due(house, clock.now())
    with house.store.read() as tx:
        assert box.letters == [] and tx.scalar(select(mail.c.state)) == "unsure"


def test_leaving_and_exporting(house: Any, clock: Any, box: Postbox, ling: Person) -> None:
    tell(house, ling, "消息")
    with house.store.read() as tx:
        data = export_member(tx, ling.id, book(house.settings), clock.now())
        more = service.export(house, tx, ling.id)
    assert (
        more == {"email": ADDRESS} and data["tables"]["mail_setting"][0]["by_mail"] == "result,redemption,campaign,news"
    )
    assert "sealed" not in data["tables"]["mail_setting"][0]
    clock.advance(minutes=31)
    digests.gather(house, clock.now())
    with house.store.write() as tx:
        members.leave(tx, ling.id, house.forgetters, clock.now())
    run_due(house, clock.now())
    with house.store.read() as tx:
        assert [tx.rows(select(t)) for t in (mail, mail_item, mail_setting)] == [[], [], []] and box.letters == []


def test_the_traces_of_e_mails_are_swept(house: Any, clock: Any, box: Postbox, ling: Person) -> None:
    tell(house, ling, "消息")
    clock.advance(minutes=31)
    go(house)
    asked = make_member(house, "mei")
    house.store.retrying(lambda tx: mailing.ask_code(tx, house.settings, asked.id, "mei@mail.example", clock.now()))
    clock.advance(days=34)
    assert sweep_mail(house, clock.now()) == 0
    clock.advance(days=2)
    assert sweep_mail(house, clock.now()) == 1
    with house.store.read() as tx:
        assert mailing.settings_of(tx, house.settings, asked.id).address is None


def test_choices_are_kept_and_a_wrong_hour_keeps_what_was_typed(client: Any, house: Any, ling: Person) -> None:
    ling.sign_in(client)
    form = {
        "mail_news": "1",
        "silent_campaign": "1",
        "silent_result": "1",
        "quiet_from": "22:30",
        "quiet_until": "07:00",
    }
    assert client.post("/inbox/settings", data=form).status_code == 303
    with house.store.read() as tx:
        kept = mailing.settings_of(tx, house.settings, ling.id)
    assert (kept.by_mail, kept.silent, kept.quiet_from, kept.quiet_until) == (("news",), ("campaign",), 1350, 420)
    wrong = client.post("/inbox/settings", data=form | {"quiet_from": "晚上"})
    assert wrong.status_code == 400 and "晚上" in wrong.text
    assert client.post("/inbox/settings/remove").status_code == 303
    assert ADDRESS not in client.get("/inbox/settings").text
