"""HTTP to a business system: kept connections, one deadline for the whole exchange, and nothing personal in an error.

urllib3 by itself, because the session around it would read proxies from the environment, keep cookies for whoever asks
next, and begin its read time-out anew with every byte that drips in.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError

from integrations.social_insurance.contract import Away, AwayReason

CONNECT_SECONDS = 2.0
PROBE_SECONDS = 2.0
# A person's file has a few kilobytes; whatever sends more is not answering the question.
LARGEST_BYTES = 2 * 1024 * 1024
CHUNK_BYTES = 65536
# The system lets nobody in like this, or is not where the file says it is.
REFUSING_STATUSES = (400, 401, 403, 404, 405, 407)


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """A whole answer; its body is somebody's data."""

    status: int
    body: bytes


class BoundedHttp:
    """One pool for one system. Thread-safe; connects at the first request, so after a fork."""

    def __init__(self, at_once: int, ca_file: str | None = None) -> None:
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=at_once, ca_certs=ca_file)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], deadline_seconds: float) -> Reply:
        """Send a question, read the answer. Raises Away; an answer of any status is returned."""
        return self._exchange("POST", url, body, headers, deadline_seconds)

    def is_there(self, url: str) -> bool:
        """Whether anything but a server's own trouble answers at the address."""
        try:
            return self._exchange("GET", url, None, {}, PROBE_SECONDS).status < 500
        except Away:
            return False

    def close(self) -> None:
        """Close the kept connections; the next request opens a new one."""
        self._pool.clear()

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], deadline_seconds: float
    ) -> Reply:
        ends_at = time.monotonic() + deadline_seconds
        left = max(0.001, deadline_seconds)
        try:
            # No redirect is followed: it would carry somebody's data to wherever it points.
            answer = self._pool.request(
                method,
                url,
                body=body,
                headers=dict(headers),
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=left),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return Reply(answer.status, _read(answer, ends_at))
            except BaseException:
                # What is left of it would be taken for the answer to the next question.
                answer.close()
                raise
            finally:
                answer.release_conn()
        except HTTPError as error:
            # The error's own text holds the address.
            raise _away(error) from None


def check_status(status: int) -> None:
    """Raises Away for a status of failure: the server's own trouble, too much at once, or a refusal."""
    if status == 200:
        return
    reason: AwayReason = "down"
    if status == 429:
        reason = "busy"
    elif status in REFUSING_STATUSES or status < 400:
        reason = "refused"
    raise Away(reason, f"HTTP {status}")


def _read(answer: urllib3.BaseHTTPResponse, ends_at: float) -> bytes:
    parts, size = [], 0
    # read1 comes back with what there is, so a server that drips cannot hold us beyond the deadline.
    while part := answer.read1(CHUNK_BYTES):
        parts.append(part)
        size += len(part)
        if size > LARGEST_BYTES:
            raise Away("down", "no end in sight")
        if time.monotonic() > ends_at:
            raise Away("slow", "dripping")
    return b"".join(parts)


def _away(error: HTTPError) -> Away:
    name = type(error).__name__
    # NewConnectionError is a ConnectTimeoutError by name only: it is a refusal.
    if isinstance(error, NewConnectionError | SSLError):
        return Away("down", name, was_sent=False, is_connection=not isinstance(error, SSLError))
    if isinstance(error, ConnectTimeoutError):
        return Away("down", name, was_sent=False, is_connection=True)
    if isinstance(error, ReadTimeoutError):
        return Away("slow", name)
    # Cut in the middle, or a kept connection that was closed at this very moment.
    return Away("down", name, is_connection=True)
