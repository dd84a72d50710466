"""A short one of the runs of `make soak` in which cards are lost; a failure names its seed.

LOSS_SEED repeats one run, LOSS_RUNS makes more.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from integrations.services import Services, utc_now
from ivr.keeper import LibraryKeeper
from tests.integrations.sandbox_process import SandboxProcess
from tests.soak.card_loss import LossStage, run_losses

RUNS, CALLS = 2, 12


@pytest.fixture
def stage(services: Services, sandbox: SandboxProcess) -> Iterator[LossStage]:
    stage = LossStage(services, LibraryKeeper(None, utc_now), sandbox)
    yield stage
    stage.close()


def test_whatever_happens_a_card_is_frozen_once_and_never_called_frozen_when_it_is_not(
    stage: LossStage, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("LOSS_SEED") or random.randrange(10**9))
    runs = 1 if "LOSS_SEED" in os.environ else int(os.environ.get("LOSS_RUNS", RUNS))
    with capsys.disabled():
        print(f"\nlost cards, seed {seed}")
        report = run_losses(stage, seed, runs, CALLS)
        print(report)
    assert report.wrong == []
    assert report.calls == runs * CALLS and report.requests > report.calls
