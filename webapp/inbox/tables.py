"""Tables of the inbox: one row a notice to one member, one row an announcement; e-mail in mail_tables.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from webapp.inbox import mail_tables as mail_tables
from webapp.store import BigId, UtcDateTime, metadata

notice = Table(
    "notice",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    # Starts with the instant, so that the newest is the largest.
    Column("id", String(32), primary_key=True),
    # What it is about, once per member: sending the same key again sends nothing.
    Column("key", String(120), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("body_zh", Text, nullable=False, server_default=""),
    Column("body_en", Text, nullable=False, server_default=""),
    Column("link", Text, nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    UniqueConstraint("member_id", "key"),
)
Index(
    "ix_notice_unread",
    notice.c.member_id,
    sqlite_where=text("read_at IS NULL"),
    postgresql_where=text("read_at IS NULL"),
)

# Not copied to each member: a park of 100,000 reads one row.
announcement = Table(
    "announcement",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("body_zh", Text, nullable=False, server_default=""),
    Column("body_en", Text, nullable=False, server_default=""),
    Column("author_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Empty: a draft. In the future: it appears by itself.
    Column("published_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    # all, kind:enterprise, unit:7 or campaign:3; who is meant is asked when somebody looks.
    Column("audience", String(40), nullable=False, server_default="all"),
    Column("by_mail", Boolean, nullable=False, server_default=text("false")),
    # When those who want news by e-mail were found.
    Column("told_at", UtcDateTime),
    # How often it was opened, and never by whom.
    Column("reads", Integer, nullable=False, server_default=text("0")),
)
Index("ix_announcement_published_at", announcement.c.published_at)
