"""Waiting for a condition instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
# A test says what happens, not how quickly: a busy machine gets its time.
PATIENCE_SECONDS = 180.0


def eventually(predicate: Callable[[], Answer], timeout: float = PATIENCE_SECONDS) -> Answer:
    """The predicate's first true answer, asked every 20 ms; fails the test after `timeout` seconds, 180 at least."""
    timeout = max(timeout, PATIENCE_SECONDS)
    deadline = time.monotonic() + timeout
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not true after {timeout} s: {predicate}")
        time.sleep(0.02)
    return answer


def comes_true(predicate: Callable[[], object], seconds: float) -> bool:
    """Whether it is so within this time, for what may well not be."""
    deadline = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
