"""The running hotline with people on it who are to be rung back.

A clock cannot be moved in processes of their own. Whatever is to happen in a minute, or at half past two, happens at
once after `make_due` has moved the time of the request in the database: everything after that is the hotline's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import yaml

from integrations.services import utc_now
from tests.journeys.callback_proof import CallbackProof, new_ones, watch
from tests.journeys.line_stage import INTO_THE_LINE, WUHU, LineCaller, LineStage, quick_config
from tests.journeys.rung_phone import Manner, RungPhone
from tests.journeys.scripted_seats import ScriptedSeat, SeatRefused
from tests.running import RunningHotline
from tests.waiting import eventually

ABANDONED_AFTER, MOST_ATTEMPTS, CAPACITY = 1, 3, 50
# The first words of the call that we make; a key may be pressed before the rest.
HELLO = "给您回电"
AGREES = Manner(press={HELLO: "1"})
# A machine is told what there is to say, a caller judges the talk.
GOODBYE = timedelta(seconds=20)
SOON, LONG = 20.0, 40.0


def callback_config(folder: Path, **line_rules: int) -> Path:
    """Wuhu day and night, with callbacks for everybody who waited a second; nothing of it takes long."""
    config = quick_config(folder, **line_rules)
    centres = yaml.safe_load((config / "centres.yaml").read_text(encoding="utf-8"))
    wuhu = centres["centres"][WUHU]
    wuhu["features"] |= {"progress": {"open": True}}
    quick = {"busy_retry_minutes": 1, "no_answer_retry_minutes": 1, "machine_retry_minutes": 1, "ring_seconds": 6,
             "abandoned_after_seconds": ABANDONED_AFTER, "most_attempts": MOST_ATTEMPTS, "slot_capacity": CAPACITY,
             "most_open_per_caller": 3, "first_time": "00:00", "last_time": "24:00"}  # fmt: skip
    wuhu["callbacks"] |= quick
    (config / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    return config


class CallbackStage(LineStage):
    """Requests are known by their ids, telephones by their numbers."""

    def __init__(self, hotline: RunningHotline, kind: type[ScriptedSeat] = ScriptedSeat) -> None:
        super().__init__(hotline, kind)
        self.callback_proof = CallbackProof(self._ask, ABANDONED_AFTER, MOST_ATTEMPTS, CAPACITY)
        with psycopg.connect(self.proof.url) as connection:
            watch(connection)
        self._wrong_before: dict[str, list[str]] = {}

    def _ask(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.proof.url) as connection:
            return connection.execute(sql, values).fetchall()

    # people

    def telephone(self, *manners: Manner, number: str = "") -> RungPhone:
        """Somebody's telephone, switched on."""
        return self.callers.wait_at(number or self.callers.new_number(), *manners)

    def rings(self, phone: RungPhone, press: Mapping[str, str] | None = None) -> LineCaller:
        """Its owner calls Wuhu; by default into the line at the first word."""
        return self.callers.ring_from(phone.number, press or INTO_THE_LINE)

    def gives_up(self, phone: RungPhone) -> int:
        """Its owner waits in the line, then no longer; the request that this makes."""
        caller = self.wait_for(self.rings(phone), "waiting")
        since = "SELECT 1 FROM queue_entry WHERE call_sid = %s AND now() - joined_at > make_interval(secs => %s)"
        eventually(lambda: self.rows(since, caller.sid, ABANDONED_AFTER))
        self.callers.hang_up(caller)
        return self.request_of(caller)

    def request_of(self, caller: LineCaller) -> int:
        """The callback that a call has led to."""
        found = eventually(lambda: self.rows("SELECT id FROM callback WHERE call_sid = %s", caller.sid), SOON)
        return int(found[0][0])

    def make_due(self, request: int) -> None:
        """The time that was promised has come; a worker or a dispatcher has to find out by itself."""
        self.rows("UPDATE callback SET not_before = now() WHERE id = %s AND status = 'scheduled' RETURNING 1", request)

    def hears_the_question(self, phone: RungPhone, request: int) -> None:
        self.until(lambda: phone.call and phone.call.has_heard(HELLO), "nobody says a word", request)

    # what can be seen

    def status(self, request: int) -> tuple[str, str | None]:
        """How a request stands, and why it has ended."""
        status, reason = self.rows("SELECT status, end_reason FROM callback WHERE id = %s", request)[0]
        return str(status), reason

    def until_it_is(self, request: int, status: str, seconds: float = SOON) -> None:
        self.until(lambda: self.status(request)[0] == status, f"{request} is not {status}", request, seconds)

    def until_it_ends(self, request: int, reason: str, seconds: float = SOON) -> None:
        self.until(lambda: self.status(request)[1] == reason, f"{request} does not end {reason}", request, seconds)

    def until(self, is_so: Callable[[], Any], words: str, request: int, seconds: float = SOON) -> None:
        try:
            eventually(is_so, seconds)
        except AssertionError:
            seen = self.status(request), self.attempts(request), self.proof.going_on()
            raise AssertionError(f"{words}: {seen}") from None

    def results(self, request: int) -> list[str]:
        """How its attempts ended, in order; open for one that has not."""
        return [result or "open" for _, result in self.attempts(request)]

    def ended_results(self, request: int) -> list[str]:
        return [result for result in self.results(request) if result != "open"]

    def attempts(self, request: int) -> list[tuple[str, str | None]]:
        sql = "SELECT status, result FROM callback_attempt WHERE callback_id = %s ORDER BY number"
        return [(str(status), result) for status, result in self.rows(sql, request)]

    def counted(self, request: int) -> int:
        return int(self.rows("SELECT attempts FROM callback WHERE id = %s", request)[0][0])

    def until_talking(self, seat: ScriptedSeat, phone: RungPhone, request: int) -> None:
        """Sound comes to both."""
        self.until(lambda: seat.talking and phone.call, "they do not talk", request)
        call = phone.call
        assert call is not None
        before = seat.frames, call.frames

        def hear_each_other() -> bool:
            phone.speak(0.1)
            return seat.frames > before[0] + 5 and call.frames > before[1] + 5

        self.until(hear_each_other, "they do not hear each other", request)

    # the end

    def call_off(self) -> None:
        """Whoever is still to be rung need not be: nobody of one test is rung in the next."""
        seat = self.seat(1)
        for (request,) in self.rows("SELECT id FROM callback WHERE ended_at IS NULL"):
            with suppress(SeatRefused):
                seat.enter().act(f"callbacks/{request}/cancel", reason="done")

    def everybody_goes_home(self) -> None:
        """As with every line; besides, nobody is rung any more, and nothing contradicts itself."""
        self.callers.hang_up_all()
        self.callers.switch_off_all()
        eventually(self._nobody_is_to_be_rung, LONG)
        super().everybody_goes_home()
        if wrong := self.new_wrongs():
            raise AssertionError(f"contradictions: {wrong}")
        eventually(lambda: not self.left_at_the_carrier(), LONG)

    def _nobody_is_to_be_rung(self) -> bool:
        self.call_off()
        return self.rows("SELECT count(*) FROM callback WHERE ended_at IS NULL") == [(0,)]

    def left_at_the_carrier(self) -> list[str]:
        carrier = self.carrier()
        try:
            return self.callback_proof.left_at_the_carrier(carrier, utc_now(), GOODBYE)
        finally:
            carrier.close()

    def new_wrongs(self) -> dict[str, list[str]]:
        found = self.callback_proof.contradictions()
        new, self._wrong_before = new_ones(found, self._wrong_before), found
        return new
