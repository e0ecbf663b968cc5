"""The description of the API, and what a machine finds by trying everything that it allows."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from tests.server.api import signed_in
from tests.server.world import World


def test_the_description_names_every_call(app: Flask) -> None:
    described = app.test_client().get("/api/openapi.json").json
    assert described["openapi"].startswith("3.0")
    paths = set(described["paths"])
    routes = {
        rule.rule.replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.endswith("openapi.json")
    }
    assert routes == paths


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ["anna", "fei", None])
def test_no_call_makes_the_server_fail(app: Flask, world: World, who: str | None) -> None:
    world.trip()
    actors = {"anna": world.anna, "fei": world.finance}
    token = signed_in(app, actors[who], who).access if who else ""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    tried = 0
    for operation in schema.get_all_operations():
        tried += _try(operation.ok(), token)
    assert tried > 100


def _try(operation: Any, token: str) -> int:
    count = 0

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        nonlocal count
        count += 1
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        case.call_and_validate(headers=headers, checks=[not_a_server_error])

    run()
    return count
