"""The waiting line with 1,000 seats and 100,000 callers, beside the bare round trip to the same Redis."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from statistics import median

from redis import Redis

from integrations.embedded import EmbeddedPostgres, EmbeddedValkey
from integrations.migrations import migrate
from integrations.services import Services, utc_now
from integrations.settings import Settings
from queueing.line_draft import LineDraft
from queueing.live_queue import Claim, LiveQueue
from queueing.rebuild import rebuild, reconcile
from queueing.routing import LANGUAGES, SKILLS, QueueKey, Seat, Waiting, queues_for
from queueing.seats import SeatRow, routing_seat

CALLERS, SEATS = 100_000, 1_000
CENTRES = [f"34{number:02}00" for number in range(1, 17)]
# A line of half an hour.
WAITED_SECONDS = 1800
ROUNDS, OFFERS = 5, 500
REBUILDS = 3
LEASE = timedelta(seconds=5)
ENTRY_ROWS = """
INSERT INTO queue_entry (call_sid, centre, skill, language, arrived_at, joined_at, rank_at)
SELECT 'CA' || n, (%(centres)s::text[])[1 + n %% 16], (%(skills)s::text[])[1 + n %% 6],
       (%(languages)s::text[])[1 + n %% 7], at, at, at
FROM generate_series(1, %(count)s) AS n, LATERAL (SELECT now() - n * interval '18 ms' AS at) AS came
"""
SEAT_ROWS = """
INSERT INTO agent (number, name, centre, skills, languages, state, state_since)
SELECT 'b' || n, '王芳', (%(centres)s::text[])[1 + n %% 16], (%(skills)s::text[])[1 + n %% 3 : 1 + n %% 5],
       (%(languages)s::text[])[1 + n %% 4 : 1 + n %% 7], 'available', now() - n * interval '1 s'
FROM generate_series(1, %(count)s) AS n
"""
Timed = list[float]


@contextmanager
def real_services() -> Iterator[Services]:
    """A database and a Redis of their own."""
    with tempfile.TemporaryDirectory(prefix="line-bench-") as folder:
        servers = EmbeddedPostgres(Path(folder) / "postgres", durable=False), EmbeddedValkey(Path(folder) / "valkey")
        try:
            for server in servers:
                server.prepare()
                server.start()
                server.wait_ready()
            migrate(servers[0].url)
            env = {"DATABASE_URL": servers[0].url, "REDIS_URL": servers[1].url, "VAR_DIR": folder, "LOG_LEVEL": "error"}
            services = Services.build(Settings.from_env(env))
            yield services
            services.close()
        finally:
            for server in servers:
                server.stop()


def random_seats(now: datetime, centres: list[str]) -> list[Seat]:
    """Seats of these centres, each with abilities of its own."""
    dice = random.Random(1)
    return [
        Seat(
            agent_id=number,
            centre=centres[number % len(centres)],
            skills=frozenset(dice.sample(sorted(SKILLS), dice.randint(1, 4))),
            languages=frozenset(dice.sample(sorted(LANGUAGES), dice.randint(1, 3))),
            idle_since=now - timedelta(seconds=SEATS - number),
        )
        for number in range(SEATS)
    ]


def random_callers(now: datetime, centres: list[str]) -> list[Waiting]:
    dice = random.Random(2)
    callers = []
    for number in range(CALLERS):
        came = now - timedelta(seconds=WAITED_SECONDS * (1 - number / CALLERS))
        skill, language = dice.choice(sorted(SKILLS)), dice.choice(sorted(LANGUAGES))
        callers.append(Waiting(number, dice.choice(centres), skill, language, came, came))
    return callers


def lines_of(seat: Seat) -> tuple[QueueKey, ...]:
    return queues_for(seat, {}, {})


def lines_of_row(row: SeatRow) -> tuple[QueueKey, ...]:
    return lines_of(routing_seat(row))


def write(live_store: Redis, callers: list[Waiting], seats: list[Seat]) -> LiveQueue:
    live_store.flushall()
    draft = LineDraft(live_store)
    for start in range(0, len(callers), 5000):
        draft.add_entries((caller, False) for caller in callers[start : start + 5000])
    draft.add_seats((seat, lines_of(seat)) for seat in seats)
    assert draft.publish()
    return LiveQueue(live_store)


def timed(work: Callable[[], object], times: int) -> Timed:
    """Seconds of each call."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


class Scale:
    """What figures are compared with: the bare round trip, measured anew before each section of the run."""

    def __init__(self, live_store: Redis) -> None:
        constant = live_store.register_script("return 1")
        constant()
        # In turn, so that a slow moment touches both.
        both = [(timed(live_store.ping, 1)[0], timed(constant, 1)[0]) for _ in range(OFFERS)]
        pings, scripts = ([one[part] for one in both] for part in (0, 1))
        self.ping, self.script = median(pings), median(scripts)
        print(f"  裸 PING {shown(pings)}；裸 EVALSHA（return 1）{shown(scripts)}", flush=True)

    def say(self, name: str, found: Timed) -> None:
        middle = median(found)
        ratios = f"{middle / self.ping:.1f} 个 PING，{middle / self.script:.1f} 个裸脚本"
        print(f"    {name}：{shown(found)}，合 {ratios}", flush=True)


