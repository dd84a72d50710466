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
    """Keys. `num_digits` None takes any number of them; `finish_on_key` "" means that no key ends the input."""

    action: str
    method: str = "POST"
    timeout: int = 5
    num_digits: int | None = None
    finish_on_key: str = "#"
    action_on_empty_result: bool = False
    prompts: tuple[Prompt, ...] = ()


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
class DialTarget:
    """One telephone to ring: kind is Number, Client, Conference or Sip."""

    kind: str
    name: str
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dial:
    """Other telephones. `action` "" goes on with the next verb."""

    action: str = ""
    method: str = "POST"
    timeout: int = 30
    time_limit: int = 14400
    caller_id: str = ""
    hangup_on_star: bool = False
    answer_on_bridge: bool = False
    targets: tuple[DialTarget, ...] = ()


Verb = Prompt | Gather | Record | Redirect | Hangup | Reject | Dial
