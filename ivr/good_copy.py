"""A copy of the files that were last proven, so that a process started while the files are bad still answers."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
CURRENT = "current"


class GoodCopy:
    """Keeps one copy in `folder`; several processes may keep the same one at the same time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def path(self) -> Path | None:
        """Where the copy is: flows, prompts, content and centres.yaml in one folder; None when there is none."""
        current = self._folder / CURRENT
        return current.resolve() if current.exists() else None

    def keep(self, fingerprint: str, files: Mapping[str, Path]) -> None:
        """Copy proven files, given by their path in the copy. A disk that refuses is logged, never an error."""
        try:
            self._keep(fingerprint[:16], files)
        except OSError as error:
            log.warning("good_copy_not_kept", error=str(error))

    def _keep(self, name: str, files: Mapping[str, Path]) -> None:
        target = self._folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            made = Path(tempfile.mkdtemp(dir=self._folder, prefix="new-"))
            for relative, path in files.items():
                (made / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, made / relative)
            self._put(made, target)
        self._point_to(name)
        for old in self._folder.iterdir():
            if old.is_dir() and not old.is_symlink() and old.name != name and not old.name.startswith("new-"):
                shutil.rmtree(old, ignore_errors=True)

    @staticmethod
    def _put(made: Path, target: Path) -> None:
        try:
            made.rename(target)
        except OSError:
            # Another process kept the same files first.
            shutil.rmtree(made, ignore_errors=True)

    def _point_to(self, name: str) -> None:
        link = self._folder / f".{CURRENT}-{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(self._folder / CURRENT)
