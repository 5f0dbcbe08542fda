"""The OpenAPI 3.1 document: written from one table of calls, checked against the routes by a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic.json_schema import models_json_schema

from webapp.api import bodies

CODE_OF = {
    400: "invalid_input",
    401: "sign_in_required",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    429: "too_many_attempts",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API: what it takes, what it answers, and how it can refuse."""

    method: str
    path: str
    summary: str
    answer: str
    body: type[bodies.Model] | None = None
    query: dict[str, str] = field(default_factory=dict)
    created: bool = False
    refusals: tuple[int, ...] = ()
    public: bool = False
    listed: bool = False


AFTER = {"after": "cursor of the last row already seen (header X-Next-After of the page before)"}
CALLS = (
    Call("get", "/openapi.json", "This document", "Document", public=True),
    Call("post", "/session", "Sign in", "Token", bodies.SignIn, created=True, refusals=(400, 401, 429), public=True),
    Call("delete", "/session", "Sign out", "Nothing"),
    Call("get", "/me", "Who I am and what I have", "Me"),
    Call("get", "/behaviours", "What can be logged, with caps and worth per unit", "Behaviour", listed=True),
    Call("post", "/activities", "Log an act", "Activity", bodies.NewActivity, created=True, refusals=(400, 403, 409)),
    Call("post", "/trips", "Hand in a recorded trip", "Trip", bodies.NewTrip, created=True, refusals=(400, 403, 409)),
    Call("get", "/activities", "My acts, latest day first", "Activity", query=AFTER, listed=True, refusals=(400,)),
    Call("get", "/activities/{activity_id}", "One of my acts with its passport", "Activity", refusals=(404,)),
    Call(
        "post", "/activities/{activity_id}/undo", "Take an act back, within 10 minutes", "Activity", refusals=(404, 409)
    ),
    Call(
        "post",
        "/activities/{activity_id}/appeal",
        "Ask for a second look at a refused act, within 14 days; the body may be left out",
        "Appeal",
        bodies.NewAppeal,
        created=True,
        refusals=(400, 404, 409),
    ),
    Call("get", "/places/{code}", "What can be scanned at a place", "Place", refusals=(404,)),
    Call(
        "post",
        "/scans",
        "Scan a plate or a screen: logs the act it proves",
        "Activity",
        bodies.NewScan,
        created=True,
        refusals=(400, 403, 404, 409),
    ),
    Call("get", "/methods", "The methods with every version, as open data", "Method", listed=True, public=True),
    Call(
        "get", "/methods/{method_code}", "One method, by its code or reference", "Method", refusals=(404,), public=True
    ),
    Call(
        "get",
        "/honours",
        "The honours of a year, by default the newest",
        "Honour",
        query=AFTER | {"year": "2026"},
        listed=True,
        refusals=(400,),
        public=True,
    ),
    Call("get", "/meters", "My meters, open ones first", "Meter", listed=True),
    Call("get", "/meters/{meter_id}", "One of my meters and what its months saved", "MeterMonths", refusals=(404,)),
    Call(
        "get",
        "/meters/{meter_id}/readings",
        "Its readings, newest first",
        "Reading",
        query=AFTER,
        listed=True,
        refusals=(400, 404),
    ),
    Call(
        "post",
        "/meters/{meter_id}/readings",
        "Tell a reading; the same again is 200",
        "Reading",
        bodies.NewReading,
        created=True,
        refusals=(400, 404, 409),
    ),
    Call("post", "/uploads", "Send a photo (multipart field `file`)", "Upload", created=True, refusals=(400,)),
    Call(
        "get",
        "/statement",
        "My entries, newest first",
        "Entry",
        query={"book": "carbon or points", **AFTER},
        listed=True,
        refusals=(400,),
    ),
    Call("get", "/rewards", "What points can buy", "Reward", listed=True),
    Call(
        "post",
        "/redemptions",
        "Redeem a reward",
        "Redemption",
        bodies.NewRedemption,
        created=True,
        refusals=(400, 403, 404, 409),
    ),
    Call("get", "/redemptions", "My redemptions, newest first", "Redemption", listed=True),
    Call(
        "post",
        "/redemptions/{redemption_id}/cancel",
        "Cancel and get the points back",
        "Redemption",
        refusals=(404, 409),
    ),
    Call(
        "post",
        "/fulfilments",
        "Hand over what a code stands for",
        "Fulfilment",
        bodies.NewFulfilment,
        refusals=(400, 403, 404, 409, 429),
    ),
    Call("get", "/rankings", "The boards, the members' board of the week first", "Board", listed=True),
    Call(
        "get",
        "/rankings/{board}",
        "A page of a board",
        "BoardPage",
        query={"period": "2026-W25, 2026-06, 2026 or total", "page": "from 1"},
        refusals=(400, 404),
    ),
    Call(
        "get",
        "/rankings/{board}/me",
        "My place with the rows around it",
        "MyPlace",
        query={"period": "as above"},
        refusals=(400, 404),
    ),
    Call("get", "/campaigns", "Campaigns with tasks and my progress", "Campaign", listed=True),
    Call("get", "/campaigns/{campaign_id}", "One campaign", "Campaign", refusals=(404,)),
    Call(
        "get",
        "/campaigns/{campaign_id}/calendar",
        "My days with an act in a campaign, a month",
        "Calendar",
        query={"month": "such as 2026-06; this month by default"},
        refusals=(404,),
    ),
    Call("get", "/me/badges", "My badges, newest campaign first", "Badge", listed=True),
    Call("post", "/campaigns/{campaign_id}/join", "Join a campaign", "Campaign", refusals=(403, 404, 409)),
)


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def _list(of: Any) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _or_null(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], **more}


