"""One sandbox for all its tests, as it was at the start before each."""

from collections.abc import Iterator

import pytest

from integrations.sandbox.people import Population
from tests.integrations.sandbox_process import SandboxProcess


@pytest.fixture(scope="session")
def _shared_sandbox(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess(tmp_path_factory.mktemp("sandbox"), postgres_url)
    yield sandbox
    sandbox.end()


@pytest.fixture
def sandbox(_shared_sandbox: SandboxProcess) -> SandboxProcess:
    _shared_sandbox.reset(cards=True)
    return _shared_sandbox


@pytest.fixture
def population(_shared_sandbox: SandboxProcess) -> Population:
    return _shared_sandbox.population
