"""Alarms as rows: opened when a rule finds something, ended when it does no more, cleared by somebody with a reason.

Of one rule, centre and matter one alarm is open at a time. What must be cleared stays on the list when it is over, and
what was cleared does not come again as long as it is about the same calls.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from dashboards.audit import enter_audit
from dashboards.provincial.alarms.proof_alarms import OF_THE_PROOFS, from_proofs
from dashboards.provincial.alarms.rules import OF_THE_SNAPSHOT, Found, is_shown

log = structlog.get_logger(__name__)
# Not found in two looks that lie so far apart: it is over. Once may be a hiccup.
MISSED_FOR = timedelta(seconds=15)
HISTORY = timedelta(days=30)
MOST_LISTED = 300

_FIELDS = """
id, rule, centre, about, severity, words, detail, began_at, ended_at, must_clear, cleared_at, cleared_by, cleared_reason
"""
# What was cleared was cleared for the calls and the sum that it had: more of them are another alarm.
_COVERED = """
SELECT 1 FROM alarm WHERE rule = %(rule)s AND centre IS NOT DISTINCT FROM %(centre)s AND about = %(about)s
  AND cleared_at IS NOT NULL AND coalesce(detail->'calls', '[]') @> %(calls)s
  AND detail->'difference' IS NOT DISTINCT FROM %(difference)s::jsonb LIMIT 1
"""
_KEEP = """
INSERT INTO alarm (rule, centre, about, severity, words, detail, began_at, seen_at, must_clear)
VALUES (%(rule)s, %(centre)s, %(about)s, %(severity)s, %(words)s, %(detail)s, %(now)s, %(now)s, %(must_clear)s)
ON CONFLICT (rule, coalesce(centre, ''), about) WHERE ended_at IS NULL DO UPDATE
SET severity = excluded.severity, words = excluded.words, detail = excluded.detail, seen_at = excluded.seen_at,
    must_clear = excluded.must_clear
RETURNING id, began_at = %(now)s
"""
_OPEN_OF_RULES = "SELECT id, detail->>'missed_at' FROM alarm WHERE ended_at IS NULL AND rule = ANY(%s) FOR UPDATE"
_MISSED = "UPDATE alarm SET detail = detail || jsonb_build_object('missed_at', %s::text) WHERE id = %s"
_END = "UPDATE alarm SET ended_at = %s WHERE id = %s"
# The condition is that of its index.
_ON_THE_LIST = f"""
SELECT {_FIELDS} FROM alarm WHERE (ended_at IS NULL OR (must_clear AND cleared_at IS NULL))
ORDER BY severity <> 'urgent', began_at DESC, id DESC
"""
_HISTORY = f"""
SELECT {_FIELDS} FROM alarm
WHERE began_at >= %(since)s AND ended_at IS NOT NULL AND (cleared_at IS NOT NULL OR NOT must_clear)
  AND (centre = ANY(%(centres)s) OR centre IS NULL AND (%(all)s OR detail->'centres' ?| %(centres)s))
ORDER BY began_at DESC, id DESC LIMIT %(most)s
"""
_FIND = f"SELECT {_FIELDS} FROM alarm WHERE id = %s FOR UPDATE"
_CLEAR = """
UPDATE alarm SET cleared_at = %(now)s, cleared_by = %(by)s, cleared_reason = %(reason)s,
    ended_at = coalesce(ended_at, %(now)s)
WHERE id = %(id)s
"""
Row = dict[str, Any]


def keep(
    connection: Connection[Any], found: Sequence[Found], now: datetime, rules: Collection[str] = OF_THE_SNAPSHOT
) -> None:
    """Open what is new, keep what goes on, and end what was not found in two looks. Of other `rules` nothing ends.

    In the caller's transaction; two who look at once leave one alarm.
    """
    kept = {alarm_id for one in found if (alarm_id := _keep_one(connection, one, now)) is not None}
    for alarm_id, missed_at in connection.execute(_OPEN_OF_RULES, (list(rules),)).fetchall():
        if alarm_id in kept:
            continue
        if missed_at is None:
            connection.execute(_MISSED, (now.isoformat(), alarm_id))
        elif now - datetime.fromisoformat(missed_at) >= MISSED_FOR:
            connection.execute(_END, (now, alarm_id))
            log.info("alarm_ended", alarm=alarm_id)


def _keep_one(connection: Connection[Any], found: Found, now: datetime) -> int | None:
    """The alarm's id; None when it was cleared for good."""
    values = {
        "rule": found.rule,
        "centre": found.centre,
        "about": found.about,
        "severity": found.severity,
        "words": found.words,
        "detail": Jsonb(dict(found.detail)),
        "must_clear": found.must_clear,
        "now": now,
        "calls": Jsonb(found.detail.get("calls", [])),
        "difference": json.dumps(found.detail["difference"]) if "difference" in found.detail else None,
    }
    if found.must_clear and connection.execute(_COVERED, values).fetchone():
        return None
    row = connection.execute(_KEEP, values).fetchone()
    assert row is not None
    if row[1]:
        log.warning("alarm_began", alarm=row[0], rule=found.rule, centre=found.centre, about=found.about)
    return int(row[0])


def keep_proof_alarms(connection: Connection[Any], now: datetime) -> None:
    """Bring the alarms of the proofs up to date, in the caller's transaction."""
    keep(connection, from_proofs(connection, now), now, OF_THE_PROOFS)


def open_alarms(connection: Connection[Any], centres: Sequence[str]) -> list[Row]:
    """What goes on and what is still to be cleared, urgent first, for somebody who sees these centres."""
    rows = connection.cursor(row_factory=dict_row).execute(_ON_THE_LIST).fetchall()
    return [row for row in rows if is_shown(row["centre"], row["detail"].get("centres", ()), centres)]


def past_alarms(connection: Connection[Any], centres: Sequence[str], now: datetime) -> list[Row]:
    """What is over and done with, of the last 30 days, newest first, at most MOST_LISTED."""
    # A matter of the whole province is for whoever sees more than one centre.
    values = {"since": now - HISTORY, "centres": list(centres), "all": len(centres) > 1, "most": MOST_LISTED}
    return connection.cursor(row_factory=dict_row).execute(_HISTORY, values).fetchall()


def find_alarm(connection: Connection[Any], alarm_id: int) -> Row | None:
    """One alarm, locked until the transaction ends."""
    return connection.cursor(row_factory=dict_row).execute(_FIND, (alarm_id,)).fetchone()


def clear(connection: Connection[Any], alarm: Mapping[str, Any], by: str, reason: str, now: datetime) -> None:
    """Take an alarm that `find_alarm` has locked off the list, with a reason, and write down who did."""
    connection.execute(_CLEAR, {"id": alarm["id"], "by": by, "reason": reason, "now": now})
    enter_audit(connection, now, by, "alarm_cleared", alarm["centre"], f"alarm {alarm['id']}: {alarm['rule']}")
    log.info("alarm_cleared", alarm=alarm["id"], rule=alarm["rule"])
