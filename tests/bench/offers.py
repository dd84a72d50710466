"""Offers for real: rows, Redis, a dispatcher, a carrier to call; 1,000 seats and 100,000 callers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from integrations.services import Services
from integrations.telephony.client import CarrierClient
from ivr.library import load_centres
from queueing.dispatcher import Dispatcher
from queueing.line import WaitingLine
from queueing.seed import seed_centres
from tests.bench.line import CALLERS, ENTRY_ROWS, SEAT_ROWS, SEATS, Scale, Timed, real_services
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.waiting import eventually

FREED = 200
LONGEST_SECONDS = 120.0
_VALUES = {"skills": ["", "pension", "medical", "card", "employment", "labour"], "languages": [""] * 7}
# Everybody speaks with somebody until they are set free.
_BUSY = "UPDATE agent SET state = 'on_call', heartbeat_at = now() + interval '1 day'"
_FREE = "UPDATE agent SET state = 'available', state_since = now() WHERE id = %s"
_RUNG = "SELECT count(*) FROM offer WHERE agent_call_sid IS NOT NULL"


def measure_offers() -> None:
    """From free to ringing, one at a time; then all seats free at once."""
    print(f"派单全程（{SEATS} 席，{CALLERS} 人在等）：座席空闲 → 数据库记下 → 运营商开始振铃", flush=True)
    stand_in = CarrierStandIn()
    try:
        with real_services() as bare:
            settings = replace(bare.settings, gateway_url=f"ws://127.0.0.1:{stand_in.port}")
            services = replace(bare, settings=settings, carrier=CarrierClient(settings))
            with dispatching(services) as line:
                scale = Scale(services.live_store)
                scale.say("从空闲到振铃", one_by_one(services, line))
                all_at_once(services, line)
    finally:
        stand_in.end()


@contextmanager
def dispatching(services: Services) -> Iterator[WaitingLine]:
    """A dispatcher at work on a full line with nobody free."""
    centres = load_centres(None)
    seed_centres(services.database, centres)
    values = _VALUES | {"centres": list(centres)[1:]}
    with services.database.pool.connection() as connection:
        connection.execute(ENTRY_ROWS, values | {"count": CALLERS})
        connection.execute(SEAT_ROWS, values | {"count": SEATS})
        connection.execute(_BUSY)
        connection.execute("INSERT INTO agent_shift (agent_id, began_at) SELECT id, now() FROM agent")
        connection.execute("ANALYZE")
    line, stop = WaitingLine(services, lambda: centres), threading.Event()
    worker = threading.Thread(target=Dispatcher(line).run, args=(stop,))
    worker.start()
    try:
        eventually(lambda: services.live_store.exists("{line}:epoch"), LONGEST_SECONDS)
        yield line
    finally:
        stop.set()
        worker.join()


def set_free(services: Services, line: WaitingLine, agent_id: int) -> None:
    with services.database.pool.connection() as connection:
        connection.execute(_FREE, (agent_id,))
    line.seat_changed(agent_id)


def one_by_one(services: Services, line: WaitingLine) -> Timed:
    """Seconds from the commit of a free seat to the carrier's answer that it rings."""
    found = []
    for agent_id in random.Random(3).sample(range(1, SEATS + 1), FREED):
        began = time.perf_counter()
        set_free(services, line, agent_id)
        with services.database.pool.connection() as connection:
            sql = "SELECT 1 FROM offer WHERE agent_id = %s AND agent_call_sid IS NOT NULL"
            while connection.execute(sql, (agent_id,)).fetchone() is None:
                time.sleep(0.0005)
        found.append(time.perf_counter() - began)
    return found


def all_at_once(services: Services, line: WaitingLine) -> None:
    """Every seat that is still busy is set free; offers per second until all of them ring."""
    with services.database.pool.connection() as connection:
        before = connection.execute("SELECT count(*) FROM offer").fetchone()
        ids = [row[0] for row in connection.execute("SELECT id FROM agent WHERE state = 'on_call'").fetchall()]
        began = time.perf_counter()
        connection.execute("UPDATE agent SET state = 'available', state_since = now() WHERE state = 'on_call'")
    for agent_id in ids:
        line.seat_changed(agent_id)
    wanted = (before[0] if before else 0) + len(ids)

    def count(sql: str) -> int:
        with services.database.pool.connection() as connection:
            row = connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    eventually(lambda: count("SELECT count(*) FROM offer") >= wanted, LONGEST_SECONDS)
    made = time.perf_counter() - began
    eventually(lambda: count(_RUNG) >= wanted, LONGEST_SECONDS)
    rung = time.perf_counter() - began
    print(
        f"    {len(ids)} 席同时空闲：每秒记下 {len(ids) / made:,.0f} 个派单，每秒振铃 {len(ids) / rung:,.0f} 席，"
        f"全部振铃用 {rung:.1f} 秒（一个派单进程）",
        flush=True,
    )


if __name__ == "__main__":
    measure_offers()
