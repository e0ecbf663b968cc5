"""Calls of the API: how their bodies are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser


def bad_format_unless(check: Callable[[str], bool]) -> Callable[[str], None]:
    """A field's validator that refuses with `bad_format` what does not pass the check."""

    def validate(value: str) -> None:
        if not check(value):
            raise ma.ValidationError("bad_format")

    return validate


class BodyParser(FlaskParser):
    """Reads JSON from strangers: nested too deep, or with a number of ten thousand digits, it is simply not JSON."""

    def _raw_load_json(self, req: Any) -> Any:
        try:
            return super()._raw_load_json(req)
        except json.JSONDecodeError:
            raise
        except (RecursionError, ValueError) as error:
            raise json.JSONDecodeError(str(error)[:80], " ", 0) from error


class CallBlueprint(Blueprint):  # type: ignore[misc] # flask-smorest has no types
    """A group of calls."""

    ARGUMENTS_PARSER = BodyParser()
