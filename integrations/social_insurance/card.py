"""The provincial card system: SOAP with positional strings. What it answers: `card_answer`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from integrations.social_insurance.bounded_http import BoundedHttp
from integrations.social_insurance.card_answer import (
    Tags,
    day_of,
    put_together,
    read_card_data,
    read_progress,
    read_tags,
    read_written,
    refusal,
)
from integrations.social_insurance.contract import (
    Answer,
    Away,
    CardAction,
    Insured,
    NotFound,
    Rejected,
    Unknown,
    Written,
)
from integrations.social_insurance.fields import Unreadable
from integrations.social_insurance.soap import SHIPPED_WSDL, SoapService
from integrations.social_insurance.system_shape import System
from integrations.work_calendar import in_shanghai

CARD_DATA, PROGRESS, WRITE = "getAC01", "getAZ03", "allDsjk"
OPERATIONS = {CardAction.FREEZE: "临时挂失", CardAction.RELEASE: "解挂"}


class CardConnector:
    """Asks for the cards, then for the newest order. Thread-safe."""

    def __init__(self, system: System, secrets: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self.name, self.kind = system.name, system.kind
        self._system, self._password, self._now = system, secrets["password"], now
        self._http = BoundedHttp(system.at_once, system.ca_file)
        wsdl = Path(system.wsdl_file) if system.wsdl_file else SHIPPED_WSDL
        self._soap = SoapService(self._http, system.address, wsdl)

    def look_up(self, person: Insured, deadline_seconds: float) -> Answer:
        try:
            return self._look_up(person, time.monotonic() + deadline_seconds)
        except Unreadable as problem:
            return Unknown(self.name, str(problem))

    def write(
        self, action: CardAction, person: Insured, card_ref: str, deadline_seconds: float
    ) -> Written | Rejected | Unknown:
        values = {
            "操作*": OPERATIONS[action],
            "用户名*": self._system.settings["user"],
            "密码*": self._password,
            "社保卡号*": card_ref,
            "社会保障号码*": person.id_number,
            "姓名*": person.name,
        }
        if any("<" in value or ">" in value for value in values.values()):
            # The tags are no XML: nothing in them can be escaped.
            raise Away("refused", "a value cannot be written", was_sent=False)
        text = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
        try:
            return read_written(self._system, person, read_tags(self._soap.call(WRITE, (text,), deadline_seconds)))
        except Unreadable as problem:
            return Unknown(self.name, str(problem))

    def probe(self) -> bool:
        return self._http.is_there(f"{self._system.address}?wsdl")

    def note(self) -> str:
        return ""

    def close(self) -> None:
        self._http.close()

    def _look_up(self, person: Insured, ends_at: float) -> Answer:
        tags = self._ask(CARD_DATA, person, ends_at)
        refused = refusal(self._system, person, tags)
        if refused is not None and not isinstance(refused, NotFound):
            return refused
        cards = [] if refused else read_card_data(self._system, person, tags)
        as_of = day_of(tags, in_shanghai(self._now()))
        tags = self._ask(PROGRESS, person, ends_at)
        refused = refusal(self._system, person, tags)
        if refused is not None and not isinstance(refused, NotFound):
            return refused
        return put_together(self._system, cards, None if refused else read_progress(person, tags), as_of)

    def _ask(self, operation: str, person: Insured, ends_at: float) -> Tags:
        told = self._system.settings
        strings = (told["user"], self._password, person.id_number, person.name, told["place"])
        left = ends_at - time.monotonic()
        if left <= 0:
            raise Away("slow", "no time for the second question")
        return read_tags(self._soap.call(operation, strings, left))
