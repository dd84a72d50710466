"""Callbacks of the console's tests, made and moved by the code that makes and moves them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from queueing.callback_rows import Attempt, open_attempt
from queueing.callbacks import Asking
from queueing.desk import AgentDesk
from queueing.entries import entry_of_callback
from tests.dashboards.console_app import CALLER, ConsoleApp
from tests.dashboards.staff_app import FRIDAY

LI_QIANG = "+8613955167890"
# Today at 15:00 and at 15:30 in Hefei.
AT_THREE, HALF_PAST = FRIDAY + timedelta(hours=4, minutes=40), FRIDAY + timedelta(hours=5, minutes=10)


def asks(console: ConsoleApp, number: str = CALLER, slot: datetime | None = None, **values: Any) -> int:
    """Somebody asks to be rung; the id of the request."""
    values.setdefault("call_sid", f"CAasked{number[-4:]}")
    values.setdefault("centre", "340100")
    values.setdefault("source", "menu")
    asking = Asking(number=number, caller_hash=console.services.sealer.fingerprint(number), **values)
    booked = console.line.callbacks.book(asking, slot)
    assert booked.kind == "booked" and booked.callback is not None, booked
    return booked.callback.id


def comes_due(console: ConsoleApp, callback: int, seconds: float = 21.0) -> None:
    """Time passes, and the request stands in the line."""
    console.clock.forward(seconds=seconds)
    assert console.line.callbacks.wake(callback)


def dials(console: ConsoleApp, username: str, callback: int) -> Attempt:
    """Its turn has come: a seat is reserved, and the carrier rings the caller."""
    seat = console.on_duty(username)
    AgentDesk(console.line.waiting).heartbeat(seat)
    with console.services.database.pool.connection() as connection:
        entry = entry_of_callback(connection, callback)
    assert entry is not None
    assert console.line.callbacks.offer(entry, seat) is not None
    with console.services.database.pool.connection() as connection:
        attempt = open_attempt(connection, callback)
    assert attempt is not None
    return attempt


def hears(console: ConsoleApp, attempt: Attempt, *statuses: str) -> None:
    """What the carrier says of the caller's telephone."""
    for status in statuses:
        console.line.callbacks.note_status(attempt.id, f"CA{attempt.id}", status)


def picks_up(console: ConsoleApp, attempt: Attempt) -> None:
    """The caller answers and presses 1."""
    hears(console, attempt, "initiated", "ringing", "in-progress")
    assert console.line.callbacks.answered(attempt.id, f"CA{attempt.id}") is not None
    assert console.line.callbacks.confirm(attempt.id, f"CA{attempt.id}")


def rung_in_vain(console: ConsoleApp, username: str, number: str = CALLER, **values: Any) -> int:
    """A request of which one attempt found nobody; it is to be tried again in half an hour."""
    callback = asks(console, number, **values)
    comes_due(console, callback)
    hears(console, dials(console, username, callback), "initiated", "ringing", "no-answer")
    return callback


def unreached(console: ConsoleApp, username: str, number: str = CALLER) -> int:
    """A request that ended since nobody ever answered."""
    callback = rung_in_vain(console, username, number)
    for _ in range(2):
        console.clock.forward(minutes=31)
        AgentDesk(console.line.waiting).heartbeat(console.seat(username))
        assert console.line.callbacks.wake(callback)
        hears(console, dials(console, username, callback), "initiated", "no-answer")
    assert console.rows("SELECT end_reason FROM callback WHERE id = %s", callback) == [("unreached",)]
    return callback
