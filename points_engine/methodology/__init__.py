"""方法学: published rules that turn an act into grams and points; data in `data/`, checked at load."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from points_engine.methodology.catalogue import DATA
from points_engine.methodology.catalogue import load as _load
from points_engine.methodology.figures import read_evidence
from points_engine.methodology.inputs import parse_number, read_inputs, read_quantity
from points_engine.methodology.model import (
    DOMAINS,
    Behaviour,
    Cap,
    Catalogue,
    CatalogueFaults,
    Elsewhere,
    Exclusion,
    Factor,
    Fault,
    Input,
    Level,
    Series,
    Version,
)
from points_engine.methodology.passport import Passport, PassportFactor, passport
from points_engine.methodology.quantify import (
    Quantified,
    grams_per_unit,
    points_per_unit,
    quantify,
)

__all__ = [
    "COEFFICIENT",
    "DOMAINS",
    "Behaviour",
    "Cap",
    "Catalogue",
    "CatalogueFaults",
    "Elsewhere",
    "Exclusion",
    "Factor",
    "Fault",
    "Input",
    "Level",
    "Passport",
    "PassportFactor",
    "Quantified",
    "Series",
    "Version",
    "grams_per_unit",
    "load",
    "parse_number",
    "passport",
    "points_per_unit",
    "quantify",
    "read_inputs",
    "read_quantity",
]


def load(folder: Path | None = None) -> Catalogue:
    """The catalogue of `folder`, or ours; raises CatalogueFaults with everything that is wrong."""
    return _load(folder or DATA)


def _coefficients() -> Mapping[Level, Decimal]:
    series = read_evidence(DATA, [])
    return MappingProxyType({level: each.rows[-1].value for level, each in series.items()})


COEFFICIENT = _coefficients()
