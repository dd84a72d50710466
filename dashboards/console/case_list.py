"""The list of cases as JSON: by when each is due, what it is about, who has it, and what is special about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboards.call_counts import shanghai_day
from dashboards.console.case_list_rows import CLOSED, MOST_COUNTED, REPLIED, Wanted, read_badge, read_cases
from dashboards.console.case_rights import Standing, rights
from dashboards.console.case_scope import Reader, Row, reader_of
from dashboards.console.case_words import (
    NO_MESSAGE,
    SOUNDS_ZH,
    TODAY,
    TOMORROW,
    due_words,
    flag_words,
    heard_state,
    moment_words,
    snippet,
    tail_words,
)
from dashboards.staff import StaffMember
from integrations.work_calendar import WorkCalendar
from ivr.library import Library
from ivr.service import Line
from queueing.routing import SKILLS
from voicemail.subjects import SubjectTree
from voicemail.work_order import KINDS_ZH

# What may be done with several at once.
BULK = ("take", "assign", "transfer", "release")


class CaseList:
    """Builds the list. Shared by all threads of a process."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree

    def look(self, wanted: Wanted, member: StaffMember, centres: tuple[str, ...]) -> dict[str, Any]:
        """The page that is wanted, now, of these centres. No person's number is in it."""
        services, library = self._line.services, self._line.keeper.library()
        now, calendar = services.now(), self._line.timetable.calendar
        _, midnight = shanghai_day(now)
        with services.database.pool.connection() as connection:
            reader = reader_of(connection, member, centres, now)
            found = read_cases(connection, wanted, reader, midnight, now)
            badge = read_badge(connection, reader, midnight, now)
        rows = [self._row(row, reader, library, calendar, now) for row in found.rows]
        return {
            "now": now.isoformat(),
            "rows": rows,
            "next": cursor_of(found.rows[-1], wanted) if found.has_more and not wanted.search else None,
            "counts": {tab: _count(n) for tab, n in found.counts.items()},
            "badge": badge,
        }

    def _row(self, row: Row, reader: Reader, library: Library, calendar: WorkCalendar, now: datetime) -> dict[str, Any]:
        due = due_words(row["status"], row["due_at"], now, calendar)
        heard = heard_state(row["recording"], bool(row["is_deleted"]), row["transcript"], row["said"])
        subject = row["subject"] or row["suggested_subject"]
        may = rights(row, standing_of(reader, row))
        return {
            "id": row["id"],
            "kind": row["kind"],
            "kind_zh": KINDS_ZH[row["kind"]],
            "subject_zh": self._tree.name_of(subject) or "",
            "is_suggested": bool(subject) and row["subject_by"] != "staff",
            "caller_zh": tail_words(row["number_tail"], row["is_anonymous"]),
            "heard": heard,
            "words": snippet(row["said"]) if row["said"] else SOUNDS_ZH[heard] if heard != NO_MESSAGE else "",
            "messages": row["messages"],
            "centre": row["centre"],
            "centre_name": library.centre(row["centre"]).short_name,
            "desk_zh": SKILLS.get(row["desk"], row["desk"]),
            "owner": {"number": row["owner_number"], "name": row["owner_name"]} if row["owner_id"] else None,
            "is_mine": row["owner_id"] is not None and row["owner_id"] == reader.seat,
            "is_for_another": row["owner_id"] in reader.deputy_of,
            "status": row["status"],
            "due": {
                "key": due.key,
                "zh": due.words,
                "tone": due.tone,
                "symbol": due.symbol,
                "at_zh": "" if due.key in (TODAY, TOMORROW) else _at(row, now),
            },
            "flags": flag_words(row),
            "may": [deed for deed in BULK if may.get(deed) == ""],
        }


def standing_of(reader: Reader, row: Row) -> Standing:
    """How somebody stands to one case."""
    is_own_centre = reader.member.sees_all or row["centre"] == reader.member.centre
    return Standing(reader.member.role, is_own_centre, reader.seat, tuple(reader.seats))


def cursor_of(row: Row, wanted: Wanted) -> str:
    """Where the next page goes on: the last row's time and number."""
    column = {REPLIED: "replied_at", CLOSED: "closed_at"}.get(wanted.tab, "due_at")
    return f"{row[column].isoformat() if row[column] else ''}~{row['id']}"


def _at(row: Row, now: datetime) -> str:
    at = row["closed_at"] or row["replied_at"] or row["due_at"]
    return moment_words(at, now) if at else ""


def _count(number: int) -> str:
    return f"{MOST_COUNTED - 1}+" if number >= MOST_COUNTED else str(number)
