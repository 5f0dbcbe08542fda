"""What goes out when: due items gathered into one e-mail a member, at most one a day and three in seven days."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, not_, or_, select, update

from points_engine.clock import LOCAL, local_day
from webapp.inbox import queries
from webapp.inbox.mail_tables import FORMED, ON, SENDING, UNSURE, mail, mail_item, mail_setting
from webapp.inbox.tables import announcement, notice
from webapp.inbox.topics import chosen, topic_of
from webapp.jobs import enqueue
from webapp.members import queries as members
from webapp.store import Tx

GATHER = timedelta(minutes=30)  # what happens together is told together
MEMBERS = 500
PER_WEEK = 3
WEEK = timedelta(days=6)  # the day itself and the six before it
TURN = "inbox.mail"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to tell: a title and where it leads."""

    topic: str
    title_zh: str
    title_en: str
    link: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One e-mail, claimed by whoever holds this."""

    member_id: int
    day: date
    sealed: str
    lang: str | None
    lines: Sequence[Line]
    more: int
    attempts: int


def expect(tx: Tx, kind: str, rows: Sequence[Mapping[str, Any]], wishes: Mapping[int, Any]) -> None:
    """Notices just written: those whose members want this topic by e-mail wait for the next one."""
    topic = topic_of(kind)
    wanting = {m for m, w in wishes.items() if w.state == ON and topic in chosen(w.by_mail)}
    tried = [row for row in rows if row["member_id"] in wanting]
    if not tried:
        return
    ids = [row["id"] for row in tried]
    written = tx.rows(
        select(notice.c.member_id, notice.c.id, notice.c.created_at).where(
            notice.c.member_id.in_(sorted(wanting)), notice.c.id.in_(ids)
        )
    )
    items = [
        {"member_id": w.member_id, "notice_id": w.id, "announcement_id": 0, "topic": topic, "created_at": w.created_at}
        for w in written
    ]
    tx.upsert(mail_item, items, key=("member_id", "notice_id", "announcement_id"))


def wishes(tx: Tx, among: Collection[int]) -> dict[int, Any]:
    """What these members chose; most never chose anything and are not in it."""
    s = mail_setting.c
    rows = tx.rows(select(s.member_id, s.state, s.by_mail, s.silent).where(s.member_id.in_(sorted(among))))
    return {row.member_id: row for row in rows}


def gather(house: Any, now: datetime) -> int:
    """Form the e-mails that may go now; safe beside another that does the same."""
    _announce(house, now)
    made, after = 0, 0
    while after is not None:
        found, after = house.store.retrying(lambda tx, after=after: _gather_some(tx, after, now))
        made += found
    return made


def _announce(house: Any, now: datetime) -> None:
    """Announcements by e-mail that have appeared: they wait for everybody they are meant for who wants news."""
    with house.store.read() as tx:
        due = queries.to_be_told(tx, now)
    for announcement_id in due:
        house.store.retrying(lambda tx, one=announcement_id: _expect_news(tx, house.audiences, one, now))


def _expect_news(tx: Tx, audiences: Sequence[Any], announcement_id: int, now: datetime) -> None:
    s = mail_setting.c
    mine = queries.meant_for(audiences, s.member_id)
    wanting = (s.state == ON, s.by_mail.contains("news"))
    rows = tx.rows(select(s.member_id).join(announcement, announcement.c.id == announcement_id).where(*wanting, mine))
    item = {"notice_id": "", "announcement_id": announcement_id, "topic": "news", "created_at": now}
    tx.upsert(
        mail_item,
        [item | {"member_id": row.member_id} for row in rows],
        key=("member_id", "notice_id", "announcement_id"),
    )
    tx.execute(update(announcement).where(announcement.c.id == announcement_id).values(told_at=now))


def _gather_some(tx: Tx, after: int, now: datetime) -> tuple[int, int | None]:
    """The next members with something due. The turn is taken first, so that quotas are read after any rival's commit."""
    tx.take_turn(TURN)
    free = [row.member_id for row in tx.rows(_free(after, now))]
    if not free:
        return 0, None
    _drop_read(tx, free)
    day = local_day(now)
    waiting = (mail_item.c.day.is_(None), mail_item.c.member_id.in_(free))
    counts = tx.rows(
        select(mail_item.c.member_id, func.count().label("n")).where(*waiting).group_by(mail_item.c.member_id)
    )
    formed = [{"member_id": c.member_id, "day": day, "state": FORMED, "items": c.n, "formed_at": now} for c in counts]
    tx.insert(mail, formed)
    tx.execute(update(mail_item).where(*waiting).values(day=day))
    for row in formed:
        payload = {"member_id": row["member_id"], "day": day.isoformat()}
        enqueue(tx, "inbox.mail", payload, f"inbox.mail:{row['member_id']}:{now.isoformat()}", now)
    return len(formed), free[-1] if len(free) == MEMBERS else None


