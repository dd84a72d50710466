"""Every sound a caller hears that is not another person: sentences spoken, recorded prompts fetched.

All of it is 16-bit little-endian PCM, mono, 8,000 samples a second. See `voices` for who speaks.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

import structlog

from integrations.errors import IntegrationError
from integrations.gateway.espeak import Espeak, SpeechUnavailable
from integrations.gateway.once import Once
from integrations.gateway.pinyin import prepare
from integrations.gateway.sound_files import SoundFiles, SoundUnavailable
from integrations.gateway.speech_cache import DISK_BYTES, MEMORY_BYTES, DiskCache, MemoryCache
from integrations.gateway.voices import CommandVoice, EspeakVoice, Voice, VoiceRests

__all__ = ["SoundUnavailable", "Speech", "SpeechUnavailable"]

log = structlog.get_logger(__name__)


class Speech:
    """Build it inside the running event loop, close it before the loop ends.

    `hosts` are those recorded prompts may be fetched from. `spoken` counts the sentences that were really spoken.
    """

    def __init__(
        self,
        var_dir: Path,
        hosts: Collection[str] = (),
        tts_command: str | None = None,
        *,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = DISK_BYTES,
    ) -> None:
        prepare()
        self.espeak = Espeak()
        self.spoken = 0
        self._voices: list[Voice] = [EspeakVoice(self.espeak)]
        if tts_command:
            self._voices.insert(0, CommandVoice(tts_command))
        self._memory = MemoryCache(memory_bytes)
        self._disk = DiskCache(var_dir / "gateway" / "speech", disk_bytes)
        self._files = SoundFiles(hosts)
        self._once: Once[bytes] = Once()

    async def say(self, text: str, rate: float = 1.0, keep: bool = True) -> bytes:
        """The sentence as sound; rate 0.75 is the slow voice. Raises SpeechUnavailable.

        `keep=False` is for personal data: it is spoken anew each time and kept nowhere, in memory neither.
        """
        for voice in self._voices[:-1]:
            try:
                return await self._said(voice, text, rate, keep)
            except IntegrationError as error:
                self._tell(error)
        return await self._said(self._voices[-1], text, rate, keep)

    async def fetch(self, url: str) -> bytes:
        """A recorded prompt, from memory when it has not changed. Raises SoundUnavailable."""
        return await self._files.fetch(url)

    async def warm(self, texts: Iterable[str], rate: float = 1.0) -> None:
        """Prepare fixed prompts, one after the other, so that callers' own sentences go first.

        Run it as a task. It gives up at the first sentence that cannot be spoken: the rest could not either.
        """
        for text in texts:
            try:
                await self.say(text, rate)
            except SpeechUnavailable as error:
                log.error("speech_unavailable", reason=error.detail, error_id=error.error_id)
                return

    async def close(self) -> None:
        """End the speech processes and connections."""
        await self._once.close()
        await self._files.close()
        for voice in self._voices:
            await voice.close()

    async def _said(self, voice: Voice, text: str, rate: float, keep: bool) -> bytes:
        if not keep:
            return await self._speak(voice, text, rate)
        key = hashlib.sha1(voice.key(text, rate).encode(), usedforsecurity=False).hexdigest()
        known = self._memory.get(key)
        return known if known is not None else await self._once.run(key, lambda: self._load(voice, key, text, rate))

    async def _load(self, voice: Voice, key: str, text: str, rate: float) -> bytes:
        sound = await asyncio.to_thread(self._disk.get, key)
        if sound is None:
            sound = await self._speak(voice, text, rate)
            if sound:
                await asyncio.to_thread(self._disk.put, key, sound)
        self._memory.put(key, sound)
        return sound

    async def _speak(self, voice: Voice, text: str, rate: float) -> bytes:
        sound = await voice.speak(text, rate)
        self.spoken += 1
        return sound

    def _tell(self, error: IntegrationError) -> None:
        """Log a failed voice; while it rests nothing fails anew, so this is once a minute."""
        if not isinstance(error, VoiceRests):
            log.warning("speech_command_failed", reason=error.detail, error_id=error.error_id)
