"""Tables of lists and requests: parts of units as a tree, lists of employees, requests to join, children's accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("green_unit", sa.Column("top_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "green_unit", sa.Column("needs_approval", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(op.f("ix_green_unit_top_id"), "green_unit", ["top_id"], unique=False)
    op.execute("UPDATE green_unit SET top_id = parent_id WHERE parent_id IS NOT NULL")
    _lists()
    op.create_table(
        "join_request",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("listed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tail", sa.String(length=4), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "unit_id", name=op.f("pk_join_request")),
    )
    op.create_index("ix_join_request_unit_id", "join_request", ["unit_id", "member_id"], unique=False)
    op.create_table(
        "child",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_child")),
    )
    op.create_index(op.f("ix_child_guardian_id"), "child", ["guardian_id"], unique=False)


def _lists() -> None:
    op.create_table(
        "roster_import",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=80), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=9), server_default="preview", nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("staged", sa.Text(), nullable=True),
        sa.Column("faults_sealed", sa.Text(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('listed', 'left')", name=op.f("ck_roster_import_mode")),
        sa.CheckConstraint("status IN ('preview', 'confirmed', 'dropped')", name=op.f("ck_roster_import_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_import")),
    )
    op.create_index("ix_roster_import_unit_id", "roster_import", ["unit_id", "id"], unique=False)
    op.create_table(
        "roster_entry",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ref_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("tail", sa.String(length=4), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('phone', 'number')", name=op.f("ck_roster_entry_kind")),
        sa.CheckConstraint("status IN ('invited', 'joined', 'declined', 'left')", name=op.f("ck_roster_entry_status")),
        sa.PrimaryKeyConstraint("unit_id", "ref_hash", name=op.f("pk_roster_entry")),
    )
    op.create_index(op.f("ix_roster_entry_ref_hash"), "roster_entry", ["ref_hash"], unique=False)
    op.create_index(op.f("ix_roster_entry_member_id"), "roster_entry", ["member_id"], unique=False)
