"""What was said, on its way: fetched from the carrier, checked, stored, deleted there. What does not count is deleted.

The row says how far it has come, so every step can be done again. Two jobs for one take keep out of each other's way
by a lease; a job that dies leaves its lease, and the sweep goes on when that has run out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from psycopg import Connection

from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.telephony.carrier_errors import CallGone, TooLarge
from queueing.recording_files import day_key, draft, put_whole
from queueing.recording_told import COMPLETED
from voicemail import sound
from voicemail import take_rows as takes
from voicemail.case_rows import SYSTEM, add_event
from voicemail.message_cases import close_not_a_message, note_comment
from voicemail.message_rows import COMMENT, MessageRow, in_transaction, lock_message
from voicemail.message_wake import wake
from voicemail.sound import TOO_LONG, BadSound
from voicemail.take_rows import LOST, UNUSABLE, Heard, Take
from voicemail.transcripts import delete_transcript, insert_transcript

log = structlog.get_logger(__name__)
FOLDER = "messages"
# Longer than a take needs from the carrier to the storage; whoever died is waited for as long.
LEASE = timedelta(minutes=5)
# An hour in the widest format that is read.
LARGEST_BYTES = 256 * 1024 * 1024
# A carrier may say "completed" a moment before the sound can be had, or whole.
ATTEMPTS_UNTIL_LOST, ATTEMPTS_UNTIL_UNUSABLE = 5, 3
LONGEST_REST = timedelta(hours=1)
# The carrier counts whole seconds.
LENGTH_TOLERANCE_SECONDS, LENGTH_TOLERANCE = 2.0, 0.02
# Less of somebody's voice is not a message.
SHORTEST_VOICE_SECONDS = 2.0
TOO_LARGE, UNREADABLE = "too_large", "unreadable"
NOTHING_SAID = "录音里说话不到2秒，来电人挂断前没有听到编号"
HARDLY_ANYTHING = "录音里说话不到2秒，请听一遍"
EARLIER_COUNTS = "重录的一遍里说话不到2秒，以前一遍为准"
LOST_WORDS = "录音没有了：运营商那里找不到"
UNUSABLE_WORDS = "录音不能用（{}），原件还在运营商那里"
TOO_LARGE_WORDS, UNREADABLE_WORDS = "文件太大", "文件读不出来"


class Unusable(Exception):
    """The file cannot be listened to; `reason` for the row, `words` for whoever looks at the case."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(reason)
        self.reason, self.words = reason, words


def bring_home(services: Services, recording_sid: str) -> None:
    """Copy a take to our storage, then delete it at the carrier; or delete one that does not count, here and there.

    A failure stays in the row with the time of the next try. Does nothing when nothing is to be done.
    """
    now = services.now()
    take = _row(services, lambda connection: takes.claim(connection, recording_sid, now, now + LEASE))
    if take is None:
        return
    try:
        if take.is_discarded:
            _discard(services, take)
        elif not _keep(services, take) and _is_discarded(services, take):
            # Superseded meanwhile: it goes when the later one has come home.
            _row(services, lambda connection: takes.let_go(connection, take.sid))
    except (IntegrationError, OSError) as error:
        if isinstance(error, CallGone) and take.attempts >= ATTEMPTS_UNTIL_LOST:
            _give_up(services, take, LOST, "CallGone", LOST_WORDS)
        else:
            _try_later(services, take, f"{type(error).__name__}: {error}")
    except Unusable as error:
        if error.reason in (TOO_LONG, TOO_LARGE) or take.attempts >= ATTEMPTS_UNTIL_UNUSABLE:
            _give_up(services, take, UNUSABLE, error.reason, UNUSABLE_WORDS.format(error.words))
        else:
            _try_later(services, take, error.reason)


def message_key(started_at: datetime, recording_sid: str) -> str:
    """Where a take is kept: by its day in Shanghai."""
    return day_key(FOLDER, started_at, recording_sid)


def _keep(services: Services, take: Take) -> bool:
    """False when it does not count any more, or somebody else has done the same meanwhile."""
    if take.status == COMPLETED and not _store(services, take):
        return False
    services.carrier.delete_recording(take.sid)
    if not _row(services, lambda connection: takes.note_home(connection, take.sid)):
        return False
    log.info("message_home", message=take.message_id, recording=take.sid, attempt=take.attempts)
    wake(services, _row(services, lambda connection: takes.superseded_of(connection, take.message_id)))
    return True


def _store(services: Services, take: Take) -> bool:
    """False when it does not count: then another one does, and somebody is woken for that."""
    key = message_key(take.started_at, take.sid)
    with draft(services) as path:
        _fetch(services, take, path)
        heard = _heard(path, take, key)
        put_whole(services.storage, key, path)
    counts = in_transaction(services.database, lambda connection: _note_stored(services, connection, take, heard))
    if counts is not None and counts != take.sid:
        log.info("message_take_silent", message=take.message_id, recording=take.sid, counts=counts)
        wake(services, [counts])
    return counts == take.sid


