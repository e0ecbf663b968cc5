"""Calls of the API: how their bodies are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import marshmallow as ma
import orjson
from flask import Response
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser


def bad_format_unless(check: Callable[[str], bool]) -> Callable[[str], None]:
    """A field's validator that refuses with `bad_format` what does not pass the check."""

    def validate(value: str) -> None:
        if not check(value):
            raise ma.ValidationError("bad_format")

    return validate


def answer(body: dict[str, Any]) -> Response:
    """An answer of a call whose parts are in wire form already."""
    return Response(orjson.dumps(body), mimetype="application/json")


class BodyParser(FlaskParser):
    """Reads JSON from strangers: nested too deep, or with a number of ten thousand digits, it is simply not JSON."""

    def _raw_load_json(self, req: Any) -> Any:
        # Note: what the quick reader does not take (half a surrogate pair) the slow one does; its change is refused.
        with suppress(orjson.JSONDecodeError):
            if req.is_json:
                return orjson.loads(req.get_data(cache=True))
        try:
            return super()._raw_load_json(req)
        except json.JSONDecodeError:
            raise
        except (RecursionError, ValueError) as error:
            raise json.JSONDecodeError(str(error)[:80], " ", 0) from error

    def load_querystring(self, req: Any, schema: ma.Schema) -> Any:
        """What stands behind the `?`; none of our calls takes a list there."""
        return req.args.to_dict()


class CallBlueprint(Blueprint):  # type: ignore[misc] # flask-smorest has no types
    """A group of calls."""

    ARGUMENTS_PARSER = BodyParser()
