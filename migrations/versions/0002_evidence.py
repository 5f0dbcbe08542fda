"""Proofs beside photos, what a meter makes needless, and points owed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_debt()
    op.create_index("ix_activity_recorded_at", "activity", ["recorded_at"])
    op.create_table(
        "proof",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("natural", sa.String(80)),
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("verdict IN ('accept', 'review', 'reject')", name=op.f("ck_proof_verdict")),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_proof")),
        sa.UniqueConstraint("source", "natural", name=op.f("uq_proof_source_natural")),
    )
    op.create_index(
        "ix_proof_span",
        "proof",
        ["member_id", "ends_at"],
        sqlite_where=sa.text("ends_at IS NOT NULL"),
        postgresql_where=sa.text("ends_at IS NOT NULL"),
    )
    op.create_table(
        "displaced",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("behaviour", sa.String(24), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.PrimaryKeyConstraint("member_id", "behaviour", name=op.f("pk_displaced")),
    )


def _add_debt() -> None:
    if op.get_bind().dialect.name == "sqlite":  # which adds a constraint only together with its column
        op.execute(
            "ALTER TABLE wallet ADD COLUMN debt BIGINT DEFAULT 0 NOT NULL "
            "CONSTRAINT ck_wallet_debt_covered CHECK (debt >= 0)"
        )
        return
    op.add_column("wallet", sa.Column("debt", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_wallet_debt_covered"), "wallet", "debt >= 0")
