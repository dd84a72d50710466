"""Recordings into words, several at once, each in a subprocess that is replaced before it grows too large.

A recogniser that crashes, hangs or swallows memory costs its own process and nothing else.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from integrations.settings import Settings
from integrations.transcriber.errors import BadGrammar, NoModel, TooLong, TranscriberDied, Untranscribable
from integrations.transcriber.grammar import checked_phrases
from integrations.transcriber.model_folder import model_problem
from integrations.transcriber.transcription import Transcription, Word
from integrations.transcriber.wav_reader import SENTENCES
from integrations.transcriber.worker import GRAMMAR
from integrations.transcriber.worker_process import Died, Silent, WorkerProcess

log = structlog.get_logger(__name__)
# Beyond the loaded model.
MEMORY_MB = 500
FILES_EACH = 200
LONGEST_SECONDS = 3600.0
# One file may cost so many processes before it is given up for now.
MOST_DEATHS = 3


@dataclass
class _Seat:
    """A place for a process; empty until it is used, and after its process has left."""

    worker: WorkerProcess | None = None


@dataclass
class _Hearing:
    """What has been heard of a file so far."""

    request: dict[str, Any]
    deadline: float
    words: list[Word] = field(default_factory=list)
    deaths: int = 0

    def take_in(self, answer: dict[str, Any]) -> None:
        """A sentence; whoever goes on begins after it."""
        self.words += [Word(*word) for word in answer["words"]]
        self.request["first"] = answer["at"]


class Transcriber:
    """Thread-safe. Nothing is started before the first file; a fork must build its own."""

    def __init__(
        self,
        model_path: Path | None,
        processes: int = 1,
        memory_mb: int = MEMORY_MB,
        files_each: int = FILES_EACH,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._folder = model_path
        self.processes = processes
        self._memory_mb, self._files_each = memory_mb, files_each
        self._longest_seconds = longest_seconds
        self._seats: list[_Seat] = [_Seat() for _ in range(processes)]
        self._free: queue.LifoQueue[_Seat] = queue.LifoQueue()
        for seat in self._seats:
            self._free.put(seat)
        self._is_closed = False
        # The kernel ends a child with the thread that started it: this one stays as long as we do.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="transcriber")

    @classmethod
    def build(cls, settings: Settings) -> Transcriber:
        """As the installation has it."""
        return cls(settings.vosk_model_path, settings.transcribe_processes)

    @property
    def is_available(self) -> bool:
        """True when there is a model."""
        return self._folder is not None and model_problem(self._folder) is None

    @property
    def model_name(self) -> str | None:
        """The name of the model's folder, for example vosk-model-small-cn-0.22."""
        return self._folder.name if self._folder is not None else None

    @property
    def pids(self) -> list[int]:
        """Its processes that are running now."""
        return [seat.worker.pid for seat in self._seats if seat.worker is not None]

    def transcribe(self, wav: Path, timeout: float, phrases: Sequence[str] | None = None) -> Transcription:
        """The words of a WAV file, within `timeout` seconds from when a process is free for it.

        `phrases`, when given, are all that is listened for, words separated by spaces ("人工 服务"). What comes after
        the length limit is left out. Raises NoModel, Untranscribable and BadGrammar, which stay; TranscriberDied and
        TooLong, after which another try may help.
        """
        if self._folder is None:
            raise NoModel()
        wanted = None if phrases is None else checked_phrases(phrases)
        request = {"path": str(wav.absolute()), "first": 0, "longest_seconds": self._longest_seconds, "phrases": wanted}
        with self._seat() as seat:
            return self._hear(seat, _Hearing(request, time.monotonic() + timeout))

    def close(self) -> None:
        """End all processes, at a file or not."""
        self._is_closed = True
        for seat in self._seats:
            if (worker := seat.worker) is not None:
                worker.kill()
        for seat in [self._free.get() for _ in self._seats]:
            _dismiss(seat, kindly=False)
            self._free.put(seat)
        self._starter.shutdown()

    @contextlib.contextmanager
    def _seat(self) -> Iterator[_Seat]:
        seat = self._free.get()
        try:
            yield seat
        except BaseException as error:
            # Whatever it is at, it is not ours to wait for.
            if not isinstance(error, Untranscribable | BadGrammar):
                _dismiss(seat, kindly=False)
            raise
        finally:
            self._free.put(seat)

    def _hear(self, seat: _Seat, hearing: _Hearing) -> Transcription:
        while True:
            try:
                if transcription := self._ask(seat, hearing):
                    return transcription
            except Died as error:
                _dismiss(seat, kindly=False)
                hearing.deaths += 1
                log.warning("transcriber_died", reason=str(error), deaths=hearing.deaths)
                if self._is_closed or hearing.deaths >= MOST_DEATHS:
                    raise TranscriberDied(str(error)) from None
            except Silent:
                raise TooLong("no end by the deadline") from None

    def _ask(self, seat: _Seat, hearing: _Hearing) -> Transcription | None:
        """None when the process left in the middle: another goes on there."""
        worker = seat.worker or self._start(seat, hearing.deadline)
        worker.ask(hearing.request)
        while True:
            answer = worker.answer(hearing.deadline)
            if "words" in answer:
                hearing.take_in(answer)
                continue
            if "more" in answer or answer.get("leaves"):
                _dismiss(seat, kindly=True)
            if "refused" in answer:
                raise _refusal(answer)
            if "end" in answer:
                return Transcription.of(hearing.words, answer["end"]["seconds"], answer["end"]["left_out"])
            return None

    def _start(self, seat: _Seat, deadline: float) -> WorkerProcess:
        if self._is_closed or self._folder is None:
            raise Died("closed")
        worker = self._starter.submit(WorkerProcess, self._folder, self._memory_mb, self._files_each).result()
        seat.worker = worker
        if self._is_closed:
            # Whoever closed may have looked before it was there.
            raise Died("closed")
        worker.answer(deadline)
        log.info("transcriber_started", pid=worker.pid, model=self.model_name)
        return worker


def _dismiss(seat: _Seat, *, kindly: bool) -> None:
    if seat.worker is not None:
        seat.worker.end(kindly=kindly)
        seat.worker = None


def _refusal(answer: dict[str, Any]) -> Exception:
    reason, detail = str(answer["refused"]), str(answer["detail"])
    if reason == GRAMMAR:
        return BadGrammar(detail)
    return Untranscribable(f"{reason}: {detail}", SENTENCES.get(reason))
