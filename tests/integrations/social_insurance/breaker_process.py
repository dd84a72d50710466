"""A process with a breaker of its own, told over its standard input what to do and answering a line to each.

`ok` and `fail` ask the system and hear that; `hold` begins to ask and stays in it until the next line, which says how
it ended. The answer is "asked", "rests" or, for the start of a `hold`, "holding".
"""

from __future__ import annotations

import subprocess
import sys

from integrations.live_store import build_live_store
from integrations.settings import PROJECT_DIR
from integrations.social_insurance.breaker import Breaker, Failed, Resting
from integrations.social_insurance.system_shape import System

NAME = "system_of_two"
FAILURES, REST_SECONDS = 3, 60


def system(**more: int) -> System:
    told = {"failures_until_rest": FAILURES, "rest_seconds": REST_SECONDS} | more
    return System(NAME, "两个进程的系统", "medical", "http://127.0.0.1/", **told)  # type: ignore[arg-type]


class BreakerProcess:
    """The process, as a test holds it."""

    def __init__(self, redis_url: str) -> None:
        command = [sys.executable, "-m", __name__, redis_url]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT_DIR, text=True, bufsize=1
        )

    def tell(self, word: str) -> str:
        """What it answers."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


def main() -> None:
    breaker = Breaker(build_live_store(sys.argv[1]), system())
    for line in sys.stdin:
        word = line.strip()
        try:
            with breaker.asking():
                if word == "hold":
                    print("holding", flush=True)
                    word = sys.stdin.readline().strip()
                if word == "fail":
                    raise Failed
        except Resting:
            print("rests", flush=True)
            continue
        except Failed:
            pass
        print("asked", flush=True)


if __name__ == "__main__":
    main()
