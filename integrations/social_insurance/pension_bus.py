"""A pension service bus: signed REST, one address, the service named in a header.

Each request carries x-tif-serviceid, x-tif-paasid (the app key), x-tif-timestamp (seconds), x-tif-nonce and
x-tif-signature, the digest in hexadecimal of timestamp + token + nonce + timestamp; the digest is SHA-256 or SM3, as
the deployment has it. Answers are {"code", "msg", "time", "data"}; what a code means is in systems.yaml.
"""

from __future__ import annotations

import json
import secrets as chance
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from integrations.social_insurance import fields
from integrations.social_insurance.bounded_http import BoundedHttp, check_status
from integrations.social_insurance.contract import (
    Answer,
    Away,
    Insured,
    NotFound,
    PinVerdict,
    Rejected,
    Unknown,
)
from integrations.social_insurance.fields import Unreadable
from integrations.social_insurance.national_ciphers import sha256_hex, sm3_hex
from integrations.social_insurance.pension_answer import Row, draws_benefit, read_files
from integrations.social_insurance.system_shape import DOWN, NOT_FOUND, REFUSED, System, meaning_of
from integrations.work_calendar import in_shanghai

DIGESTS = {"sha256": sha256_hex, "sm3": sm3_hex}


class PensionBusConnector:
    """Asks for the insurances, for the benefit of those who draw one, and for query PINs. Thread-safe."""

    def __init__(self, system: System, secrets: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self.name, self.kind = system.name, system.kind
        self._system, self._token, self._now = system, secrets["token"], now
        self._digest = DIGESTS[system.settings["digest"]]
        self._http = BoundedHttp(system.at_once, system.ca_file)

    def look_up(self, person: Insured, deadline_seconds: float) -> Answer:
        try:
            return self._look_up(person, time.monotonic() + deadline_seconds)
        except Unreadable as problem:
            return Unknown(self.name, str(problem))

    def check(self, person: Insured, pin: str, deadline_seconds: float) -> PinVerdict | Unknown:
        """Ask whether the PIN is right. Raises Away."""
        service = self._system.settings["pin_service"]
        try:
            reply = self._ask(service, {"AAC147": person.id_number, "PIN": pin}, time.monotonic() + deadline_seconds)
            refused = self._refusal(person, reply)
            if isinstance(refused, NotFound):
                return PinVerdict.NOT_FOUND
            if refused is not None:
                return Unknown(self.name, "code refuses a PIN")
            said = _object(reply.get("data"), "data").get("RESULT")
            word = fields.word(self._system.table("pin"), said, field="RESULT")
        except Unreadable as problem:
            return Unknown(self.name, str(problem))
        return Unknown(self.name, "RESULT means nothing here") if word == "unknown" else PinVerdict(word)

    def probe(self) -> bool:
        return self._http.is_there(self._system.address)

    def note(self) -> str:
        return ""

    def close(self) -> None:
        self._http.close()

    def _look_up(self, person: Insured, ends_at: float) -> Answer:
        told = self._system.settings
        reply = self._ask(told["person_service"], _about(person), ends_at)
        refused = self._refusal(person, reply)
        if refused is not None:
            return refused
        as_of = (fields.moment(reply.get("time"), "time") or in_shanghai(self._now())).date()
        rows = _rows(person, reply)
        benefits: list[Row] = []
        if told["benefit_service"] and any(draws_benefit(self._system, row) for row in rows):
            reply = self._ask(told["benefit_service"], _about(person), ends_at)
            refused = self._refusal(person, reply)
            if refused is not None and not isinstance(refused, NotFound):
                return refused
            benefits = [] if refused else _rows(person, reply)
        return read_files(self._system, rows, benefits, as_of)

    def _ask(self, service: str, body: Mapping[str, str], ends_at: float) -> dict[str, Any]:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise Away("slow", "no time for another question")
        answer = self._http.post(
            self._system.address, json.dumps(body, ensure_ascii=False).encode(), self._headers(service), left
        )
        check_status(answer.status)
        return _object(fields.read_json(answer.body), "reply")

    def _headers(self, service: str) -> dict[str, str]:
        stamp, nonce = str(int(self._now().timestamp())), chance.token_hex(16)
        return {
            "Content-Type": "application/json; charset=utf-8",
            "x-tif-serviceid": service,
            "x-tif-paasid": self._system.settings["app_key"],
            "x-tif-timestamp": stamp,
            "x-tif-nonce": nonce,
            "x-tif-signature": self._digest(stamp + self._token + nonce + stamp),
        }

    def _refusal(self, person: Insured, reply: Row) -> Answer | None:
        """What the code says, when it is not done. Raises Away, and Unreadable for a code of no meaning."""
        result = fields.word(self._system.table("result"), reply.get("code"), field="code")
        complaint = fields.sentence(reply.get("msg"), [person.name])
        if result == "done":
            return None
        if result == "unknown":
            raise Unreadable("code", "means nothing here")
        if result == "failed":
            result = meaning_of(self._system, complaint) or "failed"
        if result == NOT_FOUND:
            return NotFound(self.name)
        if result == REFUSED:
            raise Away("refused", "by its own word")
        if result == DOWN:
            raise Away("down", "by its own word")
        return Rejected(self.name, complaint) if complaint else Unknown(self.name, "msg missing")


def _about(person: Insured) -> dict[str, str]:
    return {"AAC147": person.id_number, "AAC003": person.name}


def _object(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(field, "is no object")
    return value


def _rows(person: Insured, reply: Row) -> list[Row]:
    data = _object(reply.get("data"), "data")
    if not fields.is_about(person.id_number, data.get("AAC147")):
        raise Unreadable("data.AAC147", "is not the one asked for")
    rows = data.get("rows")
    if isinstance(rows, dict):
        # A bus that was converted from XML writes a list of one as that one.
        rows = [rows]
    if not isinstance(rows, list):
        raise Unreadable("data.rows", "missing")
    return [_object(row, "data.rows") for row in rows]
