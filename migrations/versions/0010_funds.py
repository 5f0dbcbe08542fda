"""Tables of prepaid funds: balances of funders and their movements."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'park') = (owner_id IS NULL)", name=op.f("ck_fund_owner")),
        sa.CheckConstraint("kind IN ('park', 'unit', 'merchant')", name=op.f("ck_fund_kind")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_fund_covered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
    )
    op.create_index("ix_fund_owner", "fund", ["kind", "owner_id"], unique=False)
    op.create_table(
        "fund_transfer",
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("code IN ('deposit', 'draw', 'refund', 'withdrawal')", name=op.f("ck_fund_transfer_code")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_fund_transfer_amount_positive")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_fund_transfer_covered")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_transfer_fund_id_fund")),
        sa.PrimaryKeyConstraint("fund_id", "seq", name=op.f("pk_fund_transfer")),
        sa.UniqueConstraint("fund_id", "key", name=op.f("uq_fund_transfer_fund_id_key")),
    )
    _append_only()


def _append_only() -> None:
    """The database itself refuses to change or delete a movement."""
    said = "movements of funds are never changed"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            sa.DDL(
                "\nCREATE OR REPLACE FUNCTION fund_transfer_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\n"
                f"BEGIN RAISE EXCEPTION '{said}'; END $$\n"
            )
        )
        op.execute(
            sa.DDL(
                "\nCREATE TRIGGER fund_transfer_append_only BEFORE UPDATE OR DELETE ON fund_transfer\n"
                "FOR EACH ROW EXECUTE FUNCTION fund_transfer_append_only()\n"
            )
        )
        return
    for verb in ("update", "delete"):
        op.execute(
            sa.DDL(
                f"\nCREATE TRIGGER fund_transfer_no_{verb} BEFORE {verb.upper()} ON fund_transfer\n"
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END\n"
            )
        )
