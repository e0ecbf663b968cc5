"""The fields of records, in their wire form: the same value in JSON, in the database and in a test.

A field says at once how it is checked (marshmallow) and how it is stored (its column), so that a record is declared
once. What is wrong with a value is said by a stable code, which whoever shows it words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import cache, cached_property
from typing import Any

import marshmallow as ma
from marshmallow import fields
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, String, Table, Text
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from sync.change import Record, is_id
from sync.errors import Refused
from sync.tables import metadata

_CODES: dict[str, Any] = {
    "required": "required",
    "null": "required",
    "invalid": "bad_type",
    "invalid_utf8": "bad_format",
    "too_large": "out_of_range",
    "type": "bad_type",
    "unknown": "unknown_field",
}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
MAX_MINOR = 10**12  # ten thousand million yuan: more than any claim, less than any integer's end


def _invalid(code: str) -> ma.ValidationError:
    return ma.ValidationError([code])


class _Wire:
    """How a field is stored."""

    column_type: TypeEngine[Any]


def _options(default: Any, required: bool, nullable: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"required": required, "allow_none": nullable, "error_messages": _CODES}
    return options if required else options | {"load_default": default}


class TextField(fields.String, _Wire):
    """A line or a paragraph. A required one is not blank."""

    def __init__(
        self,
        max_length: int = 200,
        *,
        required: bool = False,
        nullable: bool = False,
        default: Any = "",
        pattern: str | None = None,
        choices: Collection[str] = (),
    ) -> None:
        super().__init__(**_options(None if nullable else default, required, nullable))
        self.max_length = max_length
        self.pattern = re.compile(pattern) if pattern else None
        self.choices = tuple(choices)
        self.column_type = Text() if max_length > 1000 else String(max_length)
        self.metadata = {**self.metadata, "maxLength": max_length}
        if choices:
            self.metadata = {**self.metadata, "enum": list(self.choices)}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if not isinstance(value, str):
            raise _invalid("bad_type")
        if "\x00" in value:
            raise _invalid("bad_format")  # PostgreSQL keeps no NUL
        if len(value) > self.max_length:
            raise _invalid("too_long")
        if self.required and not value.strip():
            raise _invalid("required")
        if self.choices and value not in self.choices:
            raise _invalid("not_a_choice")
        if value and self.pattern and not self.pattern.fullmatch(value):
            raise _invalid("bad_format")
        return self.check(value)

    def check(self, value: str) -> str:
        """What a kind of text asks beyond its length."""
        return value


def choice(*choices: str, required: bool = False, default: str = "") -> TextField:
    """One of a few words."""
    return TextField(40, required=required, default=default, choices=choices)


def division(*, required: bool = False, nullable: bool = False) -> TextField:
    """A GB/T 2260 code of six digits."""
    return TextField(6, required=required, nullable=nullable, pattern=r"\d{6}")


def sha256(*, required: bool = False, nullable: bool = True) -> TextField:
    """The name of a file by its content."""
    return TextField(64, required=required, nullable=nullable and not required, pattern=r"[0-9a-f]{64}")


class IdField(TextField):
    """The id of another record."""

    def __init__(self, *, required: bool = False, nullable: bool = True) -> None:
        super().__init__(36, required=required, nullable=nullable and not required)

    def check(self, value: str) -> str:
        if not is_id(value):
            raise _invalid("bad_format")
        return value


class DateField(TextField):
    """A calendar date without a time zone, `YYYY-MM-DD`, 2000 to 2099."""

    def __init__(self, *, required: bool = False, nullable: bool = False) -> None:
        super().__init__(10, required=required, nullable=nullable, pattern=r"\d{4}-\d\d-\d\d")

    def check(self, value: str) -> str:
        if not value:
            return value
        try:
            year = date.fromisoformat(value).year
        except ValueError as error:
            raise _invalid("bad_format") from error
        if not 2000 <= year <= 2099:
            raise _invalid("out_of_range")
        return value


class InstantField(TextField):
    """A moment, RFC 3339."""

    def __init__(self, *, nullable: bool = False) -> None:
        super().__init__(40, nullable=nullable)

    def check(self, value: str) -> str:
        if value and not _INSTANT.fullmatch(value):
            raise _invalid("bad_format")
        return value


class IntegerField(fields.Integer, _Wire):
    """A whole number within bounds; neither a text, a fraction nor true is one."""

    def __init__(
        self,
        minimum: int,
        maximum: int,
        *,
        required: bool = False,
        nullable: bool = False,
        default: int | None = 0,
    ) -> None:
        super().__init__(**_options(None if nullable else default, required, nullable))
        self.minimum, self.maximum = minimum, maximum
        self.column_type = BigInteger()
        self.metadata = {**self.metadata, "minimum": minimum, "maximum": maximum}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if isinstance(value, float) and abs(value) >= 2**63:
            raise _invalid("out_of_range")  # what is past 64 bits is read as a float
        if isinstance(value, bool) or not isinstance(value, int):
            raise _invalid("bad_type")
        if not self.minimum <= value <= self.maximum:
            raise _invalid("out_of_range")
        return value


def money(*, required: bool = False) -> IntegerField:
    """An amount in minor units (1/100)."""
    return IntegerField(-MAX_MINOR, MAX_MINOR, required=required)


def currency() -> TextField:
    """An ISO 4217 code."""
    return TextField(3, default="CNY", pattern=r"[A-Z]{3}")


class FlagField(fields.Boolean, _Wire):
    """True or false, and nothing that merely looks like it."""

    column_type = Boolean()

    def __init__(self) -> None:
        super().__init__(load_default=False, error_messages=_CODES)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise _invalid("bad_type")
        return value


class NumberField(fields.Float):
    """A finite number within bounds (in positions only; money is never one)."""

    def __init__(self, minimum: float, maximum: float) -> None:
        super().__init__(required=True, error_messages=_CODES)
        self.minimum, self.maximum = minimum, maximum

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _invalid("bad_type")
        if not self.minimum <= value <= self.maximum:
            raise _invalid("out_of_range")
        return value


Taker = Callable[[Any], Any]


def _taker(field: fields.Field[Any]) -> Taker:
    """Takes a value as the field does. Raises ValidationError. None of our fields has validators beside its check."""
    take, allows_none = field._deserialize, field.allow_none

    def taken(value: Any) -> Any:
        if value is not None:
            return take(value, None, None)
        if allows_none:
            return None
        raise _invalid("required")

    return taken


class ListField(fields.List[Any], _Wire):
    """A list of at most `max_items` values; null, where allowed, is not the same as an empty list."""

    column_type = JSON(none_as_null=True)

    def __init__(self, item: fields.Field[Any], max_items: int = 50, *, nullable: bool = False) -> None:
        default = None if nullable else list
        super().__init__(item, **_options(default, False, nullable))
        self.max_items = max_items
        self.metadata = {**self.metadata, "maxItems": max_items}

    @cached_property
    def _take(self) -> Taker:
        return _taker(self.inner)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _invalid("bad_type")
        if len(value) > self.max_items:
            raise _invalid("too_long")
        taken: list[Any] = []
        wrong: dict[int, Any] = {}
        for place, item in enumerate(value):
            try:
                taken.append(self._take(item))
            except ma.ValidationError as error:
                wrong[place] = error.messages
        if wrong:
            raise ma.ValidationError(wrong)
        return taken


class Part(ma.Schema):
    """A part of a record: what a nested object holds."""

    class Meta:
        unknown = ma.RAISE

    error_messages = _CODES


class Checks:
    """The fields of a schema, asked one by one: a schema's own way to load costs more than the rest of a change."""

    def __init__(self, known: Mapping[str, fields.Field[Any]]) -> None:
        self._takers = {name: _taker(field) for name, field in known.items()}
        self.required = frozenset(name for name, field in known.items() if field.required)
        self.defaults: Record = {
            name: field.load_default() if callable(field.load_default) else field.load_default
            for name, field in known.items()
            if not field.required
        }
        self._makers = {name: field.load_default for name, field in known.items() if callable(field.load_default)}

    def load(self, given: Mapping[str, Any], *, partial: bool = False) -> tuple[Record, dict[str, Any]]:
        """The fields in wire form, with defaults unless partial; and what is wrong, by field."""
        loaded: Record = {} if partial else {**self.defaults, **{name: make() for name, make in self._makers.items()}}
        wrong: dict[str, Any] = {}
        for name, value in given.items():
            take = self._takers.get(name)
            if take is None:
                wrong[name] = _CODES["unknown"]
                continue
            try:
                loaded[name] = take(value)
            except ma.ValidationError as error:
                wrong[name] = error.messages
        if not partial:
            wrong |= {name: _CODES["required"] for name in self.required if name not in given}
        return loaded, wrong


