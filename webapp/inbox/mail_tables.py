"""Tables of the e-mail port: what a member chose, what waits to be told, and on which days something was."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from webapp.store import UtcDateTime, metadata

NO_ADDRESS, ASKED, ON, BOUNCED = "none", "asked", "on", "bounced"
FORMED, SENDING, SENT, FAILED, UNSURE = "formed", "sending", "sent", "failed", "unsure"

# A row for whoever changed anything; nobody needs one to be told things in the app.
mail_setting = Table(
    "mail_setting",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    # The address, encrypted as phone numbers are; empty without one.
    Column("sealed", Text),
    Column("state", String(8), nullable=False, server_default=NO_ADDRESS),
    # When the code was asked for; the code itself is worked out from it and a key, and kept nowhere.
    Column("asked_at", UtcDateTime),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("verified_at", UtcDateTime),
    Column("by_mail", String(60), nullable=False, server_default=""),
    Column("silent", String(60), nullable=False, server_default=""),
    # Minutes of the local day; the same twice means no quiet hours.
    Column("quiet_from", SmallInteger, nullable=False, server_default=text("1260")),
    Column("quiet_until", SmallInteger, nullable=False, server_default=text("480")),
    CheckConstraint("state IN ('none', 'asked', 'on', 'bounced')", name="state"),
    CheckConstraint("quiet_from BETWEEN 0 AND 1439 AND quiet_until BETWEEN 0 AND 1439", name="quiet"),
)

# The key is the day: a second e-mail on one day cannot be written down, whoever tries.
mail = Table(
    "mail",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("state", String(8), nullable=False),
    Column("items", Integer, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("formed_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    CheckConstraint("state IN ('formed', 'sending', 'sent', 'failed', 'unsure')", name="state"),
)
Index("ix_mail_day", mail.c.day)

# What waits: a notice or an announcement. `day` names the e-mail it went into; gone once that was sent.
mail_item = Table(
    "mail_item",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("notice_id", String(32), primary_key=True, server_default=""),
    Column("announcement_id", BigInteger, primary_key=True, autoincrement=False, server_default=text("0")),
    Column("topic", String(12), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("day", Date),
)
Index(
    "ix_mail_item_waiting",
    mail_item.c.member_id,
    mail_item.c.created_at,
    sqlite_where=text("day IS NULL"),
    postgresql_where=text("day IS NULL"),
)
