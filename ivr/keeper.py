"""Keeps the library in use fresh: a changed file is read and proven aside, and a bad one never replaces a good one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog

from integrations.work_calendar import SHANGHAI
from ivr.library import Library, fingerprint, load_library
from ivr.problem import Problem

LOOK_EVERY = timedelta(seconds=10)
log = structlog.get_logger(__name__)


class LibraryRefused(Exception):
    """The files cannot be used and there is nothing good to go on with: `problems` says why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class LibraryKeeper:
    """The library in use, one a process. `rejected` holds what is wrong with files that are not in use."""

    def __init__(self, config_dir: Path | None, now: Callable[[], datetime]) -> None:
        self._config_dir = config_dir
        self._now = now
        self._looking = threading.Lock()
        self._looked_at = now()
        self.rejected: tuple[Problem, ...] = ()
        self._library = load_library(self._today(), config_dir)
        if self._library.problems:
            raise LibraryRefused(self._library.problems)
        self._seen = self._library.fingerprint

    def library(self) -> Library:
        """What is in use now; looks for changed files in the background every few seconds."""
        if self._now() - self._looked_at >= LOOK_EVERY and self._looking.acquire(blocking=False):
            self._looked_at = self._now()
            threading.Thread(target=self._look_and_release, name="library", daemon=True).start()
        return self._library

    def look(self) -> None:
        """Read changed files now and take them into use if they are proven."""
        seen = fingerprint(self._config_dir)
        if seen == self._seen:
            return
        self._seen = seen
        fresh = load_library(self._today(), self._config_dir)
        self.rejected = fresh.problems
        for problem in fresh.problems:
            log.error("menu_refused", file=problem.file, line=problem.line, problem=problem.sentence)
        if not fresh.problems:
            self._library = fresh
            log.info("menu_replaced", fingerprint=fresh.fingerprint[:12])

    def _look_and_release(self) -> None:
        try:
            self.look()
        finally:
            self._looking.release()

    def _today(self) -> date:
        return self._now().astimezone(SHANGHAI).date()
