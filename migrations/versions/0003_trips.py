"""Tables of trips."""

import sqlalchemy as sa
from alembic import op

from webapp.store import JsonText, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trip",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reasons", JsonText(), nullable=False),
        sa.Column("distance_m", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Integer(), nullable=False),
        sa.Column("moving_s", sa.Integer(), nullable=False),
        sa.Column("figures", JsonText(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("told", sa.String(length=64), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("purged_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("verdict IN ('accept', 'review', 'reject')", name=op.f("ck_trip_verdict")),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_trip")),
    )
    op.create_index("ix_trip_mine", "trip", ["member_id", "starts_at"])
    op.create_table(
        "trip_track",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_trip_track")),
    )
    op.create_index("ix_trip_track_kept_at", "trip_track", ["kept_at"])
    op.create_table(
        "trip_mark",
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("trip_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("mark", "member_id", "trip_id", name=op.f("pk_trip_mark")),
    )
    op.create_index("ix_trip_mark_trip", "trip_mark", ["member_id", "trip_id"])
