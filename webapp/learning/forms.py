"""What staff and organisers write: lessons, questions, quizzes and sessions, checked and frozen, or refused field by field."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from points_engine.clock import LOCAL
from points_engine.errors import Invalid
from webapp.learning.words import DIFFICULTIES, KINDS, TOPICS, TRUTH

TITLE_MAX, BODY_MAX, SOURCE_MAX = 60, 12_000, 300
TEXT_MAX, OPTION_MAX, EXPLANATION_MAX = 500, 200, 1000
OPTIONS_MIN, OPTIONS_MAX = 2, 6
LETTERS = "ABCDEF"
QUIZ_MOST, MINUTES_MOST, SEATS_MOST = 100, 180, 10_000


@dataclass(frozen=True, slots=True)
class LessonText:
    """A lesson as written; bodies are Markdown, an empty English text shows the Chinese one."""

    topic: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    source: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> LessonText:
        """Read the fields of the same names."""
        wrong: dict[str, str] = {}
        texts = _texts(
            form, wrong, title_zh=TITLE_MAX, title_en=TITLE_MAX * 2, body_zh=BODY_MAX, body_en=BODY_MAX * 2,
            source=SOURCE_MAX,
        )  # fmt: skip
        _required(texts, wrong, "title_zh", "body_zh")
        topic = _choice(form, "topic", TOPICS, wrong)
        if wrong:
            raise Invalid(wrong)
        return cls(topic, **texts)


@dataclass(frozen=True, slots=True)
class QuestionText:
    """One version of a question: options in the order of writing, answers as places in it from 0."""

    kind: str
    topic: str
    difficulty: int
    text_zh: str
    text_en: str
    options: tuple[tuple[str, str], ...]
    answers: tuple[int, ...]
    explanation_zh: str
    explanation_en: str
    source: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> QuestionText:
        """Read a question; options are `option_a`, `option_a_en` and so on, answers letters in `answer`."""
        wrong: dict[str, str] = {}
        texts = _texts(
            form, wrong, text_zh=TEXT_MAX, text_en=TEXT_MAX * 2, explanation_zh=EXPLANATION_MAX,
            explanation_en=EXPLANATION_MAX * 2, source=SOURCE_MAX,
        )  # fmt: skip
        _required(texts, wrong, "text_zh", "explanation_zh")
        kind, topic = _choice(form, "kind", KINDS, wrong), _choice(form, "topic", TOPICS, wrong)
        difficulty = _whole(form, "difficulty", min(DIFFICULTIES), max(DIFFICULTIES), wrong) or 0
        options = TRUTH if kind == "truth" else _options(form, wrong)
        answers = _answers(form.get("answer") or "", kind, len(options), wrong)
        if wrong:
            raise Invalid(wrong)
        return cls(kind, topic, difficulty, texts.pop("text_zh"), texts.pop("text_en"), options, answers, **texts)

    @property
    def fingerprint(self) -> str:
        """What makes two questions the same: the Chinese text without blanks, width, case and punctuation."""
        plain = unicodedata.normalize("NFKC", self.text_zh).lower()
        return hashlib.sha256("".join(c for c in plain if c.isalnum()).encode()).hexdigest()

    def row(self) -> dict[str, Any]:
        """The columns of a version."""
        return {
            "kind": self.kind, "topic": self.topic, "difficulty": self.difficulty, "text_zh": self.text_zh,
            "text_en": self.text_en, "options": [list(pair) for pair in self.options], "answers": list(self.answers),
            "explanation_zh": self.explanation_zh, "explanation_en": self.explanation_en, "source": self.source,
        }  # fmt: skip

    def form(self) -> dict[str, str]:
        """As its form shows it."""
        values = {name: str(value) for name, value in self.row().items() if name not in ("options", "answers")}
        for letter, (zh, en) in zip(LETTERS.lower(), self.options, strict=False):
            values |= {f"option_{letter}": zh, f"option_{letter}_en": en}
        return values | {"answer": "".join(LETTERS[n] for n in self.answers)}

    @classmethod
    def of(cls, row: Any) -> QuestionText:
        """A stored version."""
        return cls(
            row.kind, row.topic, row.difficulty, row.text_zh, row.text_en, tuple((zh, en) for zh, en in row.options),
            tuple(row.answers), row.explanation_zh, row.explanation_en, row.source,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuizFacts:
    """A quiz: where its questions come from, how many, what passes, how long, when it explains."""

    title_zh: str
    title_en: str
    intro_zh: str
    intro_en: str
    topics: tuple[str, ...]
    questions: int
    mark_kind: str
    mark: int
    minutes: int | None
    explain: str

    @classmethod
    def parse(cls, form: Any) -> QuizFacts:
        """Read the form of a quiz; a mark in count cannot ask for more than there are questions."""
        wrong: dict[str, str] = {}
        texts = _texts(form, wrong, title_zh=TITLE_MAX, title_en=TITLE_MAX * 2, intro_zh=400, intro_en=800)
        _required(texts, wrong, "title_zh")
        topics = tuple(topic for topic in TOPICS if topic in form.getlist("topics"))
        if set(form.getlist("topics")) - set(TOPICS):
            wrong["topics"] = "not_a_choice"
        questions = _whole(form, "questions", 1, QUIZ_MOST, wrong) or 0
        mark_kind = _choice(form, "mark_kind", ("percent", "count"), wrong)
        mark = _whole(form, "mark", 1, 100 if mark_kind != "count" else max(questions, 1), wrong) or 0
        minutes = _whole(form, "minutes", 1, MINUTES_MOST, wrong) if (form.get("minutes") or "").strip() else None
        explain = _choice(form, "explain", ("each", "end"), wrong)
        if wrong:
            raise Invalid(wrong)
        return cls(**texts, topics=topics, questions=questions, mark_kind=mark_kind, mark=mark, minutes=minutes,
                   explain=explain)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """A session: who holds it, for whom, what, where, when and for how many."""

    unit_id: int | None
    audience: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    place_zh: str
    place_en: str
    starts_at: datetime
    ends_at: datetime
    capacity: int

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> TrainingFacts:
        """Read the form of a session; for the people of a unit it takes a unit."""
        wrong: dict[str, str] = {}
        texts = _texts(
            form,
            wrong,
            title_zh=TITLE_MAX,
            title_en=TITLE_MAX * 2,
            body_zh=2000,
            body_en=4000,
            place_zh=80,
            place_en=120,
        )
        _required(texts, wrong, "title_zh", "place_zh")
        audience = _choice(form, "audience", ("unit", "park"), wrong)
        unit_id = _whole(form, "unit_id", 1, 10**17, wrong) if form.get("unit_id") else None
        if audience == "unit" and unit_id is None:
            wrong.setdefault("unit_id", "required")
        starts, ends = _instant(form, "starts_at", wrong), _instant(form, "ends_at", wrong)
        if starts and ends and ends <= starts:
            wrong["ends_at"] = "ends_before_start"
        capacity = _whole(form, "capacity", 1, SEATS_MOST, wrong)
        if wrong or starts is None or ends is None or capacity is None:
            raise Invalid(wrong)
        return cls(unit_id, audience, **texts, starts_at=starts, ends_at=ends, capacity=capacity)


def local_input(at: datetime) -> str:
    """An instant as a datetime-local input wants it, in the park's time."""
    return at.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")


