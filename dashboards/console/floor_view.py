"""The supervisor's floor as JSON: everybody's state, the line with its waits, and what waits to be cleared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from dashboards.console.callback_floor import CALLBACK_COUNTS, CALLBACKS_TO_CLEAR, MOST_TO_CLEAR, to_clear_json
from dashboards.console.callback_rings import CALLING_BACK_ZH
from dashboards.console.callback_words import CONFIRMED_STAGE, stage_of
from dashboards.console.caller_words import masked, short_region
from dashboards.console.cases import OPEN_CASES, case_json
from dashboards.console.desk_rows import ON_THE_TELEPHONE, WAITING_SINCE
from dashboards.console.freeze_list_rows import FREEZE_COUNTS
from dashboards.console.marks import OPEN_MARKS, Scope, mark_json
from ivr.library import Library
from ivr.service import Line
from queueing.agent import NAMES_ZH, REASONS_ZH, RESERVED
from queueing.offers import HEARTBEAT_SECONDS
from queueing.routing import LANGUAGES, RULES_ZH, SKILLS
from voicemail.subjects import SubjectTree

# Of each centre: more cannot be read, and the count says how many there are.
MOST_WAITING = 100
_STATUS_ZH = {"waiting": "等待", "offered": "正在振铃"}
_CALLBACK_STATUS_ZH = {"waiting": "等着回电", "offered": "正在拨打"}

_AGENTS = """
SELECT a.id, a.number, a.name, a.centre, a.state, a.reason, a.state_since, a.next_reason, a.misses, a.heartbeat_at,
       a.door, a.skills, o.id AS offer_id, o.centre AS offer_centre, o.connected_at, t.status AS attempt_status
FROM agent a
LEFT JOIN offer o ON o.agent_id = a.id AND o.status IN ('reserved', 'ringing', 'accepted', 'connected')
LEFT JOIN callback_attempt t ON t.offer_id = o.id
WHERE a.is_active AND a.centre = ANY(%s) ORDER BY a.centre, a.number
"""
# Everybody in the order of the line; only who is on the telephone waits there.
_LINE = f"""
SELECT * FROM (
    SELECT e.id, e.centre, row_number() OVER (PARTITION BY e.centre ORDER BY e.rank_at, e.id) AS position,
           count(*) FILTER (WHERE {ON_THE_TELEPHONE}) OVER (PARTITION BY e.centre) AS waiting,
           min({WAITING_SINCE}) FILTER (WHERE {ON_THE_TELEPHONE}) OVER (PARTITION BY e.centre) AS oldest,
           e.caller_tail, e.caller_region, e.skill, e.language, {WAITING_SINCE} AS joined_at, e.arrived_at,
           e.status, e.rules, e.is_slow, e.offers, e.callback_id, {ON_THE_TELEPHONE} AS is_on_the_telephone, k.asked_at
    FROM queue_entry e LEFT JOIN callback k ON k.id = e.callback_id
    WHERE e.ended_at IS NULL AND e.status IN ('waiting', 'offered') AND e.centre = ANY(%s)
) AS line WHERE position <= %s ORDER BY centre, position
"""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class FloorLook:
    """One look at the floors of some centres, as rows."""

    now: datetime
    library: Library
    agents: Collection[Row] = field(default_factory=list)
    line: Collection[Row] = field(default_factory=list)
    cases: Collection[Row] = field(default_factory=list)
    marks: Collection[Row] = field(default_factory=list)
    # By centre.
    callbacks: Mapping[str, Row] = field(default_factory=dict)
    to_clear: Collection[Row] = field(default_factory=list)
    # By centre: freezes of which nobody knows the end, or whose caller is not told yet.
    freezes: Mapping[str, int] = field(default_factory=dict)


class FloorView:
    """Builds floors; one look serves every supervisor who watches."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree

    def look(self, centres: Iterable[str]) -> FloorLook:
        """Read the floors of these centres in one round trip."""
        codes, now = list(centres), self._line.services.now()
        with self._line.services.database.pool.connection() as connection, connection.pipeline():
            asked = [
                connection.cursor(row_factory=dict_row).execute(sql, values)
                for sql, values in (
                    (_AGENTS, (codes,)),
                    (_LINE, (codes, MOST_WAITING)),
                    (OPEN_CASES, (codes,)),
                    # Whose content a mark is about is not known to the database.
                    (OPEN_MARKS, ()),
                    (CALLBACK_COUNTS, (codes,)),
                    (CALLBACKS_TO_CLEAR, (codes, MOST_TO_CLEAR)),
                    (FREEZE_COUNTS, (codes,)),
                )
            ]
            agents, line, cases, marks, counts, to_clear, urgent = (cursor.fetchall() for cursor in asked)
        callbacks = {row["centre"]: row for row in counts}
        freezes = {row["centre"]: row["urgent"] for row in urgent}
        return FloorLook(now, self._line.keeper.library(), agents, line, cases, marks, callbacks, to_clear, freezes)

    def floor(self, look: FloorLook, scope: Scope) -> dict[str, Any]:
        """What one supervisor sees of a look."""
        library, now, tree = look.library, look.now, self._tree
        agents = [_agent(row, library, now) for row in look.agents if row["centre"] in scope.centres]
        marks = (mark_json(row, library, scope) for row in look.marks)
        return {
            "now": now.isoformat(),
            "centres": [_centre(code, look) for code in scope.centres],
            "agents": agents,
            "line": [_waiting(row, library, now) for row in look.line if row["centre"] in scope.centres],
            "cases": [case_json(row, library, tree) for row in look.cases if row["centre"] in scope.centres],
            "marks": [mark for mark in marks if mark],
            "callbacks": [to_clear_json(row, library) for row in look.to_clear if row["centre"] in scope.centres],
        }


