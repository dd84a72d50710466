"""Work of the clock: calls that nobody heard of again, and what was missed while something was away."""

from __future__ import annotations

from datetime import timedelta

import structlog

from integrations.services import Services
from integrations.task_queue import Periodic, job_services
from ivr.outcome import PRECEDENCE, VOICEMAIL
from ivr.service import Line
from queueing.entries import forget_callers as forget_places

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 500

# A call without a session cannot be heard of again; a talk at the desk is quiet for as long as it lasts.
_SILENT = """
SELECT call.call_sid FROM call LEFT JOIN call_session USING (call_sid)
WHERE call.ended_at IS NULL
  AND coalesce(call_session.touched_at, call.started_at)
      < %(now)s - CASE WHEN call.desk_answered_at IS NULL THEN %(silence)s ELSE %(talk)s END
ORDER BY call.started_at LIMIT %(most)s
"""
_STILL_IN_LINE = """
SELECT call_sid, carrier_status IN ('failed', 'swept') FROM queue_entry JOIN call USING (call_sid)
WHERE queue_entry.ended_at IS NULL AND call.ended_at IS NOT NULL LIMIT %s
"""
# The carrier's last word of a call can be quicker than that of its recording: then the call does not know of it.
_LEFT_A_MESSAGE = """
UPDATE call SET outcome = %(voicemail)s
WHERE started_at >= %(since)s AND ended_at IS NOT NULL AND outcome = ANY(%(lower)s) AND EXISTS (
    SELECT FROM message
    WHERE message.call_sid = call.call_sid AND message.status = 'kept' AND message.kind <> 'comment')
RETURNING call_sid
"""
A_WEEK = timedelta(days=7)
A_DAY = timedelta(days=1)
_FORGET = """
UPDATE call SET caller_sealed = NULL, caller_hash = NULL, caller_tail = NULL, caller_region = NULL
WHERE ended_at IS NOT NULL AND (caller_hash IS NOT NULL OR caller_tail IS NOT NULL) AND call_sid IN (
    SELECT call_sid FROM message WHERE is_anonymous AND status = 'kept' AND begun_at > %(since)s)
RETURNING call_sid
"""
# The carrier ends a talk at the desk after four hours.
LONGEST_TALK = timedelta(hours=4, minutes=10)


def build_line(services: Services) -> Line:
    """The line for a job: the same as the webhooks', with the files as they are now."""
    return Line.build(services)


def close_silent_calls() -> None:
    """End calls with no news for SILENCE_CLOSE_SECONDS, with the reason "sweep"."""
    sweep(job_services())


def sweep(services: Services) -> list[str]:
    """The sids of the calls that were closed now."""
    silence = timedelta(seconds=services.settings.silence_close_seconds)
    with services.database.pool.connection() as connection:
        values = {
            "now": services.now(),
            "silence": silence,
            "talk": max(LONGEST_TALK, silence),
            "most": MOST_AT_ONCE,
        }
        sids = [row[0] for row in connection.execute(_SILENT, values).fetchall()]
    if not sids:
        return []
    line = build_line(services)
    silent_since = services.now() - silence
    closed = [sid for sid in sids if line.close_silent(sid, silent_since) is not None]
    log.info("silent_calls_closed", count=len(closed))
    return closed


def enter_missed_calls() -> None:
    """Bring the outage journal of this machine into the ledger."""
    services = job_services()
    journal_folder = services.settings.var_dir / "outage"
    if any(journal_folder.glob("*.json")):
        log.info("missed_calls_entered", count=build_line(services).missed.enter())


def clear_line_of_the_gone() -> None:
    """End the places of callers whose calls have ended, should the end not have reached the waiting line."""
    services = job_services()
    with services.database.pool.connection() as connection:
        gone = connection.execute(_STILL_IN_LINE, (MOST_AT_ONCE,)).fetchall()
    if gone:
        line = build_line(services)
        for sid, is_technical in gone:
            line.waiting.caller_gone(sid, is_technical=is_technical)
        log.warning("line_cleared_of_the_gone", count=len(gone))


def note_messages_left() -> None:
    """Job: calls whose message was kept after their end have ended with it."""
    correct_outcomes(job_services())


def correct_outcomes(services: Services) -> list[str]:
    """The sids of the calls whose outcome is a message now; those that achieved more keep theirs."""
    lower = list(PRECEDENCE[PRECEDENCE.index(VOICEMAIL) + 1 :])
    values = {"voicemail": VOICEMAIL, "lower": lower, "since": services.now() - A_DAY}
    with services.database.pool.connection() as connection:
        sids = [row[0] for row in connection.execute(_LEFT_A_MESSAGE, values)]
    for sid in sids:
        log.info("outcome_is_a_message", call_sid=sid)
    return sids


def forget_the_anonymous() -> None:
    """Job: whoever left a report and does not want to be found is found by no call either."""
    forget_callers(job_services())


def forget_callers(services: Services) -> list[str]:
    """The sids of ended calls that say no longer who rang."""
    values = {"since": services.now() - A_WEEK}
    with services.database.pool.connection() as connection, connection.transaction():
        sids = [row[0] for row in connection.execute(_FORGET, values)]
        forget_places(connection, sids)
    for sid in sids:
        log.info("caller_forgotten", call_sid=sid)
    return sids


PERIODIC = (
    Periodic(close_silent_calls, 60),
    Periodic(enter_missed_calls, 30),
    Periodic(clear_line_of_the_gone, 30),
    Periodic(note_messages_left, 60),
    Periodic(forget_the_anonymous, 60),
)
