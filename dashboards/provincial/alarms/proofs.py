"""The hourly proof: received = the sum of the outcomes, and our calls = the carrier's.

Every hour that has ended is proven, and again while it differs, while the other side could not be asked, and when one
of its calls has ended since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from dashboards.provincial.alarms.carrier_match import Difference, OurCall
from ivr.ledger import INBOUND, prove

HOUR = timedelta(hours=1)
# Hours that ended within so long are looked at; the carrier, when it is our own gateway, remembers two days.
LOOK_BACK = timedelta(hours=26)
# What was on its way when the hour ended has arrived.
SETTLED = timedelta(minutes=3)
OUTCOMES, CARRIER = "outcomes", "carrier"
HOLDS, DIFFERS, UNKNOWN, MISSING = "holds", "differs", "unknown", "missing"
CONTRADICTION, ONE_SIDED = "contradiction", "one_sided"
MOST_NAMED = 300
STEPS_ONLY = "这个小时的按键记录里有，来电账上没有"
CALL_ONLY = "这个小时的来电账上有，按键记录里没有"

# A whole hour of Shanghai is a whole hour of UTC.
_HOURS = """
generate_series(
    date_trunc('hour', %(first)s::timestamptz, 'UTC'), %(last)s::timestamptz - interval '1 hour', interval '1 hour'
) AS hours (hour)
"""
_DUE = f"""
SELECT hours.hour FROM {_HOURS} LEFT JOIN ledger_proof p ON p.hour = hours.hour AND p.kind = %(kind)s
WHERE p.state IS DISTINCT FROM 'holds' OR EXISTS (
    SELECT FROM call c WHERE c.started_at >= hours.hour AND c.started_at < hours.hour + interval '1 hour'
      AND (c.ended_at IS NULL OR c.ended_at > p.proven_at))
ORDER BY 1
"""
# Both sides of the first identity, call by call.
_ONE_SIDED = f"""
WITH received AS (
    SELECT call_sid, centre FROM call_step
    WHERE turn = 1 AND kind <> 'called_back' AND at >= %(since)s AND at < %(until)s
), counted AS (
    SELECT call_sid, first_centre AS centre FROM call
    WHERE started_at >= %(since)s AND started_at < %(until)s AND {INBOUND}
      AND EXISTS (SELECT FROM call_step s WHERE s.call_sid = call.call_sid AND turn = 1)
)
SELECT call_sid, centre, r.call_sid IS NOT NULL FROM received r FULL JOIN counted c USING (call_sid, centre)
WHERE r.call_sid IS NULL OR c.call_sid IS NULL ORDER BY call_sid
"""
_CENTRES = "SELECT call_sid, first_centre FROM call WHERE call_sid = ANY(%s)"
_OUR_CALLS = f"""
SELECT call_sid, first_centre, ended_at FROM call
WHERE started_at >= %s AND started_at < %s AND {INBOUND} ORDER BY call_sid
"""
_KNOWN = "SELECT call_sid FROM call WHERE call_sid = ANY(%s)"
_STATES = f"""
SELECT hours.hour, kinds.kind, coalesce(p.state, %(missing)s) FROM {_HOURS}
CROSS JOIN unnest(%(kinds)s::text[]) WITH ORDINALITY AS kinds (kind, place)
LEFT JOIN ledger_proof p ON p.hour = hours.hour AND p.kind = kinds.kind ORDER BY hours.hour, kinds.place
"""
_KEEP = """
INSERT INTO ledger_proof (hour, kind, proven_at, state, ours, theirs, differences)
VALUES (%(hour)s, %(kind)s, %(now)s, %(state)s, %(ours)s, %(theirs)s, %(differences)s)
ON CONFLICT (hour, kind) DO UPDATE SET proven_at = excluded.proven_at, state = excluded.state, ours = excluded.ours,
    theirs = excluded.theirs, differences = excluded.differences
WHERE ledger_proof.proven_at <= excluded.proven_at
"""


@dataclass(frozen=True, slots=True)
class HourProof:
    """What an hour's comparison has shown; `theirs` None when the other side could not be asked."""

    hour: datetime
    kind: str
    ours: int
    theirs: int | None
    differences: tuple[Difference, ...] = ()

    @property
    def state(self) -> str:
        if self.theirs is None:
            return UNKNOWN
        return DIFFERS if self.differences or self.ours != self.theirs else HOLDS


def due_hours(connection: Connection[Any], kind: str, now: datetime) -> list[datetime]:
    """The beginnings of the hours that are to be proven, oldest first."""
    values = {"first": now - LOOK_BACK, "last": now - SETTLED, "kind": kind}
    return [row[0] for row in connection.execute(_DUE, values).fetchall()]


def prove_outcomes(connection: Connection[Any], hour: datetime) -> HourProof:
    """The ledger against itself, every call by name. `connection` is in no transaction."""
    proof = prove(connection, hour, hour + HOUR)
    period = {"since": hour, "until": hour + HOUR}
    ours = sum(row.received for row in proof.rows)
    theirs = sum(row.received - row.difference for row in proof.rows)
    sids = [sid for found in proof.contradictions.values() for sid in found]
    centres: dict[str, str] = dict(connection.execute(_CENTRES, (sids,)).fetchall())
    named = [
        Difference(sid, centres.get(sid), CONTRADICTION, words)
        for words, found in proof.contradictions.items()
        for sid in found
    ]
    # Also where the sums agree: one lost and one doubled are two.
    for sid, centre, is_step in connection.execute(_ONE_SIDED, period).fetchall():
        if sid not in sids:
            named.append(Difference(sid, centre, ONE_SIDED, STEPS_ONLY if is_step else CALL_ONLY))
    return HourProof(hour, OUTCOMES, ours, theirs, tuple(named))


def read_our_calls(connection: Connection[Any], hour: datetime) -> list[OurCall]:
    """The calls that came in within an hour."""
    return [OurCall(*row) for row in connection.execute(_OUR_CALLS, (hour, hour + HOUR)).fetchall()]


def known_calls(connection: Connection[Any], sids: Sequence[str]) -> set[str]:
    """Which of these the ledger has, whenever they began."""
    return {row[0] for row in connection.execute(_KNOWN, (list(sids),)).fetchall()}


def keep_proof(connection: Connection[Any], proof: HourProof, now: datetime) -> None:
    """Write down what was shown; a newer proof is not overwritten by one that took longer."""
    values = {
        "hour": proof.hour,
        "kind": proof.kind,
        "now": now,
        "state": proof.state,
        "ours": proof.ours,
        "theirs": proof.theirs,
        "differences": Jsonb([one.as_json() for one in proof.differences[:MOST_NAMED]]),
    }
    connection.execute(_KEEP, values)


def read_states(connection: Connection[Any], now: datetime) -> list[tuple[datetime, str, str]]:
    """(hour, kind, state) of every hour of the last day that has ended, oldest first; MISSING without a proof."""
    values = {"first": now - LOOK_BACK, "last": now - SETTLED, "kinds": [OUTCOMES, CARRIER], "missing": MISSING}
    return [(row[0], row[1], row[2]) for row in connection.execute(_STATES, values).fetchall()]
