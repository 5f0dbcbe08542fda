"""Lets several processes run the same work at the same instant, from a barrier, and gathers what each saw."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

Work = Callable[[Any, Any], str]  # (context made in the process, item) -> outcome


def race(
    open_context: Callable[[str], Any], url: str, work: Work, items: Sequence[Any], processes: int, threads: int
) -> Counter[str]:
    """Do `work` on every item, dealt over processes × threads that start together; outcomes counted.

    Everything handed in must be importable by name: the processes are spawned, not forked.
    """
    context = multiprocessing.get_context("spawn")
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
