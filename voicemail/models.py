"""Cases that somebody must answer, the messages that open them, and what is done about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database import Base

Moment = DateTime(timezone=True)
LOW_RATING = "low_rating"
# Numbers are spoken to callers, so the first ones have four digits already.
FIRST_CASE = 1001
ACTIVE = "status IN ('open', 'owned')"
OVERDUE = "breached_at IS NOT NULL AND cleared_at IS NULL"


class WorkOrder(Base):
    """A case: something promised to a caller, on its centre's list until it is answered and closed with a reason.

    Its `id` is the number that the caller hears. Only ever changed by its table of moves (`work_order`).
    """

    __tablename__ = "work_order"

    id: Mapped[int] = mapped_column(BigInteger, Identity(start=FIRST_CASE), primary_key=True)
    # message, complaint, report, low_rating, card_freeze, callback
    kind: Mapped[str] = mapped_column(String(20))
    # What opened it, for example "message:17": a repeated word of the same thing opens no second one.
    origin: Mapped[str] = mapped_column(String(96), unique=True)
    # Who has it now, and who had it first.
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    first_centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    # The department within the centre: a skill, "" for anybody.
    desk: Mapped[str] = mapped_column(String(16), server_default="")
    # How it came: key, closed, silence, line, look_up, nobody, survey, desk, system.
    source: Mapped[str] = mapped_column(String(12))
    call_sid: Mapped[str] = mapped_column(String(64))
    offer_id: Mapped[str | None] = mapped_column(ForeignKey("offer.id"))
    # What the caller said about a talk, by the carrier's id of the recording.
    comment_sid: Mapped[str | None] = mapped_column(String(64))
    # The number on which the caller wants the answer, sealed for "case.number"; by fingerprint the cases of one caller.
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_tail: Mapped[str | None] = mapped_column(String(4))
    caller_region: Mapped[str | None] = mapped_column(Text)
    # The telephone that called, which finds the case again by key 7.
    caller_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Of an ID number that was proven in the call.
    person_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_anonymous: Mapped[bool] = mapped_column(server_default=text("false"))
    subject: Mapped[str | None] = mapped_column(String(40))
    # words (suggested) or staff.
    subject_by: Mapped[str | None] = mapped_column(String(8))
    suggested_subject: Mapped[str | None] = mapped_column(String(40))
    suggested_because: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10), server_default="open")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    taken_at: Mapped[datetime | None] = mapped_column(Moment)
    # The moment of the call, from which the days are counted.
    opened_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    due_policy: Mapped[str | None] = mapped_column(String(20))
    due_is_provisional: Mapped[bool] = mapped_column(server_default=text("false"))
    # By when the department or centre that it was handed to has to take it; the promise to the caller stays.
    desk_due_at: Mapped[datetime | None] = mapped_column(Moment)
    # Of complaints and reports: taken up, or refused, with the reason.
    decision: Mapped[str | None] = mapped_column(String(10))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    # When the reply was delivered: the clock stops here.
    replied_at: Mapped[datetime | None] = mapped_column(Moment)
    # call, text, caller (the caller's own word), decision (nobody can be told: an anonymous report).
    reply_kind: Mapped[str | None] = mapped_column(String(10))
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_reason: Mapped[str | None] = mapped_column(Text)
    reopened: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    urges: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    urged_at: Mapped[datetime | None] = mapped_column(Moment)
    # A supervisor or the province watches it.
    supervised_at: Mapped[datetime | None] = mapped_column(Moment)
    supervised_by: Mapped[str | None] = mapped_column(String(64))
    # How far reminders and escalation have come (see reminders.py), and when it is to be looked at next.
    level: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    look_at: Mapped[datetime | None] = mapped_column(Moment)
    breached_at: Mapped[datetime | None] = mapped_column(Moment)
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    cleared_by: Mapped[str | None] = mapped_column(String(64))
    cleared_reason: Mapped[str | None] = mapped_column(Text)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("work_order.id"))
    # The caller's judgement of the reply, by key: 1 to 5.
    satisfaction: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        CheckConstraint("status IN ('open', 'owned', 'replied', 'closed', 'merged')", name="status_is_known"),
        CheckConstraint(
            "kind IN ('message', 'complaint', 'report', 'low_rating', 'card_freeze', 'callback')", name="kind_is_known"
        ),
        CheckConstraint("(closed_at IS NULL) = (closed_reason IS NULL)", name="closed_with_a_reason"),
        CheckConstraint("(status IN ('closed', 'merged')) = (closed_at IS NOT NULL)", name="closed_has_a_time"),
        CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name="merged_into_another"),
        CheckConstraint("status <> 'owned' OR owner_id IS NOT NULL", name="owned_by_somebody"),
        CheckConstraint("status <> 'replied' OR replied_at IS NOT NULL", name="replied_has_a_time"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decided_has_a_time"),
        CheckConstraint("decision IN ('accepted', 'refused')", name="decision_is_known"),
        CheckConstraint("(cleared_at IS NULL) = (cleared_reason IS NULL)", name="cleared_with_a_reason"),
        CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction_is_a_key"),
        Index("uq_work_order_kind_offer_id", "kind", "offer_id", unique=True),
        Index("ix_work_order_active", "centre", "due_at", "id", postgresql_where=text(ACTIVE)),
        Index("ix_work_order_owner", "owner_id", "due_at", postgresql_where=text(ACTIVE)),
        Index("ix_work_order_opened", "centre", "opened_at"),
        Index("ix_work_order_due", "centre", "due_at"),
        Index("ix_work_order_look", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index("ix_work_order_overdue", "centre", "breached_at", postgresql_where=text(OVERDUE)),
        Index("ix_work_order_number", "number_hash", "opened_at"),
        Index("ix_work_order_caller", "caller_hash", "opened_at"),
        Index("ix_work_order_person", "person_hash", "opened_at", postgresql_where=text("person_hash IS NOT NULL")),
        Index("ix_work_order_call_sid", "call_sid"),
        Index("ix_work_order_closed", "centre", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    )


class CaseEvent(Base):
    """One thing that happened to a case; append-only. `actor`: a user name, "caller" or "system"."""

    __tablename__ = "case_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, server_default="")
    # For example {"from": "2026-03-11T09:30:00+00:00", "to": "..."} of a deadline that was reckoned anew.
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    __table_args__ = (Index("ix_case_event_case_id", "case_id", "id"),)


class CaseReply(Base):
    """One try to deliver the answer: a call through the hub, or a text message."""

    __tablename__ = "case_reply"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"))
    # call or text
    kind: Mapped[str] = mapped_column(String(8))
    by: Mapped[str] = mapped_column(String(64))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    # Of a call: the callback that it is made by.
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("callback.id"), unique=True)
    # Of a text: its words, the channel's own id, and the lease of who is sending it.
    words: Mapped[str | None] = mapped_column(Text)
    channel_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # delivered, or why not: no_answer, busy, machine, ..., too_short, undelivered, no_channel, failed
    result: Mapped[str | None] = mapped_column(String(16))
    talk_seconds: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("kind IN ('call', 'text')", name="kind_is_known"),
        CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="ended_has_a_result"),
        Index("uq_case_reply_open", "case_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_case_reply_case_id", "case_id", "made_at"),
        Index("ix_case_reply_open", "made_at", postgresql_where=text("ended_at IS NULL")),
    )


class Message(Base):
    """What a caller says after the beep: there from before it, so that no word of the carrier is nobody's."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    call_sid: Mapped[str] = mapped_column(String(64))
    # Which of the call's messages: the turn at which it began.
    turn: Mapped[int]
    # message, complaint, report, comment
    kind: Mapped[str] = mapped_column(String(10))
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    source: Mapped[str] = mapped_column(String(12))
    # recording -> kept, or empty
    status: Mapped[str] = mapped_column(String(10), server_default="recording")
    begun_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # Since when the caller knows number and date.
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("work_order.id"))
    # The case that the caller wants to add to.
    adds_to: Mapped[int | None] = mapped_column(ForeignKey("work_order.id"))
    # Sealed for "case.number".
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_tail: Mapped[str | None] = mapped_column(String(4))
    caller_region: Mapped[str | None] = mapped_column(Text)
    caller_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    person_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_anonymous: Mapped[bool] = mapped_column(server_default=text("false"))
    # What was looked at in the menu before, for example "recordings/pension".
    asked: Mapped[str] = mapped_column(Text, server_default="")

    __table_args__ = (
        CheckConstraint("kind IN ('message', 'complaint', 'report', 'comment')", name="kind_is_known"),
        CheckConstraint("status IN ('recording', 'kept', 'empty')", name="status_is_known"),
        CheckConstraint("(status = 'recording') = (ended_at IS NULL)", name="ended_has_a_time"),
        CheckConstraint("status <> 'kept' OR case_id IS NOT NULL", name="kept_has_a_case"),
        Index("uq_message_call_sid_turn", "call_sid", "turn", unique=True),
        Index("ix_message_case_id", "case_id"),
        Index("ix_message_begun_at", "begun_at"),
        Index("ix_message_unfinished", "begun_at", postgresql_where=text("status = 'recording'")),
    )


