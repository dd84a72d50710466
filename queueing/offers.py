"""Offers as rows: made, rung, accepted, connected, ended, each in one transaction with the entry and the seat.

The claim in Redis is a hint; an offer exists when its row commits. Locks are always taken in the order entry, offer,
agent.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from queueing import callback_talks, entries, tasks
from queueing.agent import AVAILABLE, NO_ANSWER, after_miss
from queueing.entries import Entry, lock_entry
from queueing.line_rules import LineRules
from queueing.offer import (
    ACCEPTED,
    CONNECTED,
    COOLS_DOWN,
    DROPPED,
    FAILED,
    FINISHED,
    OPEN,
    TALKED,
    counts_as_miss,
    next_status,
)
from queueing.routing import rank
from queueing.seats import SeatRow, lock_seat, move_seat

log = structlog.get_logger(__name__)
# A page that was silent for longer is not offered calls.
HEARTBEAT_SECONDS = 15
# How long the caller's leg may take to come to the talk after the agent has accepted.
CONNECT_SECONDS = 5

_FIELDS = (
    "id, entry_id, agent_id, call_sid, centre, status, made_at, ring_until, agent_call_sid, accepted_at, connected_at, "
    "ended_at, end_reason, conference_sid, held_since, held_seconds"
)
_MAKE = """
INSERT INTO offer (id, entry_id, agent_id, call_sid, centre, made_at, ring_until, wait_seconds)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_OFFERED = "UPDATE queue_entry SET status = 'offered', offers = offers + 1 WHERE id = %s"
_READ = f"SELECT {_FIELDS} FROM offer WHERE id = %s"
_LOCK = f"SELECT {_FIELDS} FROM offer WHERE id = %s FOR NO KEY UPDATE"
_OPEN_OF_ENTRY = f"SELECT {_FIELDS} FROM offer WHERE entry_id = %s AND status = ANY(%s)"
_OPEN_OF_AGENT = f"SELECT {_FIELDS} FROM offer WHERE agent_id = %s AND status = ANY(%s)"
_LATEST_OF_CALL = f"""
SELECT {_FIELDS} FROM offer WHERE call_sid = %s AND connected_at IS NOT NULL ORDER BY connected_at DESC LIMIT 1
"""
_KNOWN_LEGS = "SELECT agent_call_sid FROM offer WHERE agent_call_sid = ANY(%s)"
_LEG = """
UPDATE offer SET agent_call_sid = coalesce(agent_call_sid, %(leg)s),
                 status = CASE WHEN status = 'reserved' THEN 'ringing' ELSE status END
WHERE id = %(id)s AND (agent_call_sid IS NULL OR agent_call_sid = %(leg)s)
RETURNING status
"""
_ACCEPT = """
UPDATE offer SET status = 'accepted', accepted_at = %(at)s, agent_call_sid = coalesce(agent_call_sid, %(leg)s)
WHERE id = %(id)s
"""
_CONNECT = "UPDATE offer SET status = 'connected', connected_at = %s WHERE id = %s"
_CONFERENCE = "UPDATE offer SET conference_sid = %s WHERE id = %s AND conference_sid IS NULL"
_HELD = "UPDATE offer SET held_since = %s WHERE id = %s"
_UNHELD = """
UPDATE offer SET held_seconds = held_seconds + round(extract(epoch FROM %(at)s - held_since)), held_since = NULL
WHERE id = %(id)s AND held_since IS NOT NULL
"""
_RING_FOR_CALLER = "UPDATE offer SET call_sid = %s, ring_until = %s WHERE id = %s AND status = 'reserved'"
_END = "UPDATE offer SET status = %s, ended_at = %s, end_reason = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Offer:
    id: str
    entry_id: int
    agent_id: int
    call_sid: str
    centre: str
    status: str
    made_at: datetime
    ring_until: datetime
    agent_call_sid: str | None
    accepted_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    conference_sid: str | None
    held_since: datetime | None
    held_seconds: int

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def room(self) -> str:
        """The name of the talk's conference."""
        return f"offer-{self.id}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a talk is transferred to."""

    centre: str
    skill: str = ""
    language: str = ""


