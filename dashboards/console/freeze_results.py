"""What came of a freeze or release, as JSON for the page: its word, its sentence, and what else to tell."""

from __future__ import annotations

from typing import Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from dashboards.console.freeze_words import (
    PENDING,
    CardWords,
    bank_words,
    card_words,
    end_words,
    pending_words,
    unknown_words,
    until_words,
)
from integrations.services import Services
from integrations.social_insurance.contract import CardAction, CardFile
from voicemail.card_loss import CardLoss, Reported
from voicemail.freeze import ALREADY, DONE, NOT_SENT, UNKNOWN, WRITING
from voicemail.freeze_rows import FreezeRow

log = structlog.get_logger(__name__)


class FreezeResults:
    """Shared by all threads of a process."""

    def __init__(self, services: Services, loss: CardLoss) -> None:
        self._services = services
        self._loss = loss

    def of(self, action: CardAction, reported: Reported, card: CardFile, centre: str) -> dict[str, Any]:
        """`result` is a status of voicemail/freeze.py or "pending"; `lines` are to be told as well."""
        row, named = reported.row, card_words(card, self._services.social_insurance.bank_phones(centre))
        if row is None:
            return _told(NOT_SENT, end_words(action, NOT_SENT, None, False), [bank_words(action, named)])
        if reported.is_others or (reported.is_repeat and row.status == WRITING):
            # Whoever writes at this moment ends it, or the sweep does.
            words = pending_words(row.action, row.asked_at, self._services.now())
            return _told(PENDING, words, [bank_words(action, named)])
        if row.status in (WRITING, UNKNOWN):
            return _told(UNKNOWN, self._unknown(row), [bank_words(action, named)])
        return self._end(row, named)

    def not_looked(self, words: str) -> dict[str, Any]:
        """The card was not even found again, so nothing was written this time."""
        return _told(NOT_SENT, f"没有往系统里写。{words}", [])

    def _end(self, row: FreezeRow, named: CardWords) -> dict[str, Any]:
        lines = [f"受理号 {row.receipt}"] if row.receipt else []
        if row.status in (DONE, ALREADY):
            lines += [words] if (words := until_words(*self._loss.last_day(row))) else []
        lines.append(bank_words(CardAction(row.action), named))
        return _told(row.status, end_words(row.action, row.status, row.reason, row.is_formal), lines)

    def _unknown(self, row: FreezeRow) -> str:
        try:
            kept = self._loss.promise(row)
        except (psycopg.Error, PoolTimeout) as error:
            # The sweep books what was promised and is not on record.
            log.error("freeze_callback_not_booked", freeze=row.id, error=type(error).__name__)
            kept = row
        due = kept.due_at or self._loss.due(kept.centre)
        can_call, is_booked = kept.number_sealed is not None, kept.callback_id is not None
        return unknown_words(row.action, due, can_call, is_booked, self._services.now())


def _told(result: str, sentence: str, lines: list[str]) -> dict[str, Any]:
    return {"result": result, "sentence": sentence, "lines": lines}
