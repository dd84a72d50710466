"""What a verb may use while it is performed, and how it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from integrations.gateway.documents import Verb
from integrations.gateway.familiar import Familiar
from integrations.gateway.leg import Leg
from integrations.gateway.recordings import RecordingStore

if TYPE_CHECKING:
    from integrations.gateway.call import Call
    from integrations.gateway.calls import Calls


@dataclass(frozen=True, slots=True)
class Goto:
    """Another document: asked for with the parameters in which the verb reports how it ended."""

    url: str
    method: str = "POST"
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """The call ends with this final status; `by_verb` is False where its document had merely come to its end."""

    status: str = "completed"
    by_verb: bool = True


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
    # Fetches a document. Raises WebhookFailed.
    documents: Callable[[Goto, Mapping[str, str]], Awaitable[tuple[Verb, ...]]]
    # The call's parameters as of now.
    facts: Callable[[], Mapping[str, str]]
    # Picks up; does nothing the second time.
    answer: Callable[[], Awaitable[None]]
    # All others, for verbs that ring them or bring them together.
    calls: Calls
    call: Call
