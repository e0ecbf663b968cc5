"""What moves money, or makes an exception, asks for the second factor again: it must have been proved in the last five
minutes. What is decided dozens of times a day does not (docs/decisions/0016-a-second-factor-for-the-desks.md).

Whoever is asked for a second factor at the sign-in is asked here, too; where nobody is (the demo), nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from server.accounts import passkey_offer, second_step, tokens
from server.accounts.gate import actor, current_user
from server.pages import done, words
from server.problems import Problem
from server.services import engine
from sync.errors import Refused

P = ParamSpec("P")
R = TypeVar("R")
FRESH = timedelta(minutes=5)
_ANY: frozenset[str] = frozenset()
GUARDED: Mapping[str, frozenset[str]] = {
    "payment_batch": _ANY,
    "payment_result": _ANY,
    "bank_account": _ANY,
    "bank_layout": _ANY,
    "limit": _ANY,
    "second_factor": _ANY,
    "passkey": _ANY,
    "waiver": _ANY,
    "advance": _ANY,
    "delegation": _ANY,
    "claim_line": frozenset({"endorsed_minor", "reverses"}),
    "tool_unit": frozenset({"reimbursement"}),
    "user": frozenset({"role", "status"}),
}
"""The records whose change by the API asks for it, or which of their fields do. So does a line that is approved or
paid: no desk decides by the API day by day.
"""
_CODE, _PASSKEY = "proof_code", "proof_passkey"
_OURS = frozenset({_CODE, _PASSKEY, "csrf_token"})


def freshly_proved(when: Callable[[], bool] = lambda: True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a page's form through only with a fresh proof; else ask for a code, and then go on with what was typed."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            asked = _ask() if when() and not is_fresh() else None
            return view(*args, **kwargs) if asked is None else cast("R", asked)

        guarded.asks_for_proof = True  # type: ignore[attr-defined] # by this a test finds the forms that do not ask
        return cast("Callable[P, R]", guarded)

    return decorate


def check_changes(changes: Sequence[Any]) -> None:
    """The same for changes that come by the API. Raises Problem: proof_needed."""
    if any(_is_guarded(change) for change in changes) and not is_fresh():
        raise Problem(403, "proof_needed")


def is_fresh() -> bool:
    """Whether the acting person proved their second factor a moment ago, or is not asked for one."""
    if not second_step.is_asked(current_user()):
        return True
    with engine().database.read() as connection:
        proved_at = tokens.proved_at(connection, actor().device_id)
    return bool(proved_at) and datetime.fromisoformat(proved_at) > engine().clock() - FRESH


def _is_guarded(change: Any) -> bool:
    if not isinstance(change, Mapping):
        return False
    entity, given = change.get("entity"), change.get("fields")
    fields: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    if not isinstance(entity, str) or entity not in GUARDED:
        return False
    if entity == "claim_line" and fields.get("status") in ("approved", "paid"):
        return True
    return not GUARDED[entity] or not GUARDED[entity].isdisjoint(fields)


def _ask() -> Response | None:
    """The page that asks; nothing once the code that it sent is right."""
    if _CODE not in request.form:
        return _page("", 403, {})
    shown = passkey_offer.shown_by(actor(), _CODE, _PASSKEY)
    try:
        codes_left = second_step.prove_again(current_user()["id"], actor().device_id, shown, request.remote_addr or "")
    except Problem as problem:
        return _page(words(Refused(problem.code, params=problem.params)), problem.status, problem.headers)
    if codes_left <= second_step.FEW_CODES:
        done("factor.few_codes", count=codes_left)
    return None


def _page(refused: str, status: int, headers: Mapping[str, str]) -> Response:
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in _OURS]
    page = render_template(
        "accounts/step_up.html",
        typed=typed,
        address=request.full_path.rstrip("?"),
        back=_came_from(),
        minutes=int(FRESH.total_seconds() // 60),
        refused=refused,
        passkeys=passkey_offer.offer(current_user()["id"]),
    )
    return make_response(page, status, headers)


def _came_from() -> str:
    """The page with the form, where the browser names one of this server's."""
    url = urlsplit(request.referrer or "")
    return url.path if url.netloc == request.host and url.path != request.path else ""
