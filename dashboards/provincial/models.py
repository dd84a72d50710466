"""Facts for the figures, what cities with their own systems send, the proofs of the ledger, and alarms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboards.provincial.measures import GRAINS, MEASURES
from integrations.database import Base
from ivr.outcome import PRECEDENCE

Moment = DateTime(timezone=True)
OUTCOMES = "outcome IN (" + ", ".join(f"'{name}'" for name in PRECEDENCE) + ")"

# One row for each combination; `subject` '*' is all subjects together. Made anew from the raw rows, a day at a time.
Fact = Table(
    "fact",
    Base.metadata,
    Column("grain", String(5), primary_key=True),
    Column("subject", String(40), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("centre", String(6), primary_key=True),
    Column("channel", String(8), primary_key=True),
    Column("source", String(4), primary_key=True),
    *(Column(name, Integer, nullable=False, server_default="0") for name in MEASURES),
    CheckConstraint(f"grain IN {GRAINS}", name="grain_is_known"),
    CheckConstraint("source IN ('own', 'city', 'demo')", name="source_is_known"),
)


class FactDay(Base):
    """When a day's facts were last made, and why the last change was needed."""

    __tablename__ = "fact_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    built_at: Mapped[datetime] = mapped_column(Moment)
    # Something of the day came or was corrected since.
    is_due: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (Index("ix_fact_day_due", "day", postgresql_where=text("is_due")),)


class CitySystem(Base):
    """A centre whose calls are taken by a system of its own, which tells us about them."""

    __tablename__ = "city_system"

    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"), primary_key=True)
    since: Mapped[datetime] = mapped_column(Moment)
    # Nothing new for so long is an alarm.
    stale_minutes: Mapped[int] = mapped_column(server_default="30")
    # Address of an exchange table to read from, sealed for "city.exchange"; None when the city pushes.
    exchange_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # How far the exchange table was read.
    pulled_to: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pulled_at: Mapped[datetime | None] = mapped_column(Moment)
    pull_problem: Mapped[str | None] = mapped_column(Text)
    # The newest moment that anything told of, and when it came.
    newest_at: Mapped[datetime | None] = mapped_column(Moment)
    heard_at: Mapped[datetime | None] = mapped_column(Moment)


class CityKey(Base):
    """What a city signs its batches with; shown once, then only sealed."""

    __tablename__ = "city_key"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("city_system.centre"))
    # Sealed for "city.key".
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_by: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (Index("ix_city_key_centre", "centre"),)


class CityBatch(Base):
    """What a city sent in one piece, and what became of it; append-only."""

    __tablename__ = "city_batch"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    # The sender's own name for it: the same one again changes nothing.
    batch_id: Mapped[str] = mapped_column(String(64))
    # calls, hours, totals
    kind: Mapped[str] = mapped_column(String(8))
    # push, upload, pull
    via: Mapped[str] = mapped_column(String(8))
    # Of the content, to tell a repetition from another batch of the same name.
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(8))
    rows: Mapped[int]
    accepted: Mapped[int]
    # Known already, or older than what is known.
    unchanged: Mapped[int]
    refused: Mapped[int]
    # [{"line": 3, "field": "outcome", "problem": "…"}], at most some hundreds.
    problems: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    # The key or the person.
    sent_by: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        CheckConstraint("kind IN ('calls', 'hours', 'totals')", name="kind_is_known"),
        CheckConstraint("via IN ('push', 'upload', 'pull')", name="via_is_known"),
        CheckConstraint("status IN ('accepted', 'partial', 'refused')", name="status_is_known"),
        CheckConstraint("rows = accepted + unchanged + refused", name="rows_add_up"),
        Index("uq_city_batch_centre_batch_id", "centre", "batch_id", unique=True),
        Index("ix_city_batch_centre_received_at", "centre", "received_at"),
    )


