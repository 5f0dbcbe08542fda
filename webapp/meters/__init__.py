"""Meters 计量表: readings of homes and units, use by month beside its baseline, and what is saved becomes an act."""
