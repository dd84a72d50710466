"""What a line did lately, kept so that an estimate of the wait can be made of it at any moment.

Pure. Times are seconds of virtual time, and only go up.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from queueing.wait_time import LineNow, busy_intervals

# The estimate looks at differences only.
_ZERO = datetime(2016, 1, 1, tzinfo=UTC)


class Lately:
    """Talks, answers and those who gave up, of the last `looks_back` seconds."""

    def __init__(self, looks_back: float) -> None:
        self.looks_back = looks_back
        self._handled: deque[tuple[float, float]] = deque()
        # Each interval with the time at which it began.
        self._intervals: deque[tuple[float, float]] = deque()
        self._last_answer: tuple[datetime, datetime] | None = None
        # Whoever is no longer waiting: when they joined, how long they waited, and 1 for giving up.
        self._waits: list[tuple[float, float, int]] = []
        self._waited, self._gave_up = 0.0, 0

    def note_handled(self, now: float, seconds: float) -> None:
        """A consultant is done with somebody: ring, talk and wrap-up took so long."""
        self._handled.append((now, seconds))

    def note_answered(self, joined: float, now: float) -> None:
        """Somebody who joined the line then was answered."""
        answer = _moment(joined), _moment(now)
        if self._last_answer is not None:
            began = (self._last_answer[1] - _ZERO).total_seconds()
            self._intervals.extend((began, seconds) for seconds in busy_intervals([self._last_answer, answer]))
        self._last_answer = answer
        self._note_wait(joined, now, 0)

    def note_gone(self, joined: float, now: float) -> None:
        """Somebody who joined the line then gave up."""
        self._note_wait(joined, now, 1)

    def line_now(self, now: float, ahead: int, serving: int, waiting_since: Iterable[float], free: int = 0) -> LineNow:
        """The line as the estimate wants it; `waiting_since`: when each joined who still waits."""
        since = now - self.looks_back
        self._forget(since)
        still = sum([now - joined for joined in waiting_since if joined > since])
        return LineNow(
            ahead=ahead,
            serving=serving,
            handling_seconds=[seconds for _, seconds in self._handled],
            answer_intervals=[seconds for _, seconds in self._intervals],
            gave_up=self._gave_up,
            waited_seconds=max(0.0, self._waited) + still,
            free=free,
        )

    def _note_wait(self, joined: float, now: float, gave_up: int) -> None:
        heapq.heappush(self._waits, (joined, now - joined, gave_up))
        self._waited += now - joined
        self._gave_up += gave_up

    def _forget(self, since: float) -> None:
        for seen in (self._handled, self._intervals):
            while seen and seen[0][0] <= since:
                seen.popleft()
        while self._waits and self._waits[0][0] <= since:
            _, seconds, gave_up = heapq.heappop(self._waits)
            self._waited -= seconds
            self._gave_up -= gave_up


def _moment(seconds: float) -> datetime:
    return _ZERO + timedelta(seconds=seconds)
