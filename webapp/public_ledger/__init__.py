"""Public ledger 公开数据: the pilot's indicators year by year, the platform's sums, and both as open data."""
