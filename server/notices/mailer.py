"""Sending notices by e-mail: each on its own, so that an address that is broken holds up nobody else."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from zoneinfo import ZoneInfo

from server.config import Mail
from server.i18n import say
from server.notices import outbox
from server.notices.choices import choice_of, quiet_ends
from server.notices.queries import address_of
from server.notices.words import notice_words
from server.services import Services
from sync.actor import SYSTEM
from sync.change import Record
from sync.transaction import Transaction

_TIMEOUT_SECONDS = 20
_PERMANENT = range(500, 600)
log = logging.getLogger(__name__)


def send_waiting(of: Services) -> int:
    """Send what is due. Gives how many were sent; none where no mail server is set."""
    if of.config.mail is None:
        return 0
    with of.engine.database.read() as connection:
        rows = outbox.due(connection, of.engine.clock())
    sent = 0
    for notice_id, stood_for in rows:
        with of.engine.database.write() as connection:
            attempt = outbox.take(connection, notice_id, stood_for, of.engine.clock())
        if attempt:
            sent += _send(of, of.config.mail, notice_id, attempt)
    return sent


def _send(of: Services, mail: Mail, notice_id: str, attempt: int) -> bool:
    now = of.engine.clock()
    with of.engine.database.read() as connection:
        read = Transaction(of.engine, connection, SYSTEM)
        notice = read.get("notice", notice_id) or {"person_id": "", "is_read": True, "kind": ""}
        person, chosen = read.get("user", notice["person_id"]), choice_of(read, notice["person_id"])
    is_wanted = notice["kind"] in chosen["mail_kinds"] and not notice["is_read"]
    if person is None or person["status"] != "active" or not is_wanted:
        _note(of, notice_id, "dropped")
        return False
    if until := quiet_ends(chosen, now.astimezone(ZoneInfo(of.config.time_zone))):
        with of.engine.database.write() as connection:
            outbox.put_off(connection, notice_id, attempt - 1, until)
        return False
    try:
        with _connected(mail) as server:
            server.send_message(message_of(mail, notice, person, chosen["mail_address"]))
    except (OSError, smtplib.SMTPException) as error:
        _failed(of, notice_id, attempt, error)
        return False
    _note(of, notice_id, "sent")
    return True


def message_of(mail: Mail, notice: Record, person: Record, address: str) -> EmailMessage:
    """The e-mail, in the person's language. Its id is the notice's, so that one sent twice is seen to be the same."""
    language = person["language"]
    link = mail.address + (address_of(notice, person["role"]) or "/notices")
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = mail.sender, address
    # Note: no person's words stand in a header.
    message["Subject"] = f"Fieldclaim: {say('notice_kind.' + notice['kind'], language)}"
    message["Message-ID"] = f"<{notice['id']}@{mail.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    why = say("mail.why", language, address=f"{mail.address}/notices/choices")
    message.set_content(f"{notice_words(notice, language)}\n\n{link}\n\n-- \n{why}\n")
    return message


@contextmanager
def _connected(mail: Mail) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=_TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=_TIMEOUT_SECONDS)
    with server:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, mail.password)
        yield server


def _failed(of: Services, notice_id: str, attempt: int, error: Exception) -> None:
    """A refusal for good ends it; anything else is tried again, later each time."""
    log.warning("notice %s was not mailed: %s", notice_id, error)
    if _is_final(error) or attempt >= outbox.MOST_ATTEMPTS:
        _note(of, notice_id, "failed", str(error))
        return
    until = of.engine.clock() + outbox.pause_after(attempt)
    with of.engine.database.write() as connection:
        outbox.put_off(connection, notice_id, attempt, until, str(error))


def _is_final(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _PERMANENT


def _note(of: Services, notice_id: str, state: str, trouble: str = "") -> None:
    with of.engine.database.write() as connection:
        outbox.settle(connection, notice_id, state, trouble)
