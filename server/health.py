"""For those who run the server: is it alive, is it ready, what does it do."""

from __future__ import annotations

import os
import time
from collections import Counter as Counted
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.services import engine, services
from sync.errors import StorageBroken
from sync.verdict import Verdict

blueprint = Blueprint("health", __name__)
_registry = CollectorRegistry()
_requests = Counter("fieldclaim_requests", "Requests by route and status", ["route", "status"], registry=_registry)
_verdicts = Counter("fieldclaim_pushed_changes", "Pushed changes by verdict", ["verdict"], registry=_registry)
_shed = Counter("fieldclaim_shed_requests", "Requests told to come again, by lane", ["lane"], registry=_registry)
_seconds = Histogram("fieldclaim_request_seconds", "Seconds taken by a request", ["route"], registry=_registry)


@blueprint.get("/healthz")
def alive() -> Response:
    """Whether the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Whether the database can be written and the files' folder too."""
    failing = [name for name, works in (("database", _database()), ("files", _files())) if not works]
    if failing:
        return jsonify(status="failing", code="unavailable", failing=failing), 503
    return jsonify(status="ok"), 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus."""
    return Response(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)


def count_requests(app: Flask) -> None:
    """Measure every request."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Any) -> Any:
        route = request.url_rule.rule if request.url_rule else "unknown"
        _requests.labels(route, response.status_code).inc()
        _seconds.labels(route).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        return response


def count_shed(lane: str) -> None:
    """Measure how often the server had no place."""
    _shed.labels(lane).inc()


def count_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Measure what became of the changes of a push."""
    for status, count in Counted(verdict.status for verdict in verdicts).items():
        _verdicts.labels(status).inc(count)


def _database() -> bool:
    try:
        with engine().database.write() as connection:
            return bool(connection.scalar(text("SELECT 1")))
    except (DBAPIError, StorageBroken):
        return False


def _files() -> bool:
    return os.access(services().files.parts, os.W_OK)
