"""What a command's performer is given, and the pair of a command and its performer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from integrations.services import Services
from ivr.commands import Answer, Command, CommandKind
from ivr.flow import Flow
from ivr.moment import Moment
from ivr.session import Session
from ivr.store import CallerFacts, CallStore
from queueing.callbacks import Callbacks
from queueing.line import WaitingLine


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, and all that its performer may know of the call."""

    services: Services
    line: WaitingLine
    callbacks: Callbacks
    call_sid: str
    command: Command
    session: Session
    moment: Moment
    flow: Flow

    def caller(self) -> CallerFacts:
        """Whose number it is; nothing of a call that the ledger does not have."""
        with self.services.database.pool.connection() as connection:
            return CallStore(connection, self.services.sealer).caller(self.call_sid)


@dataclass(frozen=True)
class Action:
    """A command and who performs it."""

    kind: CommandKind
    perform: Callable[[Asked], Answer]
