"""What one more record costs as the store grows: push, pulls and memory at 1,000 to 10,000,000 stored records.

The store is filled by copying what the engine wrote for one record (its row, its journal entry, its feed rows) under
new ids and numbers; the copies' hashes are not chained, which neither push nor pull looks at.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from bench.__main__ import pulls, push
from bench.databases import postgres
from bench.served import Served, report, served
from server.service.records import service_reports
from sync.facts import write_fact
from sync.tables import feed, journal

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
CHUNK = 50_000
_SQLITE = (
    "WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)",
    "printf('018f%04x-%04x-7000-8000-%012x', n / 65536, n % 65536, n)",
)
_POSTGRESQL = (
    "WITH numbers(n) AS (SELECT * FROM generate_series(CAST(:first AS bigint), :last))",
    "'018f' || lpad(to_hex(n / 65536), 4, '0') || '-' || lpad(to_hex(n % 65536), 4, '0') || '-7000-8000-'"
    " || lpad(to_hex(n), 12, '0')",
)


def main() -> None:
    """Measure one database at growing sizes and print the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--most", type=int, default=1_000_000, help="the largest size (10000000 needs 40 GB of disk)")
    parser.add_argument("--folder", help="where the database lies; a temporary folder where none is named")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        if asked.database == "sqlite":
            curve(Path(folder), f"sqlite:///{folder}/growth.db", asked.most)
            return
        with postgres() as url:
            curve(Path(folder), url, asked.most)


def curve(folder: Path, url: str, most: int) -> None:
    """Print one line for each size."""
    with served(folder / "data", url) as server:
        anna, trip = server.world.anna, server.trip(server.world.anna)
        phone = server.phone(anna.id)
        template = _template(server)
        print(f"{'stored':>12}{'push/s':>9}{'idle ms':>9}{'10 new ms':>11}{'pull/s':>9}{'server MiB':>12}")
        stored = 0
        for size in (size for size in SIZES if size <= most):
            fill(server, template, stored, size)
            stored = size
            phone.connection.close()  # filling takes longer than the server keeps a silent connection
            _, _, cursor = phone.pull_all()
            pushed = push(phone, [report(trip) for _ in range(1000)])
            began = time.perf_counter()
            records, _, cursor = phone.pull_all(cursor)
            pulled = time.perf_counter() - began
            idle, _ = pulls(phone, cursor, lambda: None)
            ten, _ = pulls(phone, cursor, lambda: phone.push(phone.ready([report(trip) for _ in range(10)])))
            print(
                f"{size:>12,}{1000 / pushed:>9,.0f}{statistics.median(idle):>9.2f}{statistics.median(ten):>11.2f}"
                f"{records / pulled:>9,.0f}{server.memory_mib():>12,.0f}",
                flush=True,
            )


def fill(server: Served, template: str, stored: int, size: int) -> None:
    """Copy the template's rows until that many records are stored."""
    database = server.services.engine.database
    numbers, record_id = _SQLITE if database.is_sqlite else _POSTGRESQL
    for first in range(stored, size, CHUNK):
        with database.write() as connection:
            newest = connection.scalar(text("SELECT max(seq) FROM sync_journal"))
            given = {"first": first, "last": min(first + CHUNK, size) - 1, "template": template}
            given |= {"shift": newest + 1 - first}
            for table in (service_reports, journal, feed):
                fresh = {"id": record_id, "record_id": record_id, "change_id": record_id, "seq": "n + :shift"}
                names = [column.name for column in table.columns]
                values = ", ".join(fresh.get(name, f't."{name}"') for name in names)
                own = "id" if "id" in names else "record_id"
                listed = ", ".join(f'"{name}"' for name in names)
                copy = f'{numbers} SELECT {values} FROM numbers, "{table.name}" t WHERE t."{own}" = :template'
                put = f'INSERT INTO "{table.name}" ({listed}) {copy}'
                used = {name: value for name, value in given.items() if f":{name}" in put}
                connection.execute(text(put), used)
            write_fact(connection, "head_seq", str(given["last"] + given["shift"]))
    if not database.is_sqlite:
        _analyze(server)


def _analyze(server: Served) -> None:
    with server.services.engine.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def _template(server: Served) -> str:
    """A report of somebody else, as the engine wrote it. Gives its id."""
    bo = server.world.bo
    change = report(server.trip(bo))
    phone = server.phone(bo.id)
    push(phone, [change])
    return str(change["record_id"])


if __name__ == "__main__":
    main()
