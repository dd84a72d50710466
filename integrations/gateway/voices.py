"""The voices there are: espeak-ng, and whatever program an installation brings (TTS_COMMAND)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import numpy as np

from integrations.errors import IntegrationError
from integrations.gateway.audio import SAMPLE_RATE, BadAudio, fade, normalise, read_wav, silence, to_pcm, to_samples
from integrations.gateway.espeak import Espeak, espeak_text
from integrations.gateway.espeak_process import VOICE
from integrations.gateway.pinyin import Clause, clauses
from integrations.gateway.resample import resample

COMMAND_SECONDS = 15.0
# After a failure, callers are not made to wait for the next one.
COMMAND_REST_SECONDS = 60.0
COMMANDS_AT_ONCE = 2
_LARGEST_WAV = 20 * 1024 * 1024
NORMAL_CHARACTERS_PER_SECOND = 4.2
# espeak's words a minute for a speed in characters a second: a line through what all shipped sentences measure.
_WORDS_PER_CHARACTER = 41.4
_WORDS_AT_REST = 22.3
SLOWEST, FASTEST = 80, 450


class VoiceRests(IntegrationError):
    """The voice failed a moment ago and is not asked; nothing new to log."""


class Voice(Protocol):
    """Something that can speak. `key` differs whenever the sound would."""

    def key(self, text: str, rate: float) -> str: ...

    async def speak(self, text: str, rate: float) -> bytes: ...

    async def close(self) -> None: ...


def words_per_minute(rate: float) -> int:
    """espeak's speed for 4.2 characters a second at rate 1.0."""
    wanted = _WORDS_AT_REST + _WORDS_PER_CHARACTER * NORMAL_CHARACTERS_PER_SECOND * rate
    return round(min(max(wanted, SLOWEST), FASTEST))


class EspeakVoice:
    """The stand-in voice that every installation has."""

    def __init__(self, espeak: Espeak) -> None:
        self._espeak = espeak

    def key(self, text: str, rate: float) -> str:
        return _espeak_key(text, rate)

    async def speak(self, text: str, rate: float) -> bytes:
        """Raises SpeechUnavailable. A text without anything to say is an empty sound."""
        spoken = await asyncio.to_thread(clauses, text, rate)
        sounds = [await self._espeak.speak(espeak_text(clause.syllables), words_per_minute(rate)) for clause in spoken]
        return await asyncio.to_thread(_joined, spoken, sounds)

    async def close(self) -> None:
        await self._espeak.close()


class CommandVoice:
    """A program that reads a text on standard input and writes a WAV file on standard output, run without a shell.

    `{rate}` in its arguments becomes the speed, 1.0 or 0.75. One that failed rests for a minute.
    """

    def __init__(
        self, command: str, clock: Callable[[], float] = time.monotonic, timeout_seconds: float = COMMAND_SECONDS
    ) -> None:
        self._arguments = shlex.split(command)
        self._clock = clock
        self._timeout = timeout_seconds
        self._rests_until = 0.0
        self._places = asyncio.Semaphore(COMMANDS_AT_ONCE)

    def _check_rest(self) -> None:
        if self._clock() < self._rests_until:
            raise VoiceRests("the speech command is resting after a failure")

    def key(self, text: str, rate: float) -> str:
        return f"{shlex.join(self._arguments)} {rate:g} {text}"

    async def speak(self, text: str, rate: float) -> bytes:
        """Raises IntegrationError when the program fails, and at once while it rests."""
        try:
            async with self._places:
                self._check_rest()
                wav = await self._run(text, rate)
            return await asyncio.to_thread(_levelled, wav)
        except (OSError, TimeoutError, BadAudio, ValueError) as error:
            # Two at once may fail together: the first one is the news.
            self._check_rest()
            self._rests_until = self._clock() + COMMAND_REST_SECONDS
            # What the program said may hold the text, so only the kind of failure is told.
            raise IntegrationError(f"the speech command failed: {type(error).__name__}: {error}") from error

    async def _run(self, text: str, rate: float) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *(argument.replace("{rate}", f"{rate:g}") for argument in self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            process_group=0,
        )
        try:
            async with asyncio.timeout(self._timeout):
                wav, _ = await process.communicate(text.encode())
        finally:
            # Its helpers go with it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode or len(wav) > _LARGEST_WAV:
            raise OSError(f"exit code {process.returncode}, {len(wav)} bytes")
        return wav

    async def close(self) -> None:
        """Nothing runs between sentences."""


@lru_cache(maxsize=4096)
def _espeak_key(text: str, rate: float) -> str:
    # Of what is said, not of the characters: a corrected reading is a new sound.
    return f"{VOICE}/1 {words_per_minute(rate)} {clauses(text, rate)}"


def _joined(spoken: list[Clause], sounds: list[tuple[bytes, int]]) -> bytes:
    """The clauses at one loudness, each with the silence after it."""
    if not spoken:
        return b""
    rate = sounds[0][1]
    # In one go: a sentence's clauses one by one take ten times as long.
    whole = normalise(resample(to_samples(b"".join(sound for sound, _ in sounds)), rate, SAMPLE_RATE))
    lengths = np.array([len(sound) // 2 for sound, _ in sounds])
    ends = np.round(np.cumsum(lengths)[:-1] * (SAMPLE_RATE / rate)).astype(int)
    pieces = np.split(whole, ends)
    return b"".join(
        to_pcm(fade(piece)) + silence(clause.pause_seconds) for clause, piece in zip(spoken, pieces, strict=True)
    )


def _levelled(wav: bytes) -> bytes:
    sound = read_wav(wav)
    if not sound:
        raise BadAudio("no sound")
    return to_pcm(fade(normalise(to_samples(sound))))
