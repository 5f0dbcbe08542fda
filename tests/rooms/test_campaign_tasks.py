"""Further kinds of task: streaks, scans, team goals, quizzes, pledges, sessions; corrections, badges, calendar, lint."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from points_engine.clock import start_of
from tests.counting import count_statements
from tests.people import make_member, make_unit
from tests.rooms.test_campaigns import MONDAY, NOW, STAFF, begin, catch_up, clean, join, log, purse, refused
from tests.rooms.test_places import make_place, scan
from tests.rooms.test_pledges import make_pledge, sign
from webapp.activities import service as activities
from webapp.campaigns import badges, queries, service
from webapp.campaigns.calendar import calendar
from webapp.campaigns.service import CampaignFacts, TaskFacts
from webapp.campaigns.tables import campaign, campaign_badge, campaign_team
from webapp.green_units import service as green_units
from webapp.learning.tables import question, quiz, quiz_attempt, training, training_sign_up

END = start_of(MONDAY + timedelta(days=7))
DAY = timedelta(days=1)


def tasks(house: Any, which: int, member: int, now: datetime = NOW) -> list[queries.TaskView]:
    with house.store.read() as tx:
        return list(queries.tasks(tx, [which], member, now)[which])


def told(house: Any, which: int, member: int) -> list[tuple[int | None, bool]]:
    return [(task.progress, task.done) for task in tasks(house, which, member)]


def make_quiz(house: Any, questions: int = 1, there: int = 1, status: str = "open") -> int:
    with house.store.write() as tx:
        for _ in range(there):
            tx.execute(insert(question).values(
                topic="home", difficulty=1, status="active", fingerprint=f"{uuid.uuid4().hex:0>64}", created_at=NOW,
            ))  # fmt: skip
        made = tx.execute(insert(quiz).values(
            title_zh="节能小测验", topics=[], questions=questions, mark_kind="percent", mark=60, explain="end",
            status=status, created_at=NOW,
        )).inserted_primary_key  # fmt: skip
    return int(made[0])


def passes(house: Any, member: int, which: int, at: datetime, passed: bool = True) -> None:
    with house.store.write() as tx:
        tx.execute(insert(quiz_attempt).values(
            member_id=member, id=uuid.uuid4().hex, quiz_id=which, scored_on=at.date(), seed="s", drawn=[], explain="end",
            needed=1, started_at=at, ends_at=at + DAY, finished_at=at, correct=int(passed), passed=passed,
        ))  # fmt: skip


def make_session(house: Any, starts: datetime = NOW + DAY) -> int:
    with house.store.write() as tx:
        made = tx.execute(insert(training).values(
            audience="park", title_zh="节能讲座", place_zh="礼堂", starts_at=starts, ends_at=starts + timedelta(hours=2),
            capacity=50, screen_key="k", status="open", created_at=NOW,
        )).inserted_primary_key  # fmt: skip
    return int(made[0])


def attends(house: Any, member: int, which: int, at: datetime | None) -> None:
    told = {"attended_at": at, "attended_by": "screen" if at else None}
    with house.store.write() as tx:
        tx.upsert(
            training_sign_up,
            [{"member_id": member, "training_id": which, "state": "in", "turn": member, "signed_at": NOW, **told}],
            key=("member_id", "training_id"),
            replace=("attended_at", "attended_by"),
        )


def team(of: str, measure: str, target: int, reward: int = 10) -> TaskFacts:
    return TaskFacts("一起来", "team", target, "Together", reward, rule={"of": of, "measure": measure})


# --- kinds ---------------------------------------------------------------------------------------------


def test_a_streak_falls_back_when_its_middle_day_is_undone(house: Any) -> None:
    which = begin(house.store, TaskFacts("连续三天", "streak", 3, reward_points=30))
    join(house.store, 1, which)
    acts = [log(house.store, 1, at=NOW + DAY * n) for n in range(3)]
    catch_up(house.store, NOW + DAY * 2)
    assert told(house, which, 1) == [(3, True)]
    with house.store.write() as tx:
        activities.undo_activity(tx, 1, acts[2]["id"], NOW + DAY * 2)
    catch_up(house.store, NOW + DAY * 2)
    assert told(house, which, 1) == [(2, False)] and purse(house.store, 1).points == 40 and clean(house.store)


def test_scans_count_at_the_place_or_its_kind(house: Any) -> None:
    here, shop = make_place(house), make_place(house, kind="shop", name_zh="粮油店", behaviours=["own_bag"])
    ling = make_member(house, "ling").id
    at_one = TaskFacts("一号食堂", "scan", 1, reward_points=5, rule={"places": [here.id]})
    at_kind = TaskFacts("任意食堂两次", "scan", 2, reward_points=5, rule={"place_kinds": ["canteen"]})
    shops = TaskFacts("商店", "scan", 1, reward_points=5, rule={"place_kinds": ["shop"]})
    which = begin(house.store, at_one, at_kind, shops)
    join(house.store, ling, which)
    scan(house, ling, here)
    log(house.store, ling, "clean_plate", "1", at=NOW - timedelta(minutes=1))
    catch_up(house.store)
    assert told(house, which, ling) == [(1, True), (1, False), (0, False)]
    assert shop.kind == "shop" and clean(house.store)


def test_a_quiz_a_pledge_and_a_session_count_without_any_act(house: Any) -> None:
    test, talk, pledge = make_quiz(house), make_session(house), make_pledge(house)
    ling, mei = make_member(house, "ling").id, make_member(house, "mei").id
    which = begin(
        house.store,
        TaskFacts("测验", "quiz", 1, reward_points=10, rule={"subject": str(test)}),
        TaskFacts("任意测验两次", "quiz", 2, reward_points=10),
        TaskFacts("公约", "pledge", 1, reward_points=10, rule={"subject": "green-living", "edition": 1}),
        TaskFacts("讲座", "session", 1, reward_points=10, rule={"subject": str(talk)}),
    )
    sign(house, mei, pledge)
    for member in (ling, mei):
        join(house.store, member, which)
    assert [done for _, done in told(house, which, mei)] == [False, False, True, False], "signed before joining"
    passes(house, ling, test, NOW)
    passes(house, mei, test, NOW, passed=False)
    assert catch_up(house.store, NOW + timedelta(minutes=1)) == 1, "only who did something is read"
    assert told(house, which, ling) == [(1, True), (1, False), (0, False), (0, False)]
    assert [done for _, done in told(house, which, mei)] == [False, False, True, False]
    house.clock.set(NOW + DAY)
    sign(house, ling, pledge)
    passes(house, ling, test, NOW + DAY)
    attends(house, ling, talk, NOW + DAY + timedelta(hours=1))
    catch_up(house.store, NOW + DAY + timedelta(hours=1, minutes=1))
    assert [done for _, done in told(house, which, ling)] == [True] * 4 and purse(house.store, ling).points == 40
    assert purse(house.store, mei).points == 10 and clean(house.store)


def test_what_is_done_outside_the_window_or_the_theme_day_does_not_count(house: Any) -> None:
    test = make_quiz(house)
    which = begin(
        house.store,
        TaskFacts("测验", "quiz", 1, rule={"subject": str(test)}),
        TaskFacts("周三测验", "quiz", 1, day=MONDAY + DAY * 2),
    )
    join(house.store, 1, which)
    passes(house, 1, test, start_of(MONDAY) - timedelta(seconds=1))
    passes(house, 2, test, END)
    join(house.store, 2, which)
    catch_up(house.store, NOW + timedelta(hours=1))
    passes(house, 1, test, NOW + DAY)
    catch_up(house.store, NOW + DAY)
    assert told(house, which, 1) == [(1, True), (1, True)]
    passes(house, 1, test, NOW + DAY * 2)
    catch_up(house.store, END)
    assert told(house, which, 1)[1] == (1, True) and told(house, which, 2) == [(0, False), (0, False)]


def test_an_attendance_taken_back_is_heard_of_at_the_end(house: Any) -> None:
    talk = make_session(house)
    which = begin(house.store, TaskFacts("讲座", "session", 1, reward_points=10, rule={"subject": str(talk)}))
    join(house.store, 1, which)
    attends(house, 1, talk, NOW + timedelta(hours=25))
    catch_up(house.store, NOW + DAY * 2)
    assert told(house, which, 1) == [(1, True)] and purse(house.store, 1).points == 10
    attends(house, 1, talk, None)
    service.move_by_clock(house.store, END)
    catch_up(house.store, END)
    assert told(house, which, 1) == [(0, False)] and purse(house.store, 1).points == 0 and clean(house.store)


# --- team goals ----------------------------------------------------------------------------------------


def test_everybody_who_brought_something_is_credited_and_the_goal_can_be_lost_again(house: Any) -> None:
    which = begin(house.store, team("campaign", "acts", 3))
    for member in (1, 2, 3):
        join(house.store, member, which)
    log(house.store, 1)
    act = log(house.store, 2)
    catch_up(house.store)
    assert told(house, which, 1) == [(2, False)] and told(house, which, 3) == [(2, False)]
    log(house.store, 1, "clean_plate", "1")
    catch_up(house.store)
    assert [told(house, which, m)[0] for m in (1, 2, 3)] == [(3, True), (3, True), (3, False)]
    assert [purse(house.store, m).points for m in (2, 3)] == [20 + 10, 0]
    with house.store.write() as tx:
        activities.undo_activity(tx, 2, act["id"], NOW)
    catch_up(house.store)
    assert [told(house, which, m)[0] for m in (1, 2)] == [(2, False), (2, False)]
    assert purse(house.store, 2).points == 0
    join(house.store, 4, which)
    log(house.store, 4)
    catch_up(house.store)
    assert [told(house, which, m)[0][1] for m in (1, 2, 4)] == [True, False, True] and clean(house.store)


def test_a_units_goal_takes_what_was_brought_while_belonging(house: Any) -> None:
    people = [make_member(house, f"p{n}") for n in range(6)]
    power, steel = (
        make_unit(house, "enterprise", "漳山发电", *people[:5]),
        make_unit(house, "enterprise", "首钢", people[5]),
    )
    which = begin(house.store, team("enterprise", "people", 5), team("enterprise", "grams", 100_000))
    for person in people:
        join(house.store, person.id, which)
        log(house.store, person.id)
    catch_up(house.store)
    assert [told(house, which, p.id)[0] for p in people] == [(5, True)] * 5 + [(None, False)]
    assert tasks(house, which, people[5].id)[0].mine == 1, "their own part they may see"
    with house.store.write() as tx:
        green_units.leave_unit(tx, people[0].id, power, NOW + DAY)
        green_units.join_unit(tx, people[0].id, steel, NOW + DAY)
    log(house.store, people[0].id, at=NOW + DAY)
    catch_up(house.store, NOW + DAY)
    with house.store.read() as tx:
        sums = {(r.unit_id, r.people) for r in tx.rows(select(campaign_team))}
    assert sums == {(power, 5), (steel, 2)}, "what was brought stays where it was brought"
    assert told(house, which, people[0].id)[0] == (None, True) and clean(house.store)


def test_reading_ten_members_takes_as_many_statements_as_one(house: Any) -> None:
    pledge, test, spot = make_pledge(house), make_quiz(house), make_place(house)
    which = begin(
        house.store, team("campaign", "acts", 3), team("enterprise", "acts", 3), TaskFacts("扫", "scan", 1),
        TaskFacts("约", "pledge", 1, rule={"subject": "green-living"}), TaskFacts("测", "quiz", 1),
        badge_zh="全勤", badge_icon="medal",
    )  # fmt: skip
    counts = []
    for members in (range(1, 2), range(2, 12)):
        for member in members:
            join(house.store, member, which)
            log(house.store, member)
        with count_statements(house.store) as seen, house.store.write() as tx:
            service.catch_up_members(tx, house.catalogue, which, list(members), NOW)
        counts.append(seen.count)
    assert pledge and test and spot and abs(counts[1] - counts[0]) <= 2, counts


# --- badges ---------------------------------------------------------------------------------------------


def badge_names(house: Any, member: int) -> list[str]:
    with house.store.read() as tx:
        return [badge.name_zh for badge in badges.of_member(tx, member)]


def test_a_badge_is_given_once_and_taken_back_with_its_task(house: Any, client: Any) -> None:
    ling = make_member(house, "ling")
    ride = TaskFacts("骑车", "log", 1, behaviours=("bike",), badge_zh="骑行者", badge_en="Rider", badge_icon="bike")
    which = begin(
        house.store, ride, TaskFacts("光盘", "log", 1, behaviours=("clean_plate",)), badge_zh="全勤", badge_icon="medal"
    )
    join(house.store, ling.id, which)
    act = log(house.store, ling.id)
    catch_up(house.store)
    assert badge_names(house, ling.id) == ["骑行者"]
    log(house.store, ling.id, "clean_plate", "1")
    catch_up(house.store)
    catch_up(house.store)
    assert sorted(badge_names(house, ling.id)) == sorted(["全勤", "骑行者"])
    with house.store.write() as tx:
        activities.undo_activity(tx, ling.id, act["id"], NOW)
    catch_up(house.store)
    assert badge_names(house, ling.id) == []
    log(house.store, ling.id)
    catch_up(house.store)
    ling.sign_in(client)
    page = client.get(f"/campaigns/{which}").get_data(as_text=True)
    assert "骑行者" in page and "打卡日历" in page
    assert client.get("/me/badges").status_code == 200
    assert client.get("/me/badges?after=x").status_code == 400
    with house.store.write() as tx:
        service.forget(tx, ling.id, NOW)
        assert tx.rows(select(campaign_badge)) == []


# --- calendar -------------------------------------------------------------------------------------------


def test_the_calendar_shows_days_runs_and_themes(house: Any, client: Any) -> None:
    with house.store.write() as tx:
        which = service.energy_week(tx, MONDAY, NOW - DAY * 10)
        service.open_campaign(tx, STAFF, which, NOW)
    ling = make_member(house, "ling")
    join(house.store, ling.id, which)
    for day in (0, 1, 3):
        log(house.store, ling.id, at=NOW + DAY * (day - 1), now=NOW + DAY * (day - 1))
    wednesday = NOW + DAY
    with house.store.read() as tx:
        view = queries.detail(tx, which, ling.id, wednesday)
        grid = calendar(tx, view.card, view.tasks, ling.id, None, wednesday)
        with refused("not_found"):
            calendar(tx, view.card, view.tasks, ling.id, "2026-07", wednesday)
    cells = {cell.day: cell for week in grid.weeks for cell in week if cell}
    assert (grid.month, grid.before, grid.after, grid.run, grid.best, grid.active) == ("2026-06", None, None, 2, 2, 3)
    week = [cells[MONDAY + DAY * n] for n in range(7)]
    assert [cell.acts for cell in week] == [1, 1, 0, 1, 0, 0, 0] and all(cell.inside and cell.theme for cell in week)
    assert MONDAY - DAY not in cells, "weeks without a day of the campaign are left out"
    assert week[2].today and week[0].past and not week[3].past
    assert week[2].theme == ("全国低碳日", "Low-carbon day")
    ling.sign_in(client)
    page = client.get(f"/campaigns/{which}").get_data(as_text=True)
    assert "全国低碳日" in page and 'aria-current="date"' in page
    assert client.get(f"/campaigns/{which}?month=2026-09").status_code == 404


# --- before announcing ----------------------------------------------------------------------------------


def draft(house: Any, *those: TaskFacts, **more: Any) -> int:
    facts = CampaignFacts(
        f"draft-{uuid.uuid4().hex[:6]}", "草稿", start_of(MONDAY + DAY * 7), start_of(MONDAY + DAY * 14), **more
    )
    with house.store.write() as tx:
        return int(service.create_campaign(tx, STAFF, facts, those, NOW))


def found(house: Any, which: int) -> list[str]:
    with house.store.read() as tx:
        row = tx.row(select(campaign).where(campaign.c.id == which))
        return [one.code for one in service.findings(tx, house.catalogue, row, NOW)]


def test_what_nobody_could_do_is_not_announced(house: Any) -> None:
    test, talk = make_quiz(house, questions=5, there=4), make_session(house, NOW)
    which = draft(
        house, TaskFacts("连续", "streak", 8), TaskFacts("测", "quiz", 1, rule={"subject": str(test)}),
        TaskFacts("课", "session", 1, rule={"subject": str(talk)}), TaskFacts("约", "pledge", 1, rule={"subject": "none"}),
        TaskFacts("扫", "scan", 1, rule={"place_kinds": ["shop"]}),
    )  # fmt: skip
    assert found(house, which) == [
        "longer_than_campaign", "too_few_questions", "session_at_another_time", "no_pledge", "no_scan",
    ]  # fmt: skip
    with refused("campaign_impossible"), house.store.write() as tx:
        service.schedule_campaign(tx, STAFF, which, NOW)
    with refused("campaign_impossible"), house.store.write() as tx:
        service.open_campaign(tx, STAFF, which, NOW)


def test_goals_are_measured_by_what_people_did_before(house: Any) -> None:
    people = [make_member(house, f"p{n}") for n in range(3)]
    make_unit(house, "enterprise", "漳山发电", *people)
    for person in people:
        for day in range(1, 4):
            log(house.store, person.id, at=NOW - DAY * day, now=NOW - DAY * day)
    which = draft(
        house, team("campaign", "acts", 9), team("campaign", "acts", 14), team("campaign", "acts", 28),
        TaskFacts("四天", "days", 4), TaskFacts("三天骑车", "days", 3, behaviours=("bike",)), TaskFacts("行", "grams", 10**6, domains=("行",)),
        bonus_budget=10_000,
    )  # fmt: skip
    with house.store.read() as tx:
        row = tx.row(select(campaign).where(campaign.c.id == which))
        told = [(one.code, one.task) for one in service.findings(tx, house.catalogue, row, NOW)]
    assert told == [("out_of_reach", 3), ("hard_to_reach", 2), ("nobody_before", 4), ("nobody_before", 6)]


def test_a_good_draft_is_announced(house: Any) -> None:
    make_pledge(house)
    which = draft(
        house,
        TaskFacts("约", "pledge", 1, rule={"subject": "green-living"}),
        TaskFacts("测", "quiz", 1, rule={"subject": str(make_quiz(house))}),
    )
    assert found(house, which) == []
    with house.store.write() as tx:
        service.schedule_campaign(tx, STAFF, which, NOW)
        tx.execute(update(quiz).values(status="closed"))
    assert found(house, which) == ["quiz_closed"]


@pytest.mark.parametrize(
    ("task", "code"),
    [
        (TaskFacts("约", "pledge", 1), "tasks"),
        (TaskFacts("队", "team", 1, rule={"of": "campaign", "measure": "luck"}), "tasks"),
        (TaskFacts("签", "log", 1, badge_zh="章", badge_icon="skull"), "tasks"),
    ],
)
def test_a_task_without_what_its_kind_needs_is_not_written(task: TaskFacts, code: str) -> None:
    from points_engine.errors import Invalid
    from webapp.campaigns.checks import check

    with pytest.raises(Invalid) as wrong:
        check(CampaignFacts("a", "b", start_of(MONDAY), END), [task])
    assert set(wrong.value.fields) == {code}
