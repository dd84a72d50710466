"""The conferences of this gateway: a name finds the live one, a sid also one that has ended."""

from __future__ import annotations

from collections import OrderedDict

from integrations.gateway.conference import Conference
from integrations.gateway.documents import DialConference
from integrations.gateway.exchange import Exchange
from integrations.gateway.participant import Participant
from integrations.gateway.talk import Talk

# Ended conferences that can still be asked for.
MOST_REMEMBERED = 500


class Conferences:
    """The registry; one for each gateway."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._live: dict[str, Conference] = {}
        self._ended: OrderedDict[str, Conference] = OrderedDict()

    @property
    def live_count(self) -> int:
        self._sort_out()
        return len(self._live)

    def join(self, talk: Talk, noun: DialConference) -> tuple[Conference, Participant]:
        """Take part in the live conference of this name, or in a new one. Raises CannotJoin."""
        self._sort_out()
        conference = self._live.get(noun.name) or Conference(self._exchange, noun)
        participant = conference.join(talk, noun)
        self._live[noun.name] = conference
        return conference, participant

    def find(self, sid: str) -> Conference | None:
        return next((conference for conference in self.all() if conference.sid == sid), None)

    def all(self) -> list[Conference]:
        """Live and remembered ones, newest first."""
        self._sort_out()
        conferences = [*self._ended.values(), *self._live.values()]
        return sorted(conferences, key=lambda conference: conference.created_at, reverse=True)

    def _sort_out(self) -> None:
        for name, conference in list(self._live.items()):
            if conference.is_over:
                del self._live[name]
                self._ended[conference.sid] = conference
        while len(self._ended) > MOST_REMEMBERED:
            self._ended.popitem(last=False)
