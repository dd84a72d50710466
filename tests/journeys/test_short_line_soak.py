"""A short run of the line's part of `make soak`, with its seed printed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.journeys.line_stage import quick_config
from tests.running import RunningHotline
from tests.soak.line import run_line_soak


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("soak")
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(quick_config(folder / "config"))).wait_ready()
    yield running
    running.end()


def test_random_callers_and_consultants_and_killed_processes_contradict_nothing(
    hotline: RunningHotline, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run_line_soak(hotline, random.randrange(10**9), callers=20, faults=3)
    with capsys.disabled():
        print(f"\nsoak {report}")
    assert report.wrong == []
