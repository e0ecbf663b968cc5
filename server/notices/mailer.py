"""Sending notices by e-mail: each on its own, so that an address that is broken holds up nobody else."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP

from server.config import Mail
from server.i18n import say
from server.notices import outbox
from server.notices.choices import wants_mail
from server.notices.queries import address_of
from server.notices.sending import Letter, NotSent, Way, send_due
from server.notices.words import notice_words
from server.services import Services
from sync.change import Record

_TIMEOUT_SECONDS = 20
_PERMANENT = range(500, 600)


def send_waiting(of: Services) -> int:
    """Send what is due. Gives how many were sent; none where no mail server is set."""
    return send_due(of, _BY_MAIL) if of.config.mail else 0


def _deliver(of: Services, letter: Letter) -> None:
    mail = of.config.mail
    if mail is None:
        raise NotSent("no mail server is set")
    try:
        with _connected(mail) as server:
            server.send_message(message_of(mail, letter.notice, letter.person, letter.chosen["mail_address"]))
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(error, is_final=_is_final(error)) from error


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


def _is_final(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _PERMANENT


_BY_MAIL = Way(outbox.notice_mail, wants_mail, _deliver)
