"""Wallets change without an index being written: who is behind in the rankings is found by looking through them."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_wallet_stale", table_name="wallet")
