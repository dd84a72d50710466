"""A telephone for tests: signs requests and follows TwiML as the carrier would.

It rings a running system (`http_transport`) or a Flask test client. Gather, Redirect, Pause, Record, Dial and Hangup
are followed; a failed connection is tried once more, a bad answer goes to the fallback address, and after that the
caller hears an error and the call has failed.
"""

from __future__ import annotations

import secrets
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field

import requests
from twilio.request_validator import RequestValidator

from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN

# address, form, headers -> status, body; raises OSError when no connection can be made.
Transport = Callable[[str, dict[str, str], dict[str, str]], tuple[int, str]]
MOST_DOCUMENTS = 400


class CarrierError(Exception):
    """The caller would have heard the carrier's own error message."""


def http_transport(session: requests.Session | None = None) -> Transport:
    own = session or requests.Session()

    def post(url: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
        answer = own.post(url, data=form, headers=headers, timeout=15)
        return answer.status_code, answer.content.decode()

    return post


@dataclass
class Waiting:
    """Where the document rests: `verb` is Gather, Record or Dial; `rest` is what follows it."""

    verb: ET.Element
    rest: list[ET.Element]


@dataclass
class Caller:
    """One call from one telephone."""

    base_url: str
    post: Transport
    caller: str = "+8613800138000"
    dialled: str = "12333"
    token: str = DEMO_AUTH_TOKEN
    sid: str = field(default_factory=lambda: "CA" + secrets.token_hex(16))
    heard: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    waiting: Waiting | None = None
    is_over: bool = False
    typed_ahead: str = ""
    last_request: tuple[str, dict[str, str]] | None = None
    # Every request that was answered with a document, and the document.
    history: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def ring(self) -> Caller:
        self._go(f"{self.base_url}/ivr/incoming", {"CallStatus": "ringing"})
        return self

    def press(self, keys: str) -> Caller:
        """Press keys; those that a Gather does not need wait for the next one."""
        self.typed_ahead += keys
        self._use_typed_ahead()
        return self

    def wait(self) -> Caller:
        """Press nothing until the document has run out."""
        waiting = self._rest()
        self._run(waiting.rest)
        return self

    def desk(self, status: str, picked_up: bool = False) -> Caller:
        """The desk telephone was rung: completed, busy, no-answer or failed."""
        waiting = self._rest()
        if picked_up:
            number = waiting.verb.find("Number")
            assert number is not None
            self.request(number.attrib["statusCallback"], {"CallStatus": "in-progress", "CallSid": "CAdesk"})
        self._go(waiting.verb.attrib["action"], {"DialCallStatus": status})
        return self

    def speak(self, seconds: int) -> Caller:
        self._go(
            self._rest().verb.attrib["action"],
            {"RecordingSid": "RE" + secrets.token_hex(16), "RecordingDuration": str(seconds), "Digits": "#"},
        )
        return self

    def hang_up(self, status: str = "completed") -> Caller:
        if not self.is_over:
            self.is_over = True
            self.request(f"{self.base_url}/ivr/status", {"CallStatus": status, "CallDuration": "30"})
        return self

    def request(self, url: str, form: dict[str, str]) -> tuple[int, str]:
        """One signed request, tried once more when the connection fails."""
        full = {
            "CallSid": self.sid,
            "AccountSid": DEMO_ACCOUNT_SID,
            "From": self.caller,
            "To": self.dialled,
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
            "CallStatus": "in-progress",
        } | form
        headers = {
            "X-Twilio-Signature": RequestValidator(self.token).compute_signature(url, full),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }
        self.last_request = (url, form)
        try:
            return self.post(url, full, headers)
        except OSError:
            return self.post(url, full, headers)

    def follow(self, document: str) -> None:
        """Go on with a document that was fetched some other way."""
        self._run(list(ET.fromstring(document)))

    def repeat_last(self) -> str:
        """The carrier did not hear our answer and asks once more."""
        assert self.last_request is not None
        return self.request(*self.last_request)[1]

    def _go(self, url: str, form: dict[str, str]) -> None:
        document = self._ask(url, form)
        self.documents.append(document)
        if self.last_request:
            self.history.append((*self.last_request, document))
        if len(self.documents) > MOST_DOCUMENTS:
            raise CarrierError("the call never ends")
        self._run(list(ET.fromstring(document)))

    def _ask(self, url: str, form: dict[str, str]) -> str:
        try:
            status, body = self.request(url, form)
            if status == 200 and ET.fromstring(body).tag == "Response":
                return body
            trouble = {"ErrorCode": "11200", "ErrorUrl": url}
        except (OSError, ET.ParseError):
            trouble = {"ErrorCode": "11205", "ErrorUrl": url}
        try:
            status, body = self.request(f"{self.base_url}/ivr/fallback", trouble)
            if status == 200:
                return body
        except OSError:
            pass
        self.hang_up("failed") if not self.is_over else None
        raise CarrierError(f"no document from {url}")

    def _run(self, verbs: list[ET.Element]) -> None:
        self.waiting = None
        for position, verb in enumerate(verbs):
            match verb.tag:
                case "Say":
                    # Said outside a Gather: what was typed ahead is gone.
                    self.typed_ahead = ""
                    self.heard.append("".join(verb.itertext()))
                case "Pause":
                    pass
                case "Gather":
                    self.heard.extend("".join(say.itertext()) for say in verb.iter("Say"))
                    self.waiting = Waiting(verb, verbs[position + 1 :])
                    self._use_typed_ahead()
                    return
                case "Record" | "Dial":
                    self.waiting = Waiting(verb, verbs[position + 1 :])
                    return
                case "Redirect":
                    self._go(verb.text or "", {})
                    return
                case "Hangup":
                    self.hang_up()
                    return
                case unknown:
                    raise CarrierError(f"<{unknown}> is not a verb")
        self.hang_up()

    def _use_typed_ahead(self) -> None:
        waiting = self.waiting
        if waiting is None or waiting.verb.tag != "Gather" or not self.typed_ahead:
            return
        length = int(waiting.verb.attrib.get("numDigits", 64))
        keys, self.typed_ahead = self.typed_ahead[:length], self.typed_ahead[length:]
        self._go(waiting.verb.attrib["action"], {"Digits": keys})

    def _rest(self) -> Waiting:
        assert self.waiting is not None, "the call is not waiting"
        return self.waiting
