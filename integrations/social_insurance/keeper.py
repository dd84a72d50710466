"""systems.yaml in use: read when first needed, looked at again every ten seconds, replaced only by a good one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog
import yaml

from integrations.plain_yaml import load_yaml
from integrations.social_insurance.systems_file import SystemsFile, parse_systems

SHIPPED_FILE = Path(__file__).with_name("systems.yaml")
LOOK_SECONDS = 10.0
log = structlog.get_logger(__name__)


class SystemsKeeper:
    """Thread-safe. `config_dir` is the installation's own folder; without a file there the shipped one counts."""

    def __init__(self, config_dir: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._config_dir, self._clock = config_dir, clock
        self._lock = threading.Lock()
        self._file = SystemsFile()
        self._seen: tuple[Path, int, int] | None = None
        self._looked_at = float("-inf")
        self.problems: list[str] = []

    def file(self) -> SystemsFile:
        """The newest good file; an empty one when there was none."""
        if self._clock() - self._looked_at >= LOOK_SECONDS:
            with self._lock:
                if self._clock() - self._looked_at >= LOOK_SECONDS:
                    self._look()
                    self._looked_at = self._clock()
        return self._file

    def _look(self) -> None:
        path = self._path()
        try:
            state = path.stat()
            seen = (path, state.st_mtime_ns, state.st_size)
            if seen == self._seen:
                return
            file, problems = parse_systems(load_yaml(path.read_text(encoding="utf-8")), path.name)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            seen, file, problems = None, SystemsFile(), [f"{path.name}: 文件: 读不了({_where(error)})"]
        self._seen = seen
        if problems and problems != self.problems:
            log.warning("systems_file_unusable", problems=len(problems), first=problems[0])
        self.problems = problems
        if not problems:
            self._file = file

    def _path(self) -> Path:
        own = self._config_dir / SHIPPED_FILE.name if self._config_dir else None
        return own if own and own.exists() else SHIPPED_FILE


def _where(error: Exception) -> str:
    """What is wrong, without a piece of the file: somebody may have written a secret into it."""
    mark = getattr(error, "problem_mark", None)
    return f"第{mark.line + 1}行, YAML 写法不对" if mark else type(error).__name__
