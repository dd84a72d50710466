"""What the carrier said while the database was away: remembered on disk, entered into the ledger afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout

from ivr.outage import ENDED, PICKED_UP, RANG, TURNED_AWAY, Missed
from ivr.ring import Ring
from ivr.store import CARRIER, OUTAGE

if TYPE_CHECKING:
    from ivr.service import Line


class MissedCalls:
    """The outage journal's two ends: `remember` in trouble, `enter` when it is over."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def remember(self, kind: str, ring: Ring) -> None:
        """Put an event on disk that the database could not take."""
        at = self._line.services.now().isoformat()
        event = Missed(kind, ring.call_sid, at, ring.status, ring.caller, ring.dialled, ring.direction)
        self._line.journal.write(event)

    def enter(self) -> int:
        """Enter everything that is ripe; how many events."""
        journal = self._line.journal
        events = list(journal.ripe(self._line.services.now()))
        # Who heard only our apology was failed, whatever the database made of the ring later.
        turned_away = {missed.call_sid for _, missed in events if missed.kind in (RANG, TURNED_AWAY)}
        entered = 0
        for path, missed in events:
            try:
                self._enter(missed, OUTAGE if missed.call_sid in turned_away else CARRIER)
            except (psycopg.OperationalError, PoolTimeout):
                # The database is away again: the rest waits.
                raise
            except Exception as error:
                journal.put_aside(path, type(error).__name__)
                continue
            journal.forget(path)
            entered += 1
        return entered

    def _enter(self, missed: Missed, reason: str) -> None:
        ring = Ring(missed.call_sid, missed.caller, missed.dialled, missed.status, missed.direction)
        at, outcome = missed.received_at, None
        with self._line.store() as store:
            if missed.kind == PICKED_UP:
                store.note_desk_answer(ring.call_sid, at)
                return
            self._line.enter_unseen(store, ring, at)
            if missed.kind in (ENDED, TURNED_AWAY):
                outcome = store.end(ring.call_sid, ring.status, reason, at)
            if missed.kind == TURNED_AWAY:
                store.blame_outage(ring.call_sid)
        self._line.note_end(ring.call_sid, outcome, reason, is_technical=ring.status == "failed")