class ObjectField(fields.Nested, _Wire):
    """A nested object."""

    column_type = JSON(none_as_null=True)

    def __init__(self, part: type[Part], *, required: bool = False, nullable: bool = True) -> None:
        super().__init__(part, **_options(None, required, nullable and not required))

    @cached_property
    def checks(self) -> Checks:
        """The part's fields."""
        return Checks(self.schema.fields)

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **options: Any) -> Record:
        if not isinstance(value, dict):
            raise _invalid("bad_type")
        loaded, wrong = self.checks.load(value)
        if wrong:
            raise ma.ValidationError(wrong)
        return loaded


class JsonField(fields.Raw, _Wire):
    """A value that only the server writes and whose parts it knows: evidence, findings."""

    column_type = JSON(none_as_null=True)

    def __init__(self, default: Any) -> None:
        super().__init__(load_default=default, allow_none=True)


class Position(Part):
    """A place on the earth in WGS-84."""

    lat = NumberField(-90, 90)
    lon = NumberField(-180, 180)
    accuracy_m = NumberField(0, 1e7)


class RecordSchema(Part):
    """The fields of one kind of record."""

    @classmethod
    @cache
    def names(cls) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(cls().fields)


class RecordForm:
    """Checks fields by their schema, and speaks the engine's language of refusals."""

    def __init__(self, schema: type[RecordSchema]) -> None:
        self._checks = Checks(schema().fields)
        self.defaults: Mapping[str, Any] = self._checks.defaults

    def load(self, given: Mapping[str, Any], *, partial: bool) -> Record:
        """The fields in wire form. Raises Refused("invalid_fields") with the codes of each field."""
        loaded, wrong = self._checks.load(given, partial=partial)
        if wrong:
            raise Refused("invalid_fields", dict(_flat(wrong)))
        return loaded


def _flat(messages: Any) -> list[tuple[str, list[str]]]:
    """Codes by top-level field; what is wrong deep inside counts for the field that holds it."""
    return [(str(name)[:64], sorted(set(_codes(inner)))) for name, inner in dict(messages).items()]


def _codes(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [code for inner in messages.values() for code in _codes(inner)]
    if isinstance(messages, list):
        return [code for inner in messages for code in _codes(inner)]
    return [str(messages)]


def record_table(name: str, schema: type[RecordSchema], *items: SchemaItem) -> Table:
    """The table of a record: its id and version, a column for each field of the schema, and indexes."""
    columns = [
        Column(field_name, field.column_type, nullable=True)
        for field_name, field in schema().fields.items()
        if isinstance(field, _Wire)
    ]
    return Table(
        name,
        metadata,
        Column("id", String(36), primary_key=True),
        Column("version", Integer, nullable=False),
        *columns,
        *items,
    )
