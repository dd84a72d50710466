"""What the caller hears, before it becomes TwiML: a closed set of plain values.

Verbs carry no address: where the carrier comes back to is decided when they are rendered. A document is a
tuple of verbs, for example `(Gather((Say("opt_0", "转人工，请按0。"),), num_digits=1), Redirect())`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Say:
    """One prompt. `prompt` is its id, `text` what is said; `private` text is sealed wherever it is kept.

    `recorded`: a person's recording of exactly this sentence is played instead of a synthetic voice.
    """

    prompt: str
    text: str
    slow: bool = False
    private: bool = False
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: int = 1


@dataclass(frozen=True, slots=True)
class Gather:
    """Prompts that a key interrupts, then a wait of `timeout` seconds for keys.

    `num_digits` None means: until `finish_on_key` or the time-out. `finish_on_key` "" means no key ends it.
    `speech`: a voice is an answer, too; only that there was one counts.
    """

    prompts: tuple[Say | Pause | Music | Take, ...] = ()
    num_digits: int | None = 1
    finish_on_key: str = ""
    timeout: int = 5
    speech: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A beep, then the caller speaks; `silence` seconds without a voice, `max_seconds` or # end it.

    `message_id`: what is said belongs to this message, and the carrier tells it what becomes of the recording.
    """

    max_seconds: int = 120
    silence: int = 5
    finish_on_key: str = "#"
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring `number` for `timeout` seconds and connect the caller to whoever answers."""

    number: str
    timeout: int = 25


@dataclass(frozen=True, slots=True)
class Music:
    """Something to listen to between two sentences: one piece of `ivr.music`."""


@dataclass(frozen=True, slots=True)
class Take:
    """The caller's own words, played back; `token` opens them for some minutes."""

    token: str


@dataclass(frozen=True, slots=True)
class Join:
    """Come to the talk of an offer; the caller's leaving ends it, a consultant's does not."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Come back for the next step: nobody pressed anything, or the document ran to its end."""


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Verb = Say | Pause | Music | Take | Gather | Record | Dial | Join | Redirect | Hangup

_KINDS: dict[str, type] = {
    "say": Say,
    "pause": Pause,
    "music": Music,
    "take": Take,
    "gather": Gather,
    "record": Record,
    "dial": Dial,
    "join": Join,
    "redirect": Redirect,
    "hangup": Hangup,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_list(verbs: tuple[Verb, ...]) -> list[Any]:
    """Verbs as plain lists, `["say", prompt, text, slow, private]`, for storage beside the call's events."""
    return [_plain(verb) for verb in verbs]


def from_list(items: list[Any]) -> tuple[Verb, ...]:
    """The verbs that `to_list` wrote; raises KeyError for a verb it never wrote."""
    return tuple(_verb(item) for item in items)


def _plain(verb: Verb) -> list[Any]:
    values: list[Any] = [getattr(verb, name) for name in verb.__slots__]
    if isinstance(verb, Gather):
        values[0] = [_plain(prompt) for prompt in verb.prompts]
        if not verb.speech:
            # As it was written before there was any, so that a process of then can still read it.
            del values[-1]
    if isinstance(verb, Record) and not verb.message_id:
        del values[-1]
    return [_NAMES[type(verb)], *values]


def _verb(item: list[Any]) -> Any:
    kind = _KINDS[item[0]]
    values = list(item[1:])
    if kind is Gather:
        values[0] = tuple(_verb(prompt) for prompt in values[0])
    return kind(*values)


def is_of_one_call(verbs: tuple[Verb, ...]) -> bool:
    """Whether no other call can have the same document."""
    pieces = [piece for verb in verbs for piece in (verb.prompts if isinstance(verb, Gather) else (verb,))]
    return any(isinstance(piece, Take) or (isinstance(piece, Record) and piece.message_id) for piece in pieces)


def is_private(verbs: tuple[Verb, ...]) -> bool:
    """Whether any sentence of the document holds something that must not be kept in the clear."""
    for verb in verbs:
        prompts = verb.prompts if isinstance(verb, Gather) else (verb,)
        if any(isinstance(prompt, Say) and prompt.private for prompt in prompts):
            return True
    return False