class MessageRecording(Base):
    """One take of a message. The last one counts; the others are deleted."""

    __tablename__ = "message_recording"

    recording_sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    call_sid: Mapped[str] = mapped_column(String(64))
    # in-progress -> absent, completed (at the carrier) -> stored (also ours) -> home (only ours); lost, unusable
    status: Mapped[str] = mapped_column(String(12))
    seconds: Mapped[int | None]
    voice_seconds: Mapped[float | None] = mapped_column(Float)
    is_superseded: Mapped[bool] = mapped_column(server_default=text("false"))
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    storage_key: Mapped[str | None] = mapped_column(Text)
    stored_at: Mapped[datetime | None] = mapped_column(Moment)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    # Loudness for the eye: one byte a stretch, at most 400.
    peaks: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str | None] = mapped_column(Text)
    # By the centre's rule of how long voices are kept.
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(
            "status IN ('in-progress', 'absent', 'completed', 'stored', 'home', 'lost', 'unusable')",
            name="status_is_known",
        ),
        Index("ix_message_recording_message_id", "message_id"),
        Index(
            "ix_message_recording_unfinished",
            "started_at",
            postgresql_where=text("status IN ('in-progress', 'completed', 'stored')"),
        ),
        Index("ix_message_recording_kept", "ended_at", postgresql_where=text("deleted_at IS NULL")),
    )


