from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from integrations.sandbox.people import Population
from integrations.services import Services
from integrations.task_queue import set_job_settings
from integrations.telephony.client import CarrierClient
from ivr.library import load_centres
from queueing.seed import seed_centres
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.conftest import population as population
from tests.ivr.query.conftest import sandbox_process as sandbox_process
from tests.queueing.conftest import carrier_stand_in as carrier_stand_in
from tests.voicemail.case_scene import CaseScene
from tests.voicemail.loss_scene import LossScene
from tests.voicemail.message_scene import Mailbox


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


@pytest.fixture
def cases(services: Services) -> CaseScene:
    """Cases of centres as their files are shipped."""
    centres = dict(load_centres(None))
    seed_centres(services.database, centres)
    return CaseScene(services, centres)


@pytest.fixture
def mailbox(services: Services, carrier_stand_in: CarrierStandIn, tmp_path: Path) -> Iterator[Mailbox]:
    """Messages with a carrier that holds every request against the contract; job functions get the same adapters."""
    carrier_stand_in.clear()
    centres = dict(load_centres(None))
    seed_centres(services.database, centres)
    settings = replace(services.settings, gateway_url=f"ws://127.0.0.1:{carrier_stand_in.port}")
    carrier = CarrierClient(settings)
    mailbox = Mailbox(replace(services, settings=settings, carrier=carrier), centres, carrier_stand_in, tmp_path)
    set_job_settings(settings, mailbox.services)
    yield mailbox
    carrier.close()
    assert carrier_stand_in.control()["violations"] == []
