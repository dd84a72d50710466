"""What time ends for callbacks: attempts nobody reports, hours that are no longer decent, promises, lost wake-ups.

Any number of dispatchers may sweep at once; each deed is a conditional change under a lock, so it happens once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from integrations.errors import IntegrationError
from queueing import callback_rows, entries, tasks
from queueing.callback import CARRIER
from queueing.callback_attempts import FINAL, QUESTION_SECONDS, CallbackAttempts
from queueing.callback_rows import Attempt

log = structlog.get_logger(__name__)
DATABASE_AWAY = (psycopg.OperationalError, PoolTimeout)
# The workers wake what is due; what they have not woken by then, the dispatchers do.
NOT_WOKEN_AFTER = timedelta(seconds=15)
# Longer than it rings: by then the carrier has reported something, or its report was lost.
ASK_AFTER = timedelta(seconds=45)
ASK_AGAIN_AFTER = timedelta(seconds=15)
# A call to which nobody says anything, and which does not end either.
LONGEST_ATTEMPT = timedelta(seconds=120 + 2 * QUESTION_SECONDS)
MOST_AT_ONCE = 100
MOST_ASKED = 20

_IN_LINE = """
SELECT id FROM queue_entry WHERE status = 'waiting' AND kind = 'callback' AND call_sid = 'callback-' || callback_id
ORDER BY rank_at LIMIT 2000
"""


@dataclass
class CallbackSweeper:
    """Remembers when it last asked the carrier about an attempt; another process may ask as well."""

    attempts: CallbackAttempts

    def __post_init__(self) -> None:
        self._asked: dict[str, datetime] = {}
        self._next_park = self.attempts.services.now()

    def sweep(self) -> int:
        """Everything that is due now; how many things were changed."""
        now = self.attempts.services.now()
        return self._wake(now) + self._park(now) + self._note_breaches(now)

    def _wake(self, now: datetime) -> int:
        with self.attempts.services.database.pool.connection() as connection:
            due = callback_rows.due_callbacks(connection, now - NOT_WOKEN_AFTER, MOST_AT_ONCE)
        if due:
            log.warning("callbacks_not_woken", count=len(due))
        return sum(self._one("callback_not_woken", callback_id) for callback_id in due)

    def _one(self, trouble: str, callback_id: int) -> int:
        try:
            return int(self.attempts.wake(callback_id))
        except DATABASE_AWAY:
            raise
        except Exception:
            # The others are still due.
            log.exception(trouble, callback=callback_id)
            return 0

    def _park(self, now: datetime) -> int:
        """Who stands in the line when the decent hours end waits for the next ones; looked at every few seconds."""
        if now < self._next_park:
            return 0
        self._next_park = now + timedelta(seconds=10)
        with self.attempts.services.database.pool.connection() as connection:
            found = [entries.read_entry(connection, row[0]) for row in connection.execute(_IN_LINE).fetchall()]
        timetable = self.attempts.line.timetable
        waiting = [entry for entry in found if entry is not None]
        is_decent = {centre: timetable.is_decent(centre, now) for centre in {entry.centre for entry in waiting}}
        return sum(self.attempts.park(entry) for entry in waiting if not is_decent[entry.centre])

    def _note_breaches(self, now: datetime) -> int:
        with self.attempts.services.database.pool.connection() as connection:
            breached = callback_rows.note_breaches(connection, now)
        for callback_id in breached:
            log.error("callback_promise_breached", callback=callback_id)
        return len(breached)

    def ask_about_attempts(self) -> int:
        """Ask the carrier about attempts of which nothing was heard for a while; how many were over."""
        services = self.attempts.services
        now, over = services.now(), 0
        with services.database.pool.connection() as connection:
            stale = callback_rows.stale_attempts(connection, now - ASK_AFTER, MOST_AT_ONCE)
        self._asked = {one: at for one, at in self._asked.items() if one in {attempt.id for attempt in stale}}
        due = [one for one in stale if now - self._asked.get(one.id, now - ASK_AGAIN_AFTER) >= ASK_AGAIN_AFTER]
        for attempt in due[:MOST_ASKED]:
            self._asked[attempt.id] = now
            try:
                over += self._ask_about(attempt, now)
            except IntegrationError as error:
                # The rest would have to wait as long.
                log.warning("carrier_not_asked", attempt=attempt.id, error=str(error))
                break
            except DATABASE_AWAY:
                raise
            except Exception:
                log.exception("attempt_not_asked_about", attempt=attempt.id)
        return over

    def _ask_about(self, attempt: Attempt, now: datetime) -> bool:
        status = self.attempts.services.carrier.call_status(attempt.call_sid) if attempt.call_sid else None
        is_too_long = now - attempt.made_at > LONGEST_ATTEMPT
        if attempt.call_sid and status in FINAL:
            self.attempts.note_status(attempt.id, attempt.call_sid, status or "")
            return True
        if status is not None and not is_too_long:
            return False
        if status is None and not attempt.call_sid and not is_too_long:
            # Still in the queue of what the carrier is to be asked for.
            return False
        # The carrier does not know it, or nobody ever says anything: ours to put right.
        self._hang_up(attempt, now)
        self.attempts.end(attempt.id, CARRIER)
        return True

    def _hang_up(self, attempt: Attempt, now: datetime) -> None:
        with self.attempts.line.transaction() as connection:
            tasks.add_task(connection, tasks.END_CALLBACK, attempt.offer_id, now, attempt.call_sid)
