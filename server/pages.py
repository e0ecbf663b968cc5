"""What all pages share: their words, their way of showing values, and how they say no."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask, Response, flash, g, make_response, render_template, request, send_from_directory

from server import paths
from server.accounts.gate import actor, enter_by_cookies
from server.claims.rules.within_limits import allowed_minor
from server.claims.states import payable_minor
from server.config import DESK_ROLES
from server.i18n import catalogue, language_of_request, say
from server.places.divisions import all_divisions, full_name
from server.problems import Problem
from server.services import engine, services
from sync.change import Record, is_id
from sync.errors import Refused
from sync.transaction import Transaction

T = TypeVar("T")
HOMES = {
    "technician": "/app/",
    "dispatcher": "/dispatch/",
    "warehouse": "/warehouse/",
    "finance": "/finance/",
    "manager": "/finance/",
    "admin": "/admin/",
}
_PAGE_WORDS = {
    "bad_request": "page.bad_request",
    "forbidden": "page.forbidden",
    "not_found": "page.not_found",
    "method_not_allowed": "page.not_found",
    "not_acceptable": "page.bad_request",
    "gone": "page.not_found",
    "precondition_failed": "page.bad_request",
    "too_large": "page.bad_request",
    "unsupported_media_type": "page.bad_request",
    "unavailable": "page.went_wrong",
    "storage_full": "page.went_wrong",
    "server_error": "page.went_wrong",
}
"""Problems that a page words otherwise than a phone does."""
_AMOUNTS = frozenset({"claimed", "receipt", "limit", "total", "over", "spent", "allowed"})
"""Parameters of findings and refusals that are money."""
_NAVIGATION = {
    "dispatcher": (
        ("/dispatch/", "nav.trips"),
        ("/dispatch/customers", "nav.customers"),
        ("/dispatch/reports", "nav.reports"),
    ),
    "warehouse": (
        ("/warehouse/", "nav.counter"),
        ("/warehouse/expected", "nav.tools"),
        ("/warehouse/units", "nav.units"),
        ("/warehouse/issues", "nav.issues"),
        ("/warehouse/calibration", "nav.calibration"),
        ("/warehouse/counts", "nav.counts"),
    ),
    "finance": (
        ("/finance/", "nav.claims"),
        ("/finance/comments", "nav.comments"),
        ("/finance/waivers", "nav.waivers"),
        ("/finance/dashboard", "nav.dashboard"),
        ("/payments/", "nav.payments"),
        ("/finance/approvals", "nav.approvals"),
        ("/finance/advances", "nav.advances"),
        ("/finance/limits", "nav.limits"),
    ),
    "manager": (
        ("/finance/", "nav.claims"),
        ("/finance/comments", "nav.comments"),
        ("/finance/waivers", "nav.waivers"),
        ("/finance/dashboard", "nav.dashboard"),
        ("/finance/approvals", "nav.approvals"),
        ("/payments/", "nav.payments"),
        ("/finance/advances", "nav.advances"),
        ("/finance/limits", "nav.limits"),
        ("/dispatch/", "nav.trips"),
        ("/dispatch/reports", "nav.reports"),
        ("/warehouse/units", "nav.units"),
    ),
    "admin": (("/admin/", "nav.users"),),
}


def set_up(app: Flask) -> None:
    """Give the pages their words and filters, and serve their style sheets."""
    app.jinja_env.filters |= {
        "seller": seller,
        "money": money,
        "payable": payable_minor,
        "allowed": lambda line: allowed_minor(line["amount_minor"], line["findings"] or ()),
        "instant": moment,
        "days_since": days_since,
        "place_short": _short_place,
        "place": lambda code: full_name(code, language_of_request()) if code else "",
    }
    app.context_processor(_context)
    app.add_url_rule("/styles/<path:name>", "styles", lambda name: send_from_directory(paths.styles(), name))


def home_of_visitor() -> str:
    """Where a person's work begins; the sign-in page for a stranger."""
    try:
        enter_by_cookies()
    except Problem:
        return "/login"
    return HOMES[g.user["role"]]


def attempt(work: Callable[[Transaction], T]) -> T | None:
    """Do what a form asks, as the person who sent it. A refusal is told on the next page, and nothing is written."""
    try:
        return engine().write(actor(), work)
    except Refused as refused:
        refuse(refused)
        return None


def refuse(refused: Refused) -> None:
    """Tell a refusal on the next page."""
    flash(words(refused), "refused")


def reading(view: Callable[[Transaction], T]) -> T:
    """What is read from one state of the database."""
    with engine().database.read() as connection:
        return view(Transaction(engine(), connection, actor()))


def read_page(view: Callable[[Transaction], str]) -> str:
    """A page drawn from one state of the database."""
    return reading(view)


