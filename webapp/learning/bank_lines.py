"""A table of questions: its columns, read line by line with what is wrong by line and column, and written again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from points_engine.errors import Invalid, refuse
from webapp.learning.bank import Question
from webapp.learning.forms import LETTERS, QuestionText
from webapp.learning.words import DIFFICULTIES, KINDS, TOPICS
from webapp.papers.reading import Limits, Table, column_name, columns_of
from webapp.papers.writing import bare

LIMITS = Limits(rows=5_000, columns=40, letters=2_000)
# What the columns are called, in the order of the export; in a file they may stand in any order.
HEADS: dict[str, tuple[str, str]] = {
    "kind": ("题型", "kind"),
    "text_zh": ("题干", "question"),
    "text_en": ("题干（英文）", "question in english"),
    **{f"option_{c.lower()}": (f"选项{c}", f"option {c.lower()}") for c in LETTERS},
    **{f"option_{c.lower()}_en": (f"选项{c}（英文）", f"option {c.lower()} in english") for c in LETTERS},
    "answer": ("答案", "answer"),
    "explanation_zh": ("解析", "explanation"),
    "explanation_en": ("解析（英文）", "explanation in english"),
    "topic": ("主题", "topic"),
    "difficulty": ("难度", "difficulty"),
    "source": ("来源", "source"),
}
NEEDED = ("kind", "text_zh", "answer", "explanation_zh", "topic")


class Line(NamedTuple):
    """A good line: where it stands, its question, the column of its text, and its cells."""

    line: int
    text: QuestionText
    column: str
    cells: list[str]


class Fault(NamedTuple):
    """What is wrong with a line: the column's letter and name, a reason, another line or question it is about."""

    line: int
    column: str
    head: str
    reason: str
    other: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Lines:
    """What a table says: the names of its columns, its good lines and its faulty ones."""

    head: list[str]
    good: list[Line]
    faults: list[Fault]


def read_lines(table: Table, csv: bool = False) -> Lines:
    """Read every line; refuses a table without the columns a question needs. `csv`: guards before formulas come off."""
    columns = _columns(table)
    head = table.rows[0][1]
    good: list[Line] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for number, cells in table.rows[1:]:
        given = [bare(cell) for cell in cells] if csv else cells
        try:
            text = QuestionText.parse(_form(columns, given))
        except Invalid as wrong:
            faults += [_fault(number, columns, head, field, reason, given) for field, reason in wrong.fields.items()]
            continue
        first = seen.setdefault(text.fingerprint, number)
        if first != number:
            faults.append(_fault(number, columns, head, "text_zh", "twice_in_file", given, first))
        else:
            good.append(Line(number, text, column_name(columns["text_zh"]), list(given)))
    if not good and not faults:
        raise refuse("invalid", "table_empty", sheet=table.sheet or "1")
    return Lines(head, good, faults)


def heads() -> list[str]:
    """The first line of an export or of an empty table."""
    return [zh for zh, _ in HEADS.values()]


def rows(questions: Iterable[Question]) -> Iterable[list[str]]:
    """Questions as lines that `read_lines` takes again."""
    for each in questions:
        form = each.text.form()
        form |= {"kind": KINDS[each.text.kind][0], "topic": TOPICS[each.text.topic][0]}
        form |= {"difficulty": DIFFICULTIES[each.text.difficulty][0]}
        if each.text.kind == "truth":
            form = {name: value for name, value in form.items() if not name.startswith("option_")}
            form |= {"answer": "对" if each.text.answers == (0,) else "错"}
        yield [form.get(field, "") for field in HEADS]


def _columns(table: Table) -> dict[str, int]:
    found = columns_of(table, HEADS)
    missing = [HEADS[field][0] for field in NEEDED if field not in found]
    if missing:
        line = table.rows[0][0]
        raise refuse("invalid", "questions_columns", sheet=table.sheet or "1", line=line, missing="、".join(missing))
    return found


def _form(columns: dict[str, int], cells: Sequence[str]) -> dict[str, str]:
    """A line as the form of a question would send it."""
    form = {field: cells[at].strip() for field, at in columns.items() if at < len(cells)}
    for field, words in (("kind", KINDS), ("topic", TOPICS)):
        form[field] = next(
            (code for code, pair in words.items() if form.get(field) in (code, *pair)), form.get(field, "")
        )
    told = form.get("difficulty") or "1"
    form["difficulty"] = next((str(n) for n, pair in DIFFICULTIES.items() if told in pair), told)
    if form["kind"] == "truth":  # its two options are always the same
        form = {field: value for field, value in form.items() if not field.startswith("option_")}
    return form


def _fault(
    number: int, columns: dict[str, int], head: list[str], field: str, reason: str, cells: Sequence[str], other: int = 0
) -> Fault:
    at = columns.get(field)
    column = "" if at is None else column_name(at)
    return Fault(number, column, HEADS[field][0] if at is None else head[at], reason, other, list(cells))
