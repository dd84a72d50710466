"""Jobs, the worker and the clock, over a real Redis that goes away."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from integrations.embedded import EmbeddedValkey
from integrations.live_store import build_live_store
from integrations.services import Services
from integrations.settings import PROJECT_DIR
from integrations.task_queue import DEFAULT_QUEUE, FILES_QUEUE, clock_alive, enqueue, worker_alive
from tests.integrations.job_samples import note, work_for_ever
from tests.waiting import eventually

Processes = dict[str, subprocess.Popen]

WORKER = """
import sys
from integrations.settings import Settings
from integrations.task_queue import Periodic, set_job_settings
from integrations.job_processes import run_clock, run_worker
from tests.integrations.job_samples import tick
settings = Settings.from_env({"DATABASE_URL": sys.argv[2], "REDIS_URL": sys.argv[3], "VAR_DIR": sys.argv[4]})
set_job_settings(settings)
if sys.argv[1] == "worker":
    run_worker(settings.redis_url)
else:
    run_clock(settings.redis_url, [Periodic(tick, 1)])
"""


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path / "valkey")
    server.prepare()
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def processes(own_redis: EmbeddedValkey, postgres_url: str, tmp_path: Path) -> Iterator[Processes]:
    with ExitStack() as running:
        started = {name: _running(name, postgres_url, own_redis, tmp_path) for name in ("worker", "clock")}
        yield {name: running.enter_context(process) for name, process in started.items()}


@contextmanager
def _running(name: str, postgres_url: str, redis: EmbeddedValkey, folder: Path) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, name, postgres_url, redis.url, str(folder / "var")],
        cwd=PROJECT_DIR,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_jobs_run_over_a_restart_of_redis(processes: Processes, own_redis: EmbeddedValkey) -> None:
    store = build_live_store(own_redis.url)
    eventually(lambda: worker_alive(store).state == "ok" and clock_alive(store).state == "ok")
    assert enqueue(store, DEFAULT_QUEUE, note, 1)
    eventually(lambda: store.lrange("test:notes", 0, -1) == [b"1"])
    eventually(lambda: int(store.get("test:ticks") or 0) >= 1)

    own_redis.stop()
    assert not enqueue(store, DEFAULT_QUEUE, note, 2)
    own_redis.start()
    own_redis.wait_ready()

    assert enqueue(store, DEFAULT_QUEUE, note, 3)
    eventually(lambda: store.lrange("test:notes", 0, -1) == [b"1", b"3"])
    ticks = int(store.get("test:ticks") or 0)
    eventually(lambda: int(store.get("test:ticks") or 0) > ticks)
    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    for name, process in processes.items():
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 0, f"{name}: {errors}"
        assert "Traceback" not in errors
    assert worker_alive(store).state == "down"
    assert clock_alive(store).state == "down"


def test_a_job_ends_with_its_killed_worker(processes: Processes, own_redis: EmbeddedValkey) -> None:
    store = build_live_store(own_redis.url)
    enqueue(store, DEFAULT_QUEUE, work_for_ever)
    pid = int(eventually(lambda: store.get("test:job_pid")))
    processes["worker"].kill()
    processes["worker"].wait()
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_file_does_not_wait_until_all_else_is_done(
    own_redis: EmbeddedValkey, postgres_url: str, tmp_path: Path
) -> None:
    store = build_live_store(own_redis.url)
    for number in range(5):
        assert enqueue(store, DEFAULT_QUEUE, note, number)
    assert enqueue(store, FILES_QUEUE, note, 17)
    with _running("worker", postgres_url, own_redis, tmp_path):
        eventually(lambda: store.llen("test:notes") == 6)
    assert store.lrange("test:notes", 0, -1)[:2] == [b"0", b"17"]


def test_an_emptied_redis_learns_of_the_worker_again(own_redis: EmbeddedValkey) -> None:
    from integrations.job_processes import build_worker

    store = build_live_store(own_redis.url)
    worker = build_worker(store)
    worker.register_birth()
    store.flushall()
    assert worker_alive(store).state == "down"
    worker.heartbeat()
    assert worker_alive(store).state == "ok"


def test_jobs_take_ids_only(services: Services) -> None:
    store = services.live_store
    assert enqueue(store, DEFAULT_QUEUE, note, 17)
    assert enqueue(store, DEFAULT_QUEUE, note, "CA" + "1" * 32)
    for bad in ("王芳", "13800138000123", "a b", 1.5, None, -1, True, {"a": 1}, "x" * 65, ""):
        with pytest.raises(ValueError):
            enqueue(store, DEFAULT_QUEUE, note, bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        enqueue(store, "unheard", note, 1)


def test_an_absent_redis_is_noticed_quickly_and_without_an_error(services: Services) -> None:
    gone = build_live_store("unix:///no/such/socket")
    assert enqueue(gone, DEFAULT_QUEUE, note, 1) is False


def test_services_need_both_addresses(services: Services) -> None:
    from integrations.errors import SettingsError

    with pytest.raises(SettingsError) as caught:
        Services.build(replace(services.settings, database_url=None, redis_url=None))
    assert [problem.split("：")[0] for problem in caught.value.problems] == ["DATABASE_URL", "REDIS_URL"]
