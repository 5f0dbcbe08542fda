"""The probes: up, ready and the figures, and who may read them."""

from __future__ import annotations

from typing import Any

from webapp.jobs import runner
from webapp.settings import Settings


def test_healthz_answers(client: Any) -> None:
    assert client.get("/healthz").status_code == 200


def test_readyz_says_what_is_missing_and_then_is_ready(client: Any, house: Any, clock: Any) -> None:
    (house.settings.broker_dir / "messages").mkdir(parents=True)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"] == {
        "database": True, "broker": True, "worker": False, "scheduler": False,
    }  # fmt: skip
    for role in ("worker", "scheduler"):
        with house.store.write() as tx:
            runner.beat(tx, f"{role}:1", role, clock.now())
    assert client.get("/readyz").status_code == 200
    clock.advance(minutes=1)
    assert client.get("/readyz").status_code == 503


def test_metrics_are_for_this_machine_or_a_token(client: Any, house: Any, settings: Settings, clock: Any) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text
    assert "puhui_requests_total{" in text and "puhui_jobs_queued 0" in text
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_overrides=elsewhere).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    house.settings = settings.model_copy(update={"metrics_token": "scrape-me"})
    token = {"Authorization": "Bearer scrape-me"}
    assert client.get("/metrics", environ_overrides=elsewhere, headers=token).status_code == 200
