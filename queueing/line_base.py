"""What every part of the line stands on: the centres' rules, and telling Redis and the listeners after a commit.

Both may be away: then the line is made from the rows, and listeners look by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from psycopg import Connection
from redis import RedisError

from integrations.services import Services
from queueing import entries
from queueing.agent import AVAILABLE
from queueing.callback_rules import DEFAULT_CALLBACK_RULES, CallbackRules
from queueing.centre import Centre
from queueing.entries import Entry
from queueing.line_rules import DEFAULT_RULES, LineRules
from queueing.live_queue import LiveQueue
from queueing.notices import publish
from queueing.offers import Offer
from queueing.routing import Helps, QueueKey, RulesByCentre, Waiting, queues_for
from queueing.seats import SeatRow, read_seat, routing_seat
from queueing.timetable import Timetable

log = structlog.get_logger(__name__)
# Key 7, and with it every callback.
CALLBACK_FEATURE = "progress"


class LineBase:
    """The rules as they are now, and who is told of a change."""

    def __init__(self, services: Services, centres: Callable[[], Mapping[str, Centre]]) -> None:
        self.services = services
        self.centres = centres
        self.live = LiveQueue(services.live_store)
        self.timetable = Timetable(services, centres)

    def rules(self, centre: str) -> LineRules:
        found = self.centres().get(centre)
        return found.queue if found else DEFAULT_RULES

    def callback_rules(self, centre: str) -> CallbackRules:
        found = self.centres().get(centre)
        return found.callbacks if found else DEFAULT_CALLBACK_RULES

    def next_decent(self, centre: str) -> Callable[[datetime], datetime | None]:
        """From when on callers of a centre may be rung, asked for a moment."""
        return partial(self.timetable.next_decent, centre)

    def helpers(self, centre: str) -> list[str]:
        """The centres whose seats may take over this one's calls."""
        return [code for code, other in self.centres().items() if centre in other.helps]

    def has_callbacks(self, centre: str) -> bool:
        """Whether this centre rings people back at all."""
        found = self.centres().get(centre)
        setting = found.features.get(CALLBACK_FEATURE) if found else None
        return setting is not None and setting.open

    @contextmanager
    def transaction(self) -> Iterator[Connection[Any]]:
        """One transaction on a connection of the pool."""
        with self.services.database.pool.connection() as connection, connection.transaction():
            yield connection

    def offer_changed(self, offer: Offer | None) -> None:
        """An offer was made, accepted or ended: the live line, the dispatchers and the consoles shall know."""
        if offer is None:
            return
        self.tell_entry(offer.entry_id)
        self.seat_changed(offer.agent_id, offer.centre)

    def seat_changed(self, agent_id: int, centre: str = "") -> None:
        """A seat became free, or is so no longer; `centre`: where the caller waits, when that is another one."""
        with self.services.database.pool.connection() as connection:
            seat = read_seat(connection, agent_id)
        try:
            if seat is not None and seat.state == AVAILABLE:
                self.live.agent_free(routing_seat(seat), self.lines_of(seat))
            else:
                self.live.agent_gone(agent_id)
        except RedisError as error:
            log.warning("line_not_told", agent=agent_id, error=type(error).__name__)
        for told in {centre, seat.centre if seat else ""} - {""}:
            publish(self.services.live_store, told, agent_id)

    def tell_live_again(self, entry_id: int, agent_id: int) -> None:
        """A claim came to nothing: both as the rows have them now."""
        self.tell_entry(entry_id)
        self.seat_changed(agent_id)

    def wake(self, centre: str) -> None:
        """There is something for the dispatchers to do."""
        publish(self.services.live_store, centre)

    def lines_of(self, seat: SeatRow) -> tuple[QueueKey, ...]:
        """The lines that a seat may draw from, by the rules as they are now."""
        return queues_for(routing_seat(seat), *self.routing_rules())

    def routing_rules(self) -> tuple[RulesByCentre, Helps]:
        centres = self.centres()
        rules = {code: centre.queue for code, centre in centres.items()}
        return rules, {code: centre.helps for code, centre in centres.items()}

    def _tell_live(self, entry: Entry) -> None:
        try:
            if entry.status in (entries.WAITING, entries.OFFERED):
                self.live.join(waiting_entry(entry), is_offered=entry.status == entries.OFFERED)
            else:
                self.live.leave(entry.id)
        except RedisError as error:
            log.warning("line_not_told", entry=entry.id, error=type(error).__name__)

    def tell_entry(self, entry_id: int) -> None:
        """An entry changed: the live line shall have it as the rows do."""
        with self.services.database.pool.connection() as connection:
            entry = entries.read_entry(connection, entry_id)
        if entry is not None:
            self._tell_live(entry)

    def entry_gone(self, entry: Entry) -> None:
        """A place in the line has ended."""
        self._tell_live(replace(entry, status=entries.ENDED))
        publish(self.services.live_store, entry.centre, None)

    def entry_joined(self, entry: Entry) -> None:
        """Somebody stands in the line now."""
        self._tell_live(entry)
        publish(self.services.live_store, entry.centre, None)


def waiting_entry(entry: Entry) -> Waiting:
    """The entry as the rules of routing see it: who was transferred has waited here since then."""
    rules = tuple(entry.rules)
    return Waiting(entry.id, entry.centre, entry.skill, entry.language, entry.joined_at, entry.rank_at, rules)
