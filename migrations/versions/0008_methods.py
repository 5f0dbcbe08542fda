"""Tables of methods."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIXED = {
    "sqlite": (
        "\nCREATE TRIGGER method_version_no_update BEFORE UPDATE ON method_version\nBEGIN SELECT RAISE(ABORT, 'approved methods are never changed'); END\n",
        "\nCREATE TRIGGER method_version_no_delete BEFORE DELETE ON method_version\nBEGIN SELECT RAISE(ABORT, 'approved methods are never changed'); END\n",
    ),
    "postgresql": (
        "\nCREATE OR REPLACE FUNCTION method_version_fixed() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION 'approved methods are never changed'; END $$\n",
        "\nCREATE TRIGGER method_version_fixed BEFORE UPDATE OR DELETE ON method_version\nFOR EACH ROW EXECUTE FUNCTION method_version_fixed()\n",
    ),
}


def upgrade() -> None:
    op.create_table(
        "method_draft",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("behaviour", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("hands", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'approved', 'withdrawn')", name=op.f("ck_method_draft_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_draft")),
    )
    op.create_table(
        "method_version",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("draft_id", sa.BigInteger(), nullable=False),
        sa.Column("behaviour", sa.String(length=24), nullable=False),
        sa.Column("version", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_version")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_method_version_draft_id")),
    )
    op.create_table(
        "method_stamp",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_stamp")),
    )
    op.create_table(
        "what_if",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("draft_id", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("acts", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_what_if_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_what_if")),
    )
    with op.batch_alter_table("what_if", schema=None) as batch_op:
        batch_op.create_index("ix_what_if_draft_id", ["draft_id"], unique=False)
    op.create_table(
        "what_if_row",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("behaviour", sa.String(length=24), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("members", "acts", "changed", "credited_g", "old_g", "new_g", "old_p", "new_p")
        ),
        sa.PrimaryKeyConstraint("run_id", "behaviour", "unit_id", name=op.f("pk_what_if_row")),
    )
    for statement in FIXED[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement))


def downgrade() -> None:
    for table in ("what_if_row", "what_if", "method_stamp", "method_version", "method_draft"):
        op.drop_table(table)