class Transcript(Base):
    """What the recogniser understood, word by word, and what somebody made of it."""

    __tablename__ = "transcript"

    recording_sid: Mapped[str] = mapped_column(ForeignKey("message_recording.recording_sid"), primary_key=True)
    # waiting -> done, no_model, failed
    status: Mapped[str] = mapped_column(String(10), server_default="waiting")
    made_at: Mapped[datetime] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    # [[word, start seconds, end seconds, confidence 0 to 1], ...]
    words: Mapped[list[Any] | None] = mapped_column(JSONB)
    # The words one after another.
    said: Mapped[str | None] = mapped_column(Text)
    confidence: Mapped[float | None] = mapped_column(Float)
    model: Mapped[str | None] = mapped_column(String(80))
    corrected_text: Mapped[str | None] = mapped_column(Text)
    corrected_by: Mapped[str | None] = mapped_column(String(64))
    corrected_at: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'done', 'no_model', 'failed')", name="status_is_known"),
        CheckConstraint("(corrected_at IS NULL) = (corrected_text IS NULL)", name="corrected_has_a_time"),
        Index("ix_transcript_waiting", "made_at", postgresql_where=text("status = 'waiting'")),
    )


class SubjectCorrection(Base):
    """Staff chose another subject than the words suggested: kept, so that the rules can be made better."""

    __tablename__ = "subject_correction"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(64))
    suggested: Mapped[str | None] = mapped_column(String(40))
    because: Mapped[str | None] = mapped_column(Text)
    chosen: Mapped[str] = mapped_column(String(40))

    __table_args__ = (Index("ix_subject_correction_at", "at"),)


class AgentDeputy(Base):
    """Who does a consultant's cases while the consultant is away."""

    __tablename__ = "agent_deputy"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    deputy_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    set_by: Mapped[str] = mapped_column(String(64))
    set_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("agent_id <> deputy_id", name="deputy_is_another"),
        CheckConstraint("until IS NULL OR until > since", name="ends_after_it_begins"),
        Index("uq_agent_deputy_open", "agent_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_agent_deputy_deputy", "deputy_id", postgresql_where=text("ended_at IS NULL")),
    )
