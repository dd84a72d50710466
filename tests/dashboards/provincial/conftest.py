"""Fixtures of the province's pages."""

import pytest

from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import ConsoleApp
from tests.dashboards.provincial.wall_app import build_wall_app
from tests.dashboards.staff_app import Clock


@pytest.fixture
def wall_app(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> ConsoleApp:
    """The console and the wallboard, on a Friday at 10:20."""
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_wall_app(services, keeper, Clock())
