"""A network that loses, delays, doubles, reorders and cuts what it carries, to the server's application in process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Protocol

from flask import Flask
from werkzeug.test import Client

from sync.client import Answer, Request, Unreachable

ADDRESS = "http://simulated"
_PORTAL = Answer(200, {"content-type": "text/html"}, b"<html>Welcome to the hotel's network</html>")


class Killed(BaseException):
    """The server's process ended in the middle of a request."""


class Listener(Protocol):
    """Who hears every answer that the server gives, before the network has its way with it."""

    def answered(self, device: str, request: Request, answer: Answer) -> None: ...
    def delivered(self, device: str, request: Request, answer: Answer) -> None: ...


class Network:
    """Between all devices and the server. Requests that come late arrive between those of others."""

    def __init__(self, app: Flask, listener: Listener, kill: Callable[[int], None], faults: Counter[str]) -> None:
        self.client = Client(app)
        self.listener = listener
        self.kill = kill
        self.faults = faults
        self.requests = 0
        self.late: list[tuple[int, str, Request]] = []
        self.is_down = False
        """Whether nobody listens at the other end."""

    def send(self, device: str, request: Request, fault: str, chance: Random) -> Answer:
        """Carry a request there and its answer back, with at most one fault. Raises Unreachable."""
        self.deliver_late()
        if fault == "cut_request" and not request.body:
            fault = ""
        if fault and fault != "kill_server":  # that counts where the server was still busy when it came
            self.faults[fault] += 1
        match fault:
            case "lose_request" | "offline":
                raise Unreachable(fault)
            case "portal":
                return _PORTAL
            case "late_request":
                self.late.append((self.requests + chance.randrange(1, 30), device, request))
                raise Unreachable(fault)
            case "cut_request":
                cut = request.body[: chance.randrange(len(request.body))]
                request = Request(request.method, request.url, request.headers, cut)
            case "kill_server":
                self.kill(chance.randrange(1, 40))
            case "send_twice":
                self._ask(device, request)
        answer = self._ask(device, request)
        if fault in ("lose_answer", "kill_after_commit"):
            raise Unreachable(fault)
        if fault == "cut_answer":
            return Answer(answer.status, answer.headers, answer.body[: chance.randrange(max(1, len(answer.body)))])
        self.listener.delivered(device, request, answer)
        return answer

    def _ask(self, device: str, request: Request) -> Answer:
        self.requests += 1
        if self.is_down:
            raise Unreachable("nobody listens")
        path = request.url.removeprefix(ADDRESS)
        try:
            given = self.client.open(path, method=request.method, headers=dict(request.headers), data=request.body)
        except Killed as error:
            self.faults["kill_server"] += 1
            raise Unreachable("the server died") from error
        finally:
            self.kill(0)
        headers = {name.lower(): value for name, value in given.headers.items()}
        answer = Answer(given.status_code, headers, given.get_data())
        self.listener.answered(device, request, answer)
        return answer

    def deliver_late(self, everything: bool = False) -> None:
        """Requests that their senders gave up long ago arrive now."""
        due = [item for item in self.late if everything or item[0] <= self.requests]
        self.late = [item for item in self.late if item not in due]
        for _, device, request in due:
            try:
                self._ask(device, request)
            except Unreachable:
                continue


class Line:
    """One device's line: the transport of its client. Of a sync's first requests, some meet a fault."""

    def __init__(self, network: Network, device: str, true_time: Callable[[], datetime]) -> None:
        self.network = network
        self.device = device
        self.true_time = true_time
        self.chance = Random(0)
        self.faults: dict[int, str] = {}
        self.count = 0
        self.on_step: Callable[[], None] = lambda: None

    def trouble(self, chance: Random, faults: tuple[str, ...]) -> None:
        """From now on, the next requests meet these faults."""
        self.chance, self.count = chance, 0
        self.faults = {chance.randrange(4): fault for fault in faults}
        if "offline" in faults:
            self.faults = dict.fromkeys(range(100), "offline")

    def send(self, request: Request) -> Answer:
        """As the transport of a client. The device may crash before the request leaves, and after the answer came."""
        self.on_step()
        fault = self.faults.pop(self.count, "")
        self.count += 1
        answer = self.network.send(self.device, request, fault, self.chance)
        self.on_step()
        return answer
