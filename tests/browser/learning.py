"""Example addresses of the pages of learning; part of tests.browser.pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Arguments = list[dict[str, Any]]


def _attempts(ask: Any) -> Arguments:
    """One under way and one done."""
    rows = ask.world.rows("SELECT * FROM quiz_attempt WHERE member_id = :me", me=ask.id)
    found = {row.finished_at is None: row for row in rows}
    return [{"quiz_id": row.quiz_id, "attempt_id": row.id} for row in found.values()]


def _park_sessions(ask: Any) -> Arguments:
    return list(ask.ids("SELECT id FROM training WHERE audience = 'park' ORDER BY id LIMIT 3", "training_id"))


def _my_sessions(ask: Any) -> Arguments:
    """For staff one of the park, for a unit's administrator one of the unit."""
    staff = ask.person is not None and ask.person.roles & {"editor", "administrator"}
    rows = ask.world.rows("SELECT id, unit_id FROM training ORDER BY id")
    return [{"training_id": row.id} for row in rows if staff or (ask.person and row.unit_id in ask.person.unit_ids)][:1]


def _asked(statement: str, name: str) -> Callable[[Any], Arguments]:
    return lambda ask: list(ask.ids(statement, name))


EXAMPLES: dict[str, Callable[[Any], Arguments]] = {
    "learning.show": _asked("SELECT id FROM lesson WHERE status = 'published' ORDER BY id LIMIT 2", "lesson_id"),
    "console_lessons.edit": _asked("SELECT min(id) FROM lesson GROUP BY status", "lesson_id"),
    "console_questions.edit": _asked("SELECT min(question_id) FROM question_version GROUP BY kind", "question_id"),
    "console_questions.show_import": _asked("SELECT id FROM question_import", "import_id"),
    "console_quizzes.edit": _asked("SELECT id FROM quiz ORDER BY id LIMIT 1", "quiz_id"),
    "quizzes.show": _asked("SELECT id FROM quiz ORDER BY id LIMIT 2", "quiz_id"),
    "quizzes.attempt": _attempts,
    "trainings.show": _park_sessions,
    "trainings.here": _park_sessions,
    "trainings.screen": lambda ask: [
        {"training_id": row.id, "key": row.screen_key}
        for row in ask.world.rows("SELECT id, screen_key FROM training ORDER BY id LIMIT 2")
    ],
    "training_desk.manage": _my_sessions,
    "training_desk.people": _my_sessions,
}
