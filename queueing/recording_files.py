"""Recordings on their way from the carrier to our storage: drafts on this machine, keys by day, nothing half put."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from integrations.services import Services
from integrations.storage import Storage, StorageAway
from integrations.work_calendar import SHANGHAI

# Longer than any job may run.
OLD_DRAFT_SECONDS = 3600


def day_key(folder: str, started_at: datetime, recording_sid: str) -> str:
    """Where a recording is kept: by its day in Shanghai, for example "talks/2026/03/06/RE12.wav"."""
    return f"{folder}/{started_at.astimezone(SHANGHAI):%Y/%m/%d}/{recording_sid}.wav"


@contextmanager
def draft(services: Services) -> Iterator[Path]:
    """A place for one file on this machine, forgotten afterwards."""
    with tempfile.TemporaryDirectory(dir=_drafts(services)) as folder:
        yield Path(folder) / "sound.wav"


def put_whole(storage: Storage, key: str, path: Path) -> int:
    """Keep a file under a key; its size in bytes. Raises StorageAway, also when less is there than was put."""
    size = path.stat().st_size
    storage.put(key, path)
    if storage.size(key) != size:
        raise StorageAway("what was put is not what is there")
    return size


def forget_old_drafts(services: Services) -> None:
    """What a job left on this machine that was killed."""
    for folder in _drafts(services).iterdir():
        try:
            is_old = folder.stat().st_mtime < time.time() - OLD_DRAFT_SECONDS
        except FileNotFoundError:
            continue
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)


def _drafts(services: Services) -> Path:
    folder = services.settings.var_dir / "fetching"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
