"""What every connected page is to be told: one look at the database for all that changed, the newest state for each.

A page that reads slowly misses states in between and never the last one, and costs nobody else anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

import orjson
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from dashboards.console.desk_view import complete, steady
from dashboards.console.floor_view import steady_floor
from dashboards.console.marks import Scope
from dashboards.console.stream_door import Ticket
from dashboards.console.watch import Seen, Watch
from dashboards.provincial.wall.snapshot import Snapshot, cut_to
from dashboards.staff import StaffMember
from queueing.notices import Notice

log = structlog.get_logger(__name__)
# Notices of one deed come in groups; so long they are gathered before a look.
GATHER_SECONDS = 0.02
LOOK_SECONDS = 2.0
# Of a floor with hundreds of seats something changes all the time.
FLOOR_SECONDS = 1.0
# Figures may change without a move of the seat (a caller's rating): everybody is looked at this often.
ROUND_LOOKS = 15
DESKS_AT_ONCE = 50
# A stream that has seen nothing for longer must not claim to be live.
LIVE_SECONDS = 8.0
NO_DATABASE = (psycopg.OperationalError, PoolTimeout)
# To a wallboard: no snapshot can be made, the last one is of then.
STANDS_STILL = "wall-stale"


@dataclass(eq=False)
class Listener:
    """A connected page. `pending` holds the newest of each event that it was not sent yet."""

    member: StaffMember
    ticket: Ticket
    scope: Scope | None = None
    # The centres of a wallboard; None for other pages.
    wall: tuple[str, ...] | None = None
    pending: dict[str, bytes] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_closed: bool = False
    # What it was last told of its desk or floor, without what moves by itself.
    told: dict[str, bytes] = field(default_factory=dict)

    def tell(self, event: str, data: bytes, kept: bytes) -> None:
        """Send this unless it says nothing new."""
        if self.told.get(event) != kept:
            self.told[event] = kept
            self.pending[event] = data
            self.wake.set()

    def take(self) -> dict[str, bytes]:
        """What is to be sent now, by event."""
        self.wake.clear()
        taken, self.pending = self.pending, {}
        return taken

    def close(self) -> None:
        self.is_closed = True
        self.wake.set()


class Walls:
    """The wallboards of a process: each snapshot is cut once for all that see the same centres."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._newest: Snapshot | None = None

    def join(self, listener: Listener) -> None:
        """A wallboard is there: it is told what the others were told last."""
        self.listeners.add(listener)
        if self._newest is not None:
            self._tell([listener], self._newest)

    def show(self, snapshot: Snapshot | None) -> None:
        """Tell everybody the newest snapshot; None: there is none, the figures stand still."""
        if snapshot is not None:
            self._newest = snapshot
            self._tell(self.listeners, snapshot)
            return
        data = orjson.dumps({"at": self._newest["at"] if self._newest else None})
        for one in self.listeners:
            one.tell(STANDS_STILL, data, data)

    def _tell(self, listeners: Collection[Listener], snapshot: Snapshot) -> None:
        written: dict[tuple[str, ...], bytes] = {}
        for one in listeners:
            centres = one.wall or ()
            if centres not in written:
                written[centres] = orjson.dumps(cut_to(snapshot, centres))
            one.pending.pop(STANDS_STILL, None)
            one.told.pop(STANDS_STILL, None)
            one.tell("wall", written[centres], written[centres])


