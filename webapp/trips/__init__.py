"""Trips 行程: recordings as evidence: read, judged, compared with others, kept sealed and deleted in time."""
