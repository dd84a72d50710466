"""Five hundred consoles open at once: how soon each is told of a change, and what the event stream costs.

The real process on a real database with a day's history, on one core; the pages are plain sockets on the other. A
change is what a consultant's move is: the seat's row, a new interval, a notice. Latency is from its commit until the
page has the whole event.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psutil
import psycopg
from flask import Flask

from dashboards.console.page import EVENTS_PATH
from dashboards.web_app import StaffSessions
from integrations.database_url import psycopg_url
from integrations.embedded import EmbeddedPostgres, EmbeddedValkey
from integrations.migrations import migrate
from integrations.services import Services
from integrations.settings import PROJECT_DIR, Settings
from ivr.library import load_centres
from queueing.notices import publish
from queueing.seed import seed_centres
from tests.running import free_port

COMMAND = [sys.executable, str(PROJECT_DIR / "app.py"), "streams"]
CONSOLES = 500
FLOORS = 20
# A province with 500 seats makes about nine moves a second on a busy day.
RATES, SECONDS = (10, 50), 15.0
TALKS_TODAY = 60

_SEATS = """
WITH places AS (SELECT array_agg(code ORDER BY code) AS codes FROM centre),
seats AS (
    INSERT INTO agent (number, name, centre, skills, state, state_since, heartbeat_at)
    SELECT 'b' || n, '王芳', codes[1 + n %% cardinality(codes)], '{pension,card}', 'available', now(), now()
    FROM generate_series(1, %(count)s) n, places RETURNING id, number, centre
)
INSERT INTO staff_user (username, name, role, centre, password_hash, is_active, failed_logins, session_epoch,
                        created_at, agent_id)
SELECT number, '王芳', 'consultant', centre, '-', true, 0, 0, now(), id FROM seats
"""
_SUPERVISORS = """
INSERT INTO staff_user (username, name, role, centre, password_hash, is_active, failed_logins, session_epoch,
                        created_at)
