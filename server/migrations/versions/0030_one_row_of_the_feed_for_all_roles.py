"""One row of the feed for all roles that see a record, in the place of one for each"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None

_ROLES = ("admin", "dispatcher", "finance", "manager", "technician", "warehouse")
_FACT = "audiences"
_TOGETHER = " || ".join(f"max(CASE bucket WHEN 'role:{role}' THEN ',{role}' ELSE '' END)" for role in _ROLES)
_FOLD = """
INSERT INTO sync_feed (bucket, entity, record_id, seq, present)
SELECT 'role:' || substr({together}, 2), entity, record_id, max(seq), present
FROM sync_feed WHERE bucket LIKE 'role:%' AND present GROUP BY entity, record_id, present HAVING count(*) > 1
"""
_DROP_SINGLE = """
DELETE FROM sync_feed WHERE bucket LIKE 'role:%' AND bucket NOT LIKE '%,%' AND present AND EXISTS (
    SELECT 1 FROM sync_feed AS folded WHERE folded.bucket IN ({buckets})
    AND folded.entity = sync_feed.entity AND folded.record_id = sync_feed.record_id)
"""
_UNFOLD = """
INSERT INTO sync_feed (bucket, entity, record_id, seq, present)
SELECT :role, entity, record_id, seq, present FROM sync_feed WHERE bucket = :folded AND present = :present
ON CONFLICT (bucket, entity, record_id) DO UPDATE SET seq = excluded.seq, present = excluded.present
WHERE excluded.seq > sync_feed.seq OR (excluded.seq = sync_feed.seq AND excluded.present)
"""


def upgrade() -> None:
    """Go forward."""
    connection = op.get_bind()
    connection.execute(sa.text(_FOLD.format(together=_TOGETHER)))
    folded = [bucket for bucket in _audiences(connection) if "," in bucket]
    if folded:
        names = ", ".join(f"'{bucket}'" for bucket in folded)
        connection.execute(sa.text(_DROP_SINGLE.format(buckets=names)))
    if found := _audiences(connection):
        fact = {"key": _FACT, "value": " ".join(found)}
        connection.execute(sa.text("INSERT INTO sync_meta (key, value) VALUES (:key, :value)"), fact)


def downgrade() -> None:
    """Go back."""
    connection = op.get_bind()
    folded = [bucket for bucket in _audiences(connection) if "," in bucket]
    for present in (False, True):
        for bucket in folded:
            for role in bucket.removeprefix("role:").split(","):
                given = {"role": f"role:{role}", "folded": bucket, "present": present}
                connection.execute(sa.text(_UNFOLD), given)
    for bucket in folded:
        connection.execute(sa.text("DELETE FROM sync_feed WHERE bucket = :folded"), {"folded": bucket})
    connection.execute(sa.text("DELETE FROM sync_meta WHERE key = :key"), {"key": _FACT})


def _audiences(connection: sa.Connection) -> list[str]:
    query = sa.text("SELECT DISTINCT bucket FROM sync_feed WHERE bucket LIKE 'role:%' ORDER BY bucket")
    return [row.bucket for row in connection.execute(query)]
