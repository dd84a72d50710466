"""`make soak`: random runs until stopped, or SOAK_RUNS of them; SOAK_SEED repeats one."""

import os
import random
import sys
import tempfile
from pathlib import Path

from tests.journeys.conftest import always_open_config
from tests.running import RunningHotline
from tests.soak import run_soak

CALLS, FAULTS = 300, 8


def main() -> int:
    runs = int(os.environ.get("SOAK_RUNS", "10"))
    seeds = [int(os.environ["SOAK_SEED"])] if "SOAK_SEED" in os.environ else random.sample(range(10**9), runs)
    with tempfile.TemporaryDirectory(prefix="hotline-soak-") as folder:
        config = always_open_config(Path(folder) / "config")
        hotline = RunningHotline(Path(folder) / "var", HOTLINE_CONFIG=str(config), LOG_LEVEL="error").wait_ready()
        try:
            for seed in seeds:
                report = run_soak(hotline, seed, CALLS, FAULTS)
                print(report, flush=True)
                for sentence in report.wrong:
                    print("  ", sentence)
                if report.wrong:
                    return 1
        finally:
            hotline.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
