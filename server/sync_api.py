"""The sync calls of the protocol: push, pull, and the check that nothing is missing. Thin: parse, call, answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import marshmallow as ma
import orjson
from flask import Response, request
from flask.views import MethodView

from server import health
from server.accounts import step_up
from server.accounts.gate import actor, signed_in
from server.attachments.api import missing_files
from server.calls import CallBlueprint, answer, bad_format_unless
from server.problems import Problem
from server.services import engine, in_one_read, reading, services
from sync.change import instant, is_storable
from sync.errors import CursorUnknown
from sync.feed import Item

MAX_CHANGES = 500
MAX_BYTES = 1024 * 1024
FIRST_KINDS = ("trip", "work_order", "site", "customer")
MAX_GLANCE = 60
blueprint = CallBlueprint("sync", __name__, url_prefix="/api/sync", description="Exchange of changes with devices")


class UncheckedList(ma.fields.List[Any]):
    """A list whose items are looked at later, one by one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return value


class PushSchema(ma.Schema):
    """A batch of changes. Each is judged on its own, so that one bad change never stops the others."""

    device_id = ma.fields.String(required=True)
    epoch = ma.fields.String(load_default="")
    changes = UncheckedList(ma.fields.Raw(allow_none=True), required=True)


class VerdictSchema(ma.Schema):
    """What became of one change."""

    change_id = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    first = ma.fields.String()
    version = ma.fields.Integer()
    seq = ma.fields.Integer()
    record = ma.fields.Dict()
    code = ma.fields.String()
    errors = ma.fields.Dict()
    params = ma.fields.Dict()


class StandSchema(ma.Schema):
    """Where the server stands."""

    epoch = ma.fields.String(required=True)
    durable_seq = ma.fields.Integer(required=True)


class PushAnswerSchema(StandSchema):
    """One verdict for each change, in their order."""

    server_time = ma.fields.String(required=True)
    verdicts = ma.fields.List(ma.fields.Nested(VerdictSchema), required=True)


class PullQuerySchema(ma.Schema):
    """Where to go on, and how far."""

    class Meta:
        unknown = ma.EXCLUDE

    cursor = ma.fields.String(load_default="", validate=ma.validate.Length(max=2000))
    limit = ma.fields.Integer(load_default=500, validate=ma.validate.Range(1, 1000))


class ItemSchema(ma.Schema):
    """A record as it is now, or word that it has left the person's scope."""

    entity = ma.fields.String(required=True)
    id = ma.fields.String(required=True)
    op = ma.fields.String(required=True, validate=ma.validate.OneOf(["put", "remove"]))
    version = ma.fields.Integer(required=True)
    record = ma.fields.Dict()


class PullAnswerSchema(StandSchema):
    """A page of the feed."""

    cursor = ma.fields.String(required=True)
    more = ma.fields.Boolean(required=True)
    changes = ma.fields.List(ma.fields.Nested(ItemSchema), required=True)


class GlanceAnswerSchema(StandSchema):
    """A few records, with no cursor: nothing is said of what is not among them."""

    changes = ma.fields.List(ma.fields.Nested(ItemSchema), required=True)


class HeldRecordSchema(ma.Schema):
    """A record that a device believes the server has."""

    entity = ma.fields.String(required=True, validate=ma.validate.Length(max=40))
    id = ma.fields.String(required=True, validate=[ma.validate.Length(max=36), bad_format_unless(is_storable)])
    version = ma.fields.Integer(load_default=0, strict=True, validate=ma.validate.Range(0, 2**31 - 1))


class ManifestSchema(ma.Schema):
    """What a device believes the server has."""

    records = ma.fields.List(
        ma.fields.Nested(HeldRecordSchema), load_default=list, validate=ma.validate.Length(max=1000)
    )
    attachments = ma.fields.List(
        ma.fields.String(validate=ma.validate.Regexp(r"^[0-9a-f]{64}\Z")),
        load_default=list,
        validate=ma.validate.Length(max=1000),
    )


class MissingRecordSchema(ma.Schema):
    """A record that the server lacks."""

    entity = ma.fields.String(required=True)
    id = ma.fields.String(required=True)


class ManifestAnswerSchema(StandSchema):
    """What the server lacks of it. Only when both lists are empty is everything synced."""

    missing_records = ma.fields.List(ma.fields.Nested(MissingRecordSchema), required=True)
    missing_attachments = ma.fields.List(ma.fields.String(), required=True)


@blueprint.route("/push")
class Push(MethodView):
    """Changes from a device."""

    @signed_in()
    @blueprint.arguments(PushSchema())
    @blueprint.response(200, PushAnswerSchema)
    def post(self, body: dict[str, Any]) -> Response:
        """Apply changes, each on its own, in their order."""
        if body["device_id"] != actor().device_id:
            raise Problem(403, "not_this_device")
        if len(body["changes"]) > MAX_CHANGES:
            raise Problem(413, "push_too_large", params={"limit_changes": MAX_CHANGES})
        if (request.content_length or 0) > MAX_BYTES:
            raise Problem(413, "push_too_large", params={"limit_bytes": MAX_BYTES})
        step_up.check_changes(body["changes"])
        verdicts, stand = engine().push_and_stand(actor(), body["changes"])
        health.count_verdicts(verdicts)
        about = stand.to_wire() | {"server_time": instant(engine().clock())}
        return answer(about | {"verdicts": [verdict.to_wire() for verdict in verdicts]})


@blueprint.route("/pull")
class Pull(MethodView):
    """Records for a device."""

    @in_one_read
    @signed_in()
    @blueprint.arguments(PullQuerySchema(), location="query")
    @blueprint.response(200, PullAnswerSchema)
    def get(self, query: dict[str, Any]) -> Response:
        """The next records in the person's scope; without a cursor, all of them from the beginning."""
        try:
            with reading() as connection:
                page = engine().pull_in(connection, actor(), query["cursor"] or None, query["limit"])
        except CursorUnknown as error:
            raise Problem(410, "cursor_unknown") from error
        stand = page.stand.to_wire() | {"cursor": page.cursor.encode(), "more": page.more}
        return answer(stand | {"changes": _lines(page.items)})


@blueprint.route("/glance")
class Glance(MethodView):
    """What a new phone shows while its first pull is still under way."""

    @signed_in()
    @blueprint.response(200, GlanceAnswerSchema)
    def get(self) -> Response:
        """The person's newest trips and work orders, and where they lead. They come again in the pull."""
        items = engine().newest(actor(), FIRST_KINDS, MAX_GLANCE)
        return answer(engine().durability().to_wire() | {"changes": _lines(items)})


@blueprint.route("/manifest")
class Manifest(MethodView):
    """The check behind the words "all synced"."""

    @signed_in()
    @blueprint.arguments(ManifestSchema())
    @blueprint.response(200, ManifestAnswerSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the server lacks of what the device believes it has sent."""
        return engine().durability().to_wire() | {
            "missing_records": engine().missing(actor(), body["records"]),
            "missing_attachments": missing_files(services(), actor(), body["attachments"]),
        }


def _lines(items: Iterable[Item]) -> orjson.Fragment:
    return orjson.Fragment(f"[{','.join(item.to_json() for item in items)}]")
