"""Reads recordings people upload: GPX, TCX and GeoJSON, plain or gzipped; what is hostile is refused early."""

from __future__ import annotations

import json
import re
import zlib
from bisect import bisect_left
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from points_engine.errors import Invalid
from points_engine.trips import Fix
from webapp.trips.documents import Gathered, TooMany, read_geojson
from webapp.trips.xml import Deep, Recording

MOST_SENT = 10 * 1024 * 1024  # bytes of all files together, as they are sent
MOST_INFLATED = 40 * 1024 * 1024  # of one file, unpacked
MOST_JSON = 12 * 1024 * 1024  # JSON is read whole and takes some ten times its size in memory
MOST_POINTS = 50_000  # in all files together
MOST_FILES = 20
MOST_MEMBERS = 100  # gzip files written one after the other into one; each costs a look at all that follow
CHUNK = 64 * 1024
CHINESE = re.compile(rb"""<\?xml[^>]*encoding=["'](?:gbk|gb2312|gb18030)["']""", re.IGNORECASE)

Segments = list[list[Fix]]


def read_recordings(files: Sequence[tuple[str, bytes]]) -> Segments:
    """The segments of all files in the order of time, never joined; raises Invalid({"file": code}).

    Codes: missing_file, too_many_files, file_too_large, not_a_recording, unreadable_recording, hostile_xml, route_only,
    too_many_points, no_fixes. Names of files decide nothing.
    """
    if not files:
        raise Invalid({"file": "missing_file"})
    if len(files) > MOST_FILES:
        raise Invalid({"file": "too_many_files"})
    if sum(len(data) for _, data in files) > MOST_SENT:
        raise Invalid({"file": "file_too_large"})
    gathered = Gathered(MOST_POINTS)
    ends: list[int] = []
    for _, data in files:
        try:
            _read(data, gathered)
        except TooMany:
            raise Invalid({"file": "too_many_points"}) from None
        ends.append(len(gathered.segments))
    segments = _once([gathered.segments[a:b] for a, b in pairwise([0, *ends])])
    if not segments:
        raise Invalid({"file": "route_only" if gathered.without_time else "no_fixes"})
    return segments


def _once(files: list[Segments]) -> Segments:
    """By time, and each time once: one file is easily picked twice, and a phone and a watch record the same ride.

    Of files that tell of the same time the one that tells of more of it stands; what overlaps inside a file is for
    the judge.
    """
    kept: list[tuple[float, float, list[Fix]]] = []
    for segments in sorted(files, key=_seconds, reverse=True):
        taken = sorted((starts, ends) for starts, ends, _ in kept)
        latest = list(accumulate((ends for _, ends in taken), max))
        for segment in filter(None, segments):
            starts, ends = min(fix.at for fix in segment), max(fix.at for fix in segment)
            before = bisect_left(taken, (ends,))
            if not before or latest[before - 1] <= starts:
                kept.append((starts, ends, segment))
    found = {tuple(segment): None for _, _, segment in kept}
    return [list(segment) for segment in sorted(found, key=lambda fixes: fixes[0].at)]


def _seconds(segments: Segments) -> float:
    return sum(max(fix.at for fix in each) - min(fix.at for fix in each) for each in segments if each)


def _read(data: bytes, gathered: Gathered) -> None:
    chunks = _inflated(data) if data[:2] == b"\x1f\x8b" else _plain(data)
    first = next(chunks, b"")
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<" or first[:2] in (b"\xff\xfe", b"\xfe\xff"):
        _read_xml(first, chunks, gathered)
    elif start[:1] in (b"{", b"["):
        _read_json(first, chunks, gathered)
    else:
        raise Invalid({"file": "not_a_recording"})


def _plain(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), CHUNK):
        yield data[at : at + CHUNK]


def _inflated(data: bytes) -> Iterator[bytes]:
    """What a gzip file holds, piece by piece, so that a bomb costs no more than it may hold."""
    total = members = 0
    while data[:2] == b"\x1f\x8b":
        members += 1
        if members > MOST_MEMBERS:
            raise Invalid({"file": "unreadable_recording"})
        unpack = zlib.decompressobj(31)
        while not unpack.eof:
            try:
                piece = unpack.decompress(data, CHUNK)
            except zlib.error:
                raise Invalid({"file": "unreadable_recording"}) from None
            data = unpack.unconsumed_tail
            total += len(piece)
            if total > MOST_INFLATED:
                raise Invalid({"file": "file_too_large"})
            if piece:
                yield piece
            elif not data and not unpack.eof:
                raise Invalid({"file": "unreadable_recording"})  # it breaks off
        data = unpack.unused_data


def _read_xml(first: bytes, rest: Iterator[bytes], gathered: Gathered) -> None:
    recording = Recording(gathered)
    parser = DefusedXMLParser(target=recording, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        for chunk in _characters(first, rest):
            parser.feed(chunk)
        parser.close()
    except DefusedXmlException:
        raise Invalid({"file": "hostile_xml"}) from None
    except (ParseError, Deep, LookupError, ValueError):
        raise Invalid({"file": "unreadable_recording" if recording.known else "not_a_recording"}) from None
    if not recording.known:
        raise Invalid({"file": "not_a_recording"})


def _characters(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes | str]:
    """The document in a form that the parser reads: it knows no Chinese encoding but Unicode."""
    if not CHINESE.match(first[:200]):
        yield first
        yield from rest
        return
    decoder = getincrementaldecoder("gb18030")(errors="replace")
    for chunk in chain([first], rest):
        yield decoder.decode(chunk)


def _read_json(first: bytes, rest: Iterator[bytes], gathered: Gathered) -> None:
    whole = bytearray(first)
    for chunk in rest:
        whole += chunk
        if len(whole) > MOST_JSON:
            raise Invalid({"file": "file_too_large"})
    try:
        told: Any = json.loads(whole.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Invalid({"file": "unreadable_recording"}) from None
    if not read_geojson(told, gathered):
        raise Invalid({"file": "not_a_recording"})


__all__ = ["MOST_POINTS", "MOST_SENT", "Segments", "read_recordings"]
