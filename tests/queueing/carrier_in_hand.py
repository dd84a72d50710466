"""The carrier's stand-in without its process: the same contract and the same official client, but no network between.

It knows which calls were made for whom, and what they were sent elsewhere for, so that a test can play the telephones.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from requests import Response as Answer

from integrations.settings import Settings
from integrations.telephony.carrier_errors import CarrierAway
from integrations.telephony.carrier_http import CarrierHttp
from integrations.telephony.client import FINAL_STATUSES, CarrierClient
from tests.integrations.carrier_stand_in import BAD_NUMBER, BAD_NUMBER_ERROR, ERRORS, Carrier, sid

LIVE = ("queued", "ringing", "in-progress")


@dataclass
class Leg:
    """A call that the hotline has made. `owner` is the attempt of a caller's telephone, the offer of a consultant's."""

    sid: str
    to: str
    owner: str
    is_callers: bool
    is_told: bool = False


class CarrierInHand:
    """Its state: `calls` by sid, `legs` that were dialled, `sent` (call, address) that were sent elsewhere."""

    def __init__(self) -> None:
        self.state = Carrier()
        self.lock = threading.Lock()
        self.legs: dict[str, Leg] = {}
        self.sent: list[tuple[str, str]] = []
        self._made = 0

    def clear(self) -> None:
        self.state.clear()
        self.legs.clear()
        self.sent.clear()

    def status(self, call_sid: str) -> str:
        call = self.state.calls.get(call_sid)
        return str(call["status"]) if call else "completed"

    def is_live(self, call_sid: str) -> bool:
        return self.status(call_sid) in LIVE

    def set_status(self, call_sid: str, status: str) -> None:
        """What is over stays as it ended."""
        with self.lock:
            if self.state.calls[call_sid]["status"] not in FINAL_STATUSES:
                self.state.calls[call_sid]["status"] = status

    def rings_in(self, caller: str) -> str:
        """Somebody calls the hotline; the call's sid."""
        with self.lock:
            self._made += 1
            call_sid = sid("CA", 10**12 + self._made)
            self.state.calls[call_sid] = {"sid": call_sid, "to": "12333", "from": caller, "status": "in-progress"}
        return call_sid

    def perform(self, name: str, names: dict[str, str], query: Any, form: Any) -> tuple[int, Any]:
        with self.lock:
            state = self.state
            if wrong := state.complaints(name, names, query, form):
                state.violations += wrong
                return 400, {}
            fault = state.faults[name].pop(0) if state.faults.get(name) else ""
            if fault in ERRORS:
                return int(fault), {"code": ERRORS[fault], "message": "", "status": int(fault)}
            if fault == BAD_NUMBER:
                return 400, BAD_NUMBER_ERROR
            single = [{key: values[0] for key, values in given.items()} for given in (query, form)]
            status, content = state.perform(name, names, single[0], single[1])
            self._remember(name, names, single[1], status, content)
        if fault == "cut":
            raise CarrierAway("cut", is_unknown=True)
        return (500, {"code": 20500, "message": "", "status": 500}) if fault == "500 done" else (status, content)

    def _remember(self, name: str, names: dict[str, str], form: dict[str, str], status: int, content: Any) -> None:
        if name == "CreateCall" and status == 201:
            asked = parse_qs(urlsplit(form["Url"]).query)
            owner = (asked.get("attempt") or asked["offer"])[0]
            self.legs[content["sid"]] = Leg(content["sid"], form["To"], owner, "attempt" in asked)
        elif name == "UpdateCall" and status == 200 and "Url" in form:
            self.sent.append((names["Sid"], form["Url"]))


class _Http(CarrierHttp):
    def __init__(self, carrier: CarrierInHand) -> None:
        super().__init__(is_local=True)
        self._carrier = carrier

    def _send(self, method: str, uri: str, **options: Any) -> Any:
        found = self._carrier.state.find(method, urlsplit(uri).path)
        assert found is not None, uri
        query, form = (parse_qs(urlencode(options.get(name) or {}, doseq=True), True) for name in ("params", "data"))
        status, content = self._carrier.perform(*found, query, form)
        answer = Answer()
        answer.status_code, answer._content = status, json.dumps(content).encode()
        return answer


def client_of(carrier: CarrierInHand, settings: Settings, kind: type[CarrierClient], *values: Any) -> CarrierClient:
    """The hotline's client for it."""
    client = kind(settings, *values)
    client._http = _Http(carrier)
    return client
