"""The lock on query PINs: too many wrong ones for a person, or from one telephone, and nobody is asked any more.

The truth is rows, so a restart and an empty Redis change nothing. A try is entered as wrong before the system is asked,
under a lock of its person and its telephone, and taken back when it was right: however many try at once, no more than
the allowed number of PINs ever reach the system, and a process that dies in between has used up a try.

The window slides: a wrong PIN counts for so many hours and is then forgotten. Whoever proves who they are is forgiven
their own slips at once. What others tried for that person from elsewhere stays on those telephones, so nobody can
wash their guesses away with a PIN of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from integrations.database import Database
from integrations.social_insurance.contract import Locked
from integrations.social_insurance.systems_file import PinRules

# Always the smaller key first, so that two tries never wait for each other.
_ALONE = "SELECT pg_advisory_xact_lock(key) FROM (SELECT unnest(%s::bigint[]) AS key ORDER BY 1) AS keys"
_TIMES = "SELECT at FROM pin_failure WHERE {} = %s AND at > %s ORDER BY at DESC, id DESC LIMIT %s"
_ENTER = "INSERT INTO pin_failure (at, person_hash, caller_hash) VALUES (%s, %s, %s) RETURNING id"
_TAKE_BACK = "DELETE FROM pin_failure WHERE id = %s"
_NOT_THE_PERSON = "UPDATE pin_failure SET person_hash = NULL WHERE id = %s AND caller_hash IS NOT NULL"
_FORGIVE_OWN = (
    "DELETE FROM pin_failure WHERE person_hash = %(person)s AND (caller_hash IS NULL OR caller_hash = %(caller)s)"
)
_FORGIVE_PERSON = "UPDATE pin_failure SET person_hash = NULL WHERE person_hash = %(person)s"
_FORGET_OLD = (
    "DELETE FROM pin_failure WHERE id IN "
    "(SELECT id FROM pin_failure WHERE at <= %s ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Try:
    """A PIN that may be asked about; it counts as wrong until `settle` says otherwise."""

    id: int
    person_hash: bytes
    caller_hash: bytes | None
    # How many more may be wrong after this one.
    tries_left: int


class PinLock:
    """Counts wrong PINs by person and by telephone. Raises psycopg.Error and PoolTimeout from every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, person_hash: bytes, caller_hash: bytes | None, at: datetime, rules: PinRules) -> Try | Locked:
        """One more try, or until when there is none. `caller_hash` None: the number is not shown."""
        since = at - timedelta(hours=rules.window_hours)
        with self._database.pool.connection() as connection, connection.transaction():
            connection.execute(_FORGET_OLD, (since,))
            self._alone(connection, person_hash, caller_hash)
            counts = [self._times(connection, "person_hash", person_hash, since, rules.tries_per_person)]
            allowed = [rules.tries_per_person]
            if caller_hash is not None:
                counts.append(self._times(connection, "caller_hash", caller_hash, since, rules.tries_per_caller))
                allowed.append(rules.tries_per_caller)
            ends = [
                times[-1] + timedelta(hours=rules.window_hours)
                for times, most in zip(counts, allowed, strict=True)
                if len(times) >= most
            ]
            if ends:
                return Locked(max(ends))
            row = connection.execute(_ENTER, (at, person_hash, caller_hash)).fetchone()
            assert row is not None
            left = min(most - len(times) for times, most in zip(counts, allowed, strict=True)) - 1
        return Try(row[0], person_hash, caller_hash, left)

    def forgive(self, tried: Try) -> None:
        """It was right: the person's own slips are forgotten, and nothing is held against the person any more."""
        keys = {"person": tried.person_hash, "caller": tried.caller_hash}
        with self._database.pool.connection() as connection, connection.transaction():
            self._alone(connection, tried.person_hash, tried.caller_hash)
            connection.execute(_TAKE_BACK, (tried.id,))
            connection.execute(_FORGIVE_OWN, keys)
            connection.execute(_FORGIVE_PERSON, keys)

    def take_back(self, tried: Try) -> None:
        """Nobody said whether it was wrong: no answer, or no PIN was ever set."""
        with self._database.pool.connection() as connection:
            connection.execute(_TAKE_BACK, (tried.id,))

    def hold_against_caller(self, tried: Try) -> None:
        """There is no such person, so only the telephone has guessed; without a number there is nothing to hold."""
        with self._database.pool.connection() as connection, connection.transaction():
            if tried.caller_hash is None:
                connection.execute(_TAKE_BACK, (tried.id,))
            else:
                connection.execute(_NOT_THE_PERSON, (tried.id,))

    def _alone(self, connection: Connection[Any], person_hash: bytes, caller_hash: bytes | None) -> None:
        hashes = [person_hash] if caller_hash is None else [person_hash, caller_hash]
        keys = [int.from_bytes(value[:8], "big", signed=True) for value in hashes]
        connection.execute(_ALONE, (keys,))

    def _times(
        self, connection: Connection[Any], column: str, key: bytes, since: datetime, most: int
    ) -> list[datetime]:
        """When the newest wrong ones were, at most so many."""
        return [row[0] for row in connection.execute(_TIMES.format(column), (key, since, most))]
