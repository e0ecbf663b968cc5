"""Signing in from a device."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from flask.views import MethodView

from server.accounts import sessions
from server.accounts.sessions import Session
from server.calls import CallBlueprint, bad_format_unless
from server.services import engine, services
from sync.change import is_id, is_storable

blueprint = CallBlueprint("auth", __name__, url_prefix="/api/auth", description="Signing in from a device")


class DeviceSchema(ma.Schema):
    """The phone that signs in: a UUIDv7 of its own, and a name that people know it by."""

    id = ma.fields.String(required=True, validate=bad_format_unless(is_id))
    name = ma.fields.String(load_default="", validate=[ma.validate.Length(max=80), bad_format_unless(is_storable)])


class LoginSchema(ma.Schema):
    """What a person signs in with; `code` is of an authenticator app, or a recovery code, where one is asked for."""

    username = ma.fields.String(required=True, validate=[ma.validate.Length(1, 64), bad_format_unless(is_storable)])
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, 256))
    code = ma.fields.String(load_default="", validate=[ma.validate.Length(max=20), bad_format_unless(is_storable)])
    device = ma.fields.Nested(DeviceSchema, required=True)


class RefreshSchema(ma.Schema):
    """A refresh token."""

    refresh_token = ma.fields.String(required=True, validate=ma.validate.Length(1, 128))


class TokensSchema(ma.Schema):
    """The next pair of tokens."""

    access_token = ma.fields.String(required=True)
    refresh_token = ma.fields.String(required=True)


class CompanySchema(ma.Schema):
    """The company, as an invoice must name it."""

    name = ma.fields.String(required=True)
    tax_id = ma.fields.String(required=True)


class SessionSchema(TokensSchema):
    """A new session."""

    user = ma.fields.Dict(required=True)
    epoch = ma.fields.String(required=True)
    company = ma.fields.Nested(CompanySchema, required=True)


@blueprint.route("/login")
class Login(MethodView):
    """A new session."""

    @blueprint.arguments(LoginSchema)
    @blueprint.response(200, SessionSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sign in with a name and a password, on a device, and with a code where the person has a second factor."""
        device = body["device"]
        address = request.remote_addr or ""
        user = sessions.authenticate(body["username"], body["password"], address)
        session = sessions.open_on_phone(user, device["id"], device["name"], body["code"], address)
        config = services().config
        return _tokens(session) | {
            "user": session.user,
            "epoch": engine().durability().epoch,
            "company": {"name": config.company_name, "tax_id": config.company_tax_id},
        }


@blueprint.route("/refresh")
class Refresh(MethodView):
    """A session that goes on."""

    @blueprint.arguments(RefreshSchema)
    @blueprint.response(200, TokensSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change a refresh token for the next pair of tokens."""
        return _tokens(sessions.refresh(body["refresh_token"]))


@blueprint.route("/logout")
class Logout(MethodView):
    """A session that ends."""

    @blueprint.arguments(RefreshSchema)
    @blueprint.response(204)
    def post(self, body: dict[str, Any]) -> Response:
        """Sign out on this device."""
        sessions.log_out(body["refresh_token"])
        return Response(status=204)


def _tokens(session: Session) -> dict[str, Any]:
    return {"access_token": session.access_token, "refresh_token": session.refresh_token}
