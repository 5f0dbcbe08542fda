"""Tables of challenges: what was set up, who takes part when, what was reached and paid, kudos, and staff's working days."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    text,
)

from webapp.store import BigId, JsonText, UtcDateTime, metadata

workday_override = Table(
    "workday_override",
    metadata,
    Column("day", Date, primary_key=True),
    Column("works", Boolean, nullable=False),
    Column("note", String(60), nullable=False, server_default=""),
    Column("actor_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

challenge = Table(
    "challenge",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("preset", String(20), nullable=False),
    Column("title", String(40), nullable=False),
    Column("words", String(200), nullable=False, server_default=""),
    # The company's name on the pages, and its colour as six hexadecimal digits.
    Column("display_name", String(24), nullable=False),
    Column("colour", String(6), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("audience", String(11), nullable=False),
    Column("departments", JsonText, nullable=False),
    Column("behaviours", JsonText, nullable=False),  # codes; empty means any
    Column("fund_id", BigInteger),
    Column("status", String(9), nullable=False, server_default="draft"),
    # The figures of the board as last worked out; from settlement on the final ones.
    Column("standing", JsonText),
    Column("standing_at", UtcDateTime),
    Column("awarded_at", UtcDateTime),
    Column("dry_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    # How many encouragements have gone out: 0, 1 at half time, 2 on the last day.
    Column("cheered", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("ends_at > starts_at", name="window"),
    CheckConstraint("audience IN ('all', 'departments', 'invited')", name="audience"),
    CheckConstraint("status IN ('draft', 'scheduled', 'open', 'closed', 'settled', 'archived')", name="status"),
    Index("ix_challenge_status", "status", "ends_at"),
    Index("ix_challenge_unit", "unit_id", "id"),
)

challenge_task = Table(
    "challenge_task",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("challenge_id", BigInteger, nullable=False, index=True),
    Column("scope", String(6), nullable=False),
    Column("goal", String(9), nullable=False),
    Column("target", BigInteger, nullable=False),
    Column("reward_points", BigInteger, nullable=False),
    Column("sort", Integer, nullable=False),
    CheckConstraint("scope IN ('person', 'team', 'all')", name="scope"),
    CheckConstraint("target > 0", name="target_positive"),
    CheckConstraint("reward_points >= 0", name="reward_not_negative"),
)

challenge_invite = Table(
    "challenge_invite",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("challenge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("invited_at", UtcDateTime, nullable=False),
    Index("ix_challenge_invite_challenge", "challenge_id", "member_id"),
)

# Somebody takes part on every day from joined_on up to the day before left_on; leaving and coming back is two rows.
challenge_join = Table(
    "challenge_join",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("challenge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("joined_on", Date, nullable=False),
    Column("left_on", Date),
    CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="dates"),
    Index("ix_challenge_join_challenge", "challenge_id", "member_id"),
)
Index(
    "uq_challenge_join_open",
    challenge_join.c.member_id,
    challenge_join.c.challenge_id,
    unique=True,
    sqlite_where=text("left_on IS NULL"),
    postgresql_where=text("left_on IS NULL"),
)

# A task somebody reached. due: waits for the fund; paid; dry: the fund was empty; frozen: the account was; honour: no points.
challenge_award = Table(
    "challenge_award",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("challenge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("task_id", BigInteger, primary_key=True, autoincrement=False),
    Column("points", BigInteger, nullable=False),
    Column("place", Integer),
    Column("rank", Integer, nullable=False),  # the order in which the fund pays
    Column("status", String(6), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    CheckConstraint("points >= 0", name="points_not_negative"),
    CheckConstraint("status IN ('due', 'paid', 'dry', 'frozen', 'honour')", name="status"),
    Index("ix_challenge_award_challenge", "challenge_id", "status", "rank"),
)

challenge_certificate = Table(
    "challenge_certificate",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("challenge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", String(24), nullable=False, unique=True),
    Column("grams", BigInteger, nullable=False),
    Column("days", Integer, nullable=False),
    Column("tasks", Integer, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
)

# Ready words from one to a team (of the day), at most a few a day.
challenge_kudos = Table(
    "challenge_kudos",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("challenge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("team_id", BigInteger, primary_key=True, autoincrement=False),
    Column("word", String(12), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_challenge_kudos_challenge", "challenge_id", "team_id"),
)
