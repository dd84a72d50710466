"""What the tests of the page of alarms share: the page over the test database, and alarms on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from werkzeug.serving import make_server

from dashboards.csrf import HEADER
from dashboards.provincial.alarms.keeping import keep
from dashboards.provincial.alarms.page import alarm_blueprints
from dashboards.provincial.alarms.proof_alarms import OF_THE_PROOFS
from dashboards.provincial.alarms.proofs import HourProof, keep_proof
from dashboards.provincial.alarms.rules import OF_THE_SNAPSHOT, URGENT, WARNING, Found
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import Console, ConsoleApp, build_console_app

HEFEI, WUHU = "340100", "340200"
SID = "CA" + "a" * 32


def build_alarm_app(services: Services, keeper: LibraryKeeper) -> ConsoleApp:
    app = build_console_app(services, keeper)
    for blueprint in alarm_blueprints(app.line):
        app.app.register_blueprint(blueprint)
    return app


def lost(centre: str | None, *calls: str, what: str = "lost") -> Found:
    named = [
        {"call": call, "centre": centre, "what": what, "words": "运营商接到了这个来电，我们的账上没有"}
        for call in calls
    ]
    words = f"11月20日9时有{len(calls)}个来电和运营商的通话清单不一致，请逐个核对，查清以后写明原因。"
    return Found("carrier", centre, "2026-11-20T01:00:00+00:00", URGENT, words, {"calls": named}, must_clear=True)


def overdue(centre: str, count: int = 1) -> Found:
    return Found("overdue", centre, "", WARNING, f"{count}件办件超期没有答复，请到督办页逐件催办、写明原因。")


def look(app: ConsoleApp, *found: Found) -> None:
    with app.services.database.pool.connection() as connection, connection.transaction():
        keep(connection, found, app.clock(), (*OF_THE_SNAPSHOT, *OF_THE_PROOFS))


def end_all(app: ConsoleApp) -> None:
    """Nothing is found any more."""
    for _ in range(2):
        app.clock.forward(seconds=20)
        look(app)


def prove(app: ConsoleApp, hours: int, kind: str = "outcomes", theirs: int | None = 7) -> None:
    """The hours before this one, proven so."""
    this = app.clock().replace(minute=0)
    with app.services.database.pool.connection() as connection:
        for back in range(1, hours + 1):
            keep_proof(connection, HourProof(this - timedelta(hours=back), kind, 7, theirs), app.clock())


def data(visitor: Console, centre: str = "", status: int = 200) -> dict[str, Any]:
    response = visitor.client.get("/province/api/alarms", query_string={"centre": centre} if centre else {})
    assert response.status_code == status, response.get_data(as_text=True)
    return dict(response.get_json())


def clear(visitor: Console, alarm_id: int, status: int = 200, token: str | None = None, **body: Any) -> dict[str, Any]:
    headers = {HEADER: visitor.token() if token is None else token}
    path = f"/province/api/alarms/{alarm_id}/clear"
    response = visitor.client.post(path, json=body, headers=headers)
    assert response.status_code == status, response.get_data(as_text=True)
    return dict(response.get_json())


@contextmanager
def served(app: ConsoleApp) -> Iterator[str]:
    """The pages over real HTTP; their address."""
    server = make_server("127.0.0.1", 0, app.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
