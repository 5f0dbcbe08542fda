"""The web process: the application that the server imports."""

from __future__ import annotations

from webapp.app import build_house, create_app
from webapp.jobs import connect
from webapp.jobs.celery_app import sender
from webapp.launch.logs import set_up_logs
from webapp.settings import load

settings = load()
set_up_logs(settings)
connect(sender(settings))
app = create_app(settings, house=build_house(settings))
