"""The API v1 as create_app sees it: one blueprint with the calls of all files on it."""

from webapp.api import acting, appeals, honours, meters, methods, scans, trading, trips
from webapp.api.blueprint import bp

__all__ = ["acting", "appeals", "bp", "honours", "meters", "methods", "scans", "trading", "trips"]
