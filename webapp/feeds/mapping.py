"""A partner's mapping: the TOML file that says which column of its CSV means what; checked whole before use."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from points_engine.methodology import Catalogue, Level

SHIPPED = Path(__file__).parent / "partners"
OWN_FOLDER = "partners"  # below the var folder: operators' own files, which stand before ours
SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{1,39}")
MEMBER_BY = ("account", "public_id", "login", "phone")
STANDARD = "standard"  # the mapping of sources that have none of their own
ENCODINGS = ("auto", "utf-8", "gbk")


class MappingFaults(Exception):
    """Everything that is wrong with a mapping file, all at once."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__("\n".join(f"{name}: {fault}" for fault in faults))
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value comes from: a column, with the partner's words translated by `values`, or the same for all."""

    column: str = ""
    fixed: str = ""
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PartnerMapping:
    """How one partner's rows become acts."""

    source: str
    name_zh: str
    name_en: str
    encoding: str
    delimiter: str
    event: str
    member: str
    member_by: str
    behaviour: Field
    quantity: Field
    scale: Decimal
    time_columns: tuple[str, ...]
    time_formats: tuple[str, ...]
    zone: ZoneInfo
    inputs: Mapping[str, Field]  # by input; an empty cell is an input that was not given
    only_column: str
    only_values: frozenset[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the file must have."""
        fields = (self.behaviour, self.quantity, *self.inputs.values())
        named = [self.event, self.member, *self.time_columns, *(f.column for f in fields), self.only_column]
        return tuple(dict.fromkeys(name for name in named if name))


def folders(var_dir: Path) -> tuple[Path, ...]:
    """Where mapping files are looked for, the operators' own first."""
    return var_dir / OWN_FOLDER, SHIPPED


def names(places: Sequence[Path]) -> list[str]:
    """The sources that have a mapping file."""
    return sorted({path.stem for place in places for path in place.glob("*.toml")})


def load(source: str, places: Sequence[Path], catalogue: Catalogue) -> PartnerMapping:
    """The mapping of `source`, or the standard one; raises MappingFaults with everything that is wrong."""
    if not SOURCE.fullmatch(source):
        raise MappingFaults(source, ["a source is named in small letters, digits, - and _ (2 to 40)"])
    found = [p for name in (source, STANDARD) for place in places if (p := place / f"{name}.toml").is_file()]
    path = found[0]
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise MappingFaults(path.name, [str(fault)]) from fault
    # In the standard format the cells hold our own words, and inputs have columns of their own.
    return read(source, data, catalogue, path.name)


def read(source: str, data: Mapping[str, Any], catalogue: Catalogue, name: str) -> PartnerMapping:
    """The mapping that `data` tells; raises MappingFaults."""
    faults: list[str] = []
    known = {"name", "encoding", "delimiter", "event", "member", "behaviour", "quantity", "occurred_at"}
    faults += [f"{key}: unknown key" for key in data if key not in known | {"inputs", "only"}]
    member, when, only = (_table(data, key, faults) for key in ("member", "occurred_at", "only"))
    quantity, title = _table(data, "quantity", faults), _table(data, "name", faults)
    inputs = {each: _field(value, f"inputs.{each}", faults) for each, value in _table(data, "inputs", faults).items()}
    made = PartnerMapping(
        source=source,
        name_zh=_word(title, "zh", "name.zh", faults),
        name_en=str(title.get("en") or title.get("zh") or source),
        encoding=_one_of(data.get("encoding", "auto"), ENCODINGS, "encoding", faults),
        delimiter=_delimiter(data.get("delimiter", ","), faults),
        event=_word(data, "event", "event", faults),
        member=_word(member, "column", "member.column", faults),
        member_by=_one_of(member.get("by", "account"), MEMBER_BY, "member.by", faults),
        behaviour=_field(data.get("behaviour"), "behaviour", faults),
        quantity=_field({k: v for k, v in quantity.items() if k != "scale"}, "quantity", faults),
        scale=_scale(quantity.get("scale", "1"), faults),
        time_columns=_words(when.get("columns") or when.get("column"), "occurred_at.column", faults),
        time_formats=_words(when.get("formats", ["iso"]), "occurred_at.formats", faults),
        zone=_zone(when.get("timezone", "Asia/Shanghai"), faults),
        inputs=inputs,
        only_column=str(only.get("column", "")),
        only_values=frozenset(_words(only.get("values"), "only.values", faults) if only else ()),
    )
    faults += _behaviour_faults(made, catalogue)
    if faults:
        raise MappingFaults(name, faults)
    return made


def _behaviour_faults(made: PartnerMapping, catalogue: Catalogue) -> list[str]:
    """Codes nobody knows, or that a partner's record cannot support."""
    codes = {made.behaviour.fixed} if made.behaviour.fixed else set((made.behaviour.values or {}).values())
    unknown = [f"behaviour: {code} is not a behaviour" for code in sorted(codes) if code not in catalogue.by_code]
    known = [catalogue.by_code[code] for code in sorted(codes) if code in catalogue.by_code]
    unfit = [f"behaviour: {b.code} takes no partner's record" for b in known if Level.PARTNER not in b.evidence]
    asked = {each.name for b in known for each in b.inputs}
    lacking = [f"inputs.{n}: {b.code} asks for it" for b in known for i in b.inputs if (n := i.name) not in made.inputs]
    return unknown + unfit + lacking + [f"inputs.{n}: no behaviour asks for it" for n in made.inputs if n not in asked]


def _table(data: Mapping[str, Any], key: str, faults: list[str]) -> Mapping[str, Any]:
    value = data.get(key, {})
    if isinstance(value, Mapping):
        return value
    faults.append(f"{key}: must be a table")
    return {}


def _field(value: Any, key: str, faults: list[str]) -> Field:
    if isinstance(value, str):
        value = {"fixed": value}
    if not isinstance(value, Mapping) or ("column" in value) == ("fixed" in value):
        faults.append(f"{key}: needs either column or fixed")
        return Field()
    faults += [f"{key}.{name}: unknown key" for name in value if name not in ("column", "fixed", "values")]
    values = value.get("values")
    if values is not None and not (isinstance(values, Mapping) and values):
        faults.append(f"{key}.values: must be a table of the partner's words")
        values = None
    translated = None if values is None else {str(k): str(v) for k, v in values.items()}
    return Field(str(value.get("column", "")), str(value.get("fixed", "")), translated)


def _word(data: Mapping[str, Any], key: str, name: str, faults: list[str]) -> str:
    value = data.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip()
    faults.append(f"{name}: missing")
    return ""


def _words(value: Any, name: str, faults: list[str]) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if isinstance(words, list) and words and all(isinstance(word, str) and word for word in words):
        return tuple(words)
    faults.append(f"{name}: missing")
    return ()


def _one_of(value: Any, choices: Sequence[str], name: str, faults: list[str]) -> str:
    if value not in choices:
        faults.append(f"{name}: must be one of {', '.join(choices)}")
    return str(value)


def _delimiter(value: Any, faults: list[str]) -> str:
    if not (isinstance(value, str) and len(value) == 1):
        faults.append("delimiter: must be one character")
        return ","
    return value


def _scale(value: Any, faults: list[str]) -> Decimal:
    """As text, so that it stays exact: "0.001" turns metres into kilometres."""
    try:
        scale = Decimal(value) if isinstance(value, str | int) else Decimal("NaN")
    except InvalidOperation:
        scale = Decimal("NaN")
    if not (scale.is_finite() and scale > 0):
        faults.append('quantity.scale: must be a number above 0, written as text ("0.001")')
        return Decimal(1)
    return scale


def _zone(value: Any, faults: list[str]) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append("occurred_at.timezone: unknown")
        return ZoneInfo("Asia/Shanghai")
