"""The scheduler process: writes down what is due and sends it to the workers."""

from __future__ import annotations

from webapp.app import build_house
from webapp.jobs import connect, scheduler
from webapp.jobs.celery_app import sender
from webapp.settings import Settings


def run(settings: Settings) -> None:
    connect(sender(settings))
    scheduler.run(build_house(settings))