def known(read: Transaction, entity: str, record_id: str) -> Record:
    """A record that an address or a form names. Raises Problem where there is none."""
    record = read.get(entity, record_id) if is_id(record_id) else None
    if record is None:
        raise Problem(404, "not_found")
    return record


def done(key: str, **params: Any) -> None:
    """Say on the next page that it is done."""
    flash(say(key, **params), "done")


def words(refused: Refused) -> str:
    """A refusal in a sentence for the person, with the fields that are meant."""
    amounts = {name: money(value) for name, value in refused.params.items() if name in _AMOUNTS}
    if "status" in refused.params:
        amounts["status"] = say(f"status.{refused.params['status']}")
    params = refused.params | amounts | {"findings": _standing(refused.params.get("findings", []))}
    sentence = say(f"error.{refused.code}", **params)
    fields = [
        f"{say(f'field.{name}')}: {', '.join(say(f'error.{code}', **params) for code in codes)}"
        for name, codes in refused.errors.items()
        if codes != [refused.code]
    ]
    return " ".join([sentence, *fields])


def finding_words(finding: dict[str, Any]) -> str:
    """A finding in a sentence, with its places, names and amounts as people read them."""
    return say(
        f"finding.{finding['code']}",
        **{name: _shown(name, value) for name, value in finding["params"].items()},
    )


def seller(item: dict[str, Any]) -> str:
    """Who sold what a receipt, or a row with its category, is for; an allowance has no seller."""
    name = item.get("seller_name") or item.get("seller")
    if name:
        return str(name)
    return say("finance.no_receipt" if item.get("category") == "allowance" else "finance.no_seller")


def money(amount_minor: int | None, currency: str = "CNY") -> str:
    """1234 as ¥12.34; another currency by its code."""
    if amount_minor is None:
        return ""
    sign = "-" if amount_minor < 0 else ""
    mark = {"CNY": "¥", "USD": "$", "EUR": "€"}.get(currency, f"{currency} ")
    whole, part = divmod(abs(amount_minor), 100)
    return f"{sign}{mark}{whole:,}.{part:02}"


def typed_minor(text: str, field: str) -> int:
    """An amount as people type it, 12.34 or ¥1,234.5, in minor units. Raises Refused naming the field."""
    match = re.fullmatch(r"\s*[¥￥]?\s*(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d{1,2}))?\s*", text)
    if match is None:
        raise Refused("invalid_fields", {field: ["bad_format"]})
    return int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))


def moment(text: str | None) -> str:
    """An instant in the company's time zone, to the minute."""
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone(ZoneInfo(services().config.time_zone)).strftime("%Y-%m-%d %H:%M")


def days_since(text: str) -> int:
    """How many days ago an instant was, by the company's calendar."""
    then = datetime.fromisoformat(text).astimezone(ZoneInfo(services().config.time_zone)).date()
    return (services().today() - then).days


def reason_words(code: str) -> str:
    """A kind of finding in a few words; an unknown one by its code."""
    return say(f"reason.{code}") if f"reason.{code}" in catalogue(language_of_request()) else code


def refusal(refused: Refused) -> tuple[str, int]:
    """A page for a refusal that no form was waiting for."""
    return _message("page.refused", words(refused)), 422


def problem(found: Problem) -> Response:
    """A page for a problem: what happened, and what to do."""
    sentence = say(_PAGE_WORDS.get(found.code, f"error.{found.code}"), **(found.params or {}))
    return make_response(_message("page.refused", sentence), found.status, found.headers)


def server_error() -> tuple[str, int]:
    """The page behind which the trace stays hidden."""
    return _message("page.refused", say("page.went_wrong")), 500


def _short_place(code: str) -> str:
    known = all_divisions().get(code)
    return known.name(language_of_request()) if known else code


def _message(title: str, sentence: str) -> str:
    return render_template("message.html", title=say(title), sentence=sentence)


def _context() -> dict[str, Any]:
    user = g.get("user")
    return {
        "t": say,
        "language": language_of_request(),
        "user": user,
        "navigation": _NAVIGATION.get(user["role"], ()) if user else (),
        "path": request.path,
        "divisions": all_divisions,
        "finding_words": finding_words,
        "reason_words": reason_words,
        "unread_notices": g.get("unread_notices", 0),
        "demo": services().config.demo,
        "desk_roles": DESK_ROLES,
    }


def _standing(findings: list[dict[str, Any]]) -> str:
    return " ".join(finding_words(finding) for finding in findings)


def _shown(name: str, value: Any) -> Any:
    if name in ("places", "trip"):
        return ", ".join(dict.fromkeys(full_name(code, language_of_request()) for code in value))
    if name == "fields":
        return ", ".join(say(f"field.{field}") for field in value)
    if name in ("category", "handed_in_as"):
        return say(f"category.{value}")
    if name == "ends":
        return " – ".join(value)
    if name in _AMOUNTS:
        return money(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else value
