"""SOAP by zeep, over our own bounded HTTP: the service's description is a file of ours and never fetched.

zeep and the XML library below it are heavy (a fifth of a second, 7 MB), so both are loaded at the first call. Document
types and entities are refused: no SOAP message has any, and they are how a small answer becomes a large one.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from integrations.social_insurance.bounded_http import BoundedHttp, Reply, check_status
from integrations.social_insurance.contract import Away
from integrations.social_insurance.fields import Unreadable

SHIPPED_WSDL = Path(__file__).with_name("card.wsdl")


class _Sending:
    """One call under way: how long it may take, and whether anything has left us yet."""

    def __init__(self, deadline_seconds: float) -> None:
        self.deadline_seconds = deadline_seconds
        self.has_begun = False


_sending: ContextVar[_Sending] = ContextVar("soap_sending")


class SoapService:
    """The operations of one service at one address. Thread-safe."""

    def __init__(self, http: BoundedHttp, address: str, wsdl: Path = SHIPPED_WSDL) -> None:
        self._http, self._address, self._wsdl = http, address, wsdl
        self._lock = threading.Lock()
        self._service: Any = None

    def call(self, operation: str, strings: tuple[str, ...], deadline_seconds: float) -> str:
        """The one string that an operation answers to its positional strings.

        Raises Away (a fault is the system's own trouble; an operation that its description does not have was never
        sent), and Unreadable for what is no answer of this operation.
        """
        from zeep.exceptions import Error, Fault

        sending = _Sending(deadline_seconds)
        token = _sending.set(sending)
        try:
            answer = getattr(self._ready(), operation)(*strings)
        except Fault:
            # Its text may repeat the question.
            raise Away("down", "SOAP fault") from None
        except (Error, ValueError, TypeError, AttributeError, LookupError):
            if not sending.has_begun:
                raise Away("refused", "not in the description of the service", was_sent=False) from None
            raise Unreadable("reply", "is no SOAP answer") from None
        finally:
            _sending.reset(token)
        if not isinstance(answer, str):
            raise Unreadable("reply", "holds no string")
        return answer

    def _ready(self) -> Any:
        with self._lock:
            if self._service is None:
                self._service = self._build()
            return self._service

    def _build(self) -> Any:
        from zeep import Client, Settings, Transport

        http = self._http

        class Bounded(Transport):
            """Sends over our own pool, within the deadline of whoever calls."""

            def post(self, address: str, message: bytes, headers: dict[str, str]) -> _Response:
                sending = _sending.get()
                sending.has_begun = True
                return _Response(http.post(address, message, headers, sending.deadline_seconds))

        settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        client: Any = Client(str(self._wsdl), transport=Bounded(), settings=settings)  # type: ignore[no-untyped-call]
        binding = next(name for name, found in client.wsdl.bindings.items() if "11" in type(found).__name__)
        return client.create_service(binding, self._address)


class _Response:
    """The part of an answer of `requests` that zeep looks at."""

    encoding = "utf-8"

    status_code = 200

    def __init__(self, reply: Reply) -> None:
        # A fault comes with 500, which is the system's own trouble like any other 500.
        check_status(reply.status)
        self.content = reply.body
        self.headers = {"Content-Type": "text/xml; charset=utf-8"}
