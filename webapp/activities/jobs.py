"""Jobs of activities: thumbnails of photos, the end of photos, and removing the files of those that are gone."""

from __future__ import annotations

from webapp.activities.photo_purge import purge_photos
from webapp.activities.uploads import make_thumbnail, remove_files
from webapp.jobs import Job

JOBS = (Job("activities.purge_photos", cron={"hour": 3, "minute": 30}, run=purge_photos),)
HANDLERS = {"photo.thumbnail": make_thumbnail, "photo.remove": remove_files}
