"""Speaking pinyin with espeak-ng in child processes that are started when needed and replaced when they die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import struct
import sys
import time
from collections.abc import Iterable

import structlog

from integrations.errors import IntegrationError
from integrations.gateway.espeak_process import OK, REPLY, REQUEST
from integrations.settings import PROJECT_DIR

log = structlog.get_logger(__name__)

SENTENCE_SECONDS = 10.0
DEFAULT_PROCESSES = 2
# One that cannot start is not tried again for every sentence of every call.
RETRY_SECONDS = 5.0
# A reply longer than this (about twenty minutes) is not a reply.
_LONGEST_REPLY = 64_000_000
_MODULE = "integrations.gateway.espeak_process"
# The voice has no rule for -iong and would spell it in English: 熊, 穷, 兄.
_SOUNDS_OF_IONG = {"x": "S;j'ong", "q": "tS;hj'ong", "j": "tS;j'ong"}
_SOUNDS_OF_TONES = {"1": "55", "2": "35", "3": "214", "4": "51", "5": "11"}


def espeak_text(syllables: Iterable[str]) -> str:
    """Syllables such as `ren2` as this voice wants them."""
    return " ".join(_with_iong(syllable) for syllable in syllables)


def _with_iong(syllable: str) -> str:
    if syllable[1:-1] != "iong":
        return syllable
    return f"[[{_SOUNDS_OF_IONG[syllable[0]]}{_SOUNDS_OF_TONES[syllable[-1]]}]]"


class SpeechUnavailable(IntegrationError):
    """Nothing on this machine can speak. `detail` says what is missing."""

    default_sentence = "语音合成不可用，请检查 espeakng-loader 是否安装，或者设置 TTS_COMMAND。"


class _Died(Exception):
    """The process ended, hung or spoke nonsense: another may do better."""


class EspeakProcess:
    """One child; `speak` starts it when it is not running. Not for two tasks at once."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.sample_rate = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def speak(self, pinyin: str, words_per_minute: int) -> bytes:
        """16-bit samples at `sample_rate`. Raises _Died, or SpeechUnavailable when it cannot start."""
        try:
            async with asyncio.timeout(SENTENCE_SECONDS):
                process = await self._running()
                text = pinyin.encode("ascii")
                _pipe_in(process).write(REQUEST.pack(words_per_minute, len(text)) + text)
                await _pipe_in(process).drain()
                return await _reply(process)
        except (OSError, EOFError, TimeoutError) as error:
            await self.stop()
            raise _Died(f"{type(error).__name__}: {error}") from error
        except BaseException:
            # Cancelled between request and reply: the reply would be taken for the next one's.
            await asyncio.shield(self.stop())
            raise

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process and self._process.returncode is None:
            return self._process
        # Ours to end, in its own group, so that a Ctrl-C does not reach it.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _MODULE,
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=PROJECT_DIR,
            process_group=0,
        )
        (self.sample_rate,) = struct.unpack(">I", await _reply(self._process))
        log.info("speech_process_started", process=self._process.pid)
        return self._process

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


class Espeak:
    """A few processes; the one used last is used next, so that a second starts only when both are needed."""

    def __init__(self, processes: int = DEFAULT_PROCESSES) -> None:
        self.processes = [EspeakProcess() for _ in range(processes)]
        self._idle: asyncio.LifoQueue[EspeakProcess] = asyncio.LifoQueue()
        for process in self.processes:
            self._idle.put_nowait(process)
        self._failure: SpeechUnavailable | None = None
        self._failed_at = 0.0

    async def speak(self, pinyin: str, words_per_minute: int) -> tuple[bytes, int]:
        """16-bit samples and their rate. Raises SpeechUnavailable, after a second attempt."""
        if self._failure and time.monotonic() < self._failed_at + RETRY_SECONDS:
            raise SpeechUnavailable(self._failure.detail, permanent=self._failure.permanent)
        process = await self._idle.get()
        try:
            return await _speak_twice(process, pinyin, words_per_minute), process.sample_rate
        except SpeechUnavailable as error:
            self._failure, self._failed_at = error, time.monotonic()
            raise
        finally:
            self._idle.put_nowait(process)

    async def close(self) -> None:
        for process in self.processes:
            await process.stop()


async def _speak_twice(process: EspeakProcess, pinyin: str, words_per_minute: int) -> bytes:
    try:
        return await process.speak(pinyin, words_per_minute)
    except _Died as error:
        log.warning("speech_process_replaced", reason=str(error))
    try:
        return await process.speak(pinyin, words_per_minute)
    except _Died as error:
        raise SpeechUnavailable(f"espeak-ng died twice over one sentence: {error}") from error


def _pipe_in(process: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    assert process.stdin is not None
    return process.stdin


async def _reply(process: asyncio.subprocess.Process) -> bytes:
    """The body of the next reply. Raises EOFError when the process ended, SpeechUnavailable when it says why not."""
    assert process.stdout is not None
    status, length = REPLY.unpack(await process.stdout.readexactly(REPLY.size))
    if length > _LONGEST_REPLY:
        raise OSError("a reply without end")
    body = await process.stdout.readexactly(length)
    if status != OK:
        raise SpeechUnavailable(f"espeak-ng: {body.decode(errors='replace')}", permanent=True)
    return body
