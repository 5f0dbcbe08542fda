"""Tables of units' energy: sizes, readings, imports, targets, quotas, publications, scores, letters."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "energy_size",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=5), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("value_milli", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('area', 'heads')", name=op.f("ck_energy_size_what")),
        sa.CheckConstraint("value_milli > 0", name=op.f("ck_energy_size_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_energy_size")),
    )
    op.create_index("ix_energy_size_unit_id", "energy_size", ["unit_id", "what", "from_on"], unique=False)

    op.create_table(
        "energy_reading",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("carrier", sa.String(length=11), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("meter", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value_milli", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('platform', 'file', 'typed')", name=op.f("ck_energy_reading_source")),
        sa.CheckConstraint("value_milli >= 0", name=op.f("ck_energy_reading_not_negative")),
        sa.PrimaryKeyConstraint(
            "unit_id", "month", "carrier", "source", "meter", "version", name=op.f("pk_energy_reading")
        ),
    )

    op.create_table(
        "energy_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=80), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=9), server_default="preview", nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("staged", sa.Text(), nullable=True),
        sa.Column("faults", sa.Text(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('preview', 'confirmed', 'dropped')", name=op.f("ck_energy_import_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_energy_import")),
    )
    op.create_index("ix_energy_import_unit_id", "energy_import", ["unit_id", "id"], unique=False)

    op.create_table(
        "energy_code",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("carrier", sa.String(length=11), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_energy_code")),
    )
    op.create_index("ix_energy_code_unit_id", "energy_code", ["unit_id"], unique=False)

    op.create_table(
        "energy_target",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.String(length=11), nullable=False),
        sa.Column("shape", sa.String(length=5), nullable=False),
        sa.Column("base_year", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(length=40), nullable=False),
        sa.Column("points", sa.Text(), nullable=False),
        sa.Column("given", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("given IN ('percent', 'absolute')", name=op.f("ck_energy_target_given")),
        sa.CheckConstraint("shape IN ('line', 'steps')", name=op.f("ck_energy_target_shape")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_energy_target")),
    )
    op.create_index("ix_energy_target_unit_id", "energy_target", ["unit_id", "id"], unique=False)

    op.create_table(
        "energy_quota",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("measure", sa.String(length=11), nullable=False),
        sa.Column("upper", sa.String(length=20), nullable=False),
        sa.Column("guide", sa.String(length=20), nullable=True),
        sa.Column("advanced", sa.String(length=20), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("from_year", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source <> ''", name=op.f("ck_energy_quota_sourced")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_energy_quota")),
    )
    op.create_index("ix_energy_quota_kind", "energy_quota", ["kind", "unit_id", "id"], unique=False)

    op.create_table(
        "energy_choice",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("publishes", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_energy_choice")),
    )

    op.create_table(
        "energy_publication",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "year", "version", name=op.f("pk_energy_publication")),
    )
    op.create_index("ix_energy_publication_year", "energy_publication", ["year", "unit_id"], unique=False)

    op.create_table(
        "energy_tick",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(length=400), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "year", "item", name=op.f("pk_energy_tick")),
    )

    op.create_table(
        "energy_score",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=9), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("total >= 0 AND total <= 100", name=op.f("ck_energy_score_hundred")),
        sa.PrimaryKeyConstraint("year", "version", "unit_id", name=op.f("pk_energy_score")),
    )

    op.create_table(
        "energy_letter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="draft", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('commend', 'rectify')", name=op.f("ck_energy_letter_kind")),
        sa.CheckConstraint("status IN ('draft', 'sent', 'answered', 'dropped')", name=op.f("ck_energy_letter_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_energy_letter")),
        sa.UniqueConstraint("unit_id", "year", "kind", name=op.f("uq_energy_letter_unit_id_year_kind")),
    )
    op.create_index("ix_energy_letter_year", "energy_letter", ["year", "status"], unique=False)
