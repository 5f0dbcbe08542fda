"""The question bank: files in whole or not at all, faults by line and column, out and in again, versions, formulas."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from sqlalchemy import func, select

from points_engine.errors import EngineError, Invalid
from tests.people import make_member
from tests.rooms.learners import fill, question
from webapp.learning import bank, bank_lines, importing
from webapp.learning.forms import QuestionText
from webapp.learning.tables import question as question_table
from webapp.learning.tables import question_import, question_version
from webapp.papers.reading import read_table
from webapp.papers.writing import Table, csv_text, xlsx

HEAD = ["题型", "题干", "选项A", "选项B", "选项C", "答案", "解析", "主题", "难度"]
GOOD = ["单选", "一度电是多少？", "1千瓦时", "1千瓦", "1焦耳", "A", "按定义", "节能用电", "易"]


def lines(rows: list[list[str]], form: str = "xlsx", head: list[str] = HEAD) -> bank_lines.Lines:
    """Rows as somebody's file brings them."""
    data = csv_text(head, rows).encode() if form == "csv" else xlsx([Table("题库", head, rows)])
    return bank_lines.read_lines(read_table(f"q.{form}", io.BytesIO(data), bank_lines.LIMITS), csv=form == "csv")


def stage(house: Any, found: bank_lines.Lines) -> int:
    return int(house.store.retrying(lambda tx: importing.stage(tx, 0, "q.xlsx", found, house.clock.now())))


def confirm(house: Any, made: int) -> dict[str, int]:
    return dict(house.store.retrying(lambda tx: importing.confirm(tx, 0, made, house.clock.now())))


def refused(code: str, call: Any) -> None:
    with pytest.raises(EngineError) as error:
        call()
    assert error.value.code == code


def size(house: Any) -> int:
    with house.store.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(question_table)))


def test_one_faulty_line_keeps_everything_out_until_it_is_corrected(house: Any) -> None:
    wrong = ["多选", "哪些能省电？", "关灯", "开窗", "", "A", "", "不知道", "易"]
    made = stage(house, lines([GOOD, wrong]))
    with house.store.read() as tx:
        row = importing.one(tx, made)
        head, faults = importing.faults_of(row)
    assert head == HEAD and row.counts == {"rows": 2, "new": 1, "same": 0, "faults": 1}
    told = {(f.line, f.column, f.head, f.reason) for f in faults}
    assert told == {(3, "F", "答案", "several_answers"), (3, "G", "解析", "required"), (3, "H", "主题", "not_a_choice")}
    refused("questions_faulty", lambda: confirm(house, made))
    assert size(house) == 0
    right = ["多选", "哪些能省电？", "关灯", "开窗", "拔插头", "AC", "少用就是省", "节能用电", "中"]
    again = stage(house, lines([GOOD, right]))
    assert confirm(house, again) == confirm(house, again) and size(house) == 2, "a second tap changes nothing"
    refused("list_dropped", lambda: confirm(house, made))


def test_doubles_are_found_in_the_file_and_in_the_bank(house: Any) -> None:
    twice = [*GOOD[:1], " 一度电是多少 ", *GOOD[2:]]
    faults = lines([GOOD, twice]).faults
    assert [(f.line, f.column, f.reason, f.other) for f in faults] == [(3, "B", "twice_in_file", 2)]
    confirm(house, stage(house, lines([GOOD])))
    other = [*GOOD[:5], "B", *GOOD[6:]]
    for row, counts in ((GOOD, (0, 1, 0)), (other, (0, 0, 1))):
        made = stage(house, lines([row]))
        with house.store.read() as tx:
            found = importing.one(tx, made)
            _, faults = importing.faults_of(found)
        assert (found.counts["new"], found.counts["same"], found.counts["faults"]) == counts
        assert [(f.column, f.reason) for f in faults] == ([("B", "question_differs")] if counts[2] else [])


def test_the_bank_may_change_between_preview_and_confirmation(house: Any) -> None:
    made = stage(house, lines([GOOD]))
    with house.store.write() as tx:
        bank.insert_many(tx, 0, [lines([GOOD]).good[0].text], house.clock.now())
    refused("bank_changed", lambda: confirm(house, made))
    assert size(house) == 1


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_goes_out_comes_in_again(house: Any, form: str) -> None:
    nasty = ("=1+1", "+cmd", "@SUM(A1)", "-2℃")
    options = tuple((zh, zh) for zh in nasty)
    texts = [
        QuestionText("multiple", "water", 3, f"{c}哪些{n}？", "=x", options, (0, 3), "=因为", "", "-")
        for n, c in enumerate(nasty)
    ]
    texts += [question(1, kind="truth"), question(2), question(3, "waste", "multiple")]
    with house.store.write() as tx:
        bank.insert_many(tx, 0, texts, house.clock.now())
    with house.store.read() as tx:
        rows = [list(row) for row in bank_lines.rows(bank.everything(tx))]
    back = lines(rows, form, bank_lines.heads())
    assert back.faults == [] and [line.text for line in back.good] == texts
    if form == "csv":
        cells = [cell for line in csv_text(bank_lines.heads(), rows).splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "-", "@"))]
    made = stage(house, back)
    with house.store.read() as tx:
        assert importing.one(tx, made).counts == {"rows": 7, "new": 0, "same": 7, "faults": 0}


