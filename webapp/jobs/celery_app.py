"""Celery: the broker for both ways of running (files on this machine, or Redis) and the one task that runs outbox rows."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from kombu.entity import Exchange, Queue

from webapp.jobs import connect, runner
from webapp.jobs import files as files  # gives the embedded broker its name
from webapp.settings import Settings

log = logging.getLogger("puhui.worker")

TASK = "puhui.run"
BEAT_SECONDS = 10


def make_celery(settings: Settings) -> Celery:
    """The Celery app of this process; only keys of outbox rows travel, as JSON."""
    app = Celery("puhui", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        # No exchange between sender and queue: a message goes straight to the one queue there is.
        task_queues=[Queue("puhui", Exchange(""), routing_key="puhui")],
        task_default_queue="puhui",
        task_default_exchange="",
        task_default_routing_key="puhui",
        task_publish_retry=False,
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        timezone="Asia/Shanghai",
        broker_transport_options=_files(settings) if settings.embedded else _redis(),
    )
    return app


def _files(settings: Settings) -> dict[str, Any]:
    folders = {name: settings.broker_dir / name for name in ("messages", "control")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folders["messages"]),
        "data_folder_out": str(folders["messages"]),
        "control_folder": str(folders["control"]),
        "polling_interval": 0.1,
    }


def _redis() -> dict[str, Any]:
    return {"visibility_timeout": 3600, "socket_connect_timeout": 2, "socket_timeout": 5}


def sender(settings: Settings) -> Any:
    """A function that sends one key to the workers."""
    app = make_celery(settings)
    return lambda key: app.send_task(TASK, args=[key], queue="puhui")


def run_worker(house: Any) -> None:
    """Work until told to end; each process has a name by which its rows are known when it dies."""
    warnings.simplefilter("ignore", SecurityWarning)  # containers run as root; nothing here is pickled
    name = f"worker:{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    app = make_celery(house.settings)
    connect(lambda key: app.send_task(TASK, args=[key], queue="puhui"))

    def run(key: str) -> None:
        runner.run_one(house, key, house.clock.now(), name)

    app.task(name=TASK)(run)
    beating = threading.Thread(target=_beat, args=(house, name), daemon=True)
    beating.start()
    threads = str(house.settings.worker_threads)
    options = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["-q", "worker", "-P", "threads", "-c", threads, *options, "-l", "warning"])


def _beat(house: Any, name: str) -> None:
    pause = threading.Event()
    while True:
        try:
            with house.store.write() as tx:
                runner.beat(tx, name, "worker", house.clock.now())
        except Exception:
            log.warning("the worker could not say that it is alive", exc_info=True)
        pause.wait(BEAT_SECONDS)
