"""A channel for text messages that keeps what it took, and fails when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable

from integrations.errors import IntegrationError
from integrations.text_messages import check_text


class TextRecorder:
    """Takes texts; `fails` are raised first, one for each. `while_sending` runs before a text is taken."""

    can_send: bool = True

    def __init__(self, *fails: IntegrationError) -> None:
        self.fails = list(fails)
        self.taken: list[tuple[str, str]] = []
        self.receipts: list[str] = []
        # By the channel's own ids, for whoever asks.
        self.statuses: dict[str, str] = {}
        self.while_sending: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def send(self, number: str, text: str, receipt_url: str = "") -> str:
        check_text(number, text)
        self.while_sending()
        with self._lock:
            if self.fails:
                raise self.fails.pop(0)
            self.taken.append((number, text))
            self.receipts.append(receipt_url)
            return f"SM{len(self.taken):032x}"

    def status_of(self, sent_id: str) -> str:
        return self.statuses.get(sent_id, "")
