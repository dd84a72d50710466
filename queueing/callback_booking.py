"""A callback asked for, woken and parked: what is written, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from integrations.phone_numbers import parse_caller
from integrations.sealer import Sealer
from integrations.services import Services
from queueing import callback_rows, entries
from queueing.callback import CASE, DESK, SCHEDULED
from queueing.callback_rows import CallbackRow
from queueing.callback_rules import CallbackRules
from queueing.callback_slots import Slot
from queueing.callback_talks import NextDecent
from queueing.entries import Entry
from queueing.line_rules import LineRules
from queueing.routing import rank

log = structlog.get_logger(__name__)
NUMBER_CONTEXT = "callback.number"
# Who asks is still on the line, and hears the goodbye: rung sooner, the telephone would be engaged.
GOODBYE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is kept: sealed, by its fingerprint, its last four digits, where it was issued."""

    sealed: bytes
    hash: bytes
    tail: str
    region: str | None

    @classmethod
    def of(cls, e164: str, sealer: Sealer) -> Number:
        region = parse_caller(e164).region
        return cls(sealer.seal(e164, NUMBER_CONTEXT), sealer.fingerprint(e164), e164[-4:], region)


@dataclass(frozen=True, slots=True)
class Place:
    """The place that a callback keeps: the original arrival, and the rules that moved it ahead."""

    arrived_at: datetime
    rank_at: datetime
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the caller wants to talk about, and how."""

    centre: str
    skill: str = ""
    language: str = ""
    asked: str = ""
    is_slow: bool = False


def insert_request(
    connection: Connection[Any],
    subject: Subject,
    number: Number,
    place: Place,
    source: str,
    call_sid: str,
    at: datetime,
    not_before: datetime,
    slot: Slot | None = None,
    asker_hash: bytes | None = None,
    owner_id: int | None = None,
    note: str = "",
) -> CallbackRow | None:
    """Enter a request; None when one is open for this number and subject."""
    values = {
        "centre": subject.centre,
        "skill": subject.skill,
        "language": subject.language,
        "asked": subject.asked,
        "is_slow": subject.is_slow,
        "number_sealed": number.sealed,
        "number_hash": number.hash,
        "number_tail": number.tail,
        "caller_region": number.region,
        "asker_hash": asker_hash,
        "source": source,
        "call_sid": call_sid,
        "note": note,
        "arrived_at": place.arrived_at,
        "rank_at": place.rank_at,
        "rules": list(place.rules),
        "asked_at": at,
        "slot_from": slot.since if slot else None,
        "slot_until": slot.until if slot else None,
        "status": SCHEDULED,
        "not_before": slot.since if slot else not_before,
        "promised_until": slot.until if slot else None,
        "owner_id": owner_id,
    }
    return callback_rows.insert_callback(connection, values)


def ring_back_by_itself(
    connection: Connection[Any],
    services: Services,
    entry: Entry,
    at: datetime,
    rules: CallbackRules,
    next_decent: NextDecent,
    is_technical: bool,
) -> CallbackRow | None:
    """Whoever hung up after long waiting, or was cut off, is rung without having asked; once per number and subject."""
    source = _why_owed(entry, at, rules, is_technical)
    if source is None or entry.caller_sealed is None or entry.caller_hash is None or not entry.caller_tail:
        return None
    number = Number(bytes(entry.caller_sealed), bytes(entry.caller_hash), entry.caller_tail, entry.caller_region)
    return insert_request(
        connection,
        subject_of(entry),
        number,
        Place(entry.arrived_at, entry.rank_at, tuple(entry.rules)),
        source,
        entry.call_sid,
        at,
        next_decent(at) or at,
        asker_hash=bytes(entry.caller_hash),
    )


def book_later(connection: Connection[Any], row: CallbackRow, sealer: Sealer, at: datetime) -> CallbackRow | None:
    """Who was rung for a case asks for another time: an ordinary request keeps that promise.

    `row` is the case's call with the half hour agreed. None when one is open for the number and subject.
    """
    number = Number.of(sealer.open(bytes(row.number_sealed), NUMBER_CONTEXT), sealer)
    place, slot = Place(row.arrived_at, row.rank_at), None
    if row.slot_from and row.slot_until:
        slot = Slot(row.slot_from, row.slot_until)
    subject = Subject(row.centre, row.skill, row.language, row.asked, row.is_slow)
    return insert_request(
        connection, subject, number, place, DESK, row.call_sid, at, at, slot, owner_id=row.owner_id, note=row.note
    )


def _why_owed(entry: Entry, at: datetime, rules: CallbackRules, is_technical: bool) -> str | None:
    if is_technical or (entry.answered_at is not None and "dropped" in entry.rules):
        return "dropped"
    if entry.answered_at is not None:
        return None
    if entry.wants_callback:
        return "line"
    limit = timedelta(seconds=rules.abandoned_after_seconds)
    return "abandoned" if limit and at - entry.joined_at >= limit else None


def subject_of(entry: Entry) -> Subject:
    return Subject(entry.centre, entry.skill, entry.language, entry.asked, entry.is_slow)


def wake(connection: Connection[Any], callback_id: int, at: datetime) -> Entry | None:
    """Let a scheduled request whose time has come stand in the line; None when there is nothing to wake."""
    row = callback_rows.lock_callback(connection, callback_id)
    if row is None or row.status != SCHEDULED or row.not_before is None or row.not_before > at:
        return None
    return stand_in_line(connection, row, "wake", at)


def stand_in_line(connection: Connection[Any], row: CallbackRow, event: str, at: datetime, **changes: Any) -> Entry:
    """Move a locked request into the line, at the place of its first arrival."""
    callback_rows.move(connection, row, event, at, **changes)
    entry = entries.insert_callback_entry(connection, row.id, at)
    # A scheduled request has no place: both change in one transaction only.
    assert entry is not None
    return entry


def stand_first(connection: Connection[Any], entry: Entry, rules: LineRules) -> Entry:
    """Whoever was rung for a case waits behind nobody, should the consultant be lost before the talk."""
    rank_at, _ = rank(entry.arrived_at, was_dropped=True, rules=rules)
    return entries.move_ahead(connection, entry, rank_at, [*entry.rules, CASE])


def leave_line(connection: Connection[Any], callback_id: int, reason: str, at: datetime) -> Entry | None:
    """End the place of a request in the line, if it has one; the caller holds the lock of the entry."""
    entry = entries.entry_of_callback(connection, callback_id)
    if entry is not None:
        entries.end_entry(connection, entry.id, reason, at)
    return entry