def _fetch(services: Services, take: Take, path: Path) -> None:
    try:
        services.carrier.fetch_recording(take.sid, path, LARGEST_BYTES)
    except TooLarge:
        raise Unusable(TOO_LARGE, TOO_LARGE_WORDS) from None


def _heard(path: Path, take: Take, key: str) -> Heard:
    """Raises Unusable, also for one that breaks off before what the carrier said, unless that is how it stays."""
    try:
        found = sound.check(path)
        is_patient = take.attempts < ATTEMPTS_UNTIL_UNUSABLE
        if is_patient and take.seconds is not None and _is_shorter(found.seconds, take.seconds):
            raise Unusable("shorter", f"{found.seconds:.1f} s of sound instead of {take.seconds}")
        return Heard(key, found.bytes, sound.voice_seconds(path), sound.peaks(path))
    except BadSound as error:
        raise Unusable(error.reason, error.sentence.rstrip("。")) from None
    except (ValueError, ArithmeticError, MemoryError) as error:
        # What a reader of sound stumbles over must not keep workers busy for ever.
        log.exception("sound_unreadable", recording=take.sid)
        raise Unusable(UNREADABLE, UNREADABLE_WORDS) from error


def _is_shorter(found: float, told: int) -> bool:
    return told - found > max(LENGTH_TOLERANCE_SECONDS, LENGTH_TOLERANCE * told)


def _note_stored(services: Services, connection: Connection[Any], take: Take, heard: Heard) -> str | None:
    """It is ours and can be transcribed; a case of which nothing was said is over. The take that counts; None: no news.

    Who has spoken once and was silent when asked to speak again has left the first message.
    """
    locked = lock_message(connection, take.message_id)
    now = services.now()
    if locked is None or not takes.note_stored(connection, take.sid, heard, now):
        return None
    message, case_id = locked
    if heard.voice_seconds < SHORTEST_VOICE_SECONDS:
        if earlier := _fall_back(connection, message, case_id, take, EARLIER_COUNTS, now):
            return earlier
        if case_id is not None:
            _note_nothing(connection, message, case_id, heard, now)
    insert_transcript(connection, take.sid, now)
    return take.sid


def _fall_back(
    connection: Connection[Any], message: MessageRow, case_id: int | None, take: Take, words: str, at: datetime
) -> str | None:
    """The earlier take that counts again, which the case says; None, and nothing is said, when there is none."""
    earlier = takes.fall_back(connection, message.id, take.sid, SHORTEST_VOICE_SECONDS)
    if earlier is None or case_id is None:
        return earlier
    if message.kind == COMMENT:
        note_comment(connection, case_id, earlier)
    add_event(connection, case_id, at, SYSTEM, "noted", words, {"message": message.id})
    return earlier


def _note_nothing(connection: Connection[Any], message: MessageRow, case_id: int, heard: Heard, at: datetime) -> None:
    if not close_not_a_message(connection, case_id, message, NOTHING_SAID, at):
        detail = {"message": message.id, "voice_seconds": round(heard.voice_seconds, 1)}
        add_event(connection, case_id, at, SYSTEM, "noted", HARDLY_ANYTHING, detail)


def _is_discarded(services: Services, take: Take) -> bool:
    return bool(_row(services, lambda connection: takes.is_discarded(connection, take.sid)))


def _discard(services: Services, take: Take) -> None:
    """Nothing of it stays, wherever it had come to. The key is also that of one who died before the row had it."""
    services.storage.delete(take.storage_key or message_key(take.started_at, take.sid))
    services.carrier.delete_recording(take.sid)
    in_transaction(services.database, lambda connection: _note_gone(connection, take, services.now()))
    log.info("message_take_deleted", message=take.message_id, recording=take.sid)


def _note_gone(connection: Connection[Any], take: Take, at: datetime) -> None:
    takes.note_gone(connection, take.sid, at)
    delete_transcript(connection, take.sid)


def _give_up(services: Services, take: Take, status: str, error: str, words: str) -> None:
    """The case stays on the list, and says so. An earlier take that is still there counts instead."""

    def note(connection: Connection[Any]) -> str | None:
        locked = lock_message(connection, take.message_id)
        if locked is None or not takes.note_ended(connection, take.sid, status, error):
            return None
        message, case_id = locked
        earlier = _fall_back(connection, message, case_id, take, f"{words}；听得到前一遍录的", services.now())
        if earlier is None and case_id is not None:
            add_event(connection, case_id, services.now(), SYSTEM, "noted", words, {"message": message.id})
        return earlier

    log.error("message_not_usable", message=take.message_id, recording=take.sid, status=status, reason=error)
    if earlier := in_transaction(services.database, note):
        wake(services, [earlier])


def _try_later(services: Services, take: Take, reason: str) -> None:
    again_at = services.now() + min(timedelta(minutes=2 ** min(take.attempts - 1, 6)), LONGEST_REST)
    log.warning("message_not_home", message=take.message_id, recording=take.sid, attempt=take.attempts, reason=reason)
    _row(services, lambda connection: takes.note_failure(connection, take.sid, reason, again_at))


def _row(services: Services, ask: Any) -> Any:
    with services.database.pool.connection() as connection:
        return ask(connection)
