"""What happened on the line: the closed set of events that `advance` understands.

Each carries when it happened (`at`, aware) and the `Moment`: what is open, said and true for the call's centre then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ivr.moment import Moment
from ivr.verbs import Say


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    moment: Moment

    @property
    def kind(self) -> str:
        return KIND_NAMES[type(self)]


@dataclass(frozen=True, slots=True)
class CallStarted(Event):
    """The carrier asks what to play to a caller who has just rung."""


@dataclass(frozen=True, slots=True)
class KeysPressed(Event):
    digits: str


@dataclass(frozen=True, slots=True)
class Silence(Event):
    """The document ran to its end and no key was pressed."""


@dataclass(frozen=True, slots=True)
class Spoke(Event):
    """A voice answered where one counts. What it said is neither asked nor kept."""


@dataclass(frozen=True, slots=True)
class Recorded(Event):
    """A recording ended, by key, silence or length; or the caller hung up in it (`hung_up`)."""

    recording_sid: str
    seconds: int
    hung_up: bool = False


@dataclass(frozen=True, slots=True)
class DialEnded(Event):
    """The desk telephone was rung: `status` is the carrier's word, completed, busy, no-answer, failed, canceled."""

    status: str


@dataclass(frozen=True, slots=True)
class Connected(Event):
    """A consultant has accepted: wherever the call is in the menu, it goes to the talk now."""

    offer_id: str
    agent_number: str


@dataclass(frozen=True, slots=True)
class TalkEnded(Event):
    """The consultant has left the talk of this offer, and the caller is still there."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class CalledBack(Event):
    """We rang a caller, and the telephone was picked up.

    `who`: a person for all that is known, a machine (told at any time before the caller has agreed to talk), or late:
    nobody waits for this call any more. `words`: what the greeting may name; None: not known.
    """

    attempt_id: str
    who: str
    words: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandAnswered(Event):
    """The answer to a command, with words that the following sentences may name; None: not known.

    `unsaid`: what the document of the question had to say, which nobody has heard when the answer came at once.
    """

    command_id: str
    answer: str
    words: Mapping[str, str | None] = field(default_factory=dict)
    unsaid: tuple[Say, ...] = ()
    private: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Recovered(Event):
    """A webhook failed and the carrier came to the fallback address: say sorry and go on where we were."""


@dataclass(frozen=True, slots=True)
class CallEnded(Event):
    """The line is down. `status` is the carrier's final word, or "swept" when there was none."""

    status: str


KIND_NAMES: dict[type[Event], str] = {
    CallStarted: "call_started",
    KeysPressed: "keys",
    Silence: "silence",
    Spoke: "spoke",
    Recorded: "recorded",
    DialEnded: "dial_ended",
    Connected: "connected",
    TalkEnded: "talk_ended",
    CalledBack: "called_back",
    CommandAnswered: "command_answered",
    Recovered: "recovered",
    CallEnded: "call_ended",
}
