"""`make soak`: random runs, SOAK_RUNS of each part; SOAK_SEED repeats one, SOAK_PART=calls, line, callbacks,
walks or losses does only that."""

import logging
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog

from tests.journeys.callback_stage import callback_config
from tests.journeys.line_stage import quick_config
from tests.queueing.callback_walk import Walk
from tests.running import RunningHotline
from tests.soak import Report, run_soak
from tests.soak.callbacks import CallbackReport, run_callback_soak
from tests.soak.card_loss import LossReport, LossStage, open_losses, run_losses
from tests.soak.line import LineReport, run_line_soak
from tests.soak.walks import WalkReport, open_walk, run_walks
from tests.soak.wire import WiredHotline

CALLS, FAULTS = 300, 8
CALLERS, FAULTS_OF_THE_LINE = 120, 12
CALLS_OF_CALLBACKS, FAULTS_OF_CALLBACKS = 120, 15
WALKS = 200
LOSSES, CALLS_OF_LOSSES = 40, 16
Some = TypeVar("Some", bound=RunningHotline)


@contextmanager
def _ready(hotline: Some) -> Iterator[Some]:
    try:
        hotline.wait_ready()
        yield hotline
    finally:
        hotline.end()


def _plain(folder: Path) -> AbstractContextManager[RunningHotline]:
    config = quick_config(folder / "config")
    return _ready(RunningHotline(folder / "var", HOTLINE_CONFIG=str(config), LOG_LEVEL="error"))


def _wired(folder: Path) -> AbstractContextManager[WiredHotline]:
    config = callback_config(folder / "config")
    return _ready(WiredHotline(folder / "var", config, random.Random(), LOG_LEVEL="error"))


def soak_calls(hotline: RunningHotline, seed: int) -> Report:
    """Calls in the menu."""
    return run_soak(hotline, seed, CALLS, FAULTS)


def soak_line(hotline: RunningHotline, seed: int) -> LineReport:
    """Callers in the waiting line, and consultants."""
    return run_line_soak(hotline, seed, CALLERS, FAULTS_OF_THE_LINE, is_hard=True)


def soak_callbacks(hotline: WiredHotline, seed: int) -> CallbackReport:
    """Callers who are rung back, by a carrier whose reports are late and come twice."""
    return run_callback_soak(hotline, seed, CALLS_OF_CALLBACKS, FAULTS_OF_CALLBACKS, is_hard=True)


def soak_walks(walk: Walk, seed: int) -> WalkReport:
    """The same on the rows alone, with all that can happen between two statements."""
    return run_walks(walk, seed, WALKS)


def soak_losses(stage: LossStage, seed: int) -> LossReport:
    """Cards reported lost, with systems that misbehave and processes that die in the middle of a write."""
    return run_losses(stage, seed, LOSSES, CALLS_OF_LOSSES)


# Each on an installation of its own: calls that are never heard of again stay open.
PARTS: dict[str, tuple[Callable[[Path], Any], Callable[[Any, int], Any]]] = {
    "calls": (_plain, soak_calls),
    "line": (_plain, soak_line),
    "callbacks": (_wired, soak_callbacks),
    "walks": (open_walk, soak_walks),
    "losses": (open_losses, soak_losses),
}


def main() -> int:
    # What walks log is not worth reading, and would be most of what is printed.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    runs = int(os.environ.get("SOAK_RUNS", "10"))
    seeds = [int(os.environ["SOAK_SEED"])] if "SOAK_SEED" in os.environ else random.sample(range(10**9), runs)
    parts = [os.environ["SOAK_PART"]] if "SOAK_PART" in os.environ else list(PARTS)
    return int(not all(_holds(part, seeds) for part in parts))


def _holds(part: str, seeds: Sequence[int]) -> bool:
    """Whether nothing went wrong."""
    open_stage, run = PARTS[part]
    with tempfile.TemporaryDirectory(prefix="hotline-soak-") as folder, open_stage(Path(folder)) as stage:
        for seed in seeds:
            report = run(stage, seed)
            print(report, flush=True)
            for sentence in report.wrong:
                print("  ", sentence)
            if report.wrong:
                return False
    return True


if __name__ == "__main__":
    sys.exit(main())