TEXT, WHOLE, REAL, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}
DAY, INSTANT, UUID = {**TEXT, "format": "date"}, {**TEXT, "format": "date-time"}, {**TEXT, "format": "uuid"}
KIND = {**TEXT, "enum": ["declared", "photo", "trip", "scan", "meter", "partner"]}
FACTOR = _object(name=TEXT, role=TEXT, value=REAL, unit=TEXT, source=TEXT, valid_from=DAY, mark=TEXT)
PASSPORT = _object(
    methodology=TEXT,
    version=TEXT,
    formula=TEXT,
    formula_text=TEXT,
    baseline=TEXT,
    activity=TEXT,
    factors=_list(FACTOR),
    working=TEXT,
    points_working=TEXT,
)
ANY = {"type": "object"}
WORDS = _object(zh=TEXT, en=TEXT)
METER = {
    "id": UUID, "kind": TEXT, "last4": TEXT, "digits": WHOLE, "people": WHOLE, "by_usage": FLAG, "opened_on": DAY,
    "closed_on": _or_null("string", format="date"), "last_read_on": _or_null("string", format="date"),
}  # fmt: skip
ROW = _object(place=WHOLE, subject=_or_null("string"), value=REAL, members=_or_null("integer"), me=FLAG)
SHAPES: dict[str, Any] = {
    "Document": {"type": "object"},
    "Nothing": {"type": "null"},
    "Token": _object(token=TEXT),
    "Me": _object(
        id=TEXT, nickname=TEXT, roles=_list(TEXT),
        units=_list(_object(id=WHOLE, kind=TEXT, name=TEXT, department=_or_null("string"), admin=FLAG)),
        carbon_g=_object(declared=WHOLE, verified=WHOLE),
        points=_object(available=WHOLE, held=WHOLE, expiring=_list(_object(on=DAY, points=WHOLE))),
    ),
    "Behaviour": _object(
        code=TEXT, ref=TEXT, domain=TEXT, name=TEXT, unit=TEXT, unit_name=TEXT, usual=REAL,
        inputs=_list(_object(name=TEXT, label=TEXT, kind=TEXT, choices=_list(TEXT))),
        grams_per_unit=_or_null("number"), points_per_unit=_or_null("number"), points_only=FLAG,
        caps=_list(_object(per=TEXT, amount=REAL, unit=TEXT, group=TEXT)), evidence=_list(TEXT), loggable=FLAG,
    ),
    "Activity": _object(
        id=UUID, behaviour=TEXT, quantity=REAL, credited_quantity=REAL,
        status={**TEXT, "enum": ["accepted", "pending", "rejected", "undone"]}, occurred_on=DAY, occurred_at=INSTANT,
        recorded_at=INSTANT, evidence_level={**TEXT, "enum": ["declared", "photo", "device", "partner"]}, evidence_kind=KIND,
        grams=WHOLE, points=WHOLE, reasons=_list(TEXT), passport=PASSPORT,
    ),
    "Method": _object(
        code=TEXT, ref=TEXT, domain=TEXT, name=WORDS, unit=_object(code=TEXT, zh=TEXT, en=TEXT), baseline=WORDS, activity=WORDS,
        source=TEXT, mark=TEXT, loggable=FLAG, evidence=_list(TEXT), inputs=_list(ANY), caps=_list(ANY), exclusions=_list(ANY),
        notes=_list(WORDS), elsewhere=_list(ANY), versions=_list(ANY),
    ),
    "Honour": _object(
        year=WHOLE, honour=TEXT, honour_zh=TEXT, honour_en=TEXT, name=TEXT, number=TEXT, awarded_on=DAY,
        status={**TEXT, "enum": ["valid", "revoked"]}, revoked_on=_or_null("string", format="date"), reason=TEXT,
    ),
    "Meter": _object(**METER),
    "MeterMonths": _object(
        **METER, months=_list(_object(month=TEXT, outcome=TEXT, saved=REAL, activity_id=_or_null("string", format="uuid"))),
    ),
    "Reading": _object(
        on=DAY, value=REAL, register=WHOLE, estimated=FLAG, evidence={**TEXT, "enum": ["photo", "file", "none"]},
        upload=_or_null("string", format="uuid"),
    ),
    "Appeal": _object(id=UUID, status={**TEXT, "enum": ["open", "overturn", "uphold", "void"]}, due_at=INSTANT),
    "Place": _object(
        code=TEXT, kind=TEXT, name_zh=TEXT, name_en=TEXT,
        behaviours=_list(_object(behaviour=TEXT, quantity=_or_null("string"))), open=FLAG, place_check=FLAG,
    ),
    "Trip": _object(
        id=UUID, behaviour=TEXT, quantity=REAL, credited_quantity=REAL,
        status={**TEXT, "enum": ["accepted", "pending", "rejected", "undone"]}, occurred_on=DAY, occurred_at=INSTANT,
        recorded_at=INSTANT, evidence_level={**TEXT, "enum": ["declared", "photo", "device", "partner"]}, evidence_kind=KIND,
        grams=WHOLE, points=WHOLE, reasons=_list(TEXT), passport=PASSPORT,
        verdict={**TEXT, "enum": ["accept", "review", "reject"]}, distance_m=WHOLE,
    ),
    "Upload": _object(id=UUID, sha256=TEXT, duplicate_of_other=FLAG),
    "Entry": _object(
        id=WHOLE, code=TEXT, account=TEXT, amount=WHOLE, cause=_object(kind=TEXT, id=TEXT),
        occurred_on=_or_null("string"), posted_at=INSTANT,
    ),
    "Reward": _object(
        id=WHOLE, name=TEXT, kind=TEXT, points=WHOLE, stock=WHOLE, limit=_or_null("integer"), available=FLAG,
        reason=_or_null("string"),
    ),
    "Redemption": _object(id=UUID, reward=WHOLE, status=TEXT, code=TEXT, points=WHOLE, expires_at=_or_null("string")),
    "Fulfilment": _object(id=UUID, code=TEXT, status=TEXT, reward=_object(id=WHOLE, name=TEXT), points=WHOLE, fulfilled_at=INSTANT),
    "Board": _object(board=TEXT, name=TEXT, subject=TEXT, unit=TEXT, periods=_list(TEXT)),
    "BoardPage": _object(
        board=TEXT, period=TEXT, state={**TEXT, "enum": ["live", "published"]}, as_of=INSTANT,
        checksum=_or_null("string"), method=TEXT, page=WHOLE, more=FLAG, total=WHOLE, rows=_list(ROW),
    ),
    "MyPlace": _object(board=TEXT, period=TEXT, place=_or_null("integer"), value=_or_null("number"), gap=_or_null("number"), rows=_list(ROW)),
    "Campaign": _object(
        id=WHOLE, title=TEXT, status=TEXT, starts_at=INSTANT, ends_at=INSTANT, days_left=WHOLE, multiplier_percent=WHOLE,
        joined=FLAG, bonus_points=WHOLE,
        tasks=_list(_object(id=WHOLE, title=TEXT, kind=TEXT, day=_or_null("string"), target=REAL, progress=REAL, mine=REAL, badge=_or_null("string"), reward_points=WHOLE, done=FLAG)),
    ),
    "Calendar": _object(
        month=TEXT, run=WHOLE, best=WHOLE, active_days=WHOLE, days=_list(_object(day=DAY, acts=WHOLE, theme=_or_null("string"))),
    ),
    "Badge": _object(campaign_id=WHOLE, campaign=TEXT, name=TEXT, icon=TEXT, given_at=INSTANT),
    "Error": _object(error=_object(code=TEXT, message=TEXT, facts={"type": "object"})),
}  # fmt: skip