def make_offer(
    connection: Connection[Any],
    entry_id: int,
    agent_id: int,
    at: datetime,
    ring_seconds: int,
    is_own_wish: bool = False,
) -> Offer | None:
    """Offer an entry to an agent; None when either is no longer there for it.

    `is_own_wish`: the agent has asked for it, so a seat that cools down may have it.
    """
    entry = lock_entry(connection, entry_id)
    if entry is None or entry.status != entries.WAITING:
        return None
    seat = lock_seat(connection, agent_id)
    if seat is None or not may_be_offered(replace(seat, cool_until=None) if is_own_wish else seat, at):
        return None
    offer_id = secrets.token_hex(8)
    wait = round((at - entry.joined_at).total_seconds())
    ring_until = at + timedelta(seconds=ring_seconds)
    connection.execute(_MAKE, (offer_id, entry_id, agent_id, entry.call_sid, entry.centre, at, ring_until, wait))
    connection.execute(_OFFERED, (entry_id,))
    move_seat(connection, seat, "offer", at, offer_id=offer_id)
    if not entry.is_to_be_dialled:
        # Else the caller comes first: the consultant's telephone rings when there is somebody to talk to.
        tasks.add_task(connection, tasks.DIAL_AGENT, offer_id, at)
    log.info("offer_made", offer=offer_id, entry=entry_id, agent=agent_id)
    return read_offer(connection, offer_id)


def ring_for_caller(connection: Connection[Any], offer_id: str, call_sid: str, at: datetime, ring_seconds: int) -> None:
    """The caller of a callback is there: now the reserved consultant's telephone rings."""
    connection.execute(_RING_FOR_CALLER, (call_sid, at + timedelta(seconds=ring_seconds), offer_id))
    tasks.add_task(connection, tasks.DIAL_AGENT, offer_id, at)


def may_be_offered(seat: SeatRow, at: datetime) -> bool:
    """Free, its page alive, and not cooling down."""
    is_alive = seat.heartbeat_at is not None and at - seat.heartbeat_at <= timedelta(seconds=HEARTBEAT_SECONDS)
    is_cooling = seat.cool_until is not None and seat.cool_until > at
    return seat.state == AVAILABLE and is_alive and not is_cooling


def read_offer(connection: Connection[Any], offer_id: str) -> Offer | None:
    row = connection.execute(_READ, (offer_id,)).fetchone()
    return Offer(*row) if row else None


def open_offer_of_entry(connection: Connection[Any], entry_id: int) -> Offer | None:
    row = connection.execute(_OPEN_OF_ENTRY, (entry_id, list(OPEN))).fetchone()
    return Offer(*row) if row else None


def open_offer_of_agent(connection: Connection[Any], agent_id: int) -> Offer | None:
    row = connection.execute(_OPEN_OF_AGENT, (agent_id, list(OPEN))).fetchone()
    return Offer(*row) if row else None


def known_legs(connection: Connection[Any], legs: list[str]) -> set[str]:
    """Those of these legs that are some offer's."""
    return {row[0] for row in connection.execute(_KNOWN_LEGS, (legs,)).fetchall()}


def latest_talk(connection: Connection[Any], call_sid: str) -> Offer | None:
    """The offer of the call's newest talk, over or not."""
    row = connection.execute(_LATEST_OF_CALL, (call_sid,)).fetchone()
    return Offer(*row) if row else None


def lock_offer(connection: Connection[Any], offer_id: str) -> tuple[Entry, Offer] | None:
    """The offer and its entry, both locked until the transaction ends."""
    found = read_offer(connection, offer_id)
    entry = lock_entry(connection, found.entry_id) if found else None
    row = connection.execute(_LOCK, (offer_id,)).fetchone()
    return (entry, Offer(*row)) if entry and row else None


def note_leg(connection: Connection[Any], offer_id: str, leg: str) -> str | None:
    """Keep the id of the agent's leg; the offer's status, None when the leg is not the offer's own."""
    row = connection.execute(_LEG, {"id": offer_id, "leg": leg}).fetchone()
    return str(row[0]) if row else None


def accept(connection: Connection[Any], offer_id: str, leg: str, at: datetime) -> Offer | None:
    """The agent takes the call; None when it is too late. A repetition by the same leg is the same acceptance."""
    locked = lock_offer(connection, offer_id)
    if locked is None or not locked[1].is_open or locked[1].agent_call_sid not in (None, leg):
        return None
    offer = locked[1]
    status = next_status(offer.status, "accept")
    if status == offer.status:
        return offer
    connection.execute(_ACCEPT, {"id": offer_id, "leg": leg, "at": at})
    tasks.add_task(connection, tasks.CONNECT_CALLER, offer_id, at, offer.call_sid)
    _say_move(offer, "accept", status)
    return replace(offer, status=status, accepted_at=at, agent_call_sid=leg)


