"""The live line when something breaks: many at once, Redis emptied, restarted or away, a process killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import RedisError

from integrations.embedded import EmbeddedValkey
from integrations.live_store import build_live_store
from integrations.settings import PROJECT_DIR
from queueing.live_queue import EPOCH_KEY, Claim, LineLost, LiveQueue
from tests.queueing.live_line import HEFEI, LEASE, at, caller, free, join, new_line, pairs, seat, take, write_line


@pytest.fixture
def line(redis_url: str) -> Iterator[LiveQueue]:
    """An empty line."""
    line = new_line(redis_url)
    yield line
    line.live_store.close()


def test_many_who_take_at_once_never_get_the_same(line: LiveQueue, redis_url: str) -> None:
    join(line, *(caller(number, came=number) for number in range(300)))
    free(line, *(seat(number, idle=number) for number in range(200)))

    def work(_: int) -> list[Claim]:
        mine = LiveQueue(build_live_store(redis_url))
        found: list[Claim] = []
        while claims := take(mine, 400, limit=3):
            found += claims
            for claim in claims:
                mine.confirm(claim)
        return found

    with ThreadPoolExecutor(8) as threads:
        found = [claim for claims in threads.map(work, range(8)) for claim in claims]
    assert sorted(claim.entry_id for claim in found) == list(range(200))
    assert sorted(claim.agent_id for claim in found) == list(range(200))


def test_without_a_line_nobody_works_on_half_of_one(line: LiveQueue) -> None:
    join(line, caller(1, came=0))
    free(line, seat(1, idle=0))
    [claim] = take(line, 5)
    line.live_store.flushall()
    for ask in (
        lambda: line.join(caller(2, came=1)),
        lambda: line.leave(1),
        lambda: line.ahead(1),
        lambda: line.count(HEFEI),
        lambda: line.agent_free(seat(2, idle=0), []),
        lambda: line.agent_gone(1),
        lambda: take(line, 5),
        lambda: line.claim(1, at(5), LEASE),
        lambda: line.confirm(claim),
        lambda: line.give_back(claim, True, True),
        lambda: line.recover(at(100)),
        line.entry_holds,
    ):
        with pytest.raises(LineLost):
            ask()
    assert line.live_store.dbsize() == 0


def test_a_new_line_is_taken_up_by_everyone_and_claims_of_the_old_one_stand_no_more(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0), seat(2, idle=1))
    old, _ = take(line, 5)
    write_line(line.live_store, [(caller(1, came=0), False), (caller(2, came=1), True)], [seat(1, idle=0)])
    assert line.confirm(old) is False
    assert line.entry_holds() == {1: "", 2: "offered"}
    assert pairs(take(line, 6)) == [(1, 1)]
    keys = {key.split(b":")[1] for key in line.live_store.scan_iter("{line}:*")}
    assert keys == {b"epoch", line.epoch().encode()}


def test_scripts_are_loaded_again_where_they_are_unknown(line: LiveQueue) -> None:
    line.live_store.script_flush()
    assert line.join(caller(1, came=0))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A server of its own, to be stopped."""
    server = EmbeddedValkey(tmp_path / "valkey")
    server.prepare()
    server.start()
    server.wait_ready()
    yield server
    server.stop()


def test_a_restarted_server_has_the_line_as_it_was(server: EmbeddedValkey) -> None:
    line = new_line(server.url)
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0), seat(2, idle=1))
    first, second = take(line, 5)
    line.confirm(first)
    server.stop()
    server.start()
    server.wait_ready()
    assert line.ahead(2) == 1
    assert line.give_back(second, entry_back=True, agent_back=True)
    assert pairs(take(line, 6)) == [(2, 2)]


def test_without_redis_everybody_is_told_at_once(server: EmbeddedValkey) -> None:
    line = new_line(server.url)
    server.stop()
    began = time.monotonic()
    for ask in (line.is_built, lambda: line.join(caller(1, came=0)), lambda: take(line, 5)):
        with pytest.raises(RedisError):
            ask()
    assert time.monotonic() - began < 15


CLAIMER = """
import sys, time
from datetime import timedelta
from integrations.live_store import build_live_store
from queueing.live_queue import LiveQueue
from tests.queueing.live_line import at
claims = LiveQueue(build_live_store(sys.argv[1])).next_pairs(3, at(5), timedelta(seconds=5))
print(len(claims), flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_held_is_taken_up_by_another(line: LiveQueue, redis_url: str) -> None:
    join(line, *(caller(number, came=number) for number in range(1, 6)))
    free(line, *(seat(number, idle=number) for number in range(1, 4)))
    command = [sys.executable, "-c", CLAIMER, redis_url]
    process = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "3"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert take(line, 9) == []
    assert sorted(pairs(line.recover(at(10)))) == [(1, 1), (2, 2), (3, 3)]
    assert pairs(take(line, 10)) == [(1, 1), (2, 2), (3, 3)]


def test_every_key_is_in_one_slot_of_a_cluster(line: LiveQueue) -> None:
    join(line, caller(1, came=0))
    free(line, seat(1, idle=0, cool=5), seat(2, idle=0))
    take(line, 1)
    slots = {line.live_store.execute_command("CLUSTER KEYSLOT", key) for key in line.live_store.keys("*")}
    assert len(slots) == 1 and line.live_store.exists(EPOCH_KEY)
