"""Reads a partner's CSV row by row: its encoding and header first, then what each row says, in our words."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import NamedTuple, TextIO

from points_engine.errors import Invalid
from points_engine.methodology import Catalogue, parse_number
from points_engine.units import STEP
from webapp.feeds.mapping import Field, PartnerMapping

CHUNK = 1 << 20
LONGEST_EVENT = 80
CODECS = {"utf-8": "utf-8-sig", "gbk": "gb18030"}
PLAIN_TIME = "%Y-%m-%d %H:%M:%S"

Inputs = tuple[tuple[str, str], ...]
Cells = list[str] | None  # None: unreadable
Line = tuple[int, Cells]  # where in the file it begins, and what is in it


class FileTrouble(Exception):
    """The file as a whole cannot be used; the message is for the operator."""


class Event(NamedTuple):
    """What one row says: the partner's number of the event, whose account, and which act."""

    natural: str
    account: str
    behaviour: str
    quantity: Decimal
    inputs: Inputs
    occurred_at: datetime


class Refusal(NamedTuple):
    """Why a row tells no act: a reason code, the field it is about, and the event if it could be read."""

    reason: str
    field: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file read through once: its fingerprint and the way its text is written."""

    checksum: str
    encoding: str


def inspect(path: Path, encoding: str) -> Inspected:
    """Read the file once; raises FileTrouble when it is missing, empty or written in another way."""
    digest = hashlib.sha256()
    tried = {name: codecs.getincrementaldecoder(CODECS[name])() for name in _candidates(encoding)}
    size = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                _decode(tried, chunk, final=False)
        _decode(tried, b"", final=True)
    except OSError as fault:
        raise FileTrouble(f"The file {path.name} cannot be read: {fault.strerror}.") from fault
    if not size:
        raise FileTrouble(f"The file {path.name} is empty.")
    if not tried:
        raise FileTrouble(f"The text of {path.name} is neither {' nor '.join(_candidates(encoding)).upper()}.")
    return Inspected(digest.hexdigest(), CODECS[next(iter(tried))])


def _candidates(encoding: str) -> tuple[str, ...]:
    return tuple(CODECS) if encoding == "auto" else (encoding,)


def _decode(tried: dict[str, codecs.IncrementalDecoder], chunk: bytes, *, final: bool) -> None:
    for name, decoder in list(tried.items()):
        try:
            decoder.decode(chunk, final)
        except UnicodeDecodeError:
            del tried[name]


class Rows:
    """The rows of an open file, each with the line it begins on; the header is checked at once."""

    def __init__(self, file: TextIO, mapping: PartnerMapping, catalogue: Catalogue) -> None:
        self._reader = csv.reader(file, delimiter=mapping.delimiter)
        try:
            header = [name.strip() for name in next(self._reader, [])]
        except csv.Error as fault:
            raise FileTrouble(f"The first line cannot be read: {fault}.") from fault
        missing = [name for name in mapping.columns if name not in header]
        if missing:
            raise FileTrouble(f"Missing columns: {', '.join(missing)}. The file has: {', '.join(header) or 'none'}.")
        twice = sorted({name for name in mapping.columns if header.count(name) > 1})
        if twice:
            raise FileTrouble(f"Columns that stand twice: {', '.join(twice)}.")
        self._width = len(header)
        self.says = Sayings(mapping, header, catalogue)

    def __iter__(self) -> Iterator[tuple[int, Event | Refusal]]:
        read = self.says.read
        return ((line, read(cells)) for line, cells in self.lines())

    def lines(self) -> Iterator[Line]:
        """The rows as they stand there, not read yet."""
        reader, width = self._reader, self._width
        while True:
            line = reader.line_num + 1
            try:
                for cells in reader:
                    if len(cells) == width:
                        yield line, cells
                    elif cells:
                        yield line, None
                    line = reader.line_num + 1
                return
            except csv.Error:
                yield line, None


@dataclass(slots=True)
class Sayings:
    """Turns cells into what they mean; what repeats from row to row is worked out once."""

    mapping: PartnerMapping
    header: list[str]
    catalogue: Catalogue
    _event: int = field(init=False)
    _member: int = field(init=False)
    _times: tuple[int, ...] = field(init=False)
    _acts: dict[tuple[str, ...], tuple[str, Decimal, Inputs] | Refusal] = field(init=False, default_factory=dict)
    _act_columns: tuple[int, ...] = field(init=False)
    _fields: tuple[tuple[str, Field, int], ...] = field(init=False)
    _only: int = field(init=False)
    _offsets: dict[str, timedelta | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        m, place = self.mapping, self.header.index
        self._event, self._member = place(m.event), place(m.member)
        self._times = tuple(place(name) for name in m.time_columns)
        inputs = dict(m.inputs)
        if not inputs:  # the standard format: a column by the name of each input that is asked for
            asked = {each.name for behaviour in self.catalogue.behaviours for each in behaviour.inputs}
            inputs = {name: Field(f"inputs.{name}") for name in asked if f"inputs.{name}" in self.header}
        said = {"behaviour": m.behaviour, "quantity": m.quantity, **{f"inputs.{n}": f for n, f in inputs.items()}}
        columns = list(dict.fromkeys(f.column for f in said.values() if f.column))
        self._only = place(m.only_column) if m.only_column else -1
        self._act_columns = tuple(place(name) for name in columns)
        self._fields = tuple((n, f, columns.index(f.column) if f.column else -1) for n, f in said.items())

    def account(self, cells: Cells) -> str:
        """Whose row it is, in the partner's words; empty where that does not matter."""
        if cells is None or (self._only >= 0 and cells[self._only].strip() not in self.mapping.only_values):
            return ""
        account = cells[self._member].strip()
        return account if account.isprintable() else ""

    def read(self, cells: Cells) -> Event | Refusal:
        """One row, or why it tells no act."""
        if cells is None:
            return Refusal("row_unreadable")
        if self._only >= 0 and cells[self._only].strip() not in self.mapping.only_values:
            return Refusal("left_out", self.mapping.only_column)
        natural, account = cells[self._event].strip(), cells[self._member].strip()
        if not natural or len(natural) > LONGEST_EVENT or not natural.isprintable():
            return Refusal("event_unreadable" if natural else "event_missing", self.mapping.event)
        if not account or not account.isprintable():
            return Refusal("unknown_member", self.mapping.member, natural)
        key = tuple([cells[n] for n in self._act_columns])
        act = self._acts.get(key)
        if act is None:
            act = self._act(key)
            if len(self._acts) < 100_000:
                self._acts[key] = act
        if isinstance(act, Refusal):
            return act._replace(event=natural)
        at = self._time(" ".join([cells[n] for n in self._times]).strip())
        if at is None:
            return Refusal("not_a_time", " ".join(self.mapping.time_columns), natural)
        return Event(natural, account, *act, at)

    def _act(self, key: tuple[str, ...]) -> tuple[str, Decimal, Inputs] | Refusal:
        said: dict[str, str] = {}
        for name, source, place in self._fields:
            word = key[place].strip() if source.column else source.fixed
            if source.values is not None and (word or name in ("behaviour", "quantity")):
                known = source.values.get(word)
                word = known or ""
                if known is None:
                    return Refusal("unknown_behaviour" if name == "behaviour" else "not_a_choice", source.column)
            said[name] = word
        behaviour = self.catalogue.by_code.get(said["behaviour"])
        if behaviour is None:
            return Refusal("unknown_behaviour", self.mapping.behaviour.column)
        try:
            amount = parse_number(said["quantity"])
        except Invalid as fault:
            return Refusal(fault.fields["quantity"], self.mapping.quantity.column)
        if self.mapping.scale != 1:
            amount = (amount * self.mapping.scale).quantize(STEP, ROUND_DOWN)
        asked = [each.name for each in behaviour.inputs]
        inputs = tuple((name, given) for name in asked if (given := said.get(f"inputs.{name}")))
        return behaviour.code, amount, inputs

    def _time(self, text: str) -> datetime | None:
        """The instant; a time without an offset is on the clock of the mapping's zone."""
        for shape in self.mapping.time_formats:
            try:
                at = _by_shape(text, shape)
            except (ValueError, OverflowError):
                continue
            if at.tzinfo is None:
                return self._on_the_clock(at, text[:10])
            return at.astimezone(UTC)
        return None

    def _on_the_clock(self, at: datetime, day: str) -> datetime:
        offset = self._offsets.get(day)
        if offset is None:
            zone = self.mapping.zone
            offset = at.replace(tzinfo=zone).utcoffset()
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=zone)
            last = at.replace(hour=23, minute=59, second=59, tzinfo=zone)
            assert offset is not None
            if (
                len(self._offsets) < 10_000
                and midnight.utcoffset() == last.utcoffset()
                and day == at.date().isoformat()
            ):
                self._offsets[day] = offset  # no clock is changed on this day
        return (at - offset).replace(tzinfo=UTC)


def _by_shape(text: str, shape: str) -> datetime:
    if shape == "iso" or (shape == PLAIN_TIME and len(text) == 19 and text[10] == " "):
        return datetime.fromisoformat(text)
    if shape in ("epoch", "epoch_ms"):
        if not (text.isascii() and text.isdigit() and len(text) < 15):
            raise ValueError(text)
        seconds, milli = divmod(int(text), 1000) if shape == "epoch_ms" else (int(text), 0)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, milliseconds=milli)
    return datetime.strptime(text, shape)  # noqa: DTZ007 - the mapping's zone is put on by the caller
