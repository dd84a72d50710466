"""Fetching recorded prompts: WAV files by address, from known hosts only, asked for again only when they changed.

What its host does not want to be stored, such as a caller's own words, is played once and kept nowhere.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import structlog

from integrations.errors import IntegrationError
from integrations.gateway.audio import BadAudio, read_wav
from integrations.gateway.once import Once

log = structlog.get_logger(__name__)

FETCH_SECONDS = 10.0
LARGEST_FILE = 20 * 1024 * 1024
KEPT_BYTES = 64 * 1024 * 1024


class SoundUnavailable(IntegrationError):
    """A recorded prompt could not be fetched or played."""

    default_sentence = "录音文件无法播放，请检查文件和地址。"


@dataclass(frozen=True)
class _Kept:
    etag: str
    body_hash: int
    sound: bytes


class SoundFiles:
    """`hosts` are host names, or host:port as they stand in the addresses; any other address is refused."""

    def __init__(
        self, hosts: Collection[str], limit_bytes: int = KEPT_BYTES, timeout_seconds: float = FETCH_SECONDS
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._limit = limit_bytes
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._once: Once[bytes] = Once()

    async def fetch(self, url: str) -> bytes:
        """The sound as 8 kHz mono PCM; when the host fails, as it was last time. Raises SoundUnavailable."""
        if not self._is_allowed(url):
            # Addresses come from documents: they must not lead into somebody else's network.
            raise SoundUnavailable("a sound file on a host that is not ours", permanent=True)
        return await self._once.run(url, lambda: self._fetch(url))

    def _is_allowed(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc
        return is_plain and (host in self._hosts or parts.netloc.lower() in self._hosts)

    async def _fetch(self, url: str) -> bytes:
        known = self._kept.get(url)
        try:
            return await self._ask(url, known)
        except (aiohttp.ClientError, TimeoutError, OSError, BadAudio) as error:
            if known is None:
                raise SoundUnavailable(f"{type(error).__name__}: {error}") from error
            log.warning("sound_file_from_memory", reason=f"{type(error).__name__}: {error}")
            return known.sound

    async def _ask(self, url: str, known: _Kept | None) -> bytes:
        headers = {"If-None-Match": known.etag} if known and known.etag else {}
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status == 304 and known:
                self._kept.move_to_end(url)
                return known.sound
            if response.status != 200:
                raise OSError(f"HTTP status {response.status}")
            body = await _limited(response)
            etag = response.headers.get("ETag", "")
            may_keep = "no-store" not in response.headers.get("Cache-Control", "")
        body_hash = hash(body)
        is_same = known is not None and known.body_hash == body_hash
        sound = known.sound if known and is_same else await asyncio.to_thread(read_wav, body)
        if may_keep:
            self._keep(url, _Kept(etag, body_hash, sound))
        return sound

    def _keep(self, url: str, file: _Kept) -> None:
        self._kept[url] = file
        self._kept.move_to_end(url)
        while sum(len(kept.sound) for kept in self._kept.values()) > self._limit:
            self._kept.popitem(last=False)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > LARGEST_FILE:
            raise OSError("a sound file larger than 20 MB")
    return bytes(body)
