"""Turning web push on and off for the calling device."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from server.accounts.gate import actor, signed_in
from server.calls import CallBlueprint, bad_format_unless
from server.notices import subscriptions
from server.notices.push_key import own_key
from server.notices.push_service import BadEndpoint, check_endpoint
from server.notices.subscriptions import Subscription
from server.notices.web_push import as_text, is_auth, is_receiver, public_bytes
from server.problems import Problem
from server.services import engine, services
from sync.change import instant
from sync.transaction import Transaction

blueprint = CallBlueprint("push", __name__, url_prefix="/api/push", description="Notices by web push")


class KeySchema(ma.Schema):
    """What the phone's browser subscribes with (`applicationServerKey`)."""

    key = ma.fields.String(required=True)


class SubscriptionSchema(ma.Schema):
    """What the phone's browser gave: an address at its push service, and its keys (`p256dh`, `auth`)."""

    endpoint = ma.fields.String(required=True, validate=ma.validate.Length(1, 1000))
    p256dh = ma.fields.String(required=True, validate=[ma.validate.Length(1, 100), bad_format_unless(is_receiver)])
    auth = ma.fields.String(required=True, validate=[ma.validate.Length(1, 30), bad_format_unless(is_auth)])


@blueprint.route("/key")
class Key(MethodView):
    """The server's key."""

    @signed_in()
    @blueprint.response(200, KeySchema)
    def get(self) -> dict[str, str]:
        """The server's public key."""
        return {"key": as_text(public_bytes(own_key(services())))}


@blueprint.route("/subscription")
class OwnSubscription(MethodView):
    """Where this device is reached."""

    @signed_in()
    @blueprint.arguments(SubscriptionSchema)
    @blueprint.response(204)
    def post(self, body: dict[str, Any]) -> Response:
        """Reach this device there from now on."""
        try:
            check_endpoint(body["endpoint"], allows_loopback=services().config.push_loopback)
        except BadEndpoint as error:
            raise Problem(422, "invalid_fields", errors={"endpoint": ["bad_format"]}) from error
        who, given = actor(), Subscription(body["endpoint"], body["p256dh"], body["auth"])

        def work(write: Transaction) -> None:
            write.lock(f"push:{who.id}")
            subscriptions.keep(write.connection, who.id, who.device_id, given, instant(write.now))

        engine().write(who, work)
        return Response(status=204)

    @signed_in()
    @blueprint.response(204)
    def delete(self) -> Response:
        """Reach this device no more."""
        who = actor()
        engine().write(who, lambda write: subscriptions.forget(write.connection, who.device_id))
        return Response(status=204)
