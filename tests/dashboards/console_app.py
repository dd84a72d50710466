"""The console over the test database: seats, callers in the line, talks, all made by the code that makes them."""

import re
from dataclasses import replace
from typing import Any

from werkzeug.test import TestResponse

from dashboards.console.page import console_blueprints
from dashboards.csrf import HEADER
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from queueing import offers
from queueing.desk import AgentDesk
from queueing.entries import Joining, insert_entry
from tests.dashboards.staff_app import Clock, StaffApp, Visitor, build_staff_app

CALLER = "+8613855112345"
HEFEI01, HEFEI02, WUHU01 = "hefei01", "hefei02", "wuhu01"


class Console(Visitor):
    """A consultant's or a supervisor's browser."""

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/account").get_data(as_text=True))
        return found[1] if found else ""

    def act(self, action: str, body: Any = None, token: str | None = None) -> TestResponse:
        headers = {HEADER: self.token() if token is None else token}
        return self.client.post(f"/console/{action}", json=body or {}, headers=headers)

    def desk(self) -> dict[str, Any]:
        response = self.client.get("/console/desk")
        assert response.status_code == 200, response.get_data(as_text=True)
        return dict(response.get_json())

    def floor(self) -> dict[str, Any]:
        response = self.client.get("/console/floor/data")
        assert response.status_code == 200, response.get_data(as_text=True)
        return dict(response.get_json())


class ConsoleApp(StaffApp):
    """The staff pages with the console."""

    def at(self, username: str) -> Console:
        """Somebody signed in to the pages."""
        console = Console(self.app.test_client())
        assert console.log_in(username).status_code == 303
        return console

    def seat(self, username: str) -> int:
        return int(self.rows("SELECT agent_id FROM staff_user WHERE username = %s", username)[0][0])

    def on_duty(self, username: str) -> int:
        """The seat of somebody who has signed in to take calls."""
        seat = self.seat(username)
        AgentDesk(self.line.waiting).sign_in(seat)
        return seat

    def call(self, sid: str = "CA1", centre: str = "340100", caller: str = CALLER, **more: Any) -> None:
        """A call in the ledger, with these further columns."""
        sealer = self.services.sealer
        values = {
            "call_sid": sid,
            "direction": "inbound",
            "caller_sealed": sealer.seal(caller, "call.caller") if caller else None,
            "caller_hash": sealer.fingerprint(caller) if caller else None,
            "caller_tail": caller[-4:] or None,
            "caller_kind": "mobile" if caller else "withheld",
            "caller_region": "安徽省合肥市" if caller else None,
            "dialled": "12333",
            "first_centre": centre,
            "centre": centre,
            "started_at": self.clock(),
            "carrier_status": "in-progress",
            "status_rank": 2,
            **more,
        }
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        self.write(f"INSERT INTO call ({names}) VALUES ({marks})", *values.values())

    def steps(self, sid: str, *steps: tuple[str, str | None]) -> None:
        """The nodes that a call rested at, each with the keys that led there."""
        for turn, (node, keys) in enumerate(steps, start=1):
            kind = "keys" if keys else "call_started" if turn == 1 else "silence"
            self.write(
                "INSERT INTO call_step (call_sid, turn, kind, at, centre, node, keys, reply) "
                "VALUES (%s, %s, %s, %s, '340100', %s, %s, '[]')",
                *(sid, turn, kind, self.clock(), node, keys),
            )

    def wait(self, sid: str = "CA1", centre: str = "340100", caller: str = CALLER, **more: Any) -> int:
        """A caller in the line; the entry's id."""
        if not self.rows("SELECT 1 FROM call WHERE call_sid = %s", sid):
            self.call(sid, centre, caller)
        joining = Joining(
            sid,
            centre,
            caller_hash=self.services.sealer.fingerprint(caller) if caller else None,
            caller_tail=caller[-4:] or None,
            caller_region="安徽省合肥市" if caller else None,
            **more,
        )
        now = self.clock()
        with self.services.database.pool.connection() as connection:
            entry = insert_entry(connection, joining, now, now, [])
        assert entry is not None
        return entry.id

    def ring(self, seat: int, entry: int) -> str:
        """The entry is offered to the seat, whose page is alive; the offer's id."""
        AgentDesk(self.line.waiting).heartbeat(seat)
        with self.services.database.pool.connection() as connection, connection.transaction():
            offer = offers.make_offer(connection, entry, seat, self.clock(), 20)
        assert offer is not None
        return offer.id

    def talk(self, username: str = HEFEI01, sid: str = "CA1", centre: str = "340100", **more: Any) -> str:
        """A talk that has just begun; the offer's id."""
        offer = self.ring(self.on_duty(username), self.wait(sid, centre, **more))
        with self.services.database.pool.connection() as connection, connection.transaction():
            offers.note_leg(connection, offer, f"CAleg{sid}")
            offers.accept(connection, offer, f"CAleg{sid}", self.clock())
            offers.connect(connection, offer, sid, self.clock())
        return offer

    def ended_talk(self, username: str = HEFEI01, sid: str = "CA1", seconds: float = 90, **more: Any) -> str:
        """A talk that has just ended: the seat is writing notes."""
        offer = self.talk(username, sid, **more)
        self.clock.forward(seconds=seconds)
        AgentDesk(self.line.waiting).hang_up(self.seat(username), offer)
        return offer

    def audit(self, *actions: str) -> list[tuple[str, str, str]]:
        found = self.rows(
            "SELECT username, centre, subject FROM audit_entry WHERE action = ANY(%s) ORDER BY id", list(actions)
        )
        return [(row[0], row[1], row[2]) for row in found]


def build_console_app(services: Services, keeper: LibraryKeeper, clock: Clock | None = None) -> ConsoleApp:
    """The application with its pages and the console."""
    staff = build_staff_app(services, keeper, clock or Clock())
    for blueprint in console_blueprints(staff.line):
        staff.app.register_blueprint(blueprint)
    return ConsoleApp(staff.app, staff.services, staff.line, staff.clock)


def with_settings(services: Services, **changes: Any) -> Services:
    """The same services with other settings."""
    return replace(services, settings=replace(services.settings, **changes))
