"""What operators' probes ask: are we up, are we ready to work, and how are we doing."""

from __future__ import annotations

import hmac
import os
import time
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from points_engine.errors import refuse
from webapp.jobs import broker, queries
from webapp.web.context import house, now
from webapp.web.guards import guard

bp = Blueprint("health", __name__)

SEEN_LATELY = 45.0
LOOPBACK = ("127.0.0.1", "::1")
REQUESTS = Counter("puhui_requests_total", "Requests answered", ["endpoint", "method", "status"])
SECONDS = Histogram(
    "puhui_request_seconds",
    "Time from request to answer",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


@bp.get("/healthz")
@guard.public("probes carry no session")
def healthz() -> Any:
    """We answer; the launcher starts us only after migration and seeding."""
    return jsonify(status="ok")


@bp.get("/readyz")
@guard.public("probes carry no session")
def readyz() -> Any:
    """Whether the database, the broker, a worker and the scheduler are all there."""
    checks = {"database": False, "broker": broker.answers(house().settings)}
    checks |= {"worker": False, "scheduler": False}
    try:
        with house().store.read() as tx:
            tx.scalar(text("SELECT 1"))
            checks["database"] = True
            for role in ("worker", "scheduler"):
                age = queries.age(tx, role, now())
                checks[role] = age is not None and age < SEEN_LATELY
    except DBAPIError:
        checks["database"] = False
    ready = all(checks.values())
    return jsonify(ready=ready, checks=checks), 200 if ready else 503


@bp.get("/metrics")
@guard.public("scrapers carry a token or come from this machine")
def metrics() -> Response:
    """Prometheus text: requests, and the state of the queue."""
    if not _may_measure():
        raise refuse("not_found", "not_found")
    registry: Any = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    body = generate_latest(registry) + _queue_lines().encode()
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _may_measure() -> bool:
    """A token opens it from anywhere; without one only this machine, and no proxy of this machine's."""
    token = house().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.remote_addr in LOOPBACK and not forwarded


def _queue_lines() -> str:
    with house().store.read() as tx:
        page = queries.jobs_page(tx, house(), now())
    figures = {
        "puhui_jobs_queued": page.queued,
        "puhui_jobs_running": page.running,
        "puhui_jobs_failed": len(page.failed),
        "puhui_jobs_late": sum(line.late for line in page.jobs),
        "puhui_worker_seen_seconds": page.worker_age,
        "puhui_scheduler_seen_seconds": page.scheduler_age,
    }
    said = (f"# TYPE {n} gauge\n{n} {v}\n" for n, v in figures.items() if v is not None)
    return "".join(said)


@bp.before_app_request
def _begin() -> None:
    g.began = time.perf_counter()


@bp.after_app_request
def _measure(response: Response) -> Response:
    note(request.endpoint or "none", request.method, response.status_code, g.get("began"))
    return response


def note(endpoint: str, method: str, status: int, began: float | None) -> None:
    """Count an answered request, and how long it took since `began` (time.perf_counter)."""
    REQUESTS.labels(endpoint, method, str(status)).inc()
    if began is not None:
        SECONDS.labels(endpoint).observe(time.perf_counter() - began)
