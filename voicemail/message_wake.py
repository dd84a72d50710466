"""Waking somebody for takes. Apart from what they do, so that a webhook need not know how sound is read."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.services import Services
from integrations.task_queue import FILES_QUEUE, enqueue, job_services


def fetch_message(recording_sid: str) -> None:
    """Job: go on with one take."""
    from voicemail.message_files import bring_home

    bring_home(job_services(), recording_sid)


def wake(services: Services, recording_sids: Iterable[str]) -> None:
    """Have these gone on with now, after the commit; with Redis away the sweep finds them."""
    for recording_sid in recording_sids:
        enqueue(services.live_store, FILES_QUEUE, fetch_message, recording_sid)