def connect(connection: Connection[Any], offer_id: str, call_sid: str, at: datetime) -> Offer | None:
    """The caller comes to the talk: it begins. None when it is too late or not this caller's."""
    locked = lock_offer(connection, offer_id)
    if locked is None or locked[1].call_sid != call_sid:
        return None
    entry, offer = locked
    if offer.status == CONNECTED:
        return offer
    if offer.status != ACCEPTED:
        return None
    connection.execute(_CONNECT, (at, offer_id))
    entries.note_connected(connection, entry.id, at)
    seat = lock_seat(connection, offer.agent_id)
    if seat is not None:
        move_seat(connection, replace(seat, cool_until=None), "answer", at, offer_id=offer_id)
    _say_move(offer, "connect", CONNECTED)
    return replace(offer, status=CONNECTED, connected_at=at)


def note_conference(connection: Connection[Any], offer_id: str, conference_sid: str) -> None:
    connection.execute(_CONFERENCE, (conference_sid, offer_id))


def note_hold(connection: Connection[Any], offer: Offer, on: bool, at: datetime) -> bool:
    """Keep that the caller is on hold, or no longer; False when the talk is over or nothing changed."""
    locked = lock_offer(connection, offer.id)
    if locked is None or locked[1].status != CONNECTED or bool(locked[1].held_since) == on:
        return False
    if on:
        connection.execute(_HELD, (at, offer.id))
    else:
        connection.execute(_UNHELD, {"id": offer.id, "at": at})
    seat = lock_seat(connection, offer.agent_id)
    if seat is not None:
        move_seat(connection, seat, "hold" if on else "unhold", at, offer_id=offer.id)
    return True


def end_offer(
    connection: Connection[Any],
    offer_id: str,
    event: str,
    reason: str,
    at: datetime,
    rules: LineRules,
    target: Target | None = None,
) -> Offer | None:
    """End an open offer by an event of its table, with everything that follows for caller and agent.

    `reason` says who or what ended it: agent, caller, leg (the agent's leg is gone), timeout, carrier, no_number.
    None when it has ended already, or when the event ends nothing now. Raises IllegalMove.
    """
    locked = lock_offer(connection, offer_id)
    if locked is None or not locked[1].is_open:
        return None
    entry, offer = locked
    status = next_status(offer.status, event)
    if status in OPEN:
        return None
    if offer.held_since is not None:
        connection.execute(_UNHELD, {"id": offer_id, "at": at})
    connection.execute(_END, (status, at, reason, offer_id))
    _settle_seat(connection, offer, status, reason, at, rules)
    _settle_entry(connection, entry, offer, status, at, rules, target)
    if reason != "leg" and not entry.is_to_be_dialled:
        tasks.add_task(connection, tasks.END_LEG, offer_id, at, offer.agent_call_sid)
    _say_move(offer, event, status)
    return replace(offer, status=status, ended_at=at, end_reason=reason)


def _settle_seat(
    connection: Connection[Any], offer: Offer, status: str, reason: str, at: datetime, rules: LineRules
) -> None:
    seat = lock_seat(connection, offer.agent_id)
    if seat is None:
        return
    if status in TALKED:
        move_seat(connection, seat, "end_talk", at, offer_id=offer.id)
        return
    if status in COOLS_DOWN:
        seat = replace(seat, cool_until=at + timedelta(seconds=rules.cool_down_seconds))
    # A leg that fails is a page that is not there: as bad as one that nobody answers. The carrier's own trouble is not.
    if counts_as_miss(status) or (status == FAILED and reason == "leg"):
        misses, is_away = after_miss(seat.misses, rules)
        seat = replace(seat, misses=0 if is_away else misses)
        if is_away:
            move_seat(connection, seat, "set_away", at, reason=NO_ANSWER)
            return
    move_seat(connection, seat, "release", at)


def _settle_entry(
    connection: Connection[Any],
    entry: Entry,
    offer: Offer,
    status: str,
    at: datetime,
    rules: LineRules,
    target: Target | None,
) -> None:
    if status == FINISHED:
        entries.end_entry(connection, entry.id, entries.SERVED, at)
        callback_talks.end_served(connection, entry, at)
    elif status in TALKED:
        rank_at, names = entry.rank_at, entry.rules
        if status == DROPPED:
            rank_at, names = rank(entry.arrived_at, is_slow=entry.is_slow, was_dropped=True, rules=rules)
        place = target or Target(entry.centre, entry.skill, entry.language)
        entries.put_back(connection, entry, at, rank_at, list(names), place.centre, place.skill, place.language)
    elif status in COOLS_DOWN and not entry.is_to_be_dialled:
        # The caller of a callback who is being rung is offered again when there is somebody to talk to.
        entries.set_status(connection, entry.id, entries.WAITING)
    if status in TALKED:
        tasks.add_task(connection, tasks.MOVE_CALLER, offer.id, at, offer.call_sid)


def _say_move(offer: Offer, event: str, status: str) -> None:
    log.info("offer_moved", offer=offer.id, move=f"{offer.status} -{event}-> {status}")
