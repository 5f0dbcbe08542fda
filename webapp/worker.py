"""The worker process: does what the outbox holds."""

from __future__ import annotations

from webapp.app import build_house
from webapp.jobs import celery_app
from webapp.settings import Settings


def run(settings: Settings) -> None:
    celery_app.run_worker(build_house(settings))
