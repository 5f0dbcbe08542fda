"""Tables of learning: lessons, questions, quizzes, attempts and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lesson",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("seconds_zh", sa.Integer(), nullable=False),
        sa.Column("seconds_en", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=9), server_default="draft", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('draft', 'published', 'withdrawn')", name=op.f("ck_lesson_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson")),
    )
    op.create_index("ix_lesson_status", "lesson", ["status", "topic", "id"], unique=False)

    op.create_table(
        "lesson_read",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lesson_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "lesson_id", name=op.f("pk_lesson_read")),
    )

    op.create_table(
        "question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("difficulty", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=9), server_default="active", nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'withdrawn')", name=op.f("ck_question_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index("ix_question_topic", "question", ["status", "topic", "id"], unique=False)
    op.create_index(
        "uq_question_fingerprint",
        "question",
        ["fingerprint"],
        unique=True,
        sqlite_where=sa.text("status = 'active'"),
        postgresql_where=sa.text("status = 'active'"),
    )

    op.create_table(
        "question_version",
        sa.Column("question_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("difficulty", sa.Integer(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), server_default="", nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("explanation_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("explanation_en", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('single', 'multiple', 'truth')", name=op.f("ck_question_version_kind")),
        sa.CheckConstraint("difficulty BETWEEN 1 AND 3", name=op.f("ck_question_version_difficulty")),
        sa.PrimaryKeyConstraint("question_id", "version", name=op.f("pk_question_version")),
    )

    op.create_table(
        "question_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=9), server_default="preview", nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("staged", sa.Text(), nullable=True),
        sa.Column("faults", sa.Text(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('preview', 'confirmed', 'dropped')", name=op.f("ck_question_import_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_import")),
    )

    op.create_table(
        "quiz",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("intro_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("intro_en", sa.Text(), server_default="", nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("mark_kind", sa.String(length=7), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("explain", sa.String(length=4), nullable=False),
        sa.Column("status", sa.String(length=6), server_default="draft", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("explain IN ('each', 'end')", name=op.f("ck_quiz_explain")),
        sa.CheckConstraint("mark_kind IN ('percent', 'count')", name=op.f("ck_quiz_mark_kind")),
        sa.CheckConstraint("status IN ('draft', 'open', 'closed')", name=op.f("ck_quiz_status")),
        sa.CheckConstraint("mark BETWEEN 1 AND 100", name=op.f("ck_quiz_mark")),
        sa.CheckConstraint("minutes IS NULL OR minutes BETWEEN 1 AND 180", name=op.f("ck_quiz_minutes")),
        sa.CheckConstraint("questions BETWEEN 1 AND 100", name=op.f("ck_quiz_questions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz")),
    )

    op.create_table(
        "quiz_attempt",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("quiz_id", sa.BigInteger(), nullable=False),
        sa.Column("scored_on", sa.Date(), nullable=True),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("drawn", sa.Text(), nullable=False),
        sa.Column("explain", sa.String(length=4), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correct", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.CheckConstraint("(correct IS NULL) = (passed IS NULL)", name=op.f("ck_quiz_attempt_judged")),
        sa.CheckConstraint("(finished_at IS NULL) = (correct IS NULL)", name=op.f("ck_quiz_attempt_finished")),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_quiz_attempt")),
        sa.UniqueConstraint("member_id", "quiz_id", "scored_on", name="uq_quiz_attempt_day"),
    )
    op.create_index(
        "ix_quiz_attempt_open",
        "quiz_attempt",
        ["ends_at"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_quiz_attempt_quiz", "quiz_attempt", ["quiz_id", "scored_on"], unique=False)

    op.create_table(
        "quiz_answer",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "attempt_id", "place", name=op.f("pk_quiz_answer")),
    )

    op.create_table(
        "training",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("audience", sa.String(length=4), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("body_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("body_en", sa.Text(), server_default="", nullable=False),
        sa.Column("place_zh", sa.String(length=80), nullable=False),
        sa.Column("place_en", sa.String(length=120), server_default="", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_turn", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("screen_key", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=9), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("audience = 'park' OR unit_id IS NOT NULL", name=op.f("ck_training_whose")),
        sa.CheckConstraint("audience IN ('unit', 'park')", name=op.f("ck_training_audience")),
        sa.CheckConstraint("status IN ('open', 'cancelled')", name=op.f("ck_training_status")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 10000", name=op.f("ck_training_capacity")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_training_times")),
        sa.CheckConstraint("taken BETWEEN 0 AND capacity", name=op.f("ck_training_seats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
    )
    op.create_index("ix_training_starts_at", "training", ["starts_at", "id"], unique=False)
    op.create_index("ix_training_unit_id", "training", ["unit_id", "id"], unique=False)

    op.create_table(
        "training_sign_up",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("training_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attended_by", sa.String(length=6), nullable=True),
        sa.CheckConstraint("attended_by IN ('screen', 'hand')", name=op.f("ck_training_sign_up_attended_by")),
        sa.CheckConstraint("state IN ('in', 'waiting', 'cancelled')", name=op.f("ck_training_sign_up_state")),
        sa.CheckConstraint("(attended_at IS NULL) = (attended_by IS NULL)", name=op.f("ck_training_sign_up_attended")),
        sa.PrimaryKeyConstraint("member_id", "training_id", name=op.f("pk_training_sign_up")),
    )
    op.create_index("ix_training_sign_up_training", "training_sign_up", ["training_id", "state", "turn"], unique=False)
