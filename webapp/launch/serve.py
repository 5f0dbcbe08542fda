"""The web server: granian processes with threads around webapp.wsgi."""

from __future__ import annotations

import os
import shutil

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from webapp.launch.doors import refuse_open_doors
from webapp.settings import Settings


def run(settings: Settings) -> int:
    """Serve until told to end; each process answers `web_threads` requests at a time."""
    refuse_open_doors(settings, settings.host)
    if settings.web_processes > 1:  # each process counts for itself; this folder adds them up
        folder = settings.var_dir / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    Granian(
        "webapp.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.web_processes,
        blocking_threads=settings.web_threads,
        backlog=1024,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_access=False,
        log_level=LogLevels.error,
    ).serve()
    return 0
