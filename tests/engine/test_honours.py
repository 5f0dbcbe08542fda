"""Honours: criteria judged against what is known, records that say the same again, and a book of honours without gaps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from points_engine.honours import (
    MET,
    NO_DATA,
    NOT_MET,
    SUBJECTS,
    Criterion,
    Figure,
    checksum,
    evaluate,
    faults,
    honours,
    judge,
    measures,
    measures_for,
    read_record,
    record,
)

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("measure", "threshold", "value", "state"),
    [
        ("grams", 100, 100_000, MET),
        ("grams", 100, 99_999, NOT_MET),
        ("per_head", 5, 5_000, MET),
        ("per_head", 5, 4_999, NOT_MET),
        ("participation", 60, 60_000, MET),
        ("participation", 60, 59_999, NOT_MET),
        ("improvement", 103, 103_000, MET),
        ("improvement", 103, 102_999, NOT_MET),
        ("months_active", 8, 8, MET),
        ("months_active", 8, 7, NOT_MET),
        ("people", 20, 20, MET),
        ("people", 20, 19, NOT_MET),
        ("place", 10, 10, MET),
        ("place", 10, 11, NOT_MET),
        ("energy_target", 0, 1, MET),
        ("energy_target", 0, 0, NOT_MET),
        ("pledge", 0, 1, MET),
        ("pledge", 0, 0, NOT_MET),
        ("no_breach", 0, 1, MET),
        ("no_breach", 0, 0, NOT_MET),
    ],
)
def test_a_threshold_is_met_at_the_threshold(measure: str, threshold: int, value: int, state: str) -> None:
    found = judge(Criterion(measure, threshold, "x"), Figure(value, "ledger"))
    assert (found.state, found.value, found.source, found.why) == (state, value, "ledger", "")


def test_what_is_not_known_is_no_data_and_not_met() -> None:
    assert judge(Criterion("grams", 1), None).state == NO_DATA
    few = judge(Criterion("grams", 1), Figure(None, "ledger", "few"))
    assert (few.state, few.why, few.value) == (NO_DATA, "few", None)
    assert judge(Criterion("place", 10, "b"), Figure(None, "board", "not_on_board")).state == NOT_MET
    assert judge(Criterion("place", 10, "b"), Figure(None, "board", "no_board")).state == NO_DATA


def test_all_must_be_met() -> None:
    both = (Criterion("grams", 1), Criterion("pledge", 0, "p"))
    good = {"grams": Figure(1000, "ledger"), "pledge": Figure(1, "pledge:p")}
    assert evaluate(both, good, AT).eligible
    assert not evaluate(both, good | {"pledge": Figure(0, "pledge:p")}, AT).eligible
    assert not evaluate(both, {"grams": Figure(1000, "ledger")}, AT).eligible
    assert evaluate(both, {"grams": Figure(1000, "ledger")}, AT).met == 1
    assert not evaluate((), good, AT).eligible


def test_a_record_gives_the_evaluation_back_and_always_the_same_text() -> None:
    found = evaluate(honours()["green_talent"].criteria, {"grams": Figure(150_000, "ledger")}, AT)
    text = record("green_talent", 2026, found)
    assert read_record(text) == found
    assert record("green_talent", 2026, read_record(text)) == text
    assert checksum(text) == checksum(text) and len(checksum(text)) == 64
    assert checksum(text) != checksum(text.replace("150000", "150001"))


def test_the_book_of_honours_holds_together() -> None:
    assert {each.subject for each in honours().values()} == set(SUBJECTS)
    for each in honours().values():
        assert faults(each.subject, each.criteria) == {}, each.code
        assert each.zh and each.en
    for measure in measures().values():
        assert set(measure.subjects) <= set(SUBJECTS) and measure.zh and measure.en
        assert measure.better == ("yes" if not measure.counts else "less" if measure.code == "place" else "more")
    assert "participation" not in {m.code for m in measures_for("family")}


def test_criteria_that_cannot_be_are_refused() -> None:
    assert faults("family", []) == {"criteria": "required"}
    assert faults("family", [Criterion("participation", 50)]) == {"criteria": "not_a_choice"}
    assert faults("member", [Criterion("grams", 0)]) == {"threshold_grams": "out_of_bounds"}
    assert faults("member", [Criterion("months_active", 13)]) == {"threshold_months_active": "out_of_bounds"}
    assert faults("member", [Criterion("pledge")]) == {"param_pledge": "required"}
