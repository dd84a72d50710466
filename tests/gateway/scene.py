"""A hotline made of documents, and a call to it by a scripted caller, in virtual time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import numpy
from twilio.request_validator import RequestValidator

from integrations.gateway.addresses import HotlineAddresses
from integrations.gateway.audio import beep, silence
from integrations.gateway.call import Call
from integrations.gateway.calls import Calls
from integrations.gateway.ended_calls import EndedCalls
from integrations.gateway.exchange import Exchange
from integrations.gateway.journal import Journal
from integrations.gateway.outbound import Order, OutboundCall
from integrations.gateway.recordings import RecordingStore
from integrations.gateway.samples import SAMPLE_RATE, to_pcm
from integrations.gateway.scripted import Act, ScriptedLeg
from integrations.gateway.talk import Goto
from integrations.gateway.telephones import Unreachable
from integrations.gateway.webhooks import Answer, Webhooks
from tests.gateway.virtual_time import run_in_virtual_time

ACCOUNT, TOKEN = "AC" + "0" * 32, "token-of-the-tests"
BASE = "https://hotline.example.cn"
SYLLABLES_PER_SECOND = 4.2
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def document(*verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'


def speech(seconds: float) -> bytes:
    """Something that counts as a voice."""
    return beep(seconds, 400)


def mumble(seconds: float, loudness: float = 0.1) -> bytes:
    """As a voice sounds: one deep tone and all its overtones, louder and softer with each syllable."""
    times = numpy.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    voice = numpy.asarray(sum(numpy.sin(2 * math.pi * 140 * n * times) / n for n in range(1, 12)))
    return to_pcm((loudness * voice * (0.6 + 0.4 * numpy.sin(2 * math.pi * 4 * times))).astype(numpy.float32))


class QuietSpeech:
    """Stands in for the voice: silence as long as the words would take."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    async def say(self, text: str, rate: float = 1.0, keep: bool = True) -> bytes:
        if keep:
            self.kept.append(text)
        return silence(len(text) / SYLLABLES_PER_SECOND / rate)

    async def fetch(self, url: str) -> bytes:
        return silence(3.0)


@dataclass
class Asked:
    """One request as the hotline got it; `path` is the address below the base."""

    path: str
    method: str
    form: dict[str, str]
    headers: Mapping[str, str]
    at: float


Reply = str | Answer | Exception | Callable[[Asked], Awaitable[Answer]]


