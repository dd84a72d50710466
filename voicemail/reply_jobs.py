"""Looking after tries to deliver answers: RQ wakes, the rows say which. May run twice, at once, or late."""

from __future__ import annotations

from integrations.task_queue import Periodic, job_services
from voicemail.case_calls import case_calls_of
from voicemail.case_texts import case_texts_of

SETTLE_EVERY_SECONDS = 5
TEXTS_EVERY_SECONDS = 60


def settle_case_calls() -> None:
    """Take in the calls to callers that are over."""
    case_calls_of(job_services()).settle()


def look_after_case_texts() -> None:
    """Send what was not sent, and give up what nothing is heard of."""
    case_texts_of(job_services()).sweep()


PERIODIC = (Periodic(settle_case_calls, SETTLE_EVERY_SECONDS), Periodic(look_after_case_texts, TEXTS_EVERY_SECONDS))
