"""A line on the real database: the shipped menus, an injected clock, and a telephone to dial it with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from psycopg import Connection

from dashboards.web_app import build_flask
from integrations.services import Services
from integrations.work_calendar import SHANGHAI
from ivr.keeper import LibraryKeeper
from ivr.library import CENTRES_FILE
from ivr.service import Line
from ivr.webhooks import ivr_blueprint
from queueing.seed import seed_centres
from tests.caller import Caller, Transport

MONDAY_TEN = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
DESK = "+865533812345"


@dataclass
class Clock:
    """The line's time; tests set it instead of waiting."""

    at: datetime = MONDAY_TEN

    def __call__(self) -> datetime:
        return self.at

    def tick(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def desk_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation of its own: Wuhu (340200) has a desk telephone."""
    folder = tmp_path_factory.mktemp("config")
    centres = yaml.safe_load(CENTRES_FILE.read_text(encoding="utf-8"))
    centres["centres"]["340200"] |= {"desk_number": DESK, "features": {"human": {"open": True}}}
    (folder / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def _keeper(desk_config: Path) -> LibraryKeeper:
    return LibraryKeeper(desk_config, lambda: MONDAY_TEN)


@pytest.fixture
def line(services: Services, clock: Clock, _keeper: LibraryKeeper) -> Iterator[Line]:
    line = Line(replace(services, now=clock), _keeper)
    seed_centres(services.database, _keeper.library().centres)
    yield line
    shutil.rmtree(services.settings.var_dir / "outage", ignore_errors=True)


@pytest.fixture
def client(line: Line) -> FlaskClient:
    app = build_flask(line.services.settings)
    app.register_blueprint(ivr_blueprint(line))
    return app.test_client()


def client_transport(client: FlaskClient, base_url: str) -> Transport:
    def post(url: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
        assert url.startswith(base_url)
        answer = client.post(url.removeprefix(base_url), data=form, headers=headers)
        return answer.status_code, answer.get_data(as_text=True)

    return post


@pytest.fixture
def dial(client: FlaskClient, line: Line) -> Callable[..., Caller]:
    """`dial(dialled=..., caller=...)`: a telephone that has just rung."""
    base = line.services.settings.public_base_url

    def make(dialled: str = "+8655312333", **values: Any) -> Caller:
        return Caller(base, client_transport(client, base), dialled=dialled, **values).ring()

    return make


@pytest.fixture
def rows(line: Line) -> Callable[..., list[tuple[Any, ...]]]:
    """Plain SQL on the test's database."""

    def query(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        connection: Connection[Any]
        with line.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    return query
