from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from integrations.sandbox.people import Population
from integrations.services import Services
from ivr.library import load_centres
from queueing.seed import seed_centres
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.conftest import population as population
from tests.ivr.query.conftest import sandbox_process as sandbox_process
from tests.voicemail.loss_scene import LossScene


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """All normal, nothing asked yet, and no card was ever frozen by telephone."""
    sandbox_process.reset(cards=True)
    yield sandbox_process
    sandbox_process.reset(cards=True)


@pytest.fixture
def scene(services: Services, sandbox: SandboxProcess, population: Population) -> Iterator[LossScene]:
    centres = {
        code: replace(centre, features={**centre.features, "progress": replace(centre.features["progress"], open=True)})
        for code, centre in load_centres(None).items()
    }
    seed_centres(services.database, centres)
    scene = LossScene.beside(services, centres, sandbox, population)
    yield scene
    scene.close()
