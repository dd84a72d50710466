"""Callbacks: who is to be rung, each attempt to do so, and the text message when none succeeded."""

from __future__ import annotations

from datetime import datetime

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
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database import Base
from queueing.line_models import TEXTS

Moment = DateTime(timezone=True)
# What a supervisor has to look at.
TO_CLEAR = (
    "cleared_at IS NULL AND (breached_at IS NOT NULL OR end_reason IN ('unreached', 'wrong_number', 'bad_number'))"
)


class Callback(Base):
    """A caller who is to be rung, from asking to its one ending. Only ever changed by its table of moves."""

    __tablename__ = "callback"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    skill: Mapped[str] = mapped_column(String(16), server_default="")
    language: Mapped[str] = mapped_column(String(16), server_default="")
    asked: Mapped[str] = mapped_column(Text, server_default="")
    is_slow: Mapped[bool] = mapped_column(server_default=text("false"))
    # Sealed for "callback.number".
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(LargeBinary)
    number_tail: Mapped[str] = mapped_column(String(4))
    caller_region: Mapped[str | None] = mapped_column(Text)
    # The telephone that asked, which may be another one.
    asker_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # How it was asked for: line, menu, limit, abandoned, dropped, desk.
    source: Mapped[str] = mapped_column(String(12))
    call_sid: Mapped[str] = mapped_column(String(64))
    # A consultant's words, shown when it rings.
    note: Mapped[str] = mapped_column(Text, server_default="")
    # When the caller first stood in the line, or asked; with `rules` it is the place that is kept.
    arrived_at: Mapped[datetime] = mapped_column(Moment)
    rank_at: Mapped[datetime] = mapped_column(Moment)
    rules: Mapped[list[str]] = mapped_column(TEXTS, server_default="{}")
    asked_at: Mapped[datetime] = mapped_column(Moment)
    slot_from: Mapped[datetime | None] = mapped_column(Moment)
    slot_until: Mapped[datetime | None] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(10))
    # While scheduled: nothing is done before.
    not_before: Mapped[datetime | None] = mapped_column(Moment)
    promised_until: Mapped[datetime | None] = mapped_column(Moment)
    breached_at: Mapped[datetime | None] = mapped_column(Moment)
    # Those that the carrier began.
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    end_reason: Mapped[str | None] = mapped_column(String(16))
    ended_by: Mapped[str | None] = mapped_column(String(64))
    end_note: Mapped[str | None] = mapped_column(Text)
    # A supervisor has dealt with what did not succeed, or came too late.
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    cleared_by: Mapped[str | None] = mapped_column(String(64))
    cleared_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("status IN ('scheduled', 'waiting', 'dialling', 'live', 'ended')", name="status_is_known"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_has_a_time"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_has_a_reason"),
        CheckConstraint("(status = 'scheduled') = (not_before IS NOT NULL)", name="scheduled_has_a_time"),
        CheckConstraint("(slot_from IS NULL) = (slot_until IS NULL)", name="slot_is_whole"),
        CheckConstraint("(cleared_at IS NULL) = (cleared_reason IS NULL)", name="cleared_with_a_reason"),
        # One open request for each number and subject.
        Index(
            "uq_callback_open",
            "centre",
            "number_hash",
            "skill",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_callback_due", "not_before", postgresql_where=text("status = 'scheduled'")),
        Index("ix_callback_centre_open", "centre", "rank_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_callback_centre_ended_at", "centre", "ended_at"),
        Index("ix_callback_slot", "centre", "slot_from", postgresql_where=text("ended_at IS NULL")),
        Index("ix_callback_number_hash", "number_hash", postgresql_where=text("ended_at IS NULL")),
        Index("ix_callback_call_sid", "call_sid"),
        Index("ix_callback_to_clear", "centre", postgresql_where=text(TO_CLEAR)),
    )


class CallbackAttempt(Base):
    """One try to reach the caller, with the consultant who was reserved for it."""

    __tablename__ = "callback_attempt"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id"))
    offer_id: Mapped[str] = mapped_column(ForeignKey("offer.id"), unique=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("queue_entry.id"))
    # 1 for the first.
    number: Mapped[int] = mapped_column(SmallInteger)
    call_sid: Mapped[str | None] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(10), server_default="claimed")
    made_at: Mapped[datetime] = mapped_column(Moment)
    # Since when the carrier rings; only then it counts.
    initiated_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    result: Mapped[str | None] = mapped_column(String(16))

    __table_args__ = (
        CheckConstraint(
            "status IN ('claimed', 'initiated', 'ringing', 'answered', 'confirmed', 'ended')", name="status_is_known"
        ),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_has_a_time"),
        CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="ended_has_a_result"),
        Index("uq_callback_attempt_open", "callback_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_callback_attempt_callback_id", "callback_id", "number"),
        Index("ix_callback_attempt_open", "made_at", postgresql_where=text("ended_at IS NULL")),
    )


class TextMessage(Base):
    """A text message that is due; without a channel it says so, and nobody is told that one was sent."""

    __tablename__ = "text_message"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id"))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(12), server_default="waiting")
    made_at: Mapped[datetime] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'no_channel', 'sent', 'failed')", name="status_is_known"),
        Index("uq_text_message_callback_id_kind", "callback_id", "kind", unique=True),
        Index("ix_text_message_waiting", "made_at", postgresql_where=text("status = 'waiting'")),
    )


class CarrierPace(Base):
    """When the carrier may next be asked for an outgoing call: one row, for all processes together."""

    __tablename__ = "carrier_pace"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Moment)
