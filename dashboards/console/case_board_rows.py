"""The rows behind the supervisors' page of cases: counts, the on-time rate by centre, person and day, and the lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from dashboards.console.case_figures import (
    ACTIVE,
    MONTH,
    TO_CLEAR,
    WITH_PROVINCE,
    OnTime,
    counts_sql,
    decision_sql,
    in_time_sql,
    midnight_before,
)

# Of each list: more cannot be read, and the count says how many there are.
MOST_LISTED = 200
Row = Mapping[str, Any]

_COUNTS = f"""
SELECT centre, count(*) AS active, count(*) FILTER (WHERE status = 'owned') AS owned,
       count(*) FILTER (WHERE status = 'open' AND desk_due_at IS NULL) AS unowned,
       count(*) FILTER (WHERE status = 'open' AND desk_due_at IS NOT NULL) AS handed,
       count(*) FILTER (WHERE due_at > %(now)s AND due_at < %(tomorrow)s) AS due_today,
       count(*) FILTER (WHERE due_at <= %(now)s) AS overdue, count(*) FILTER (WHERE {WITH_PROVINCE}) AS with_province,
       count(*) FILTER (WHERE {decision_sql()}) AS to_decide
FROM work_order w WHERE {ACTIVE} AND centre = ANY(%(centres)s) GROUP BY centre
"""
# `besides`: those that are not overdue any more, and are on the list all the same.
_TO_CLEAR = f"""
SELECT centre, count(*) AS to_clear, count(*) FILTER (WHERE NOT ({ACTIVE} AND due_at <= %(now)s)) AS besides
FROM work_order WHERE {TO_CLEAR} AND centre = ANY(%(centres)s) GROUP BY centre
"""
_DUE = f"""
SELECT w.centre, w.owner_id, (w.due_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS due,
       count(*) FILTER (WHERE {in_time_sql()}) AS in_time
FROM work_order w
WHERE w.centre = ANY(%(centres)s) AND w.due_at >= %(since)s AND w.due_at <= %(now)s AND {counts_sql()}
GROUP BY 1, 2, 3
"""
_PEOPLE = f"""
SELECT a.id, a.number, a.name, a.centre, a.is_active, coalesce(c.owned, 0) AS owned,
       coalesce(c.due_today, 0) AS due_today, coalesce(c.overdue, 0) AS overdue,
       d.deputy_id, b.number AS deputy_number, b.name AS deputy_name, d.until AS deputy_until
FROM agent a
LEFT JOIN (
    SELECT owner_id, count(*) AS owned,
           count(*) FILTER (WHERE due_at > %(now)s AND due_at < %(tomorrow)s) AS due_today,
           count(*) FILTER (WHERE due_at <= %(now)s) AS overdue
    FROM work_order WHERE {ACTIVE} AND status = 'owned' AND centre = ANY(%(centres)s) GROUP BY owner_id
) c ON c.owner_id = a.id
LEFT JOIN agent_deputy d ON d.agent_id = a.id AND d.ended_at IS NULL AND (d.until IS NULL OR d.until > %(now)s)
LEFT JOIN agent b ON b.id = d.deputy_id
WHERE (a.is_active AND a.centre = ANY(%(centres)s)) OR c.owned > 0 ORDER BY a.centre, a.number
"""
_CASE = """
SELECT w.id, w.kind, w.centre, w.status, w.subject, w.opened_at, w.due_at, w.due_is_provisional, w.desk_due_at,
       w.replied_at, w.breached_at, w.cleared_at, w.cleared_by, w.cleared_reason, w.urges, w.supervised_at, w.level,
       a.number AS owner_number, a.name AS owner_name
FROM work_order w LEFT JOIN agent a ON a.id = w.owner_id
"""
# Of each branch its first rows by its own index; what is in both comes once.
_OVERDUE = f"""
SELECT * FROM (
    (SELECT w.* FROM ({_CASE} WHERE w.centre = ANY(%(centres)s) AND w.status IN ('open', 'owned')
        AND w.due_at <= %(now)s) w ORDER BY w.due_at, w.id LIMIT %(most)s)
    UNION
    (SELECT w.* FROM ({_CASE} WHERE w.centre = ANY(%(centres)s) AND w.breached_at IS NOT NULL
        AND w.cleared_at IS NULL) w ORDER BY w.due_at, w.id LIMIT %(most)s)
) AS late ORDER BY cleared_at IS NOT NULL, due_at, id LIMIT %(most)s
"""
_LISTS = {
    "due_today": "AND w.due_at > %(now)s AND w.due_at < %(tomorrow)s ORDER BY w.due_at, w.id",
    "unowned": "AND w.status = 'open' AND w.desk_due_at IS NULL ORDER BY w.due_at, w.id",
    "handed": "AND w.status = 'open' AND w.desk_due_at IS NOT NULL ORDER BY w.desk_due_at, w.id",
    "to_decide": f"AND {decision_sql()} ORDER BY w.due_at, w.id",
}
_NAMES = "SELECT username, name FROM staff_user WHERE username = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Due:
    """Cases of one centre, owner and day of their due date that are past it, and those answered in time."""

    centre: str
    owner_id: int | None
    day: date
    due: int
    in_time: int

    @property
    def figures(self) -> OnTime:
        """The two counts."""
        return OnTime(self.due, self.in_time)


@dataclass(frozen=True, slots=True)
class Board:
    """One look at the cases of some centres. Counts by centre."""

    now: datetime
    counts: Mapping[str, Row]
    to_clear: Mapping[str, Row]
    due: Sequence[Due]
    people: Sequence[Row]
    lists: Mapping[str, Sequence[Row]]


def read_board(connection: Connection[Any], centres: Sequence[str], now: datetime) -> Board:
    """Everything the page needs in one round trip."""
    midnight = midnight_before(now, 1)
    values = {
        "centres": list(centres),
        "now": now,
        "tomorrow": midnight + timedelta(days=1),
        "since": midnight_before(now, MONTH),
        "most": MOST_LISTED,
    }
    with connection.pipeline():
        counts, people, late = (_ask(connection, sql, values) for sql in (_COUNTS, _PEOPLE, _OVERDUE))
        lists = {name: _ask(connection, _list(name), values) for name in _LISTS}
        to_clear = _ask(connection, _TO_CLEAR, values)
        due = connection.cursor(row_factory=class_row(Due)).execute(_DUE, values)
        found = {name: cursor.fetchall() for name, cursor in lists.items()}
        return Board(
            now,
            {row["centre"]: row for row in counts.fetchall()},
            {row["centre"]: row for row in to_clear.fetchall()},
            due.fetchall(),
            people.fetchall(),
            {"overdue": late.fetchall(), **found},
        )


def read_names(connection: Connection[Any], usernames: Sequence[str]) -> Mapping[str, str]:
    """Who these users are."""
    return dict(connection.execute(_NAMES, (sorted(set(usernames)),)).fetchall())


def _list(name: str) -> str:
    return f"{_CASE} WHERE w.{ACTIVE} AND w.centre = ANY(%(centres)s) {_LISTS[name]} LIMIT %(most)s"


def _ask(connection: Connection[Any], sql: str, values: Mapping[str, Any]) -> Any:
    return connection.cursor(row_factory=dict_row).execute(sql, values)
