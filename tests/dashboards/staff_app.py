"""What the tests of the staff pages share: a clock that stands still, the application, and somebody signed in."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from dashboards.auth import auth_blueprint
from dashboards.demo import DEMO_PASSWORD, seed_demo_users
from dashboards.duty_page import duty_blueprint
from dashboards.own_account import account_blueprint
from dashboards.status_page import status_blueprint
from dashboards.web_app import build_flask
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from ivr.service import Line
from queueing.seed import seed_centres

# Friday 20 November 2026, 10:20 in Hefei: a working day, in hours.
FRIDAY = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)


class _CompiledTemplates(BytecodeCache):
    """Each test builds an application of its own, which would compile each page anew."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if kept := self._kept.get(bucket.key):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _CompiledTemplates()


@dataclass
class Clock:
    """A clock that a test moves."""

    at: datetime = FRIDAY

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **how_much: float) -> None:
        self.at += timedelta(**how_much)


@dataclass
class StaffApp:
    """The staff pages over the test database."""

    app: Flask
    services: Services
    line: Line
    clock: Clock

    def visitor(self) -> "Visitor":
        return Visitor(self.app.test_client())

    def signed_in(self, username: str) -> "Visitor":
        visitor = self.visitor()
        response = visitor.log_in(username)
        assert response.status_code == 303, response.get_data(as_text=True)
        return visitor

    def rows(self, sql: str, *values: Any) -> list[Any]:
        with self.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def write(self, sql: str, *values: Any) -> None:
        with self.services.database.pool.connection() as connection:
            connection.execute(sql, values)


class Visitor:
    """A browser: reads the form token from a page and sends it back."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def page(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200, response.status
        return response.get_data(as_text=True)

    def log_in(self, username: str, password: str = DEMO_PASSWORD, **more: str) -> TestResponse:
        return self.post("/login", {"username": username, "password": password, **more}, token_from="/login")

    def post(self, path: str, form: dict[str, str], token_from: str = "/account") -> TestResponse:
        page = self.client.get(token_from).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        return self.client.post(path, data={**form, "csrf_token": token[1] if token else ""})


def build_staff_app(services: Services, keeper: LibraryKeeper, clock: Clock) -> StaffApp:
    services = replace(services, now=clock)
    line = Line(services, keeper)
    seed_centres(services.database, keeper.library().centres)
    seed_demo_users(services)
    app = build_flask(services.settings)
    app.jinja_env.bytecode_cache = _TEMPLATES
    for blueprint in (
        auth_blueprint(services),
        account_blueprint(services),
        status_blueprint(line),
        duty_blueprint(line),
    ):
        app.register_blueprint(blueprint)
    return StaffApp(app, services, line, clock)


def text_of(response: TestResponse) -> str:
    return response.get_data(as_text=True)
