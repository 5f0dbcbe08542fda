"""Measures a list of employees from the file to the commit, beside a plain read by calamine and COPY in the same run.

`python -m bench.roster` (options: --rows, --rounds). Each way runs in a process of its own; told are the median seconds
and the peak memory beyond an empty start. Needs PostgreSQL.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import python_calamine
import xlsxwriter

from tests.servers import start_postgres
from webapp.green_units import roster, service
from webapp.green_units.forms import UnitNames
from webapp.green_units.roster_lines import read_lines
from webapp.members.phones import PhoneBook
from webapp.members.tables import member
from webapp.papers.reading import read_table
from webapp.store import Store
from webapp.tables import metadata

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)


def workbook(rows: int) -> bytes:
    """A list with a head, so many numbers, and twenty parts on two levels."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("名单")
    sheet.write_row(0, 0, ["手机号", "工号", "姓名", "部门"])
    for n in range(1, rows + 1):
        sheet.write_row(n, 0, [f"138{n:08d}", f"{n:06d}", "张三", f"研发部/{n % 20}组"])
    book.close()
    return out.getvalue()


def plain(url: str, path: Path, unit: int) -> dict[str, float]:
    """Read the workbook and COPY its cells into a table: what could hardly be less."""
    began = time.perf_counter()
    rows = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    read = time.perf_counter()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS plain (phone text, number text, name text, department text)")
        with connection.cursor().copy("COPY plain FROM STDIN") as out:
            for row in rows[1:]:
                out.write_row(row)
    return {"read": read - began, "all": time.perf_counter() - began}


def ours(url: str, path: Path, unit: int) -> dict[str, float]:
    """Upload, preview and confirm, as the pages do it."""
    store, book = Store(url), PhoneBook("key", "pepper")
    began = time.perf_counter()
    with path.open("rb") as file:
        lines = read_lines(read_table("list.xlsx", file), book, unit)
    read = time.perf_counter()
    made = store.retrying(lambda tx: roster.stage(tx, book, 1, unit, "list.xlsx", "0" * 64, lines, "listed", NOW))
    staged = time.perf_counter()
    store.retrying(lambda tx: roster.confirm(tx, 1, unit, made, NOW))
    done = time.perf_counter()
    store.dispose()
    return {"read": read - began, "preview": staged - began, "confirm": done - staged, "all": done - began}


def measured(way: Any, url: str, path: Path, unit: int, out: Any) -> None:
    empty = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = way(url, path, unit)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out.put({**found, "memory_mb": (peak - empty) / 1024})


def run(way: Any, url: str, path: Path, unit: int) -> dict[str, float]:
    """One way in a fresh process."""
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    process = context.Process(target=measured, args=(way, url, path, unit, out))
    process.start()
    found: dict[str, float] = out.get(timeout=300)
    process.join()
    return found


def prepare(url: str, rounds: int) -> list[int]:
    """A database with an administrator and an empty unit for each round."""
    store = Store(url)
    metadata.create_all(store.engine)
    with store.write() as tx:
        tx.insert(member, [{"id": 1, "public_id": "p1", "nickname": "管理员", "theme": "auto", "created_at": NOW}])
        units = [
            service.create_unit(tx, 1, "enterprise", UnitNames(f"公司{n}", f"公司{n}"), NOW) for n in range(rounds)
        ]
        for unit in units:
            service.set_admin(tx, 1, unit, 1, True, NOW, staff=True)
    store.dispose()
    return units


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    server = start_postgres()
    try:
        path = Path(server.folder) / "list.xlsx"
        path.write_bytes(workbook(given.rows))
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE lists")
        url = server.url_of("lists")
        told: dict[str, list[dict[str, float]]] = {"plain": [], "ours": []}
        for unit in prepare(url, given.rounds):  # alternated, so that a busy machine slows both
            for name, way in (("plain", plain), ("ours", ours)):
                told[name].append(run(way, url, path, unit))
        medians = {
            name: {key: round(statistics.median(one[key] for one in each), 3) for key in each[0]}
            for name, each in told.items()
        }
        ratio = round(medians["ours"]["all"] / medians["plain"]["all"], 2)
        print(json.dumps({"rows": given.rows, **medians, "ratio": ratio}, indent=1))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
