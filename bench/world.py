"""A large park for measuring: members, sessions, days and acts written set-wise, and requests against it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

import webapp.tables
from points_engine.clock import local_day
from webapp.members.signin import _base36, token_hash
from webapp.rankings import service as rankings
from webapp.store import Store
from webapp.store.migrate import upgrade

DAYS = 14


def fill(store: Store, members: int) -> datetime:
    """`members` people in 40 companies, each with an API session, a wallet and two weeks of days; PostgreSQL."""
    upgrade(store.url)
    now = datetime.now(UTC)
    with store.write() as tx:
        for statement in STATEMENTS:
            tx.execute(text(statement), {"n": members, "now": now, "days": DAYS, "today": local_day(now)})
        rankings.rebuild(tx, now)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return now


STATEMENTS = (
    "INSERT INTO member (id, public_id, login, nickname, created_at) "
    "SELECT g, 'b' || g, 'b' || g, '绿友' || g, :now FROM generate_series(1, :n) g",
    "INSERT INTO consent (member_id, purpose, given_at, version) SELECT g, 'boards', :now, '1' FROM generate_series(1, :n) g",
    "INSERT INTO green_unit (kind, name, short_name, join_code, created_at) "
    "SELECT 'enterprise', '企业' || g, '企业' || g, 'BENCH' || lpad(g::text, 3, '0'), :now FROM generate_series(1, 40) g",
    "INSERT INTO membership (member_id, id, unit_id, kind, joined_on) "
    "SELECT g, g, 1 + g % 40, 'enterprise', CAST(:today AS date) - 200 FROM generate_series(1, :n) g",
    "INSERT INTO member_day (member_id, day, acts, declared_g, verified_g, points) "
    "SELECT g, CAST(:today AS date) - d, 2, 100 + (g * 7919 + d * 104729) % 900, 0, 20 "
    "FROM generate_series(1, :n) g, generate_series(0, :days - 1) d",
    "INSERT INTO wallet (member_id, declared_g, verified_g, points, held, seq, digest) "
    "SELECT member_id, sum(declared_g), 0, sum(points), 0, 0, repeat('0', 64) FROM member_day GROUP BY member_id",
    "INSERT INTO lot (member_id, expires_on, remaining) "
    "SELECT member_id, CAST(:today AS date) + 365, points FROM wallet",
)


def open_sessions(store: Store, members: range, kind: str, now: datetime) -> list[str]:
    """A session for each of `members`; the tokens."""
    tokens = [f"{_base36(m)}.{secrets.token_urlsafe(32)}" for m in members]
    rows = [
        {
            "member_id": m,
            "token_hash": token_hash(token),
            "public_id": secrets.token_hex(8),
            "kind": kind,
            "device": "bench",
            "created_at": now,
            "last_seen_at": now,
            "expires_at": now + timedelta(days=30),
            "stepped_up_at": now,
        }
        for m, token in zip(members, tokens, strict=True)
    ]
    table = webapp.tables.metadata.tables["session"]
    with store.write() as tx:
        for first in range(0, len(rows), 20_000):
            tx.insert(table, rows[first : first + 20_000])
    return tokens


def cookies(app: Any, tokens: list[str]) -> list[str]:
    """The session cookie of each token, as a browser would send it."""
    signer = app.session_interface.get_signing_serializer(app)
    name = app.config["SESSION_COOKIE_NAME"]
    return [f"{name}={signer.dumps({'_user_id': t, '_fresh': True})}" for t in tokens]


def write_lines(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
