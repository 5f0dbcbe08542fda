"""E-mail beside the inbox: what members chose, what waits, and on which days something went."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_setting",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=8), server_default="none", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_mail", sa.String(length=60), server_default="", nullable=False),
        sa.Column("silent", sa.String(length=60), server_default="", nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), server_default=sa.text("(1260)"), nullable=False),
        sa.Column("quiet_until", sa.SmallInteger(), server_default=sa.text("(480)"), nullable=False),
        sa.CheckConstraint("state IN ('none', 'asked', 'on', 'bounced')", name=op.f("ck_mail_setting_state")),
        sa.CheckConstraint(
            "quiet_from BETWEEN 0 AND 1439 AND quiet_until BETWEEN 0 AND 1439", name=op.f("ck_mail_setting_quiet")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_mail_setting")),
    )

    op.create_table(
        "mail",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("formed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('formed', 'sending', 'sent', 'failed', 'unsure')", name=op.f("ck_mail_state")),
        sa.PrimaryKeyConstraint("member_id", "day", name=op.f("pk_mail")),
    )
    op.create_index("ix_mail_day", "mail", ["day"], unique=False)

    op.create_table(
        "mail_item",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("notice_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("announcement_id", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("member_id", "notice_id", "announcement_id", name=op.f("pk_mail_item")),
    )
    op.create_index(
        "ix_mail_item_waiting",
        "mail_item",
        ["member_id", "created_at"],
        unique=False,
        sqlite_where=sa.text("day IS NULL"),
        postgresql_where=sa.text("day IS NULL"),
    )
