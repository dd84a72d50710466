"""The ledger of calls, the live sessions, and what a duty supervisor has set."""

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
from ivr.outcome import PRECEDENCE

Moment = DateTime(timezone=True)


class Call(Base):
    """One call of the ledger: received once, ended once, with exactly one outcome."""

    __tablename__ = "call"

    call_sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    direction: Mapped[str] = mapped_column(String(20))
    # Sealed for "call.caller"; None when withheld. The hash finds the same caller's other calls.
    caller_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    caller_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    caller_tail: Mapped[str | None] = mapped_column(String(4))
    caller_kind: Mapped[str] = mapped_column(String(16))
    caller_region: Mapped[str | None] = mapped_column(Text)
    dialled: Mapped[str] = mapped_column(String(64))
    # Figures are by the centre that received the call and the hour it began.
    first_centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    started_at: Mapped[datetime] = mapped_column(Moment)
    desk_answered_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    carrier_status: Mapped[str] = mapped_column(String(20))
    status_rank: Mapped[int] = mapped_column(SmallInteger)
    outcome: Mapped[str | None] = mapped_column(String(24))
    # Who said that the call is over: carrier, sweep, outage.
    end_reason: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_has_outcome"),
        CheckConstraint("outcome IN (" + ", ".join(f"'{name}'" for name in PRECEDENCE) + ")", name="outcome_is_known"),
        Index("ix_call_first_centre_started_at", "first_centre", "started_at"),
        Index("ix_call_started_at", "started_at"),
        Index("ix_call_caller_hash", "caller_hash"),
        # What ended lately, for the figures of this instant.
        Index("ix_call_ended_at", "ended_at"),
        Index("ix_call_open", "started_at", postgresql_where=text("ended_at IS NULL")),
    )


class CallSession(Base):
    """A live call's place in the menu. Narrow and rewritten at every step; gone when the call has ended."""

    __tablename__ = "call_session"

    call_sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    turn: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    # Digits that were keyed in, sealed for "session:<call_sid>".
    private: Mapped[bytes | None] = mapped_column(LargeBinary)
    touched_at: Mapped[datetime] = mapped_column(Moment)

    # Room on each page, so that an update need not touch the index.
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)


class CallStep(Base):
    """One event of a call and what the caller then heard; append-only.

    No foreign key to the call: checking it would lock and rewrite the call's row at every key press. The ledger
    proof looks for steps without a call instead.
    """

    __tablename__ = "call_step"

    call_sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Moment)
    centre: Mapped[str] = mapped_column(String(6))
    node: Mapped[str] = mapped_column(String(64))
    # The digits of a menu; of a number only how many there were.
    keys: Mapped[str | None] = mapped_column(String(32))
    # Verbs as JSON; sealed for "step:<call_sid>" when a sentence holds a caller's digits.
    reply: Mapped[bytes] = mapped_column(LargeBinary)


class CallStatusEvent(Base):
    """Every status the carrier sent, in the order it came; append-only. `applied`: it moved the call."""

    __tablename__ = "call_status_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    call_sid: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(40))
    sequence: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(Moment)
    applied: Mapped[bool]


class UrgentNotice(Base):
    """A sentence that every caller of a centre hears between two times, signed by whoever set it."""

    __tablename__ = "urgent_notice"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    # None: all centres.
    centre: Mapped[str | None] = mapped_column(ForeignKey("centre.code"))
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    signed_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (CheckConstraint("until > since", name="ends_after_it_begins"),)


class FeatureOverride(Base):
    """A key opened or closed for a centre while the system runs; the newest row counts."""

    __tablename__ = "feature_override"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    feature: Mapped[str] = mapped_column(String(20))
    is_open: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(Moment)
