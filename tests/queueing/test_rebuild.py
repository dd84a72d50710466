"""The live line made from the rows, and mended: Redis emptied, somebody killed in the middle, something not told."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from integrations.live_store import build_live_store
from integrations.services import Services, utc_now
from integrations.settings import PROJECT_DIR
from queueing.line_draft import LineDraft
from queueing.live_queue import Claim, LineLost, LiveQueue
from queueing.rebuild import Mended, Rebuilt, rebuild, reconcile
from queueing.routing import QueueKey
from queueing.seats import SeatRow, routing_seat
from tests.queueing.live_line import ANQING, HEFEI, LEASE, WUHU, caller, lines_of, pairs, seat
from tests.waiting import eventually

ENTRIES = """
INSERT INTO queue_entry (call_sid, centre, skill, arrived_at, joined_at, rank_at, status, ended_at)
SELECT 'CA' || %(tag)s || n, %(centre)s, %(skill)s, at, at, at, %(status)s::text,
       CASE WHEN %(status)s::text = 'ended' THEN now() END
FROM generate_series(1, %(count)s) AS n, LATERAL (SELECT now() - interval '1 hour' + n * interval '1 ms' AS at) AS came
ORDER BY n RETURNING id
"""
SEATS = """
INSERT INTO agent (number, name, centre, state, state_since)
SELECT %(tag)s || n, '王芳', %(centre)s, %(state)s, now() - interval '1 hour' + n * interval '1 second'
FROM generate_series(1, %(count)s) AS n RETURNING id
"""

Execute = Callable[..., list[Any]]


@pytest.fixture
def line(services: Services) -> LiveQueue:
    """Redis without a line, and three centres in the rows."""
    with services.database.pool.connection() as connection:
        for code in (HEFEI, WUHU, ANQING):
            connection.execute("INSERT INTO centre (code, name, short_name) VALUES (%s, %s, %s)", (code, code, code))
    return LiveQueue(services.live_store)


@pytest.fixture
def execute(services: Services) -> Execute:
    """Run a statement; the first column of what it returns."""

    def run(statement: str, **values: Any) -> list[Any]:
        with services.database.pool.connection() as connection:
            cursor = connection.execute(statement, values)
            return [row[0] for row in cursor] if cursor.description else []

    return run


def entries(execute: Execute, count: int, status: str = "waiting", centre: str = HEFEI, skill: str = "") -> list[int]:
    return execute(ENTRIES, tag=f"{status}{centre}{skill}", count=count, status=status, centre=centre, skill=skill)


def seats(execute: Execute, count: int, state: str = "available", centre: str = HEFEI) -> list[int]:
    return execute(SEATS, tag=state[:2] + centre[2:4], count=count, state=state, centre=centre)


def lines(row: SeatRow) -> tuple[QueueKey, ...]:
    return lines_of(routing_seat(row))


def test_the_line_is_made_of_those_who_wait_those_being_offered_and_the_free_seats(
    services: Services, line: LiveQueue, execute: Execute
) -> None:
    waiting, offered = entries(execute, 12000), entries(execute, 2, "offered")
    entries(execute, 2, "connected"), entries(execute, 2, "ended")
    free, _ = seats(execute, 3), seats(execute, 2, "wrap_up")
    built = rebuild(services, line, lines)
    assert built is not None and (built.entries, built.seats) == (12002, 3)
    assert line.entry_holds() == dict.fromkeys(waiting, "") | dict.fromkeys(offered, "offered")
    assert line.seat_holds() == dict.fromkeys(free, "")
    assert (line.ahead(waiting[0]), line.ahead(waiting[-1])) == (0, 12001)
    claims = line.next_pairs(10, utc_now(), LEASE)
    assert pairs(claims) == list(zip(waiting[:3], free, strict=True))
    assert reconcile(services, line, lines) == Mended()


def test_nothing_is_rebuilt_while_there_is_a_line(services: Services, line: LiveQueue) -> None:
    assert rebuild(services, line, lines) is not None
    epoch = line.epoch()
    assert rebuild(services, line, lines) is None
    assert line.epoch() == epoch


def test_of_several_who_rebuild_at_once_one_does(
    services: Services, line: LiveQueue, execute: Execute, redis_url: str
) -> None:
    entries(execute, 3000)
    together = Barrier(4)

    def work(_: int) -> Rebuilt | None:
        mine = LiveQueue(build_live_store(redis_url))
        together.wait(10)
        return rebuild(services, mine, lines)

    with ThreadPoolExecutor(4) as threads:
        done = [built for built in threads.map(work, range(4)) if built]
    assert [built.entries for built in done] == [3000]
    assert line.count(HEFEI) == 3000


def test_redis_emptied_while_the_line_is_being_written_makes_no_half_line(
    services: Services, line: LiveQueue, execute: Execute
) -> None:
    entries(execute, 10)
    seats(execute, 2)

    def emptied(row: SeatRow) -> tuple[QueueKey, ...]:
        services.live_store.flushall()
        return lines(row)

    assert rebuild(services, line, emptied) is None
    assert not line.is_built()
    assert rebuild(services, line, lines) is not None
    assert (line.count(HEFEI), len(line.seat_holds())) == (10, 2)


def test_a_line_of_which_some_was_lost_is_not_published(services: Services, line: LiveQueue) -> None:
    draft = LineDraft(services.live_store)
    draft.add_entries([(caller(1, came=0), False)])
    # As after a fail-over to a server that had not yet heard of it.
    services.live_store.delete(f"{{line}}:{draft.epoch}:entry")
    draft.add_entries([(caller(2, came=0), False)])
    assert not draft.publish()
    assert not line.is_built()


def test_who_joins_while_the_line_is_being_written_is_found_at_once(
    services: Services, line: LiveQueue, execute: Execute
) -> None:
    entries(execute, 3)
    seats(execute, 1)
    joined: list[int] = []

    def somebody_joins(row: SeatRow) -> tuple[QueueKey, ...]:
        if not joined:
            joined.extend(entries(execute, 1, skill="card"))
            with pytest.raises(LineLost):
                line.join(caller(joined[0], came=0))
        return lines(row)

    built = rebuild(services, line, somebody_joins)
    assert built is not None and built.entries == 3
    assert line.entry_holds().keys() >= set(joined)


REBUILDER = """
import os, sys, time
from integrations.services import Services
from integrations.settings import Settings
from queueing.live_queue import LiveQueue
from queueing.rebuild import rebuild
services = Services.build(Settings.from_env(os.environ))
def lines(seat):
    print("writing", flush=True)
    time.sleep(60)
