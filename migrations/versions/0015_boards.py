"""Boards by size class and measure, ladders of places, versions of what was published."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FIXED = {
    "sqlite": (
        "\nCREATE TRIGGER board_closing_no_update BEFORE UPDATE ON board_closing WHEN OLD.state = 'published'\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER board_closing_no_delete BEFORE DELETE ON board_closing WHEN OLD.state = 'published'\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER board_cut_off_no_insert BEFORE INSERT ON board_cut_off WHEN NOT EXISTS (SELECT 1 FROM board_closing c WHERE c.period = NEW.period AND c.version = NEW.version AND c.state <> 'published')\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER board_cut_off_no_update BEFORE UPDATE ON board_cut_off WHEN 1\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER board_cut_off_no_delete BEFORE DELETE ON board_cut_off WHEN NOT EXISTS (SELECT 1 FROM board_closing c WHERE c.period = OLD.period AND c.version = OLD.version AND c.state <> 'published')\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER published_board_no_insert BEFORE INSERT ON published_board WHEN NOT EXISTS (SELECT 1 FROM board_closing c WHERE c.period = NEW.period AND c.version = NEW.version AND c.state <> 'published')\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER published_board_no_update BEFORE UPDATE ON published_board WHEN 1\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER published_board_no_delete BEFORE DELETE ON published_board WHEN NOT EXISTS (SELECT 1 FROM board_closing c WHERE c.period = OLD.period AND c.version = OLD.version AND c.state <> 'published')\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER published_row_no_insert BEFORE INSERT ON published_row WHEN NOT EXISTS (SELECT 1 FROM board_closing c WHERE c.period = NEW.period AND c.version = NEW.version AND c.state <> 'published')\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER published_row_no_update BEFORE UPDATE ON published_row WHEN 1\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
        "\nCREATE TRIGGER published_row_no_delete BEFORE DELETE ON published_row WHEN NOT EXISTS (SELECT 1 FROM board_closing c WHERE c.period = OLD.period AND c.version = OLD.version AND c.state <> 'published')\nBEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END\n",
    ),
    "postgresql": (
        "\nCREATE OR REPLACE FUNCTION board_closing_fixed() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\nIF OLD.state = 'published' THEN RAISE EXCEPTION 'published boards are never changed'; END IF;\nIF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\nRETURN NEW; END $$\n",
        "\nCREATE TRIGGER board_closing_fixed BEFORE UPDATE OR DELETE ON board_closing\nFOR EACH ROW EXECUTE FUNCTION board_closing_fixed()\n",
        "\nCREATE OR REPLACE FUNCTION published_board_fixed() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\nIF TG_OP = 'INSERT' AND EXISTS (SELECT 1 FROM board_closing c WHERE c.period = NEW.period AND c.version = NEW.version AND c.state <> 'published') THEN RETURN NEW; END IF;\nIF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM board_closing c WHERE c.period = OLD.period AND c.version = OLD.version AND c.state <> 'published') THEN RETURN OLD; END IF;\nRAISE EXCEPTION 'published boards are never changed'; END $$\n",
        "\nCREATE TRIGGER board_cut_off_fixed BEFORE INSERT OR UPDATE OR DELETE ON board_cut_off\nFOR EACH ROW EXECUTE FUNCTION published_board_fixed()\n",
        "\nCREATE TRIGGER published_board_fixed BEFORE INSERT OR UPDATE OR DELETE ON published_board\nFOR EACH ROW EXECUTE FUNCTION published_board_fixed()\n",
        "\nCREATE TRIGGER published_row_fixed BEFORE INSERT OR UPDATE OR DELETE ON published_row\nFOR EACH ROW EXECUTE FUNCTION published_board_fixed()\n",
    ),
}
KEPT = ("published_board", "published_row", "open_period")
MEMBERS = 10_000_000  # the ladders of the members' board begin here


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    for table in KEPT:
        run(f"CREATE TABLE before_{table} AS SELECT * FROM {table}")
    for table in (*KEPT, "unit_score"):
        op.drop_table(table)
    _create()
    _carry_over(run)
    for statement in FIXED[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement))
    for table in KEPT:
        op.drop_table(f"before_{table}")
    # Standings of units are worked out anew: every membership is read again.
    run("DELETE FROM unit_part")
    run("UPDATE membership SET scored_version = 0")
    for (period,) in run("SELECT DISTINCT period FROM score").fetchall():
        _build_ladder(run, period)


def _carry_over(run) -> None:
    run("INSERT INTO open_period (period) SELECT period FROM before_open_period")
    run(
        "INSERT INTO board_closing (period, version, state, note_zh, note_en, opened_at, hands, frozen_at, decided_at) "
        "SELECT period, 1, 'published', '', '', min(as_of), '[]', min(as_of), min(as_of) FROM before_published_board "
        "GROUP BY period"
    )
    run(
        "INSERT INTO published_board (board, period, version, as_of, entries, checksum, salt, method_zh, method_en, head) "
        "SELECT board, period, 1, as_of, entries, checksum, salt, method_zh, method_en, '' FROM before_published_board"
    )
    run(
        "INSERT INTO published_row (board, period, version, position, place, member_id, unit_id, value_milli, "
        "plain_milli, members, weight, size_class) SELECT board, period, 1, position, place, member_id, unit_id, "
        "value_milli, value_milli, members, members * 10, '' FROM before_published_row"
    )


def _build_ladder(run, period: str) -> None:
    number = 0 if period == "total" else int(period.replace("-W", "").replace("-", "")) + ("-W" in period) * 1_000_000
    for shift in range(0, 32, 4):
        run(
            f"INSERT INTO ladder_step (ladder, shift, prefix, n) SELECT {MEMBERS + number}, {shift}, value >> {shift}, "
            f"count(*) FROM score WHERE period = '{period}' AND listed = 1 AND value > 0 GROUP BY value >> {shift}"
        )


def _create() -> None:
    op.create_table(
        "unit_score",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("base_value", sa.BigInteger(), nullable=True),
        sa.Column("base_weight", sa.BigInteger(), nullable=True),
        sa.Column("saved", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "period", name=op.f("pk_unit_score")),
    )
    op.create_index(
        "ix_unit_score_no_base",
        "unit_score",
        ["unit_id"],
        unique=False,
        sqlite_where=sa.text("base_value IS NULL"),
        postgresql_where=sa.text("base_value IS NULL"),
    )
    op.create_table(
        "unit_mark",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("size_class", sa.String(length=8), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("plain_milli", sa.BigInteger(), nullable=False),
        sa.Column("value_milli", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "period", "measure", name=op.f("pk_unit_mark")),
    )
    op.create_index(
        "ix_unit_mark_board",
        "unit_mark",
        ["period", "kind", "measure", "listed", sa.literal_column("value_milli DESC"), "reached_at", "unit_id"],
        unique=False,
    )
    op.create_index(
        "ix_unit_mark_class",
        "unit_mark",
        [
            "period",
            "kind",
            "measure",
            "size_class",
            "listed",
            sa.literal_column("value_milli DESC"),
            "reached_at",
            "unit_id",
        ],
        unique=False,
    )
    op.create_table(
        "class_mean",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("size_class", sa.String(length=8), nullable=False),
        sa.Column("mean_milli", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("period", "kind", "measure", "size_class", name=op.f("pk_class_mean")),
    )
    op.create_table(
        "ladder_step",
        sa.Column("ladder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shift", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("prefix", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ladder", "shift", "prefix", name=op.f("pk_ladder_step")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_ladder_step_empty",
        "ladder_step",
        ["ladder"],
        unique=False,
        sqlite_where=sa.text("n = 0"),
        postgresql_where=sa.text("n = 0"),
    )
    op.create_table(
        "open_period",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_open_period")),
    )
    op.create_table(
        "board_closing",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("note_zh", sa.String(length=400), nullable=False),
        sa.Column("note_en", sa.String(length=400), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hands", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_by", sa.BigInteger(), nullable=True),
        sa.Column("ledger_members", sa.BigInteger(), nullable=True),
        sa.Column("ledger_transfers", sa.BigInteger(), nullable=True),
        sa.Column("ledger_digest", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('reviewing', 'freezing', 'frozen', 'published')", name=op.f("ck_board_closing_state")
        ),
        sa.PrimaryKeyConstraint("period", "version", name=op.f("pk_board_closing")),
    )
    op.create_index("ix_board_closing_state", "board_closing", ["state", "period"], unique=False)
    op.create_table(
        "board_cut_off",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("positions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", "version", "part", name=op.f("pk_board_cut_off")),
    )
    op.create_table(
        "board_hold",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=6), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("held_by", sa.BigInteger(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("subject IN ('member', 'unit')", name=op.f("ck_board_hold_subject")),
        sa.PrimaryKeyConstraint("period", "subject", "subject_id", name=op.f("pk_board_hold")),
    )
    op.create_table(
        "published_board",
        sa.Column("board", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("method_zh", sa.Text(), nullable=False),
        sa.Column("method_en", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("board", "period", "version", name=op.f("pk_published_board")),
    )
    op.create_index("ix_published_board_period", "published_board", ["period", "version"], unique=False)
    op.create_table(
        "published_row",
        sa.Column("board", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("value_milli", sa.BigInteger(), nullable=False),
        sa.Column("plain_milli", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("size_class", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("board", "period", "version", "position", name=op.f("pk_published_row")),
    )
    op.create_index("ix_published_row_member_id", "published_row", ["member_id", "period"], unique=False)
    op.create_index("ix_published_row_unit_id", "published_row", ["unit_id", "period"], unique=False)
