"""Tables of pledges: editions, signatures of people and of units."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pledge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("signers", sa.String(length=7), nullable=False),
        sa.Column("status", sa.String(length=6), server_default="draft", nullable=False),
        sa.Column("edition", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("signers IN ('members', 'units', 'both')", name=op.f("ck_pledge_signers")),
        sa.CheckConstraint("status IN ('draft', 'open', 'closed')", name=op.f("ck_pledge_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("slug", name=op.f("uq_pledge_slug")),
    )

    op.create_table(
        "pledge_edition",
        sa.Column("pledge_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), server_default="", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checksum", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_edition_pledge_id_pledge")),
        sa.PrimaryKeyConstraint("pledge_id", "edition", name=op.f("pk_pledge_edition")),
    )

    op.create_table(
        "pledge_signature",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_wall", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "pledge_id", "edition", name=op.f("pk_pledge_signature")),
        sa.UniqueConstraint("number", name=op.f("uq_pledge_signature_number")),
    )
    op.create_index(
        "ix_pledge_signature_wall", "pledge_signature", ["pledge_id", "on_wall", "signed_at", "member_id"], unique=False
    )

    op.create_table(
        "pledge_unit",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "pledge_id", "edition", name=op.f("pk_pledge_unit")),
        sa.UniqueConstraint("number", name=op.f("uq_pledge_unit_number")),
    )
    op.create_index("ix_pledge_unit_pledge", "pledge_unit", ["pledge_id", "edition", "signed_at"], unique=False)
