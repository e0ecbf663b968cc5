"""Uploads under way: their parts on the disk, what was received so far, and what happens when the last byte is here.

A part grows only while one request holds it. The order at the end is: hash, look into it, move it to its place on the
disk, then write the rows. A server killed anywhere between finds the rest to do when the phone asks again.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import FileIO
from pathlib import Path
from typing import IO

from sqlalchemy import delete, insert, select, update
from werkzeug.exceptions import ClientDisconnected

from server.attachments.inspect_file import NOT_READ, Inspection, inspect
from server.attachments.kinds import UNKNOWN
from server.attachments.picture import bands
from server.attachments.policy import settle_file
from server.attachments.records import stored_files, uploads
from server.attachments.sandbox import NotNow
from server.problems import Problem
from server.services import Services
from sync.actor import SYSTEM
from sync.change import instant, is_id, new_id
from sync.transaction import Transaction

EXPIRES_AFTER = timedelta(hours=24)
MAX_UNFINISHED = 50
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """One upload, as its row says."""

    id: str
    owner_id: str
    sha256: str
    media_type: str
    size: int
    is_finished: bool
    expires_at: str


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must add up to."""

    algorithm: str
    digest: bytes


def begin(of: Services, owner_id: str, sha256: str, media_type: str, size: int) -> Upload:
    """Make room for a file; at the limit the person's oldest upload that nobody sends gives way.

    Raises Problem(429) where all of them are being sent at this moment.
    """
    purge_unfinished(of)
    expires_at = instant(of.engine.clock() + EXPIRES_AFTER)
    upload = Upload(new_id(), owner_id, sha256, media_type, size, is_finished=False, expires_at=expires_at)
    unfinished = (uploads.c.owner_id == owner_id) & ~uploads.c.is_finished
    with of.engine.database.write() as connection:
        of.engine.database.lock(connection, f"uploads:{owner_id}")
        ids = list(connection.execute(select(uploads.c.id).where(unfinished).order_by(uploads.c.id)).scalars())
        oldest = next((each for each in ids if not _is_held(of, each)), None) if len(ids) >= MAX_UNFINISHED else None
        if oldest is None and len(ids) >= MAX_UNFINISHED:
            raise Problem(429, "too_many_uploads", params={"limit": MAX_UNFINISHED})
        connection.execute(delete(uploads).where(uploads.c.id == oldest))
        connection.execute(insert(uploads).values(vars(upload)))
    if oldest:
        of.files.part(oldest).unlink(missing_ok=True)
    of.files.part(upload.id).touch()
    return upload


def find(of: Services, owner_id: str, upload_id: str) -> Upload:
    """A person's own upload. Raises Problem: 404 for what is not theirs or not there, 410 for what has expired."""
    row = None
    if is_id(upload_id):
        with of.engine.database.read() as connection:
            mine = (uploads.c.id == upload_id) & (uploads.c.owner_id == owner_id)
            row = connection.execute(select(uploads).where(mine)).first()
    if row is None:
        raise Problem(404, "not_found")
    if row.expires_at < instant(of.engine.clock()):
        raise Problem(410, "upload_expired")
    return Upload(**row._mapping)


def resume(of: Services, upload: Upload) -> int:
    """How many bytes are here. Where all are but the server was killed before it was done, it gets done now."""
    part = of.files.part(upload.id)
    if upload.is_finished:
        return upload.size
    arrived = part.stat().st_size if part.exists() else 0
    if arrived == upload.size:
        with _held(of, upload) as (now, file):
            if not now.is_finished:
                _finish(of, now, file)
    return arrived


def receive(of: Services, upload: Upload, offset: int, body: IO[bytes], checksum: Checksum | None) -> int:
    """Append what arrives, also of a body that is cut off. Gives how many bytes are here now.

    Raises Problem: 409 offset_differs, 413 file_too_large, 423 upload_locked, 460 checksum_mismatch, 507 storage_full.
    """
    if upload.is_finished:
        _check_offset(offset, upload.size)
        return upload.size
    with _held(of, upload) as (now, part):
        arrived = now.size if now.is_finished else part.seek(0, os.SEEK_END)
        _check_offset(offset, arrived)
        if now.is_finished:
            return arrived
        try:
            arrived = _append(part, arrived, now.size, body, checksum)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Problem(507, "storage_full", headers={"Retry-After": "300"}) from error
            raise
        if arrived == now.size:
            _finish(of, now, part)
        return arrived


def discard(of: Services, upload: Upload) -> None:
    """Give an upload up. Raises Problem(423) while its bytes arrive."""
    if upload.is_finished:
        _forget(of, upload.id)
        return
    with _held(of, upload) as (now, _part):
        _forget(of, now.id)


