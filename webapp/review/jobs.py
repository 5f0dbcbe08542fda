"""Work of review by timetable: screening every minute, groups and the sweep at night."""

from __future__ import annotations

from webapp.jobs import Job
from webapp.review.groups import find_groups, sweep
from webapp.review.screening import screen_acts

JOBS = (
    Job("review.screen_acts", every_seconds=60, run=screen_acts),
    Job("review.find_groups", cron={"hour": 4, "minute": 10}, run=find_groups),
    Job("review.sweep", cron={"hour": 4, "minute": 40}, run=sweep),
)
