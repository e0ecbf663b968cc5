"""Sending notices by web push: a title in the person's language and the notice's id; the phone knows the rest."""

from __future__ import annotations

import http.client
import json
from datetime import timedelta

from server.i18n import say
from server.notices import outbox, push_service, subscriptions
from server.notices.choices import wants_push
from server.notices.push_key import own_key
from server.notices.sending import Letter, NotSent, Way, send_due
from server.notices.web_push import as_bytes, authorization, encrypted
from server.services import Services
from sync.change import Record

_PAYLOAD_BYTES = 256
_KEPT_FOR = timedelta(days=3)
_GONE = (404, 410)
_BUSY = 429


def send_waiting(of: Services) -> int:
    """Send what is due. Gives how many were sent."""
    return send_due(of, _BY_PUSH)


def payload_of(notice: Record, language: str) -> bytes:
    """What the phone gets: no amount, no name and nobody's words, since it lights up for whoever holds the phone."""
    title = say(f"notice_kind.{notice['kind']}", language)
    return json.dumps({"title": title, "notice": notice["id"], "lang": language}, ensure_ascii=False).encode()


def _deliver(of: Services, letter: Letter) -> None:
    _, device_id = letter.key
    with of.engine.database.read() as connection:
        phone = subscriptions.of_device(connection, device_id)
    if phone is None:
        raise NotSent("the device is not reached any more", is_final=True)
    payload = payload_of(letter.notice, letter.person["language"])
    body = encrypted(payload, as_bytes(phone.receiver), as_bytes(phone.auth), size=_PAYLOAD_BYTES)
    headers = {
        "Authorization": authorization(own_key(of), phone.endpoint, of.config.push_contact, of.engine.clock()),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(_KEPT_FOR.total_seconds())),
        # Note: sent twice, it is shown once.
        "Topic": letter.notice["id"].replace("-", ""),
    }
    try:
        answer = push_service.post(phone.endpoint, body, headers, allows_loopback=of.config.push_loopback)
    except push_service.BadEndpoint as error:
        _forget(of, device_id, phone.endpoint)
        raise NotSent(error, is_final=True) from error
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(error) from error
    if answer.status in _GONE:
        _forget(of, device_id, phone.endpoint)
    if not 200 <= answer.status < 300:
        is_passing = answer.status == _BUSY or answer.status >= 500
        wished = min(timedelta(seconds=answer.retry_after), outbox.LONGEST_PAUSE)
        raise NotSent(f"status {answer.status}", is_final=not is_passing, not_before=wished)


def _forget(of: Services, device_id: str, endpoint: str) -> None:
    with of.engine.database.write() as connection:
        subscriptions.forget(connection, device_id, endpoint)


_BY_PUSH = Way(outbox.notice_push, wants_push, _deliver)