def purge_unfinished(of: Services) -> int:
    """Remove the uploads whose time is over, and parts that a crash left behind. Gives how many parts and rows."""
    expired = uploads.c.expires_at < instant(of.engine.clock())
    with of.engine.database.read() as connection:
        ids = list(connection.execute(select(uploads.c.id).where(expired)).scalars())
    gone = [upload_id for upload_id in ids if not _is_held(of, upload_id)]
    for upload_id in gone:
        _forget(of, upload_id)
    oldest = time.time() - EXPIRES_AFTER.total_seconds()
    strays = [part for part in of.files.parts.iterdir() if _is_older(part, oldest)]
    for part in strays:
        part.unlink(missing_ok=True)
    return len(gone) + len(strays)


def _is_older(part: Path, instant_s: float) -> bool:
    try:
        return part.lstat().st_mtime < instant_s
    except FileNotFoundError:  # another request has moved it to its place meanwhile
        return False


def _check_offset(offset: int, arrived: int) -> None:
    if offset != arrived:
        raise Problem(409, "offset_differs", headers={"Upload-Offset": str(arrived)})


def _append(part: FileIO, start: int, size: int, body: IO[bytes], checksum: Checksum | None) -> int:
    """Write a body behind what is here, synced. Under a checksum, or when it is too long, it is all or nothing."""
    digest = hashlib.new(checksum.algorithm if checksum else "sha256", usedforsecurity=False)
    arrived = start
    for chunk in _chunks(body):
        if arrived + len(chunk) > size:
            part.truncate(start)
            raise Problem(413, "file_too_large", params={"limit_bytes": size})
        _write(part, chunk)
        digest.update(chunk)
        arrived += len(chunk)
    if checksum and digest.digest() != checksum.digest:
        part.truncate(start)
        raise Problem(460, "checksum_mismatch")
    os.fsync(part.fileno())
    return arrived


def _chunks(body: IO[bytes]) -> Iterator[bytes]:
    """The body as far as it comes: a connection that is cut, or falls silent, ends it early."""
    while True:
        try:
            chunk = body.read(_CHUNK)
        except (OSError, ClientDisconnected):
            return
        if not chunk:
            return
        yield chunk


def _write(part: FileIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[part.write(rest) :]


def _finish(of: Services, upload: Upload, part: FileIO) -> None:
    """All bytes are here: check them, look into them, keep them, and tell the records that name them."""
    part.seek(0)
    if hashlib.file_digest(part, "sha256").hexdigest() != upload.sha256:
        _forget(of, upload.id)
        raise Problem(460, "checksum_mismatch")
    path = of.files.part(upload.id)
    found = _inspected(of, upload, path)
    of.files.keep(path, upload.sha256)
    if found.preview:
        of.files.keep_preview(upload.sha256, base64.b64decode(found.preview))
    of.engine.write(SYSTEM, lambda write: _record(write, upload, found))


def _inspected(of: Services, upload: Upload, path: Path) -> Inspection:
    try:
        return inspect(path)
    except NotNow as error:
        # Note: a busy machine says nothing about the file; one that is busy always would keep it waiting for ever.
        if of.files.may_try_again(upload.sha256):
            raise Problem(503, "unavailable", headers={"Retry-After": "30"}) from error
        return Inspection(UNKNOWN, NOT_READ)


def _record(write: Transaction, upload: Upload, found: Inspection) -> None:
    write.lock(f"file:{upload.sha256}")
    files = stored_files
    about = {"media_type": found.media_type, "size": upload.size, "verdict": found.verdict}
    about |= {"fingerprint": found.fingerprint, **bands(found.fingerprint)}
    key = {"sha256": upload.sha256, "owner_id": upload.owner_id}
    same = (files.c.sha256 == upload.sha256) & (files.c.owner_id == upload.owner_id)
    # Note: sent again, a file is looked at again: what could not be read under load may be read now.
    if not write.connection.execute(update(files).where(same).values(about)).rowcount:
        write.connection.execute(insert(files).values(key | about))
    write.connection.execute(update(uploads).where(uploads.c.id == upload.id).values(is_finished=True))
    settle_file(write, upload.sha256, upload.owner_id)


def _forget(of: Services, upload_id: str) -> None:
    with of.engine.database.write() as connection:
        connection.execute(delete(uploads).where(uploads.c.id == upload_id))
    of.files.part(upload_id).unlink(missing_ok=True)


@contextmanager
def _held(of: Services, upload: Upload) -> Iterator[tuple[Upload, FileIO]]:
    """The upload as it is now and its part, held by this request alone. Raises Problem(423) where another has it."""
    path = of.files.part(upload.id)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(descriptor, "r+b", buffering=0) as part:
        if not _lock(part) or not _is_at(part, path):
            raise Problem(423, "upload_locked", headers={"Retry-After": "1"})
        yield find(of, upload.owner_id, upload.id), part


def _is_held(of: Services, upload_id: str) -> bool:
    try:
        with of.files.part(upload_id).open("rb", buffering=0) as part:
            return not _lock(part)
    except FileNotFoundError:
        return False


def _lock(part: FileIO) -> bool:
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(part: FileIO, path: Path) -> bool:
    """Whether the open file is still the one at the path: it may have been moved to its place in between."""
    try:
        return os.path.samestat(os.fstat(part.fileno()), os.stat(path))
    except FileNotFoundError:
        return False
