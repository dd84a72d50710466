"""Transcripts: which voice is put into words next, and what the words say of the case.

A take that is ours has a waiting row. Whoever transcribes claims one by a lease and renews it while at work, so several
can at once; who dies leaves a lease that runs out. Whatever fails here, the case is on its list with its date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from psycopg.types.json import Jsonb

from integrations.services import Services
from integrations.transcriber.transcription import Transcription
from voicemail.case_rows import SYSTEM, Case, add_event, change_case, lock_case
from voicemail.message_rows import in_transaction, lock_message
from voicemail.subject_suggestion import load_suggester
from voicemail.subject_words import Suggestion
from voicemail.subjects import SubjectTree
from voicemail.work_order import OPEN

log = structlog.get_logger(__name__)
# Renewed while somebody is at it.
LEASE = timedelta(minutes=2)
# Until then an hour has passed: the storage may have been away, not the voice unclear.
MOST_ATTEMPTS = 6
LONGEST_ERROR = 300
FAILED, BY_WORDS = "failed", "words"
_INSERT = "INSERT INTO transcript (recording_sid, made_at) VALUES (%s, %s) ON CONFLICT DO NOTHING"
# What does not count any more needs no words.
_CLAIM = """
SELECT transcript.recording_sid, take.message_id, take.storage_key, transcript.attempts + 1
FROM transcript JOIN message_recording AS take ON take.recording_sid = transcript.recording_sid
WHERE transcript.status = 'waiting' AND (transcript.lease_until IS NULL OR transcript.lease_until <= %s)
  AND NOT take.is_superseded AND take.deleted_at IS NULL AND take.storage_key IS NOT NULL
ORDER BY transcript.made_at LIMIT 1 FOR UPDATE OF transcript SKIP LOCKED
"""
_LEASE = "UPDATE transcript SET lease_until = %s, attempts = %s WHERE recording_sid = %s"
_DONE = """
UPDATE transcript SET status = 'done', done_at = %(at)s, words = %(words)s, said = %(text)s,
    confidence = %(confidence)s, model = %(model)s, lease_until = NULL, error = NULL
WHERE recording_sid = %(sid)s AND status IN ('waiting', 'failed', 'no_model')
"""
# After the n-th try 2, 4, 8, 16, 32 minutes.
_FAILED = """
UPDATE transcript SET error = %(error)s,
    status = CASE WHEN %(permanent)s OR attempts >= %(most)s THEN 'failed' ELSE status END,
    lease_until = %(now)s + interval '1 minute' * 2 ^ least(attempts, 10)
