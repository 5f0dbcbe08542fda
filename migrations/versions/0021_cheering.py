"""How many encouragements of a challenge have gone out."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("challenge", sa.Column("cheered", sa.Integer(), server_default=sa.text("0"), nullable=False))
