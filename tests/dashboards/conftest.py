"""Fixtures of the staff pages."""

import pytest

from dashboards.demo import DEMO_PASSWORD
from dashboards.passwords import hash_password
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import ConsoleApp, build_console_app
from tests.dashboards.staff_app import FRIDAY, Clock, StaffApp, build_staff_app


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
