"""What the trail of questions to the business systems says: figures of today, the last questions, locked query PINs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from dashboards.call_counts import shanghai_day
from integrations.social_insurance.systems_file import PinRules

MOST_RECENT = 50
# Of the trail's rows: one without a result was asked and not answered, or is being asked now.
NO_RESULT = "open"

_RESULTS = f"""
SELECT system, coalesce(result, '{NO_RESULT}'), count(*) FROM look_up_audit
WHERE at >= %(since)s AND at < %(until)s AND centre = ANY(%(centres)s) GROUP BY 1, 2
"""
# The discrete kind: a time that was measured, not one between two.
_TIMES = """
SELECT system, percentile_disc(0.5) WITHIN GROUP (ORDER BY milliseconds),
       percentile_disc(0.95) WITHIN GROUP (ORDER BY milliseconds)
FROM look_up_audit
WHERE at >= %(since)s AND at < %(until)s AND centre = ANY(%(centres)s) AND milliseconds IS NOT NULL GROUP BY 1
"""
# Whose data it was is not read at all.
_RECENT = """
SELECT l.at, l.who, u.name, l.why, l.centre, l.system, l.kind, l.result, l.reason, l.milliseconds, l.call_sid
FROM look_up_audit l LEFT JOIN staff_user u ON u.username = l.who
WHERE l.centre = ANY(%s) ORDER BY l.at DESC, l.id DESC LIMIT %s
"""
_LOCKED = """
SELECT (SELECT count(*) FROM (
            SELECT 1 FROM pin_failure WHERE at > %(since)s AND person_hash IS NOT NULL
            GROUP BY person_hash HAVING count(*) >= %(person)s) AS people),
       (SELECT count(*) FROM (
            SELECT 1 FROM pin_failure WHERE at > %(since)s AND caller_hash IS NOT NULL
            GROUP BY caller_hash HAVING count(*) >= %(caller)s) AS telephones)
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A system's questions of today: how many came to what, and how long half of them and 95 of 100 took at most."""

    results: Mapping[str, int] = field(default_factory=dict)
    p50_ms: int | None = None
    p95_ms: int | None = None

    @property
    def asked(self) -> int:
        return sum(self.results.values())


@dataclass(frozen=True, slots=True)
class RecentRow:
    """One question. `who` is a user name or "caller", `name` the user's; `result` None: nobody knows."""

    at: datetime
    who: str
    name: str | None
    why: str
    centre: str
    system: str
    kind: str
    result: str | None
    reason: str | None
    milliseconds: int | None
    call_sid: str | None


@dataclass(frozen=True, slots=True)
class Trail:
    """One look. `locked`: how many people and how many telephones may not try a PIN now."""

    days: Mapping[str, Day] = field(default_factory=dict)
    recent: Sequence[RecentRow] = ()
    locked: tuple[int, int] = (0, 0)


def read_trail(
    connection: Connection[Any], centres: Sequence[str], recent_of: Sequence[str], pin: PinRules, now: datetime
) -> Trail:
    """Figures of these centres, and the last questions of `recent_of`, which may be none."""
    since, until = shanghai_day(now)
    values = {"centres": list(centres), "since": since, "until": until}
    limits = {
        "since": now - timedelta(hours=pin.window_hours),
        "person": pin.tries_per_person,
        "caller": pin.tries_per_caller,
    }
    with connection.pipeline():
        results = connection.execute(_RESULTS, values)
        times = connection.execute(_TIMES, values)
        recent = connection.cursor(row_factory=class_row(RecentRow)).execute(_RECENT, (list(recent_of), MOST_RECENT))
        locked = connection.execute(_LOCKED, limits)
    people, telephones = locked.fetchone() or (0, 0)
    return Trail(_days(results.fetchall(), times.fetchall()), recent.fetchall(), (people, telephones))


def _days(results: Sequence[Any], times: Sequence[Any]) -> dict[str, Day]:
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for system, result, count in results:
        counted[system][result] = count
    taken = {system: (p50, p95) for system, p50, p95 in times}
    return {system: Day(found, *taken.get(system, (None, None))) for system, found in counted.items()}
