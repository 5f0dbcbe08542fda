"""Work of feeds in the background: files handed in at the desk, and their end after a week."""

from __future__ import annotations

from webapp.feeds import files
from webapp.jobs import Job

JOBS = (Job("feeds.drop_old", cron={"hour": 3, "minute": 50}, run=files.drop_old),)
HANDLERS = {files.WORK: files.work, "feeds.drop": files.remove_blobs}
