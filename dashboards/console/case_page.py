"""The page of a case as JSON: head, caller, messages, history, the tries to reach the caller, and what may be done."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from psycopg import Connection

from dashboards.console.case_list import standing_of
from dashboards.console.case_page_parts import (
    attempt_json,
    caller_json,
    can_take_in,
    due_line,
    event_json,
    facts_json,
    message_json,
    page_elsewhere,
    reply_json,
    seat_json,
    trying_of,
)
from dashboards.console.case_page_rows import CaseLook, read_case
from dashboards.console.case_rights import page_rights
from dashboards.console.case_scope import Reader, Row, reader_of
from dashboards.console.case_words import (
    OVERDUE,
    due_words,
    flag_words,
    moment_words,
)
from dashboards.console.look_ups import SAME_LISTENING, LookUp, note_look_ups
from dashboards.staff import StaffMember
from ivr.library import Library
from ivr.service import Line
from queueing.routing import SKILLS
from voicemail.case_calls import CaseCalls
from voicemail.case_replies import next_words
from voicemail.case_rows import read_case as read_row
from voicemail.subjects import SubjectTree
from voicemail.work_order import (
    ACTIVE,
    KINDS_ZH,
    SOURCES_ZH,
    STATUSES_ZH,
    close_reasons,
)

CASE_OPENED = "case_opened"
RULE_ZH = "打不通要换个半天再打；{n}个不同的半天都没打通，改发短信；短信也送不到，由值班长决定。通话不到10秒不算答复。"


class CasePage:
    """Builds the page. Shared by all threads of a process."""

    def __init__(self, line: Line, tree: SubjectTree, calls: CaseCalls) -> None:
        self._line = line
        self._tree = tree
        self._calls = calls

    def look(self, case_id: int, member: StaffMember, centres: tuple[str, ...], seen: str = "") -> dict[str, Any]:
        """The case now; the look leaves its entry in the trail. Raises Refused (404).

        `seen` is the `version` of the messages that the page has already: then they are not sent again.
        """
        services = self._line.services
        now = services.now()
        with services.database.pool.connection() as connection, connection.transaction():
            reader = reader_of(connection, member, centres, now)
            look = read_case(connection, case_id, reader, now)
            opened = LookUp(member.username, look.row["centre"], f"work_order {case_id}")
            note_look_ups(connection, CASE_OPENED, [opened], now, now - SAME_LISTENING)
            following = self._next(connection, look)
        return self._page(look, reader, now, seen) | {"next_zh": following}

    def _next(self, connection: Connection[Any], look: CaseLook) -> str:
        """What is to come after the tries so far."""
        case = read_row(connection, look.row["id"]) if look.replies and look.row["status"] in ACTIVE else None
        return next_words(*self._calls.next_step(connection, case)) if case else ""

    def _page(self, look: CaseLook, reader: Reader, now: datetime, seen: str) -> dict[str, Any]:
        library, row = self._line.keeper.library(), look.row
        messages = [message_json(message, look, now) for message in look.messages]
        version = hashlib.sha256(json.dumps(messages, default=str).encode()).hexdigest()[:16]
        others = [self._other(other, row["kind"], library, now) for other in look.others]
        may = page_rights(
            row,
            standing_of(reader, row),
            len(messages),
            sum(other["can_take_it_in"] for other in others),
            trying_of(look.replies, now),
            self._line.services.texts.can_send,
        )
        return {
            "now": now.isoformat(),
            **self._head(look, reader, library, now),
            "caller": caller_json(look),
            "messages": None if seen == version else messages,
            "version": version,
            "others": others,
            "history": [event_json(event, row["id"], now) for event in look.events],
            "replies": [reply_json(reply, now) for reply in look.replies],
            "rule_zh": RULE_ZH.format(n=self._half_days(row["centre"])),
            "attempt": attempt_json(look.replies),
            "close_reasons": close_reasons(row["status"], row["kind"], reader.is_head),
            "page_elsewhere": page_elsewhere(row["kind"]),
            "may": {deed: why for deed, why in may.items() if why is not None},
        }

    def _head(self, look: CaseLook, reader: Reader, library: Library, now: datetime) -> dict[str, Any]:
        row, calendar = look.row, self._line.timetable.calendar
        due = due_words(row["status"], row["due_at"], now, calendar)
        waits = {
            "waits_for_text": any(reply["kind"] == "text" and reply["ended_at"] is None for reply in look.replies),
            "waits_for_decision": look.people["waits_for_decision"],
        }
        subject = row["subject"] or row["suggested_subject"]
        return {
            "id": row["id"],
            "kind": row["kind"],
            "kind_zh": KINDS_ZH[row["kind"]],
            "status": row["status"],
            "status_zh": STATUSES_ZH[row["status"]],
            "due": {"key": due.key, "zh": due.words, "tone": due.tone, "symbol": due.symbol},
            "due_zh": due_line(row, now),
            "late_zh": self._late(row, due.key, now),
            "desk_due_zh": f"{moment_words(row['desk_due_at'], now)}前接办" if row["desk_due_at"] else "",
            "centre": row["centre"],
            "centre_name": library.centre(row["centre"]).short_name,
            "first_centre_name": library.centre(row["first_centre"]).short_name
            if row["first_centre"] != row["centre"]
            else "",
            "desk": row["desk"],
            "desk_zh": SKILLS.get(row["desk"], row["desk"]),
            "source_zh": SOURCES_ZH.get(row["source"], row["source"]),
            "opened_zh": moment_words(row["opened_at"], now),
            "subject": subject or "",
            "subject_zh": self._tree.name_of(subject) or "",
            "is_suggested": bool(subject) and row["subject_by"] != "staff",
            "because": row["suggested_because"] or "",
            "owner": seat_json(look.people, "owner"),
            "is_mine": row["owner_id"] is not None and row["owner_id"] == reader.seat,
            "is_for_another": row["owner_id"] in reader.deputy_of,
            "deputy": seat_json(look.people, "deputy"),
            "flags": flag_words({**row, **waits}),
            "facts": facts_json(look, now),
            "is_supervised": row["supervised_at"] is not None,
            "merged_into": row["merged_into"],
        }

    def _half_days(self, centre: str) -> int:
        return self._line.keeper.library().centre(centre).messages.failed_half_days

    def _late(self, row: Row, key: str, now: datetime) -> str:
        """That the promise was broken, and whether somebody has accounted for it."""
        if row["breached_at"] is None:
            return ""
        if row["cleared_at"] is not None:
            return f"曾经超期，{moment_words(row['cleared_at'], now)}已说明：{row['cleared_reason']}"
        return "" if key == OVERDUE else "超期过，还没有说明原因"

    def _other(self, row: Row, kind: str, library: Library, now: datetime) -> dict[str, Any]:
        """Another case of the same caller; `kind` is that of the case that may be merged into it."""
        return {
            "id": row["id"],
            "kind_zh": KINDS_ZH[row["kind"]],
            "subject_zh": self._tree.name_of(row["subject"] or row["suggested_subject"]) or "",
            "status_zh": STATUSES_ZH[row["status"]],
            "opened_zh": moment_words(row["opened_at"], now),
            "centre_name": library.centre(row["centre"]).short_name,
            "can_take_it_in": can_take_in(row, kind),
        }
