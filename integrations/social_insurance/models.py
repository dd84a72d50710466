"""Who asked for whose data and why, and wrong query PINs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database import Base

Moment = DateTime(timezone=True)
# The last four digits of the medical platform's message numbers, the same for all processes.
MESSAGE_NUMBERS = Sequence("medical_message", minvalue=0, maxvalue=9999, start=0, cycle=True, metadata=Base.metadata)


class LookUpAudit(Base):
    """One question to a business system: entered before it is asked, completed when it is answered.

    Without a result nobody knows what came of it: the process ended in between.
    """

    __tablename__ = "look_up_audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    # "caller", or a user name.
    who: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(String(64))
    call_sid: Mapped[str | None] = mapped_column(String(64))
    centre: Mapped[str] = mapped_column(String(6))
    system: Mapped[str] = mapped_column(String(40))
    # pension, medical, card or pin.
    kind: Mapped[str] = mapped_column(String(16))
    # The fingerprint of the ID number, by which a person's own rows are found and nobody else's.
    person_hash: Mapped[bytes] = mapped_column(LargeBinary)
    result: Mapped[str | None] = mapped_column(String(16))
    # Of an unavailable system: slow, down, busy, closed, refused.
    reason: Mapped[str | None] = mapped_column(String(16))
    milliseconds: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("(result IS NULL) = (milliseconds IS NULL)", name="result_has_its_time"),
        Index("ix_look_up_audit_at", "at"),
        Index("ix_look_up_audit_person_hash", "person_hash", "at"),
        Index("ix_look_up_audit_call_sid", "call_sid"),
        Index("ix_look_up_audit_open", "at", postgresql_where=text("result IS NULL")),
    )


class PinFailure(Base):
    """A wrong query PIN, entered before the system is asked and taken away again when it was right.

    `person_hash` None: forgiven to the person, who has proven who they are, and still held against the telephone.
    """

    __tablename__ = "pin_failure"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    person_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    caller_hash: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint("person_hash IS NOT NULL OR caller_hash IS NOT NULL", name="counts_for_somebody"),
        Index("ix_pin_failure_person_hash", "person_hash", "at"),
        Index("ix_pin_failure_caller_hash", "caller_hash", "at"),
        Index("ix_pin_failure_at", "at"),
    )
