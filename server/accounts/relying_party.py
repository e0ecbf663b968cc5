"""Where passkeys of this server work: a browser binds each to one domain, and to HTTPS (localhost may do without)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from server.config import Config

_USUAL_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class RelyingParty:
    """Whom a passkey is shown to. Both parts come from the settings, never from what a request says of itself."""

    id: str
    """The domain."""
    origin: str
    """Where the pages are, as browsers write it: `https://claims.example.com`."""


def relying_party(config: Config) -> RelyingParty | None:
    """This server's; None where its address is no domain that browsers make passkeys for."""
    url = urlsplit(config.address or f"http://localhost:{config.port}")
    host = url.hostname or ""
    if _is_ip_address(host) or (url.scheme != "https" and host != "localhost"):
        return None
    port = "" if url.port in (None, _USUAL_PORTS[url.scheme]) else f":{url.port}"
    return RelyingParty(host, f"{url.scheme}://{host}{port}")


def obstacle(config: Config, host: str) -> str:
    """The text that says why a page at this host (with or without its port) can use no passkeys; empty if it can.

    With no address in the settings, only somebody at the machine itself is sent to localhost.
    """
    party = relying_party(config)
    name = urlsplit(f"//{host}").hostname or ""
    if party and name == party.id:
        return ""
    is_here = name in ("127.0.0.1", "::1")
    return "passkey.elsewhere" if party and (config.address or is_here) else "passkey.no_domain"


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
