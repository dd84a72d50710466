"""/healthz, /readyz, /metrics, and how errors reach a person."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from dashboards.dependency_checks import summarise
from dashboards.guards import public
from integrations.database import Database
from integrations.errors import HotlineError, IntegrationError
from integrations.live_store import build_live_store
from integrations.services import Services

GONE_DATABASE = "postgresql+psycopg://postgres@/hotline?host=/no/such/folder"


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services.settings, services)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def without_database(services: Services) -> Iterator[FlaskClient]:
    database = Database(GONE_DATABASE)
    broken = replace(services, database=database)
    yield create_app(services.settings, broken).test_client()
    database.close()


def test_live_needs_nothing(without_database: FlaskClient) -> None:
    response = without_database.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_ready_names_the_state_of_everything(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    body = response.get_json()
    assert body["database"]["state"] == "ok" and body["redis"]["state"] == "ok"
    # No other process runs in this test.
    behind = ("worker", "clock", "dispatcher", "transcriber")
    assert [body[name]["state"] for name in behind] == ["down"] * 4
    assert body["status"] == "degraded"
    for name in ("database", "redis", *behind):
        assert set(body[name]) == {"state", "detail", "seconds"}


def test_a_silent_worker_is_stale(client: FlaskClient, services: Services) -> None:
    services.live_store.sadd("rq:workers", "rq:worker:w1")
    services.live_store.hset("rq:worker:w1", "last_heartbeat", "2026-01-01T00:00:00.000000Z")
    assert client.get("/readyz").get_json()["worker"]["state"] == "stale"


@pytest.mark.parametrize(
    ("missing", "note"),
    [
        ("database", "数据库"),
        ("redis", "Redis"),
        ("worker", "后台任务"),
        ("clock", "后台任务"),
        ("dispatcher", "派话"),
        ("gateway", "语音网关"),
        ("transcriber", "转写"),
        ("", "全部正常"),
    ],
)
def test_what_is_missing_is_said(missing: str, note: str) -> None:
    names = ("database", "redis", "worker", "clock", "dispatcher", "transcriber", "gateway")
    states: dict[str, dict[str, object]] = {name: {"state": "down" if name == missing else "ok"} for name in names}
    status, said = summarise(states)
    assert note in said and status == {"database": "down", "": "ok"}.get(missing, "degraded")


def test_without_redis_we_are_degraded_but_ready(services: Services) -> None:
    broken = replace(services, live_store=build_live_store("unix:///no/such/socket"))
    response = create_app(services.settings, broken).test_client().get("/readyz")
    body = response.get_json()
    assert response.status_code == 200 and body["status"] == "degraded"
    assert body["redis"]["state"] == "down" and "菜单照常工作" in body["note"]


def test_without_the_database_we_are_not_ready_and_say_so_quickly(without_database: FlaskClient) -> None:
    started = time.monotonic()
    response = without_database.get("/readyz")
    assert time.monotonic() - started < 10
    assert response.status_code == 503 and response.get_json()["database"]["state"] == "down"


def test_figures_count_requests_by_endpoint(client: FlaskClient) -> None:
    client.get("/healthz")
    client.get("/no/such/page/13800138000")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'hotline_http_request_seconds_count{endpoint="health.healthz",status="2xx"}' in text
    assert 'hotline_dependency_up{name="database"} 1.0' in text
    assert "13800138000" not in text


@pytest.mark.parametrize(
    ("remote", "headers", "expected"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.9", {}, 403),
        ("10.0.0.9", {"Authorization": "Bearer right"}, 200),
        ("10.0.0.9", {"Authorization": "Bearer wrong"}, 403),
        ("10.0.0.9", {"Authorization": "Bearer 错"}, 403),
        # An undeclared proxy on this machine.
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.9"}, 403),
    ],
)
def test_figures_are_for_operators(services: Services, remote: str, headers: dict[str, str], expected: int) -> None:
    settings = replace(services.settings, metrics_token="right")
    client = create_app(settings, services).test_client()
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    response = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote})
    assert response.status_code == expected


def test_figures_are_closed_without_a_token(client: FlaskClient) -> None:
    headers = {"Authorization": "Bearer "}
    response = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert response.status_code == 403


def test_a_declared_proxy_tells_the_visitor_s_address(services: Services) -> None:
    settings = replace(services.settings, trusted_proxy_hops=1)
    client = create_app(settings, services).test_client()
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 403
    # A visitor's own header does not count: only the last hop is the proxy's word.
    forged = {"X-Forwarded-For": "127.0.0.1, 10.0.0.9"}
    assert client.get("/metrics", headers=forged).status_code == 403


def test_pages_carry_strict_headers_and_a_request_id(client: FlaskClient) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": "chosen-by-visitor"})
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Request-ID"] != "chosen-by-visitor"
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("path", ["/ivr/step", "/queueing/leg", "/voicemail/message", "/voicemail/text"])
def test_the_carrier_gets_no_headers_of_pages_and_no_session(client: FlaskClient, path: str) -> None:
    response = client.post(path)
    assert response.status_code in (403, 404, 405)
    assert "Content-Security-Policy" not in response.headers and "Set-Cookie" not in response.headers


def test_an_error_becomes_a_sentence_and_an_id(app: Flask) -> None:
    known = HotlineError("callback 17 is closed", "这个回呼已经结束。")

    @app.get("/known")
    @public
    def raise_known() -> str:
        raise known

    @app.get("/unknown")
    @public
    def raise_unknown() -> str:
        raise RuntimeError("internals 11010519491231002X")

    @app.get("/outside")
    @public
    def raise_outside() -> str:
        raise IntegrationError("refused", permanent=True)

    client = app.test_client()
    response = client.get("/known")
    assert response.status_code == 500
    assert response.get_json() == {"error": "这个回呼已经结束。", "error_id": known.error_id}
    response = client.get("/unknown", headers={"Accept": "text/html"})
    page = response.get_data(as_text=True)
    assert response.status_code == 500 and "编号" in page and "internals" not in page
    assert client.get("/outside").status_code == 503


def test_a_missing_page_is_told_in_the_language_asked_for(client: FlaskClient) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404 and "没有这个页面" in page.get_data(as_text=True)
    assert client.get("/nothing").get_json()["error"] == "没有这个页面。"
    assert client.post("/healthz").status_code == 405
