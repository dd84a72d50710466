"""What this program needs to do its work, and the state of each: asked at the same time, bounded."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import asdict, dataclass

import requests
from redis import RedisError

from integrations.heartbeats import DISPATCHER, TRANSCRIBER, newest_beat
from integrations.live_store import is_alive
from integrations.services import Services
from integrations.task_queue import Heartbeat, clock_alive, worker_alive

CHECK_SECONDS = 1.0


@dataclass(frozen=True)
class State:
    """ok, down or stale; a sentence; how long the answer took."""

    state: str
    detail: str
    seconds: float


class DependencyChecks:
    """Asks the database, Redis, and the processes that work behind the web how they are.

    At most one question to each is under way: a hung server must not use up threads.
    """

    def __init__(self, services: Services) -> None:
        self._checks: dict[str, Callable[[], tuple[str, str]]] = {
            "database": lambda: _check_database(services),
            "redis": lambda: _check_redis(services),
            "worker": lambda: _check_heartbeat(lambda: worker_alive(services.live_store)),
            "clock": lambda: _check_heartbeat(lambda: clock_alive(services.live_store)),
            "dispatcher": lambda: _check_heartbeat(lambda: newest_beat(services.live_store, DISPATCHER)),
            "transcriber": lambda: _check_heartbeat(lambda: newest_beat(services.live_store, TRANSCRIBER)),
        }
        if services.settings.carrier_is_gateway:
            self._checks["gateway"] = lambda: _check_gateway(services.settings.gateway_http_url)
        self._executor = ThreadPoolExecutor(len(self._checks), thread_name_prefix="check")
        self._running: dict[str, Future[State]] = {}

    def run(self) -> dict[str, dict[str, object]]:
        """The state of each by name, within about CHECK_SECONDS altogether."""
        for name, check in self._checks.items():
            if name not in self._running or self._running[name].done():
                self._running[name] = self._executor.submit(_timed, check)
        deadline = time.monotonic() + CHECK_SECONDS
        return {name: asdict(_result(self._running[name], deadline)) for name in self._checks}


def summarise(states: dict[str, dict[str, object]]) -> tuple[str, str]:
    """(status, note): down without the database, degraded when something else is missing."""
    if states["database"]["state"] != "ok":
        return "down", "数据库不可用：来电只能听到致歉和转接提示"
    if states["redis"]["state"] != "ok":
        return "degraded", "Redis 不可用：菜单照常工作，排队中的来电保留位置，后台任务暂停"
    if states["worker"]["state"] != "ok" or states["clock"]["state"] != "ok":
        return "degraded", "后台任务暂停：菜单照常工作"
    if states["dispatcher"]["state"] != "ok":
        return "degraded", "派话暂停：排队的来电保留位置，没有人接"
    if "gateway" in states and states["gateway"]["state"] != "ok":
        return "degraded", "语音网关不可用：网页电话打不通"
    if states["transcriber"]["state"] != "ok":
        return "degraded", "语音转写暂停：留言照常处理，暂时没有文字"
    return "ok", "全部正常"


def _timed(check: Callable[[], tuple[str, str]]) -> State:
    started = time.monotonic()
    state, detail = check()
    return State(state, detail, round(time.monotonic() - started, 4))


def _result(running: "Future[State]", deadline: float) -> State:
    try:
        return running.result(timeout=max(0.0, deadline - time.monotonic()))
    except FutureTimeout:
        return State("down", f"{CHECK_SECONDS:g} 秒内没有应答", CHECK_SECONDS)


def _check_database(services: Services) -> tuple[str, str]:
    return ("ok", "正常") if services.database.is_alive() else ("down", "无法连接数据库")


def _check_gateway(url: str) -> tuple[str, str]:
    try:
        answer = requests.get(f"{url}/healthz", timeout=CHECK_SECONDS)
    except requests.RequestException:
        return "down", "无法连接语音网关"
    return ("ok", "正常") if answer.ok else ("down", f"语音网关应答 {answer.status_code}")


def _check_redis(services: Services) -> tuple[str, str]:
    return ("ok", "正常") if is_alive(services.live_store) else ("down", "无法连接 Redis")


def _check_heartbeat(ask: Callable[[], Heartbeat]) -> tuple[str, str]:
    try:
        heartbeat = ask()
    except RedisError:
        return "down", "Redis 不可用，无法得知"
    if heartbeat.age_seconds is None:
        return "down", "没有进程在运行"
    return heartbeat.state, f"{heartbeat.age_seconds:.0f} 秒前有心跳"
