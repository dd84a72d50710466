"""What the engine asks of others: a name and arguments; `ivr.actions` answers each with a CommandAnswered.

Every command named here has somebody who performs it; the menu check refuses any other name. `writes` marks a
command that changes something in another system: the check lets nobody reach it without a confirming key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandKind:
    """A command that menus may use: its answers (the routes a menu must give) and whether it writes."""

    name: str
    answers: tuple[str, ...]
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One request of one call; `id` is unique within the call, so that a late answer is told from a new one."""

    id: str
    name: str
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the command's answers, and words that the sentences after it may name (None: not known)."""

    name: str
    words: Mapping[str, str | None] = field(default_factory=dict)
