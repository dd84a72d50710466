"""Which cards are frozen: what was written by telephone, kept in memory and in a file beside it.

A temporary loss is a timed freeze: it holds through its last day and then is lifted by itself. Cards that were made up
as temporarily lost end some days from today, whenever today is.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from integrations.sandbox.records import Card
from integrations.sandbox.wire import SHANGHAI, utc_now

NORMAL, TEMPORARY, FORMAL, BANK_ONLY = "normal", "temporary", "formal", "bank_only"
DONE, ALREADY = "00", "01"
CANNOT_FREEZE = {
    "cancelled": "该卡已注销，不能挂失",
    "inactive": "该卡尚未启用，不能挂失",
    "strange": "卡状态异常，请到窗口办理",
}
FIRST_RECEIPT = 100_001


@dataclass(frozen=True, slots=True)
class Standing:
    """How a card stands now; `until` is the last day of a temporary loss."""

    status: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a write: 00 done, 01 already so, or a sentence; with 00 also the receipt and the last day."""

    err: str
    receipt: str = ""
    until: date | None = None


class CardState:
    """Freezes and releases. A write is in the file before it is answered."""

    def __init__(self, path: Path | None, now: Callable[[], datetime] = utc_now) -> None:
        self._path = path
        self._now = now
        self._frozen: dict[str, str] = _load(path)
        self._writes = 0

    def standing(self, card: Card) -> Standing:
        """How a card stands today."""
        written = self._frozen.get(card.number)
        if written is None:
            until = self._today + timedelta(days=card.days_left) if card.status == TEMPORARY else None
            return Standing(card.status, until)
        until = date.fromisoformat(written) if written else None
        if until and until >= self._today:
            return Standing(TEMPORARY, until)
        return Standing(NORMAL if card.status == TEMPORARY else card.status)

    def freeze(self, card: Card, days: int) -> Written:
        """临时挂失, for so many natural days after today."""
        status = self.standing(card).status
        if status in (TEMPORARY, FORMAL):
            return Written(ALREADY)
        if status in CANNOT_FREEZE:
            return Written(CANNOT_FREEZE[status])
        until = self._today + timedelta(days=days)
        return self._write(card, until.isoformat(), until)

    def release(self, card: Card) -> Written:
        """解挂 of a temporary loss; a formal one is for the counter."""
        status = self.standing(card).status
        if status == TEMPORARY:
            return self._write(card, "", None)
        return Written(ALREADY) if status in (NORMAL, BANK_ONLY) else Written("该卡不是临时挂失，请到窗口办理")

    def forget(self) -> None:
        """All cards as they were made up."""
        self._save({})
        self._frozen = {}

    @property
    def _today(self) -> date:
        return self._now().astimezone(SHANGHAI).date()

    def _write(self, card: Card, until: str, last_day: date | None) -> Written:
        changed = self._frozen | {card.number: until}
        self._save(changed)
        self._frozen = changed
        self._writes += 1
        return Written(DONE, str(FIRST_RECEIPT + self._writes), last_day)

    def _save(self, frozen: dict[str, str]) -> None:
        if self._path is None:
            return
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(frozen, indent=1), encoding="utf-8")
        os.replace(draft, self._path)


def _load(path: Path | None) -> dict[str, str]:
    if path is None or not path.exists():
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        # A damaged file costs a demo its freezes, nothing else.
        return {str(card): str(until) for card, until in read.items() if not until or date.fromisoformat(until)}
    except (ValueError, AttributeError, TypeError):
        return {}
