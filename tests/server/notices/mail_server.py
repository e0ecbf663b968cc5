"""A mail server that speaks SMTP on a real socket, refuses some addresses, and keeps what it takes."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import cast

_REFUSALS = {"broken@": b"550 5.1.1 no such mailbox\r\n", "busy@": b"451 4.3.0 come again\r\n"}


class MailServer(socketserver.ThreadingTCPServer):
    """It listens on a free port."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.taken: list[EmailMessage] = []
        self.refuses = dict(_REFUSALS)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 mail.test ESMTP\r\n")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(self._take() if verb == "DATA" else self._answer(verb, line))

    def _answer(self, verb: str, line: str) -> bytes:
        if verb == "RCPT":
            for address, refusal in cast("MailServer", self.server).refuses.items():
                if address in line:
                    return refusal
        return b"250 mail.test\r\n"

    def _take(self) -> bytes:
        self.wfile.write(b"354 go on\r\n")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = cast("EmailMessage", email.message_from_bytes(b"".join(lines), policy=default))
        cast("MailServer", self.server).taken.append(message)
        return b"250 taken\r\n"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """One that runs."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
