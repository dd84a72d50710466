"""Centres, and the days and hours that people set while the system runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database import Base

Moment = DateTime(timezone=True)


class CentreRow(Base):
    """A centre as other rows refer to it; everything else about it is in its configuration file."""

    __tablename__ = "centre"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    short_name: Mapped[str] = mapped_column(Text)


class ExceptionalClosing(Base):
    """A duty supervisor's closing of a centre's human service; it ends by itself at `until`."""

    __tablename__ = "exceptional_closing"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(Text)
    signed_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (CheckConstraint("until > since", name="ends_after_it_begins"),)


class CalendarNotice(Base):
    """The State Council's notice of a year's days off and make-up days, as an administrator entered it."""

    __tablename__ = "calendar_notice"

    year: Mapped[int] = mapped_column(primary_key=True)
    # {"off": {"2027-01-01": "元旦"}, "work": ["2027-02-14"]}
    days: Mapped[dict[str, Any]] = mapped_column(JSONB)
    entered_by: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(Moment)
