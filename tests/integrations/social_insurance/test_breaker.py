"""Resting from a system that is down, on the real Redis and in several processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from integrations.live_store import build_live_store
from integrations.services import Services
from integrations.social_insurance.breaker import PREFIX, Breaker, Failed, Resting
from tests.integrations.social_insurance.breaker_process import (
    FAILURES,
    NAME,
    REST_SECONDS,
    BreakerProcess,
    system,
)

KEY = PREFIX + NAME


@pytest.fixture
def live_store(services: Services) -> Redis:
    return services.live_store


@pytest.fixture
def processes(services: Services, redis_url: str) -> Iterator[tuple[BreakerProcess, BreakerProcess]]:
    both = BreakerProcess(redis_url), BreakerProcess(redis_url)
    yield both
    for process in both:
        process.kill()


def ask(breaker: Breaker, fails: bool = False) -> str:
    try:
        with breaker.asking():
            if fails:
                raise Failed
    except Resting:
        return "rests"
    except Failed:
        return "failed"
    return "asked"


def let_time_pass(live_store: Redis, seconds: float = REST_SECONDS + 1) -> None:
    """As if the rest had begun so much earlier."""
    began = float(live_store.hget(KEY, "opened_at") or 0)
    live_store.hset(KEY, "opened_at", repr(began - seconds))


# several processes


def test_failures_in_two_processes_count_together(
    processes: tuple[BreakerProcess, BreakerProcess], live_store: Redis
) -> None:
    one, other = processes
    assert [one.tell("fail"), other.tell("fail")] == ["asked", "asked"]
    assert Breaker(live_store, system()).resting_until() is None
    assert one.tell("fail") == "asked"
    assert [one.tell("ok"), other.tell("ok")] == ["rests", "rests"]
    until = Breaker(live_store, system()).resting_until()
    assert until is not None and timedelta(seconds=REST_SECONDS - 20) < until - datetime.now(UTC)


def test_an_answer_in_one_process_forgets_the_failures_of_the_other(
    processes: tuple[BreakerProcess, BreakerProcess],
) -> None:
    one, other = processes
    for _ in range(FAILURES):
        assert [one.tell("fail"), one.tell("fail"), other.tell("ok")] == ["asked"] * 3


def test_of_all_processes_one_alone_tries_again(
    processes: tuple[BreakerProcess, BreakerProcess], live_store: Redis
) -> None:
    one, other = processes
    for _ in range(FAILURES):
        one.tell("fail")
    let_time_pass(live_store)
    assert other.tell("hold") == "holding"
    assert [one.tell("ok"), one.tell("ok")] == ["rests", "rests"]
    assert other.tell("ok") == "asked"
    assert [one.tell("ok"), other.tell("ok")] == ["asked", "asked"]


def test_a_trial_that_fails_begins_the_rest_anew(
    processes: tuple[BreakerProcess, BreakerProcess], live_store: Redis
) -> None:
    one, other = processes
    for _ in range(FAILURES):
        one.tell("fail")
    let_time_pass(live_store)
    assert [other.tell("fail"), one.tell("ok"), other.tell("ok")] == ["asked", "rests", "rests"]
    let_time_pass(live_store)
    assert [one.tell("ok"), other.tell("ok")] == ["asked", "asked"]


def test_who_dies_in_a_trial_does_not_hold_the_others_up_for_ever(
    processes: tuple[BreakerProcess, BreakerProcess], live_store: Redis
) -> None:
    one, other = processes
    for _ in range(FAILURES):
        one.tell("fail")
    let_time_pass(live_store)
    assert other.tell("hold") == "holding"
    other.kill()
    assert one.tell("ok") == "rests"
    remaining = live_store.pttl(f"{KEY}:trial")
    assert 0 < remaining <= (system().timeout_seconds + 2) * 1000
    live_store.delete(f"{KEY}:trial")  # its time has run out
    assert one.tell("ok") == "asked"


# one process


def test_a_system_rests_after_so_many_failures_in_a_row(live_store: Redis) -> None:
    breaker = Breaker(live_store, system())
    assert [ask(breaker, fails=True) for _ in range(FAILURES - 1)] == ["failed"] * (FAILURES - 1)
    assert ask(breaker) == "asked"
    assert [ask(breaker, fails=True) for _ in range(FAILURES + 2)] == ["failed"] * FAILURES + ["rests"] * 2


def test_whoever_is_turned_away_hears_until_when(live_store: Redis) -> None:
    breaker = Breaker(live_store, system())
    for _ in range(FAILURES):
        ask(breaker, fails=True)
    with pytest.raises(Resting) as caught, breaker.asking():
        raise AssertionError("was let in")
    assert caught.value.until == breaker.resting_until()
    assert caught.value.until is not None and caught.value.until > datetime.now(UTC)


def test_one_slow_answer_does_not_delay_the_next(live_store: Redis) -> None:
    """All of them are inside at once, which a lock around the question would not allow."""
    breaker = Breaker(live_store, system())
    inside = threading.Barrier(6, timeout=10)

    def one() -> None:
        with breaker.asking():
            inside.wait()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not inside.broken


def test_of_many_threads_one_alone_tries_again(live_store: Redis) -> None:
    breakers = [Breaker(live_store, system()) for _ in range(2)]
    for _ in range(FAILURES):
        ask(breakers[0], fails=True)
    let_time_pass(live_store)
    tried: list[int] = []
    turned_away = threading.Semaphore(0)

    def one(number: int) -> None:
        try:
            with breakers[number % 2].asking():
                tried.append(number)
                # Until everybody else has been there.
                assert all(turned_away.acquire(timeout=10) for _ in range(7))
        except Resting:
            turned_away.release()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) == 1 and not turned_away.acquire(blocking=False)


def test_an_emptied_redis_lets_everybody_in(live_store: Redis) -> None:
    breaker = Breaker(live_store, system())
    for _ in range(FAILURES):
        ask(breaker, fails=True)
    assert ask(breaker) == "rests"
    live_store.flushdb()
    assert ask(breaker) == "asked" and breaker.resting_until() is None


@pytest.mark.parametrize("field", ["state", "opened_at", "failures"])
def test_nonsense_in_redis_hurts_nobody(field: str, live_store: Redis) -> None:
    breaker = Breaker(live_store, system())
    ask(breaker, fails=True)
    live_store.hset(KEY, field, "nonsense")
    assert ask(breaker) in ("asked", "failed")


# Redis away


@pytest.fixture
def no_redis() -> Redis:
    return build_live_store("unix:///nowhere/valkey.sock?db=0")


def test_without_redis_every_process_has_a_rest_of_its_own(no_redis: Redis) -> None:
    breaker, other = Breaker(no_redis, system()), Breaker(no_redis, system())
    assert [ask(breaker, fails=True) for _ in range(FAILURES + 1)] == ["failed"] * FAILURES + ["rests"]
    assert breaker.resting_until() is not None
    assert ask(other) == "asked" and other.resting_until() is None


def test_without_redis_too_one_thread_alone_tries_again(no_redis: Redis) -> None:
    breaker = Breaker(no_redis, system(rest_seconds=0))
    for _ in range(FAILURES):
        ask(breaker, fails=True)
    with breaker.asking():
        assert ask(breaker) == "rests"
    assert ask(breaker) == "asked"


def test_redis_comes_back(no_redis: Redis, live_store: Redis) -> None:
    breaker = Breaker(no_redis, system())
    for _ in range(FAILURES):
        ask(breaker, fails=True)
    breaker._storage._redis = live_store
    assert ask(breaker) == "asked"
