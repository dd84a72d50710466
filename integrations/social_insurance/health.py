"""How the business systems are, for staff: asked without anybody's data, and not more often than is needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from integrations.work_calendar import in_shanghai

log = structlog.get_logger(__name__)
FRESH_SECONDS = 20.0
State = Literal["up", "down", "resting", "half", "unknown"]


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """One system: `sentence` is Chinese; `answers` says for which centres it answers what, ("340100", "pension")."""

    name: str
    label: str
    kind: str
    state: State
    sentence: str
    until: datetime | None
    answers: tuple[tuple[str, str], ...]


class CachedProbe:
    """Whether a system is there, looked up at most every FRESH_SECONDS by each process and by one thread at a time."""

    def __init__(self, probe: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._probe, self._clock = probe, clock
        self._lock = threading.Lock()
        self._seen: bool | None = None
        self._at = float("-inf")

    @property
    def last(self) -> bool | None:
        """What was seen last, None before the first look."""
        return self._seen

    def look(self) -> bool | None:
        """What is to be seen now; while another thread looks, what was seen last."""
        if self._clock() - self._at < FRESH_SECONDS or not self._lock.acquire(blocking=False):
            return self._seen
        try:
            self._seen = self._probe()
        except Exception as error:
            log.error("probe_broke", error=type(error).__name__)
            self._seen = False
        finally:
            self._at = self._clock()
            self._lock.release()
        return self._seen


def judge(is_there: bool | None, resting_until: datetime | None, now: datetime, note: str) -> tuple[State, str]:
    """State and sentence of a connected system."""
    after = f"，{note}" if note else ""
    if resting_until is not None:
        again = in_shanghai(max(resting_until, now))
        return "resting", f"连续没有应答，先不去问，{again:%H:%M:%S}以后有人查询时再试{after}"
    if is_there is None:
        return "unknown", f"还没有探测过{after}"
    return ("up", f"正常{after}") if is_there else ("down", f"连不上{after}")
