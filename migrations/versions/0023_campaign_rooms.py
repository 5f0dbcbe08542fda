"""Campaigns: archiving, funds, further kinds of task, teams' sums and badges."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# What changes in the old tables: columns that come at the end, and the lists of words that grow.
NEW = {
    "campaign": [
        sa.Column("fund_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("badge_zh", sa.String(length=20), server_default="", nullable=False),
        sa.Column("badge_en", sa.String(length=40), server_default="", nullable=False),
        sa.Column("badge_icon", sa.String(length=24), server_default="", nullable=False),
    ],
    "campaign_task": [
        sa.Column("rule", sa.Text(), server_default="{}", nullable=False),
        sa.Column("badge_zh", sa.String(length=20), server_default="", nullable=False),
        sa.Column("badge_en", sa.String(length=40), server_default="", nullable=False),
        sa.Column("badge_icon", sa.String(length=24), server_default="", nullable=False),
        sa.Column("looked_until", sa.DateTime(timezone=True), nullable=True),
    ],
    "campaign_bonus": [sa.Column("rank", sa.BigInteger(), server_default="0", nullable=False)],
}
CHECKS = {
    "campaign": ("status", "status IN ('draft', 'scheduled', 'open', 'closed', 'settled', 'archived')"),
    "campaign_task": (
        "kind",
        "kind IN ('log', 'days', 'grams', 'amount', 'streak', 'quiz', 'pledge', 'team', 'scan', 'session')",
    ),
    "campaign_bonus": ("status", "status IN ('paid', 'returned', 'kept', 'dry', 'due', 'frozen')"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _anew("campaign", _campaign, ["ix_campaign_status"])
        _anew("campaign_task", _campaign_task, ["ix_campaign_task_campaign_id"])
        _anew("campaign_bonus", _campaign_bonus, [])
    else:
        for table, columns in NEW.items():
            for column in columns:
                op.add_column(table, column)
            name, words = CHECKS[table]
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
            if table == "campaign_task":
                op.alter_column(table, "kind", type_=sa.String(length=8))
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, words)
        op.create_index("ix_campaign_bonus_campaign", "campaign_bonus", ["campaign_id", "status", "rank"])
    op.execute("UPDATE campaign SET settled_at = ends_at WHERE status = 'settled'")
    _new_tables()


def _anew(table: str, create: Callable[[], None], indexes: list[str]) -> None:
    """SQLite cannot change a CHECK: the table is written again under its name and its rows moved over."""
    for index in indexes:
        op.drop_index(index, table)
    op.rename_table(table, f"{table}_before")
    create()
    columns = ", ".join(c["name"] for c in sa.inspect(op.get_bind()).get_columns(f"{table}_before"))
    op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_before")  # noqa: S608 - our own names
    op.drop_table(f"{table}_before")


def _campaign() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("summary_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("summary_en", sa.Text(), server_default="", nullable=False),
        sa.Column("body_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("body_en", sa.Text(), server_default="", nullable=False),
        sa.Column("theme_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("theme_en", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Integer(), server_default="100", nullable=False),
        sa.Column("bonus_budget", sa.BigInteger(), nullable=True),
        sa.Column("bonus_spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=9), server_default="draft", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fund_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("badge_zh", sa.String(length=20), server_default="", nullable=False),
        sa.Column("badge_en", sa.String(length=40), server_default="", nullable=False),
        sa.Column("badge_icon", sa.String(length=24), server_default="", nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'scheduled', 'open', 'closed', 'settled', 'archived')", name=op.f("ck_campaign_status")
        ),
        sa.CheckConstraint(
            "bonus_spent >= 0 AND (bonus_budget IS NULL OR bonus_spent <= bonus_budget)",
            name=op.f("ck_campaign_budget"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_campaign_window")),
        sa.CheckConstraint("multiplier BETWEEN 100 AND 500", name=op.f("ck_campaign_multiplier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("slug", name=op.f("uq_campaign_slug")),
    )
    op.create_index("ix_campaign_status", "campaign", ["status", "ends_at"], unique=False)


def _campaign_task() -> None:
    op.create_table(
        "campaign_task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("behaviours", sa.Text(), nullable=False),
        sa.Column("domains", sa.Text(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("reward_points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_en", sa.Text(), server_default="", nullable=False),
        sa.Column("sort", sa.Integer(), server_default="100", nullable=False),
        sa.Column("rule", sa.Text(), server_default="{}", nullable=False),
        sa.Column("badge_zh", sa.String(length=20), server_default="", nullable=False),
        sa.Column("badge_en", sa.String(length=40), server_default="", nullable=False),
        sa.Column("badge_icon", sa.String(length=24), server_default="", nullable=False),
        sa.Column("looked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('log', 'days', 'grams', 'amount', 'streak', 'quiz', 'pledge', 'team', 'scan', 'session')",
            name=op.f("ck_campaign_task_kind"),
        ),
        sa.CheckConstraint("reward_points >= 0", name=op.f("ck_campaign_task_reward_not_negative")),
        sa.CheckConstraint("target > 0", name=op.f("ck_campaign_task_target_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_task")),
    )
    op.create_index(op.f("ix_campaign_task_campaign_id"), "campaign_task", ["campaign_id"], unique=False)


def _campaign_bonus() -> None:
    op.create_table(
        "campaign_bonus",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "status IN ('paid', 'returned', 'kept', 'dry', 'due', 'frozen')", name=op.f("ck_campaign_bonus_status")
        ),
        sa.CheckConstraint("points > 0", name=op.f("ck_campaign_bonus_points_positive")),
        sa.PrimaryKeyConstraint("member_id", "campaign_id", "cause", name=op.f("pk_campaign_bonus")),
    )
    op.create_index("ix_campaign_bonus_campaign", "campaign_bonus", ["campaign_id", "status", "rank"], unique=False)


def _new_tables() -> None:
    op.create_table(
        "campaign_share",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_campaign_share_amount_not_negative")),
        sa.PrimaryKeyConstraint("member_id", "task_id", "unit_id", name=op.f("pk_campaign_share")),
    )
    op.create_index("ix_campaign_share_task", "campaign_share", ["task_id", "unit_id"], unique=False)
    op.create_table(
        "campaign_team",
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("total >= 0", name=op.f("ck_campaign_team_total_not_negative")),
        sa.PrimaryKeyConstraint("task_id", "unit_id", name=op.f("pk_campaign_team")),
    )
    op.create_table(
        "campaign_badge",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name_zh", sa.String(length=20), nullable=False),
        sa.Column("name_en", sa.String(length=40), nullable=False),
        sa.Column("icon", sa.String(length=24), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "campaign_id", "task_id", name=op.f("pk_campaign_badge")),
    )
    op.create_index("ix_campaign_badge_given", "campaign_badge", ["campaign_id", "task_id"], unique=False)
