"""What a document asks for, verb by verb, with the carrier's documented attributes and defaults.

Addresses are absolute. Seconds are whole, as in the documents.
"""

from __future__ import annotations

from dataclasses import dataclass

from integrations.errors import HotlineError

EVERY_KEY = "1234567890*#"


class BadDocument(HotlineError):
    """The hotline's document cannot be followed; `code` is the carrier's number for this kind of mistake."""

    default_sentence = "热线返回的内容无法执行。"

    def __init__(self, detail: str, code: int = 12200) -> None:
        super().__init__(detail)
        self.code = code


NOT_XML, NOT_IN_CONTRACT, BAD_ADDRESS = 12100, 12200, 11100


@dataclass(frozen=True, slots=True)
class Say:
    """Speech. `rate` 1.0 is the ordinary pace, 0.75 slower; loop 0 goes on for as long as is allowed."""

    text: str
    language: str = ""
    voice: str = ""
    loop: int = 1
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Play:
    """A sound file, or with `digits` the tones of keys."""

    url: str = ""
    loop: int = 1
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    length: int = 1


Prompt = Say | Play | Pause


@dataclass(frozen=True, slots=True)
class Gather:
    """Keys, and with `hears_speech` a voice too, which ends it after `speech_timeout` seconds of silence.

    `num_digits` None takes any number of keys; `finish_on_key` "" means that no key ends the input.
    """

    action: str
    method: str = "POST"
    timeout: int = 5
    num_digits: int | None = None
    finish_on_key: str = "#"
    action_on_empty_result: bool = False
    prompts: tuple[Prompt, ...] = ()
    hears_speech: bool = False
    speech_timeout: int = 1
    language: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A message. `timeout` is the silence that ends it."""

    action: str
    method: str = "POST"
    max_length: int = 3600
    timeout: int = 5
    finish_on_key: str = EVERY_KEY
    play_beep: bool = True
    trim: bool = False
    callback: str = ""
    callback_events: tuple[str, ...] = ("completed",)
    callback_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True)
class Reject:
    """Not answered at all; reason `rejected` or `busy`."""

    reason: str = "rejected"


@dataclass(frozen=True, slots=True)
class Callback:
    """Where events are told, and which; no address tells nobody."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ()

    def wants(self, event: str) -> bool:
        return bool(self.url) and event in self.events


@dataclass(frozen=True, slots=True)
class DialTelephone:
    """One telephone to ring: `client:agent-17`, a number, or a SIP address. `url` is heard there before the talk."""

    address: str
    parameters: tuple[tuple[str, str], ...] = ()
    url: str = ""
    method: str = "POST"
    callback: Callback = Callback()


@dataclass(frozen=True, slots=True)
class DialConference:
    """A conference to join. `wait_url` "" is silence until it starts; beep is true, false, onEnter or onExit."""

    name: str
    starts: bool = True
    ends: bool = False
    beep: str = "true"
    is_muted: bool = False
    wait_url: str = ""
    wait_method: str = "POST"
    most: int = 250
    label: str = ""
    callback: Callback = Callback()


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """How a call is recorded: 1 channel mixes both sides, 2 keep them apart; track is both, inbound or outbound."""

    channels: int = 1
    track: str = "both"
    source: str = "StartCallRecordingAPI"
    callback: Callback = Callback()


@dataclass(frozen=True, slots=True)
class Dial:
    """Other telephones, or a conference. `action` "" goes on with the next verb."""

    action: str = ""
    method: str = "POST"
    timeout: int = 30
    time_limit: int = 14400
    caller_id: str = ""
    hangup_on_star: bool = False
    answer_on_bridge: bool = False
    telephones: tuple[DialTelephone, ...] = ()
    conference: DialConference | None = None
    # With `records_ringing` from the first ring, otherwise from the answer.
    recording: RecordingPlan | None = None
    records_ringing: bool = False


Verb = Prompt | Gather | Record | Redirect | Hangup | Reject | Dial
