"""What every place for recordings can do, and how it fails."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Protocol

from integrations.errors import IntegrationError

LONGEST_KEY = 200
# ASCII, and no part begins with a dot: what does is a draft.
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class StorageAway(IntegrationError):
    """The storage did not answer, or its disk is full: asking again can help."""

    default_sentence = "录音存储暂时没有应答，请再试一次。"


class StorageRefused(IntegrationError):
    """Wrong keys, no such bucket, no right to write: an operator must look."""

    default_sentence = "录音存储没有接受这个操作，请联系管理员。"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, permanent=True)


class NotStored(IntegrationError):
    """Nothing is kept under this key."""

    default_sentence = "没有找到这段录音。"
    http_status = 404

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, permanent=True)


class Storage(Protocol):
    """Keys are ASCII with slashes and hold no personal data ("talks/2026/03/06/RE12.wav"); others raise ValueError.

    Every method may raise StorageAway and StorageRefused. Thread-safe; connects when first used, so after a fork.
    """

    def put(self, key: str, source: Path | bytes) -> None:
        """Keep a file or bytes, all of it or nothing; what was there before is replaced."""

    def get(self, key: str) -> bytes:
        """All of it at once. Raises NotStored."""

    def open(self, key: str) -> BinaryIO:
        """A seekable file to read and to close. Raises NotStored."""

    def size(self, key: str) -> int | None:
        """Bytes kept under the key, None when there is nothing."""

    def exists(self, key: str) -> bool:
        """True when something is kept under the key."""

    def delete(self, key: str) -> None:
        """Forget what is kept; nothing there is fine."""

    def list(self, prefix: str) -> list[str]:
        """The keys that begin with the prefix ("" for all), sorted."""

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""


def checked_key(key: str) -> str:
    """The key. Raises ValueError for what could leave the storage or carry more than a name."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError("not a storage key")
    return key
