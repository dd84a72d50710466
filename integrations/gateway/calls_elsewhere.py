"""Calls that this gateway does not have itself: its neighbours' live ones, and all that ended within a day or two."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from integrations.gateway.ended_calls import EndedCall
from integrations.gateway.exchange import Exchange
from integrations.gateway.the_dead import bury_the_dead


@dataclass(frozen=True, slots=True)
class NeighboursCall:
    """A live call of another gateway, of which its journal says no more than this; named as in one of our own."""

    caller: ClassVar[str] = ""
    parent_sid: ClassVar[str] = ""
    status: ClassVar[str] = "in-progress"
    seconds: ClassVar[int] = 0
    answered_by: ClassVar[str | None] = None
    ended_at: ClassVar[datetime | None] = None

    sid: str
    dialled: str
    direction: str
    created_at: datetime

    @property
    def started_at(self) -> datetime:
        return self.created_at

    @property
    def updated_at(self) -> datetime:
        return self.created_at


def calls_elsewhere(exchange: Exchange, since: datetime | None) -> list[EndedCall | NeighboursCall]:
    """Calls that ended at `since` (None: at any time that is kept) or later, and those that others have now.

    Those that this gateway itself has had are among the ended ones. Reads a file for each.
    """
    bury_the_dead(exchange)
    return [*neighbours_calls(exchange), *exchange.ended.since(since)]


def neighbours_calls(exchange: Exchange) -> list[NeighboursCall]:
    """What other gateways have just now."""
    found: list[NeighboursCall] = []
    for left in exchange.journal.of_neighbours():
        with suppress(OSError):
            began = datetime.fromtimestamp(left.path.stat().st_mtime, UTC)
            # Its end may be on its way to the hotline.
            if exchange.ended.find(left.sid) is None:
                found.append(NeighboursCall(left.sid, left.dialled, str(left.told.get("direction", "inbound")), began))
    return found
