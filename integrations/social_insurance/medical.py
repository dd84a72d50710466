"""The national medical platform: JSON over HTTP, one transaction for each question. Its shape: `medical_message`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from integrations.social_insurance.bounded_http import BoundedHttp, check_status
from integrations.social_insurance.contract import Answer, Insured
from integrations.social_insurance.medical_message import question, read_answer
from integrations.social_insurance.national_ciphers import sm3_hex, sm4_key, sm4_open
from integrations.social_insurance.system_shape import System
from integrations.work_calendar import in_shanghai

HEADERS = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}


class MedicalConnector:
    """Asks the platform. Thread-safe."""

    def __init__(
        self, system: System, secrets: Mapping[str, str], now: Callable[[], datetime], next_number: Callable[[], int]
    ) -> None:
        """`next_number` gives a number that no process of this installation gave within a second.

        Raises ValueError for a cipher key of the wrong length.
        """
        self.name, self.kind = system.name, system.kind
        self._system = system
        self._sign_key = secrets["sign_key"]
        self._cipher_key = sm4_key(secrets["cipher_key"]) if "cipher_key" in secrets else None
        self._now, self._next_number = now, next_number
        self._http = BoundedHttp(system.at_once, system.ca_file)

    def look_up(self, person: Insured, deadline_seconds: float) -> Answer:
        asked_at = in_shanghai(self._now())
        message = question(self._system, person, asked_at, self._next_number(), self._sign)
        body = json.dumps(message, ensure_ascii=False).encode()
        answer = self._http.post(self._system.address, body, HEADERS, deadline_seconds)
        check_status(answer.status)
        return read_answer(self._system, person, answer.body, self._open, asked_at)

    def probe(self) -> bool:
        return self._http.is_there(self._system.address)

    def note(self) -> str:
        return ""

    def close(self) -> None:
        self._http.close()

    def _sign(self, text: str) -> str:
        return sm3_hex(f"{text}&key={self._sign_key}")

    def _open(self, sealed: str) -> str:
        if self._cipher_key is None:
            raise ValueError("no key for a sealed answer")
        return sm4_open(sealed, self._cipher_key)
