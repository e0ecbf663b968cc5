"""Files whose pictures are much like another's."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, or_, select

from server.attachments.picture import NEAR, bands
from server.attachments.records import stored_files


def near_files(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Other files whose pictures are much like one of these."""
    files = stored_files
    own = connection.execute(select(files.c.fingerprint).where(files.c.sha256.in_(sha256s))).scalars()
    near: set[str] = set()
    for mark in {mark for mark in own if mark}:
        same_band = or_(*(files.c[name] == value for name, value in bands(mark).items()))
        for row in connection.execute(select(files.c.sha256, files.c.fingerprint).where(same_band)):
            if (int(row.fingerprint, 16) ^ int(mark, 16)).bit_count() <= NEAR:
                near.add(row.sha256)
    return near - set(sha256s)
