"""The doors for machines that watch: alive, ready, and figures for Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from config import LOOPBACK, Settings
from portal.core import runs
from portal.extensions import csrf, limiter
from portal.reporting import health
from portal.web.guards import public

blueprint = Blueprint("machines", __name__)
limiter.exempt(blueprint)
csrf.exempt(blueprint)


@blueprint.get("/healthz")
@public
def alive() -> Response:
    """This process answers; it asks nobody else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def ready() -> Response:
    """503 while the database or its tables are not there; every other part is told, and does not stop the doors."""
    found = health.parts(redis_url=_settings().redis_url)
    fit = health.ready(found)
    limping = any(part.state in (health.State.DOWN, health.State.DEGRADED) for part in found)
    checks = {
        part.name: {"state": part.state, "message": part.words}
        | ({} if part.figure is None else {"value": round(part.figure, 3)})
        for part in found
    }
    response = jsonify(status="down" if not fit else "degraded" if limping else "ok", checks=checks)
    response.status_code = 200 if fit else 503
    if not fit:
        response.headers["Retry-After"] = "5"
    return response


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus text, for whoever holds the token, or for this machine itself where none is set."""
    if not _may_measure(_settings()):
        abort(404)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Portal())
    response = make_response(generate_latest(registry))
    response.headers["Content-Type"] = CONTENT_TYPE_LATEST
    return response


class _Portal(Collector):
    """What the database knows, read once for each look: every process would tell the same."""

    def collect(self) -> Iterator[Metric]:
        found = health.parts(redis_url=_settings().redis_url)
        up = GaugeMetricFamily("portal_part_up", "1 when a part the portal leans on is well.", labels=["part"])
        for part in found:
            if part.state != health.State.OFF:
                up.add_metric([part.name], float(part.state == health.State.OK))
        yield up
        if not health.ready(found):
            return
        for name, value in health.figures().items():
            yield GaugeMetricFamily(f"portal_{name}", name.replace("_", " ").capitalize() + ".", value=value)
        ran = CounterMetricFamily("portal_job_runs", "Runs of a job that were written down.", labels=["job"])
        failed = CounterMetricFamily("portal_job_failures", "Runs of a job that failed.", labels=["job"])
        took = GaugeMetricFamily("portal_job_last_seconds", "How long the last run took.", labels=["job"])
        for job in runs.jobs():
            ran.add_metric([job.name], job.runs)
            failed.add_metric([job.name], job.failures)
            took.add_metric([job.name], job.took_ms / 1000)
        yield from (ran, failed, took)


def _may_measure(settings: Settings) -> bool:
    if settings.metrics_token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.metrics_token.encode())
    # what came through a proxy, even one that nobody named, is not this machine
    return request.remote_addr in LOOPBACK and not request.environ.get("portal.forwarded")


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found
