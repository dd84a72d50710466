"""The waiting line, its offers, the consultants' seats, and what is left of a talk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database import Base

Moment = DateTime(timezone=True)
OPEN_OFFER = "status IN ('reserved', 'ringing', 'accepted', 'connected')"
TEXTS = ARRAY(String(16))


class Agent(Base):
    """A consultant's seat: what it can do, and the state it is in now."""

    __tablename__ = "agent"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    # 工号, said to the caller.
    number: Mapped[str] = mapped_column(String(8), unique=True)
    name: Mapped[str] = mapped_column(Text)
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    skills: Mapped[list[str]] = mapped_column(TEXTS, server_default="{}")
    languages: Mapped[list[str]] = mapped_column(TEXTS, server_default="{}")
    # Where the talk comes to: the console's own telephone, or a number (a seat at home).
    door: Mapped[str] = mapped_column(String(10), server_default="browser")
    # Sealed for "agent.telephone".
    telephone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    telephone_tail: Mapped[str | None] = mapped_column(String(4))
    state: Mapped[str] = mapped_column(String(12), server_default="logged_out")
    reason: Mapped[str | None] = mapped_column(String(16))
    state_since: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    # The longest idle seat is offered first; a ring that came to nothing does not begin it anew.
    idle_since: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    # A break that was wished for during a talk.
    next_reason: Mapped[str | None] = mapped_column(String(16))
    heartbeat_at: Mapped[datetime | None] = mapped_column(Moment)
    # Offers not answered in a row.
    misses: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    cool_until: Mapped[datetime | None] = mapped_column(Moment)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        CheckConstraint(
            "state IN ('logged_out', 'available', 'reserved', 'on_call', 'hold', 'wrap_up', 'break', 'away')",
            name="state_is_known",
        ),
        CheckConstraint("door IN ('browser', 'telephone')", name="door_is_known"),
        Index("ix_agent_available", "centre", "idle_since", postgresql_where=text("state = 'available'")),
        # Every heartbeat rewrites the row: room on the page keeps it from touching the indexes.
        {"postgresql_with": {"fillfactor": "50"}},
    )


class AgentShift(Base):
    """From signing in to signing out."""

    __tablename__ = "agent_shift"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    began_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("uq_agent_shift_open", "agent_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_agent_shift_agent_id_began_at", "agent_id", "began_at"),
    )


class AgentInterval(Base):
    """A stretch of a shift in one state; the intervals of a shift add up to it."""

    __tablename__ = "agent_interval"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("agent_shift.id"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(16))
    offer_id: Mapped[str | None] = mapped_column(String(24))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("uq_agent_interval_open", "agent_id", unique=True, postgresql_where=text("until IS NULL")),
        Index("ix_agent_interval_agent_id_since", "agent_id", "since"),
        Index("ix_agent_interval_offer_id", "offer_id", postgresql_where=text("state = 'wrap_up'")),
    )


class QueueEntry(Base):
    """A caller who asked for a person, on the telephone or to be rung, until the end of it.

    Order in the line: (rank_at, id), callers and callbacks together.
    """

    __tablename__ = "queue_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), server_default="call")
    call_sid: Mapped[str] = mapped_column(String(64))
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    skill: Mapped[str] = mapped_column(String(16), server_default="")
    language: Mapped[str] = mapped_column(String(16), server_default="")
    caller_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    caller_tail: Mapped[str | None] = mapped_column(String(4))
    caller_region: Mapped[str | None] = mapped_column(Text)
    # What was looked at in the menu before, for example "recordings/pension".
    asked: Mapped[str] = mapped_column(Text, server_default="")
    is_slow: Mapped[bool] = mapped_column(server_default=text("false"))
    # Never changes: transfers and lost talks keep the place.
    arrived_at: Mapped[datetime] = mapped_column(Moment)
    joined_at: Mapped[datetime] = mapped_column(Moment)
    # When somebody first spoke with the caller, for the wait that is reported.
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    rank_at: Mapped[datetime] = mapped_column(Moment)
    # The rules that moved it ahead of its arrival.
    rules: Mapped[list[str]] = mapped_column(TEXTS, server_default="{}")
    status: Mapped[str] = mapped_column(String(10), server_default="waiting")
    offers: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # What the caller was told so far (wait_time.Said): no later word may be worse.
    said: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    end_reason: Mapped[str | None] = mapped_column(String(16))
    # Of kind 'callback', and of a call that one led to. Until the caller has confirmed, call_sid is 'callback-<id>'.
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("callback.id"))
    # The caller's number, sealed for "callback.number", while it may be needed to ring back.
    caller_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Has asked to be rung, and is being asked for the number and the time.
    wants_callback: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        CheckConstraint("kind IN ('call', 'callback')", name="kind_is_known"),
        CheckConstraint("status IN ('waiting', 'offered', 'connected', 'ended')", name="status_is_known"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_has_a_time"),
        Index("uq_queue_entry_open_callback", "callback_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("uq_queue_entry_open_call", "call_sid", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_queue_entry_line", "centre", "rank_at", "id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_queue_entry_waiting", "rank_at", "id", postgresql_where=text("status = 'waiting'")),
        Index("ix_queue_entry_caller_hash", "caller_hash", "joined_at"),
        Index("ix_queue_entry_centre_joined_at", "centre", "joined_at"),
    )


