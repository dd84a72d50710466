"""The sheet of a talk, saved as it is typed: subject, disposition, note."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dashboards.console.errors import NO_SUCH_OFFER, NOT_YOURS, Refused
from integrations.services import Services
from voicemail.subjects import SubjectTree

DISPOSITIONS = {
    "answered": "当场答复",
    "referred": "告诉他去哪里办",
    "follow_up": "还要再回复",
    "passed_on": "转给别的部门",
    "complaint": "转投诉举报",
    "unresolved": "没有解决",
    "no_talk": "没有说话或打错",
}
LONGEST_NOTE = 1000
# A word that comes to mind after the next call has begun still belongs to its own talk.
WRITTEN_WITHIN = timedelta(minutes=30)
# Telephone numbers stay, since somebody may have to ring back; the rest has no business in a note.
_SECRETS = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d(?:[ -]?\d){11,}(?!\d)")
HIDDEN = "[号码不保存]"

_OFFER = "SELECT agent_id, connected_at IS NOT NULL, ended_at FROM offer WHERE id = %s"
_SAVE = """
INSERT INTO wrap_up (offer_id, agent_id, subject, disposition, note, saved_at)
VALUES (%(offer)s, %(agent)s, %(subject)s, %(disposition)s, coalesce(%(note)s, ''), %(now)s)
ON CONFLICT (offer_id) DO UPDATE SET
    subject = CASE WHEN %(has_subject)s THEN excluded.subject ELSE wrap_up.subject END,
    disposition = CASE WHEN %(has_disposition)s THEN excluded.disposition ELSE wrap_up.disposition END,
    note = CASE WHEN %(has_note)s THEN excluded.note ELSE wrap_up.note END,
    saved_at = excluded.saved_at
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was typed; only the fields in `given` are written, so that two windows do not empty each other's."""

    given: frozenset[str]
    subject: str | None = None
    disposition: str | None = None
    note: str = ""


def read_sheet(body: Mapping[str, Any], tree: SubjectTree) -> Sheet:
    """The sheet in a request. Raises Refused for a subject or disposition that there is not, or too long a note."""
    subject, disposition, note = body.get("subject"), body.get("disposition"), body.get("note") or ""
    if subject and not (isinstance(subject, str) and tree.knows(subject)):
        raise Refused(422, "没有这个科目，请从列表里选。")
    if disposition and not (isinstance(disposition, str) and disposition in DISPOSITIONS):
        raise Refused(422, "没有这个处理结果，请从列表里选。")
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        raise Refused(422, f"备注最多{LONGEST_NOTE}个字，前面写的已经保存了。")
    given = frozenset(name for name in ("subject", "disposition", "note") if name in body)
    return Sheet(given, subject or None, disposition or None, without_secrets(note))


def without_secrets(note: str) -> str:
    """A note without ID numbers and card numbers, and without what no database takes."""
    return _SECRETS.sub(HIDDEN, note.replace("\x00", "").encode("utf-8", "ignore").decode())


def save_sheet(services: Services, agent_id: int, offer_id: str, sheet: Sheet) -> None:
    """Write what was typed about a talk of this agent. Raises Refused."""
    now = services.now()
    with services.database.pool.connection() as connection:
        row = connection.execute(_OFFER, (offer_id,)).fetchone()
        if row is None:
            raise Refused(404, NO_SUCH_OFFER)
        owner, was_talk, ended_at = row
        if owner != agent_id:
            raise Refused(403, NOT_YOURS)
        if not was_talk:
            raise Refused(409, "这个来电没有接通，不用整理。")
        if ended_at is not None and now - ended_at > WRITTEN_WITHIN:
            raise Refused(409, "这个来电结束已经超过半小时，不能再改了。")
        connection.execute(_SAVE, _values(agent_id, offer_id, sheet) | {"now": now})


def _values(agent_id: int, offer_id: str, sheet: Sheet) -> dict[str, Any]:
    return {
        "offer": offer_id,
        "agent": agent_id,
        "subject": sheet.subject,
        "disposition": sheet.disposition,
        "note": sheet.note,
        **{f"has_{name}": name in sheet.given for name in ("subject", "disposition", "note")},
    }
