"""What the tests of the cities' pushes share: a city with a key, rows that are right, and a sender of signed bodies."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from dashboards.provincial.cities.api import city_blueprint
from dashboards.provincial.cities.keys import CityKeys
from dashboards.provincial.cities.signature import read_secret, signed_headers
from dashboards.provincial.cities.store import Batch, CityStore, Receipt
from dashboards.web_app import build_flask
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from queueing.seed import seed_centres
from tests.dashboards.staff_app import Clock

TONGLING, WUHU, HEFEI = "340700", "340200", "340100"
SUBJECT = "card-loss"


def call(call_id: str = "C-1", **changes: Any) -> dict[str, Any]:
    """A call that a consultant answered this morning at 09:00."""
    good = {
        "call_id": call_id,
        "started_at": "2026-11-20T09:00:00+08:00",
        "ended_at": "2026-11-20T09:05:00+08:00",
        "outcome": "answered",
        "wait_seconds": 10,
        "talk_seconds": 200,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


@dataclass
class CityApp:
    """Tongling and Wuhu have systems of their own; Hefei has none."""

    app: Flask
    services: Services
    clock: Clock
    store: CityStore
    keys: CityKeys
    key: tuple[str, str]

    def take(self, batch_id: str, rows: Iterable[Any], kind: str = "calls", **more: Any) -> Receipt:
        batch = Batch(
            more.get("centre", TONGLING), batch_id, kind, list(enumerate(rows, 1)), more.get("takes_good_part", False)
        )
        return self.store.take(batch, "push", "ck-test")

    def current(self, columns: str = "call_id, version", table: str = "city_call") -> list[Any]:
        return self.rows(f"SELECT {columns} FROM {table} WHERE is_current ORDER BY 1, 2")

    def rows(self, sql: str, *values: Any) -> list[Any]:
        with self.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def body(self, batch_id: str, rows: Iterable[Any], **more: Any) -> bytes:
        told = {"version": 1, "batch_id": batch_id, "centre": TONGLING, "kind": "calls", "rows": list(rows), **more}
        return json.dumps(told).encode()

    def headers(self, batch_id: str, body: bytes, **shift: float) -> dict[str, str]:
        at = self.clock.at + timedelta(**shift)
        return signed_headers(self.key[0], read_secret(self.key[1]), batch_id, at, body)

    def post(self, batch_id: str, rows: Iterable[Any], **more: Any) -> TestResponse:
        return self.send(batch_id, self.body(batch_id, rows, **more))

    def send(self, batch_id: str, body: bytes, headers: Mapping[str, str] | None = None) -> TestResponse:
        headers = self.headers(batch_id, body) if headers is None else headers
        return self.app.test_client().post("/city/v1/batches", data=body, headers=dict(headers))

    def receipt(self, batch_id: str) -> TestResponse:
        return self.app.test_client().get(f"/city/v1/batches/{batch_id}", headers=self.headers(batch_id, b""))


def build_city_app(services: Services, keeper: LibraryKeeper) -> CityApp:
    clock = Clock()
    services = replace(services, now=clock)
    seed_centres(services.database, keeper.library().centres)
    with services.database.pool.connection() as connection:
        for centre in (TONGLING, WUHU):
            connection.execute("INSERT INTO city_system (centre, since) VALUES (%s, %s)", (centre, clock.at))
    app = build_flask(services.settings)
    app.register_blueprint(city_blueprint(services))
    keys = CityKeys(services)
    return CityApp(app, services, clock, CityStore(services), keys, keys.make(TONGLING, "test"))
