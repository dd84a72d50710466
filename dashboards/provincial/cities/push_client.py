"""Sends batches to a hotline, each until there is an answer: what a city's own program has to do, in full.

Only the standard library and the pure modules beside this one, so that it can be read as an example.
"""

from __future__ import annotations

import gzip
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from dashboards.provincial.cities.fields import FORMAT_VERSION
from dashboards.provincial.cities.signature import signed_headers

ANSWER_SECONDS = 60
MOST_TRIES = 8
# Half a minute, a minute, ... at most.
LONGEST_PAUSE = 60.0
LARGEST_ANSWER = 2_000_000
COME_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

Pause = Callable[[float], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hotline said at last; status 0 when it could not be reached. `told` is the JSON of the answer."""

    status: int
    told: Mapping[str, Any]

    @property
    def receipt(self) -> Mapping[str, Any] | None:
        """What became of the batch, if it was read at all."""
        receipt = self.told if self.status == 200 else self.told.get("receipt")
        return receipt if isinstance(receipt, Mapping) else None


@dataclass(frozen=True, slots=True)
class Sender:
    """Where to push and as whom."""

    url: str
    centre: str
    key_id: str
    secret: bytes
    pause: Pause = time.sleep
    say: Say = print

    def send(self, kind: str, rows: list[Mapping[str, Any]], *, partial: bool) -> Answer:
        """Push one batch under a name made of its content: however often it is sent, it counts once."""
        content = {"version": FORMAT_VERSION, "centre": self.centre, "kind": kind, "partial": partial, "rows": rows}
        # That nothing has happened is told again and again, and is another word each time.
        name = batch_name(kind, content if rows else {**content, "at": datetime.now(UTC).isoformat()})
        text = json.dumps({**content, "batch_id": name}, ensure_ascii=False, separators=(",", ":"))
        body = gzip.compress(text.encode(), 6, mtime=0)
        for tries in range(1, MOST_TRIES + 1):
            answer, wait = self._try(name, body)
            if answer.status and answer.status not in COME_AGAIN:
                return answer
            if tries < MOST_TRIES:
                seconds = min(wait or 2.0**tries / 2, LONGEST_PAUSE)
                self.say(f"没有收到回执（{answer.status or '连不上'}），{seconds:.0f} 秒后用同一个批次名再发……")
                self.pause(seconds)
        return answer

    def _try(self, name: str, body: bytes) -> tuple[Answer, float]:
        # Signed anew for each try: a signature is good for five minutes.
        headers = signed_headers(self.key_id, self.secret, name, datetime.now(UTC), body)
        headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        request = urllib.request.Request(f"{self.url}/city/v1/batches", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
                return Answer(response.status, _json(response.read(LARGEST_ANSWER))), 0.0
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _json(error.read(LARGEST_ANSWER))), _seconds(error.headers.get("Retry-After"))
        except OSError:
            # Nobody there, cut off, or too slow.
            return Answer(0, {}), 0.0


def batch_name(kind: str, content: Mapping[str, Any]) -> str:
    """The same for the same content."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{kind}-{sha256(text.encode()).hexdigest()[:40]}"


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        # Of something that stands between us.
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else 0.0