class Hub:
    """All listeners of a process. Everything but the looks themselves happens on the event loop."""

    def __init__(self, watch: Watch, threads: ThreadPoolExecutor) -> None:
        self._watch = watch
        self._threads = threads
        self._by_agent: dict[int, set[Listener]] = {}
        self._floors: set[Listener] = set()
        self.walls = Walls()
        self._centre_of: dict[int, str] = {}
        self._lines: dict[str, dict[str, Any]] = {}
        self._own: dict[int, dict[str, Any]] = {}
        self._changed_agents: set[int] = set()
        self._changed_centres: set[str] = set()
        self._is_floor_due = False
        self._something = asyncio.Event()
        self._round = 0
        self.seen_at = 0.0

    @property
    def is_live(self) -> bool:
        """Whether the database was looked at lately."""
        return monotonic() - self.seen_at < LIVE_SECONDS

    def listeners(self) -> list[Listener]:
        """Everybody connected."""
        return [*{one for group in self._by_agent.values() for one in group} | self._floors | self.walls.listeners]

    def join(self, listener: Listener) -> None:
        """A page is there: it is told its desk, or its floor, with the next look; a wallboard what is known."""
        if listener.wall is not None:
            self.walls.join(listener)
        elif listener.scope is not None:
            self._floors.add(listener)
            self._is_floor_due = True
        elif listener.member.agent_id is not None:
            self._by_agent.setdefault(listener.member.agent_id, set()).add(listener)
            self._changed_agents.add(listener.member.agent_id)
        self._something.set()

    def leave(self, listener: Listener) -> None:
        """A page is gone."""
        self._floors.discard(listener)
        self.walls.listeners.discard(listener)
        agent = listener.member.agent_id or 0
        group = self._by_agent.get(agent, set())
        group.discard(listener)
        if not group:
            for known in (self._by_agent, self._own, self._centre_of):
                known.pop(agent, None)

    def note(self, notice: Notice | None) -> None:
        """Something changed; None: perhaps something did, look anyway."""
        if notice is None:
            return
        self._changed_centres.add(notice.centre)
        if notice.agent_id in self._by_agent:
            self._changed_agents.add(notice.agent_id)
            self._changed_centres.update(filter(None, [self._centre_of.get(notice.agent_id)]))
        self._is_floor_due = True
        self._something.set()

    async def look_for_ever(self) -> None:
        """Look when something changed, and every two seconds anyway. Outlives a lost database."""
        due = monotonic()
        while True:
            try:
                async with asyncio.timeout(max(0.0, due - monotonic())):
                    await self._something.wait()
                await asyncio.sleep(GATHER_SECONDS)
            except TimeoutError:
                pass
            is_round = monotonic() >= due
            if is_round:
                due = monotonic() + LOOK_SECONDS
            self._something.clear()
            await self._look_safely(is_round)

    async def floors_for_ever(self) -> None:
        """The same for the floors, once a second at most."""
        looked_at = 0.0
        while True:
            if self._floors and (self._is_floor_due or monotonic() - looked_at >= LOOK_SECONDS):
                self._is_floor_due, looked_at = False, monotonic()
                try:
                    await self._look_at_floors()
                except Exception as error:
                    # As with the desks.
                    is_known = isinstance(error, NO_DATABASE)
                    log.warning("floors_not_looked_at", error=type(error).__name__, exc_info=not is_known)
            await asyncio.sleep(FLOOR_SECONDS)

    async def _look_safely(self, is_round: bool) -> None:
        changed, centres = self._changed_agents & self._by_agent.keys(), self._changed_centres & self._connected()
        self._changed_agents, self._changed_centres = set(), set()
        if is_round:
            changed, centres = changed | self._slice(), self._connected()
        try:
            if changed or centres:
                await self._look(changed, centres)
            self.seen_at = monotonic()
        except Exception as error:
            # Whatever it was, pages must be told of what comes after; what was missed is looked at with the next round.
            log.warning("desks_not_looked_at", error=type(error).__name__, exc_info=not isinstance(error, NO_DATABASE))
            self._changed_agents |= changed
            self._changed_centres |= centres

    def _connected(self) -> set[str]:
        return set(self._centre_of.values())

    def _slice(self) -> set[int]:
        self._round = (self._round + 1) % ROUND_LOOKS
        return {agent for agent in self._by_agent if agent % ROUND_LOOKS == self._round}

    async def _look(self, changed: set[int], centres: set[str]) -> None:
        """Tell those that changed, and those whose line did."""
        lines = centres | {self._centre_of[agent] for agent in changed if agent in self._centre_of}
        concerned = changed | {agent for agent, centre in self._centre_of.items() if centre in lines}
        pages = {agent: {one.member for one in self._by_agent.get(agent, ())} for agent in concerned}
        seen: Seen = await self._in_thread(self._watch.desks, pages, changed, lines)
        look = seen.look
        fresh = {agent: own for agent, own in look.own.items() if agent in self._by_agent}
        self._own.update(fresh)
        self._centre_of.update({agent: own["agent"]["centre"] for agent, own in fresh.items()})
        self._lines.update(look.lines)
        for n, agent in enumerate(concerned, start=1):
            self._tell_desk(agent, look.now if agent in fresh else seen.checked_at)
            if n % DESKS_AT_ONCE == 0:
                # Hundreds of desks must not keep everybody else waiting.
                await asyncio.sleep(0)

    def _tell_desk(self, agent: int, now: datetime) -> None:
        own = self._own.get(agent)
        if own is None:
            return
        desk = complete(own, self._lines.get(own["agent"]["centre"]), now)
        data, kept = orjson.dumps(desk), orjson.dumps(steady(desk))
        for listener in self._by_agent.get(agent, ()):
            listener.tell("desk", data, kept)

    async def _look_at_floors(self) -> None:
        scopes = {one.scope for one in self._floors if one.scope is not None}
        floors: dict[Scope, dict[str, Any]] = await self._in_thread(self._watch.floors, scopes)
        written = {scope: (orjson.dumps(floor), orjson.dumps(steady_floor(floor))) for scope, floor in floors.items()}
        for listener in [*self._floors]:
            if listener.scope in written:
                listener.tell("floor", *written[listener.scope])

    async def check_sessions(self, still_there: Callable[[set[int]], dict[int, StaffMember]], now: datetime) -> None:
        """Close the streams of those whose session was ended, whose role or seat changed, or whose cookie is old."""
        listeners = self.listeners()
        if not listeners:
            return
        there = await self._in_thread(still_there, {one.member.id for one in listeners})
        for one in listeners:
            if there.get(one.member.id) != one.member or one.ticket.until <= now:
                one.close()

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
