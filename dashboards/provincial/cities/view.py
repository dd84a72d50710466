"""The JSON of the page of the cities' data. No person's number is in it, and no key's secret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboards.console.errors import Refused
from dashboards.provincial.cities.fields import KINDS_ZH
from dashboards.provincial.cities.reconciliation import read_days, read_listed
from dashboards.provincial.cities.reconciliation_view import ReconciliationView
from dashboards.provincial.cities.rows import (
    MOST_BATCHES,
    BatchRow,
    Freshness,
    KeyRow,
    read_batch,
    read_batches,
    read_freshness,
    read_keys,
)
from dashboards.provincial.cities.store import MOST_PROBLEMS
from dashboards.provincial.cities.words import (
    FRESHNESS,
    STATUSES,
    VIA_ZH,
    field_name,
    freshness_state,
    limit_words,
    state_json,
)
from dashboards.provincial.played import played_cities
from ivr.library import Library
from ivr.service import Line

NO_SUCH_BATCH = "没有这个批次，或者不是您的中心的。"
Json = dict[str, Any]


class CityView:
    """Builds what the page shows. Shared by all threads."""

    def __init__(self, line: Line, reconciliation: ReconciliationView) -> None:
        self._line = line
        self._reconciliation = reconciliation

    def look(self, centres: Sequence[str], sees_keys: bool) -> Json:
        """Everything of these centres, now; the first page of batches."""
        services, library = self._line.services, self._line.keeper.library()
        now = services.now()
        with services.database.pool.connection() as connection:
            fresh = read_freshness(connection, centres, now)
            batches = read_batches(connection, centres)
            days, listed = read_days(connection, now, centres=centres), read_listed(connection, centres)
            keys = read_keys(connection, centres) if sees_keys else None
            is_demo = bool(played_cities(connection, centres))
        return {
            "now": now.isoformat(),
            "is_demo": is_demo,
            "centres": [_centre(row, library, now) for row in fresh],
            "batches": self._page(batches, library),
            **self._reconciliation.look(days, listed, now),
            "keys": [_key(row, library) for row in keys] if keys is not None else None,
        }

    def batches(self, centres: Sequence[str], before: int | None, only_bad: bool) -> Json:
        """A further page of batches, older than the one named."""
        with self._line.services.database.pool.connection() as connection:
            rows = read_batches(connection, centres, before, only_bad)
        return self._page(rows, self._line.keeper.library())

    def batch(self, centres: Sequence[str], batch: int) -> Json:
        """One batch with its bad lines. Raises Refused (404)."""
        with self._line.services.database.pool.connection() as connection:
            found = read_batch(connection, centres, batch)
        if found is None:
            raise Refused(404, NO_SUCH_BATCH)
        row, problems = found
        shown = [{**one, "field_zh": field_name(row.kind, one.get("field"))} for one in problems]
        return {**_batch(row, self._line.keeper.library()), "problems": shown, "is_cut": len(shown) >= MOST_PROBLEMS}

    def _page(self, rows: Sequence[BatchRow], library: Library) -> Json:
        has_more = len(rows) > MOST_BATCHES
        shown = rows[:MOST_BATCHES]
        return {"rows": [_batch(row, library) for row in shown], "next": shown[-1].id if has_more else None}


def _centre(row: Freshness, library: Library, now: datetime) -> Json:
    state = freshness_state(row.is_city, row.heard_at is not None, row.is_stale(now))
    return {
        "id": row.centre,
        "name": library.centre(row.centre).short_name,
        "is_city": row.is_city,
        "state": state,
        **state_json(FRESHNESS[state]),
        "since": _iso(row.since),
        "newest_at": _iso(row.newest_at if row.is_city else row.own_newest_at),
        "heard_at": _iso(row.heard_at),
        "limit_minutes": row.stale_minutes,
        "limit_zh": limit_words(row.stale_minutes),
        "today": {name: getattr(row, name) for name in STATUSES},
        "is_pulled": row.is_pulled,
        "pulled_at": _iso(row.pulled_at),
        "pull_problem": row.pull_problem or "",
    }


def _batch(row: BatchRow, library: Library) -> Json:
    return {
        "id": row.id,
        "centre": row.centre,
        "centre_name": library.centre(row.centre).short_name,
        "batch_id": row.batch_id,
        "kind_zh": KINDS_ZH.get(row.kind, row.kind),
        "via_zh": VIA_ZH.get(row.via, row.via),
        "received_at": row.received_at.isoformat(),
        "status": row.status,
        **state_json(STATUSES[row.status]),
        "rows": row.rows,
        "accepted": row.accepted,
        "unchanged": row.unchanged,
        "refused": row.refused,
        "listed": row.listed,
        "who": row.sender or row.sent_by,
    }


def _key(row: KeyRow, library: Library) -> Json:
    return {
        "id": row.id,
        "centre": row.centre,
        "centre_name": library.centre(row.centre).short_name,
        "made_at": row.made_at.isoformat(),
        "made_by": row.made_by,
        "used_at": _iso(row.used_at),
        "revoked_at": _iso(row.revoked_at),
        "revoked_by": row.revoked_by or "",
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
