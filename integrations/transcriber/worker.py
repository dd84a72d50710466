"""A process that turns recordings into words, file after file, until it has grown too large.

    python -m integrations.transcriber.worker PARENT_PID MODEL_FOLDER MEMORY_MB FILES

MEMORY_MB is how much it may grow beyond the loaded model, FILES how many it takes before it leaves. Lines of JSON:

    in   {"path": "/x.wav", "first": 0, "longest_seconds": 3600, "phrases": null}
    out  {"ready": true}                                          once, when the model is loaded
         {"words": [["人工", 0.1, 0.6, 0.98]], "at": 24000}        each sentence; all before sample `at` has been heard
         {"end": {"seconds": 3.5, "left_out": 0}, "leaves": false}  the file is done
         {"more": true}                                           not done: it leaves, the next one goes on at `at`
         {"refused": "corrupt", "detail": "...", "leaves": false}  the file cannot be read, or "grammar"

It ends when its input does, and is killed with its parent.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import psutil  # type: ignore[import-untyped]

from integrations.processes import die_with_parent

if TYPE_CHECKING:
    from integrations.transcriber.recogniser import Recogniser

# A life is worth at least this much sound, or a model that needs much would never come to the end.
LEAST_SECONDS_A_LIFE = 30.0
# Callers on the line come first.
NICENESS = 5
GRAMMAR, UNREADABLE = "grammar", "unreadable"


class Worker:
    """Answers requests until it should leave."""

    def __init__(self, recogniser: Recogniser, memory_mb: int, files: int, replies: TextIO) -> None:
        self._recogniser = recogniser
        self._files_left = files
        self._replies = replies
        self._process = psutil.Process()
        self._largest = self._process.memory_info().rss + memory_mb * 1_000_000

    def answer(self, request: dict[str, Any]) -> bool:
        """Do one file; False when this process is to leave."""
        from integrations.transcriber.errors import BadGrammar
        from integrations.transcriber.wav_reader import BadWav, WavFile

        self._files_left -= 1
        try:
            with WavFile(Path(request["path"])) as wav:
                return self._listen(wav, request)
        except BadWav as error:
            return self._refuse(error.reason, str(error))
        except BadGrammar as error:
            return self._refuse(GRAMMAR, error.detail)
        except OSError as error:
            return self._refuse(UNREADABLE, type(error).__name__)

    def _refuse(self, reason: str, detail: str) -> bool:
        leaves = self._files_left <= 0
        self._say(refused=reason, detail=detail, leaves=leaves)
        return not leaves

    def _listen(self, wav: Any, request: dict[str, Any]) -> bool:
        rate, first = wav.format.rate, int(request["first"])
        last = min(wav.frames, int(request["longest_seconds"] * rate))
        for part in self._recogniser.listen(wav, first, last, request["phrases"]):
            self._say(words=part.words, at=part.at)
            if self._is_too_large and part.at < last and part.at - first >= LEAST_SECONDS_A_LIFE * rate:
                self._say(more=True)
                return False
        leaves = self._is_too_large or self._files_left <= 0
        self._say(end={"seconds": last / rate, "left_out": (wav.frames - last) / rate}, leaves=leaves)
        return not leaves

    @property
    def _is_too_large(self) -> bool:
        return bool(self._process.memory_info().rss > self._largest)

    def _say(self, **answer: Any) -> None:
        say(self._replies, answer)


def say(replies: TextIO, answer: dict[str, Any]) -> None:
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


def serve(folder: Path, memory_mb: int, files: int, replies: TextIO) -> None:
    """Load the model and answer until the input ends."""
    # Only now: it takes long, and the numbers of threads must be set before.
    from integrations.transcriber.recogniser import Recogniser

    worker = Worker(Recogniser(folder), memory_mb, files, replies)
    say(replies, {"ready": True})
    for line in sys.stdin:
        if not worker.answer(json.loads(line)):
            return


def main() -> None:
    die_with_parent(signal.SIGKILL, int(sys.argv[1]))
    # A Ctrl-C is for the parent, which says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    # One core for each process is the bargain.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    os.putenv("OMP_NUM_THREADS", "1")
    # What the libraries print must not end up between the answers.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        serve(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), replies)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