def steady_floor(floor: dict[str, Any]) -> dict[str, Any]:
    """What of a floor is worth sending again when it has changed; waits go on by themselves."""
    line = [{key: value for key, value in row.items() if key != "waited_seconds"} for row in floor["line"]]
    centres = [{k: v for k, v in row.items() if k != "longest_wait_seconds"} for row in floor["centres"]]
    return {**floor, "now": None, "line": line, "centres": centres}


def _centre(code: str, look: FloorLook) -> dict[str, Any]:
    first = next((row for row in look.line if row["centre"] == code), None)
    states = [row["state"] for row in look.agents if row["centre"] == code]
    oldest = first["oldest"] if first else None
    callbacks = look.callbacks.get(code, {})
    return {
        "code": code,
        "name": look.library.centre(code).short_name,
        "waiting": first["waiting"] if first else 0,
        "longest_wait_seconds": None if oldest is None else _seconds(oldest, look.now),
        "oldest_at": None if oldest is None else oldest.isoformat(),
        "callbacks_due": callbacks.get("due", 0),
        "callbacks_scheduled": callbacks.get("scheduled", 0),
        "callbacks_to_clear": next((row["to_clear"] for row in look.to_clear if row["centre"] == code), 0),
        "freezes_urgent": look.freezes.get(code, 0),
        "signed_in": sum(state != "logged_out" for state in states),
        "available": states.count("available"),
        "on_call": states.count("on_call") + states.count("hold"),
    }


def _agent(row: Row, library: Library, now: datetime) -> dict[str, Any]:
    heard_at = row["heartbeat_at"]
    is_calling = row["state"] == RESERVED and stage_of(row["attempt_status"]) != CONFIRMED_STAGE
    return {
        "id": row["id"],
        "number": row["number"],
        "name": row["name"],
        "centre": row["centre"],
        "centre_name": library.centre(row["centre"]).short_name,
        "state": row["state"],
        "state_zh": CALLING_BACK_ZH if is_calling else NAMES_ZH[row["state"]],
        "reason_zh": REASONS_ZH.get(row["reason"] or ""),
        "next_reason_zh": REASONS_ZH.get(row["next_reason"] or ""),
        "since": row["state_since"].isoformat(),
        "misses": row["misses"],
        "heartbeat_ok": heard_at is not None and now - heard_at <= timedelta(seconds=HEARTBEAT_SECONDS),
        "door": row["door"],
        "skills_zh": [SKILLS[skill] for skill in SKILLS if not skill or skill in row["skills"]],
        # Helping another centre out.
        "helps_zh": _name_elsewhere(row, library),
    }


def _name_elsewhere(row: Row, library: Library) -> str | None:
    other = row["offer_centre"]
    return library.centre(other).short_name if other and other != row["centre"] else None


def _waiting(row: Row, library: Library, now: datetime) -> dict[str, Any]:
    return {
        "id": row["id"],
        "centre": row["centre"],
        "centre_name": library.centre(row["centre"]).short_name,
        "position": row["position"],
        "caller": {"masked": masked(None, row["caller_tail"]), "region": short_region(row["caller_region"])},
        "is_slow": row["is_slow"],
        "skill_zh": SKILLS.get(row["skill"], row["skill"]),
        "language_zh": LANGUAGES.get(row["language"], row["language"]),
        "joined_at": row["joined_at"].isoformat(),
        "arrived_at": row["arrived_at"].isoformat(),
        "waited_seconds": _seconds(row["joined_at"], now),
        "status": row["status"],
        "status_zh": (_STATUS_ZH if row["is_on_the_telephone"] else _CALLBACK_STATUS_ZH)[row["status"]],
        # Of a callback, since when it has been asked for; who is only to be rung does not wait on the telephone.
        "callback_asked_at": row["asked_at"].isoformat() if row["asked_at"] else None,
        "is_on_the_telephone": row["is_on_the_telephone"],
        "offers": row["offers"],
        "rules_zh": [RULES_ZH.get(rule, rule) for rule in row["rules"]],
    }


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))