class Offer(Base):
    """One entry offered to one agent; accepted, it is the talk's leg, with times of its own."""

    __tablename__ = "offer"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("queue_entry.id"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    # The caller's.
    call_sid: Mapped[str] = mapped_column(String(64))
    # Where the caller waited, which may not be the agent's own centre.
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    status: Mapped[str] = mapped_column(String(12), server_default="reserved")
    made_at: Mapped[datetime] = mapped_column(Moment)
    ring_until: Mapped[datetime] = mapped_column(Moment)
    agent_call_sid: Mapped[str | None] = mapped_column(String(64), unique=True)
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    connected_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # Who or what ended it: agent, caller, leg, timeout, carrier, no_number.
    end_reason: Mapped[str | None] = mapped_column(String(16))
    conference_sid: Mapped[str | None] = mapped_column(String(64))
    held_since: Mapped[datetime | None] = mapped_column(Moment)
    held_seconds: Mapped[int] = mapped_column(server_default="0")
    wait_seconds: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        CheckConstraint(f"(ended_at IS NULL) = ({OPEN_OFFER})", name="open_has_no_end"),
        Index("uq_offer_open_entry", "entry_id", unique=True, postgresql_where=text(OPEN_OFFER)),
        Index("uq_offer_open_agent", "agent_id", unique=True, postgresql_where=text(OPEN_OFFER)),
        Index("ix_offer_agent_id_made_at", "agent_id", "made_at"),
        Index("ix_offer_entry_id", "entry_id"),
        Index("ix_offer_call_sid", "call_sid"),
        Index("ix_offer_centre_made_at", "centre", "made_at"),
    )


class CarrierTask(Base):
    """Something to be asked of the carrier, written in the transaction that wants it, done after its commit."""

    __tablename__ = "carrier_task"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    offer_id: Mapped[str] = mapped_column(ForeignKey("offer.id"))
    call_sid: Mapped[str | None] = mapped_column(String(64))
    not_before: Mapped[datetime] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_carrier_task_due", "not_before", postgresql_where=text("done_at IS NULL")),
        Index("ix_carrier_task_offer_id", "offer_id"),
    )


class TalkRecording(Base):
    """The recording of a consultant's leg, one to one with it."""

    __tablename__ = "talk_recording"

    recording_sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    offer_id: Mapped[str] = mapped_column(ForeignKey("offer.id"), unique=True)
    call_sid: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    seconds: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    storage_key: Mapped[str | None] = mapped_column(Text)
    stored_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "ix_talk_recording_unfinished",
            "started_at",
            postgresql_where=text("status IN ('in-progress', 'completed', 'copied')"),
        ),
    )


class WrapUp(Base):
    """What a talk was about, in the consultant's words; saved as it is typed."""

    __tablename__ = "wrap_up"

    offer_id: Mapped[str] = mapped_column(ForeignKey("offer.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    subject: Mapped[str | None] = mapped_column(String(40))
    disposition: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, server_default="")
    saved_at: Mapped[datetime] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (Index("ix_wrap_up_open", "agent_id", postgresql_where=text("done_at IS NULL")),)


class GuideMark(Base):
    """A consultant found a guide wrong or missing; it stays on its owner's list until cleared with a reason."""

    __tablename__ = "guide_mark"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    # A guide's id, or what was searched for when there is none.
    guide: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(Text, server_default="")
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    offer_id: Mapped[str | None] = mapped_column(ForeignKey("offer.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    cleared_by: Mapped[str | None] = mapped_column(String(64))
    cleared_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("verdict IN ('wrong', 'missing')", name="verdict_is_known"),
        CheckConstraint("(cleared_at IS NULL) = (cleared_reason IS NULL)", name="cleared_with_a_reason"),
        Index("ix_guide_mark_open", "centre", "at", postgresql_where=text("cleared_at IS NULL")),
    )


class Rating(Base):
    """A caller's own judgement of one talk, by key; a caller who pressed nothing has none."""

    __tablename__ = "rating"

    offer_id: Mapped[str] = mapped_column(ForeignKey("offer.id"), primary_key=True)
    call_sid: Mapped[str] = mapped_column(String(64))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    # 1 very satisfied ... 5 very dissatisfied
    score: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(Moment)
    comment_sid: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score_is_a_key"),
        Index("ix_rating_agent_id_at", "agent_id", "at"),
    )
