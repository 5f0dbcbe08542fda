"""Recordings people upload: every format, segments kept apart, and what is hostile or no recording refused in time."""

from __future__ import annotations

import gzip
import io
import json
import time
import tracemalloc

import pytest

from points_engine.errors import Invalid
from webapp.trips.files import read_recordings

POINT = '<trkpt lat="36.{n:05d}" lon="113.1"><ele>9</ele><time>2026-06-16T01:{m:02d}:{s:02d}Z</time></trkpt>'


def gpx(*sizes: int, wrap: str = "trkseg") -> bytes:
    out, n = io.StringIO(), 0
    out.write('<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1"><trk>')
    for size in sizes:
        out.write(f"<{wrap}>")
        for _ in range(size):
            out.write(POINT.format(n=n, m=n // 60 % 60, s=n % 60))
            n += 1
        out.write(f"</{wrap}>")
    out.write("</trk></gpx>")
    return out.getvalue().encode()


def sizes(*files: bytes) -> list[int]:
    return [len(segment) for segment in read_recordings([(f"{n}.any", data) for n, data in enumerate(files)])]


def refused(*files: bytes) -> str:
    with pytest.raises(Invalid) as error:
        read_recordings([("x", data) for data in files])
    return error.value.fields["file"]


def test_segments_and_files_stay_apart() -> None:
    assert sizes(gpx(10, 20, 5)) == [10, 20, 5]
    assert sizes(gzip.compress(gpx(10, 20))) == [10, 20]
    assert sizes(gzip.compress(gpx(10, 20)[:200]) + gzip.compress(gpx(10, 20)[200:])) == [10, 20]
    assert sizes(gpx(3), gpx(3)) == [3], "the same file picked twice"
    later = gpx(4).replace(b"T01:", b"T02:")
    assert sizes(later, gpx(3)) == [3, 4]
    first = read_recordings([("x", later), ("y", gpx(3))])
    assert first[0][0].at < first[1][0].at


def test_two_devices_on_one_ride_tell_it_once() -> None:
    phone, watch = gpx(30), gpx(60).replace(b'lat="36.', b'lat="36.1')
    assert sizes(phone, watch) == sizes(watch, phone) == [60], "the one that tells of more"
    evening = gpx(20).replace(b"T01:", b"T10:")
    assert sizes(phone, gpx(30, 30).replace(b'lat="36.', b'lat="36.1'), evening) == [30, 30, 20]
    inside = gpx(10, 10).replace(b"T01:00:1", b"T01:00:0")
    assert sizes(inside) == [10, 10], "what runs back inside a file is for the judge"


def test_a_file_in_a_chinese_encoding_is_read() -> None:
    named = gpx(3).decode().replace("<trk>", "<trk><name>晨骑</name>")
    for name in ("GBK", "gb2312", "GB18030"):
        assert sizes(named.replace('"1.0"?', f'"1.0" encoding="{name}"?').encode("gb18030")) == [3]
    entity = '<?xml version="1.0" encoding="GBK"?><!DOCTYPE l [<!ENTITY a "甲">]><gpx>&a;</gpx>'
    assert refused(entity.encode("gbk")) == "hostile_xml"


def test_geojson_and_tcx_are_read() -> None:
    line = {"type": "LineString", "coordinates": [[113.1, 36.1], [113.2, 36.2, 900]]}
    iso, millis = ["2026-06-16T01:00:00Z", "2026-06-16T09:00:05+08:00"], [1781571600000, 1781571605000]
    seconds = [1781571600, 1781571605]
    for told in ({"coordTimes": iso}, {"times": millis}, {"coordinateProperties": {"times": seconds}}):
        feature = {"type": "Feature", "properties": told, "geometry": line}
        whole = {"type": "FeatureCollection", "features": [feature, {"type": "Feature", "geometry": None}, 5]}
        (segment,) = read_recordings([("x", json.dumps(whole).encode())])
        assert [(f.at, f.lat, f.lon) for f in segment] == [(1781571600, 36.1, 113.1), (1781571605, 36.2, 113.2)]
    many = {"type": "MultiLineString", "coordinates": [line["coordinates"]] * 2}
    two = {
        "type": "Feature",
        "properties": {"coordTimes": [iso, ["2026-06-16T03:00:00Z", "2026-06-16T03:00:05Z"]]},
        "geometry": many,
    }
    assert sizes(json.dumps(two).encode()) == [2, 2]
    tcx = (
        '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities><Activity>'
        "<Lap><TotalTimeSeconds>5</TotalTimeSeconds><Track>{}</Track></Lap><Lap><Track>{}</Track></Lap></Activity></Activities>"
        "</TrainingCenterDatabase>"
    )
    point = "<Trackpoint><Time>2026-06-16T0{}:00:00Z</Time><Position><LatitudeDegrees>36.1</LatitudeDegrees><LongitudeDegrees>113.1</LongitudeDegrees></Position></Trackpoint>"
    beat = "<Trackpoint><Time>2026-06-16T01:00:01Z</Time><HeartRateBpm><Value>99</Value></HeartRateBpm></Trackpoint>"
    assert sizes(tcx.format(point.format(1) + beat, point.format(2)).encode()) == [1, 1]


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("route_only", b'<gpx><rte><rtept lat="1" lon="2"/><rtept lat="1" lon="2.1"/></rte></gpx>'),
        ("route_only", b'<gpx><trk><trkseg><trkpt lat="1" lon="2"/><trkpt lat="1" lon="2.1"/></trkseg></trk></gpx>'),
        ("route_only", b'{"type": "LineString", "coordinates": [[113, 36], [113, 36.1]]}'),
        ("not_a_recording", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(900)),
        ("not_a_recording", b""),
        ("not_a_recording", b"<html><body>x</body></html>"),
        ("not_a_recording", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("not_a_recording", b'{"type": "Topology"}'),
        ("not_a_recording", b"[1, 2, 3]"),
        ("not_a_recording", gzip.compress(gzip.compress(gpx(3)))),
        ("unreadable_recording", gpx(100)[:-40]),
        ("unreadable_recording", gzip.compress(gpx(1000))[:-300]),
        ("unreadable_recording", b'{"type": "LineString", '),
        ("unreadable_recording", b"[" * 100_000),
        ("unreadable_recording", b"<gpx>" + b"<a>" * 100_000),
        ("hostile_xml", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><gpx>&b;</gpx>'),
        ("hostile_xml", b'<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx/>'),
        ("no_fixes", b"<gpx/>"),
        ("no_fixes", b'<gpx><trk><trkseg><trkpt lat="999" lon="x"><time>then</time></trkpt></trkseg></trk></gpx>'),
        ("too_many_points", gpx(50_001)),
        ("file_too_large", bytes(11 * 1024 * 1024)),
        ("file_too_large", gzip.compress(b"<gpx>" + b" " * 60_000_000)),
        ("file_too_large", gzip.compress(b"[" + b" " * 60_000_000)),
    ],
)  # fmt: skip
def test_what_is_no_recording_gets_a_clear_answer(code: str, data: bytes) -> None:
    assert refused(data) == code


def test_a_bomb_is_refused_soon_and_in_little_memory() -> None:
    bomb = gzip.compress(b'<gpx><trk><trkseg><trkpt lat="1" lon="1"><time>' + b"1" * 300_000_000)
    tracemalloc.start()
    began = time.process_time()
    assert refused(bomb) == "file_too_large"
    spent, most = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent < 5 and most < 30_000_000
