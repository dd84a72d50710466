"""A hotline made of documents, and a call to it by a scripted caller, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

from integrations.gateway.addresses import HotlineAddresses
from integrations.gateway.audio import beep, silence
from integrations.gateway.call import Call
from integrations.gateway.calls import Calls
from integrations.gateway.exchange import Exchange
from integrations.gateway.journal import Journal
from integrations.gateway.recordings import RecordingStore
from integrations.gateway.scripted import Act, ScriptedLeg
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


Outside = Callable[[Calls, Call, ScriptedLeg], Awaitable[None]]


def build_exchange(hotline: FakeHotline, folder: Path, voice: QuietSpeech) -> Exchange:
    """Inside a virtual loop: the calendar follows its clock."""
    loop = asyncio.get_running_loop()
    return Exchange(
        account_sid=ACCOUNT,
        urls=HotlineAddresses(BASE),
        http_url="http://gateway.example.cn",
        webhooks=Webhooks(hotline.post, TOKEN, BASE),
        speech=voice,
        recordings=RecordingStore(folder / "recordings"),
        journal=Journal(folder / "live"),
        now=lambda: NOON + timedelta(seconds=loop.time()),
    )


def ring(replies: Mapping[str, Sequence[Reply] | Reply], *acts: Act, outside: Outside | None = None) -> Scene:
    """One call from ring to end. `incoming`, `step`... name the paths below /ivr/."""
    paths = {path if path.startswith("/") else f"/ivr/{path}": _listed(reply) for path, reply in replies.items()}
    hotline = FakeHotline(paths)
    folder = TemporaryDirectory(prefix="gateway-")

    async def scene() -> Scene:
        voice = QuietSpeech()
        exchange = build_exchange(hotline, Path(folder.name), voice)
        calls = Calls(exchange)
        leg = ScriptedLeg(acts)
        call = calls.start(leg, "+8613800138000", "12333")
        if outside is not None:
            await outside(calls, call, leg)
        await call.wait_until_over(100_000)
        seconds = leg.now
        await exchange.finish(600)
        exchange.journal.end()
        return Scene(call, leg, hotline, exchange.recordings, calls, voice, seconds, folder)

    return run_in_virtual_time(scene())


def _listed(reply: Sequence[Reply] | Reply) -> list[Reply]:
    return [reply] if isinstance(reply, str | Answer | Exception) or callable(reply) else list(reply)
