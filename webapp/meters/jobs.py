"""Jobs of meters: complete months are settled at night."""

from __future__ import annotations

from webapp.jobs import Job
from webapp.meters.settling import settle_months

JOBS = (Job("meters.settle", cron={"hour": 3, "minute": 20}, run=settle_months),)
