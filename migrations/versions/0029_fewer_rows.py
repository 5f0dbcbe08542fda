"""Fewer rows for every act: caps are added up from acts, a partner's word stands in the act, acts' transfers need no key."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# On SQLite a table without its old constraint is a new table, and triggers do not move with the rows.
SQLITE_TRIGGERS = [
    f"\nCREATE TRIGGER transfer_no_{verb} BEFORE {verb.upper()} ON transfer\n"
    "BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END\n"
    for verb in ("update", "delete")
]


def upgrade() -> None:
    op.drop_table("cap_counter")
    _partners_word()
    _keys()


def _partners_word() -> None:
    op.add_column("activity", sa.Column("source", sa.String(length=40), nullable=True))
    op.add_column("activity", sa.Column("natural", sa.String(length=80), nullable=True))
    op.execute(
        """UPDATE activity SET source = p.source, "natural" = p."natural" FROM proof p
        WHERE p.kind = 'feed' AND p.member_id = activity.member_id AND p.id = activity.id"""
    )
    op.execute("DELETE FROM proof WHERE kind = 'feed'")
    told = sa.text('"natural" IS NOT NULL')
    op.create_index("uq_activity_event", "activity", ["id"], unique=True, sqlite_where=told, postgresql_where=told)


def _keys() -> None:
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.drop_constraint("uq_transfer_member_id_key", type_="unique")
    if op.get_bind().dialect.name == "sqlite":
        for trigger in SQLITE_TRIGGERS:
            op.execute(sa.DDL(trigger))
    keyed = sa.text("code <> 'act'")
    op.create_index(
        "uq_transfer_key", "transfer", ["member_id", "key"], unique=True, sqlite_where=keyed, postgresql_where=keyed
    )
