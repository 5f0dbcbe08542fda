"""The API v1 as create_app sees it: one blueprint with the calls of both files on it."""

from webapp.api import acting, trading
from webapp.api.blueprint import bp

__all__ = ["acting", "bp", "trading"]
