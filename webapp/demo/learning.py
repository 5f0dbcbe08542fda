"""The demo park's lessons, question bank, quizzes and sessions, and who has read, answered, signed up and come."""

from __future__ import annotations

import io
import tomllib
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from webapp.demo.days import at
from webapp.learning import attempts, bank_lines, importing, lessons, quizzes, trainings
from webapp.learning import training_reads as reads
from webapp.learning.forms import LessonText, QuizFacts, TrainingFacts
from webapp.learning.tables import lesson_read
from webapp.papers.reading import Table, read_table
from webapp.store import Tx

HERE = Path(__file__).parent
QUIZZES = (
    QuizFacts(
        "节能宣传周小测验", "Energy week quiz", "十道题，看看您对双碳和节电知道多少。",
        "Ten questions on the carbon goals and on saving electricity.", ("carbon", "energy"), 10, "percent", 60, None,
        "each",
    ),
    QuizFacts(
        "绿色出行五题", "Five on the road", "五分钟，五道题。", "Five questions in five minutes.", ("transport",), 5,
        "count", 4, 5, "end",
    ),
    QuizFacts(
        "分类、节水与光盘", "Waste, water, food", "生活里的三件小事。", "Three small things of every day.",
        ("waste", "water", "food"), 9, "percent", 75, None, "end",
    ),
)  # fmt: skip
TAKERS, GUESTS = 12, 16


def build(
    tx: Tx,
    key: str,
    seed: int,
    staff: dict[str, int],
    people: Sequence[int],
    unit: int | None,
    first: date,
    until: date,
) -> None:
    """Everything there is to learn, from a week before the first day; and what people made of it by the last."""
    rng = Random(f"{seed}:learning")
    editor, begins = staff["editor-demo"], at(first - timedelta(days=7), 540)
    read = [
        _lesson(tx, editor, each, begins)
        for each in tomllib.loads((HERE / "lessons.toml").read_text("utf-8"))["lesson"]
    ]
    draft = LessonText("energy", "办公室的夜里还亮着什么", "What is still on at night", "（正在写）", "", "")
    lessons.create(tx, editor, draft, begins)
    _bank(tx, editor, begins, at(until, 1000))
    made = []
    for facts in QUIZZES:
        made.append(quizzes.create(tx, editor, facts, begins))
        quizzes.set_open(tx, editor, made[-1], True, begins)
    done = [
        {"member_id": who, "lesson_id": each, "read_at": at(until, 300 + rng.randrange(900))}
        for who in people[: 4 * TAKERS]
        for each in read
        if rng.random() < 0.4
    ]
    tx.upsert(lesson_read, done, key=("member_id", "lesson_id"))
    for n, who in enumerate(people[:TAKERS]):
        _take(tx, rng, who, made[n % len(made)], at(until, 600 + n), True)
    if people:
        _take(tx, rng, people[0], made[1], at(until, 700), False)
        attempts.start(tx, people[0], made[2], _key(rng), False, at(until, 1300))
    _sessions(tx, key, staff, people, unit, until)


def _lesson(tx: Tx, editor: int, text: dict[str, str], now: datetime) -> int:
    made = lessons.create(tx, editor, LessonText(**{name: value.strip() for name, value in text.items()}), now)
    lessons.publish(tx, editor, made, now)
    return made


def _bank(tx: Tx, editor: int, now: datetime, later: datetime) -> None:
    """The questions by the way every file goes, and a file that still has faults."""
    data = (HERE / "questions.csv").read_bytes()
    lines = bank_lines.read_lines(read_table("questions.csv", io.BytesIO(data), bank_lines.LIMITS), csv=True)
    importing.confirm(tx, editor, importing.stage(tx, editor, "节能题库.csv", lines, now), now)
    head = ["题型", "题干", "选项A", "选项B", "答案", "解析", "主题"]
    wrong = [
        (1, head),
        (2, ["单选", "一节五号电池应该投到哪里？", "可回收物", "其他垃圾", "C", "看当地指引", "垃圾分类与循环"]),
        (3, ["判断", "人走灯灭可以省电。", "", "", "对", "", "节能用电"]),
    ]
    importing.stage(tx, editor, "补充题目.xlsx", bank_lines.read_lines(Table("题库", wrong)), later)


def _take(tx: Tx, rng: Random, who: int, quiz_id: int, now: datetime, scored: bool) -> None:
    """A whole attempt, three answers in four right."""
    made = attempts.start(tx, who, quiz_id, _key(rng), scored, now)
    for item in attempts.one(tx, who, quiz_id, made).items:
        wrong = [n for n in range(len(item.order)) if n not in item.right_here][:1] or [0]
        chosen = sorted(item.right_here) if rng.random() < 0.75 else wrong
        attempts.answer(tx, who, made, item.place, chosen, now + timedelta(seconds=15 * item.place))
    attempts.finish(tx, who, made, now + timedelta(minutes=3))


def _key(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128)))


def _sessions(tx: Tx, key: str, staff: dict[str, int], people: Sequence[int], unit: int | None, until: date) -> None:
    """One held, one all day after the last day, one to come, one that is full, one of the unit that the demo administers."""
    editor, before = staff["editor-demo"], at(until - timedelta(days=6), 600)
    past = _held(tx, editor, before, until - timedelta(days=2), "家庭节电小课堂", "Saving electricity at home", 40)
    today = _held(tx, editor, before, until + timedelta(days=1), "能源体验开放日", "Energy open day", 60, 480, 600)
    _held(tx, editor, before, until + timedelta(days=3), "旧衣改造工作坊", "Mending old clothes", 30)
    full = _held(tx, editor, before, until + timedelta(days=4), "屋顶光伏现场参观", "A visit to the solar roof", 5)
    guests, nobodys = people[:GUESTS], frozenset[int]()
    for n, who in enumerate(guests):
        for made in (past, full, *([today] if n % 2 else [])):
            trainings.sign_up(tx, who, nobodys, made, before + timedelta(minutes=n + 1))
    row = reads.row_of(tx, past)
    for n, who in enumerate(guests):
        if n % 4 != 3:
            came = row.starts_at + timedelta(minutes=n)
            trainings.attend(tx, key, who, past, trainings.code_on_screen(key, row, came), came)
    if unit is not None:
        hr = staff["hr-demo"]
        facts = _facts(until + timedelta(days=6), "新员工节能培训", "Energy training for new colleagues", 30, 840, 90)
        own = {"unit_id": unit, "audience": "unit", "place_zh": "二号楼培训室", "place_en": "Training room, building 2"}
        made = trainings.create(tx, hr, frozenset({unit}), TrainingFacts(**facts | own), before)
        trainings.sign_up(tx, hr, frozenset({unit}), made, before)


def _held(
    tx: Tx, editor: int, before: datetime, day: date, zh: str, en: str, seats: int, begins: int = 870, length: int = 90
) -> int:
    return trainings.create(tx, editor, None, TrainingFacts(**_facts(day, zh, en, seats, begins, length)), before)


def _facts(day: date, zh: str, en: str, seats: int, begins: int, length: int) -> dict[str, Any]:
    return {
        "unit_id": None, "audience": "park", "title_zh": zh, "title_en": en,
        "body_zh": "园区能源管理员讲解，现场可以提问。", "body_en": "With the park’s energy manager; questions welcome.",
        "place_zh": "园区公共服务中心一楼", "place_en": "Service centre, ground floor", "starts_at": at(day, begins),
        "ends_at": at(day, begins + length), "capacity": seats,
    }  # fmt: skip
