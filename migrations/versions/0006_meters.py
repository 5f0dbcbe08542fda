"""Tables of meters."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _meters()
    _months()
    op.create_table(
        "temperature",
        sa.Column("station", sa.String(40), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("mean_milli", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("station", "period", name=op.f("pk_temperature")),
    )


def _meters() -> None:
    op.create_table(
        "meter",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger()),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("number_hash", sa.String(64), nullable=False),
        sa.Column("last4", sa.String(4), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("electric_heating", sa.Boolean(), nullable=False),
        sa.Column("by_usage", sa.Boolean(), nullable=False),
        sa.Column("register", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(member_id = 0) = (unit_id IS NOT NULL)", name=op.f("ck_meter_one_owner")),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_meter")),
    )
    is_open = sa.text("closed_on IS NULL")
    op.create_index(
        "uq_meter_bound", "meter", ["kind", "number_hash"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_meter_unit_id", "meter", ["unit_id"])
    due = sa.text("due")
    op.create_index("ix_meter_due", "meter", ["member_id", "id"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "reading",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("meter_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("register", sa.Integer(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("value_milli", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("support", sa.String(8), nullable=False),
        sa.Column("upload_id", sa.Uuid(as_uuid=False)),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value_milli >= 0", name=op.f("ck_reading_not_negative")),
        sa.CheckConstraint("support IN ('photo', 'file', 'none')", name=op.f("ck_reading_support")),
        sa.PrimaryKeyConstraint("member_id", "meter_id", "register", "read_on", name=op.f("pk_reading")),
        sa.UniqueConstraint("member_id", "upload_id", name=op.f("uq_reading_member_id_upload_id")),
    )


def _months() -> None:
    op.create_table(
        "month_use",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("meter_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("size", sa.String(1), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("use_milli", sa.BigInteger(), nullable=False),
        sa.Column("measured", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "meter_id", "month", name=op.f("pk_month_use")),
    )
    op.create_index("ix_month_use_peers", "month_use", ["month", "kind", "size"])
    op.create_table(
        "saving",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("meter_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("saved_milli", sa.BigInteger(), nullable=False),
        sa.Column("working", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Uuid(as_uuid=False)),
        sa.Column("refusal", sa.String(40), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("saved_milli >= 0", name=op.f("ck_saving_not_negative")),
        sa.PrimaryKeyConstraint("member_id", "meter_id", "month", name=op.f("pk_saving")),
    )
