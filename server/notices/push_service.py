"""Speaking to a push service. Its address came from a phone and is hostile: it must not lead into our own network."""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 10
_DEADLINE_SECONDS = 20.0
"""For all of it, from the name to the answer, however many addresses a name has; far less than a letter's lease."""
_LONGEST = 1000
_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")
"""To relays from IPv4 to IPv6, whoever runs one; given up by RFC 7526."""


class BadEndpoint(ValueError):
    """An address that is no push service's."""


@dataclass(frozen=True)
class Answer:
    """What the service says: its status, and the seconds after which it wants to be asked again."""

    status: int
    retry_after: int


def check_endpoint(endpoint: str, *, allows_loopback: bool) -> None:
    """Refuse what cannot be a push service's address. Raises BadEndpoint."""
    try:
        url = urlsplit(endpoint)
        port, host = url.port, url.hostname or ""
    except ValueError as error:
        raise BadEndpoint("not an address") from error
    is_plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint and len(endpoint) <= _LONGEST
    if not is_plain or "@" in url.netloc or not _HOST.fullmatch(host):
        raise BadEndpoint("not an address")
    if allows_loopback and host == "127.0.0.1":
        return
    if url.scheme != "https" or port not in (None, 443):
        raise BadEndpoint("only https")
    if host.replace(".", "").isdecimal():
        raise BadEndpoint("a number is no name")


def post(endpoint: str, body: bytes, headers: Mapping[str, str], *, allows_loopback: bool) -> Answer:
    """Send a message. A redirection is not followed. Raises BadEndpoint, OSError or http.client.HTTPException."""
    check_endpoint(endpoint, allows_loopback=allows_loopback)
    url = urlsplit(endpoint)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    with _connected(url.scheme, url.hostname or "", url.port, allows_loopback) as connection:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        wanted = answer.headers.get("Retry-After", "")
        return Answer(answer.status, int(wanted) if wanted.isdecimal() and len(wanted) < 8 else 0)


@contextmanager
def _connected(scheme: str, host: str, port: int | None, allows_loopback: bool) -> Iterator[http.client.HTTPConnection]:
    until = time.monotonic() + _DEADLINE_SECONDS
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=_TIMEOUT_SECONDS)
    bare = _reached(host, connection.port, allows_loopback, until)
    with closing(bare), closing(connection):
        if scheme == "https":
            context = ssl.create_default_context()
            bare = context.wrap_socket(bare, server_hostname=host, do_handshake_on_connect=False)
        # Note: the time for each read is limited anyhow; this ends a service that sends one byte after the other.
        deadline = Timer(until - time.monotonic(), _shut, [bare])
        deadline.start()
        try:
            if isinstance(bare, ssl.SSLSocket):
                bare.do_handshake()
            connection.sock = bare
            yield connection
        finally:
            deadline.cancel()


def _reached(host: str, port: int, allows_loopback: bool, until: float) -> socket.socket:
    """A connection to an address that was looked at: the name is not asked a second time, when it could lie."""
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(is_public(each) or (allows_loopback and each == "127.0.0.1") for each in found):
        raise BadEndpoint("it leads into a network that is not public")
    trouble = OSError(f"{host} has no address")
    for each in found:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((each, port), timeout=min(left, _TIMEOUT_SECONDS))
        except OSError as error:
            trouble = error
    raise trouble


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where it is an older one in a newer one's clothes."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64 or ip.sixtofour or ip.teredo or ip.is_site_local:
            return False
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
    elif ip in _RELAYS:
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
