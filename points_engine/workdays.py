"""Working days 工作日: what staff say, else the official calendar with its make-up days, else Monday to Friday."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

SATURDAY = 5


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


@dataclass(frozen=True, slots=True)
class Workdays:
    """`overrides` by staff come first, then the `calendar` as far as it goes; a plain week follows."""

    overrides: Mapping[date, bool] = field(default_factory=dict)
    calendar: Mapping[date, bool] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool:
        said = self.overrides.get(day)
        if said is None:
            said = self.calendar.get(day)
        return day.weekday() < SATURDAY if said is None else said

    def source(self, day: date) -> str:
        """Who says so: staff, calendar, or the plain week."""
        return "staff" if day in self.overrides else "calendar" if day in self.calendar else "week"

    def between(self, first: date, last: date) -> list[date]:
        """The working days from the first to the last day, both included."""
        return [day for day in days_between(first, last) if self.is_workday(day)]
