"""The list of cases as rows: by when they are due, from any place on, and how many there are of each kind.

Every query walks an index of one centre at a time and stops early, so that a million cases cost what a page costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from dashboards.console.case_figures import decision_sql
from dashboards.console.case_scope import VISIBLE, Reader, Row

MINE, UNOWNED, DUE_TODAY, LATE, ALL, TEXTS, REPLIED, CLOSED = (
    "mine", "unowned", "today", "overdue", "all", "texts", "replied", "closed",
)  # fmt: skip
TABS = (MINE, UNOWNED, DUE_TODAY, LATE, ALL, TEXTS, REPLIED, CLOSED)
# Counted up to here; beyond it the page says so.
MOST_COUNTED = 1000
# How far back closed cases are listed, and found by the tail of a number; older ones by their own number.
LOOKED_BACK = timedelta(days=90)
# An answer that was not closed is a matter of days.
REPLIED_BACK = timedelta(days=30)
ACTIVE = "w.status IN ('open', 'owned')"
_WAITS_FOR_TEXT = """EXISTS (
    SELECT 1 FROM case_reply r WHERE r.case_id = w.id AND r.kind = 'text' AND r.ended_at IS NULL)"""
_CONDITIONS = {
    MINE: f"{ACTIVE} AND w.owner_id = ANY(%(seats)s)",
    UNOWNED: f"{ACTIVE} AND w.owner_id IS NULL",
    DUE_TODAY: f"{ACTIVE} AND w.due_at >= %(now)s AND w.due_at < %(tomorrow)s",
    LATE: f"{ACTIVE} AND w.due_at < %(now)s",
    ALL: ACTIVE,
    TEXTS: f"w.status IN ('open', 'owned', 'replied') AND {_WAITS_FOR_TEXT}",
    REPLIED: "w.status = 'replied' AND w.opened_at >= %(replied_back)s",
    CLOSED: "w.closed_at >= %(back)s",
}
# The newest first of what is over; by its date what is not, what has none at the end.
_ORDERS = {REPLIED: ("replied_at", "DESC"), CLOSED: ("closed_at", "DESC")}
_BY_DUE = ("due_at", "ASC")
_BY_TAIL = "w.centre = ANY(%(centres)s) AND w.number_tail = %(tail)s AND NOT w.is_anonymous"
_COLUMNS = """
w.id, w.kind, w.centre, w.first_centre, w.desk, w.status, w.subject, w.subject_by, w.suggested_subject, w.number_tail,
w.is_anonymous, w.owner_id, w.opened_at, w.due_at, w.due_is_provisional, w.desk_due_at, w.replied_at, w.closed_at,
w.closed_reason, w.merged_into, w.urges, w.supervised_at, w.reopened, w.level, w.cleared_at
"""
_PAGE = f"""
SELECT found.*, a.number AS owner_number, a.name AS owner_name,
       EXISTS (SELECT 1 FROM case_reply r WHERE r.case_id = found.id AND r.kind = 'text' AND r.ended_at IS NULL)
           AS waits_for_text,
       {decision_sql("found")} AS waits_for_decision,
       (SELECT count(*) FROM message m WHERE m.case_id = found.id AND m.status = 'kept') AS messages,
       heard.recording, heard.is_deleted, heard.transcript, heard.said
FROM ({{page}}) found
LEFT JOIN agent a ON a.id = found.owner_id
LEFT JOIN LATERAL (
    SELECT g.status AS recording, g.deleted_at IS NOT NULL AS is_deleted, t.status AS transcript,
           coalesce(t.corrected_text, t.said) AS said
    FROM message m JOIN message_recording g ON g.message_id = m.id AND NOT g.is_superseded
    LEFT JOIN transcript t ON t.recording_sid = g.recording_sid
    WHERE m.case_id = found.id AND m.status = 'kept' ORDER BY m.id, g.started_at DESC LIMIT 1
) heard ON true
ORDER BY found.{{column}} {{direction}}, found.id {{direction}}
"""
_OF_CENTRES = """
SELECT page.* FROM unnest(%(centres)s::text[]) AS place(code) CROSS JOIN LATERAL (
    SELECT {columns} FROM work_order w WHERE w.centre = place.code AND {condition}
    ORDER BY w.{column} {direction}, w.id {direction} LIMIT %(most)s
) page ORDER BY {column} {direction}, id {direction} LIMIT %(most)s
"""
# By a case's number, or by the caller's last digits among what is not over and what came lately.
_SEARCHED = f"""
SELECT {_COLUMNS} FROM work_order w WHERE {VISIBLE} AND w.id IN (
    SELECT w.id FROM work_order w WHERE w.id = %(number)s
    UNION ALL (SELECT w.id FROM work_order w WHERE {ACTIVE} AND {_BY_TAIL} LIMIT %(most)s)
    UNION ALL (SELECT w.id FROM work_order w WHERE w.opened_at >= %(back)s AND {_BY_TAIL} LIMIT %(most)s))
ORDER BY w.opened_at DESC, w.id DESC LIMIT %(most)s
"""
_BADGE = f"""
SELECT count(*) FILTER (WHERE w.due_at < %(now)s) AS overdue,
       count(*) FILTER (WHERE w.due_at >= %(now)s) AS today
