"""Cases that somebody must answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database import Base

Moment = DateTime(timezone=True)
LOW_RATING = "low_rating"


class WorkOrder(Base):
    """Something promised to a caller; on its centre's list until somebody closes it with a reason."""

    __tablename__ = "work_order"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    call_sid: Mapped[str] = mapped_column(String(64))
    offer_id: Mapped[str | None] = mapped_column(ForeignKey("offer.id"))
    # What the caller said about it, by the carrier's id of the recording.
    comment_sid: Mapped[str | None] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (closed_reason IS NULL)", name="closed_with_a_reason"),
        # A repeated webhook opens no second one.
        Index("uq_work_order_kind_offer_id", "kind", "offer_id", unique=True),
        Index("ix_work_order_open", "centre", "opened_at", postgresql_where=text("closed_at IS NULL")),
    )
