"""What a verb may use while it is performed, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from integrations.gateway.familiar import Familiar
from integrations.gateway.leg import Leg
from integrations.gateway.recordings import RecordingStore


@dataclass(frozen=True, slots=True)
class Goto:
    """Another document: asked for with the parameters in which the verb reports how it ended."""

    url: str
    method: str = "POST"
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """The call ends with this final status."""

    status: str = "completed"


# None goes on with the next verb.
Next = Goto | End | None


class Speaks(Protocol):
    """Text and addresses made into sound: PCM16LE, 8 kHz, mono."""

    async def say(self, text: str, rate: float = 1.0, keep: bool = True) -> bytes: ...

    async def fetch(self, url: str) -> bytes: ...


class Notify(Protocol):
    """Posts a form with the call's own parameters once; False when nobody took it. Never raises."""

    def __call__(self, url: str, method: str, parameters: Mapping[str, str]) -> Coroutine[object, object, bool]: ...


@dataclass
class Talk:
    """One call while its documents are performed."""

    sid: str
    leg: Leg
    speech: Speaks
    familiar: Familiar
    recordings: RecordingStore
    notify: Notify
    # The same in the background, and again when nobody took it.
    deliver: Callable[[str, str, Mapping[str, str]], None]
    recording_url: Callable[[str], str]
