"""What the runner shows on the terminal: its own steps, and the children's lines under their names."""

import os
import selectors
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO

NAME_WIDTH = 8
CHUNK_BYTES = 65536


class Terminal:
    """Prints steps with their seconds, and relays the output of children line by line."""

    def __init__(self, relay: bool) -> None:
        # Without relaying, children write straight through: their lines are JSON for a machine.
        self.relay = relay
        self._selector = selectors.DefaultSelector()
        self._rest: dict[int, bytes] = {}
        self._open_step = ""

    def say(self, text: str) -> None:
        if self._open_step:
            # Something speaks in the middle of a step: leave the step's line as it is.
            print(flush=True)
            self._open_step = ""
        print(text, flush=True)

    def note(self, text: str) -> None:
        """A line with the time of day, for what happens while we run."""
        self.say(f"{datetime.now():%H:%M:%S} {text}")

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a step of the start, then how long it took."""
        started = time.monotonic()
        print(f"  {text} …", end="", flush=True)
        self._open_step = text
        try:
            yield
        except BaseException:
            self._end_step(text, "没有完成")
            raise
        self._end_step(text, f"完成（{time.monotonic() - started:.1f} 秒）")

    def follow(self, name: str, pipe: IO[bytes]) -> None:
        """Relay everything the child writes, until it closes the pipe."""
        os.set_blocking(pipe.fileno(), False)
        self._rest[pipe.fileno()] = b""
        self._selector.register(pipe, selectors.EVENT_READ, name)

    def pump(self, seconds: float) -> None:
        """Relay what has come, waiting at most `seconds` for more."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            self._relay_from(key.fileobj, key.data)  # type: ignore[arg-type]

    def _end_step(self, text: str, result: str) -> None:
        start_of_line = " " if self._open_step else f"  {text} … "
        self._open_step = ""
        print(f"{start_of_line}{result}", flush=True)

    def _relay_from(self, pipe: IO[bytes], name: str) -> None:
        number = pipe.fileno()
        try:
            chunk = os.read(number, CHUNK_BYTES)
        except BlockingIOError:
            return
        *lines, rest = (self._rest.pop(number) + chunk).split(b"\n")
        if chunk:
            self._rest[number] = rest
        else:
            lines += [rest] if rest else []
            self._selector.unregister(pipe)
            pipe.close()
        for line in lines:
            self._write(name, line)

    def _write(self, name: str, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace")
        self.say(f"{name:<{NAME_WIDTH}}| {text}")


def survive_closed_output(action: Callable[[], None]) -> None:
    """Run something that prints; a closed terminal must not keep us from ending our children."""
    try:
        action()
    except (BrokenPipeError, OSError):
        # Later prints go nowhere instead of failing again.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
