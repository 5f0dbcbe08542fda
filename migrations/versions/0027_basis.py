"""Who was left out of a frozen board, kept with its closing."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("board_closing", sa.Column("basis", sa.Text(), nullable=True))