SELECT 'f' || n, '李强', 'provincial', NULL, '-', true, 0, 0, now() FROM generate_series(1, %(count)s) n
"""
_DAY = """
WITH entry AS (
    INSERT INTO queue_entry (call_sid, centre, arrived_at, joined_at, rank_at, status, ended_at, end_reason)
    SELECT 'CA' || a.id || '-' || n, a.centre, t.at, t.at, t.at, 'ended', t.at + interval '2 minutes', 'served'
    FROM agent a, generate_series(1, %(talks)s) n, LATERAL (SELECT now() - n * interval '3 minutes' AS at) t
    RETURNING id, call_sid, centre, joined_at
), talk AS (
    INSERT INTO offer (id, entry_id, agent_id, call_sid, centre, status, made_at, ring_until, accepted_at, connected_at,
                       ended_at, end_reason)
    SELECT 'o' || id, id, split_part(substr(call_sid, 3), '-', 1)::int, call_sid, centre, 'finished', joined_at,
           joined_at, joined_at, joined_at, joined_at + interval '2 minutes', 'agent'
    FROM entry RETURNING id, agent_id, made_at
), shift AS (
    INSERT INTO agent_shift (agent_id, began_at) SELECT id, now() - interval '4 hours' FROM agent RETURNING id, agent_id
)
INSERT INTO agent_interval (shift_id, agent_id, state, offer_id, since, until)
SELECT s.id, t.agent_id, state, t.id, t.made_at, t.made_at + interval '1 minute'
FROM talk t JOIN shift s ON s.agent_id = t.agent_id, unnest(ARRAY['reserved', 'on_call', 'wrap_up']) AS state
"""
_MOVE = """
UPDATE agent SET state = CASE state WHEN 'available' THEN 'break' ELSE 'available' END, state_since = %s
WHERE id = %s RETURNING centre
"""


@dataclass
class Heard:
    """What the pages measured, in milliseconds."""

    own: list[float] = field(default_factory=list)
    line: list[float] = field(default_factory=list)
    events: int = 0
    bytes: int = 0
    # The change that a page waits for: the seat's new `since`, and when it was committed.
    changes: dict[int, tuple[str, float]] = field(default_factory=dict)
    lines: dict[str, float] = field(default_factory=dict)


class PageOfBench:
    """One console: a socket, and the newest desk."""

    def __init__(self, heard: Heard, cookie: str, query: str = "") -> None:
        self._heard = heard
        self._request = (
            f"GET {EVENTS_PATH}{query} HTTP/1.1\r\nHost: bench\r\nCookie: session={cookie}\r\n"
            "Sec-Fetch-Site: same-site\r\n\r\n"
        ).encode()
        self.first = asyncio.Event()

    async def listen(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        writer.write(self._request)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head, head
            while True:
                event = await reader.readuntil(b"\n\n")
                at = time.perf_counter()
                self._heard.bytes += len(event)
                name, _, data = event.partition(b"event: ")[2].partition(b"\n")
                if name in (b"desk", b"floor"):
                    self._heard.events += 1
                    self.first.set()
                if name == b"desk":
                    self._note(orjson.loads(data.removeprefix(b"data: ")), at)
        finally:
            writer.close()

    def _note(self, desk: dict[str, Any], at: float) -> None:
        agent = desk["agent"]
        since, committed = self._heard.changes.get(agent["id"], ("", 0.0))
        if agent["since"] == since:
            self._heard.own.append(1000 * (at - committed))
            del self._heard.changes[agent["id"]]
        elif committed := self._heard.lines.get(agent["centre"], 0.0):
            self._heard.line.append(1000 * (at - committed))


@contextmanager
def servers(folder: Path) -> Iterator[Services]:
    """An embedded database with a day's history, and Redis."""
    with ExitStack() as stack:
        postgres, valkey = EmbeddedPostgres(folder / "pg", durable=True), EmbeddedValkey(folder / "kv")
        for server in (postgres, valkey):
            server.prepare()
            server.start()
            stack.callback(server.stop)
            server.wait_ready()
        migrate(postgres.url)
        env = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "VAR_DIR": str(folder / "var"),
            "LOG_LEVEL": "warning",
            "LOG_JSON": "1",
            "PORT": str(free_port()),
            "STREAM_PORT": str(free_port()),
        }
        os.environ.update(env)
        services = Services.build(Settings.from_env(env))
        stack.callback(services.close)
        _fill(services)
        yield services


def _fill(services: Services) -> None:
    seed_centres(services.database, load_centres(None))
    # Not by the pool, whose patience is that of a webhook.
    with psycopg.connect(psycopg_url(services.database.url), autocommit=True) as connection:
        connection.execute(_SEATS, {"count": CONSOLES})
        connection.execute(_SUPERVISORS, {"count": FLOORS})
        connection.execute(_DAY, {"talks": TALKS_TODAY})
        connection.execute("ANALYZE")


def cookies(services: Services) -> dict[str, str]:
    """A session for everybody, as the pages would get it."""
    app = Flask("bench")
    app.config["SECRET_KEY"] = services.settings.secret_key
    serializer = StaffSessions().get_signing_serializer(app)
    assert serializer is not None
    with services.database.pool.connection() as connection:
        rows = connection.execute("SELECT id, username FROM staff_user").fetchall()
    seen = datetime.now(UTC).isoformat()
    return {name: serializer.dumps({"user": user, "epoch": 0, "seen": seen}).strip() for user, name in rows}


