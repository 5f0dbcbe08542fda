"""Tables of places."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "place",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name_zh", sa.String(40), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        sa.Column("unit_id", sa.BigInteger()),
        sa.Column("behaviours", sa.Text(), nullable=False),
        sa.Column("opens", sa.Integer()),
        sa.Column("closes", sa.Integer()),
        sa.Column("days", sa.String(7), nullable=False),
        sa.Column("daily_cap", sa.Integer(), nullable=False),
        sa.Column("lat_e5", sa.Integer()),
        sa.Column("lon_e5", sa.Integer()),
        sa.Column("radius_m", sa.Integer()),
        sa.Column("screen_key", sa.String(32), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_place_status")),
        sa.CheckConstraint("daily_cap > 0", name=op.f("ck_place_cap")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("code", name=op.f("uq_place_code")),
    )
    op.create_index("ix_place_unit_id", "place", ["unit_id"])
