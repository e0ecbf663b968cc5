"""The application: settings in, a Flask app out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, redirect, request
from flask_compress import Compress
from flask_jwt_extended import JWTManager
from flask_smorest import Api
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from server import health, pages, paths, phone, storage_trouble, sync_api
from server.accounts import admin_pages, login_api, login_pages, own_factor_pages, passkey_pages, second_step_pages
from server.accounts.gate import to_login
from server.admission import Admission
from server.attachments import api as attachments_api
from server.attachments import tus
from server.claims import (
    advance_pages,
    approval_pages,
    bulk_pages,
    comment_pages,
    limit_pages,
    queue_pages,
    trip_pages,
    waiver_pages,
)
from server.claims import pages as claims_pages
from server.config import Config, from_environment
from server.cookies import FormSessions, cookie_name
from server.inflate import InflateRequests
from server.notices import pages as notices_pages
from server.notices import push_api
from server.payments import account_pages, outgoing_pages, paper_pages, result_pages
from server.payments import pages as payments_pages
from server.problems import PROTOCOL, Problem, from_http, is_api, unexpected
from server.reports import pages as reports_pages
from server.reports import waiver_pages as waiver_report_pages
from server.security import UsualHeaders
from server.service import pages as service_pages
from server.services import build
from server.tools import count_pages, counter_pages, issue_pages, label_pages
from server.tools import pages as tools_pages
from sync.errors import Refused

API_BLUEPRINTS = (login_api.blueprint, sync_api.blueprint, tus.blueprint, attachments_api.blueprint, push_api.blueprint)
PAGE_BLUEPRINTS = (
    login_pages.blueprint,
    second_step_pages.blueprint,
    own_factor_pages.blueprint,
    passkey_pages.blueprint,
    admin_pages.blueprint,
    service_pages.blueprint,
    tools_pages.blueprint,
    counter_pages.blueprint,
    issue_pages.blueprint,
    count_pages.blueprint,
    label_pages.blueprint,
    queue_pages.blueprint,
    bulk_pages.blueprint,
    trip_pages.blueprint,
    comment_pages.blueprint,
    waiver_report_pages.blueprint,
    waiver_pages.blueprint,
    claims_pages.blueprint,
    reports_pages.blueprint,
    limit_pages.blueprint,
    advance_pages.blueprint,
    approval_pages.blueprint,
    payments_pages.blueprint,
    account_pages.blueprint,
    result_pages.blueprint,
    outgoing_pages.blueprint,
    paper_pages.blueprint,
    notices_pages.blueprint,
    phone.blueprint,
    health.blueprint,
)

csrf = CSRFProtect()


class App(Flask):
    """A Flask app without coroutines: it need not ask of each function, at each request, whether it is one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


def create_app(config: Config | None = None) -> Flask:
    """An application on its database. Raises BadSetting or EngineMisconfigured."""
    config = config or from_environment()
    app = App("server", template_folder=str(paths.templates()), static_folder=None)
    app.config.update(_flask_settings(config))
    app.session_interface = FormSessions()
    app.extensions["fieldclaim"] = build(config)
    inner = Admission(InflateRequests(app.wsgi_app))
    app.wsgi_app = UsualHeaders(inner, is_secure=config.is_secure)  # type: ignore[method-assign]
    if config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, config.proxies, config.proxies)  # type: ignore[method-assign]
    csrf.init_app(app)
    Compress(app)
    api = Api(app)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for api_blueprint in API_BLUEPRINTS:
        api.register_blueprint(api_blueprint)
        csrf.exempt(api_blueprint)
    JWTManager(app)
    for page_blueprint in PAGE_BLUEPRINTS:
        app.register_blueprint(page_blueprint)
    pages.set_up(app)
    health.count_requests(app)
    app.before_request(_refuse_unstorable)
    _set_up_errors(app)
    app.add_url_rule("/", "home", lambda: redirect(pages.home_of_visitor()))
    return app


def _refuse_unstorable() -> None:
    # Note: no record is called so; PostgreSQL fails where it is asked for one.
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        raise Problem(404, "not_found")


def _flask_settings(config: Config) -> dict[str, object]:
    return {
        "SECRET_KEY": config.secret_key,
        "JWT_SECRET_KEY": config.secret_key,
        "JWT_ALGORITHM": "HS256",
        "JWT_DECODE_ALGORITHMS": ["HS256"],
        "JWT_ENCODE_ISSUER": "fieldclaim",
        "JWT_DECODE_ISSUER": "fieldclaim",
        "JWT_ENCODE_AUDIENCE": "fieldclaim",
        "JWT_DECODE_AUDIENCE": "fieldclaim",
        "MAX_CONTENT_LENGTH": 32 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "SESSION_COOKIE_NAME": cookie_name("forms", config),
        "SESSION_COOKIE_SECURE": config.is_secure,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        "API_TITLE": "Fieldclaim",
        "API_VERSION": PROTOCOL,
        "OPENAPI_VERSION": "3.0.3",
        "OPENAPI_URL_PREFIX": "/api",
        "OPENAPI_JSON_PATH": "openapi.json",
        "COMPRESS_MIMETYPES": [
            "application/json",
            "application/problem+json",
            "text/html",
            "text/css",
            "text/javascript",
        ],
        "COMPRESS_ALGORITHM": ["gzip"],
        "COMPRESS_MIN_SIZE": 800,
        "COMPRESS_LEVEL": 1,  # packs a pull in a third of the time of level 6, a fifteenth longer
    }


def _set_up_errors(app: Flask) -> None:
    @app.errorhandler(Problem)
    def on_problem(problem: Problem) -> BaseResponse:
        if is_api():
            return problem.response()
        return to_login(problem) if problem.status == 401 else pages.problem(problem)

    @app.errorhandler(Refused)
    def on_refused(refused: Refused) -> BaseResponse | tuple[str, int]:
        if is_api():
            return Problem(422, refused.code, errors=refused.errors, params=refused.params).response()
        return pages.refusal(refused)

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> BaseResponse:
        return from_http(error).response() if is_api() else pages.problem(from_http(error))

    @app.errorhandler(Exception)
    def on_unexpected(error: Exception) -> BaseResponse | tuple[str, int]:
        trouble = storage_trouble.problem_of(error)
        if trouble:
            return on_problem(trouble)
        answer = unexpected(error)
        return answer if is_api() else pages.server_error()
