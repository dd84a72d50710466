"""Key 1 on the running system: look-ups a second, what they add to a system's own answer, and one system that hangs."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import yaml

from integrations.sandbox.records import Person
from integrations.services import utc_now
from integrations.social_insurance.contract import Found, Insured
from integrations.social_insurance.keeper import SHIPPED_FILE
from integrations.social_insurance.pension_bus import PensionBusConnector
from integrations.social_insurance.systems_file import parse_systems
from integrations.system_secrets import DEMO_SECRETS
from tests.bench.load import Result, call_requests, made_ahead, open_loop
from tests.journeys.query_stage import (
    NO_ANSWER,
    PENSION,
    PENSION_SYSTEM,
    QueryCaller,
    QueryStage,
    pays_in_wuhu,
    pension_amount,
)
from tests.running import RunningHotline
from tests.waiting import eventually

# As many as one web process asks a system at once, so that none of them is ever told that it is busy.
CALLERS = 8
CLOSED_SECONDS = 6.0
# Milliseconds that the system takes, and how often it is then asked.
SLOWNESS = ((0, 300), (200, 40))
HANGING, ROUNDS = 10, 3
# Within the eight seconds for which a caller waits for a system that hangs.
RATE, RATE_SECONDS = 100, 4.0
STEPS_PER_CALL, LANES = 20, 16
# A call has 150 turns, and a look-up takes about four.
LOOK_UPS_PER_CALL, CALLS_MADE_AHEAD = 25, 6
Timed = list[float]


def measure_look_ups() -> None:
    print("键1：查养老，一问一答走完整条线路，问的是沙盒", flush=True)
    with tempfile.TemporaryDirectory(prefix="look-ups-bench-") as folder:
        hotline = RunningHotline(Path(folder) / "var", LOG_LEVEL="warning").wait_ready()
        try:
            stage = QueryStage(hotline)
            people = stage.people(HANGING, pays_in_wuhu)
            _per_second([Asker(stage, person, CALLS_MADE_AHEAD) for person in people[:CALLERS]])
            _added(stage, Asker(stage, people[0], 1))
            _beside_one_that_hangs(stage, people)
        finally:
            hotline.end()


class Asker:
    """Somebody proven who asks again and again, in a new call when one has no turns left."""

    def __init__(self, stage: QueryStage, person: Person, made_ahead: int) -> None:
        self.person = person
        self._stage = stage
        self._ready = [stage.proven(person) for _ in range(made_ahead)]
        self._left = 0

    def look_up(self) -> float:
        """From the key to the document with the amount, in seconds; going back to the choice is outside the clock."""
        caller = self._caller()
        caller.press("*")
        began = time.perf_counter()
        caller.press(PENSION)
        seconds = time.perf_counter() - began
        assert pension_amount(self.person) in "".join(caller.heard[-8:]), caller.heard[-8:]
        return seconds

    def _caller(self) -> QueryCaller:
        if self._left == 0:
            self._call = self._ready.pop() if self._ready else self._stage.proven(self.person)
            self._left = LOOK_UPS_PER_CALL
        self._left -= 1
        return self._call


def _per_second(askers: list[Asker]) -> None:
    """Each asks again as soon as it has its answer."""
    ends_at = time.perf_counter() + CLOSED_SECONDS

    def one(asker: Asker) -> Timed:
        found = []
        while time.perf_counter() < ends_at:
            found.append(asker.look_up())
        return found

    with ThreadPoolExecutor(len(askers)) as threads:
        found = [seconds for each in threads.map(one, askers) for seconds in each]
    rate = len(found) / CLOSED_SECONDS
    print(
        f"  {len(askers)} 个来电人不停地查：每秒 {rate:,.0f} 次（另有 {rate:,.0f} 次返回），{_shown(found)}", flush=True
    )


def _added(stage: QueryStage, asker: Asker) -> None:
    """The system alone and through the line in turn, one at a time, so that a slow moment touches both."""
    ask = partial(_connector(stage).look_up, Insured(asker.person.id_number), 8.0)
    for milliseconds, times in SLOWNESS:
        stage.switches.turn(PENSION_SYSTEM, "slow", ms=milliseconds)
        alone, through = [], []
        for _ in range(times):
            alone.append(_timed(ask))
            through.append(asker.look_up())
        more = [_at(share, through) - _at(share, alone) for share in (0.5, 0.99)]
        print(
            f"  系统慢 {milliseconds} ms：系统自己答 {_shown(alone)}；来电人等 {_shown(through)}；"
            f"线路多用 p50 {more[0]:.1f} ms，p99 {more[1]:.1f} ms",
            flush=True,
        )
    stage.switches.reset()


def _connector(stage: QueryStage) -> PensionBusConnector:
    file, problems = parse_systems(yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8")), SHIPPED_FILE.name)
    assert not problems
    shipped = file.systems["demo_bus_province"]
    address = shipped.address.replace("{sandbox}", f"http://127.0.0.1:{stage.hotline.sandbox_port}")
    secrets = {role: DEMO_SECRETS[name] for role, name in shipped.secrets.items()}
    return PensionBusConnector(replace(shipped, address=address), secrets, utc_now)


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    answer = ask()
    seconds = time.perf_counter() - began
    assert isinstance(answer, Found), answer
    return seconds


def _beside_one_that_hangs(stage: QueryStage, people: list[Person]) -> None:
    """Other callers' menu steps, in turn without and with callers whose system hangs."""
    without, beside = [], []
    for number in range(ROUNDS):
        stage.as_new()
        callers = [stage.proven(person) for person in people]
        without.append(_menu_steps(stage, f"w{number}"))
        stage.switches.turn(PENSION_SYSTEM, "hang")
        told: list[str] = []
        hung = [threading.Thread(target=_hang, args=(caller, told)) for caller in callers]
        for thread in hung:
            thread.start()
        # A process asks one system eight things at once; whoever comes on top of that is told at once.
        eventually(lambda who=callers, told=told: len(told) + sum(one.is_told_to_wait for one in who) == len(who))
        told_before = len(told)
        beside.append(_menu_steps(stage, f"b{number}"))
        assert len(told) == told_before < len(callers), "they must hang to the end of the round"
        for thread in hung:
            thread.join()
        assert len(told) == len(callers) and all(NO_ANSWER in heard for heard in told)
    stage.as_new()
    for name, results in (("系统都好时", without), (f"{len(people)} 人等着一个挂住的系统时", beside)):
        tails = "、".join(f"{result.percentile(0.99):.1f}" for result in results)
        print(f"  别的来电人按键（每秒 {RATE} 步），{name}：p50 {_middle(results, 0.5):.1f} ms，各轮 p99 {tails} ms")
    ratio = _middle(beside, 0.99) / _middle(without, 0.99)
    print(f"    p99 之比 {ratio:.2f}，p50 之比 {_middle(beside, 0.5) / _middle(without, 0.5):.2f}", flush=True)


def _hang(caller: QueryCaller, told: list[str]) -> None:
    told.append(caller.ask_again(PENSION).until_told())


def _menu_steps(stage: QueryStage, tag: str) -> Result:
    base = f"http://127.0.0.1:{stage.hotline.port}"
    ready = int(RATE * RATE_SECONDS / STEPS_PER_CALL) + LANES
    work = made_ahead(lambda number: call_requests(base, f"CA{tag}{number:08d}", STEPS_PER_CALL), ready)
    result = open_loop(stage.hotline.port, RATE, LANES, work, RATE_SECONDS)
    assert set(result.statuses) == {200}, result.statuses
    return result


def _middle(results: list[Result], share: float) -> float:
    return median(result.percentile(share) for result in results)


def _at(share: float, found: Timed) -> float:
    """Milliseconds."""
    return 1000 * sorted(found)[min(len(found) - 1, int(share * len(found)))]


def _shown(found: Timed) -> str:
    return f"p50 {_at(0.5, found):.1f} ms p99 {_at(0.99, found):.1f} ms"


if __name__ == "__main__":
    measure_look_ups()
