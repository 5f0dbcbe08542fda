"""Tables of photos."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upload", sa.Column("taken_at", sa.DateTime(timezone=True)))
    op.add_column("upload", sa.Column("near", sa.String(length=8)))
    op.add_column("upload", sa.Column("near_to", sa.Uuid(as_uuid=False)))
    op.create_table(
        "photo_print",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo_print")),
    )
    op.create_index("ix_photo_print_member_id", "photo_print", ["member_id"])
    op.create_table(
        "photo_band",
        sa.Column("value", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("print_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("value", "print_id", name=op.f("pk_photo_band")),
        sqlite_with_rowid=False,
    )
