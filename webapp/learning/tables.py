"""Tables of learning: lessons and who finished them, questions in versions, quizzes and attempts, sessions and who signed up."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from webapp.store import BigId, JsonText, UtcDateTime, metadata

lesson = Table(
    "lesson",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("topic", String(12), nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("body_zh", Text, nullable=False),
    Column("body_en", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    # Reading time, worked out from the text when it is written, so that lists need no bodies.
    Column("seconds_zh", Integer, nullable=False),
    Column("seconds_en", Integer, nullable=False),
    Column("status", String(9), nullable=False, server_default="draft"),
    Column("author_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime),
    CheckConstraint("status IN ('draft', 'published', 'withdrawn')", name="status"),
)
Index("ix_lesson_status", lesson.c.status, lesson.c.topic, lesson.c.id)

# Only that a lesson was finished; when it was opened is in the page, signed, and kept nowhere.
lesson_read = Table(
    "lesson_read",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("lesson_id", BigInteger, primary_key=True, autoincrement=False),
    Column("read_at", UtcDateTime, nullable=False),
)

question = Table(
    "question",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    # The version that is drawn now, and what drawing asks of it.
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("topic", String(12), nullable=False),
    Column("difficulty", Integer, nullable=False),
    Column("status", String(9), nullable=False, server_default="active"),
    # SHA-256 of the Chinese text without blanks and punctuation: two questions of one text are one.
    Column("fingerprint", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("status IN ('active', 'withdrawn')", name="status"),
)
Index("ix_question_topic", question.c.status, question.c.topic, question.c.id)
Index(
    "uq_question_fingerprint",
    question.c.fingerprint,
    unique=True,
    sqlite_where=text("status = 'active'"),
    postgresql_where=text("status = 'active'"),
)

# A version is never changed: an old attempt shows the question as it was.
question_version = Table(
    "question_version",
    metadata,
    Column("question_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
    Column("topic", String(12), nullable=False),
    Column("difficulty", Integer, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("text_en", Text, nullable=False, server_default=""),
    # [["中文", "English"], …] in the order of writing; answers are places in it, from 0.
    Column("options", JsonText, nullable=False),
    Column("answers", JsonText, nullable=False),
    Column("explanation_zh", Text, nullable=False, server_default=""),
    Column("explanation_en", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("author_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('single', 'multiple', 'truth')", name="kind"),
    CheckConstraint("difficulty BETWEEN 1 AND 3", name="difficulty"),
)

question_import = Table(
    "question_import",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("actor_id", BigInteger, nullable=False),
    Column("file_name", String(80), nullable=False),
    Column("status", String(9), nullable=False, server_default="preview"),
    Column("counts", JsonText, nullable=False),
    # Good lines to be confirmed and faulty ones; both go when it is confirmed, dropped or a day old.
    Column("staged", JsonText),
    Column("faults", JsonText),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    CheckConstraint("status IN ('preview', 'confirmed', 'dropped')", name="status"),
)

quiz = Table(
    "quiz",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("intro_zh", Text, nullable=False, server_default=""),
    Column("intro_en", Text, nullable=False, server_default=""),
    Column("topics", JsonText, nullable=False),  # empty: every topic
    Column("questions", Integer, nullable=False),
    # "percent" of the questions, or a "count" of right answers.
    Column("mark_kind", String(7), nullable=False),
    Column("mark", Integer, nullable=False),
    Column("minutes", Integer),  # empty: no limit but the day's
    Column("explain", String(4), nullable=False),  # after each answer, or at the end
    Column("status", String(6), nullable=False, server_default="draft"),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("questions BETWEEN 1 AND 100", name="questions"),
    CheckConstraint("mark_kind IN ('percent', 'count')", name="mark_kind"),
    CheckConstraint("mark BETWEEN 1 AND 100", name="mark"),
    CheckConstraint("minutes IS NULL OR minutes BETWEEN 1 AND 180", name="minutes"),
    CheckConstraint("explain IN ('each', 'end')", name="explain"),
    CheckConstraint("status IN ('draft', 'open', 'closed')", name="status"),
)

quiz_attempt = Table(
    "quiz_attempt",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(32), primary_key=True),
    Column("quiz_id", BigInteger, nullable=False),
    # The day whose one scored attempt this is; empty for practice.
    Column("scored_on", Date),
    Column("seed", String(32), nullable=False),
    # [[question, version, [order of its options]], …] as it was drawn.
    Column("drawn", JsonText, nullable=False),
    Column("explain", String(4), nullable=False),
    Column("needed", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("correct", Integer),
    Column("passed", Boolean),
    UniqueConstraint("member_id", "quiz_id", "scored_on", name="uq_quiz_attempt_day"),
    CheckConstraint("(finished_at IS NULL) = (correct IS NULL)", name="finished"),
    CheckConstraint("(correct IS NULL) = (passed IS NULL)", name="judged"),
)
Index(
    "ix_quiz_attempt_open",
    quiz_attempt.c.ends_at,
    sqlite_where=text("finished_at IS NULL"),
    postgresql_where=text("finished_at IS NULL"),
)
Index("ix_quiz_attempt_quiz", quiz_attempt.c.quiz_id, quiz_attempt.c.scored_on)

quiz_answer = Table(
    "quiz_answer",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt_id", String(32), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("chosen", JsonText, nullable=False),
    Column("is_right", Boolean, nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
)

# A lecture or training; `session` is already somebody signed in.
training = Table(
    "training",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    # Who holds it: a unit, or the park when empty; and who may come.
    Column("unit_id", BigInteger),
    Column("audience", String(4), nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("body_zh", Text, nullable=False, server_default=""),
    Column("body_en", Text, nullable=False, server_default=""),
    Column("place_zh", String(80), nullable=False),
    Column("place_en", String(120), nullable=False, server_default=""),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False, server_default=text("0")),
    # The number of the next who signs up; the waiting list goes by it.
    Column("next_turn", BigInteger, nullable=False, server_default=text("1")),
    Column("screen_key", String(32), nullable=False),
    Column("status", String(9), nullable=False, server_default="open"),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("audience IN ('unit', 'park')", name="audience"),
    CheckConstraint("audience = 'park' OR unit_id IS NOT NULL", name="whose"),
    CheckConstraint("ends_at > starts_at", name="times"),
    CheckConstraint("capacity BETWEEN 1 AND 10000", name="capacity"),
    CheckConstraint("taken BETWEEN 0 AND capacity", name="seats"),
    CheckConstraint("status IN ('open', 'cancelled')", name="status"),
)
Index("ix_training_starts_at", training.c.starts_at, training.c.id)
Index("ix_training_unit_id", training.c.unit_id, training.c.id)

training_sign_up = Table(
    "training_sign_up",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("training_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(9), nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("attended_at", UtcDateTime),
    Column("attended_by", String(6)),  # the screen's code, or the organiser's hand
    CheckConstraint("state IN ('in', 'waiting', 'cancelled')", name="state"),
    CheckConstraint("attended_by IN ('screen', 'hand')", name="attended_by"),
    CheckConstraint("(attended_at IS NULL) = (attended_by IS NULL)", name="attended"),
)
Index("ix_training_sign_up_training", training_sign_up.c.training_id, training_sign_up.c.state, training_sign_up.c.turn)
