"""The staff desk 工作台: review, campaigns, rewards, announcements, units, members, methodologies, ledger, jobs."""
