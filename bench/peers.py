"""The peers' figures on this machine: Kinto with its memory backend, from the package registry, in its own environment.

PouchDB Server cannot be had any more: its storage module has no build for today's Node. Its figures in `bench` are
those that were measured earlier on two cores of the same kind.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.__main__ import BATCH
from sync.change import new_id

RECORDS = 2_000
PORT = 8899
FOLDER = Path("build/peers")
VERSION = "26.5.0"
_SETTINGS = f"""
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = bench
kinto.batch_max_requests = {BATCH}
multiauth.policies = basicauth
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {PORT}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = ERROR
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %(message)s
"""


def main() -> None:
    """Install, start, measure and print."""
    program = _install()
    settings = FOLDER / "kinto.ini"
    settings.write_text(_SETTINGS)
    process = subprocess.Popen([program, "start", "--ini", str(settings)], start_new_session=True)
    try:
        connection = _connected()
        _ask(connection, "PUT", "/v1/buckets/b", {})
        _ask(connection, "PUT", "/v1/buckets/b/collections/c", {})
        pushed = push(connection)
        pulled = pull(connection)
        idle = pull_nothing(connection)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    print(f"Kinto {VERSION}, memory, {os.cpu_count()} cores")
    print(f"push of records of 600 bytes in batches of {BATCH}, records/s: {RECORDS / pushed:,.0f}")
    print(f"full pull, records/s: {RECORDS / pulled:,.0f}")
    print(f"pull without changes, p50 ms: {idle:.2f}")


def push(connection: http.client.HTTPConnection) -> float:
    """Seconds to push all records."""
    bodies = [
        {"defaults": {"method": "PUT"}, "requests": [_request() for _ in range(BATCH)]} for _ in range(RECORDS // BATCH)
    ]
    began = time.perf_counter()
    for body in bodies:
        answer = _ask(connection, "POST", "/v1/batch", body)
        assert all(item["status"] == 201 for item in answer["responses"])
    return time.perf_counter() - began


def pull(connection: http.client.HTTPConnection) -> float:
    """Seconds to read all records in one call, which is how Kinto answers fastest."""
    began = time.perf_counter()
    answer = _ask(connection, "GET", "/v1/buckets/b/collections/c/records")
    assert len(answer["data"]) == RECORDS
    return time.perf_counter() - began


def pull_nothing(connection: http.client.HTTPConnection) -> float:
    """The median of many pulls behind the newest record, in milliseconds."""
    newest = _ask(connection, "GET", "/v1/buckets/b/collections/c/records?_limit=1&_sort=-last_modified")
    since = newest["data"][0]["last_modified"]
    waits = []
    for _ in range(200):
        began = time.perf_counter()
        _ask(connection, "GET", f"/v1/buckets/b/collections/c/records?_since={since}")
        waits.append((time.perf_counter() - began) * 1000)
    return sorted(waits)[100]


def _request() -> dict[str, Any]:
    return {"path": f"/buckets/b/collections/c/records/{new_id()}", "body": {"data": {"text": new_id() + "x" * 560}}}


def _install() -> str:
    program = FOLDER / "venv" / "bin" / "kinto"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], check=True)
        pip = [str(FOLDER / "venv" / "bin" / "pip"), "install", "--quiet", f"kinto=={VERSION}", "waitress"]
        subprocess.run(pip, check=True)
    return str(program)


def _connected() -> http.client.HTTPConnection:
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        with suppress(OSError):
            connection.request("GET", "/v1/")
            connection.getresponse().read()
            return connection
        time.sleep(0.1)
    raise TimeoutError("Kinto does not answer")


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> dict[str, Any]:
    who = base64.b64encode(b"bench:bench").decode()
    headers = {"Authorization": f"Basic {who}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 400, text
    return dict(json.loads(text))


if __name__ == "__main__":
    main()
