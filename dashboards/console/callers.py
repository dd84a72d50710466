"""What a consultant sees of the caller on the line: worked out once for each offer, then remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection

from dashboards.console.asked import Asked, asked_of
from dashboards.console.callback_rings import RingRow
from dashboards.console.caller_words import masked, short_region
from dashboards.console.desk_rows import CallerRows, OfferRow, read_callers
from integrations.sealer import SealError
from integrations.work_calendar import in_shanghai
from ivr.library import Library
from ivr.outcome import NAMES_ZH
from ivr.service import Line
from voicemail.subjects import SubjectTree, suggest

log = structlog.get_logger(__name__)
MOST_REMEMBERED = 2000
STILL_ON_THE_LINE = "还没挂断"


@dataclass(frozen=True)
class CallerFacts:
    """What does not change any more while an offer is open."""

    masked: str
    region: str
    asked: tuple[str, ...]
    history: tuple[dict[str, Any], ...]
    handed: tuple[dict[str, Any], ...]
    suggested: tuple[str, ...]


class Callers:
    """Facts by offer, those of the last offers kept in memory."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree
        self._lock = threading.Lock()
        self._known: OrderedDict[str, CallerFacts] = OrderedDict()

    def facts(
        self, connection: Connection[Any], offers: Sequence[OfferRow], rings: Mapping[str, RingRow], now: datetime
    ) -> dict[str, CallerFacts]:
        """The facts of these offers, `rings` saying by id which are callbacks; only new ones are asked for."""
        with self._lock:
            found = {offer.id: self._known[offer.id] for offer in offers if offer.id in self._known}
        fresh = [offer for offer in offers if offer.id not in found]
        if fresh:
            asked_in = {offer.id: rings[offer.id].call_sid for offer in fresh if offer.id in rings}
            rows = read_callers(connection, fresh, asked_in)
            found |= {offer.id: self._facts_of(offer, rings.get(offer.id), rows, now) for offer in fresh}
            self._remember({offer.id: found[offer.id] for offer in fresh})
        return found

    def _remember(self, fresh: dict[str, CallerFacts]) -> None:
        with self._lock:
            self._known.update(fresh)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)

    def _facts_of(self, offer: OfferRow, ring: RingRow | None, rows: CallerRows, now: datetime) -> CallerFacts:
        library = self._line.keeper.library()
        history = rows.history.get(offer.id, ())
        asked = self._asked(library, ring.call_sid if ring else offer.call_sid, rows, now)
        earlier = next((subject for *_, subject in history if subject), None)
        return CallerFacts(
            masked=masked(self._number(offer, ring), offer.caller_tail),
            region=short_region(offer.caller_region),
            asked=asked.paths,
            history=tuple(self._earlier_call(library, *row) for row in history),
            handed=tuple(self._earlier_talk(library, *row) for row in rows.handed.get(offer.entry_id, ())),
            suggested=suggest(self._tree, asked.pieces, offer.skill, earlier),
        )

    def _asked(self, library: Library, call_sid: str, rows: CallerRows, now: datetime) -> Asked:
        steps = rows.steps.get(call_sid, ())
        return asked_of(library.flow, steps, in_shanghai(now).date())

    def _number(self, offer: OfferRow, ring: RingRow | None) -> str | None:
        sealed = ring.number_sealed if ring else offer.caller_sealed
        if sealed is None:
            return None
        try:
            return self._line.services.sealer.open(bytes(sealed), "callback.number" if ring else "call.caller")
        except SealError as error:
            log.warning("caller_not_readable", offer=offer.id, error_id=error.error_id)
            return None

    def _earlier_call(
        self, library: Library, at: datetime, outcome: str | None, centre: str, subject: str | None
    ) -> dict[str, Any]:
        return {
            "at": at.isoformat(),
            "outcome_zh": NAMES_ZH.get(outcome or "", outcome or STILL_ON_THE_LINE),
            "centre_name": library.centre(centre).short_name,
            "subject_zh": self._tree.name_of(subject),
        }

    def _earlier_talk(
        self, library: Library, number: str, centre: str, at: datetime, subject: str | None, note: str | None
    ) -> dict[str, Any]:
        return {
            "at": at.isoformat(),
            "number": number,
            "centre_name": library.centre(centre).short_name,
            "subject_zh": self._tree.name_of(subject),
            "note": note or "",
        }
