"""Tables of closed boards: how a period was closed, what was held back, and what was published, which never changes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from webapp.store import JsonText, UtcDateTime, metadata
from webapp.store.fixed import never_changed

# A period is closed once; each late correction is a further version of all its boards.
board_closing = Table(
    "board_closing",
    metadata,
    Column("period", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(9), nullable=False),
    # Why there is another version; empty for the first.
    Column("note_zh", String(400), nullable=False),
    Column("note_en", String(400), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    # Everybody who opened, held back or froze; none of them approves. Empty for what the timetable does.
    Column("hands", JsonText, nullable=False),
    Column("frozen_at", UtcDateTime),
    Column("frozen_by", BigInteger),
    # The cut-off in the ledger: chains, transfers in them, and a digest over where each chain stood.
    Column("ledger_members", BigInteger),
    Column("ledger_transfers", BigInteger),
    Column("ledger_digest", String(64)),
    Column("decided_at", UtcDateTime),
    Column("decided_by", BigInteger),
    # Who was left out at the cut-off, with the holds; none for boards closed before this was kept.
    Column("basis", JsonText),
    CheckConstraint("state IN ('reviewing', 'freezing', 'frozen', 'published')", name="state"),
)
Index("ix_board_closing_state", board_closing.c.state, board_closing.c.period)

# Where each member's chain stood at the cut-off, some thousand members a row: "member:seq member:seq …".
board_cut_off = Table(
    "board_cut_off",
    metadata,
    Column("period", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("positions", Text, nullable=False),
)

# What units' meters measured, as the energy boards of a version were worked out from it: a row each of "unit kind month use days
# use-a-year-before days-then", some thousand a part; use in thousandths.
board_energy = Table(
    "board_energy",
    metadata,
    Column("period", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("measured", Text, nullable=False),
)

# Entries that staff hold back until a doubt is settled; they stand on no board of the period meanwhile.
board_hold = Table(
    "board_hold",
    metadata,
    Column("period", String(8), primary_key=True),
    Column("subject", String(6), primary_key=True),
    Column("subject_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", String(400), nullable=False),
    Column("held_by", BigInteger, nullable=False),
    Column("held_at", UtcDateTime, nullable=False),
    CheckConstraint("subject IN ('member', 'unit')", name="subject"),
)

published_board = Table(
    "published_board",
    metadata,
    Column("board", String(40), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("checksum", String(64), nullable=False),
    # Mixed into each row's reference, so that nobody can be followed from one board to the next.
    Column("salt", String(32), nullable=False),
    Column("method_zh", Text, nullable=False),
    Column("method_en", Text, nullable=False),
    # The lines of the file above its rows; empty for boards closed before there were versions.
    Column("head", Text, nullable=False),
)
Index("ix_published_board_period", published_board.c.period, published_board.c.version)

published_row = Table(
    "published_row",
    metadata,
    Column("board", String(40), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, nullable=False),
    Column("member_id", BigInteger),
    Column("unit_id", BigInteger),
    Column("value_milli", BigInteger, nullable=False),
    Column("plain_milli", BigInteger, nullable=False),
    Column("members", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("size_class", String(8), nullable=False),
)
Index("ix_published_row_member_id", published_row.c.member_id, published_row.c.period)
Index("ix_published_row_unit_id", published_row.c.unit_id, published_row.c.period)

SAID = "published boards are never changed"
# A closing that is published is over; until then its rows may be thrown away whole, never changed.
OPEN = "EXISTS (SELECT 1 FROM board_closing c WHERE c.period = {row}.period AND c.version = {row}.version AND c.state <> 'published')"

never_changed(
    board_closing,
    SAID,
    "fixed",
    when=dict.fromkeys(("update", "delete"), "OLD.state = 'published'"),
    body=f"""BEGIN
IF OLD.state = 'published' THEN RAISE EXCEPTION '{SAID}'; END IF;
IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
RETURN NEW; END""",
)
for _table in (board_cut_off, board_energy, published_board, published_row):
    never_changed(
        _table,
        SAID,
        "fixed",
        when={
            "insert": f"NOT {OPEN.format(row='NEW')}",
            "update": "1",
            "delete": f"NOT {OPEN.format(row='OLD')}",
        },
        function="published_board_fixed",
        body=f"""BEGIN
IF TG_OP = 'INSERT' AND {OPEN.format(row="NEW")} THEN RETURN NEW; END IF;
IF TG_OP = 'DELETE' AND {OPEN.format(row="OLD")} THEN RETURN OLD; END IF;
RAISE EXCEPTION '{SAID}'; END""",
    )
