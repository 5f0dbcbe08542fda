"""The job of activities: the end of photos, thirty days after the verdict on their act."""

from __future__ import annotations

from webapp.activities.purge import purge_photos
from webapp.jobs import Job

JOBS = (Job("activities.purge_photos", cron={"hour": 3, "minute": 30}, run=purge_photos),)
