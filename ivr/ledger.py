"""The proof that no call is lost: received = sum of outcomes + in progress, for every centre and hour.

Received is counted from the append-only steps and from calls entered after an outage, outcomes from the calls
themselves, so the two sides do not come from one count. Calls that we made are in neither: what became of those is kept
with the callback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from ivr.outcome import PRECEDENCE

# Calls that somebody made to us; the other ones are told apart by their first step, too.
INBOUND = "NOT starts_with(direction, 'outbound')"
_RECEIVED = f"""
SELECT centre, date_trunc('hour', at, 'Asia/Shanghai') AS hour, count(*) FROM (
    SELECT centre, at FROM call_step
    WHERE turn = 1 AND kind <> 'called_back' AND at >= %(since)s AND at < %(until)s
    UNION ALL
    SELECT first_centre, started_at FROM call
    WHERE started_at >= %(since)s AND started_at < %(until)s AND {INBOUND}
      AND NOT EXISTS (SELECT 1 FROM call_step WHERE call_step.call_sid = call.call_sid AND turn = 1)
) AS first_heard GROUP BY 1, 2
"""
_OUTCOMES = f"""
SELECT first_centre, date_trunc('hour', started_at, 'Asia/Shanghai'), coalesce(outcome, 'in_progress'), count(*)
FROM call WHERE started_at >= %(since)s AND started_at < %(until)s AND {INBOUND} GROUP BY 1, 2, 3
"""
# Each names calls that contradict themselves; an empty ledger of contradictions is the proof.
_CONTRADICTIONS: dict[str, str] = {
    "打来的和我们打出去的记混了": f"""
        SELECT call.call_sid FROM call JOIN call_step ON call_step.call_sid = call.call_sid AND turn = 1
        WHERE (kind <> 'called_back') <> ({INBOUND})
          AND started_at >= %(since)s AND started_at < %(until)s""",
    "有按键记录而没有来电": """
        SELECT call_sid FROM call_step WHERE turn = 1 AND at >= %(since)s AND at < %(until)s
          AND NOT EXISTS (SELECT 1 FROM call WHERE call.call_sid = call_step.call_sid)""",
    "已经结束而菜单还开着": """
        SELECT call_sid FROM call_session JOIN call USING (call_sid)
        WHERE ended_at IS NOT NULL AND started_at >= %(since)s AND started_at < %(until)s""",
    "没有结束而菜单已经没有": """
        SELECT call_sid FROM call LEFT JOIN call_session USING (call_sid)
        WHERE ended_at IS NULL AND call_session.call_sid IS NULL
          AND started_at >= %(since)s AND started_at < %(until)s""",
    "运营商说已经结束而没有结果": """
        SELECT DISTINCT call_sid FROM call_status_event JOIN call USING (call_sid)
        WHERE status IN ('completed', 'busy', 'failed', 'no-answer', 'canceled') AND ended_at IS NULL
          AND started_at >= %(since)s AND started_at < %(until)s""",
    "第一步的中心和来电不一致": """
        SELECT call.call_sid FROM call JOIN call_step ON call_step.call_sid = call.call_sid AND turn = 1
        WHERE call_step.centre <> call.first_centre AND started_at >= %(since)s AND started_at < %(until)s""",
}
IN_PROGRESS = "in_progress"


@dataclass(frozen=True)
class HourRow:
    """One centre's hour: what was received, and what became of it."""

    centre: str
    hour: datetime
    received: int
    outcomes: Mapping[str, int]

    @property
    def difference(self) -> int:
        """Received minus everything accounted for; anything but 0 is a lost or doubled call."""
        known = sum(count for name, count in self.outcomes.items() if name in (*PRECEDENCE, IN_PROGRESS))
        return self.received - known


@dataclass(frozen=True)
class Proof:
    rows: tuple[HourRow, ...]
    contradictions: Mapping[str, tuple[str, ...]]

    @property
    def holds(self) -> bool:
        return not self.contradictions and all(row.difference == 0 for row in self.rows)


def prove(connection: Connection[Any], since: datetime, until: datetime) -> Proof:
    """Compare both sides for calls that began in [since, until), aware times."""
    period = {"since": since, "until": until}
    with connection.transaction():
        # Both sides must see the same instant.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        received = {(c, h): n for c, h, n in connection.execute(_RECEIVED, period).fetchall()}
        outcomes: dict[tuple[str, datetime], dict[str, int]] = {}
        for centre, hour, outcome, count in connection.execute(_OUTCOMES, period).fetchall():
            outcomes.setdefault((centre, hour), {})[outcome] = count
        found = {
            name: tuple(row[0] for row in connection.execute(sql, period).fetchall())
            for name, sql in _CONTRADICTIONS.items()
        }
    keys = sorted(received.keys() | outcomes.keys())
    rows = tuple(HourRow(*key, received.get(key, 0), outcomes.get(key, {})) for key in keys)
    return Proof(rows, {name: sids for name, sids in found.items() if sids})
