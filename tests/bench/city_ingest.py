"""How fast a city's calls are taken, beside a bare COPY of the same rows into the same table."""

from __future__ import annotations

import json
import logging
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import structlog
from psycopg import Connection

from dashboards.provincial.cities.staging import TARGETS
from dashboards.provincial.cities.store import Batch, CityStore
from integrations.demo_keys import DemoKeys
from integrations.embedded import EmbeddedPostgres
from integrations.migrations import migrate
from integrations.services import Services
from integrations.settings import Settings

CENTRE = "340700"
ROWS, ROUNDS, HISTORY_BATCHES = 10_000, 5, 20
BEGAN = datetime(2026, 1, 5, 1, tzinfo=UTC)


def rows_of(batch: int) -> list[dict[str, Any]]:
    """Calls as a city tells them, a second apart."""
    rows = []
    for place in range(ROWS):
        began = BEGAN + timedelta(seconds=batch * ROWS + place)
        told = {"call_id": f"B{batch}-{place}", "started_at": began.isoformat(), "outcome": "answered"}
        ended = (began + timedelta(seconds=240)).isoformat()
        rows.append({**told, "ended_at": ended, "wait_seconds": place % 60, "talk_seconds": 150, "score": 1})
    return rows


def measure_ingest() -> None:
    """Print rows a second of both, and their ratio."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres" / "data", durable=True)
        server.prepare()
        server.start()
        try:
            server.wait_ready()
            migrate(server.url)
            _measure(server.url, Path(folder))
        finally:
            server.stop()


def _measure(url: str, folder: Path) -> None:
    env = {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0", "VAR_DIR": str(folder / "var")}
    keys = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
    services = Services.build(Settings.from_env(env, load_demo_keys=lambda var_dir: keys))
    with services.database.pool.connection() as connection:
        connection.execute("INSERT INTO centre (code, name, short_name) VALUES (%s, '铜陵', '铜陵')", (CENTRE,))
        connection.execute("INSERT INTO city_system (centre, since) VALUES (%s, now())", (CENTRE,))
    store = CityStore(services)
    for batch in range(HISTORY_BATCHES):
        _take(store, batch)
    ours = median(_take(store, HISTORY_BATCHES + round_) for round_ in range(ROUNDS))
    with services.database.pool.connection() as connection:
        bare = median(_copy(connection, round_) for round_ in range(ROUNDS))
    print(f"各市来电收数：{ROWS / ours:,.0f} 行/秒，一批 {ROWS:,} 行 {ours:.2f} 秒")
    print(f"  同样的行直接 COPY：{ROWS / bare:,.0f} 行/秒；收数用的时间是它的 {ours / bare:.1f} 倍")
    services.close()


def _take(store: CityStore, batch: int) -> float:
    body = json.dumps(rows_of(batch))
    start = time.perf_counter()
    receipt = store.take(Batch(CENTRE, f"b{batch}", "calls", list(enumerate(json.loads(body), 1))), "push", "bench")
    assert receipt.accepted == ROWS
    return time.perf_counter() - start


def _copy(connection: Connection[Any], round_: int) -> float:
    columns = ("call_id", "started_at", "ended_at", "channel", "outcome", "wait_seconds", "talk_seconds", "score")
    assert set(columns) <= set(TARGETS["calls"].columns)
    rows = rows_of(10_000 + round_)
    start = time.perf_counter()
    sql = f"COPY city_call (centre, version, batch, is_current, {', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row((CENTRE, 1, 1, True, *(row.get(name, "phone") for name in columns)))
    return time.perf_counter() - start


if __name__ == "__main__":
    measure_ingest()
