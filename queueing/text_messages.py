"""Text messages that are due: written in the transaction that wants them, sent after its commit.

waiting -> sent (the channel has taken it)
        -> no_channel (the installation has none: said at once, so that nobody believes that a text went out)
        -> failed (refused, or tried too often)
The job may be woken twice and die anywhere. A claim is a lease, longer than any job runs, so that no text is being
sent twice at once; only a worker that dies between the channel's yes and the note of it makes one go out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from integrations.errors import HotlineError, IntegrationError
from integrations.masking import mask_text
from integrations.services import Services
from integrations.task_queue import DEFAULT_QUEUE, JOB_SECONDS, Periodic, enqueue, job_services
from integrations.text_messages import can_be_texted
from queueing.callback_text import unreached_text
from queueing.centre_file import read_centres

log = structlog.get_logger(__name__)
UNREACHED = "unreached"
KINDS = (UNREACHED,)
MOST_ATTEMPTS = 5
LEASE = timedelta(seconds=JOB_SECONDS + 30)
RETRY_AFTER = timedelta(minutes=1)
MOST_WOKEN = 200
LONGEST_ERROR = 300

_ADD = """
INSERT INTO text_message (callback_id, kind, made_at) VALUES (%(callback)s, %(kind)s, %(at)s)
ON CONFLICT (callback_id, kind) DO UPDATE SET kind = excluded.kind RETURNING id
"""
_FREE = "status = 'waiting' AND (lease_until IS NULL OR lease_until <= %(now)s)"
_CLAIM = f"""
UPDATE text_message SET attempts = attempts + 1, lease_until = %(lease)s
WHERE id = %(id)s AND attempts < %(most)s AND {_FREE}
RETURNING callback_id, kind, attempts
"""
_NO_CHANNEL = f"""
UPDATE text_message SET status = 'no_channel', lease_until = NULL WHERE id = %(id)s AND {_FREE}
RETURNING callback_id, kind
"""
_ADDRESS = """
SELECT centre, number_sealed, number_tail,
       (SELECT max(initiated_at) FROM callback_attempt WHERE callback_id = callback.id)
FROM callback WHERE id = %s
"""
# What has gone out has gone out, also when the sweep had given it up meanwhile.
_SENT = """
UPDATE text_message SET status = 'sent', sent_at = %(at)s, lease_until = NULL, error = NULL
WHERE id = %(id)s AND status IN ('waiting', 'failed')
"""
_FAILED = """
UPDATE text_message SET error = %(error)s, lease_until = %(again_at)s,
       status = CASE WHEN %(again_at)s::timestamptz IS NULL THEN 'failed' ELSE 'waiting' END
WHERE id = %(id)s AND status = 'waiting' AND attempts = %(attempt)s
"""
_GIVE_UP = f"""
UPDATE text_message SET status = 'failed', lease_until = NULL, error = coalesce(error, 'no answer')
WHERE attempts >= %(most)s AND {_FREE}
"""
_DUE = f"SELECT id FROM text_message WHERE attempts < %(most)s AND {_FREE} ORDER BY made_at, id LIMIT %(limit)s"


class NothingToSend(HotlineError):
    """A text that would not be true, or that no channel could take to this number."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A text that this process is sending; `attempt` counts this one."""

    id: int
    callback_id: int
    kind: str
    attempt: int


def add_text(connection: Connection[Any], callback_id: int, kind: str, at: datetime) -> int:
    """Want a text for a callback; its id. The same id when one of this kind is wanted already.

    The sweep sends it; `send_text` may be woken after the commit. Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no text of kind {kind!r}")
    row = connection.execute(_ADD, {"callback": callback_id, "kind": kind, "at": at}).fetchone()
    assert row is not None
    return int(row[0])


def send_text(text_id: int) -> None:
    """Job: send one text, if it is still to be sent."""
    deliver(job_services(), text_id)


def send_waiting_texts() -> None:
    """Job: wake what was not sent, and give up what was tried too often."""
    sweep(job_services())


def sweep(services: Services) -> list[int]:
    """The ids that were woken now."""
    values = {"now": services.now(), "most": MOST_ATTEMPTS, "limit": MOST_WOKEN}
    with services.database.pool.connection() as connection:
        if lost := connection.execute(_GIVE_UP, values).rowcount:
            log.error("texts_given_up", count=lost)
        found = [row[0] for row in connection.execute(_DUE, values).fetchall()]
    for text_id in found:
        enqueue(services.live_store, DEFAULT_QUEUE, send_text, text_id)
    return found


def deliver(services: Services, text_id: int) -> None:
    """Send a text that is free to be sent; whatever goes wrong stays in its row, and the sweep tries again."""
    if not services.texts.can_send:
        _note_no_channel(services, text_id)
        return
    claim = _claim(services, text_id)
    if claim is None:
        return
    try:
        number, text = _compose(services, claim)
        services.texts.send(number, text)
    except HotlineError as error:
        _note_failure(services, claim, error)
    else:
        with services.database.pool.connection() as connection:
            connection.execute(_SENT, {"id": claim.id, "at": services.now()})
        log.info("text_sent", text=claim.id, kind=claim.kind, attempt=claim.attempt)


def _claim(services: Services, text_id: int) -> Claim | None:
    """None when another process is at it, or when nothing is left to do."""
    now = services.now()
    values = {"id": text_id, "now": now, "lease": now + LEASE, "most": MOST_ATTEMPTS}
    with services.database.pool.connection() as connection:
        row = connection.execute(_CLAIM, values).fetchone()
    return Claim(text_id, *row) if row else None


def _compose(services: Services, claim: Claim) -> tuple[str, str]:
    """The number and the words. Raises NothingToSend, SealError."""
    with services.database.pool.connection() as connection:
        row = connection.execute(_ADDRESS, (claim.callback_id,)).fetchone()
    assert row is not None  # a foreign key
    centre, sealed, _, rung_at = row
    if rung_at is None:
        raise NothingToSend("the caller was never rung")
    number = services.sealer.open(sealed, "callback.number")
    if not can_be_texted(number):
        raise NothingToSend("not a mobile")
    return number, unreached_text(read_centres(services.settings.config_dir), centre, rung_at)


def _note_no_channel(services: Services, text_id: int) -> None:
    with services.database.pool.connection() as connection:
        row = connection.execute(_NO_CHANNEL, {"id": text_id, "now": services.now()}).fetchone()
        address = connection.execute(_ADDRESS, (row[0],)).fetchone() if row else None
    if row and address:
        log.info("text_not_sent", text=text_id, kind=row[1], tail=address[2], reason="no_channel")


def _note_failure(services: Services, claim: Claim, error: HotlineError) -> None:
    may_help = isinstance(error, IntegrationError) and not error.permanent and claim.attempt < MOST_ATTEMPTS
    reason = mask_text(f"{type(error).__name__}: {error}")[:LONGEST_ERROR]
    values = {
        "id": claim.id,
        "attempt": claim.attempt,
        "error": reason,
        "again_at": services.now() + RETRY_AFTER * claim.attempt if may_help else None,
    }
    with services.database.pool.connection() as connection:
        connection.execute(_FAILED, values)
    log.warning("text_failed", text=claim.id, kind=claim.kind, attempt=claim.attempt, again=may_help, reason=reason)


PERIODIC = (Periodic(send_waiting_texts, 60),)
