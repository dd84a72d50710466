"""What cities sign with: made and shown once, then sealed; each speaks for one centre, until it is revoked."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from dashboards.audit import enter_audit
from dashboards.provincial.cities.errors import NotACity
from dashboards.provincial.cities.signature import secret_text
from integrations.services import Services

SEALED_FOR = "city.key"
SECRET_BYTES = 32
# When a key was last used is worth a write a minute.
NOTE_USE_EVERY = timedelta(minutes=1)

_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,24}")
_IS_CITY = "SELECT 1 FROM city_system WHERE centre = %s"
_MAKE = "INSERT INTO city_key (id, centre, secret_sealed, made_at, made_by) VALUES (%s, %s, %s, %s, %s)"
_REVOKE = """
UPDATE city_key SET revoked_at = %s, revoked_by = %s WHERE id = %s AND revoked_at IS NULL RETURNING centre
"""
_COLUMNS = "SELECT id, centre, made_at, made_by, used_at, revoked_at, revoked_by FROM city_key"
_OF_CENTRE = f"{_COLUMNS} WHERE centre = %s ORDER BY revoked_at IS NOT NULL, made_at DESC, id"
_FIND = "SELECT id, centre, secret_sealed FROM city_key WHERE id = %s AND revoked_at IS NULL"
# Whoever revokes it waits for what is being taken, and afterwards nothing more is.
_STILL = "SELECT FROM city_key WHERE id = %s AND revoked_at IS NULL FOR SHARE"
_USED = "UPDATE city_key SET used_at = %(now)s WHERE id = %(id)s AND (used_at IS NULL OR used_at < %(before)s)"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as a list shows it, without its secret."""

    id: str
    centre: str
    made_at: datetime
    made_by: str
    used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


@dataclass(frozen=True, slots=True)
class CityKeyInUse:
    """A key that counts, with what it signs with."""

    id: str
    centre: str
    # As it is written down: whsec_...
    secret: str = field(repr=False)


class CityKeys:
    """The keys of all centres."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def make(self, centre: str, by: str) -> tuple[str, str]:
        """A new key: its id and its secret, which is never shown again. Raises NotACity."""
        key_id, secret = f"ck-{secrets.token_hex(8)}", secret_text(secrets.token_bytes(SECRET_BYTES))
        now = self._services.now()
        with self._services.database.pool.connection() as connection, connection.transaction():
            if connection.execute(_IS_CITY, (centre,)).fetchone() is None:
                raise NotACity(centre)
            sealed = self._services.sealer.seal(secret, SEALED_FOR)
            connection.execute(_MAKE, (key_id, centre, sealed, now, by))
            enter_audit(connection, now, by, "city_key_made", centre, f"city_key {key_id}")
        return key_id, secret

    def revoke(self, key_id: str, by: str) -> bool:
        """Nothing signed with it is taken from now on. False when there is no such key in use."""
        now = self._services.now()
        with self._services.database.pool.connection() as connection, connection.transaction():
            row = connection.execute(_REVOKE, (now, by, key_id)).fetchone()
            if row:
                enter_audit(connection, now, by, "city_key_revoked", row[0], f"city_key {key_id}")
        return row is not None

    def of_centre(self, centre: str) -> list[KeyLine]:
        """A centre's keys, those in use first, the newest first."""
        pool = self._services.database.pool
        with pool.connection() as connection, connection.cursor(row_factory=class_row(KeyLine)) as cursor:
            return cursor.execute(_OF_CENTRE, (centre,)).fetchall()

    def find(self, key_id: str) -> CityKeyInUse | None:
        """A key that counts; None for one that was revoked or never was. Raises SealError."""
        if not is_key_id(key_id):
            return None
        with self._services.database.pool.connection() as connection:
            row: tuple[Any, ...] | None = connection.execute(_FIND, (key_id,)).fetchone()
        if row is None:
            return None
        return CityKeyInUse(row[0], row[1], self._services.sealer.open(row[2], SEALED_FOR))

    def is_in_use(self, connection: Connection[Any], key_id: str) -> bool:
        """Whether it counts still; it cannot be revoked until the caller's transaction ends."""
        return connection.execute(_STILL, (key_id,)).fetchone() is not None

    def note_use(self, key_id: str) -> None:
        """It was used just now."""
        now = self._services.now()
        with self._services.database.pool.connection() as connection:
            connection.execute(_USED, {"now": now, "id": key_id, "before": now - NOTE_USE_EVERY})


def is_key_id(text: str) -> bool:
    """Whether a key may be called so."""
    return bool(_KEY_ID.fullmatch(text))
