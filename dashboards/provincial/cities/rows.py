"""What is known of the cities' own data: how fresh it is, the batches that came, and the keys they are signed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from dashboards.call_counts import shanghai_day
from ivr.ledger import INBOUND

MOST_BATCHES = 20
MOST_KEYS = 200

_FRESHNESS = f"""
SELECT c.code AS centre, s.since, s.stale_minutes, s.newest_at, s.heard_at, s.exchange_sealed IS NOT NULL AS is_pulled,
       s.pulled_at, s.pull_problem, own.newest_at AS own_newest_at, b.accepted, b.partial, b.refused
FROM unnest(%(centres)s::text[]) AS c(code)
LEFT JOIN city_system s ON s.centre = c.code
LEFT JOIN LATERAL (
    SELECT started_at AS newest_at FROM call WHERE first_centre = c.code AND {INBOUND}
    ORDER BY started_at DESC LIMIT 1
) own ON true
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE status = 'accepted') AS accepted,
           count(*) FILTER (WHERE status = 'partial') AS partial, count(*) FILTER (WHERE status = 'refused') AS refused
    FROM city_batch WHERE centre = c.code AND received_at >= %(since)s AND received_at < %(until)s
) b
"""
_BATCH = """
SELECT b.id, b.centre, b.batch_id, b.kind, b.via, b.received_at, b.status, b.rows, b.accepted, b.unchanged, b.refused,
       jsonb_array_length(b.problems) AS listed, b.sent_by, u.name AS sender
FROM city_batch b LEFT JOIN staff_user u ON u.username = b.sent_by AND b.via = 'upload'
"""
# Of each centre its newest by its own index, so that a year of batches costs what a page of them costs.
_BATCHES = f"""
SELECT page.* FROM unnest(%(centres)s::text[]) AS place(code) CROSS JOIN LATERAL (
    {_BATCH} WHERE b.centre = place.code AND (NOT %(only_bad)s OR b.status <> 'accepted')
        AND (%(before)s::bigint IS NULL OR (b.received_at, b.id) < (%(before_at)s::timestamptz, %(before)s))
    ORDER BY b.received_at DESC, b.id DESC LIMIT %(most)s
) page ORDER BY page.received_at DESC, page.id DESC LIMIT %(most)s
"""
_ONE_BATCH = f"{_BATCH} WHERE b.id = %(id)s AND b.centre = ANY(%(centres)s)"
_PROBLEMS = "SELECT problems FROM city_batch WHERE id = %s"
_PLACE = "SELECT received_at FROM city_batch WHERE id = %s"
_KEYS = """
SELECT k.id, k.centre, k.made_at, coalesce(m.name, k.made_by) AS made_by, k.used_at, k.revoked_at,
       coalesce(r.name, k.revoked_by) AS revoked_by
FROM city_key k LEFT JOIN staff_user m ON m.username = k.made_by LEFT JOIN staff_user r ON r.username = k.revoked_by
WHERE k.centre = ANY(%s) ORDER BY k.revoked_at IS NOT NULL, k.centre, k.made_at DESC, k.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How a centre's data stands. `since` None: it has no system of its own, its calls are those of this hotline.

    `accepted`, `partial` and `refused` are its batches of today, on the Shanghai clock.
    """

    centre: str
    since: datetime | None
    stale_minutes: int | None
    newest_at: datetime | None
    heard_at: datetime | None
    is_pulled: bool
    pulled_at: datetime | None
    pull_problem: str | None
    own_newest_at: datetime | None
    accepted: int
    partial: int
    refused: int

    @property
    def is_city(self) -> bool:
        """Whether it has a system of its own."""
        return self.since is not None

    def stale_after(self) -> datetime | None:
        """When it is stale if nothing new is told; None where it cannot be."""
        if self.since is None or self.stale_minutes is None:
            return None
        return (self.newest_at or self.since) + timedelta(minutes=self.stale_minutes)

    def is_stale(self, now: datetime) -> bool:
        """Whether nothing new was told for longer than the city's limit; the wallboard goes by the same."""
        after = self.stale_after()
        return after is not None and now > after


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch. `listed`: how many bad lines are kept of it; `sender` is the name of who uploaded it."""

    id: int
    centre: str
    batch_id: str
    kind: str
    via: str
    received_at: datetime
    status: str
    rows: int
    accepted: int
    unchanged: int
    refused: int
    listed: int
    sent_by: str
    sender: str | None


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key without its secret."""

    id: str
    centre: str
    made_at: datetime
    made_by: str
    used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


def read_freshness(connection: Connection[Any], centres: Sequence[str], now: datetime) -> list[Freshness]:
    """One of each centre, the worst first: the longest silent city, then the freshest, then those without a system."""
    since, until = shanghai_day(now)
    values = {"centres": list(centres), "since": since, "until": until}
    rows = connection.cursor(row_factory=class_row(Freshness)).execute(_FRESHNESS, values).fetchall()
    places = {code: place for place, code in enumerate(centres)}
    return sorted(rows, key=lambda row: (*_badness(row, now), places[row.centre]))


def _badness(row: Freshness, now: datetime) -> tuple[int, float]:
    after = row.stale_after()
    if after is None:
        return 3, 0
    rank = 0 if row.is_stale(now) else 1 if row.pull_problem or row.refused or row.partial else 2
    return rank, after.timestamp()


def read_batches(
    connection: Connection[Any], centres: Sequence[str], before: int | None = None, only_bad: bool = False
) -> list[BatchRow]:
    """The newest MOST_BATCHES and one more, which says that there are more; older than the batch `before`."""
    before_at = connection.execute(_PLACE, (before,)).fetchone() if before is not None else None
    if before is not None and before_at is None:
        return []
    values = {
        "centres": list(centres),
        "before": before,
        "before_at": before_at[0] if before_at else None,
        "only_bad": only_bad,
        "most": MOST_BATCHES + 1,
    }
    return connection.cursor(row_factory=class_row(BatchRow)).execute(_BATCHES, values).fetchall()


def read_batch(
    connection: Connection[Any], centres: Sequence[str], batch: int
) -> tuple[BatchRow, list[dict[str, Any]]] | None:
    """A batch of these centres with its bad lines; None where there is none."""
    values = {"id": batch, "centres": list(centres)}
    row = connection.cursor(row_factory=class_row(BatchRow)).execute(_ONE_BATCH, values).fetchone()
    if row is None:
        return None
    found = connection.execute(_PROBLEMS, (batch,)).fetchone()
    return row, list(found[0]) if found else []


def read_keys(connection: Connection[Any], centres: Sequence[str]) -> list[KeyRow]:
    """The keys of these centres, those in use first."""
    return connection.cursor(row_factory=class_row(KeyRow)).execute(_KEYS, (list(centres), MOST_KEYS)).fetchall()
