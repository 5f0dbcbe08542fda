"""Tables of review: cases, reputation, signals, how far screening has come; held evidence and stopped photos."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_hold",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("activity_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "activity_id", name=op.f("pk_evidence_hold")),
    )
    op.create_table(
        "photo_stop",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_photo_stop")),
    )
    op.create_table(
        "reputation",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcomes", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('normal', 'trusted', 'tightened', 'stopped')", name=op.f("ck_reputation_state")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_reputation")),
    )
    op.create_table(
        "risk_signal",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("activity_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "code", "mark", name=op.f("pk_risk_signal")),
    )
    op.create_index("ix_risk_signal_seen_at", "risk_signal", ["seen_at"])
    op.create_table(
        "screening",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
    )
    op.create_index("ix_upload_id", "upload", ["id"])
    _create_cases()


def _create_cases() -> None:
    op.create_table(
        "review_case",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("activity_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_month", sa.String(length=7), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=True),
        sa.Column("against", sa.BigInteger(), nullable=True),
        sa.Column("first_by", sa.BigInteger(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_word", sa.String(length=8), nullable=True),
        sa.Column("first_reason", sa.String(length=16), nullable=True),
        sa.Column("first_note", sa.String(length=200), nullable=True),
        sa.Column("second_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("month", sa.String(length=7), nullable=True),
        sa.Column("took_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('pending', 'sample', 'risk', 'appeal')", name=op.f("ck_review_case_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'first_said', 'split', 'decided', 'void')", name=op.f("ck_review_case_state")
        ),
        sa.PrimaryKeyConstraint("member_id", "kind", "activity_id", name=op.f("pk_review_case")),
    )
    still = sa.text("decided_at IS NULL")
    op.create_index("ix_review_case_id", "review_case", ["id"])
    op.create_index(
        "ix_review_case_open", "review_case", ["kind", "due_at"], sqlite_where=still, postgresql_where=still
    )
    op.create_index("ix_review_case_month", "review_case", ["month", "kind", "decision", "took_days"])
    op.create_index("ix_review_case_opened_month", "review_case", ["opened_month", "kind"])
