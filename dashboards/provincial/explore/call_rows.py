"""Single calls as rows: those of our own ledger and those that cities told us of, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import dict_row

from dashboards.provincial.measures import CITY, OWN, PHONE
from ivr.ledger import INBOUND
from ivr.outcome import PRECEDENCE

IN_PROGRESS = "in_progress"
OUTCOMES = (*PRECEDENCE, IN_PROGRESS)
# What the ledger has no index for is looked for among so many calls a page, and then further on from there: by the
# columns of a call itself, and by its subject, for which its talks have to be asked.
LOOKED_THROUGH, LOOKED_THROUGH_BY_SUBJECT = 20_000, 2_000

# The same rule as that of the facts: of the last of its talks that has one, and of answered calls only.
SUBJECT_OF_CALL = """
SELECT w.subject FROM offer o JOIN wrap_up w ON w.offer_id = o.id
WHERE o.call_sid = c.call_sid AND o.connected_at IS NOT NULL AND w.subject <> ''
  AND coalesce(c.outcome, 'answered') = 'answered' ORDER BY o.connected_at DESC, o.id DESC LIMIT 1
"""
_CELL = """
  AND (%(weekday)s::int IS NULL OR extract(isodow FROM started_at AT TIME ZONE 'Asia/Shanghai') = %(weekday)s::int + 1)
  AND (%(hour)s::int IS NULL OR extract(hour FROM started_at AT TIME ZONE 'Asia/Shanghai') = %(hour)s::int)
"""
_OUTCOME = "AND (%(outcomes)s::text[] IS NULL OR coalesce(outcome, 'in_progress') = ANY(%(outcomes)s::text[]))"
# `started_at <=` is for the index; the pair decides. "C": the order that Python sorts by, too.
_LOOKED_AT = f"""
looked_at AS MATERIALIZED (
    SELECT call_sid, started_at, first_centre, centre, ended_at, outcome, caller_tail FROM call
    WHERE first_centre = ANY(%(centres)s) AND started_at >= %(since)s AND started_at < %(until)s AND {INBOUND}
      AND started_at <= %(at)s AND (started_at, 'own', call_sid COLLATE "C") < (%(at)s, %(source)s, %(id)s)
    ORDER BY started_at DESC, call_sid COLLATE "C" DESC LIMIT %(look)s
)"""
_OWN = f"""
WITH {_LOOKED_AT}
SELECT c.started_at, 'own' AS source, c.call_sid AS id, c.first_centre AS centre, c.centre AS last_centre, c.ended_at,
       c.outcome, c.caller_tail, 'phone' AS channel, coalesce(s.subject, '') AS subject
FROM looked_at c LEFT JOIN LATERAL ({SUBJECT_OF_CALL}) s ON true
WHERE (%(subjects)s::text[] IS NULL OR coalesce(s.subject, '') = ANY(%(subjects)s::text[])) {_OUTCOME} {_CELL}
ORDER BY c.started_at DESC, c.call_sid COLLATE "C" DESC LIMIT %(most)s
"""
# Where the looking ended, and whether it ended because it was enough.
_LOOKED_TO = f"""
WITH {_LOOKED_AT}
SELECT started_at, call_sid, first_centre FROM looked_at
WHERE (SELECT count(*) FROM looked_at) = %(look)s ORDER BY started_at, call_sid COLLATE "C" LIMIT 1
"""
_CITY = f"""
SELECT started_at, 'city' AS source, call_id AS id, centre, centre AS last_centre, ended_at, outcome,
       NULL AS caller_tail, channel, subject
FROM city_call
WHERE is_current AND NOT is_withdrawn AND centre = ANY(%(centres)s)
  AND started_at >= %(since)s AND started_at < %(until)s AND started_at <= %(at)s
  AND (started_at, 'city', call_id COLLATE "C", centre) < (%(at)s, %(source)s, %(id)s, %(centre)s)
  AND (%(channels)s::text[] IS NULL OR channel = ANY(%(channels)s::text[]))
  AND (%(subjects)s::text[] IS NULL OR subject = ANY(%(subjects)s::text[]))
  {_OUTCOME} {_CELL}
