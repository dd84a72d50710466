"""Consultants without a browser: each signs in over HTTP, registers at the gateway, and takes calls as it is told."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import aiohttp

from tests.journeys.console import PASSWORD
from tests.journeys.scripted_phones import FRAME_SECONDS, SILENCE
from tests.running import RunningHotline
from tests.waiting import eventually

# As the page does it.
BEAT_SECONDS, PING_SECONDS, AGAIN_SECONDS = 5.0, 2.0, 1.0
# A process that was killed is back within this many tries of half a second.
TRIES, TRY_AGAIN_SECONDS = 20, 0.5
PATIENCE_SECONDS = 30.0
ACCEPT, REJECT, WAIT = "accept", "reject", "wait"
TROUBLE = (aiohttp.ClientError, OSError, TimeoutError)
Run = Callable[[Coroutine[Any, Any, Any]], Future[Any]]


class SeatRefused(Exception):
    """The console said no: the status and its sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status} {sentence}")
        self.status = status


class ScriptedSeat:
    """One consultant. `on_ring`: ACCEPT and REJECT at once, WAIT for the test to decide.

    `rung` are the legs that rang, in order; `ringing` and `talking` the one that does so now. What a method asks of
    the console is asked again while a process restarts, as a person would.
    """

    def __init__(self, run: Run, hotline: RunningHotline, username: str) -> None:
        self.username = username
        self.on_ring = WAIT
        self.sound: bytes | None = SILENCE
        self.rung: list[str] = []
        self.ringing: str | None = None
        self.talking: str | None = None
        self.frames = 0
        self.is_registered = False
        self._run_on_loop = run
        self._base = f"http://127.0.0.1:{hotline.port}"
        self._session: aiohttp.ClientSession | None = None
        self._csrf = ""
        self._keys: dict[str, str] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._works: dict[str, asyncio.Task[None]] = {}

    # what a person does

    def go_online(self) -> ScriptedSeat:
        """Sign in, ready for calls, with the telephone registered."""
        self.enter()
        self.beat()
        self.reach()
        self.act("sign-in")
        if self.state() in ("away", "break"):
            self.act("ready")
        eventually(lambda: self.is_registered, PATIENCE_SECONDS)
        return self

    def enter(self) -> ScriptedSeat:
        """With name and password, once; no call comes from that."""
        if self._session is None:
            self._do(self._enter())
        return self

    def act(self, action: str, **body: Any) -> dict[str, Any]:
        """One of the console's actions; the desk after it. Raises SeatRefused."""
        answer: dict[str, Any] = self._do(self._post(action, body))
        return dict(answer.get("desk") or {})

    def desk(self) -> dict[str, Any]:
        """The desk now."""
        found: dict[str, Any] = self._do(self._ask("GET", "/console/desk"))
        return found

    def state(self) -> str:
        return str(self.desk()["agent"]["state"])

    def offer(self) -> str:
        """The id of the offer at this desk, "" without one."""
        offer = self.desk()["offer"]
        return str(offer["id"]) if offer else ""

    def accept(self) -> None:
        self._do(self._say({"type": "accept", "call": self.ringing}))

    def reject(self) -> None:
        self.act("reject", offer=self.offer())

    def hang_up(self) -> None:
        """The talk is done: the caller is asked for a judgement."""
        self.act("hang-up", offer=self.offer())

    def hold(self, on: bool) -> None:
        self.act("hold", offer=self.offer(), on=on)

    def transfer(self, centre: str, skill: str = "") -> None:
        self.act("transfer", offer=self.offer(), centre=centre, skill=skill, language="")

    def wrap_up(self) -> None:
        """A note, and free again."""
        sheet = self.desk()["wrap_up"]
        if sheet:
            self.act("wrap-up", offer=sheet["offer_id"], disposition="answered", note="已经说明白了。")
        self.act("finish")

    # what happens to a page

    def put_down(self) -> None:
        """The telephone of the page, and not the button of the desk: the leg ends, the talk breaks off."""
        self._do(self._say({"type": "hangup"}))

    def beat(self) -> None:
        """The page is alive, from now on."""
        self._keep("beat", self._beat_for_ever)

    def fall_silent(self) -> None:
        """The page is frozen: no heartbeat, no word to the gateway, but its connection stands."""
        self._stop("beat", "ping")

    def reach(self) -> None:
        """The telephone of the page is registered, and again whenever its connection breaks."""
        self._keep("telephone", self._telephone_for_ever)

    def disappear(self) -> None:
        """The page is gone without a word."""
        self._stop("beat", "ping", "telephone")
        self._do(self._drop())

    def close(self) -> None:
        self._stop(*self._works)
        if self._session is not None:
            self._do(self._session.close())

    def hear_event(self, url: str) -> dict[str, Any]:
        """The first desk that the event stream sends to this page."""
        found: dict[str, Any] = self._do(self._first_event(url))
        return found

    # the console

    async def _enter(self) -> None:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        form = {"username": self.username, "password": PASSWORD, "csrf_token": await self._token("/login", "value")}
        async with self._session.post(f"{self._base}/login", data=form) as response:
            assert response.status == 200 and response.url.path == "/console", await response.text()
        self._csrf = await self._token("/console", "data-csrf")

    async def _token(self, path: str, attribute: str) -> str:
        found = re.search(rf'csrf[^>]*{attribute}="([^"]+)"|{attribute}="([^"]+)"', await self._page(path))
        assert found, path
        return found[1] or found[2]

    async def _page(self, path: str) -> str:
        assert self._session is not None
        async with self._session.get(self._base + path) as response:
            return await response.text()

    async def _post(self, action: str, body: Mapping[str, Any]) -> Any:
        return await self._ask("POST", f"/console/{action}", json=dict(body))

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        for _ in range(TRIES):
            with suppress(*TROUBLE):
                return await self._ask_once(method, path, **more)
            await asyncio.sleep(TRY_AGAIN_SECONDS)
        raise AssertionError(f"{self.username}: no answer from {path}")

    async def _ask_once(self, method: str, path: str, **more: Any) -> Any:
        """Raises TROUBLE while the web server or its database is away."""
        assert self._session is not None
        headers = {"X-CSRF-Token": self._csrf}
        timeout = aiohttp.ClientTimeout(8)
        async with self._session.request(method, self._base + path, headers=headers, timeout=timeout, **more) as got:
            if got.status >= 500:
                raise aiohttp.ClientError(f"{path}: {got.status}")
            answer = await got.json()
            if got.status != 200:
                raise SeatRefused(got.status, answer.get("error", ""))
            return answer

    async def _first_event(self, url: str) -> Any:
        assert self._session is not None
        async with self._session.get(url, headers={"Origin": self._base}) as response:
            name = ""
            async for line in response.content:
                key, _, value = line.decode().rstrip("\n").partition(": ")
                name = value if key == "event" else name
                if (key, name) == ("data", "desk"):
                    return json.loads(value)

    async def _beat_for_ever(self) -> None:
        while True:
            with suppress(SeatRefused, *TROUBLE):
                await self._ask_once("POST", "/console/heartbeat", json={})
            await asyncio.sleep(BEAT_SECONDS)

    # the telephone

    async def _telephone_for_ever(self) -> None:
        while True:
            with suppress(SeatRefused, *TROUBLE):
                await self._be_reachable()
            self.is_registered, self.ringing, self._socket = False, None, None
            await asyncio.sleep(AGAIN_SECONDS)

    async def _be_reachable(self) -> None:
        """One connection, until it breaks."""
        assert self._session is not None
        ticket = await self._ask_once("POST", "/console/phone-token", json={})
        url, origin = f"{ticket['url']}?token={ticket['token']}", {"Origin": self._base}
        async with self._session.ws_connect(url, headers=origin) as socket:
            self._socket = socket
            await socket.send_json({"type": "register"})
            self._works["ping"] = asyncio.create_task(self._ping_for_ever(socket))
            sounding = asyncio.create_task(self._sound_for_ever(socket))
            try:
                async for message in socket:
                    if message.type == aiohttp.WSMsgType.BINARY:
                        self.frames += 1
                    elif message.type == aiohttp.WSMsgType.TEXT:
                        await self._take(socket, json.loads(message.data))
            finally:
                sounding.cancel()
                self._works.pop("ping", sounding).cancel()

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, event: Mapping[str, Any]) -> None:
        match event["type"]:
            case "registered":
                self.is_registered = True
                if "call" in event:
                    self.talking = event["call"]
                    await socket.send_json({"type": "resume", "call": event["call"], "key": event["key"]})
                else:
                    # Whatever there was is over.
                    self.talking = None
            case "incoming":
                await self._ring(socket, str(event["call"]))
            case "answered":
                self.talking, self.ringing = self.ringing, None
            case "incoming_over":
                self.ringing = None
            case "ended":
                self.talking = self.ringing = None

    async def _ring(self, socket: aiohttp.ClientWebSocketResponse, call: str) -> None:
        if call not in self.rung:
            self.rung.append(call)
        self.ringing = call
        if self.on_ring == ACCEPT:
            await socket.send_json({"type": "accept", "call": call})
        elif self.on_ring == REJECT:
            await socket.send_json({"type": "reject", "call": call})

    async def _ping_for_ever(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while not socket.closed:
            with suppress(*TROUBLE):
                await socket.send_json({"type": "ping", "t": 0})
            await asyncio.sleep(PING_SECONDS)

    async def _sound_for_ever(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while not socket.closed:
            if self.talking and self.sound:
                with suppress(*TROUBLE):
                    await socket.send_bytes(self.sound)
            await asyncio.sleep(FRAME_SECONDS)

    async def _say(self, message: Mapping[str, Any]) -> None:
        if self._socket is not None:
            await self._socket.send_json(message)

    async def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    # the loop

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._run_on_loop(work).result(PATIENCE_SECONDS)

    def _keep(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def begin() -> None:
            if name not in self._works or self._works[name].done():
                self._works[name] = asyncio.create_task(work())

        self._do(begin())

    def _stop(self, *names: str) -> None:
        async def stop() -> None:
            for work in [self._works.pop(name) for name in names if name in self._works]:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work

        self._do(stop())


class ScriptedSeats:
    """Runs them beside the test, on a loop in a thread."""

    def __init__(self, hotline: RunningHotline, kind: type[ScriptedSeat] = ScriptedSeat) -> None:
        self._hotline = hotline
        self._kind = kind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._seats: dict[str, ScriptedSeat] = {}

    def seat(self, username: str) -> ScriptedSeat:
        """The seat of a consultant, always the same one."""
        return self._seats.setdefault(username, self._kind(self._run, self._hotline, username))

    def close(self) -> None:
        for seat in self._seats.values():
            seat.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)
