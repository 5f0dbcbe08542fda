"""Lets several processes run the same work at the same instant, from a barrier, and gathers what each saw."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext
from typing import Any

Work = Callable[[Any, Any], str]  # (context made in the process, item) -> outcome


def race(
    open_context: Callable[[str], Any], url: str, work: Work, items: Sequence[Any], processes: int, threads: int
) -> Counter[str]:
    """Do `work` on every item, dealt over processes × threads that start together; outcomes counted.

    Everything handed in must be importable by name: the processes have nothing from this one.
    """
    context = clean_processes()
    barrier = context.Barrier(processes)
    results = context.Queue()
    dealt = [list(items[n::processes]) for n in range(processes)]
    started = [
        context.Process(target=_run, args=(open_context, url, work, share, threads, barrier, results))
        for share in dealt
    ]
    for process in started:
        process.start()
    outcomes: Counter[str] = Counter()
    for _ in started:
        outcomes += results.get(timeout=300)
    for process in started:
        process.join(timeout=60)
        assert process.exitcode == 0
    return outcomes


def clean_processes() -> ForkServerContext:
    """Makes processes that share nothing with this one: forked from a server that has only imported our modules.

    A process that is spawned imports them itself, which takes longer than most races.
    """
    context = multiprocessing.get_context("forkserver")
    ours = sorted(name for name in sys.modules if name.split(".")[0] in ("points_engine", "webapp"))
    context.set_forkserver_preload(ours)  # heard once, by the first to come
    return context


def _run(
    open_context: Any, url: str, work: Work, items: Sequence[Any], threads: int, barrier: Any, results: Any
) -> None:
    context = open_context(url)
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()
    barrier.wait(timeout=120)
    inner = threading.Barrier(threads)

    def worker(share: Sequence[Any]) -> None:
        inner.wait(timeout=60)
        for item in share:
            try:
                outcome = work(context, item)
            except Exception as error:  # noqa: BLE001 - counted, so that the test can show it
                outcome = f"{type(error).__name__}: {getattr(error, 'code', error)}"
            with lock:
                outcomes[outcome] += 1

    pool = [threading.Thread(target=worker, args=(items[n::threads],)) for n in range(threads)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    results.put(outcomes)
