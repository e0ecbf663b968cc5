"""A server with no place left says when to come again, and uploads never take the places of changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

from werkzeug.test import Client

from server.admission import PLACES, Admission, Lane
from server.security import UsualHeaders
from sync.client_http import Answer, Patient, Request


class Slow:
    """An application whose requests take until they are let go."""

    def __init__(self) -> None:
        self.ends = threading.Event()
        self.inside = threading.Semaphore(0)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.inside.release()
        if environ["REQUEST_METHOD"] == "PATCH":
            self.ends.wait(10)
        start_response("204 NO CONTENT", [])
        return []


def test_uploads_that_take_their_time_leave_the_places_of_changes_free() -> None:
    slow = Slow()
    client = Client(UsualHeaders(Admission(slow), is_secure=False))
    upload = "/api/attachments/uploads/1"
    threads = [threading.Thread(target=client.patch, args=(upload,)) for _ in range(PLACES["attachments"])]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert slow.inside.acquire(timeout=10)
    refused = client.patch(upload)
    assert (refused.status_code, refused.json["code"]) == (503, "server_busy")
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 4
    assert refused.headers["Fieldclaim-Protocol"] == "1"
    assert client.post("/api/sync/push").status_code == 204
    assert client.head(upload).status_code == 204, "asking how far it is takes no place"
    slow.ends.set()
    for thread in threads:
        thread.join(10)
    assert client.patch(upload).status_code == 204


def test_a_change_waits_a_moment_for_a_place_and_is_sent_away_only_when_the_room_is_full() -> None:
    lane = Lane(places=1, waiting=1)
    assert lane.enter()
    entered: list[bool] = []
    waits = threading.Thread(target=lambda: entered.append(lane.enter()))
    waits.start()
    while lane._room and lane._room._value:
        time.sleep(0.01)
    assert not lane.enter(), "one is in, one waits: there is no more room"
    lane.leave()
    waits.join(10)
    assert entered == [True]
    lane.leave()
    assert lane.enter()


class Busy:
    """A server that is busy some times, then not."""

    def __init__(self, times: int) -> None:
        self.times = times

    def send(self, _request: Request) -> Answer:
        self.times -= 1
        return Answer(503, {"retry-after": "2"}, b"{}") if self.times >= 0 else Answer(200, {}, b"{}")


def test_the_client_comes_again_when_it_is_asked_to_and_not_for_ever() -> None:
    waits: list[float] = []
    asked = Request("GET", "http://127.0.0.1/", {}, None)
    assert Patient(Busy(3), sleep=waits.append).send(asked).status == 200
    assert len(waits) == 3
    assert all(2 <= wait <= 3 for wait in waits)
    assert Patient(Busy(100), patience=20, sleep=waits.append).send(asked).status == 503
    assert sum(waits[3:]) <= 20
