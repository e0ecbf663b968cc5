"""The peers' figures on this machine: Kinto in memory and on PostgreSQL, from the package registry.

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
from threading import Barrier, Thread
from typing import Any

from bench.__main__ import BATCH, PHONES
from bench.databases import machine, postgres
from sync.change import new_id

RECORDS = 2_000
PORT = 8899
FOLDER = Path("build/peers")
VERSION = "26.5.0"
_COLLECTION = "/buckets/b/collections/c"
_SETTINGS = f"""
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.{{backend}}
kinto.cache_backend = kinto.core.cache.{{backend}}
kinto.permission_backend = kinto.core.permission.{{backend}}
{{urls}}
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
    with postgres() as url:
        address = url.replace("postgresql+psycopg:", "postgresql:").replace("%", "%%")
        urls = "\n".join(f"kinto.{part}_url = {address}" for part in ("storage", "cache", "permission"))
        figures = {"memory": measure(program, "memory", ""), "PostgreSQL": measure(program, "postgresql", urls)}
    print(f"Kinto {VERSION}; {machine()}")
    print(f"{'':44}" + "".join(f"{backend:>14}" for backend in figures))
    for name in figures["memory"]:
        print(f"{name:44}" + "".join(f"{row[name]:>14}" for row in figures.values()))


def measure(program: str, backend: str, urls: str) -> dict[str, str]:
    """The figures of Kinto on one backend."""
    settings = FOLDER / f"kinto-{backend}.ini"
    settings.write_text(_SETTINGS.format(backend=backend, urls=urls))
    subprocess.run([program, "migrate", "--ini", str(settings)], check=True)
    process = subprocess.Popen([program, "start", "--ini", str(settings)], start_new_session=True)
    try:
        connection = _connected()
        _ask(connection, "PUT", "/v1/buckets/b", {})
        _ask(connection, "PUT", f"/v1{_COLLECTION}", {})
        pushed = push(connection)
        pulled = pull(connection)
        idle = pull_nothing(connection)
        crowd = at_once()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    return {
        "push of records of 600 bytes, records/s": f"{RECORDS / pushed:,.0f}",
        f"full pull of {RECORDS:,}, records/s": f"{RECORDS / pulled:,.0f}",
        "pull without changes, p50 ms": f"{idle:.2f}",
        "50 phones at once (20 up, 100 down), s": f"{crowd:.2f}",
    }


def push(connection: http.client.HTTPConnection) -> float:
    """Seconds to push all records."""
    bodies = [_batch(BATCH) for _ in range(RECORDS // BATCH)]
    began = time.perf_counter()
    for body in bodies:
        _send(connection, body)
    return time.perf_counter() - began


def pull(connection: http.client.HTTPConnection) -> float:
    """Seconds to read all records in one call, which is how Kinto answers fastest."""
    began = time.perf_counter()
    answer = _ask(connection, "GET", f"/v1{_COLLECTION}/records")
    assert len(answer["data"]) == RECORDS
    return time.perf_counter() - began


def pull_nothing(connection: http.client.HTTPConnection) -> float:
    """The median of many pulls behind the newest record, in milliseconds."""
    newest = _ask(connection, "GET", f"/v1{_COLLECTION}/records?_limit=1&_sort=-last_modified")
    since = newest["data"][0]["last_modified"]
    waits = []
    for _ in range(200):
        began = time.perf_counter()
        _ask(connection, "GET", f"/v1{_COLLECTION}/records?_since={since}")
        waits.append((time.perf_counter() - began) * 1000)
    return sorted(waits)[100]


def at_once() -> float:
    """Seconds until fifty phones, each with a collection of 100 records, have sent 20 and read all."""
    start = Barrier(PHONES + 1)
    phones = []
    for place in range(PHONES):
        # Note: pushes to one collection at once fail on PostgreSQL, for Kinto tells records apart by the millisecond.
        collection = f"/buckets/b/collections/phone{place}"
        connection = _connected()
        _ask(connection, "PUT", f"/v1{collection}", {})
        _send(connection, _batch(100, collection))
        phones.append((connection, collection, _batch(20, collection)))
    finished: list[int] = []

    def work(connection: http.client.HTTPConnection, collection: str, body: dict[str, Any]) -> None:
        start.wait()
        _send(connection, body)
        finished.append(len(_ask(connection, "GET", f"/v1{collection}/records")["data"]))

    threads = [Thread(target=work, args=phone) for phone in phones]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    assert finished == [120] * PHONES
    return time.perf_counter() - began


def _batch(size: int, collection: str = _COLLECTION) -> dict[str, Any]:
    return {"defaults": {"method": "PUT"}, "requests": [_request(collection) for _ in range(size)]}


def _send(connection: http.client.HTTPConnection, body: dict[str, Any]) -> None:
    answer = _ask(connection, "POST", "/v1/batch", body)
    assert all(item["status"] == 201 for item in answer["responses"])


def _request(collection: str) -> dict[str, Any]:
    return {"path": f"{collection}/records/{new_id()}", "body": {"data": {"text": new_id() + "x" * 560}}}


def _install() -> str:
    program = FOLDER / "venv" / "bin" / "kinto"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], check=True)
        pip = [str(FOLDER / "venv" / "bin" / "pip"), "install", "--quiet", f"kinto=={VERSION}", "waitress"]
        subprocess.run([*pip, "SQLAlchemy", "psycopg2-binary", "zope.sqlalchemy"], check=True)
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