class Driver:
    """Makes the moves."""

    def __init__(self, services: Services, heard: Heard) -> None:
        self._services = services
        self._heard = heard
        self._chance = random.Random(12333)

    def move(self, agent: int) -> None:
        now = datetime.now(UTC)
        with self._services.database.pool.connection() as connection:
            row = connection.execute(_MOVE, (now, agent)).fetchone()
        assert row is not None
        committed = time.perf_counter()
        self._heard.changes[agent] = now.isoformat(), committed
        self._heard.lines[row[0]] = committed
        publish(self._services.live_store, row[0], agent)

    async def moves(self, rate: float, seconds: float) -> None:
        began, n = time.perf_counter(), 0
        while (due := began + n / rate) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await asyncio.to_thread(self.move, self._chance.randint(1, CONSOLES))
            n += 1


async def measure(services: Services, process: subprocess.Popen[bytes]) -> None:
    watched, port = psutil.Process(process.pid), services.settings.stream_port
    await _until_up(port)
    empty = watched.memory_full_info().uss
    heard, sessions = Heard(), cookies(services)
    pages = [PageOfBench(heard, cookie) for name, cookie in sessions.items() if name.startswith("b")]
    floors = [PageOfBench(heard, cookie, "?floor=1") for name, cookie in sessions.items() if name.startswith("f")]
    began = time.perf_counter()
    tasks = [asyncio.create_task(page.listen(port)) for page in (*pages, *floors)]
    await asyncio.gather(*(page.first.wait() for page in (*pages, *floors)))
    print(
        f"  {len(pages)} 个工作台和 {len(floors)} 个现场同时打开，{time.perf_counter() - began:.1f} 秒后都有了数据",
        flush=True,
    )
    driver = Driver(services, heard)
    await _phase("没有变化", heard, watched, asyncio.sleep(SECONDS))
    for rate in RATES:
        await _phase(f"每秒 {rate} 次变化", heard, watched, driver.moves(rate, SECONDS))
    full = watched.memory_full_info().uss
    each = (full - empty) / (len(pages) + len(floors)) / 1024
    print(f"  内存（独占）：空着 {empty / 1e6:.0f} MB，现在 {full / 1e6:.0f} MB，每个页面 {each:.0f} KB")
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await task


async def _phase(title: str, heard: Heard, watched: psutil.Process, work: Coroutine[Any, Any, None]) -> None:
    heard.own, heard.line, heard.events, heard.bytes = [], [], 0, 0
    cpu, began = sum(watched.cpu_times()[:2]), time.perf_counter()
    await work
    await asyncio.sleep(1.0)
    seconds = time.perf_counter() - began
    busy = (sum(watched.cpu_times()[:2]) - cpu) / seconds
    lost = f"，没有送到 {len(heard.changes)}" if heard.changes else ""
    print(
        f"  {title}：自己的变化 {_shown(heard.own)}{lost}；同中心的队伍 {_shown(heard.line)}；"
        f"每秒 {heard.events / seconds:.0f} 条、{heard.bytes / seconds / 1000:.0f} KB，进程 CPU {busy:.0%}",
        flush=True,
    )


def _shown(milliseconds: list[float]) -> str:
    if not milliseconds:
        return "—"
    ordered = sorted(milliseconds)
    return f"{len(ordered)} 次 p50 {median(ordered):.0f} p99 {ordered[int(0.99 * (len(ordered) - 1))]:.0f} ms"


async def _until_up(port: int) -> None:
    for _ in range(400):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("the event stream did not come up")


def measure_consoles() -> None:
    print("推送服务，一个核（500 个工作台、20 个现场，今天各有 60 个通话）", flush=True)
    with tempfile.TemporaryDirectory(prefix="hotline-consoles-") as folder, servers(Path(folder)) as services:
        process = subprocess.Popen(COMMAND, cwd=PROJECT_DIR)
        psutil.Process(process.pid).cpu_affinity([0])
        psutil.Process().cpu_affinity([psutil.cpu_count() - 1])
        try:
            asyncio.run(measure(services, process))
        finally:
            process.terminate()
            process.wait()
            psutil.Process().cpu_affinity(list(range(psutil.cpu_count())))


if __name__ == "__main__":
    measure_consoles()
