"""`make bench`: menu steps beside a bare route, memory, ten thousand calls, look-ups, gateway, line, pages, words"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from integrations.settings import PROJECT_DIR
from tests.bench.cases import measure_cases
from tests.bench.city_ingest import measure_ingest
from tests.bench.consoles import measure_consoles
from tests.bench.figures import measure_figures
from tests.bench.gateway import measure_gateway
from tests.bench.line import measure_line
from tests.bench.load import Result, call_requests, closed_loop, made_ahead, open_loop, signed_request
from tests.bench.look_ups import measure_look_ups
from tests.bench.offers import measure_offers
from tests.bench.transcribe import measure_transcribing
from tests.bench.wait_estimate import measure_wait_estimate
from tests.running import RunningHotline, free_port
from tests.waiting import eventually

STEPS_PER_CALL = 20
CONNECTIONS = 16
ROUNDS, ROUND_SECONDS = 3, 6.0
RATE, RATE_SECONDS = 400, 15.0
OPEN_CALLS = 10_000


@contextmanager
def bare_server(var_dir: Path) -> Iterator[int]:
    """The bare Flask route on the same gunicorn settings; yields its port."""
    port = free_port()
    env = {**os.environ, "PORT": str(port), "VAR_DIR": str(var_dir), "LOG_JSON": "1"}
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.bare"], cwd=PROJECT_DIR, env=env)
    try:
        eventually(lambda: _listens(process, port))
        yield port
    finally:
        process.terminate()
        process.wait()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return len(family) > 2 and any(
        connection.laddr and connection.laddr.port == port
        for member in family
        for connection in member.net_connections()
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        hotline = RunningHotline(Path(folder) / "var", LOG_LEVEL="warning").wait_ready()
        try:
            with bare_server(Path(folder) / "bare") as bare_port:
                _ratio(hotline, bare_port)
            _steady_rate(hotline)
            _memory(hotline, "每进程内存")
            _open_calls(hotline)
            _memory(hotline, f"{OPEN_CALLS} 个未结束的来电时，每进程内存")
        finally:
            hotline.end()
    measure_look_ups()
    measure_gateway()
    measure_line()
    measure_offers()
    measure_consoles()
    measure_cases()
    measure_figures()
    measure_ingest()
    measure_wait_estimate()
    measure_transcribing()


def _calls(hotline: RunningHotline, tag: str, seconds: float) -> Iterator[list[bytes]]:
    base = f"http://127.0.0.1:{hotline.port}"
    # Enough for the fastest round seen, made before the clock starts.
    ready = int(seconds * 2500 / STEPS_PER_CALL) + CONNECTIONS
    return made_ahead(lambda number: call_requests(base, f"CA{tag}{number:08d}", STEPS_PER_CALL), ready)


def _ratio(hotline: RunningHotline, bare_port: int) -> None:
    """Both servers in turn, so that a slow minute of the machine touches both; the medians are compared."""
    bare, steps = [], []
    request = signed_request(f"http://127.0.0.1:{bare_port}", "/ivr/step?n=1", {"Digits": "2", "CallSid": "CA1"})
    for number in range(ROUNDS):
        bare.append(closed_loop(bare_port, CONNECTIONS, iter(lambda: [request], None), ROUND_SECONDS))
        work = _calls(hotline, f"r{number}", ROUND_SECONDS)
        steps.append(closed_loop(hotline.port, CONNECTIONS, work, ROUND_SECONDS))
    _say("裸 Flask 常量", bare)
    _say("完整的一步（验签、读、推进、落盘、TwiML）", steps)
    ratios = [step.per_second / constant.per_second for step, constant in zip(steps, bare, strict=True)]
    print(f"  比值 {median(ratios):.3f}（各轮 {', '.join(f'{ratio:.3f}' for ratio in ratios)}）")


def _steady_rate(hotline: RunningHotline) -> None:
    result = open_loop(hotline.port, RATE, 64, _calls(hotline, "s", RATE_SECONDS), RATE_SECONDS)
    _say(f"每秒 {RATE} 步（定速发出，排队的时间也算）", [result])


def _open_calls(hotline: RunningHotline) -> None:
    base = f"http://127.0.0.1:{hotline.port}"
    rings = iter([call_requests(base, f"CAo{number:08d}", 0) for number in range(OPEN_CALLS)])
    result = open_loop(hotline.port, RATE, 64, rings, OPEN_CALLS / RATE - 0.5)
    _say(f"拨入 {OPEN_CALLS} 个来电，都不挂机", [result])
    steps = iter([[call_requests(base, f"CAo{number:08d}", 1)[1]] for number in range(OPEN_CALLS - 400)])
    _say("它们各按一个键", [open_loop(hotline.port, RATE, 64, steps, 15.0)])


def _say(name: str, results: list[Result]) -> None:
    wrong = {status: count for result in results for status, count in result.statuses.items() if status != 200}
    best = sorted(results, key=lambda result: result.per_second)[len(results) // 2]
    print(
        f"{name}\n  每秒 {best.per_second:,.0f}，p50 {best.percentile(0.5):.1f} ms，"
        f"p99 {best.percentile(0.99):.1f} ms，最长 {best.percentile(1):.0f} ms"
        + (f"，不是 200 的：{wrong}" if wrong else ""),
        flush=True,
    )


def _memory(hotline: RunningHotline, title: str) -> None:
    print(title)
    for process in hotline.descendants():
        try:
            command = " ".join(process.cmdline())
            name = next((word for word in ("web", "worker", "clock") if f"app.py {word}" in command), None)
            if name:
                print(f"  {name:<7} {process.memory_full_info().uss / 1e6:.0f} MB（独占），pid {process.pid}")
        except psutil.Error:
            continue


if __name__ == "__main__":
    main()
