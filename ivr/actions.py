"""Command -> service call -> answer: the only module here that reaches into the folders to its right.

A command is asked after the session that waits for it is saved, outside any transaction, and may be asked twice
after a crash. Rooms that are opened later add their command here, and menus may name it from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from integrations.services import Services
from ivr.commands import Command, CommandKind

Perform = Callable[[Services, str, Command], str]


@dataclass(frozen=True)
class Action:
    """A command and who performs it: called with the services, the call's sid and the command; gives an answer."""

    kind: CommandKind
    perform: Perform


ACTIONS: dict[str, Action] = {}
COMMANDS: Mapping[str, CommandKind] = {name: action.kind for name, action in ACTIONS.items()}
