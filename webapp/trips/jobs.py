"""Jobs of trips: the end of tracks."""

from __future__ import annotations

from webapp.jobs import Job
from webapp.trips.purge import purge_tracks

JOBS = (Job("trips.purge_tracks", cron={"hour": 3, "minute": 40}, run=purge_tracks),)
