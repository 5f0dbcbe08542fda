"""Tracks at rest: packed, compressed and encrypted for one member and one trip, and the other keys of this room."""

from __future__ import annotations

import secrets
import zlib
from array import array
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from points_engine.trips import Fix

NONCE = 12
DEGREE = 10_000_000  # a step is a centimetre
NO_ACCURACY = -1


@lru_cache(maxsize=32)
def key_for(track_key: str, label: str) -> bytes:
    """32 bytes for one use of the platform's track key."""
    return HKDF(SHA256(), length=32, salt=None, info=f"puhui trips {label}".encode()).derive(track_key.encode())


def seal(settings: Any, member_id: int, trip_id: str, segments: Sequence[Sequence[Fix]]) -> bytes:
    """The track, readable only with the key and only as this member's trip."""
    box, nonce = AESGCM(key_for(settings.track_key, "seal")), secrets.token_bytes(NONCE)
    return nonce + box.encrypt(nonce, zlib.compress(pack(segments), 6), _owner(member_id, trip_id))


def unseal(settings: Any, member_id: int, trip_id: str, sealed: bytes) -> list[list[Fix]] | None:
    """The track again, or None when the key is another one or the bytes are not this trip's."""
    box = AESGCM(key_for(settings.track_key, "seal"))
    try:
        plain = box.decrypt(sealed[:NONCE], sealed[NONCE:], _owner(member_id, trip_id))
    except (InvalidTag, ValueError):
        return None
    return unpack(zlib.decompress(plain))


def told(settings: Any, mode: str, inputs: str, segments: Sequence[Sequence[Fix]]) -> str:
    """A keyed digest of what a request tells; without the key it says nothing about the way."""
    digest = blake2b(pack(segments), key=key_for(settings.track_key, "told"), digest_size=32)
    digest.update(f"|{mode}|{inputs}".encode())
    return digest.hexdigest()


def mark_key(settings: Any) -> bytes:
    """The key of the marks, which outlive the track."""
    return key_for(settings.track_key, "marks")


def pack(segments: Sequence[Sequence[Fix]]) -> bytes:
    """Milliseconds, ten-millionths of a degree and decimetres, as steps from one fix to the next."""
    fixes = [fix for segment in segments for fix in segment]
    columns = [
        [round(fix.at * 1000) for fix in fixes],
        [round(fix.lat * DEGREE) for fix in fixes],
        [round(fix.lon * DEGREE) for fix in fixes],
        [NO_ACCURACY if fix.accuracy is None else min(round(abs(fix.accuracy) * 10), 10**6) for fix in fixes],
    ]
    head = array("q", [len(segments), *map(len, segments)])
    return head.tobytes() + b"".join(array("q", _steps(column)).tobytes() for column in columns)


def unpack(data: bytes) -> list[list[Fix]]:
    """The segments that `pack` wrote."""
    numbers = array("q")
    numbers.frombytes(data)
    sizes = numbers[1 : 1 + numbers[0]]
    total = sum(sizes)
    columns = [accumulate(numbers[1 + numbers[0] + n * total :][:total]) for n in range(4)]
    fixes = [
        Fix(at / 1000, lat / DEGREE, lon / DEGREE, None if accuracy == NO_ACCURACY else accuracy / 10)
        for at, lat, lon, accuracy in zip(*columns, strict=True)
    ]
    ends = list(accumulate(sizes, initial=0))
    return [fixes[a:b] for a, b in pairwise(ends)]


def _steps(column: list[int]) -> list[int]:
    return column[:1] + [b - a for a, b in pairwise(column)]


def _owner(member_id: int, trip_id: str) -> bytes:
    return f"{member_id}:{trip_id}".encode()