def shown(found: Timed) -> str:
    ordered = sorted(found)
    return f"p50 {1e6 * median(ordered):.0f} μs p99 {1e6 * ordered[int(0.99 * (len(ordered) - 1))]:.0f} μs"


def measure_line() -> None:
    print(f"等候队列，{SEATS:,} 个坐席，{CALLERS:,} 人等候", flush=True)
    with real_services() as services:
        _offers(services.live_store)
        _seat_becomes_free(services.live_store)
        _callers_side(services.live_store)
        _rebuilds(services)


def _offers(live_store: Redis) -> None:
    """Claim and confirm, one at a time and fifty at a time; whoever was offered is put back outside the clock."""
    now = utc_now()
    callers, seats = random_callers(now, CENTRES), random_seats(now, CENTRES)
    line = write(live_store, callers, seats)
    for size in (1, 50):
        scale, found, in_server = Scale(live_store), [], []
        for _ in range(ROUNDS):
            live_store.config_resetstat()
            made: list[Claim] = []
            while len(made) < OFFERS:
                began = time.perf_counter()
                claims = line.next_pairs(size, now, LEASE)
                for claim in claims:
                    line.confirm(claim)
                found += [(time.perf_counter() - began) / size] * size
                assert len(claims) == size
                made += claims
            in_server.append(live_store.info("commandstats")["cmdstat_evalsha"]["usec"] / OFFERS)
            for claim in made:
                line.join(callers[claim.entry_id])
                line.agent_free(seats[claim.agent_id], lines_of(seats[claim.agent_id]))
        scale.say(f"配对并确认，每次取 {size} 对", found)
        print(
            f"      每秒 {len(found) / sum(found):,.0f} 个（一个进程，逐个等回应）；"
            f"在服务器里每个 {median(in_server):.0f} μs，即每秒至多 {1e6 / median(in_server):,.0f} 个",
            flush=True,
        )


def _seat_becomes_free(live_store: Redis) -> None:
    """From `agent_free` to the claim in hand: everybody else in a talk, or everybody else idle for want of callers."""
    now = utc_now()
    busy, idle = CENTRES[:8], CENTRES[8:]
    callers = random_callers(now, busy)
    candidates = [seat for seat in random_seats(now, busy) if seat.agent_id % 2 == 0]
    others = [replace(seat, agent_id=seat.agent_id + SEATS) for seat in random_seats(now, idle)]
    for name, rest in (("其余都在通话", []), (f"另有 {SEATS:,} 个空闲，等的都不归他们接", others)):
        line, scale = write(live_store, callers, rest), Scale(live_store)
        # As on any day but the first: what they can do is known.
        for seat in candidates:
            line.agent_free(seat, lines_of(seat))
            line.agent_gone(seat.agent_id)
        [first, *nobody] = timed(lambda line=line: line.next_pairs(1, now, LEASE), OFFERS)
        found = []
        for seat, lines in [(seat, lines_of(seat)) for seat in candidates]:
            began = time.perf_counter()
            line.agent_free(seat, lines)
            [claim] = line.next_pairs(1, now, LEASE)
            found.append(time.perf_counter() - began)
            assert claim.agent_id == seat.agent_id
            line.confirm(claim)
        scale.say(f"坐席空闲到配到人（{name}）", found)
        scale.say(f"没有人可配时问一次（头一次 {1000 * first:.1f} ms）", nobody)


def _callers_side(live_store: Redis) -> None:
    now = utc_now()
    callers = random_callers(now, CENTRES)
    line, scale = write(live_store, callers, []), Scale(live_store)
    places, late = cycle(range(0, CALLERS, 97)), count(CALLERS)
    scale.say("前面还有几人", timed(lambda: line.ahead(next(places)), OFFERS))
    scale.say("排进队里", timed(lambda: line.join(replace(callers[0], entry_id=next(late))), OFFERS))
    scale.say("离开队列", timed(lambda: line.leave(next(places)), OFFERS))


def _rebuilds(services: Services) -> None:
    values = {"centres": CENTRES, "skills": [*SKILLS], "languages": [*LANGUAGES, ""]}
    with services.database.engine.begin() as engine:
        connection = engine.connection.driver_connection
        for code in CENTRES:
            connection.execute("INSERT INTO centre (code, name, short_name) VALUES (%s, %s, %s)", (code, code, code))
        connection.execute(ENTRY_ROWS, values | {"count": CALLERS})
        connection.execute(SEAT_ROWS, values | {"count": SEATS})
    line, rebuilds, looks = LiveQueue(services.live_store), [], []
    for _ in range(REBUILDS):
        services.live_store.flushall()
        built = rebuild(services, line, lines_of_row)
        assert built is not None and (built.entries, built.seats) == (CALLERS, SEATS)
        rebuilds.append(built.seconds)
        looks += timed(lambda: reconcile(services, line, lines_of_row), 2)
    memory = services.live_store.info("memory")["used_memory"] / 1e6
    print(
        f"  从数据库重建：中位 {median(rebuilds):.2f} s（{', '.join(f'{one:.2f}' for one in rebuilds)}），"
        f"Redis 占 {memory:.0f} MB\n"
        f"  与数据库核对一遍（每 10 秒一次）：中位 {median(looks):.2f} s，最长 {max(looks):.2f} s",
        flush=True,
    )


if __name__ == "__main__":
    measure_line()
