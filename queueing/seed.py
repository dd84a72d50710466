"""The centres as rows, from the configuration; repeated at every start, so that a renamed centre is renamed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.database import Database
from queueing.centre import Centre

_UPSERT = """
INSERT INTO centre (code, name, short_name) VALUES (%s, %s, %s)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, short_name = excluded.short_name
WHERE (centre.name, centre.short_name) IS DISTINCT FROM (excluded.name, excluded.short_name)
"""


def seed_centres(database: Database, centres: Mapping[str, Centre]) -> None:
    """Enter every configured centre; one that is no longer configured stays, since calls refer to it."""
    with database.pool.connection() as connection, connection.transaction():
        for centre in centres.values():
            connection.execute(_UPSERT, (centre.code, centre.name, centre.short_name))