def _free(after: int, now: datetime) -> Any:
    """Members with something due who may be written to: not in quiet hours, none today, fewer than three in seven days."""
    s, day = mail_setting.c, local_day(now)
    mine = mail.c.member_id == s.member_id
    today = exists().where(mine, mail.c.day == day)
    week = select(func.count()).select_from(mail).where(mine, mail.c.day.between(day - WEEK, day)).scalar_subquery()
    due = exists().where(
        mail_item.c.member_id == s.member_id, mail_item.c.day.is_(None), mail_item.c.created_at <= now - GATHER
    )
    minute = _minute(now)
    over_day = and_(s.quiet_from <= s.quiet_until, s.quiet_from <= minute, s.quiet_until > minute)
    over_night = and_(s.quiet_from > s.quiet_until, or_(s.quiet_from <= minute, s.quiet_until > minute))
    awake = not_(or_(over_day, over_night))
    query = select(s.member_id).where(s.member_id > after, s.state == ON, awake, due, ~today, week < PER_WEEK)
    return query.order_by(s.member_id).limit(MEMBERS)


def _drop_read(tx: Tx, ids: Sequence[int]) -> None:
    """What was read in the app meanwhile, or was taken down, needs no e-mail."""
    this = (mail_item.c.day.is_(None), mail_item.c.member_id.in_(ids))
    read = exists().where(
        notice.c.member_id == mail_item.c.member_id, notice.c.id == mail_item.c.notice_id, notice.c.read_at.is_not(None)
    )
    down = exists().where(announcement.c.id == mail_item.c.announcement_id, announcement.c.withdrawn_at.is_not(None))
    tx.execute(delete(mail_item).where(*this, read))
    tx.execute(delete(mail_item).where(*this, mail_item.c.announcement_id > 0, down))


def is_quiet(quiet_from: int, quiet_until: int, now: datetime) -> bool:
    """Whether `now` lies in the hours, which may run over midnight."""
    minute = _minute(now)
    if quiet_from <= quiet_until:
        return quiet_from <= minute < quiet_until
    return minute >= quiet_from or minute < quiet_until


def _minute(now: datetime) -> int:
    at = now.astimezone(LOCAL)
    return at.hour * 60 + at.minute


def claim(tx: Tx, member_id: int, day: date, now: datetime, most: int) -> Digest | None:
    """Take the e-mail to send it; None when another has it, it went, or it may not go now."""
    this = (mail.c.member_id == member_id, mail.c.day == day)
    taken = update(mail).where(*this, mail.c.state == FORMED).values(state=SENDING, attempts=mail.c.attempts + 1)
    mine = tx.row(taken.returning(mail.c.attempts))
    if mine is None:
        # Taken before: either another sends it this moment, or died doing so. Nobody is written to twice.
        tx.execute(update(mail).where(*this, mail.c.state == SENDING).values(state=UNSURE))
        return None
    setting = tx.row(select(mail_setting).where(mail_setting.c.member_id == member_id))
    if setting is None or setting.state != ON or members.inactive(tx, [member_id]):
        release(tx, member_id, day, drop=True)
        return None
    if local_day(now) != day or is_quiet(setting.quiet_from, setting.quiet_until, now):
        release(tx, member_id, day)  # tried for too long: it counts and goes on another day
        return None
    lines = _lines(tx, member_id, day)
    if not lines:
        release(tx, member_id, day, drop=True)
        return None
    lang = members.preferences(tx, member_id).lang
    return Digest(member_id, day, setting.sealed, lang, lines[:most], max(0, len(lines) - most), mine.attempts)


def release(tx: Tx, member_id: int, day: date, *, drop: bool = False) -> None:
    """The e-mail does not go: what was in it waits again, or is dropped."""
    items = and_(mail_item.c.member_id == member_id, mail_item.c.day == day)
    tx.execute(delete(mail_item).where(items) if drop else update(mail_item).where(items).values(day=None))
    tx.execute(delete(mail).where(mail.c.member_id == member_id, mail.c.day == day))


def finish(tx: Tx, member_id: int, day: date, state: str, now: datetime | None = None) -> None:
    """Note the end of a try; what was told is forgotten with it."""
    mine = (mail.c.member_id == member_id, mail.c.day == day, mail.c.state.in_((SENDING, UNSURE)))
    tx.execute(update(mail).where(*mine).values(state=state, sent_at=now))
    if state != FORMED:
        tx.execute(delete(mail_item).where(mail_item.c.member_id == member_id, mail_item.c.day == day))


def _lines(tx: Tx, member_id: int, day: date) -> list[Line]:
    """Results first, then newest first."""
    items = (mail_item.c.member_id == member_id, mail_item.c.day == day)
    told = tx.rows(
        select(mail_item.c.topic, mail_item.c.created_at, notice.c.title_zh, notice.c.title_en, notice.c.link)
        .join(notice, and_(notice.c.member_id == mail_item.c.member_id, notice.c.id == mail_item.c.notice_id))
        .where(*items)
    )
    a = announcement.c
    news = tx.rows(
        select(mail_item.c.topic, mail_item.c.created_at, a.id, a.title_zh, a.title_en)
        .join(announcement, a.id == mail_item.c.announcement_id)
        .where(*items, a.withdrawn_at.is_(None))
    )
    found = [(r.created_at, Line(r.topic, r.title_zh, r.title_en or r.title_zh, r.link)) for r in told]
    found += [
        (r.created_at, Line(r.topic, r.title_zh, r.title_en or r.title_zh, f"/announcements/{r.id}")) for r in news
    ]
    found.sort(key=lambda pair: (pair[1].topic != "result", -pair[0].timestamp()))
    return [line for _, line in found]
