"""Tables of prints: by what a photo is known again when it comes re-encoded, turned, cropped or framed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, Uuid

from webapp.store import BigId, UtcDateTime, metadata

# A photo has one print, and a second one without its border if it has a border. Prints hold no picture, and stay
# when the photo goes, so that it cannot pay again.
photo_print = Table(
    "photo_print",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("member_id", BigInteger, nullable=False),
    Column("upload_id", Uuid(as_uuid=False), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("marks", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("ix_photo_print_member_id", photo_print.c.member_id)

# The index of prints: parts of a print that are looked up exactly.
photo_band = Table(
    "photo_band",
    metadata,
    Column("value", Integer, primary_key=True, autoincrement=False),
    Column("print_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
