"""A load generator light enough to leave the cores to the server: ready-made requests over kept-open connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN


@dataclass
class Result:
    """Latencies in seconds, counted by status."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def signed_request(base_url: str, path: str, form: dict[str, str]) -> bytes:
    """A complete HTTP request as the carrier would send it."""
    signature = RequestValidator(DEMO_AUTH_TOKEN).compute_signature(base_url + path, form)
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {base_url.removeprefix('http://')}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nX-Twilio-Signature: {signature}\r\nConnection: keep-alive\r\n\r\n"
    )
    return head.encode() + body


def call_requests(base_url: str, call_sid: str, steps: int) -> list[bytes]:
    """The first ring of a call, then key after key: to the recordings and back, again and again."""
    form = {
        "CallSid": call_sid,
        "AccountSid": DEMO_ACCOUNT_SID,
        "From": "+8613800138000",
        "To": "+8655312333",
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
    }
    requests = [signed_request(base_url, "/ivr/incoming", form)]
    for turn in range(1, steps + 1):
        keys = "2" if turn % 2 else "*"
        requests.append(signed_request(base_url, f"/ivr/step?n={turn}", form | {"Digits": keys, "msg": "Gather End"}))
    return requests


class Connection:
    """One kept-open connection; a request at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    async def open(self) -> Connection:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        return self

    async def send(self, request: bytes) -> int:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        if length:
            await self._reader.readexactly(length)
        if b"connection: close" in head.lower():
            self._writer.close()
            await self.open()
        return int(head[9:12])

    def close(self) -> None:
        self._writer.close()


async def _closed_loop(port: int, connections: int, work: Iterator[list[bytes]], seconds: float) -> Result:
    """Each connection sends the next request as soon as it has its answer."""
    result, deadline = Result(), time.perf_counter() + seconds

    async def one() -> None:
        connection = await Connection("127.0.0.1", port).open()
        while time.perf_counter() < deadline:
            for request in next(work):
                started = time.perf_counter()
                status = await connection.send(request)
                result.latencies.append(time.perf_counter() - started)
                result.statuses[status] = result.statuses.get(status, 0) + 1
                if time.perf_counter() >= deadline:
                    break
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    result.seconds = time.perf_counter() - started
    return result


async def _open_loop(port: int, rate: float, connections: int, work: Iterator[list[bytes]], seconds: float) -> Result:
    """Requests leave at a fixed rate whether or not earlier ones were answered; waiting counts as latency."""
    result = Result()
    lanes = [await Connection("127.0.0.1", port).open() for _ in range(connections)]
    begin = time.perf_counter()

    async def lane(number: int, connection: Connection) -> None:
        due = begin + number / rate
        while due < begin + seconds:
            for request in next(work):
                if due >= begin + seconds:
                    return
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                status = await connection.send(request)
                result.latencies.append(time.perf_counter() - due)
                result.statuses[status] = result.statuses.get(status, 0) + 1
                due += connections / rate

    await asyncio.gather(*(lane(number, connection) for number, connection in enumerate(lanes)))
    result.seconds = time.perf_counter() - begin
    for connection in lanes:
        connection.close()
    return result


def closed_loop(port: int, connections: int, work: Iterator[list[bytes]], seconds: float) -> Result:
    return asyncio.run(_closed_loop(port, connections, work, seconds))


def open_loop(port: int, rate: float, connections: int, work: Iterator[list[bytes]], seconds: float) -> Result:
    return asyncio.run(_open_loop(port, rate, connections, work, seconds))


def made_ahead(make: Callable[[int], list[bytes]], ready: int) -> Iterator[list[bytes]]:
    """Work of which the first `ready` pieces are made now, before any clock runs; later ones on the way."""
    pieces = [make(number) for number in range(ready)]
    return chain(pieces, (make(number) for number in count(ready)))
