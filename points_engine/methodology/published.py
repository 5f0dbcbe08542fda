"""Keeps published editions and factor rows from ever changing: a fingerprint of each, locked.

`python3 -m points_engine.methodology.published` locks what is new; it never replaces a line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from points_engine.methodology.catalogue import DATA, load
from points_engine.methodology.model import Behaviour, Catalogue, Factor, Scenario, Version

LOCK = DATA / "published.lock"


def fingerprints(catalogue: Catalogue) -> dict[str, str]:
    """Every edition and every figure by name, with the digest of what decides its result."""
    return {name: hashlib.sha256(facts.encode()).hexdigest() for name, facts in _facts(catalogue)}


def fingerprint(behaviour: Behaviour, edition: Version) -> str:
    """The digest of what decides the results of one edition."""
    return hashlib.sha256(_edition(behaviour, edition).encode()).hexdigest()


def _facts(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for behaviour in catalogue.behaviours:
        for edition in behaviour.versions:
            yield f"methodology {behaviour.ref} {edition.version}", _edition(behaviour, edition)
    for series in catalogue.factors.values():
        for row in series.rows:
            yield f"factor {row.key} {row.valid_from}", _row(row)
    for series in catalogue.behaviours[0].coefficients.values():
        for row in series.rows:
            yield f"evidence {row.key} {row.valid_from}", _row(row)


def _edition(behaviour: Behaviour, edition: Version) -> str:
    points = edition.points
    return "\n".join(
        (
            behaviour.code,
            behaviour.unit,
            str(edition.valid_from),
            edition.formula,
            _scenario(edition.baseline),
            _scenario(edition.activity),
            _scenario((edition.times,)),
            f"{edition.bounds.least} {edition.bounds.most}",
            f"{points.per_unit} {points.by}",
            " ".join(f"{key}={price}" for key, price in sorted((points.table or {}).items())),
        )
    )


def _scenario(scenario: Scenario) -> str:
    return " + ".join(" * ".join(series.key for series in term) for term in scenario)


def _row(row: Factor) -> str:
    facts = (row.value, row.unit, row.source, row.mark, row.valid_from, row.review_by)
    return "\n".join(str(fact) for fact in facts)


def locked(path: Path = LOCK) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: digest for name, _, digest in (line.rpartition(" ") for line in lines)}


def lock_new(catalogue: Catalogue, path: Path = LOCK) -> list[str]:
    """Append what is not locked yet; what is locked stays as it is."""
    before, now = locked(path), fingerprints(catalogue)
    new = [name for name in now if name not in before]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{name} {now[name]}\n" for name in new)
    return new


if __name__ == "__main__":
    for line in lock_new(load()):
        print("locked", line)
