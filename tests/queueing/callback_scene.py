"""A waiting line whose callers are rung back: real rows, real Redis, a carrier that is called for real."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from queueing.callback_booking import Number
from queueing.callback_rows import Attempt, read_attempt
from queueing.callbacks import Asking, Booked, Callbacks, CallbackView
from queueing.entries import Joining
from queueing.line import Look
from tests.queueing.line_scene import HEFEI, Scene

WANG_FANG, LI_QIANG = "+8613855112345", "+8613955167890"


class CallbackScene(Scene):
    """Callers are known by their numbers; the newest callback of a number is meant."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.callbacks = Callbacks(self.line)
        features = {"progress": replace(self.centres[HEFEI].features["progress"], open=True, reason="")}
        for code, centre in self.centres.items():
            self.centres[code] = replace(centre, features={**centre.features, **features})

    # callers

    def rings_in(self, name: str, number: str = WANG_FANG, centre: str = HEFEI, **values: Any) -> Look:
        """A caller presses 0, from a telephone that can be rung."""
        sid = self.calls.setdefault(name, f"CA{len(self.calls) + 1000:032x}")
        self._carrier_has(sid, "in-progress")
        look = self.line.join(self.joining(name, number, centre, **values), is_staffed=True)
        self.tick_clock(0.01)
        return look

    def joining(self, name: str, number: str = WANG_FANG, centre: str = HEFEI, **values: Any) -> Joining:
        sid = self.calls.setdefault(name, f"CA{len(self.calls) + 1000:032x}")
        known = Number.of(number, self.services.sealer)
        return Joining(
            sid,
            centre,
            caller_hash=known.hash,
            caller_tail=known.tail,
            caller_region=known.region,
            caller_sealed=known.sealed,
            **values,
        )

    def books(self, name: str, slot: datetime | None = None, number: str = WANG_FANG, **values: Any) -> Booked:
        """The caller of this call asks to be rung; one who is not in the line does so by key 7."""
        sid = self.calls.setdefault(name, f"CA{len(self.calls) + 1000:032x}")
        values.setdefault("source", "line")
        values.setdefault("centre", HEFEI)
        asking = Asking(sid, number=number, caller_hash=self.callbacks.fingerprint(number), **values)
        return self.callbacks.book(asking, slot)

    # the callback

    def callback(self, number: str = WANG_FANG) -> CallbackView:
        """The newest request for a number, ended or not."""
        found = self.rows(
            "SELECT id FROM callback WHERE number_hash = %s ORDER BY id DESC LIMIT 1",
            self.callbacks.fingerprint(number),
        )
        view = self.callbacks.view(found[0][0])
        assert view is not None
        return view

    def attempt(self, number: str = WANG_FANG) -> Attempt:
        """Its newest attempt."""
        found = self.rows(
            "SELECT id FROM callback_attempt WHERE callback_id = %s ORDER BY number DESC LIMIT 1",
            self.callback(number).id,
        )
        with self.services.database.pool.connection() as connection:
            attempt = read_attempt(connection, found[0][0])
        assert attempt is not None
        return attempt

    def comes_due(self, seconds: float = 21.0) -> None:
        """Time passes, and the workers wake whoever is due."""
        self.passes(seconds)
        for (callback_id,) in self.rows(
            "SELECT id FROM callback WHERE status = 'scheduled' AND not_before <= %s", self.at
        ):
            self.callbacks.wake(callback_id)
        self.works()

    def asks_the_carrier(self) -> None:
        """What a dispatcher does beside its rounds, once it has not heard for a while."""
        self.works()
        assert self.dispatcher._asking is not None
        self.dispatcher._asking.result()

    def telephone(self, *statuses: str, number: str = WANG_FANG) -> None:
        """What the carrier reports of the telephone that is rung."""
        attempt = self.attempt(number)
        for status in statuses:
            self.callbacks.note_status(attempt.id, attempt.call_sid or "CAunheard", status)
        if statuses and statuses[-1] in ("in-progress", "ringing", "completed", "busy", "no-answer"):
            assert attempt.call_sid is not None
            self._carrier_has(attempt.call_sid, statuses[-1])
        self.works()

    def picks_up(self, number: str = WANG_FANG) -> str:
        """The caller answers and presses 1; the id of that call."""
        self.telephone("initiated", "ringing", "in-progress", number=number)
        attempt = self.attempt(number)
        assert attempt.call_sid is not None
        assert self.callbacks.answered(attempt.id, attempt.call_sid) is not None
        assert self.callbacks.confirm(attempt.id, attempt.call_sid)
        self.works()
        return attempt.call_sid

    def history(self, number: str = WANG_FANG) -> list[str]:
        """How each attempt ended, in their order; open for one that has not."""
        return [
            row[0] or "open"
            for row in self.rows(
                "SELECT result FROM callback_attempt WHERE callback_id = %s ORDER BY number", self.callback(number).id
            )
        ]

    def in_minutes(self, number: str = WANG_FANG) -> int:
        """In how many minutes it is tried again."""
        not_before = self.callback(number).not_before
        assert not_before is not None
        return round((not_before - self.at) / timedelta(minutes=1))
