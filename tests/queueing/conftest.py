from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from integrations.services import Services
from integrations.telephony.client import CarrierClient
from ivr.library import load_centres
from queueing.seed import seed_centres
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.queueing.line_scene import Scene


@pytest.fixture(scope="session")
def carrier_stand_in() -> Iterator[CarrierStandIn]:
    stand_in = CarrierStandIn()
    yield stand_in
    stand_in.end()


@pytest.fixture
def scene(services: Services, carrier_stand_in: CarrierStandIn) -> Iterator[Scene]:
    """A line with a carrier that holds every request against the contract."""
    carrier_stand_in.clear()
    centres = dict(load_centres(None))
    seed_centres(services.database, centres)
    settings = replace(services.settings, gateway_url=f"ws://127.0.0.1:{carrier_stand_in.port}")
    carrier = CarrierClient(settings)
    yield Scene(replace(services, settings=settings, carrier=carrier), centres, carrier_stand_in)
    carrier.close()
    assert carrier_stand_in.control()["violations"] == []
