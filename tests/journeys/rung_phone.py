"""A telephone without a browser that can be rung: registered under a number, it does with each call as it is told.

    phone = phones.wait_at("+8613855112345", Manner(press={"方便，请按1": "1"}, hangs_up_after=20))
    eventually(lambda: phone.calls and phone.calls[-1].has_heard("马上有人跟您说话"))

It says nothing unless it is told to speak, and a gateway takes that for silence: hundreds of them cost a ping every two
seconds each, and what they hear. A connection that breaks is made again, and a talk on it goes on.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from integrations.gateway.audio import beep

FRAME_SECONDS, FRAME_BYTES = 0.02, 320
PING_SECONDS, AGAIN_SECONDS = 2.0, 0.5
PATIENCE_SECONDS = 30.0
BEEP_SECONDS = 0.5
SILENCE = bytes(FRAME_BYTES)
# Far louder than any echo of a prompt could be.
NOISE = random.Random(12333).randbytes(FRAME_BYTES)
TROUBLE = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True)
class Manner:
    """What a telephone does with one call. Nothing given: it is answered at once, and then says and presses nothing.

    `answers_after` seconds of ringing, None never; `rejects_after` so many it is put off instead: busy. As a machine it
    answers with a greeting of `greeting_seconds` and a beep. `press` and `speak` map words of a caption to the keys
    pressed and the seconds spoken when they begin to be heard, once each ("" is the first caption). It hangs up when it
    hears `hangs_up_at`, or so many seconds after the answer.
    """

    answers_after: float | None = 0.2
    rejects_after: float | None = None
    as_machine: bool = False
    greeting_seconds: float = 2.0
    press: Mapping[str, str] = field(default_factory=dict)
    speak: Mapping[str, float] = field(default_factory=dict)
    hangs_up_at: str | None = None
    hangs_up_after: float | None = None


BUSY = Manner(answers_after=None, rejects_after=0.2)
NOBODY_COMES = Manner(answers_after=None)
MACHINE = Manner(as_machine=True)


@dataclass
class RungCall:
    """One call to the telephone. `shown` is the calling number; `reason` the final status, "" until it is over."""

    sid: str
    key: str
    shown: str
    heard: list[str] = field(default_factory=list)
    was_answered: bool = False
    frames: int = 0
    reason: str = ""

    def has_heard(self, words: str) -> bool:
        return any(words in caption for caption in self.heard)


class RungPhone:
    """`manners` are for its calls in turn, the last one for all that follow; what it does at once a test may order."""

    def __init__(
        self,
        run: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        connect: Callable[[str], Any],
        number: str,
        *manners: Manner,
    ) -> None:
        """`connect(who)` opens a WebSocket at the gateway with a token for `who`."""
        self.number = number
        self.manners = list(manners) or [Manner()]
        self.calls: list[RungCall] = []
        self.is_registered = False
        self.was_replaced = False
        self._run = run
        self._connect = connect
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: asyncio.Task[None] | None = None
        self._left: dict[str, Any] = {}

    @property
    def call(self) -> RungCall | None:
        """The call that rings or is talked on, None without one."""
        return self.calls[-1] if self.calls and not self.calls[-1].reason else None

    # what a person does

    def switch_on(self) -> RungPhone:
        """Registered from now on, and again whenever the connection breaks."""
        self._do(self._switch_on())
        return self

    def switch_off(self) -> None:
        """Gone without a word, in mid-talk too."""
        self._do(self._switch_off())

    def answer(self, as_machine: bool = False) -> None:
        self._do(self._answer(Manner(as_machine=as_machine)))

    def reject(self) -> None:
        self._do(self._say(type="reject", call=self._sid))

    def press(self, keys: str) -> None:
        self._do(self._press(keys))

    def speak(self, seconds: float) -> None:
        """Returns when it has been said."""
        self._do(self._speak(seconds))

    def hang_up(self) -> None:
        self._do(self._say(type="hangup"))

    # the connection

    async def _switch_on(self) -> None:
        self.was_replaced = False
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._stay_registered())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.is_registered:
                await asyncio.sleep(FRAME_SECONDS)

    async def _switch_off(self) -> None:
        for task in [*self._tasks, *([self._work] if self._work else [])]:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._work = None
        if self._socket is not None:
            await self._socket.close()
        self._is_over("lost")

    async def _stay_registered(self) -> None:
        while not self.was_replaced:
            with suppress(*TROUBLE):
                await self._be_reachable()
            self.is_registered, self._socket = False, None
            await asyncio.sleep(AGAIN_SECONDS)

    async def _be_reachable(self) -> None:
        """One connection, until it breaks."""
        async with self._connect(f"number:{self.number}") as socket:
            self._socket = socket
            pinging = asyncio.create_task(self._ping(socket))
            try:
                if self.call is not None and self.call.was_answered:
                    await self._say(type="resume", call=self.call.sid, key=self.call.key)
                await self._say(type="register")
                async for message in socket:
                    if message.type == aiohttp.WSMsgType.BINARY:
                        self._count_frame()
                    elif message.type == aiohttp.WSMsgType.TEXT:
                        self._take(message.json())
            finally:
                pinging.cancel()

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while not socket.closed:
            with suppress(*TROUBLE):
                await socket.send_json({"type": "ping", "t": 0})
            await asyncio.sleep(PING_SECONDS)

    # what is heard

    def _take(self, event: Mapping[str, Any]) -> None:
        match event["type"]:
            case "registered":
                self.is_registered = True
            case "replaced":
                self.is_registered, self.was_replaced = False, True
            case "incoming":
                self._ring(event)
            case "answered":
                self._begin_talk()
            case "caption":
                self._listen(str(event["text"]))
            case "incoming_over" | "ended":
                self._is_over(str(event["reason"]))
            case "error" if self.call is not None and self.call.was_answered:
                # Whatever was resumed is no longer there.
                self._is_over("lost")

    def _ring(self, event: Mapping[str, Any]) -> None:
        if self.call is not None and self.call.sid == event["call"]:
            return
        self.calls.append(RungCall(event["call"], event["key"], event["from"]))
        manner = self._manner
        self._left = {**manner.press, **{words: seconds for words, seconds in manner.speak.items()}}
        if manner.rejects_after is not None:
            self._later(manner.rejects_after, self._say(type="reject", call=self._sid))
        elif manner.answers_after is not None:
            self._later(manner.answers_after, self._answer(manner))

    def _begin_talk(self) -> None:
        assert self.call is not None
        self.call.was_answered = True
        if self._manner.as_machine:
            self._later(0.0, self._greet(self._manner.greeting_seconds))
        if self._manner.hangs_up_after is not None:
            self._later(self._manner.hangs_up_after, self._say(type="hangup"))

    def _listen(self, caption: str) -> None:
        if self.call is None:
            return
        self.call.heard.append(caption)
        for words in [words for words in self._left if words in caption]:
            what = self._left.pop(words)
            self._later(0.0, self._press(what) if isinstance(what, str) else self._speak(what))
        if self._manner.hangs_up_at is not None and self._manner.hangs_up_at in caption:
            self._later(0.0, self._say(type="hangup"))

    def _is_over(self, reason: str) -> None:
        if self.call is not None:
            self.call.reason = reason
        for task in self._tasks:
            task.cancel()

    def _count_frame(self) -> None:
        if self.call is not None:
            self.call.frames += 1

    # what is done

    @property
    def _manner(self) -> Manner:
        return self.manners[min(len(self.calls), len(self.manners)) - 1]

    @property
    def _sid(self) -> str:
        return self.calls[-1].sid if self.calls else ""

    async def _answer(self, manner: Manner) -> None:
        await self._say(type="accept", call=self._sid, **({"as": "machine"} if manner.as_machine else {}))

    async def _press(self, keys: str) -> None:
        for key in keys:
            await self._say(type="digit", digit=key)

    async def _speak(self, seconds: float) -> None:
        await self._sound(itertools.repeat(NOISE, round(seconds / FRAME_SECONDS)))

    async def _greet(self, seconds: float) -> None:
        tone = beep(BEEP_SECONDS)
        await self._speak(seconds)
        await self._sound([*(tone[at : at + FRAME_BYTES] for at in range(0, len(tone), FRAME_BYTES)), SILENCE])

    async def _sound(self, frames: Any) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, frame in enumerate(frames, 1):
            if self._socket is not None:
                with suppress(*TROUBLE):
                    await self._socket.send_bytes(frame)
            await asyncio.sleep(began + number * FRAME_SECONDS - loop.time())

    async def _say(self, **message: object) -> None:
        if self._socket is not None:
            with suppress(*TROUBLE):
                await self._socket.send_json(message)

    def _later(self, seconds: float, work: Coroutine[Any, Any, None]) -> None:
        async def do() -> None:
            await asyncio.sleep(seconds)
            await work

        task = asyncio.create_task(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # One that was cancelled before its time has never begun.
        task.add_done_callback(lambda _: work.close())

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        self._run(work).result(PATIENCE_SECONDS)
