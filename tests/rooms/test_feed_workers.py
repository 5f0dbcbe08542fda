"""Imports by several processes: what they do is what one does, and one that gives up leaves nothing half done."""

from __future__ import annotations

import os
import signal
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

from tests.rooms.test_feeds import everything, many, open_house, people, run
from webapp import audit
from webapp.activities.partner_acts import PartnerAct
from webapp.feeds import importing, posting, service, workers
from webapp.feeds.workers import WorkerFailed

SIDE_BY_SIDE: dict[str, Any] = {"workers": 3, "own_process": True}


@pytest.mark.servers
def test_workers_do_what_one_process_does(
    tmp_path: Path, pg_url: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SHARE", 170)  # several parts of the file
    monkeypatch.setattr(workers, "NEIGHBOURS", 4)  # members for each worker
    kept, posted = posting.Poster.post, tmp_path / "posted"
    posted.mkdir()

    def post(self: Any, acts: list[PartnerAct], lines: list[int], done: Any) -> Any:
        if acts:
            (posted / str(os.getpid())).touch()
        return kept(self, acts, lines, done)

    monkeypatch.setattr(posting.Poster, "post", post)
    told = []
    for url, side_by_side in ((sqlite_url, {}), (pg_url, SIDE_BY_SIDE)):
        house = open_house(url)
        people(house.store, 600)
        path = many(tmp_path, [f"p{n}" for n in range(1, 620)], 3000)
        summary, rows = run(house, path, **side_by_side)
        told.append(([summary[name] for name in service.COUNTS], summary["reasons"], rows))
        told[-1] += (everything(house.store, "feed_import", "staff_action"),)
        house.store.dispose()
    assert len(list(posted.iterdir())) == 1 + 3, "each of the three has posted, and the one on SQLite"
    assert told[0][:3] == told[1][:3]
    assert {t: rows for t, rows in told[0][3].items() if rows} == {t: rows for t, rows in told[1][3].items() if rows}


@pytest.mark.servers
@pytest.mark.parametrize("end", ["fails", "is killed"])
def test_a_worker_that_gives_up_ends_the_import_and_the_next_run_goes_on(
    tmp_path: Path, pg_url: str, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    house = open_house(pg_url)
    people(house.store, 60)
    path = many(tmp_path, [f"p{n}" for n in range(1, 61)], 900)
    monkeypatch.setattr(workers, "SHARE", 100)
    monkeypatch.setattr(workers, "NEIGHBOURS", 2)
    kept, here = posting.Poster.post, os.getpid()

    def post(self: Any, acts: list[PartnerAct], lines: list[int], done: Any) -> Any:
        assert os.getpid() != here and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        if lines and lines[-1] > 400:
            if end == "is killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ValueError("no more")
        return kept(self, acts, lines, done)

    with monkeypatch.context() as patched:
        patched.setattr(posting.Poster, "post", post)
        with pytest.raises(WorkerFailed, match="ValueError: no more" if end == "fails" else "ended before its work"):
            run(house, path, **SIDE_BY_SIDE)
    assert not active_children()
    again, _ = run(house, path, **SIDE_BY_SIDE)
    assert again["already"] > 0 and again["credited"] > 0 and not active_children()
    assert run(house, path)[0]["already"] == again["already"] + again["credited"] + again["zero"]
    assert audit.run(house.store).faults == []
    house.store.dispose()


@pytest.mark.servers
def test_a_file_that_is_refused_leaves_no_worker_behind(tmp_path: Path, pg_url: str) -> None:
    house = open_house(pg_url)
    people(house.store, 3)
    path = many(tmp_path, ["p1", "p2", "p3"], 20)
    run(house, path, **SIDE_BY_SIDE)
    with pytest.raises(importing.FileTrouble, match="imported as acme"):
        run(house, path, "other", **SIDE_BY_SIDE)
    assert not active_children()
    house.store.dispose()
