"""What the engine asks of others: a name and arguments; `ivr.actions` answers each with a CommandAnswered.

Every command named here has somebody who performs it; the menu check refuses any other name. `writes` marks a
command that changes something in another system: the check lets nobody reach it without a confirming key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandKind:
    """A command that menus may use: its answers (the routes a menu must give) and whether it writes.

    `takes_time`: a business system is asked, so the caller hears that we are looking when it takes longer.
    """

    name: str
    answers: tuple[str, ...]
    writes: bool = False
    takes_time: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One request of one call; `id` is unique within the call, so that a late answer is told from a new one.

    `secret` was keyed in a moment ago: it goes from hand to hand in memory, and is kept and shown nowhere.
    `filler`: the prompt that is said only while the answer is awaited.
    """

    id: str
    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    filler: str = ""


def command_name(command_id: str) -> str:
    """Which command an id belongs to."""
    return command_id.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the command's answers, and words that the sentences after it may name (None: not known).

    `private` goes to the session's private part, which is sealed wherever it is kept.
    """

    name: str
    words: Mapping[str, str | None] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