def read_chosen(values: Sequence[str]) -> list[int]:
    """The places of the options somebody ticked; Invalid for anything that is not one."""
    if any(len(value) != 1 or not value.isascii() or not value.isdigit() for value in values):
        raise Invalid({"chosen": "not_a_choice"})
    return sorted({int(value) for value in values})


def _texts(form: Mapping[str, str], wrong: dict[str, str], **most: int) -> dict[str, str]:
    texts = {name: (form.get(name) or "").strip().replace("\r\n", "\n") for name in most}
    wrong |= {name: "too_long" for name, value in texts.items() if len(value) > most[name]}
    return texts


def _required(texts: Mapping[str, str], wrong: dict[str, str], *names: str) -> None:
    wrong |= {name: "required" for name in names if not texts[name]}


def _choice(form: Mapping[str, str], field: str, allowed: Any, wrong: dict[str, str]) -> str:
    value = form.get(field) or ""
    if value not in allowed:
        wrong[field] = "not_a_choice" if value else "required"
    return value


def _whole(form: Mapping[str, str], field: str, least: int, most: int, wrong: dict[str, str]) -> int | None:
    text = unicodedata.normalize("NFKC", form.get(field) or "").strip()
    if not text:
        wrong[field] = "required"
    elif not text.isascii() or not text.isdigit() or len(text) > 18:
        wrong[field] = "not_a_number"
    elif not least <= int(text) <= most:
        wrong[field] = "out_of_bounds"
    else:
        return int(text)
    return None


def _instant(form: Mapping[str, str], field: str, wrong: dict[str, str]) -> datetime | None:
    """What a datetime-local input sent, taken as the park's time."""
    text = (form.get(field) or "").strip()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        wrong[field] = "invalid" if text else "required"
        return None
    if not 2020 <= at.year <= 2100:
        wrong[field] = "invalid"
        return None
    return (at if at.tzinfo else at.replace(tzinfo=LOCAL)).astimezone(UTC)


def _options(form: Mapping[str, str], wrong: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The options without a gap between them; English for all of them or for none."""
    found: list[tuple[str, str]] = []
    ended = False
    for letter in LETTERS.lower():
        zh, en = ((form.get(f"option_{letter}{end}") or "").strip() for end in ("", "_en"))
        if not zh:
            ended = True
            if en:
                wrong[f"option_{letter}"] = "required"
            continue
        if ended:
            wrong[f"option_{letter}"] = "option_gap"
        if len(zh) > OPTION_MAX or len(en) > OPTION_MAX * 2:
            wrong[f"option_{letter}"] = "too_long"
        if any(zh == other for other, _ in found):
            wrong[f"option_{letter}"] = "option_twice"
        found.append((zh, en))
    for n in range(len(found), OPTIONS_MIN):
        wrong[f"option_{LETTERS[n].lower()}"] = "required"
    return tuple(found)


def _answers(text: str, kind: str, options: int, wrong: dict[str, str]) -> tuple[int, ...]:
    """Letters such as AC, with or without separators; for true or false also 对 错 √ ×."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if kind == "truth":
        plain = {"对": "A", "正确": "A", "√": "A", "TRUE": "A", "T": "A", "是": "A", "错": "B", "错误": "B", "×": "B",
                 "FALSE": "B", "F": "B", "否": "B"}.get(plain, plain)  # fmt: skip
    letters = [c for c in plain if c not in " ,、;/"]
    if not letters:
        wrong["answer"] = "required"
    elif any(c not in LETTERS for c in letters) or len(set(letters)) != len(letters):
        wrong["answer"] = "answer_letters"
    elif any(LETTERS.index(c) >= options for c in letters):
        wrong["answer"] = "answer_without_option"
    elif kind in ("single", "truth") and len(letters) != 1:
        wrong["answer"] = "one_answer"
    elif kind == "multiple" and len(letters) < 2:
        wrong["answer"] = "several_answers"
    return tuple(sorted(LETTERS.index(c) for c in letters if c in LETTERS))