@dataclass
class FakeHotline:
    """Answers each path with its replies in turn, the last one again and again. Checks every signature."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    async def post(self, method: str, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        assert RequestValidator(TOKEN).validate(url, dict(form), headers["X-Twilio-Signature"])
        query = dict(parse_qsl(urlsplit(url).query)) if method == "GET" else {}
        path = url.removeprefix(BASE)
        path = path.partition("?")[0] if method == "GET" else path
        asked = Asked(path, method, {**query, **form}, headers, asyncio.get_running_loop().time())
        self.asked.append(asked)
        if path == "/ivr/status" and path not in self.replies:
            return Answer(204, "")
        replies = self.replies.get(path)
        assert replies, f"nobody answers {path}"
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, str):
            return Answer(200, reply)
        return reply if isinstance(reply, Answer) else await reply(asked)

    def at(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    @property
    def statuses(self) -> list[str]:
        return [asked.form["CallStatus"] for asked in self.at("/ivr/status")]

    def documents_asked(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path != "/ivr/status"]


@dataclass
class Scene:
    """A call that is over, and everything that came of it."""

    call: Call
    leg: ScriptedLeg
    hotline: FakeHotline
    recordings: RecordingStore
    calls: Calls
    voice: QuietSpeech
    seconds: float
    # Lives as long as the scene.
    folder: TemporaryDirectory[str]
    telephones: ScriptedTelephones


class ScriptedTelephones:
    """Telephones by address; each time one is rung it follows the same script. Others are not there."""

    def __init__(self, scripts: Mapping[str, Sequence[Act] | str]) -> None:
        """Instead of a script: `busy`, or `frozen` for a page that neither rings nor answers."""
        self._scripts = scripts
        self.rung: dict[str, list[ScriptedLeg]] = {}

    def leg_to(self, address: str, may_be_off: bool = False) -> ScriptedLeg | Unreachable:
        script = self._scripts.get(address)
        if script is None or script == "busy":
            return Unreachable("busy" if script else "failed")
        leg = ScriptedLeg((), is_frozen=True) if script == "frozen" else ScriptedLeg(script)  # type: ignore[arg-type]
        self.rung.setdefault(address, []).append(leg)
        return leg

    def take_text(self, address: str, event: Mapping[str, object]) -> bool:
        return address in self._scripts

    def leg(self, address: str) -> ScriptedLeg:
        """The one that was rung there."""
        [leg] = self.rung[address]
        return leg


Outside = Callable[[Calls, Call, ScriptedLeg], Awaitable[None]]


def build_exchange(
    hotline: FakeHotline, folder: Path, voice: QuietSpeech, telephones: ScriptedTelephones | None = None
) -> Exchange:
    """Inside a virtual loop: the calendar follows its clock."""
    loop = asyncio.get_running_loop()

    def now() -> datetime:
        return NOON + timedelta(seconds=loop.time())

    return Exchange(
        account_sid=ACCOUNT,
        urls=HotlineAddresses(BASE),
        http_url="http://gateway.example.cn",
        webhooks=Webhooks(hotline.post, TOKEN, BASE),
        speech=voice,
        recordings=RecordingStore(folder / "recordings"),
        journal=Journal(folder / "live"),
        ended=EndedCalls(folder / "ended", now),
        now=now,
        telephones=telephones or ScriptedTelephones({}),
    )


Script = Sequence[Act] | str
Replies = Mapping[str, "Sequence[Reply] | Reply"]


def ring(
    replies: Replies, *acts: Act, outside: Outside | None = None, telephones: Mapping[str, Script] | None = None
) -> Scene:
    """One call from ring to end. `incoming`, `step`... name the paths below /ivr/."""

    async def steps(stage: Stage) -> Scene:
        leg = ScriptedLeg(acts)
        call = stage.calls.start(leg, "+8613800138000", "12333")
        if outside is not None:
            await outside(stage.calls, call, leg)
        await call.wait_until_over(100_000)
        seconds = leg.now
        await stage.exchange.finish(600)
        stage.exchange.journal.end()
        return Scene(call, leg, stage.hotline, stage.exchange.recordings, stage.calls, stage.voice, seconds,
                     stage.folder, stage.telephones)  # fmt: skip

    return on_stage(steps, replies, telephones)


@dataclass
class Stage:
    """A gateway without a network, for more than one call."""

    calls: Calls
    exchange: Exchange
    hotline: FakeHotline
    voice: QuietSpeech
    folder: TemporaryDirectory[str]
    telephones: ScriptedTelephones

    def dial(self, *acts: Act, caller: str = "+8613800138000") -> tuple[Call, ScriptedLeg]:
        """Somebody rings the hotline."""
        leg = ScriptedLeg(acts)
        return self.calls.start(leg, caller, "12333"), leg

    def order(self, address: str, path: str = "/ivr/agent", **more: Any) -> OutboundCall:
        """The hotline has somebody rung."""
        return self.calls.place(Order(address, "12333", Goto(BASE + path), **more))

    async def close(self) -> None:
        """Let everything that is still to be told be told."""
        await self.exchange.finish(600)


T = TypeVar("T")


def on_stage(
    steps: Callable[[Stage], Awaitable[T]], replies: Replies, telephones: Mapping[str, Script] | None = None
) -> T:
    """Run in virtual time with a ticking clock."""
    paths = {path if path.startswith("/") else f"/ivr/{path}": _listed(reply) for path, reply in replies.items()}
    hotline, voice = FakeHotline(paths), QuietSpeech()
    folder = TemporaryDirectory(prefix="gateway-")

    async def scene() -> T:
        scripted = ScriptedTelephones(telephones or {})
        exchange = build_exchange(hotline, Path(folder.name), voice, scripted)
        ticking = asyncio.create_task(exchange.clock.run())
        stage = Stage(Calls(exchange), exchange, hotline, voice, folder, scripted)
        try:
            return await steps(stage)
        finally:
            ticking.cancel()
            exchange.journal.end()

    return run_in_virtual_time(scene())


def _listed(reply: Sequence[Reply] | Reply) -> list[Reply]:
    return [reply] if isinstance(reply, str | Answer | Exception) or callable(reply) else list(reply)
