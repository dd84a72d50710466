"""The way to the carrier: kept connections, short time-outs, and nothing that could do a thing twice.

Takes the place of the `twilio` package's own transport, which writes query strings, and so numbers, into the log.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from requests import RequestException, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, Timeout
from twilio.http import HttpClient
from twilio.http.response import Response
from urllib3.exceptions import NewConnectionError

from integrations.telephony.carrier_errors import CarrierAway, TooLarge, error_from_answer

CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0
KEPT_CONNECTIONS = 32
CHUNK_BYTES = 65536
# Four hours of both sides at 8 kHz, 16 bits, and some more.
LARGEST_BYTES = 512 * 1024 * 1024


class CarrierHttp(HttpClient):
    """Requests over one session. Thread-safe; connections open at the first request, so after a fork.

    Raises CarrierAway, also for an answer that is no JSON object; a status of failure is returned.
    """

    def __init__(self, read_seconds: float = READ_SECONDS, *, is_local: bool = False) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._timeouts = (CONNECT_SECONDS, read_seconds)
        self._session = Session()
        # A proxy of the environment is for the way to the carrier's cloud, not to a gateway on this machine.
        self._session.trust_env = not is_local
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=KEPT_CONNECTIONS, max_retries=0))

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        answer = self._send(
            method,
            uri,
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            allow_redirects=allow_redirects,
        )
        if answer.ok and answer.content and not _is_object(answer.text):
            raise CarrierAway(f"{method}: unreadable answer", is_unknown=method != "GET")
        return Response(answer.status_code, answer.text, answer.headers)

    def download(self, uri: str, auth: tuple[str, str], into: Path, most_bytes: int = LARGEST_BYTES) -> int:
        """Write what is at the address to a file; the number of bytes.

        Raises CallGone, CarrierAway, CarrierRefused, TooLarge, and OSError for the file.
        """
        with self._send("GET", uri, auth=auth, stream=True, allow_redirects=True) as answer:
            if answer.status_code != 200:
                raise error_from_answer("download", answer.status_code, None, is_change=False)
            with open(into, "wb") as file:
                try:
                    return _copy(answer.iter_content(CHUNK_BYTES), file, most_bytes)
                except RequestException as error:
                    raise CarrierAway(f"download: {type(error).__name__}") from None

    def close(self) -> None:
        self._session.close()

    def _send(self, method: str, uri: str, **options: Any) -> Any:
        try:
            try:
                return self._session.request(method, uri, timeout=self._timeouts, **options)
            except NoConnection as error:
                # A kept connection may have been closed at this very moment; only a question can be asked again.
                if method != "GET" or isinstance(error, Timeout):
                    raise
                return self._session.request(method, uri, timeout=self._timeouts, **options)
        except RequestException as error:
            # The error's own text holds the address with its query.
            is_unknown = method != "GET" and not _is_never_sent(error)
            raise CarrierAway(f"{method}: {type(error).__name__}", is_unknown=is_unknown) from None


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _copy(chunks: Any, file: Any, most_bytes: int) -> int:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge("download: no end in sight")
        file.write(chunk)
    return size


def _is_never_sent(error: RequestException) -> bool:
    """True when not even a connection came about."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    # A ValueError here is an address that is none.
    return isinstance(error, ConnectTimeout | ValueError) or isinstance(reason, NewConnectionError)