ORDER BY started_at DESC, call_id COLLATE "C" DESC, centre DESC LIMIT %(most)s
"""
Row = Mapping[str, Any]


class Place(NamedTuple):
    """Where a call stands among all: by its beginning, then by what tells calls of one instant apart."""

    at: datetime
    source: str
    id: str
    centre: str


@dataclass(frozen=True, slots=True)
class WantedCalls:
    """Calls that began in [since, until) at these centres. Empty lists: all. `after`: those older than this place.

    `weekday` (0 is Monday) and `hour` are of the Shanghai clock, None for all.
    """

    since: datetime
    until: datetime
    centres: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    weekday: int | None = None
    hour: int | None = None
    after: Place | None = None
    most: int = 50


@dataclass(frozen=True, slots=True)
class Calls:
    """A page of calls. `next`: where the following one begins, None when there are no more."""

    rows: Sequence[Row]
    next: Place | None


def read_calls(connection: Connection[Any], wanted: WantedCalls) -> Calls:
    """One page, the newest first. With a subject it may be short, or empty, and still not the last."""
    found, reached = [], []
    for rows, looked_to in (_own(connection, wanted), _city(connection, wanted)):
        found += rows
        reached += [looked_to] if looked_to else []
    # Beyond the place that one side was read to, the other side's calls are not yet in order.
    horizon = max(reached) if reached else None
    rows = sorted((row for row in found if horizon is None or place_of(row) >= horizon), key=place_of, reverse=True)
    page = rows[: wanted.most]
    return Calls(page, place_of(page[-1]) if len(rows) > wanted.most else horizon)


def place_of(row: Row) -> Place:
    """Where this call stands."""
    return Place(row["started_at"], row["source"], row["id"], row["centre"])


def _own(connection: Connection[Any], wanted: WantedCalls) -> tuple[list[Row], Place | None]:
    if wanted.channels and PHONE not in wanted.channels:
        return [], None
    values = _values(wanted)
    rows, reached = _ask(connection, _OWN, values)
    if reached is None and values["look"] > values["most"]:
        last = connection.execute(_LOOKED_TO, values).fetchone()
        reached = Place(last[0], OWN, last[1], last[2]) if last else None
    return rows, reached


def _city(connection: Connection[Any], wanted: WantedCalls) -> tuple[list[Row], Place | None]:
    return _ask(connection, _CITY, _values(wanted))


def _ask(connection: Connection[Any], sql: str, values: dict[str, Any]) -> tuple[list[Row], Place | None]:
    """The rows, and the last one's place when there may be more."""
    rows: list[Row] = list(connection.cursor(row_factory=dict_row).execute(sql, values).fetchall())
    return rows, place_of(rows[-1]) if len(rows) == values["most"] else None


def _values(wanted: WantedCalls) -> dict[str, Any]:
    is_filtered = wanted.outcomes or wanted.weekday is not None or wanted.hour is not None
    look = LOOKED_THROUGH if is_filtered else wanted.most + 1
    # Nothing sorts behind it.
    after = wanted.after or Place(wanted.until, "~", "", "")
    return {
        "centres": list(wanted.centres),
        "since": wanted.since,
        "until": wanted.until,
        "subjects": list(wanted.subjects) or None,
        "channels": list(wanted.channels) or None,
        "outcomes": list(wanted.outcomes) or None,
        "weekday": wanted.weekday,
        "hour": wanted.hour,
        # One more than is shown says that there are more.
        "most": wanted.most + 1,
        "look": LOOKED_THROUGH_BY_SUBJECT if wanted.subjects else look,
        **after._asdict(),
    }


SOURCES_OF_CALLS = (OWN, CITY)
