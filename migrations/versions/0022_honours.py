"""Tables of honours: rounds, candidates and how they were judged, objections, awards and their record."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "honour_round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("honour", sa.String(length=24), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="draft", nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("objections_to", sa.String(length=200), nullable=False),
        sa.Column("fund_id", sa.BigInteger(), nullable=True),
        sa.Column("reward_points", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("screen_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("screened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noticed_by", sa.BigInteger(), nullable=True),
        sa.Column("notice_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awarded_by", sa.BigInteger(), nullable=True),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'announced', 'open', 'reviewing', 'proposed', 'notice', 'settled', 'asked', 'awarded', 'cancelled')",
            name=op.f("ck_honour_round_state"),
        ),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_honour_round_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour_round")),
    )
    op.create_index("ix_honour_round_state", "honour_round", ["state", "id"], unique=False)
    op.create_index(
        "uq_honour_round_year",
        "honour_round",
        ["honour", "year"],
        unique=True,
        sqlite_where=sa.text("state <> 'cancelled'"),
        postgresql_where=sa.text("state <> 'cancelled'"),
    )

    op.create_table(
        "honour_match",
        sa.Column("round_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "unit_id", "member_id", name=op.f("pk_honour_match")),
    )

    op.create_table(
        "honour_candidate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("by_staff", sa.Boolean(), nullable=False),
        sa.Column("nominated_by", sa.BigInteger(), nullable=False),
        sa.Column("nominated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statement", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("shown", sa.String(length=8), nullable=False),
        sa.Column("own_name", sa.String(length=40), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evaluation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("shown IN ('name', 'nickname', 'none')", name=op.f("ck_honour_candidate_shown")),
        sa.CheckConstraint(
            "state IN ('nominated', 'withdrawn', 'declined', 'accepted', 'removed', 'awarded', 'revoked')",
            name=op.f("ck_honour_candidate_state"),
        ),
        sa.CheckConstraint("(unit_id = 0) <> (member_id = 0)", name=op.f("ck_honour_candidate_one_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour_candidate")),
        sa.UniqueConstraint(
            "round_id", "unit_id", "member_id", name=op.f("uq_honour_candidate_round_id_unit_id_member_id")
        ),
    )
    op.create_index("ix_honour_candidate_member_id", "honour_candidate", ["member_id", "round_id"], unique=False)
    op.create_index("ix_honour_candidate_state", "honour_candidate", ["round_id", "state", "id"], unique=False)
    op.create_index("ix_honour_candidate_unit_id", "honour_candidate", ["unit_id", "round_id"], unique=False)

    op.create_table(
        "honour_evaluation",
        sa.Column("candidate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("candidate_id", "number", name=op.f("pk_honour_evaluation")),
    )

    op.create_table(
        "honour_objection",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("candidate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("evidence", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=400), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name=op.f("ck_honour_objection_state")),
        sa.PrimaryKeyConstraint("member_id", "candidate_id", "number", name=op.f("pk_honour_objection")),
    )
    op.create_index("ix_honour_objection_candidate_id", "honour_objection", ["candidate_id", "opened_at"], unique=False)
    op.create_index(
        "ix_honour_objection_open",
        "honour_objection",
        ["round_id", "candidate_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )

    op.create_table(
        "honour_award",
        sa.Column("candidate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points_state", sa.String(length=6), server_default="none", nullable=False),
        sa.Column("revoke_reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("revoke_asked_by", sa.BigInteger(), nullable=True),
        sa.Column("revoke_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "points_state IN ('none', 'due', 'paid', 'dry', 'frozen')", name=op.f("ck_honour_award_points_state")
        ),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_honour_award")),
        sa.UniqueConstraint("code", name=op.f("uq_honour_award_code")),
        sa.UniqueConstraint("number", name=op.f("uq_honour_award_number")),
    )
    op.create_index(
        "ix_honour_award_due",
        "honour_award",
        ["round_id"],
        unique=False,
        sqlite_where=sa.text("points_state = 'due'"),
        postgresql_where=sa.text("points_state = 'due'"),
    )
    op.create_index("ix_honour_award_round_id", "honour_award", ["round_id", "candidate_id"], unique=False)

    op.create_table(
        "honour_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("candidate_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour_record")),
    )
    op.create_index("ix_honour_record_candidate_id", "honour_record", ["candidate_id", "id"], unique=False)
    _append_only()


def _append_only() -> None:
    """The database itself refuses to change or delete what was recorded."""
    said = "the record of honours is never changed"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            sa.DDL(
                "\nCREATE OR REPLACE FUNCTION honour_record_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\n"
                f"BEGIN RAISE EXCEPTION '{said}'; END $$\n"
            )
        )
        op.execute(
            sa.DDL(
                "\nCREATE TRIGGER honour_record_append_only BEFORE UPDATE OR DELETE ON honour_record\n"
                "FOR EACH ROW EXECUTE FUNCTION honour_record_append_only()\n"
            )
        )
        return
    for verb in ("update", "delete"):
        op.execute(
            sa.DDL(
                f"\nCREATE TRIGGER honour_record_no_{verb} BEFORE {verb.upper()} ON honour_record\n"
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END\n"
            )
        )
