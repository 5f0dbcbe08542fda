"""The open list of a year's honours as CSV and as JSON with the same names, and certificates as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from points_engine.clock import LOCAL
from webapp.honours.queries import COLUMNS, Awarded
from webapp.papers.certificates import Certificate, certificate
from webapp.papers.writing import csv_text

LICENCE = "CC BY 4.0"
HEADS = (*COLUMNS, "licence")


def rows(found: Sequence[Awarded]) -> list[dict[str, Any]]:
    """One record an honour; a person who is not named has an empty name."""
    return [each.as_data() | {"licence": LICENCE} for each in found]


def as_csv(found: Sequence[Awarded]) -> str:
    """The same records for office programs, with no cell that can be a formula."""
    return csv_text(HEADS, ([record[name] for name in HEADS] for record in rows(found)))


def picture(each: Awarded, name: str, issuer: str, verify_url: str) -> bytes:
    """The certificate of an honour under a name."""
    at = each.awarded_at.astimezone(LOCAL)
    return certificate(
        Certificate(
            title="荣誉证书",
            title_en="Certificate of honour",
            name=name,
            lines=[f"授予 {each.year} 年度“{each.honour.zh}”称号。", "经审核与公示，特发此证。"],
            number=each.number,
            issuer=issuer,
            day=f"{at.year}年{at.month}月{at.day}日",
            verify_url=verify_url,
        )
    )