class CityCall(Base):
    """One call as a city told it; a correction is another row with a higher version, and the older one stays."""

    __tablename__ = "city_call"

    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"), primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[int] = mapped_column(ForeignKey("city_batch.id"))
    is_current: Mapped[bool]
    # Told by mistake: it counts nowhere.
    is_withdrawn: Mapped[bool] = mapped_column(server_default=text("false"))
    started_at: Mapped[datetime] = mapped_column(Moment)
    # None while it goes on.
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    channel: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(40), server_default="")
    outcome: Mapped[str | None] = mapped_column(String(24))
    asked_human: Mapped[bool] = mapped_column(server_default=text("false"))
    # In the line, of those who stood in it.
    wait_seconds: Mapped[int | None]
    talk_seconds: Mapped[int] = mapped_column(server_default="0")
    hold_seconds: Mapped[int] = mapped_column(server_default="0")
    wrap_up_seconds: Mapped[int] = mapped_column(server_default="0")
    # The caller's judgement, 1 to 5.
    score: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_has_outcome"),
        CheckConstraint(OUTCOMES, name="outcome_is_known"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score_is_a_key"),
        Index("uq_city_call_current", "centre", "call_id", unique=True, postgresql_where=text("is_current")),
        Index("ix_city_call_started_at", "started_at", "centre", postgresql_where=text("is_current")),
    )


class CityHour(Base):
    """The sums of an hour as a city told them, by the names of the measures; corrected like a call."""

    __tablename__ = "city_hour"

    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[int] = mapped_column(ForeignKey("city_batch.id"))
    is_current: Mapped[bool]
    measures: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (
        Index(
            "uq_city_hour_current",
            "at",
            "centre",
            "channel",
            "subject",
            unique=True,
            postgresql_where=text("is_current"),
        ),
    )


class CityTotal(Base):
    """What a city itself says that a day came to, beside which stands what arrived."""

    __tablename__ = "city_total"

    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[int] = mapped_column(ForeignKey("city_batch.id"))
    is_current: Mapped[bool]
    measures: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (
        Index("uq_city_total_current", "centre", "day", unique=True, postgresql_where=text("is_current")),
    )


class CityDifference(Base):
    """A day on which a city's own total and what arrived differ; listed until they agree or it is explained."""

    __tablename__ = "city_difference"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    day: Mapped[date] = mapped_column(Date)
    measure: Mapped[str] = mapped_column(String(24))
    claimed: Mapped[int]
    arrived: Mapped[int]
    found_at: Mapped[datetime] = mapped_column(Moment)
    agreed_at: Mapped[datetime | None] = mapped_column(Moment)
    explained_at: Mapped[datetime | None] = mapped_column(Moment)
    explained_by: Mapped[str | None] = mapped_column(String(64))
    explanation: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("(explained_at IS NULL) = (explanation IS NULL)", name="explained_with_words"),
        # An explanation holds for the numbers that it was given for.
        Index(
            "uq_city_difference_open",
            "centre",
            "day",
            "measure",
            unique=True,
            postgresql_where=text("agreed_at IS NULL"),
        ),
    )


class LedgerProof(Base):
    """One hour proven: received = the sum of the outcomes, and the ledger = the carrier's own list."""

    __tablename__ = "ledger_proof"

    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    # outcomes, carrier
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    proven_at: Mapped[datetime] = mapped_column(Moment)
    # holds, differs, unknown (the other side could not be asked)
    state: Mapped[str] = mapped_column(String(8))
    ours: Mapped[int]
    theirs: Mapped[int | None]
    # The calls concerned, by their ids, and what is wrong with them; at most some hundreds.
    differences: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")

    __table_args__ = (
        CheckConstraint("kind IN ('outcomes', 'carrier')", name="kind_is_known"),
        CheckConstraint("state IN ('holds', 'differs', 'unknown')", name="state_is_known"),
    )


class Alarm(Base):
    """Something that must not be so, from when it began until it is over, and until somebody has cleared it."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    rule: Mapped[str] = mapped_column(String(24))
    # None: of the whole province.
    centre: Mapped[str | None] = mapped_column(ForeignKey("centre.code"))
    # What it is about, within rule and centre: an hour, a system.
    about: Mapped[str] = mapped_column(String(64), server_default="")
    # warning, urgent
    severity: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    began_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # Only those that do not end by themselves have to be: a broken identity, a lost call.
    must_clear: Mapped[bool] = mapped_column(server_default=text("false"))
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    cleared_by: Mapped[str | None] = mapped_column(String(64))
    cleared_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("severity IN ('warning', 'urgent')", name="severity_is_known"),
        CheckConstraint("(cleared_at IS NULL) = (cleared_reason IS NULL)", name="cleared_with_a_reason"),
        Index(
            "uq_alarm_open",
            "rule",
            text("coalesce(centre, '')"),
            "about",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_alarm_began_at", "began_at"),
        Index(
            "ix_alarm_on_the_list",
            "began_at",
            postgresql_where=text("ended_at IS NULL OR (must_clear AND cleared_at IS NULL)"),
        ),
    )
