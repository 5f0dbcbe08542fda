"""Tables of company challenges, and staff's word on working days."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workday_override",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=60), server_default="", nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_workday_override")),
    )
    op.create_table(
        "challenge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("preset", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=200), server_default="", nullable=False),
        sa.Column("display_name", sa.String(length=24), nullable=False),
        sa.Column("colour", sa.String(length=6), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.String(length=11), nullable=False),
        sa.Column("departments", sa.Text(), nullable=False),
        sa.Column("behaviours", sa.Text(), nullable=False),
        sa.Column("fund_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=9), server_default="draft", nullable=False),
        sa.Column("standing", sa.Text(), nullable=True),
        sa.Column("standing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("audience IN ('all', 'departments', 'invited')", name=op.f("ck_challenge_audience")),
        sa.CheckConstraint(
            "status IN ('draft', 'scheduled', 'open', 'closed', 'settled', 'archived')",
            name=op.f("ck_challenge_status"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_challenge_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
    )
    op.create_index("ix_challenge_status", "challenge", ["status", "ends_at"], unique=False)
    op.create_index("ix_challenge_unit", "challenge", ["unit_id", "id"], unique=False)
    op.create_table(
        "challenge_task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("challenge_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(length=6), nullable=False),
        sa.Column("goal", sa.String(length=9), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("reward_points", sa.BigInteger(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.CheckConstraint("scope IN ('person', 'team', 'all')", name=op.f("ck_challenge_task_scope")),
        sa.CheckConstraint("reward_points >= 0", name=op.f("ck_challenge_task_reward_not_negative")),
        sa.CheckConstraint("target > 0", name=op.f("ck_challenge_task_target_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge_task")),
    )
    op.create_index(op.f("ix_challenge_task_challenge_id"), "challenge_task", ["challenge_id"], unique=False)
    op.create_table(
        "challenge_invite",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("challenge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "challenge_id", name=op.f("pk_challenge_invite")),
    )
    op.create_index("ix_challenge_invite_challenge", "challenge_invite", ["challenge_id", "member_id"], unique=False)
    op.create_table(
        "challenge_join",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("challenge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name=op.f("ck_challenge_join_dates")),
        sa.PrimaryKeyConstraint("member_id", "challenge_id", "number", name=op.f("pk_challenge_join")),
    )
    op.create_index("ix_challenge_join_challenge", "challenge_join", ["challenge_id", "member_id"], unique=False)
    op.create_index(
        "uq_challenge_join_open",
        "challenge_join",
        ["member_id", "challenge_id"],
        unique=True,
        sqlite_where=sa.text("left_on IS NULL"),
        postgresql_where=sa.text("left_on IS NULL"),
    )
    op.create_table(
        "challenge_award",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("challenge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=6), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('due', 'paid', 'dry', 'frozen', 'honour')", name=op.f("ck_challenge_award_status")
        ),
        sa.CheckConstraint("points >= 0", name=op.f("ck_challenge_award_points_not_negative")),
        sa.PrimaryKeyConstraint("member_id", "challenge_id", "task_id", name=op.f("pk_challenge_award")),
    )
    op.create_index("ix_challenge_award_challenge", "challenge_award", ["challenge_id", "status", "rank"], unique=False)
    op.create_table(
        "challenge_certificate",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("challenge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "challenge_id", name=op.f("pk_challenge_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_challenge_certificate_number")),
    )
    op.create_table(
        "challenge_kudos",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("challenge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("word", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "challenge_id", "day", "team_id", name=op.f("pk_challenge_kudos")),
    )
    op.create_index("ix_challenge_kudos_challenge", "challenge_kudos", ["challenge_id", "team_id"], unique=False)
