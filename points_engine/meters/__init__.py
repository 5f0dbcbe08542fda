"""Meters 计量表: readings become use by month, use is compared with a baseline, and what is saved is worked out."""

from points_engine.meters.registers import Backwards, MonthUse, Reading, check_readings, month_uses
from points_engine.meters.rules import KINDS, Kind, count, figure, rules
from points_engine.meters.savings import Home, Peers, Working, next_month, peers_of, work_out
from points_engine.meters.weather import DegreeDays, degree_days

__all__ = [
    "KINDS",
    "Backwards",
    "DegreeDays",
    "Home",
    "Kind",
    "MonthUse",
    "Peers",
    "Reading",
    "Working",
    "check_readings",
    "count",
    "degree_days",
    "figure",
    "month_uses",
    "next_month",
    "peers_of",
    "rules",
    "work_out",
]
