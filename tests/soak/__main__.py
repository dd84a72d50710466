"""`make soak`: random runs, SOAK_RUNS of each part; SOAK_SEED repeats one, SOAK_PART=calls or line does only that."""

import os
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.journeys.line_stage import quick_config
from tests.running import RunningHotline
from tests.soak import Report, run_soak
from tests.soak.line import LineReport, run_line_soak

CALLS, FAULTS = 300, 8
CALLERS, FAULTS_OF_THE_LINE = 120, 12


def soak_calls(hotline: RunningHotline, seed: int) -> Report:
    """Calls in the menu."""
    return run_soak(hotline, seed, CALLS, FAULTS)


def soak_line(hotline: RunningHotline, seed: int) -> LineReport:
    """Callers in the waiting line, and consultants."""
    return run_line_soak(hotline, seed, CALLERS, FAULTS_OF_THE_LINE, is_hard=True)


PARTS = {"calls": soak_calls, "line": soak_line}


def main() -> int:
    runs = int(os.environ.get("SOAK_RUNS", "10"))
    seeds = [int(os.environ["SOAK_SEED"])] if "SOAK_SEED" in os.environ else random.sample(range(10**9), runs)
    parts = [os.environ["SOAK_PART"]] if "SOAK_PART" in os.environ else list(PARTS)
    return int(not all(_holds(part, seeds) for part in parts))


def _holds(part: str, seeds: Sequence[int]) -> bool:
    """Whether nothing went wrong, on an installation of its own: calls that are never heard of again stay open."""
    with tempfile.TemporaryDirectory(prefix="hotline-soak-") as folder:
        config = quick_config(Path(folder) / "config")
        hotline = RunningHotline(Path(folder) / "var", HOTLINE_CONFIG=str(config), LOG_LEVEL="error").wait_ready()
        try:
            for seed in seeds:
                report = PARTS[part](hotline, seed)
                print(report, flush=True)
                for sentence in report.wrong:
                    print("  ", sentence)
                if report.wrong:
                    return False
        finally:
            hotline.end()
    return True


if __name__ == "__main__":
    sys.exit(main())
