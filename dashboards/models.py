"""The people who sign in, and what was done by whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database import Base

Moment = DateTime(timezone=True)

CONSULTANT, SUPERVISOR, PROVINCIAL, ADMINISTRATOR = "consultant", "supervisor", "provincial", "administrator"
ROLES = (CONSULTANT, SUPERVISOR, PROVINCIAL, ADMINISTRATOR)


class StaffUser(Base):
    """Somebody who signs in. Consultants and supervisors belong to one centre; the others see all."""

    __tablename__ = "staff_user"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(20))
    centre: Mapped[str | None] = mapped_column(ForeignKey("centre.code"))
    # argon2id, with its parameters.
    password_hash: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    # Changes with the password or when all sessions are to end.
    session_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment)
    # A consultant's seat.
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"), unique=True)
    # The second factor's secret, sealed for "staff.totp"; the step last used is never taken again.
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_since: Mapped[datetime | None] = mapped_column(Moment)
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        CheckConstraint("role IN (" + ", ".join(f"'{role}'" for role in ROLES) + ")", name="role_is_known"),
        CheckConstraint(
            "(role IN ('provincial', 'administrator')) = (centre IS NULL)", name="centre_goes_with_the_role"
        ),
    )


class AuditEntry(Base):
    """What somebody did or looked at; append-only. `subject` names no person: ids and masked numbers only."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    username: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    centre: Mapped[str | None] = mapped_column(String(6))
    subject: Mapped[str] = mapped_column(Text)
