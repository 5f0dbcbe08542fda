"""The web kernel: what every room's routes use to read a request, guard a view and answer."""

from webapp.web.context import (
    address,
    current,
    guest_store,
    house,
    need_step_up,
    now,
    say,
    signed_in,
)
from webapp.web.guards import guard
from webapp.web.house import House, Principal
from webapp.web.i18n import lang, t
from webapp.web.install import install
from webapp.web.paging import Page, after_arg, page_of, whole
from webapp.web.urls import safe_next

__all__ = [
    "House",
    "Page",
    "Principal",
    "address",
    "after_arg",
    "current",
    "guard",
    "guest_store",
    "house",
    "install",
    "lang",
    "need_step_up",
    "now",
    "page_of",
    "safe_next",
    "say",
    "signed_in",
    "t",
    "whole",
]
