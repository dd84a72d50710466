"""Keeps the library in use fresh: a changed file is read and proven aside, and a bad one never replaces a good one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog

from integrations.work_calendar import SHANGHAI
from ivr.good_copy import GoodCopy
from ivr.library import Library, closed_keys, files_in_use, fingerprint, load_library
from ivr.problem import Problem

LOOK_EVERY = timedelta(seconds=10)
log = structlog.get_logger(__name__)


class LibraryRefused(Exception):
    """The files cannot be used and there is nothing good to go on with: `problems` says why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def log_closed_keys(library: Library) -> None:
    """Say in the log which keys are not spoken, and why."""
    for name, reason, centres in closed_keys(library):
        log.info("key_closed", feature=name, reason=reason, centres=len(centres), first=centres[0])


class LibraryKeeper:
    """The library in use, one a process. `rejected` holds what is wrong with files that are not in use.

    `good_copy` remembers proven files for processes that start while the files are bad. `accept` is called with a
    library before it is taken into use, for what must be there first; an error of it keeps the old one in use.
    """

    def __init__(
        self,
        config_dir: Path | None,
        now: Callable[[], datetime],
        good_copy: GoodCopy | None = None,
        accept: Callable[[Library], None] = lambda library: None,
    ) -> None:
        self._config_dir = config_dir
        self._now = now
        self._good_copy = good_copy
        self._accept = accept
        self._looking = threading.Lock()
        self._looked_at = now()
        self.rejected: tuple[Problem, ...] = ()
        self._seen = fingerprint(config_dir)
        self._library = self._first()

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
        fresh = load_library(self._today(), self._config_dir)
        self._refuse(fresh.problems)
        if not fresh.problems:
            self._accept(fresh)
            self._library = fresh
            self._keep_copy(fresh)
            log_closed_keys(fresh)
            log.info("menu_replaced", fingerprint=fresh.fingerprint[:12])
        self._seen = seen

    def _first(self) -> Library:
        library = load_library(self._today(), self._config_dir)
        if not library.problems:
            self._keep_copy(library)
            log_closed_keys(library)
            return library
        copy = self._good_copy.path if self._good_copy else None
        if copy is None:
            raise LibraryRefused(library.problems)
        self._refuse(library.problems)
        good = load_library(self._today(), shipped=copy)
        if good.problems:
            raise LibraryRefused(library.problems)
        return good

    def _refuse(self, problems: tuple[Problem, ...]) -> None:
        self.rejected = problems
        for problem in problems:
            log.error("menu_refused", file=problem.file, line=problem.line, problem=problem.sentence)

    def _keep_copy(self, library: Library) -> None:
        if self._good_copy:
            self._good_copy.keep(library.fingerprint, files_in_use(self._config_dir))

    def _look_and_release(self) -> None:
        try:
            self.look()
        except Exception:
            # The old library stays in use, and the next look tries again.
            log.exception("menu_not_replaced")
        finally:
            self._looking.release()

    def _today(self) -> date:
        return self._now().astimezone(SHANGHAI).date()
