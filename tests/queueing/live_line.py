"""Callers and seats of a made-up morning, for tests of the live line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from redis import Redis

from integrations.live_store import build_live_store
from queueing.line_draft import LineDraft
from queueing.live_queue import Claim, LiveQueue
from queueing.routing import QueueKey, Seat, Waiting, queues_for

HEFEI, WUHU, ANQING = "340100", "340200", "340800"
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LEASE = timedelta(seconds=5)
# Seats of Wuhu take over Hefei's calls.
HELPS = {WUHU: (HEFEI,)}


def at(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def caller(
    entry_id: int, came: float, skill: str = "", language: str = "", centre: str = HEFEI, bonus: float = 0
) -> Waiting:
    """Somebody who came so many seconds into the morning, moved ahead by a bonus of so many seconds."""
    return Waiting(entry_id, centre, skill, language, at(came), at(came - bonus))


def seat(
    agent_id: int,
    idle: float,
    skills: Iterable[str] = (),
    languages: Iterable[str] = (),
    centre: str = HEFEI,
    cool: float | None = None,
) -> Seat:
    """A seat that is free since so many seconds into the morning, cooling down until `cool`."""
    cool_until = None if cool is None else at(cool)
    return Seat(agent_id, centre, frozenset(skills), frozenset(languages), at(idle), cool_until)


def lines_of(seat: Seat) -> tuple[QueueKey, ...]:
    """By the default rules: any skill after 60 s, help after 90 s."""
    return queues_for(seat, {}, HELPS)


def write_line(live_store: Redis, entries: Iterable[tuple[Waiting, bool]] = (), seats: Iterable[Seat] = ()) -> None:
    """A new line made of these entries (each with whether it is being offered) and seats."""
    draft = LineDraft(live_store)
    draft.add_entries(entries)
    draft.add_seats((seat, lines_of(seat)) for seat in seats)
    assert draft.publish()
    draft.discard_others()


def new_line(redis_url: str) -> LiveQueue:
    """An empty line in an emptied Redis."""
    live_store = build_live_store(redis_url)
    live_store.flushall()
    write_line(live_store)
    return LiveQueue(live_store)


def free(line: LiveQueue, *seats: Seat) -> None:
    for one in seats:
        line.agent_free(one, lines_of(one))


def join(line: LiveQueue, *entries: Waiting) -> None:
    for one in entries:
        line.join(one)


def take(line: LiveQueue, now: float, limit: int = 10) -> list[Claim]:
    return line.next_pairs(limit, at(now), LEASE)


def pairs(claims: Iterable[Claim | None]) -> list[tuple[int, int]]:
    """(entry, agent) of each claim."""
    return [(claim.entry_id, claim.agent_id) for claim in claims if claim]
