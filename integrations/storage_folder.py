"""Recordings in a folder: written beside, then moved into place, so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from integrations.storage_contract import NotStored, StorageAway, checked_key

DRAFTS = ".drafts"
# What a process left that died while it wrote.
OLD_DRAFT_SECONDS = 86400


class FolderStorage:
    """A Storage below `root`; `is_ours` when the root may be created.

    A root that was named and is missing is a disk that is not mounted: nothing is written beside it.
    """

    def __init__(self, root: Path, *, is_ours: bool) -> None:
        self._root = root
        self._is_ours = is_ours

    def put(self, key: str, source: Path | bytes) -> None:
        target = self._root / checked_key(key)
        with _opened(source) as content, _disk():
            draft = self._drafts() / secrets.token_hex(8)
            try:
                _write(draft, content)
                _make_folder(target.parent)
                draft.replace(target)
                _sync_folder(target.parent)
            finally:
                draft.unlink(missing_ok=True)

    def get(self, key: str) -> bytes:
        with self.open(key) as file, _disk():
            return file.read()

    def open(self, key: str) -> BinaryIO:
        path = self._root / checked_key(key)
        with _disk():
            self._require_root()
            try:
                return open(path, "rb")
            except FileNotFoundError:
                raise NotStored(key) from None

    def size(self, key: str) -> int | None:
        path = self._root / checked_key(key)
        with _disk():
            self._require_root()
            try:
                return path.stat().st_size
            except FileNotFoundError:
                return None

    def exists(self, key: str) -> bool:
        return self.size(key) is not None

    def delete(self, key: str) -> None:
        path = self._root / checked_key(key)
        with _disk():
            self._require_root()
            path.unlink(missing_ok=True)

    def list(self, prefix: str) -> list[str]:
        # Only the deepest folder that the prefix names: there is one for each day.
        top = self._root / prefix.rpartition("/")[0]
        with _disk():
            self._require_root()
            found = os.walk(top, onerror=_raise_unless_missing)
            paths = [Path(folder) / name for folder, _, names in found for name in names]
        keys = (path.relative_to(self._root).as_posix() for path in paths)
        return sorted(key for key in keys if key.startswith(prefix) and not key.startswith(f"{DRAFTS}/"))

    def close(self) -> None:
        """Nothing is kept open."""

    def _require_root(self) -> None:
        """Not to take a disk that is not mounted for one without recordings."""
        if not self._is_ours and not self._root.is_dir():
            raise StorageAway("the folder is missing")

    def _drafts(self) -> Path:
        self._require_root()
        drafts = self._root / DRAFTS
        # Down to the root with a mode of its own: parents would get the usual one.
        for folder in (self._root, drafts) if self._is_ours else (drafts,):
            folder.mkdir(mode=0o700, parents=folder is self._root, exist_ok=True)
        for path in drafts.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - OLD_DRAFT_SECONDS:
                    path.unlink()
        return drafts


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageAway(f"folder: {type(error).__name__}, errno {error.errno}") from error


def _write(draft: Path, content: BinaryIO) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _opened(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else open(source, "rb")


def _make_folder(folder: Path) -> None:
    """With its parents, each written to disk: a file is found after a power cut only when its folders are."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
