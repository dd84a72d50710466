"""A case as its row has it, and the words its columns are asked for with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from voicemail.work_order import CLOSED, MERGED, OPEN, OWNED, REPLIED

# What the number that a caller wants to be answered on is sealed for.
NUMBER_CONTEXT = "case.number"
ACTIVE = (OPEN, OWNED)
NOT_ENDED = (OPEN, OWNED, REPLIED)
ENDED = (CLOSED, MERGED)


@dataclass(frozen=True, slots=True)
class Case:
    """A row of work_order; see the model."""

    id: int
    kind: str
    origin: str
    centre: str
    first_centre: str
    desk: str
    source: str
    call_sid: str
    offer_id: str | None
    comment_sid: str | None
    number_sealed: bytes | None
    number_hash: bytes | None
    number_tail: str | None
    caller_region: str | None
    caller_hash: bytes | None
    person_hash: bytes | None
    is_anonymous: bool
    subject: str | None
    subject_by: str | None
    suggested_subject: str | None
    suggested_because: str | None
    status: str
    owner_id: int | None
    taken_at: datetime | None
    opened_at: datetime
    due_at: datetime | None
    due_policy: str | None
    due_is_provisional: bool
    desk_due_at: datetime | None
    decision: str | None
    decided_at: datetime | None
    decision_reason: str | None
    replied_at: datetime | None
    reply_kind: str | None
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str | None
    reopened: int
    urges: int
    urged_at: datetime | None
    supervised_at: datetime | None
    supervised_by: str | None
    level: int
    look_at: datetime | None
    breached_at: datetime | None
    cleared_at: datetime | None
    cleared_by: str | None
    cleared_reason: str | None
    merged_into: int | None
    satisfaction: int | None

    @property
    def is_active(self) -> bool:
        """The clock runs: nobody has been answered yet."""
        return self.status in ACTIVE

    @property
    def is_overdue(self) -> bool:
        """On the supervisor's list until cleared with a reason, also when it was answered since."""
        return self.breached_at is not None and self.cleared_at is None


FIELDS = tuple(field.name for field in fields(Case))
COLUMNS = ", ".join(FIELDS)