WHERE recording_sid = %(sid)s AND status = 'waiting' RETURNING status, attempts
"""
_NO_MODEL = """
UPDATE transcript SET status = 'no_model', done_at = %s, lease_until = NULL
WHERE recording_sid = %s AND status = 'waiting'
"""
_WAIT_AGAIN = """
UPDATE transcript SET status = 'waiting', attempts = 0, lease_until = NULL, done_at = NULL WHERE status = 'no_model'
"""
_HOLD = "UPDATE transcript SET lease_until = %s WHERE recording_sid = ANY(%s) AND status = 'waiting'"
_MESSAGE_OF = "SELECT message_id FROM message_recording WHERE recording_sid = %s"
_DELETE = "DELETE FROM transcript WHERE recording_sid = %s"


@dataclass(frozen=True, slots=True)
class Claim:
    """A voice to put into words, in our storage; `attempt` counts this one."""

    recording_sid: str
    message_id: int
    storage_key: str
    attempt: int


def insert_transcript(connection: Connection[Any], recording_sid: str, at: datetime) -> None:
    """A voice is ours and waits for its words."""
    connection.execute(_INSERT, (recording_sid, at))


def delete_transcript(connection: Connection[Any], recording_sid: str) -> None:
    """Nothing of the words stays."""
    connection.execute(_DELETE, (recording_sid,))


def claim_next(services: Services, now: datetime) -> Claim | None:
    """The oldest voice that waits and that nobody is at; None when there is none."""
    with services.database.pool.connection() as connection, connection.transaction():
        row = connection.execute(_CLAIM, (now,)).fetchone()
        if row is None:
            return None
        claim = Claim(*row)
        connection.execute(_LEASE, (now + LEASE, claim.attempt, claim.recording_sid))
        return claim


def hold(services: Services, recording_sids: Sequence[str], now: datetime) -> None:
    """Somebody is still at these."""
    with services.database.pool.connection() as connection:
        connection.execute(_HOLD, (now + LEASE, list(recording_sids)))


def note_done(
    services: Services, recording_sid: str, transcription: Transcription, model: str | None, now: datetime
) -> bool:
    """The words are there: the case gets a subject from them unless staff has chosen one. False when it had them."""
    values = {
        "sid": recording_sid,
        "at": now,
        "words": Jsonb([[word.text, word.start, word.end, word.confidence] for word in transcription.words]),
        "text": transcription.text,
        "confidence": transcription.confidence,
        "model": model,
    }

    suggester = load_suggester(services.settings.config_dir)
    suggestion = suggester.suggest(transcription.text)

    def note(connection: Connection[Any]) -> bool:
        row = connection.execute(_MESSAGE_OF, (recording_sid,)).fetchone()
        locked = lock_message(connection, row[0]) if row else None
        if connection.execute(_DONE, values).rowcount != 1:
            return False
        if locked is not None and locked[1] is not None:
            _tell_case(connection, locked[1], transcription, suggestion, suggester.tree, now)
        return True

    return in_transaction(services.database, note)


def note_failed(services: Services, recording_sid: str, error: str, now: datetime, *, permanent: bool = False) -> None:
    """It could not be done this time; `permanent`: nor ever. After the last try the record says so."""
    values = {"sid": recording_sid, "error": error[:LONGEST_ERROR], "now": now}
    values |= {"permanent": permanent, "most": MOST_ATTEMPTS}
    with services.database.pool.connection() as connection:
        row = connection.execute(_FAILED, values).fetchone()
    if row is not None and row[0] == FAILED:
        log.error("transcript_given_up", recording=recording_sid, attempts=row[1])


def note_no_model(services: Services, recording_sid: str, now: datetime) -> None:
    """This installation has no model: the message is handled all the same."""
    with services.database.pool.connection() as connection:
        connection.execute(_NO_MODEL, (now, recording_sid))


def wait_again(services: Services) -> int:
    """There is a model now: what was left without words waits for them again; how many there are."""
    with services.database.pool.connection() as connection:
        return connection.execute(_WAIT_AGAIN).rowcount


def _tell_case(
    connection: Connection[Any],
    case_id: int,
    transcription: Transcription,
    suggestion: Suggestion | None,
    tree: SubjectTree,
    at: datetime,
) -> None:
    case = lock_case(connection, case_id)
    if case is None:
        return
    confidence = transcription.confidence
    detail = {"words": len(transcription.words), "confidence": None if confidence is None else round(confidence, 2)}
    add_event(connection, case_id, at, SYSTEM, "transcribed", detail=detail)
    if suggestion is None or case.suggested_subject is not None:
        # The first words that said anything; what is added later is about the same.
        return
    changes = {"suggested_subject": suggestion.subject_key, "suggested_because": suggestion.because}
    if case.subject is None:
        changes |= {"subject": suggestion.subject_key, "subject_by": BY_WORDS}
        changes |= _desk(case, tree, suggestion.subject_key)
        # Without the words that led to it: the history stays when the voice is deleted.
        note = tree.name_of(suggestion.subject_key) or ""
        add_event(connection, case_id, at, SYSTEM, "subject", note, {"subject": suggestion.subject_key})
    change_case(connection, case, **changes)


def _desk(case: Case, tree: SubjectTree, subject: str) -> dict[str, str]:
    """The department that does such things, unless there is one, or somebody has the case."""
    skill = tree.by_key[subject].skill
    return {"desk": skill} if skill and not case.desk and case.owner_id is None and case.status == OPEN else {}
