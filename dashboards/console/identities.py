"""Whether the callers on the desks have proven by keypad who they are: the last four characters, and nothing more."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from dashboards.console.desk_rows import OfferRow
from integrations.sealer import SealError
from integrations.services import Services
from ivr.identity import Proven, proven_identity
from queueing.offer import OPEN

log = structlog.get_logger(__name__)
MOST_REMEMBERED = 2000


class Identities:
    """Asked anew whenever an offer has moved on, and not in between: desks are looked at every two seconds.

    Whoever waits may still be keying, and nobody can while they talk.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str, str], str | None] = OrderedDict()

    def tails(self, offers: Iterable[OfferRow]) -> Mapping[str, str | None]:
        """By offer id, of those that are open. To be called without a connection in hand: it takes one of its own."""
        return {offer.id: self._tail(offer) for offer in offers if offer.status in OPEN}

    def _tail(self, offer: OfferRow) -> str | None:
        key = (offer.id, offer.status, offer.call_sid)
        with self._lock:
            if key in self._known:
                return self._known[key]
        proven = who_is_on(self._services, offer.call_sid)
        with self._lock:
            self._known[key] = proven.tail if proven else None
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
            return self._known[key]


def who_is_on(services: Services, call_sid: str) -> Proven | None:
    """Who has proven who they are on this call; None as well when what was kept of it cannot be read."""
    try:
        return proven_identity(services, call_sid)
    except SealError as error:
        log.warning("identity_not_readable", call_sid=call_sid, error_id=error.error_id)
        return None


def identity_json(tail: str | None) -> dict[str, Any] | None:
    """What the page is told: the tail, and None for a caller who has proven nothing."""
    return {"tail": tail} if tail else None
