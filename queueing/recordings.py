"""Recordings of talks: told of by the carrier, brought home, deleted there; one for each consultant's leg.

The row comes first. The job may be woken twice and die anywhere: every step can be done again, and the sweep wakes
what was not woken and asks for what was never told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from psycopg import Connection

from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.task_queue import FILES_QUEUE, Periodic, enqueue, job_services
from integrations.telephony.carrier_answers import CarrierRecording
from integrations.telephony.carrier_errors import CallGone
from queueing import recording_rows as rows
from queueing.reconciliation import reconcile_recordings
from queueing.recording_files import day_key, draft, forget_old_drafts, put_whole
from queueing.recording_rows import COPIED, Fetch, Unheard
from queueing.recording_told import ABSENT, COMPLETED, Told, told_by, told_of
from queueing.wav_length import NoWav, wav_seconds

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
# The carrier counts whole seconds; silence in place of a secret keeps the length.
LENGTH_TOLERANCE_SECONDS, LENGTH_TOLERANCE = 2.0, 0.02
# A carrier may say "completed" a moment before the sound can be had.
ATTEMPTS_UNTIL_LOST = 5
# By then a talk that ended has been told of, if it ever will be.
TOLD_WITHIN = timedelta(minutes=5)
ASKED_FOR = timedelta(days=1)
MOST_ASKED, MOST_WOKEN = 50, 200


def note_status(services: Services, offer_id: str, form: Mapping[str, str]) -> None:
    """Take in a recording status callback. Duplicates, late and strange ones change nothing."""
    told = told_by(form, services.now())
    if told is None:
        log.warning("strange_recording_status", offer=offer_id, status=form.get("RecordingStatus", "")[:20])
    else:
        _note(services, offer_id, told)


def fetch_recording(recording_sid: str) -> None:
    """Job: bring one recording home."""
    bring_home(job_services(), recording_sid)


def bring_home(services: Services, recording_sid: str) -> None:
    """Copy a recording to our storage, then delete it at the carrier. A failure stays in the row; the sweep retries."""
    fetch = _row(services, lambda connection: rows.begin(connection, recording_sid))
    if fetch is None:
        return
    status = fetch.status
    try:
        if status == COMPLETED:
            _copy(services, fetch)
            status = COPIED
        _clear_carrier(services, fetch)
    except (IntegrationError, NoWav, OSError) as error:
        is_lost = isinstance(error, CallGone) and fetch.attempts >= ATTEMPTS_UNTIL_LOST
        reason = f"{type(error).__name__}: {error}"
        log.warning("recording_not_home", recording=fetch.sid, attempt=fetch.attempts, reason=reason, is_lost=is_lost)
        _row(services, lambda connection: rows.note_failure(connection, fetch, status, reason, is_lost))
    else:
        _row(services, lambda connection: rows.note_home(connection, fetch.sid))
        log.info("recording_home", recording=fetch.sid, attempt=fetch.attempts)


def sweep_recordings() -> None:
    """Job: find what was not told and wake what was not brought home."""
    sweep(job_services())


def sweep(services: Services) -> list[str]:
    """The sids that were woken now."""
    now = services.now()
    # First: what is told of below wakes its job itself.
    sids = _row(services, lambda connection: rows.due(connection, now, MOST_WOKEN))
    for sid in sids:
        enqueue(services.live_store, FILES_QUEUE, fetch_recording, sid)
    _ask_for_the_unheard_of(services)
    if lost := _row(services, lambda connection: rows.give_up_unfinished(connection, now - ASKED_FOR)):
        log.error("recordings_never_finished", count=lost)
    forget_old_drafts(services)
    return sids


def storage_key(started_at: datetime, recording_sid: str) -> str:
    """Where a recording is kept: by its day in Shanghai."""
    return day_key("talks", started_at, recording_sid)


PERIODIC = (Periodic(sweep_recordings, 300), Periodic(reconcile_recordings, 3600))


def _note(services: Services, offer_id: str, told: Told) -> None:
    try:
        is_news = _row(services, lambda connection: rows.note(connection, offer_id, told))
    except rows.SecondRecording:
        log.warning("second_recording_of_a_leg", offer=offer_id, recording=told.sid, status=told.status)
        # It is deleted at the carrier with the one that is kept, or now when that one is home already.
        if kept := _row(services, lambda connection: rows.reopen(connection, offer_id)):
            enqueue(services.live_store, FILES_QUEUE, fetch_recording, kept)
        return
    if not is_news and not _row(services, lambda connection: rows.exists(connection, told.sid)):
        # It stays at the carrier for somebody to look at.
        log.error("recording_of_no_talk", offer=offer_id, recording=told.sid)
    if is_news:
        log.info("recording_told", offer=offer_id, recording=told.sid, status=told.status, seconds=told.seconds)
    if is_news and told.status == COMPLETED:
        enqueue(services.live_store, FILES_QUEUE, fetch_recording, told.sid)


def _copy(services: Services, fetch: Fetch) -> None:
    key = storage_key(fetch.started_at, fetch.sid)
    with draft(services) as path:
        services.carrier.fetch_recording(fetch.sid, path)
        _check_length(path, fetch.seconds)
        put_whole(services.storage, key, path)
    is_noted = _row(services, lambda connection: rows.note_copied(connection, fetch.sid, key, services.now()))
    if not is_noted and not _row(services, lambda connection: rows.exists(connection, fetch.sid)):
        # A better recording of the leg has taken the row meanwhile.
        services.storage.delete(key)


def _check_length(path: Path, seconds: int | None) -> None:
    """Raises NoWav unless it is a WAV of about this length."""
    with open(path, "rb") as file:
        found = wav_seconds(file)
    if seconds is not None and abs(found - seconds) > max(LENGTH_TOLERANCE_SECONDS, LENGTH_TOLERANCE * seconds):
        raise NoWav(f"{found:.1f} s of sound instead of {seconds}")


def _clear_carrier(services: Services, fetch: Fetch) -> None:
    """Leave nothing of the leg at the carrier; only what is longer than ours is somebody's to look at."""
    services.carrier.delete_recording(fetch.sid)
    for other in services.carrier.recordings_of(fetch.call_sid):
        if other.status not in (COMPLETED, ABSENT) or other.sid == fetch.sid:
            continue
        if (other.seconds or 0) > (fetch.seconds or 0) + LENGTH_TOLERANCE_SECONDS:
            log.error("longer_recording_left_at_the_carrier", recording=other.sid, kept=fetch.sid)
        else:
            services.carrier.delete_recording(other.sid)


def _ask_for_the_unheard_of(services: Services) -> None:
    """What the carrier did not tell, or told while we were away."""
    now = services.now()
    talks = _row(
        services, lambda connection: rows.unheard_of(connection, now - ASKED_FOR, now - TOLD_WITHIN, MOST_ASKED)
    )
    for talk in talks:
        try:
            found = services.carrier.recordings_of(talk.leg)
        except IntegrationError as error:
            log.warning("recordings_not_asked_for", reason=str(error))
            return
        _note_found(services, talk, found)


def _note_found(services: Services, talk: Unheard, found: list[CarrierRecording]) -> None:
    finished = [one for one in found if one.status in (COMPLETED, ABSENT)]
    if finished:
        best = max(finished, key=lambda one: (one.status == COMPLETED, one.seconds or 0))
        _note(services, talk.offer_id, told_of(best, services.now()))
    elif not found:
        log.warning("talk_without_a_recording", offer=talk.offer_id)
        _row(services, lambda connection: rows.note_nothing(connection, talk))


def _row(services: Services, ask: Callable[[Connection[Any]], Answer]) -> Answer:
    with services.database.pool.connection() as connection:
        return ask(connection)
