"""What callers may send: strict pydantic models, and the one place where a body becomes a checked value."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from points_engine.errors import Invalid
from points_engine.methodology import Catalogue
from points_engine.trips import MODES
from webapp.activities.commands import LogActivity, read_command

Body = TypeVar("Body", bound="Model")


def _number(value: Any) -> Decimal:
    """A JSON number as a decimal; no string, no boolean."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError("must be a number")


def _instant(value: Any) -> datetime:
    """ISO 8601 with an offset."""
    if not isinstance(value, str) or not value.isascii():
        raise ValueError("must be a date and time with an offset")
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("must have an offset")
    if not 2000 <= at.year <= 9000:  # at its ends the calendar cannot change the offset
        raise ValueError("must be a date of our time")
    return at


Number = Annotated[Decimal, BeforeValidator(_number, json_schema_input_type=float)]
Instant = Annotated[datetime, BeforeValidator(_instant, json_schema_input_type=str)]
Id = Annotated[str, Field(min_length=32, max_length=36, json_schema_extra={"format": "uuid"})]


class Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SignIn(Model):
    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=128)]


class NewActivity(Model):
    id: Id
    behaviour: Annotated[str, Field(min_length=1, max_length=40, description="`code` of GET /behaviours")]
    quantity: Annotated[Number, Field(description="greater than 0, at most 3 decimals, in the behaviour's unit")]
    occurred_at: Annotated[Instant, Field(description="ISO 8601 with offset; at most 10 minutes ahead, 72 hours old")]
    inputs: dict[str, Number | str] = Field(default_factory=dict, max_length=8)
    evidence: list[Id] = Field(default_factory=list, max_length=4, description="ids of POST /uploads")


class NewScan(Model):
    id: Id
    place: Annotated[str, Field(min_length=8, max_length=12, description="the code on the plate")]
    behaviour: Annotated[str, Field(min_length=1, max_length=40, description="one of the place's behaviours")]
    quantity: Annotated[Number, Field(description="only where the place leaves it open")] | None = None
    key: Annotated[str, Field(max_length=16, description="`k` in the link of a screen's code")] | None = None
    here: (
        Annotated[
            tuple[
                Annotated[Number, Field(ge=-90, le=90)],
                Annotated[Number, Field(ge=-180, le=180)],
            ],
            Field(description="latitude and longitude, WGS-84; compared where the place asks for it, then dropped"),
        ]
        | None
    ) = None
    accuracy_m: Annotated[Number, Field(ge=0, le=100000)] | None = None


class NewTrip(Model):
    id: Id
    mode: Annotated[str, Field(min_length=1, max_length=8, description="one of " + ", ".join(MODES))]
    points: list[Any] = Field(
        max_length=50_000,
        description="[[seconds since 1970, latitude, longitude], …] in WGS-84, or a list of such lists, one a segment; "
        "at most 50,000 points in all",
        json_schema_extra={"items": {"type": "array"}},
    )
    inputs: dict[str, int] = Field(
        default_factory=dict, max_length=4, description="for carpool: `n`, the people aboard (2 if not told)"
    )


class NewReading(Model):
    on: Annotated[str, Field(min_length=10, max_length=10, description="the day the meter was read, 2026-06-16")]
    value: Annotated[Number, Field(ge=0, description="the figure on the meter, at most 3 decimals")]
    estimated: bool = False
    upload: Annotated[Id, Field(description="a photo of the meter, of POST /uploads")] | None = None


class NewRedemption(Model):
    id: Id
    reward: Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewFulfilment(Model):
    id: Id
    code: Annotated[str, Field(min_length=1, max_length=40)]


class NewAppeal(Model):
    words: Annotated[str, Field(max_length=500, description="what the member wants to add")] = ""


def command_of(body: NewActivity, catalogue: Catalogue, member_id: int, now: datetime) -> LogActivity:
    """The act that a body tells of, checked; raises Invalid with every bad field."""
    return read_command(
        catalogue,
        member_id,
        id=body.id,
        behaviour=body.behaviour,
        quantity=body.quantity,
        occurred_at=body.occurred_at,
        inputs=body.inputs,
        evidence=body.evidence,
        now=now,
    )


REASONS = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_too_short": "missing",
    "string_too_long": "too_long",
    "too_long": "too_many",
    "decimal_type": "not_a_number",
}


def read_body(model: type[Body], *, decimals: bool = True) -> Body:
    """The JSON body as `model`; raises Invalid with every bad field. Fractions are exact unless `decimals` is false."""
    return read_bytes(model, request.get_data(cache=False), decimals=decimals)


def read_bytes(model: type[Body], data: bytes, *, decimals: bool = True) -> Body:
    """The bytes of a body as `model`, as in `read_body`."""
    try:
        sent = json.loads(data, parse_float=_decimal if decimals else float, parse_constant=_refuse)
        if b"\\u" in data:
            _refuse_half_characters(sent)
    except (ValueError, RecursionError):
        raise Invalid({"body": "not_json"}) from None
    if not isinstance(sent, dict):
        raise Invalid({"body": "not_an_object"})
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise Invalid(
            {_place(e["loc"]): _reason(e) for e in error.errors(include_url=False, include_context=False)}
        ) from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def _refuse_half_characters(sent: Any) -> None:
    """No NUL and no lone surrogate: they are no text to a database. Raises ValueError."""
    text = json.dumps(sent, ensure_ascii=False, default=str)
    if "\\u0000" in text or not text.encode():
        raise ValueError("NUL in text")


def _place(loc: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in loc if part not in ("decimal", "str")) or "body"


def _reason(error: Any) -> str:
    if error["type"] == "value_error":
        return "not_a_number" if "number" in error["msg"] else "bad_instant"
    return REASONS.get(error["type"], "wrong_type")
