"""Fixtures of the staff pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.demo import DEMO_PASSWORD
from dashboards.passwords import hash_password
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import ConsoleApp, build_console_app
from tests.dashboards.look_up_app import console_over
from tests.dashboards.staff_app import FRIDAY, Clock, StaffApp, build_staff_app
from tests.integrations.sandbox_process import SandboxProcess


@pytest.fixture(scope="session")
def keeper() -> LibraryKeeper:
    """The shipped menus, proven once."""
    return LibraryKeeper(None, lambda: FRIDAY)


@pytest.fixture(scope="session")
def demo_hash() -> str:
    """The hash of the demo password, made once: making it is slow on purpose."""
    return hash_password(DEMO_PASSWORD)


@pytest.fixture
def staff(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> StaffApp:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_staff_app(services, keeper, Clock())


@pytest.fixture
def console(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> ConsoleApp:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_console_app(services, keeper)


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(Path(tmp_path_factory.mktemp("sandbox")))
    yield process
    process.end()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The made-up business systems, all normal; without the exchange tables."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def app(
    services: Services,
    keeper: LibraryKeeper,
    sandbox: SandboxProcess,
    demo_hash: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ConsoleApp]:
    """The console with business systems, today."""
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    with console_over(services, keeper, sandbox) as app:
        yield app
