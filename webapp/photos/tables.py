"""Tables of photos: what was sent, which act a picture has supported, and the prints by which it is known again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, Uuid

from webapp.store import BigId, UtcDateTime, metadata

upload = Table(
    "upload",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("blob", String(80), nullable=False),
    Column("thumbnail", String(80)),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # When the camera says it was taken; "copy" or "similar" and the upload it resembles, if it resembles one.
    Column("taken_at", UtcDateTime),
    Column("near", String(8)),
    Column("near_to", Uuid(as_uuid=False)),
)
Index("ix_upload_sha256", upload.c.sha256)
# A reviewer sees the earlier photo that a photo resembles, whoever sent it.
Index("ix_upload_id", upload.c.id)

# Keyed by what must be unique across members: a picture supports one act, whoever sends it.
photo_use = Table(
    "photo_use",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("member_id", BigInteger, nullable=False),
    Column("activity_id", Uuid(as_uuid=False), nullable=False),
)
Index("ix_photo_use_member_id", photo_use.c.member_id)

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