FROM work_order w
WHERE {ACTIVE} AND w.owner_id = ANY(%(seats)s) AND w.centre = ANY(%(centres)s) AND w.due_at < %(tomorrow)s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: one of TABS, narrowed by what is not empty; `after` is the last one of the page before.

    `search`: a case's number, or the last four digits of the caller's; it looks through all tabs.
    """

    tab: str
    kind: str = ""
    subject: str = ""
    desk: str = ""
    search: str = ""
    after: tuple[datetime | None, int] | None = None
    most: int = 100


@dataclass(frozen=True)
class ListRows:
    """A page of the list, whether there is more, and the counts of the tabs."""

    rows: Sequence[Row]
    has_more: bool
    counts: Mapping[str, int]


def read_cases(
    connection: Connection[Any], wanted: Wanted, reader: Reader, midnight: datetime, now: datetime
) -> ListRows:
    """The page that is wanted. `midnight`: the end of today, on the Shanghai clock."""
    values = _values(wanted, reader, midnight, now)
    rows = list(_page(connection, wanted, values))
    return ListRows(rows[: wanted.most], len(rows) > wanted.most, _counts(connection, wanted, values))


def read_badge(connection: Connection[Any], reader: Reader, midnight: datetime, now: datetime) -> dict[str, int]:
    """The reader's own cases that are due today, and those that are late."""
    values = {**reader.values(), "tomorrow": midnight, "now": now}
    found = connection.cursor(row_factory=dict_row).execute(_BADGE, values).fetchone()
    return dict(found or {"overdue": 0, "today": 0})


def _values(wanted: Wanted, reader: Reader, midnight: datetime, now: datetime) -> dict[str, Any]:
    number = int(wanted.search) if wanted.search else None
    at, last = wanted.after or (None, 0)
    return {
        **reader.values(),
        "now": now,
        "tomorrow": midnight,
        "back": now - LOOKED_BACK,
        "replied_back": now - REPLIED_BACK,
        "kind": wanted.kind,
        "subject": wanted.subject,
        "desk": wanted.desk,
        "number": number,
        "tail": wanted.search if len(wanted.search) == 4 else None,
        "after_at": at,
        "after_id": last,
        "most": wanted.most + 1,
        "most_counted": MOST_COUNTED,
    }


def _page(connection: Connection[Any], wanted: Wanted, values: dict[str, Any]) -> Sequence[Row]:
    if wanted.search:
        return _ask(connection, _SEARCHED, "opened_at", "DESC", values)
    column, direction = _ORDERS.get(wanted.tab, _BY_DUE)
    condition = " AND ".join([_CONDITIONS[wanted.tab], VISIBLE, *_narrowed(wanted)])
    rows: list[Row] = []
    # What has no date stands at the end, where no comparison with a date finds it.
    for step in _steps(wanted, column, direction):
        left = values["most"] - len(rows)
        if left > 0:
            page = _OF_CENTRES.format(
                columns=_COLUMNS, condition=f"{condition} AND {step}", column=column, direction=direction
            )
            rows += _ask(connection, page, column, direction, values | {"most": left})
    return rows


def _ask(
    connection: Connection[Any], page: str, column: str, direction: str, values: Mapping[str, Any]
) -> Sequence[Row]:
    sql = _PAGE.format(page=page, column=column, direction=direction)
    # A plan made for no values in particular would not see that only the first lines are wanted.
    return connection.cursor(row_factory=dict_row).execute(sql, values, prepare=False).fetchall()


def _steps(wanted: Wanted, column: str, direction: str) -> Sequence[str]:
    sign = ">" if direction == "ASC" else "<"
    dated, undated = f"w.{column} IS NOT NULL", f"w.{column} IS NULL"
    if wanted.after is None:
        return [dated, undated] if column == "due_at" else [dated]
    if wanted.after[0] is None:
        return [f"{undated} AND w.id {sign} %(after_id)s"]
    past = f"(w.{column}, w.id) {sign} (%(after_at)s, %(after_id)s)"
    return [past, undated] if column == "due_at" else [past]


def _narrowed(wanted: Wanted) -> list[str]:
    parts = {
        "w.kind = %(kind)s": wanted.kind,
        "coalesce(w.subject, w.suggested_subject) = %(subject)s": wanted.subject,
        "w.desk = %(desk)s": wanted.desk,
    }
    return [sql for sql, value in parts.items() if value]


def _counts(connection: Connection[Any], wanted: Wanted, values: Mapping[str, Any]) -> dict[str, int]:
    """How many each tab but the closed ones holds under the same filters, up to MOST_COUNTED."""
    narrowed = " AND ".join([VISIBLE, *_narrowed(wanted)])
    parts = [
        f"(SELECT count(*) FROM (SELECT 1 FROM work_order w WHERE {condition} AND {narrowed}"
        f' LIMIT %(most_counted)s) counted) AS "{tab}"'
        for tab, condition in _CONDITIONS.items()
        if tab != CLOSED
    ]
    sql = f"SELECT {', '.join(parts)}"
    found = connection.cursor(row_factory=dict_row).execute(sql, values, prepare=False).fetchone()
    return dict(found or {})