def test_a_table_without_its_columns_is_refused_in_words() -> None:
    with pytest.raises(EngineError) as error:
        lines([GOOD[1:]], head=HEAD[1:])
    assert error.value.code == "questions_columns" and error.value.facts["missing"] == "题型"
    with pytest.raises(EngineError) as error:
        lines([GOOD], head=[*HEAD[:2], "option a", *HEAD[2:3], *HEAD[4:]])
    assert error.value.code == "table_column_twice"
    assert lines(
        [GOOD], head=["Kind", "QUESTION", "Option A", "option b", "选项 c", "answer", "Explanation", "topic", "难度"]
    ).good


def test_formulas_and_merged_cells_never_come_in() -> None:
    import xlsxwriter

    for spoil, code in (
        (lambda sheet: sheet.write_formula(1, 2, "=1+1"), "table_formula"),
        (lambda sheet: sheet.merge_range(1, 2, 1, 3, "两格"), "table_merged"),
    ):
        out = io.BytesIO()
        with xlsxwriter.Workbook(out) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, HEAD)
            sheet.write_row(1, 0, GOOD)
            spoil(sheet)
        data = out.getvalue()
        refused(code, lambda data=data: read_table("q.xlsx", io.BytesIO(data), bank_lines.LIMITS))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"option_b": ""}, ("option_b", "required")),
        ({"option_b": "", "option_c": "丙"}, ("option_c", "option_gap")),
        ({"option_b": "甲"}, ("option_b", "option_twice")),
        ({"answer": "AB"}, ("answer", "one_answer")),
        ({"answer": "D"}, ("answer", "answer_without_option")),
        ({"answer": "X"}, ("answer", "answer_letters")),
        ({"answer": ""}, ("answer", "required")),
        ({"kind": "multiple"}, ("answer", "several_answers")),
        ({"difficulty": "9"}, ("difficulty", "out_of_bounds")),
        ({"explanation_zh": ""}, ("explanation_zh", "required")),
        ({"text_zh": "长" * 501}, ("text_zh", "too_long")),
    ],
)
def test_what_is_wrong_with_a_question_is_said(change: dict[str, str], fault: tuple[str, str]) -> None:
    form = {
        "kind": "single", "topic": "energy", "difficulty": "1", "text_zh": "问？", "option_a": "甲", "option_b": "乙",
        "answer": "Ａ", "explanation_zh": "因为",
    }  # fmt: skip
    assert QuestionText.parse(form).answers == (0,)
    with pytest.raises(Invalid) as error:
        QuestionText.parse(form | change)
    assert fault in error.value.fields.items()


def test_a_withdrawn_question_comes_back_only_alone(house: Any) -> None:
    first = fill(house, energy=1)[0]
    now = house.clock.now()
    with house.store.write() as tx, pytest.raises(Invalid):
        bank.add(tx, 0, question(0), now)
    with house.store.write() as tx:
        bank.set_in_use(tx, 0, first, False, now)
        second = bank.add(tx, 0, question(0), now)
    with house.store.write() as tx, pytest.raises(Invalid):
        bank.set_in_use(tx, 0, first, True, now)
    with house.store.write() as tx:
        bank.set_in_use(tx, 0, second, False, now)
        bank.set_in_use(tx, 0, first, True, now)
        assert bank.counts(tx) == {"energy": 1}


def test_two_thousand_questions_are_one_commit(house: Any, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[*GOOD[:1], f"第{n}题是什么？", *GOOD[2:]] for n in range(2000)]
    began = time.perf_counter()
    found = lines(rows)
    read = time.perf_counter()
    made = stage(house, found)
    staged = time.perf_counter()
    assert confirm(house, made)["new"] == 2000
    done = time.perf_counter()
    with house.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(question_version)) == 2000
    with capsys.disabled():
        print(f" 2,000 questions on {house.store.dialect}: read {read - began:.2f} s, preview {staged - read:.2f} s, confirm {done - staged:.2f} s")  # fmt: skip


def test_a_preview_is_dropped_after_a_day(house: Any) -> None:
    made = stage(house, lines([GOOD]))
    house.clock.advance(days=1)
    with house.store.write() as tx:
        assert importing.sweep(tx, house.clock.now()) == 1
        row = tx.row(select(question_import).where(question_import.c.id == made))
    assert row is not None and (row.status, row.staged) == ("dropped", None)


def test_the_desk_takes_a_file_and_says_what_is_wrong(house: Any, client: Any) -> None:
    make_member(house, "ed", "editor").sign_in(client)
    bad = {"file": (io.BytesIO("题型,题干\n单选,啊\n".encode()), "q.csv")}
    answer = client.post("/console/questions/import", data=bad)
    assert answer.status_code == 400 and "缺少这些列：答案、解析、主题" in answer.text
    assert client.post("/console/questions/import", data={}).status_code == 400
    text = csv_text(HEAD, [GOOD, ["单选", "空", "", "", "", "A", "因", "节能用电", ""]])
    sent = {"file": (io.BytesIO(text.encode()), "q.csv")}
    page = client.post("/console/questions/import", data=sent, follow_redirects=True).text
    assert "选项A" in page and "请填写" in page and "确认入库" not in page
    told = read_table("f.xlsx", io.BytesIO(client.get("/console/questions/import/1/faults").data))
    assert told.rows[0][1][-3:] == ["原行号", "列", "问题"] and told.rows[1][1][-3] == "3"
    kept = client.post("/console/questions/new", data={"kind": "single", "text_zh": "写了一半"})
    assert kept.status_code == 400 and "写了一半" in kept.text
