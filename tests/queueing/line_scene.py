"""A waiting line on the real database and Redis, with a carrier that is called for real and a clock that tests set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from integrations.services import Services
from integrations.work_calendar import SHANGHAI
from queueing.centre import Centre
from queueing.desk import AgentDesk
from queueing.dispatcher import Dispatcher
from queueing.entries import Joining
from queueing.line import Look, WaitingLine
from queueing.line_rules import LineRules
from queueing.webhooks import note_leg_status
from tests.integrations.carrier_stand_in import CarrierStandIn

HEFEI, WUHU = "340100", "340200"
MONDAY_TEN = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
_SEAT = """
INSERT INTO agent (number, name, centre, skills, languages, door, telephone_sealed)
VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id
"""


@dataclass
class Scene:
    """Names of callers stand for their calls; seats are known by 工号."""

    services: Services
    centres: dict[str, Centre]
    stand_in: CarrierStandIn
    at: datetime = MONDAY_TEN
    seats: dict[str, int] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = replace(self.services, now=lambda: self.at)
        self.line = WaitingLine(self.services, lambda: self.centres)
        self.desk = AgentDesk(self.line)
        self.dispatcher = Dispatcher(self.line)

    # people

    def seat(self, number: str, centre: str = HEFEI, skills: tuple[str, ...] = (), telephone: str = "") -> int:
        """A consultant who signs in."""
        sealed = self.services.sealer.seal(telephone, "agent.telephone") if telephone else None
        door = "telephone" if telephone else "browser"
        values = (number, "王芳", centre, list(skills), [], door, sealed)
        with self.services.database.pool.connection() as connection:
            row = connection.execute(_SEAT, values).fetchone()
        assert row is not None
        self.seats[number] = row[0]
        self.desk.sign_in(row[0])
        self.tick_clock(0.01)
        return int(row[0])

    def joins(self, name: str, centre: str = HEFEI, **values: Any) -> Look:
        """A caller presses 0."""
        sid = self.calls.setdefault(name, f"CA{len(self.calls) + 1000:032x}")
        self._carrier_has(sid, "in-progress")
        number = hashlib.sha256(str(values.pop("number", name)).encode()).digest()
        look = self.line.join(Joining(sid, centre, caller_hash=number, **values), is_staffed=True)
        self.tick_clock(0.01)
        return look

    def looks(self, name: str, is_staffed: bool = True) -> Look:
        return self.line.look(self.calls[name], is_staffed)

    def hangs_up(self, name: str) -> None:
        self._carrier_has(self.calls[name], "completed")
        self.line.caller_gone(self.calls[name])

    def _carrier_has(self, sid: str, status: str) -> None:
        self.stand_in.control(calls={sid: {"sid": sid, "to": "12333", "from": "anonymous", "status": status}})

    # what happens

    def tick_clock(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def passes(self, seconds: float, alive: bool = True) -> None:
        """Time, in which the pages are alive, and everything that is due then."""
        self.tick_clock(seconds)
        if alive:
            for agent in self.seats.values():
                self.desk.heartbeat(agent)
        self.works()

    def works(self) -> None:
        """What a dispatcher does until nothing is left to do."""
        self.dispatcher._next_sweep = 0.0
        for _ in range(20):
            made = self.dispatcher.tick()
            started = len(self.dispatcher._running)
            self.dispatcher.finish_tasks()
            self.dispatcher._running = {}
            if not made and not started:
                return

    def offer(self, number: str) -> str | None:
        """The open offer of a seat."""
        found = self.rows(
            "SELECT id FROM offer WHERE agent_id = %s AND ended_at IS NULL ORDER BY made_at DESC", self.seats[number]
        )
        return str(found[0][0]) if found else None

    def caller_of(self, number: str) -> str | None:
        """Who is offered to a seat, or talks with it."""
        found = self.rows("SELECT call_sid FROM offer WHERE agent_id = %s AND ended_at IS NULL", self.seats[number])
        return next((name for name, sid in self.calls.items() if found and sid == found[0][0]), None)

    def leg(self, number: str) -> str:
        """The carrier's id of the telephone that rings, or talks, at a seat."""
        found = self.rows(
            "SELECT agent_call_sid FROM offer WHERE agent_id = %s ORDER BY made_at DESC LIMIT 1", self.seats[number]
        )
        return str(found[0][0])

    def answers(self, number: str) -> None:
        """The consultant answers, and the caller comes to the talk."""
        offer = self.offer(number)
        assert offer is not None
        accepted = self.line.accept(offer, self.leg(number))
        assert accepted is not None
        self.works()
        assert self.line.connect(offer, accepted.call_sid) is not None

    def carrier_says(self, number: str, status: str) -> None:
        """The last word about the telephone of a seat."""
        found = self.rows(
            "SELECT id, agent_call_sid FROM offer WHERE agent_id = %s ORDER BY made_at DESC LIMIT 1",
            self.seats[number],
        )
        note_leg_status(self.line, found[0][0], found[0][1], status)

    def leg_ends(self, number: str) -> None:
        """The telephone of a seat is gone, and the carrier says so."""
        self.stand_in.control(calls={self.leg(number): {"sid": self.leg(number), "to": "", "status": "completed"}})
        self.carrier_says(number, "completed")
        self.works()

    def state(self, number: str) -> tuple[str, str | None]:
        return self.rows("SELECT state, reason FROM agent WHERE id = %s", self.seats[number])[0]

    def entry(self, name: str) -> tuple[str, str | None]:
        sql = "SELECT status, end_reason FROM queue_entry WHERE call_sid = %s ORDER BY id DESC LIMIT 1"
        return self.rows(sql, self.calls[name])[0]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def asked(self, operation: str) -> list[dict[str, str]]:
        """The forms with which the carrier was asked for something."""
        requests = self.stand_in.control()["requests"]
        forms = [request["form"] for request in requests if request["operation"] == operation]
        return [{key: values[0] for key, values in form.items()} for form in forms]


@contextmanager
def changed_rules(scene: Scene, centre: str, **values: int) -> Iterator[None]:
    before = scene.centres[centre]
    scene.centres[centre] = replace(before, queue=replace(before.queue, **values))
    yield
    scene.centres[centre] = before


def rules(scene: Scene, centre: str) -> LineRules:
    return scene.centres[centre].queue
