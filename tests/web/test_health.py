"""The doors for machines that watch the portal."""

import dataclasses

import pytest
from sqlalchemy.exc import OperationalError

from portal.core import runs
from portal.core.clock import utcnow
from portal.reporting import health


@pytest.fixture
def settings_with(app, monkeypatch):
    """The app under other settings."""

    def change(**changes):
        monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], **changes))

    return change


def test_alive_asks_nobody(client, count_queries):
    with count_queries() as asked:
        assert client.get("/healthz").json == {"status": "ok"}
    assert asked == []


def test_ready_with_the_broker_away_and_the_worker_silent(client, committed):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["status"] == "degraded"
    assert answer.json["checks"]["database"]["state"] == "ok"
    assert answer.json["checks"]["migrations"]["state"] == "ok"
    assert answer.json["checks"]["scheduler"]["state"] == "down"
    runs.beat("scheduler", pid=1)
    runs.beat("mqtt", connected=True, lag_ms=20, stored=7)
    well = client.get("/readyz").json
    assert (well["status"], well["checks"]["ingest"]["value"]) == ("ok", 20)


def test_an_ingester_that_is_away_holds_its_share_back_and_is_seen(client, committed):
    runs.beat("mqtt", connected=True, lag_ms=20, stored=7, of=2)
    parts = client.get("/readyz").json["checks"]
    assert parts["ingest-2"]["state"] == "down"
    assert "its share of the messages waits" in parts["ingest-2"]["message"]
    runs.beat("mqtt-2", connected=True, lag_ms=9_000, stored=3, of=2)
    parts = client.get("/readyz").json["checks"]
    assert (parts["ingest-2"]["state"], parts["ingest-2"]["value"]) == ("degraded", 9_000)
    assert "ingest-3" not in parts


def test_redis_away_is_degraded_and_not_down(client, committed, settings_with):
    settings_with(redis_url="redis://127.0.0.1:1")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["checks"]["redis"]["state"] == "degraded"


def test_old_tables_are_not_ready(client, committed, monkeypatch):
    monkeypatch.setattr(health, "newest_migration", lambda: "9999")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "9999" in answer.json["checks"]["migrations"]["message"]


def test_no_database_is_not_ready_and_says_so(client, committed, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("select 1", {}, Exception("away"))

    monkeypatch.setattr(health.db.session, "scalar", away, raising=False)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["status"] == "down"


def test_metrics_are_for_this_machine_or_for_the_token(client, committed, settings_with):
    runs.finished(name="audit seal", started_at=utcnow(), took_ms=12, handled=3, error=None)
    text = client.get("/metrics").text
    assert 'portal_part_up{part="database"} 1.0' in text
    assert 'portal_job_runs_total{job="audit seal"} 1.0' in text
    assert "portal_outbox_age_seconds" in text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"}).status_code == 404
    settings_with(metrics_token="a token of some length")
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a token of some length"}).status_code == 200
