"""The looks of the event stream at the database, each for everybody at once; they run in threads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards.console.desk_view import DeskView, Look
from dashboards.console.floor_view import FloorView
from dashboards.console.look_ups import LookUp, ShownCallers
from dashboards.console.marks import Scope
from dashboards.staff import StaffMember
from ivr.service import Line
from queueing.line_models import OPEN_OFFER
from queueing.offers import HEARTBEAT_SECONDS
from voicemail.subjects import SubjectTree

# Whatever makes a desk another one: cheap enough to be asked for all of them again and again.
_MARKS = f"""
SELECT a.id, a.state, a.reason, a.next_reason, a.state_since, a.misses, a.heartbeat_at >= %(alive)s,
       o.id, o.status, o.agent_call_sid, o.held_since, w.saved_at, t.status
FROM agent a
LEFT JOIN offer o ON o.agent_id = a.id AND o.{OPEN_OFFER}
LEFT JOIN wrap_up w ON w.offer_id = o.id
LEFT JOIN callback_attempt t ON t.offer_id = o.id
WHERE a.id = ANY(%(agents)s)
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A look, and from when on it is known that every other desk is as it was."""

    look: Look
    checked_at: datetime


class Watch:
    """One a process."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._services = line.services
        self._desks = DeskView(line, tree)
        self._floors = FloorView(line, tree)
        self._shown = ShownCallers()
        self._marks: dict[int, Sequence[Any]] = {}

    def desks(
        self, pages: Mapping[int, Collection[StaffMember]], changed: Collection[int], centres: Collection[str]
    ) -> Seen:
        """Look at the changed seats, at whichever others of `pages` have moved, and at the lines of these centres.

        `pages` are the seats shown, each with who looks; whose caller is shown is entered in the trail first.
        """
        checked_at = self._services.now()
        seats = {*changed, *self._moved(pages, checked_at)}
        look = self._desks.look(list(seats), centres)
        self._enter_shown(look, pages)
        return Seen(look, checked_at)

    def _moved(self, seats: Collection[int], now: datetime) -> set[int]:
        """Those whose desk is another one than when this was last asked."""
        alive = now - timedelta(seconds=HEARTBEAT_SECONDS)
        values = {"agents": list(seats), "alive": alive}
        with self._services.database.pool.connection() as connection:
            marks = {row[0]: row for row in connection.execute(_MARKS, values).fetchall()}
        moved = {seat for seat, mark in marks.items() if self._marks.get(seat) != mark}
        self._marks.update(marks)
        return moved

    def _enter_shown(self, look: Look, pages: Mapping[int, Collection[StaffMember]]) -> None:
        offers = [(member.username, offer) for seat, offer in look.shown.items() for member in pages.get(seat, ())]
        if not offers:
            return
        since = min(offer.made_at for _, offer in offers)
        seen = [LookUp(username, offer.centre, f"offer {offer.id}") for username, offer in offers]
        with self._services.database.pool.connection() as connection:
            self._shown.note(connection, seen, look.now, since)

    def floors(self, scopes: Iterable[Scope]) -> dict[Scope, dict[str, Any]]:
        """The floors of these scopes, from one look."""
        wanted = list(scopes)
        look = self._floors.look(dict.fromkeys(code for scope in wanted for code in scope.centres))
        return {scope: self._floors.floor(look, scope) for scope in wanted}