rebuild(services, LiveQueue(services.live_store), lines)
"""


def test_a_process_killed_while_it_rebuilds_is_followed_by_another(
    services: Services, line: LiveQueue, execute: Execute
) -> None:
    entries(execute, 10)
    seats(execute, 1)
    settings = services.settings
    env = {
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "VAR_DIR": str(settings.var_dir),
    }
    command = [sys.executable, "-c", REBUILDER]
    process = subprocess.Popen(command, cwd=PROJECT_DIR, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    assert rebuild(services, line, lines) is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert eventually(lambda: rebuild(services, line, lines), 5)
    keys = {key.split(b":")[1] for key in services.live_store.scan_iter("{line}:*")}
    assert keys == {b"epoch", line.epoch().encode()}


@pytest.fixture
def built(services: Services, line: LiveQueue, execute: Execute) -> LiveQueue:
    """A line of five callers, one of them being offered, and two free seats."""
    entries(execute, 4), entries(execute, 1, "offered")
    seats(execute, 2)
    assert rebuild(services, line, lines)
    return line


def test_what_redis_was_not_told_is_mended(services: Services, built: LiveQueue, execute: Execute) -> None:
    first, second, third, fourth, offered = sorted(built.entry_holds())
    one, two = sorted(built.seat_holds())
    execute("UPDATE queue_entry SET status = 'ended', ended_at = arrived_at WHERE id = %(id)s", id=first)
    execute("UPDATE queue_entry SET status = 'offered' WHERE id = %(id)s", id=second)
    execute("UPDATE queue_entry SET status = 'waiting' WHERE id = %(id)s", id=offered)
    execute("UPDATE agent SET state = 'break' WHERE id = %(id)s", id=one)
    built.leave(third)
    built.agent_gone(two)
    built.join(caller(9999, came=0))
    built.agent_free(seat(9999, idle=0), lines_of(seat(9999, idle=0)))
    assert reconcile(services, built, lines) == Mended(3, 2, 1, 2)
    assert built.entry_holds() == {second: "offered", third: "", fourth: "", offered: ""}
    assert built.seat_holds() == {two: ""}
    assert reconcile(services, built, lines) == Mended()


def test_what_has_just_changed_is_left_alone(services: Services, built: LiveQueue, execute: Execute) -> None:
    entry, *_ = sorted(built.entry_holds())
    one, two = sorted(built.seat_holds())
    execute("UPDATE queue_entry SET joined_at = now() WHERE id = %(id)s", id=entry)
    execute("UPDATE agent SET state_since = now(), state = 'break' WHERE id = %(id)s", id=one)
    execute("UPDATE agent SET state_since = now() WHERE id = %(id)s", id=two)
    built.leave(entry)
    built.agent_gone(two)
    assert reconcile(services, built, lines) == Mended()
    assert reconcile(services, built, lines, settled_after=timedelta(0)) == Mended(1, 0, 1, 1)


def test_what_is_being_claimed_is_left_alone(services: Services, built: LiveQueue, execute: Execute) -> None:
    [claim] = built.next_pairs(1, utc_now(), LEASE)
    assert reconcile(services, built, lines) == Mended()
    execute("UPDATE queue_entry SET status = 'offered' WHERE id = %(id)s", id=claim.entry_id)
    execute("UPDATE agent SET state = 'reserved' WHERE id = %(id)s", id=claim.agent_id)
    assert reconcile(services, built, lines) == Mended()
    assert built.confirm(claim)
    assert reconcile(services, built, lines) == Mended()


def test_a_seat_lent_to_a_dead_claim_is_mended_after_its_lease(
    services: Services, built: LiveQueue, execute: Execute
) -> None:
    [claim] = built.next_pairs(1, utc_now(), LEASE)
    # It committed, and died before it said so.
    execute("UPDATE queue_entry SET status = 'offered' WHERE id = %(id)s", id=claim.entry_id)
    execute("UPDATE agent SET state = 'reserved' WHERE id = %(id)s", id=claim.agent_id)
    assert built.recover(utc_now() + LEASE) == [claim]
    assert reconcile(services, built, lines) == Mended(1, 0, 0, 1)
    assert built.entry_holds()[claim.entry_id] == "offered"


def test_one_process_mends_at_a_time_and_none_without_a_line(services: Services, built: LiveQueue) -> None:
    with services.database.pool.connection() as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('live line'))")
        assert reconcile(services, built, lines) is None
    services.live_store.flushall()
    with pytest.raises(LineLost):
        reconcile(services, built, lines)


class Worker:
    """What a dispatcher does: claim, commit, confirm; here each seat is free again at once."""

    def __init__(self, services: Services, execute: Execute, redis_url: str) -> None:
        self.services, self.execute = services, execute
        self.line = LiveQueue(build_live_store(redis_url))
        self.offered: list[int] = []

    def work(self) -> list[int]:
        """Until nobody waits; which entries it has offered."""
        while self.execute("SELECT 1 FROM queue_entry WHERE status = 'waiting' LIMIT 1"):
            try:
                self.line.recover(utc_now())
                for claim in self.line.next_pairs(3, utc_now(), timedelta(seconds=0.3)):
                    self.offer(claim)
                reconcile(self.services, self.line, lines, settled_after=timedelta(0))
            except LineLost:
                rebuild(self.services, self.line, lines)
        return self.offered

    def offer(self, claim: Claim) -> None:
        if not self.execute(
            "UPDATE queue_entry SET status = 'offered' WHERE id = %(id)s AND status = 'waiting' RETURNING id",
            id=claim.entry_id,
        ):
            self.line.give_back(claim, entry_back=False, agent_back=True)
            return
        self.offered.append(claim.entry_id)
        self.line.confirm(claim)
        self.execute("UPDATE agent SET state_since = clock_timestamp() WHERE id = %(id)s", id=claim.agent_id)
        free = seat(claim.agent_id, idle=len(self.offered))
        self.line.agent_free(free, lines_of(free))


def test_redis_emptied_in_the_middle_of_the_work_loses_nobody_and_offers_nobody_twice(
    services: Services, line: LiveQueue, execute: Execute, redis_url: str
) -> None:
    everybody = entries(execute, 400)
    seats(execute, 20)
    workers = [Worker(services, execute, redis_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        work = [threads.submit(worker.work) for worker in workers]
        for share in (50, 150, 250):
            eventually(lambda share=share: sum(len(worker.offered) for worker in workers) >= share, 30)
            services.live_store.flushall()
        offered = [entry_id for done in work for entry_id in done.result(60)]
    assert sorted(offered) == everybody
    reconcile(services, line, lines, settled_after=timedelta(0))
    assert line.entry_holds() == dict.fromkeys(everybody, "offered")


@pytest.fixture(autouse=True)
def leave_no_line(services: Services) -> Iterator[None]:
    yield
    services.live_store.flushall()
