"""The settings, read from the environment once, at the edge. Every one has a default that works on one machine."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from server.claims.rules.waiving import MOST_DAYS

DESK_ROLES = frozenset(("dispatcher", "finance", "manager", "admin"))
"""Who works at desks only, and so can be asked for a second factor; the others sign in on phones."""

LEAST_NOTICE_DAYS = 60


class BadSetting(Exception):
    """A setting that cannot be used; the message says which and what is expected."""


_SMTP = {"smtp": ("", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
"""How a mail server is spoken to, and on which port, by the scheme of its address."""

_BAD_ADDRESS = "FIELDCLAIM_ADDRESS must be where people reach this server: https://claims.example.com"


@dataclass(frozen=True)
class Mail:
    """The mail server that takes what is sent, and what stands in the e-mails."""

    host: str
    port: int
    security: str
    """`starttls`, `tls`, or nothing."""
    user: str
    password: str
    sender: str
    address: str
    """Where people reach this server: links begin so."""


@dataclass(frozen=True)
class Config:
    """All settings of a server."""

    data: Path
    """The folder of the database file, the attachments and the key."""
    database_url: str
    secret_key: str
    company_name: str
    company_tax_id: str
    time_zone: str
    """The company's calendar: what "today" is when a receipt's date is judged."""
    waiver_days: int
    """How long a waiver is given for unless its giver says otherwise."""
    waiver_answer_days: int
    """After how many days without an answer a request for a waiver is called to mind, again and again; 0: never."""
    is_replicated: bool
    """Whether the operator keeps a live copy of the database, so that every commit counts as durable."""
    is_secure: bool
    """Whether people reach the server by HTTPS only: cookies are then sent by HTTPS only."""
    proxies: int
    """How many reverse proxies stand in front and set X-Forwarded-*."""
    host: str
    port: int
    address: str
    """Where people reach this server, as they type it: passkeys are bound to it. Empty where nobody said."""
    workers: int
    reads_documents: bool
    """Whether the worker that `serve` starts also reads receipts; no where one does elsewhere."""
    second_factor: frozenset[str]
    """The roles that sign in with a second factor, not with a password alone."""
    demo: bool
    client: Path | None
    """The folder of a built client to serve instead of the one that came with the server."""
    mail: Mail | None
    """Where e-mails go out; none are sent without."""
    notice_days: int
    """After how many days notices and what was sent of them are forgotten."""
    push_contact: str
    """Whom a push service may ask about this server: `mailto:` or `https:`; empty where nobody is named."""
    push_loopback: bool
    """Whether phones may name a push service on this machine, in plain HTTP: for tests only."""


def from_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """Read the settings. Raises BadSetting."""
    data = Path(environment.get("FIELDCLAIM_DATA", "var")).absolute()
    data.mkdir(parents=True, exist_ok=True)
    return Config(
        data=data,
        database_url=environment.get("FIELDCLAIM_DATABASE_URL", f"sqlite:///{data / 'fieldclaim.db'}"),
        secret_key=_secret_key(environment, data),
        company_name=environment.get("FIELDCLAIM_COMPANY_NAME", ""),
        company_tax_id=environment.get("FIELDCLAIM_COMPANY_TAX_ID", ""),
        time_zone=environment.get("FIELDCLAIM_TIME_ZONE", "Asia/Shanghai"),
        waiver_days=min(_number(environment, "FIELDCLAIM_WAIVER_DAYS", 30), MOST_DAYS),
        waiver_answer_days=_number(environment, "FIELDCLAIM_WAIVER_ANSWER_DAYS", 3),
        is_replicated=_flag(environment, "FIELDCLAIM_REPLICATED"),
        is_secure=_flag(environment, "FIELDCLAIM_SECURE"),
        proxies=_number(environment, "FIELDCLAIM_PROXIES", 0),
        host=environment.get("FIELDCLAIM_HOST", "127.0.0.1"),
        port=_number(environment, "FIELDCLAIM_PORT", 8000),
        address=_address(environment),
        workers=_number(environment, "FIELDCLAIM_WORKERS", 1),
        reads_documents=_flag(environment, "FIELDCLAIM_READ_DOCUMENTS", "yes"),
        second_factor=_second_factor(environment),
        demo=_flag(environment, "FIELDCLAIM_DEMO"),
        client=Path(environment["FIELDCLAIM_CLIENT"]) if environment.get("FIELDCLAIM_CLIENT") else None,
        mail=_mail(environment),
        # Note: what is told once a month is not told again, so a notice stays longer than that.
        notice_days=max(_number(environment, "FIELDCLAIM_NOTICE_DAYS", 180), LEAST_NOTICE_DAYS),
        push_contact=_push_contact(environment),
        push_loopback=_flag(environment, "FIELDCLAIM_PUSH_LOOPBACK"),
    )


def _mail(environment: Mapping[str, str]) -> Mail | None:
    given = environment.get("FIELDCLAIM_SMTP_URL", "")
    if not given:
        return None
    sender, address = environment.get("FIELDCLAIM_MAIL_FROM", ""), _address(environment)
    url = urlsplit(given)
    if url.scheme not in _SMTP or not url.hostname:
        raise BadSetting("FIELDCLAIM_SMTP_URL must look like smtp+starttls://user:password@mail.example.com:587")
    if not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", sender):
        raise BadSetting("FIELDCLAIM_MAIL_FROM must be the e-mail address of the sender")
    if not address:
        raise BadSetting(_BAD_ADDRESS)
    security, port = _SMTP[url.scheme]
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return Mail(url.hostname, url.port or port, security, user, password, sender, address)


def _address(environment: Mapping[str, str]) -> str:
    given = environment.get("FIELDCLAIM_ADDRESS", "").strip().rstrip("/")
    if given and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", given):
        raise BadSetting(_BAD_ADDRESS)
    return given


def _push_contact(environment: Mapping[str, str]) -> str:
    sender = environment.get("FIELDCLAIM_MAIL_FROM", "")
    given = environment.get("FIELDCLAIM_PUSH_CONTACT", f"mailto:{sender}" if sender else "")
    if given and not re.fullmatch(r"mailto:[^\s@<>]+@[^\s@<>]+|https://\S+", given):
        raise BadSetting("FIELDCLAIM_PUSH_CONTACT must look like mailto:it@example.com or https://example.com/contact")
    return given


def _flag(environment: Mapping[str, str], name: str, default: str = "") -> bool:
    value = environment.get(name, default).strip().lower()
    if value not in ("", "0", "1", "no", "yes", "false", "true"):
        raise BadSetting(f"{name} must be yes or no, not {value!r}")
    return value in ("1", "yes", "true")


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "").strip()
    if value and not value.isdecimal():
        raise BadSetting(f"{name} must be a whole number, not {value!r}")
    return int(value or default)


def _second_factor(environment: Mapping[str, str]) -> frozenset[str]:
    name = "FIELDCLAIM_SECOND_FACTOR"
    given = environment.get(name, "finance,manager").replace(" ", "").lower()
    roles: frozenset[str] = frozenset() if given in ("", "none") else frozenset(given.split(","))
    if not roles <= DESK_ROLES:
        raise BadSetting(f"{name} must be none or some of {','.join(sorted(DESK_ROLES))}, not {given!r}")
    return roles


def _secret_key(environment: Mapping[str, str], data: Path) -> str:
    """The key from the environment, else one of the server's own that only its user can read."""
    given = environment.get("FIELDCLAIM_SECRET_KEY", "")
    if given:
        if len(given) < 32:
            raise BadSetting("FIELDCLAIM_SECRET_KEY must have at least 32 characters")
        return given
    path = data / "secret_key"
    fresh = data / f"secret_key.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    # Note: two processes may start at once; the link is made whole and once, and the loser reads the winner's key.
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    return path.read_text().strip()
