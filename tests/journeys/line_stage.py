"""The running hotline with scripted callers and consultants on it, and with processes that die."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import psycopg
import yaml

from integrations.embedded import valkey_in
from integrations.live_store import build_live_store
from integrations.settings import PROJECT_DIR, Settings
from integrations.telephony.client import CarrierClient
from tests.journeys.conftest import always_open_config
from tests.journeys.line_proof import PLACE_LEFT, LineProof
from tests.journeys.scripted_phones import ScriptedPhone, ScriptedPhones
from tests.journeys.scripted_seats import WAIT, ScriptedSeat, ScriptedSeats
from tests.running import RunningHotline
from tests.waiting import eventually

WUHU, WUHU_NUMBER = "340200", "+8655312333"
SEATS = ("wuhu01", "wuhu02", "wuhu03")
# At the first word, whatever it is.
INTO_THE_LINE = {"": "0"}


def quick_config(folder: Path, **rules: int) -> Path:
    """Wuhu day and night, with a line in which nothing takes long, and nobody is rung back."""
    config = always_open_config(folder)
    centres = yaml.safe_load((config / "centres.yaml").read_text(encoding="utf-8"))
    quick = {"ring_seconds": 4, "cool_down_seconds": 1, "wrap_up_seconds": 3, "any_skill_after_seconds": 0}
    wuhu = centres["centres"][WUHU]
    wuhu["queue"] = quick | rules
    wuhu["features"] |= {"progress": {"open": False, "reason": "只看排队"}}
    (config / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    return config


@dataclass
class LineCaller(ScriptedPhone):
    """A caller who can be found in the rows."""

    sid: str = ""

    async def _take(self, socket: Any, event: dict[str, Any]) -> None:
        self.sid = event.get("call", self.sid)
        await super()._take(socket, event)

    async def press_key(self, key: str) -> None:
        await self._socket.send_str(json.dumps({"type": "digit", "digit": key}))


Some = TypeVar("Some", bound=LineCaller)


class LineCallers(ScriptedPhones):
    """Callers, each with a number of their own."""

    def __init__(self, hotline: RunningHotline, first_number: int) -> None:
        super().__init__(hotline)
        self.all: list[LineCaller] = []
        self._numbers = itertools.count(first_number)

    def ring(self, press: Mapping[str, str] = INTO_THE_LINE) -> LineCaller:
        """Dial Wuhu; by default into the line at the first word."""
        return self.ring_from(self.new_number(), press)

    def ring_from(self, number: str, press: Mapping[str, str] = INTO_THE_LINE) -> LineCaller:
        return self.let_ring(LineCaller("caller", WUHU_NUMBER, number, dict(press)))

    def new_number(self) -> str:
        """Nobody rings twice, which would move them ahead."""
        return f"+861385{next(self._numbers):07d}"

    def let_ring(self, caller: Some) -> Some:
        self.all.append(caller)
        self.dial(caller)
        return caller

    def press(self, caller: LineCaller, key: str) -> None:
        with suppress(ConnectionError):
            self._run(caller.press_key(key)).result(10)

    def hang_up_all(self) -> None:
        for caller in self.all:
            if caller.state == "live":
                with suppress(ConnectionError):
                    self.hang_up(caller)


class LineStage:
    """Everything of one installation that a test of the line needs."""

    def __init__(self, hotline: RunningHotline, kind: type[ScriptedSeat] = ScriptedSeat) -> None:
        self.hotline = hotline
        self.proof = LineProof(hotline.var_dir)
        self.rows = self.proof.rows
        self.seats = ScriptedSeats(hotline, kind)
        self.callers = LineCallers(hotline, self.rows("SELECT count(*) FROM call")[0][0])
        self._said_before: dict[str, int] = {}
        self._told: dict[str, set[str]] = {}

    def seat(self, number: int) -> ScriptedSeat:
        return self.seats.seat(SEATS[number - 1])

    def wait_in_line(self, count: int) -> list[LineCaller]:
        """So many callers in the line, one after the other."""
        return [self.wait_for(self.callers.ring(), "waiting") for _ in range(count)]

    def wait_for(self, caller: LineCaller, status: str, seconds: float = 20.0) -> LineCaller:
        """Until the caller's place is so."""
        eventually(lambda: self.place(caller) == status, seconds)
        return caller

    def place(self, caller: LineCaller) -> str:
        """How the newest place of a caller stands, "" without one."""
        found = self.rows("SELECT status FROM queue_entry WHERE call_sid = %s ORDER BY id DESC LIMIT 1", caller.sid)
        return str(found[0][0]) if found else ""

    def offers(self, caller: LineCaller) -> list[str]:
        """How the offers of a caller stand, in order."""
        sql = "SELECT status FROM offer WHERE call_sid = %s ORDER BY made_at"
        return [str(status) for (status,) in self.rows(sql, caller.sid)]

    def outcome(self, caller: LineCaller) -> str | None:
        """The caller's outcome once the call has ended."""
        sql = "SELECT outcome FROM call WHERE call_sid = %s AND ended_at IS NOT NULL"
        return str(eventually(lambda: self.rows(sql, caller.sid), 20.0)[0][0])

    def state(self, seat: ScriptedSeat) -> str:
        """By the rows, so that it can be asked with every web process dead."""
        sql = "SELECT state FROM agent JOIN staff_user ON agent_id = agent.id WHERE username = %s"
        return str(self.rows(sql, seat.username)[0][0])

    def connect(self, seat: ScriptedSeat) -> LineCaller:
        """A caller who is connected with this seat, and hears the notice before the talk."""
        caller = self.callers.ring()
        eventually(lambda: seat.ringing, 20.0)
        seat.accept()
        return self.until_connected(seat, caller)

    def talk(self, seat: ScriptedSeat) -> LineCaller:
        """A caller in a talk with this seat, sound going both ways."""
        caller = self.connect(seat)
        self.until_heard(seat, caller)
        return caller

    def until_connected(self, seat: ScriptedSeat, caller: LineCaller, seconds: float = 20.0) -> LineCaller:
        sql = """
            SELECT 1 FROM offer JOIN staff_user USING (agent_id)
            WHERE call_sid = %s AND username = %s AND status = 'connected'
        """
        eventually(lambda: self.rows(sql, caller.sid, seat.username), seconds)
        return caller

    def until_heard(self, seat: ScriptedSeat, caller: LineCaller) -> None:
        """Until more sound has come to both: to the consultant only after the caller's notice."""
        before = seat.frames, caller.frames
        eventually(lambda: seat.frames > before[0] + 5 and caller.frames > before[1] + 5, 20.0)

    # the database

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Whoever writes to the table waits, as with a database under load."""
        with psycopg.connect(self.proof.url) as connection:
            connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
            connection.rollback()

    def waiters(self) -> set[int]:
        """Who waits for a lock just now."""
        return {pid for (pid,) in self.rows("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")}

    # processes

    def flush(self) -> None:
        """Redis forgets everything."""
        with build_live_store(valkey_in(self.hotline.var_dir).url) as live_store:
            live_store.flushall()

    def kill(self, command: str) -> None:
        """At once; the runner starts another one."""
        self._said_before[command] = self._times_ready(command)
        self.hotline.child(command).kill()

    def until_back(self, command: str) -> None:
        """Until the process after the killed one says that it is ready."""
        eventually(lambda: self._times_ready(command) > self._said_before[command], 40.0)

    def _times_ready(self, command: str) -> int:
        return self.hotline.output.count(f"{command}_ready")

    def kill_web_processes(self) -> None:
        """All at once; their server starts new ones."""
        for pid in [process.pid for process in self.hotline.child("web").children()]:
            os.kill(pid, signal.SIGKILL)

    def server(self, name: str) -> psutil.Process:
        """PostgreSQL or Valkey."""
        family = psutil.Process(self.hotline.process.pid).children
        return eventually(lambda: next((one for one in family() if name in one.name()), None), 30.0)

    @contextmanager
    def frozen(self, command: str) -> Iterator[psutil.Process]:
        """As a machine that does not answer."""
        process = self.hotline.child(command)
        process.suspend()
        try:
            yield process
        finally:
            with suppress(psutil.Error):
                process.resume()

    @contextmanager
    def second_dispatcher(self) -> Iterator[None]:
        """Another one, as on a second machine."""
        env = self.hotline.child("dispatcher").environ()
        said = self.hotline.var_dir.parent / "second-dispatcher"
        command = [sys.executable, str(PROJECT_DIR / "app.py"), "dispatcher"]
        with open(said, "wb") as log:
            process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            eventually(lambda: "dispatcher_ready" in said.read_text(encoding="utf-8"), 40.0)
            yield
        finally:
            process.kill()
            process.wait()

    def carrier(self) -> CarrierClient:
        """The gateway, asked as the hotline asks it."""
        env = {"VAR_DIR": str(self.hotline.var_dir), "PORT": str(self.hotline.port),
               "GATEWAY_PORT": str(self.hotline.gateway_port)}  # fmt: skip
        return CarrierClient(Settings.from_env(env))

    def end_leg(self, leg: str) -> None:
        """The carrier ends a call by itself."""
        carrier = self.carrier()
        carrier.hang_up(leg)
        carrier.close()

    # the end

    def everybody_goes_home(self) -> None:
        """All callers hang up, all seats sign out; when nothing is on its way any more, nothing may be wrong."""
        self.callers.hang_up_all()
        try:
            # A join that was held up may write its place only after the call's end; the sweep ends that one.
            eventually(lambda: not self.proof.going_on() and PLACE_LEFT not in self.proof.contradictions())
        except AssertionError:
            raise AssertionError(f"still going on: {self.proof.going_on()}") from None
        self.callers.all.clear()
        for seat in map(self.seats.seat, SEATS):
            seat.on_ring = WAIT
            seat.rung.clear()
            if self.state(seat) != "logged_out":
                seat.enter().act("sign-out")
        if wrong := self._new_contradictions():
            raise AssertionError(f"contradictions: {wrong}")
        eventually(lambda: not self._legs_at_the_carrier(), 5.0)

    def _new_contradictions(self) -> dict[str, list[str]]:
        """Each is told once: what went wrong stays in the rows."""
        found = self.proof.contradictions()
        new = {name: sorted(set(rows) - self._told.get(name, set())) for name, rows in found.items()}
        self._told = {name: set(rows) for name, rows in found.items()}
        return {name: rows for name, rows in new.items() if rows}

    def _legs_at_the_carrier(self) -> list[str]:
        carrier = self.carrier()
        try:
            seats = [row[0] for row in self.rows("SELECT id FROM agent WHERE centre = %s", WUHU)]
            return [sid for seat in seats for sid, _ in carrier.find_live_calls(f"client:agent-{seat}")]
        finally:
            carrier.close()

    def close(self) -> None:
        self.callers.hang_up_all()
        self.callers.close()
        self.seats.close()
        self.proof.close()
