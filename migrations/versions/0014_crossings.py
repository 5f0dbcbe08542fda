"""What knows a recording again after its track is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trip", sa.Column("crossings", sa.LargeBinary()))
