"""Callers and consultants with a will of their own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.journeys.line_stage import WUHU, LineCaller
from tests.journeys.scripted_seats import TROUBLE, TRY_AGAIN_SECONDS, ScriptedSeat, SeatRefused

# Whatever happens, nobody stays longer on the line.
LONGEST_CALL_SECONDS = 40.0
LOOK_SECONDS = 0.05
# To the line at once, or by way of what the line belongs to: pension, then medical.
WAYS = ({"": "0"}, {"": "0"}, {"您好": "2", "养老": "1", "一共": "0"}, {"您好": "2", "医": "2", "一共": "0"})


@dataclass
class RandomCaller(LineCaller):
    """Gives up, leaves by key, or waits for a talk; ends it or lets it be ended; judges it or not."""

    chance: random.Random = field(default_factory=random.Random)
    # Waited for something that did not come.
    is_tired: bool = False

    async def call(self, session: aiohttp.ClientSession, url: str, origin: str) -> None:
        self.press = self.choose_way()
        living = asyncio.create_task(self._live())
        try:
            async with asyncio.timeout(LONGEST_CALL_SECONDS * 1.5):
                await self._dial_until_it_rings(session, url, origin)
        except TimeoutError:
            self.is_tired = True
        finally:
            self.state = "ended"
            living.cancel()

    def choose_way(self) -> dict[str, str]:
        return dict(self.chance.choice(WAYS))

    async def _dial_until_it_rings(self, session: aiohttp.ClientSession, url: str, origin: str) -> None:
        """A gateway that is away lets nobody in; one that dies ends the call."""
        while self.state == "new":
            with suppress(*TROUBLE):
                await super().call(session, url, origin)
            if not self.sid:
                self.state = "new"
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _live(self) -> None:
        await self._until(lambda: self.state == "live")
        with suppress(*TROUBLE):
            try:
                async with asyncio.timeout(LONGEST_CALL_SECONDS):
                    await self.chance.choice([self._give_up, self._leave, self._wander, *[self._wait] * 5])()
            except TimeoutError:
                self.is_tired = True
            await self.hang_up()

    async def _give_up(self) -> None:
        await self._pause(0.0, 6.0)

    async def _leave(self) -> None:
        await self._pause(0.2, 5.0)
        await self.press_key("*")
        await self._pause(0.0, 3.0)

    async def _wander(self) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            await self._pause(0.0, 2.0)
            await self.press_key(self.chance.choice("0990*1"))
        await self._wait()

    async def _wait(self) -> None:
        """For the talk, and perhaps for its end."""
        await self._until(lambda: self.has_heard("为您服务"))
        if self.chance.random() < 0.4:
            await self._pause(0.0, 6.0)
            return
        await self._until(lambda: self.has_heard("请评价"))
        if self.chance.random() < 0.7:
            await self.press_key(self.chance.choice("111223459"))
            await self._pause(0.0, 8.0)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            await asyncio.sleep(LOOK_SECONDS)

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self.chance.uniform(least, most))


class RandomSeat(ScriptedSeat):
    """Mostly answers and serves; sometimes rejects, lets it ring, holds, transfers, loses its network, has a break."""

    def work(self, chance: random.Random) -> None:
        self._chance = chance
        self._keep("work", self._work_for_ever)

    def stop_working(self) -> None:
        self._stop("work")

    async def _work_for_ever(self) -> None:
        while True:
            with suppress(SeatRefused, *TROUBLE):
                await self._do_something(await self._ask_once("GET", "/console/desk"))
            await asyncio.sleep(self._chance.uniform(0.05, 0.4))

    async def _do_something(self, desk: Mapping[str, Any]) -> None:
        offer = desk["offer"]["id"] if desk["offer"] else ""
        match desk["agent"]["state"]:
            case "logged_out":
                await self._press("sign-in")
            case "away" | "break":
                await self._maybe(0.4, "ready")
            case "available":
                await self._maybe(0.02, "break", reason="short")
            case "reserved":
                await self._ringing(offer)
            case "on_call" | "hold" as state:
                await self._talking(offer, state)
            case "wrap_up":
                await self._maybe(0.1, "break", reason="meal")
                await self._maybe(0.5, "finish")

    async def _ringing(self, offer: str) -> None:
        match self._chance.random():
            case luck if luck < 0.5 and self.ringing:
                await self._say({"type": "accept", "call": self.ringing})
            case luck if luck < 0.55 and self.ringing:
                await self._say({"type": "reject", "call": self.ringing})
            case luck if luck < 0.6:
                await self._press("reject", offer=offer)
            case luck if luck < 0.62:
                await self._drop()

    async def _talking(self, offer: str, state: str) -> None:
        match self._chance.random():
            case luck if luck < 0.10:
                await self._press("hang-up", offer=offer)
            case luck if luck < 0.20:
                await self._press("hold", offer=offer, on=state == "on_call")
            case luck if luck < 0.22:
                await self._press("transfer", offer=offer, centre=WUHU, skill="", language="")
            case luck if luck < 0.24:
                # The page's own telephone is put down: to the caller the talk breaks off.
                await self._say({"type": "hangup"})
            case luck if luck < 0.26:
                # The network is gone for a second; the talk goes on.
                await self._drop()
            case luck if luck < 0.27:
                await self._press("break", reason="training")

    async def _maybe(self, share: float, action: str, **body: Any) -> None:
        if self._chance.random() < share:
            await self._press(action, **body)

    async def _press(self, action: str, **body: Any) -> None:
        await self._ask_once("POST", f"/console/{action}", json=body)
