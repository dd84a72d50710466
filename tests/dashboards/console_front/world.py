"""The hotline as the page sees it: a desk that actions change, and a telephone line that rings."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable
from typing import Any

from tests.dashboards.console_front.callback_samples import callbacks
from tests.dashboards.console_front.case_samples import case, rows
from tests.dashboards.console_front.floor_samples import floor
from tests.dashboards.console_front.freeze_samples import freezes, told
from tests.dashboards.console_front.look_up_samples import look_up_form, look_up_found
from tests.dashboards.console_front.samples import CSRF, REASONS, STATES, Json, desk, iso, offer, sheet
from tests.dashboards.console_front.wall_samples import CENTRES as WALL_CENTRES
from tests.dashboards.console_front.wall_samples import snapshot

FRAME, RATE, TONE_HZ = 160, 8000, 440
KEY = "key-of-the-leg"


class World:
    """One for each stand-in. `log` is everything the page did, `wire` everything it said on the line."""

    def __init__(self) -> None:
        self.tell: Callable[[str, Json], None] = lambda event, data: None
        self.say: Callable[[Json], None] = lambda message: None
        self.sound: Callable[[bytes], None] = lambda frame: None
        self.reset()

    def reset(self) -> None:
        self.desk = desk()
        self.floor = floor()
        self.log: list[Json] = []
        self.wire: list[Json] = []
        self.ringing: str | None = None
        self.talking: str | None = None
        self.heard_power = 0.0
        self.csrf = CSRF
        self.is_signed_in = True
        self.refusal: tuple[int, str] | None = None
        self.ticket: Json | None = None
        self.callbacks = callbacks()
        self.callback_tabs: tuple[str, ...] = ("mine", "centre", "todo")
        self.callback_centres: list[Json] | None = None
        self.booking: Json = {
            "caller": {"masked": "138****5678"}, "can_ring": True, "can_be_next": False, "booked_zh": None,
        }  # fmt: skip
        self.said = "办好了。"
        self.look_up_form: Json = look_up_form()
        # What the business system answers; None: it is still thinking.
        self.look_up_answer: Json | None = look_up_found()
        # What came of a freeze; None: it is still being done.
        self.freeze_answer: Json | None = told()
        self.freezes: Json = freezes()
        self.cases: list[Json] = rows()
        self.case: Json = case()
        # Of several cases at once, those that could not be done.
        self.bulk_failed: list[Json] = []
        # Whether the supervisors' page of cases has nothing on it.
        self.is_board_empty = False
        # How often the page of the business systems was looked at.
        self.systems_looks = 0
        # What the list of callbacks was last asked for.
        self.asked: Json = {}
        self.wall: Json = snapshot()
        self.wall_centres = tuple(WALL_CENTRES)
        # The page of figures: centres, is_demo, is_empty, is_slow.
        self.explore: Json = {}
        # The page of the cities' data: decides, is_empty, bad.
        self.cities: Json = {}
        self._at = 0

    # what the server decides

    def change(self, state: str | None = None, **parts: Any) -> None:
        """Set the agent's state and whole parts of the desk, and tell the page."""
        agent = parts.pop("agent", {})
        if state is not None:
            agent = {
                "state": state,
                "state_zh": STATES[state],
                "since": iso(),
                "reason": None,
                "reason_zh": None,
                **agent,
            }
        self.desk = {**self.desk, **parts, "agent": {**self.desk["agent"], **agent}}
        self.push()

    def push(self) -> None:
        self.desk["now"] = iso()
        self.tell("desk", self.desk)

    def ring(self, offer_id: str = "o1", seconds: float = 20.0, on_the_line: bool = True, **values: Any) -> None:
        """A caller for this seat."""
        made = offer(offer_id, seconds) | values
        self.ringing = made["agent_call_sid"]
        self.change("reserved", offer=made, wrap_up=None)
        if on_the_line:
            self.invite()

    def invite(self) -> None:
        message = {"type": "incoming", "call": self.ringing, "key": KEY, "from": "anonymous", "parameters": {}}
        self.say(message)

    def caller_leaves(self) -> None:
        if self.ringing:
            self.say({"type": "incoming_over", "call": self.ringing, "reason": "canceled"})
            self.ringing = None
            self.change("available", offer=None)
        else:
            self.end_talk()

    def miss(self) -> None:
        misses = self.desk["agent"]["misses"] + 1
        self.say({"type": "incoming_over", "call": self.ringing, "reason": "no-answer"})
        self.ringing = None
        state = {"reason": "no_answer", "reason_zh": REASONS["no_answer"]} if misses == 3 else {}
        self.change("away" if misses == 3 else "available", offer=None, agent={"misses": misses, **state})

    def end_talk(self, finish_in: float = 60.0) -> None:
        self.talking = None
        self.say({"type": "ended", "reason": "completed", "sentence": "通话结束"})
        kept = self.desk["wrap_up"] or sheet(self.desk["offer"]["id"])
        timed = sheet(kept["offer_id"], finish_in)
        times = {"since": timed["since"], "auto_finish_at": timed["auto_finish_at"]}
        self.change("wrap_up", offer=None, wrap_up=kept | times)

    # what the page does

    def act(self, name: str, body: Json) -> None:
        self.log.append({"do": name, **body})
        deed = getattr(self, "_" + name.replace("-", "_"), None)
        if deed is not None:
            deed(body)

    def show_callbacks(self, count: int = 14, ended: int = 9, todo: int = 4) -> None:
        self.callbacks = callbacks(count, ended, todo)

    def end_callback(self, id: int, words: str = "咨询员取消") -> None:
        """One is no longer open: it is to be found among those of today."""
        row = next(row for row in self.callbacks["open"] if row["id"] == id)
        over = {"status": "ended", "status_zh": words, "ended_at": iso(), "may": dict.fromkeys(row["may"], False)}
        self.callbacks["open"].remove(row)
        self.callbacks["ended"].insert(0, row | over)

    def _sign_in(self, body: Json) -> None:
        self.change("available")

    def _sign_out(self, body: Json) -> None:
        self.change("logged_out", wrap_up=None)

    def _ready(self, body: Json) -> None:
        if self.desk["agent"]["next_reason"]:
            self.change(agent={"next_reason": None})
        else:
            self.change("available", agent={"misses": 0})

    def _break(self, body: Json) -> None:
        reason = body["reason"]
        if self.desk["agent"]["state"] in ("reserved", "on_call", "hold", "wrap_up"):
            self.change(agent={"next_reason": reason})
        else:
            self.change("break", agent={"reason": reason, "reason_zh": REASONS[reason]})

    def _reject(self, body: Json) -> None:
        self.say({"type": "incoming_over", "call": self.ringing, "reason": "busy"})
        self.ringing = None
        self.change("available", offer=None, agent={"cool_until": iso(15)})

    def _hold(self, body: Json) -> None:
        held = {**self.desk["offer"], "held_since": iso() if body["on"] else None}
        self.change("hold" if body["on"] else "on_call", offer=held)

    def _hang_up(self, body: Json) -> None:
        self.end_talk()

    def _transfer(self, body: Json) -> None:
        self.end_talk()

    def _wrap_up(self, body: Json) -> None:
        if self.desk["wrap_up"] and self.desk["wrap_up"]["offer_id"] == body["offer"]:
            self.change(wrap_up={**self.desk["wrap_up"], **{k: body[k] for k in ("subject", "disposition", "note")}})

    def _finish(self, body: Json) -> None:
        wish = self.desk["agent"]["next_reason"]
        parts = {"agent": {"reason": wish, "reason_zh": REASONS[wish], "next_reason": None}} if wish else {}
        self.change("break" if wish else "available", wrap_up=None, **parts)

    # what the page says on the line

    def hear(self, message: Json) -> None:
        if message["type"] != "ping":
            self.wire.append(message)
        match message["type"]:
            case "ping":
                self.say({"type": "pong", "t": message.get("t")})
            case "register":
                self.say({"type": "registered"})
                if self.ringing:
                    self.invite()
            case "accept" if message["call"] == self.ringing:
                self.ringing, self.talking = None, message["call"]
                self.say({"type": "answered"})
                self.connect()
            case "resume":
                is_mine = message["call"] == self.talking and message["key"] == KEY
                gone = {"type": "error", "sentence": "这次通话已经结束。"}
                self.say({"type": "resumed"} if is_mine else gone)
            case "reject":
                self._reject({})
            case "hangup" if self.talking:
                self.end_talk()

    def connect(self) -> None:
        talk = {**self.desk["offer"], "status": "connected", "accepted_at": iso(), "connected_at": iso()}
        self.change("on_call", offer=talk, wrap_up=sheet(talk["id"]), agent={"misses": 0})

    def hear_sound(self, frame: bytes) -> None:
        samples = struct.unpack(f"<{len(frame) // 2}h", frame)
        self.heard_power = sum(sample * sample for sample in samples) / len(samples) / 32768**2

    async def sing(self) -> None:
        """The caller's voice, a steady tone, as long as there is a talk."""
        while True:
            await asyncio.sleep(FRAME / RATE)
            if not self.talking:
                continue
            phases = (2 * math.pi * TONE_HZ * (self._at + n) / RATE for n in range(FRAME))
            self._at += FRAME
            self.sound(struct.pack(f"<{FRAME}h", *(int(8000 * math.sin(phase)) for phase in phases)))
