"""What meters said when a board was frozen, so that energy boards can be worked out again too."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SAID = "published boards are never changed"
OPEN = "EXISTS (SELECT 1 FROM board_closing c WHERE c.period = {row}.period AND c.version = {row}.version AND c.state <> 'published')"
SQLITE = (
    ("insert", f"NOT {OPEN.format(row='NEW')}"),
    ("update", "1"),
    ("delete", f"NOT {OPEN.format(row='OLD')}"),
)


def upgrade() -> None:
    op.create_table(
        "board_energy",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measured", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", "version", "part", name=op.f("pk_board_energy")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "\nCREATE TRIGGER board_energy_fixed BEFORE INSERT OR UPDATE OR DELETE ON board_energy\n"
            "FOR EACH ROW EXECUTE FUNCTION published_board_fixed()\n"
        )
        return
    for verb, those in SQLITE:
        op.execute(
            f"\nCREATE TRIGGER board_energy_no_{verb} BEFORE {verb.upper()} ON board_energy WHEN {those}\n"
            f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END\n"
        )
