"""Announcements for some, by e-mail too, and how often they were opened."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("announcement", sa.Column("audience", sa.String(length=40), server_default="all", nullable=False))
    op.add_column("announcement", sa.Column("by_mail", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("announcement", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("announcement", sa.Column("reads", sa.Integer(), server_default=sa.text("0"), nullable=False))
