"""Freezes and releases of cards by telephone: one row for each, committed before the card system is asked."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
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

Moment = DateTime(timezone=True)


class CardFreeze(Base):
    """One write to a card system. Whoever finds an open row for a card writes nothing."""

    __tablename__ = "card_freeze"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    # freeze or release; see voicemail/freeze.py for the statuses.
    action: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(10))
    person_hash: Mapped[bytes] = mapped_column(LargeBinary)
    card_hash: Mapped[bytes] = mapped_column(LargeBinary)
    card_tail: Mapped[str | None] = mapped_column(String(4))
    bank: Mapped[str | None] = mapped_column(String(40))
    # ID number and card number, sealed for "card_freeze.person"; kept only while the write is open.
    person_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    call_sid: Mapped[str] = mapped_column(String(64))
    # How often this call has done the opposite before: frozen, released and frozen again are three writes.
    turn: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # keypad or console; "caller" or the user name of who wrote.
    door: Mapped[str] = mapped_column(String(8))
    asked_by: Mapped[str] = mapped_column(String(64))
    # The telephone that asked: for the call back, sealed for "card_freeze.number".
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_tail: Mapped[str | None] = mapped_column(String(4))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # Of the system: its last day, its number of the write, its sentence.
    until: Mapped[date | None] = mapped_column(Date)
    # By the city's rule, for systems that do not tell the last day.
    earliest: Mapped[date | None] = mapped_column(Date)
    is_formal: Mapped[bool] = mapped_column(server_default=text("false"))
    receipt: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)
    # While it is unknown: looks so far, the next one, and by when the caller is told.
    looks: Mapped[int] = mapped_column(server_default="0")
    look_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    callback_id: Mapped[int | None] = mapped_column(BigInteger)
    # Whoever cleared it from the urgent list, and why.
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    cleared_by: Mapped[str | None] = mapped_column(String(64))
    cleared_reason: Mapped[str | None] = mapped_column(Text)
    # The caller was reminded that the freeze ends.
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(
            "status IN ('writing', 'unknown', 'done', 'already', 'refused', 'not_sent', 'not_done')", name="status"
        ),
        CheckConstraint("(status IN ('writing', 'unknown')) = (ended_at IS NULL)", name="ends_once"),
        CheckConstraint("(cleared_at IS NULL) = (cleared_reason IS NULL)", name="cleared_with_a_reason"),
        # One write of a card at a time, whoever asks.
        Index(
            "uq_card_freeze_open",
            "card_hash",
            unique=True,
            postgresql_where=text("status IN ('writing', 'unknown')"),
        ),
        # A repeated key or webhook of one call writes once.
        Index(
            "uq_card_freeze_call",
            "call_sid",
            "card_hash",
            "action",
            "turn",
            unique=True,
            postgresql_where=text("status IN ('writing', 'unknown', 'done', 'already')"),
        ),
        Index("ix_card_freeze_person", "person_hash", "asked_at"),
        Index("ix_card_freeze_centre", "centre", "asked_at"),
        Index("ix_card_freeze_look", "look_at", postgresql_where=text("status IN ('writing', 'unknown')")),
        Index(
            "ix_card_freeze_urgent",
            "centre",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL AND cleared_at IS NULL"),
        ),
        Index("ix_card_freeze_ends", text("coalesce(until, earliest)"), postgresql_where=text("reminded_at IS NULL")),
    )