def document() -> dict[str, Any]:
    """The whole document, made anew each time from CALLS and SHAPES."""
    models = [(call.body, "validation") for call in CALLS if call.body]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    paths: dict[str, Any] = {}
    for call in CALLS:
        paths.setdefault(f"/api/v1{call.path}", {})[call.method] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Puhui 碳普惠 API",
            "version": "1",
            "description": "Grams are whole grams of CO2e, points whole points. Ids in requests are UUIDs made by the "
            "caller: the same id with the same facts answers the first result, with other facts request_reused.",
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), **SHAPES},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(call: Call) -> dict[str, Any]:
    shape: dict[str, Any] = {"$ref": f"#/components/schemas/{call.answer}"}
    shape = _list(shape) if call.listed else shape
    operation: dict[str, Any] = {
        "operationId": f"{call.method}{call.path.replace('/', '_').replace('{', '').replace('}', '').replace('.', '_')}",
        "summary": call.summary,
        "parameters": _parameters(call),
        "responses": _responses(call, shape),
    }
    if call.body:
        reference = {"$ref": f"#/components/schemas/{call.body.__name__}"}
        operation["requestBody"] = {
            "required": call.body is not bodies.NewAppeal,
            "content": {"application/json": {"schema": reference}},
        }
    if call.path == "/uploads":
        form = _object(file={"type": "string", "contentMediaType": "application/octet-stream"})
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    if call.public:
        operation["security"] = []
    return operation


def _parameters(call: Call) -> list[dict[str, Any]]:
    inside = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": WHOLE if name == "campaign_id" else UUID if name.endswith("_id") else TEXT,
        }
        for name in (part[1:-1] for part in call.path.split("/") if part.startswith("{"))
    ]
    return inside + [
        {"name": name, "in": "query", "required": False, "description": text, "schema": TEXT}
        for name, text in call.query.items()
    ]


def _responses(call: Call, shape: dict[str, Any]) -> dict[str, Any]:
    if call.answer == "Nothing":
        return {"204": {"description": "done"}, **_refusals(call)}
    good = {"description": call.summary, "content": {"application/json": {"schema": shape}}}
    answers = {"200": good}
    if call.created:
        answers = (
            {"201": good}
            if call.path in ("/session", "/uploads")
            else {"201": good, "200": {**good, "description": "the first answer again"}}
        )
    return {**answers, **_refusals(call)}


def _refusals(call: Call) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    codes = set(call.refusals) | (set() if call.public else {401, 403})
    return {str(status): {"description": CODE_OF[status], "content": content} for status in sorted(codes)}
