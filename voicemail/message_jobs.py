"""Sweeps of messages: what nobody told is asked for, what nobody was woken for is gone on with. May run at any time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from integrations.errors import IntegrationError
from integrations.task_queue import Periodic, job_services
from integrations.telephony.carrier_answers import CarrierRecording
from queueing.recording_files import forget_old_drafts
from queueing.recording_told import ABSENT, COMPLETED, told_of
from voicemail import message_rows as rows
from voicemail import take_rows as takes
from voicemail.message_rows import MessageRow
from voicemail.message_wake import wake
from voicemail.messages import Messages, messages_of
from voicemail.retention import delete_old_voices

log = structlog.get_logger(__name__)
LOOK_EVERY_SECONDS, LOOK_AGAIN_SECONDS, DELETE_EVERY_SECONDS = 60, 3600, 6 * 3600
# Longer than anybody speaks; by then the carrier has told, if it ever will.
TOLD_WITHIN = timedelta(minutes=15)
# What is still not finished then never will be.
ASKED_FOR = timedelta(days=1)
# The carrier's clock and ours.
CLOCKS_DIFFER = timedelta(seconds=10)
# Each costs the carrier a request, and other files wait behind this job.
MOST_ASKED, MOST_WOKEN, MOST_ASKED_AGAIN = 200, 200, 300
# Each call comes up twice, so that one look may fail, or have had too many before it.
LOOK_BACK = timedelta(seconds=2 * LOOK_AGAIN_SECONDS) + TOLD_WITHIN


def sweep_messages() -> None:
    """Job: go on with whatever was left lying."""
    sweep(messages_of(job_services()))


def sweep(messages: Messages) -> list[str]:
    """The takes that somebody was woken for now."""
    services, now = messages.services, messages.services.now()
    # First: what is told of below wakes its job itself.
    with services.database.pool.connection() as connection:
        sids = takes.due(connection, now, MOST_WOKEN)
        calls = rows.calls_unheard_of(connection, now - TOLD_WITHIN, MOST_ASKED)
    wake(services, sids)
    _ask_for(messages, calls, now)
    forget_old_drafts(services)
    return sids


def look_again() -> None:
    """Job: ask once more for the calls of the last hours."""
    ask_again(messages_of(job_services()))


def ask_again(messages: Messages) -> None:
    """A take of which nobody has told anything, while the one before it was told of."""
    now = messages.services.now()
    with messages.services.database.pool.connection() as connection:
        calls = rows.calls_between(connection, now - LOOK_BACK, now - TOLD_WITHIN, MOST_ASKED_AGAIN)
    _ask_for(messages, calls, now)


def _ask_for(messages: Messages, calls: list[str], now: datetime) -> None:
    """What the carrier did not tell, or told while we were away."""
    for call_sid in calls:
        try:
            found = messages.services.carrier.recordings_of(call_sid)
        except IntegrationError as error:
            log.warning("messages_not_asked_for", reason=str(error))
            return
        _settle(messages, call_sid, found, now)


def _settle(messages: Messages, call_sid: str, found: list[CarrierRecording], now: datetime) -> None:
    database = messages.services.database
    with database.pool.connection() as connection:
        of_call = rows.messages_of_call(connection, call_sid)
        known = takes.known_of(connection, [recording.sid for recording in found])
    news = [recording for recording in found if recording.sid not in known]
    for recording in sorted(news, key=_started):
        if recording.status in (COMPLETED, ABSENT):
            messages.note_told(_message_of(recording, of_call).id, told_of(recording, now))
    is_going_on = any(recording.status not in (COMPLETED, ABSENT) for recording in news)
    # A recording that is being made ready is waited for, for a day.
    before = now - (ASKED_FOR if is_going_on else TOLD_WITHIN)
    rows.in_transaction(database, lambda connection: _give_up(connection, call_sid, of_call, before, now))


def _message_of(recording: CarrierRecording, of_call: list[MessageRow]) -> MessageRow:
    """Of a call's messages, in their order, the one during which a recording began."""
    started = recording.started_at
    begun = [one for one in of_call if started is None or one.begun_at - CLOCKS_DIFFER <= started]
    return begun[-1] if begun else of_call[0]


def _give_up(
    connection: Connection[Any], call_sid: str, of_call: list[MessageRow], before: datetime, now: datetime
) -> None:
    """The carrier has nothing more of what began before then."""
    for message in of_call:
        if message.begun_at < before and rows.note_empty(connection, message.id, now):
            log.info("message_empty", message=message.id)
    if lost := takes.give_up_unfinished(connection, call_sid, before, "the carrier has none"):
        log.error("message_recordings_never_finished", count=lost)


def _started(recording: CarrierRecording) -> float:
    return recording.started_at.timestamp() if recording.started_at else float("inf")


def run_retention() -> None:
    """Job: delete the voices whose time is over."""
    delete_old_voices(messages_of(job_services()))


PERIODIC = (
    Periodic(sweep_messages, LOOK_EVERY_SECONDS),
    Periodic(look_again, LOOK_AGAIN_SECONDS),
    Periodic(run_retention, DELETE_EVERY_SECONDS),
)
