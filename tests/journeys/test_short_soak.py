"""A short run of `make soak`, with its seed printed."""

import random

import pytest

from tests.running import RunningHotline
from tests.soak import run_soak


def test_random_callers_and_killed_processes_lose_no_call(
    hotline: RunningHotline, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run_soak(hotline, random.randrange(10**9), calls=60, faults=3)
    with capsys.disabled():
        print(f"\nsoak {report}")
    assert report.wrong == [], str(report)
    assert report.calls == 60
