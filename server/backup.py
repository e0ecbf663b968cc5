"""Backup and restore: every table and every file, from one moment, in one archive that any database can take back."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, delete, func, insert, select

from server.accounts import challenges
from server.accounts.second_factor import void_used_codes
from server.accounts.tokens import refresh_tokens
from server.attachments.store import hash_of, sync_folder
from server.claims import desk_index
from server.notices import subscriptions
from server.payments.reconciliation import RESTORED_AT
from server.schema import knows, revision_of, tables_of, upgrade
from server.services import Services
from server.tables import metadata
from sync import feed, journal, mentions
from sync.audit import verify
from sync.change import instant
from sync.facts import start_epoch, write_fact

FORMAT = 1
_PAGE = 1000


class BackupBroken(Exception):
    """An archive that cannot be trusted, or a place that it must not be restored to."""


def backup(services: Services, target: Path) -> int:
    """Write an archive while the server runs, read it back, and let devices forget what it holds.

    Gives the seq up to which everything is in it. Raises BackupBroken where reading it back shows a difference.
    """
    part = target.with_suffix(target.suffix + ".part")
    with services.engine.database.read() as connection:
        head = journal.head(connection)
        names = sorted(services.files.names())
        with part.open("xb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
            counts = {table.name: _add_table(archive, connection, table) for table in metadata.sorted_tables}
            for name in names:
                archive.add(services.files.path(name), f"files/{name}")
            about = {
                "format": FORMAT,
                "revision": revision_of(connection),
                "seq": head.seq,
                "hash": head.hash,
                "rows": counts,
                "files": len(names),
            }
            _add_bytes(archive, "about.json", json.dumps(about).encode())
    check(part)
    part.replace(target)
    sync_folder(target.parent.absolute())
    with services.engine.database.write() as connection:
        write_fact(connection, "durable_seq", str(head.seq))
    return head.seq


def check(path: Path) -> dict[str, Any]:
    """Read a whole archive: every file still has its hash, no row is missing. Raises BackupBroken."""
    rows: dict[str, int] = {}
    files = 0
    about: dict[str, Any] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member, content in _members(archive):
                kind, _, name = member.name.partition("/")
                if kind == "files":
                    files += 1
                    if hashlib.file_digest(content, "sha256").hexdigest() != name:
                        raise BackupBroken(f"file {name} is damaged in the archive")
                elif kind == "tables":
                    rows[name.removesuffix(".jsonl")] = sum(1 for _ in content)
                else:
                    about = json.load(content)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise BackupBroken(f"the archive cannot be read: {error}") from error
    if about.get("format") != FORMAT or about["rows"] != rows or about["files"] != files:
        raise BackupBroken("the archive is not whole")
    return about


def restore(services: Services, source: Path) -> int:
    """Fill an empty server from an archive. It gets a new epoch: devices pull from zero and send again what it lacks.

    Everybody signs in anew. Gives the restored seq. Raises BackupBroken.
    """
    about = check(source)
    revision = about.get("revision", "")  # archives of the first versions do not say
    if revision and not knows(revision):
        raise BackupBroken("the archive was made by a newer version than this one")
    database = services.engine.database
    upgrade(database)
    with database.write() as connection:
        if connection.scalar(select(func.count()).select_from(metadata.tables["sync_journal"])):
            raise BackupBroken("this server already holds records; restore into an empty one")
        # Note: what an older version wrote is filled into its own tables, and goes the way of every upgrade from there.
        with tables_of(connection, revision) as tables:
            _fill_all(services, connection, source, tables)
        desk_index.rebuild(connection)  # an older archive has none
        mentions.rebuild(connection, services.engine.registry)
        feed.rebuild(connection, services.engine.registry)  # an older archive has a row for each role
        connection.execute(delete(refresh_tokens))
        subscriptions.forget_all(connection)
        void_used_codes(connection, services.engine.clock())
        challenges.forget_all(connection)
        start_epoch(connection)
        # Note: what was sent to the bank after the backup is not known here; see server/payments/reconciliation.py.
        write_fact(connection, RESTORED_AT, instant(services.engine.clock()))
        write_fact(connection, "durable_seq", str(about["seq"]))
        broken = verify(connection, services.engine.registry)
        if broken:
            raise BackupBroken(f"the journal is broken at entry {broken.seq}: {broken.kind}")
    return int(about["seq"])


def _add_table(archive: tarfile.TarFile, connection: Connection, table: Table) -> int:
    count = 0
    with tempfile.TemporaryFile() as lines:
        for row in connection.execute(select(table).execution_options(yield_per=_PAGE)):
            lines.write(json.dumps(dict(row._mapping), ensure_ascii=False).encode() + b"\n")
            count += 1
        member = tarfile.TarInfo(f"tables/{table.name}.jsonl")
        member.size = lines.tell()
        lines.seek(0)
        archive.addfile(member, lines)
    return count


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _members(archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, Any]]:
    for member in archive:
        content = archive.extractfile(member)
        if content is None:
            raise BackupBroken(f"{member.name} is not a file")
        yield member, content


def _fill_all(services: Services, connection: Connection, source: Path, tables: MetaData) -> None:
    with tarfile.open(source, "r:gz") as archive:
        for member, content in _members(archive):
            kind, _, name = member.name.partition("/")
            if kind == "tables":
                _fill(connection, tables.tables[name.removesuffix(".jsonl")], content)
            elif kind == "files":
                _put_file(services, name, content)


def _fill(connection: Connection, table: Table, lines: Any) -> None:
    connection.execute(delete(table))
    rows: list[dict[str, Any]] = []
    for line in lines:
        rows.append(json.loads(line))
        if len(rows) == _PAGE:
            connection.execute(insert(table), rows)
            rows = []
    if rows:
        connection.execute(insert(table), rows)


def _put_file(services: Services, sha256: str, content: Any) -> None:
    part = services.files.part(f"restore-{sha256}")
    part.write_bytes(content.read())
    if hash_of(part) != sha256:
        raise BackupBroken(f"file {sha256} is damaged")
    services.files.keep(part, sha256)
