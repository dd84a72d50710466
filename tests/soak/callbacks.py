"""Callers who book, ring in, cancel, are engaged or not there, while processes die and every report may come twice.

At the end everybody is reasonable: whoever is still to be rung is rung and talks, and nothing contradicts itself. The
same seed makes the same people; what meets what in time is up to the machine.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil
from redis import RedisError

from integrations.embedded import valkey_in
from integrations.live_store import build_live_store
from integrations.task_queue import DEFAULT_QUEUE, enqueue
from queueing.callback_jobs import wake_callback, wake_due_callbacks
from tests.journeys.callback_stage import CallbackStage
from tests.journeys.line_stage import SEATS
from tests.soak.callback_people import RandomTelephone
from tests.soak.line import HEALED, PLACES, overtaken
from tests.soak.line_people import RandomSeat
from tests.soak.wire import WiredHotline
from tests.waiting import eventually

# By how often. A carrier or a database that dies ends what is going on, or stops everything for a while.
FAULTS = ("dispatcher",) * 4 + ("web process",) * 2 + ("flush",) * 3 + ("web", "worker", "clock", "streams", "valkey")
HARD_FAULTS = ("gateway", "gateway", "postgres")
# Dice are thrown every 20 ms.
JOB_TWICE, MADE_DUE, RINGS_UP = 0.1, 0.02, 0.1
LOOK_SECONDS = 0.3
SETTLED_SECONDS = 150.0
# The carrier's word is kept with its time; what follows from it waits until the database is back.
SLOW_IN_AN_OUTAGE = ("a talk that outlived its call",)
_OPEN = "SELECT id, status FROM callback WHERE ended_at IS NULL"


@dataclass
class CallbackReport:
    """What became of a run. `wrong` must be empty: each entry is a sentence."""

    seed: int
    calls: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    broken: list[tuple[datetime, datetime]] = field(default_factory=list)
    meddled: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"callbacks seed {self.seed}: {self.calls} calls; ended {dict(self.endings)}; attempts "
            f"{dict(self.results)}; reports {dict(self.meddled)}; killed: {', '.join(self.faults)}; "
            f"{len(self.wrong)} wrong"
        )


def run_callback_soak(
    hotline: WiredHotline, seed: int, calls: int, faults: int, at_once: int = 8, is_hard: bool = False
) -> CallbackReport:
    """So many calls from `at_once` telephones, served by three seats; `is_hard` also kills the carrier."""
    chance, report = random.Random(seed), CallbackReport(seed)
    stage = CallbackStage(hotline, RandomSeat)
    stage.new_wrongs()
    told = stage.proof.contradictions()
    before = stage.rows("SELECT coalesce(max(id), 0) FROM callback")[0][0]
    before_in_line = stage.rows("SELECT coalesce(max(id), 0) FROM queue_entry")[0][0]
    hotline.wire.is_bad = True
    hotline.wire.done.clear()
    try:
        run = _Run(stage, chance, report, calls, faults, at_once, is_hard)
        run.let_them_ring()
        run.settle()
        _judge(stage, report, before, before_in_line, told, SLOW_IN_AN_OUTAGE if is_hard else ())
    finally:
        hotline.wire.is_bad = False
        stage.close()
    report.meddled.update(hotline.wire.done)
    return report


class _Run:
    def __init__(
        self,
        stage: CallbackStage,
        chance: random.Random,
        report: CallbackReport,
        calls: int,
        faults: int,
        at_once: int,
        is_hard: bool,
    ) -> None:
        self._stage, self._chance, self._report, self._calls = stage, chance, report, calls
        kinds = FAULTS + (HARD_FAULTS if is_hard else ())
        self._plan = sorted((chance.randrange(calls), chance.choice(kinds)) for _ in range(faults))
        self._phones = [RandomTelephone(stage.callers, random.Random(chance.getrandbits(64))) for _ in range(at_once)]
        self._store = build_live_store(valkey_in(stage.hotline.var_dir).url)
        for seat in self._seats():
            seat.go_online()
            seat.work(random.Random(chance.getrandbits(64)))

    def _seats(self) -> list[RandomSeat]:
        found = [self._stage.seats.seat(username) for username in SEATS]
        return [seat for seat in found if isinstance(seat, RandomSeat)]

    # while it goes on

    def let_them_ring(self) -> None:
        eventually(self._go_on, 60.0 + 5.0 * self._calls)
        self._report.calls = self._calls

    def _go_on(self) -> bool:
        made = sum(len(phone.calls) for phone in self._phones)
        while self._plan and self._plan[0][0] <= made:
            self._report.faults.append(self._plan.pop(0)[1])
            began = datetime.now(UTC)
            self._break(self._report.faults[-1])
            self._report.broken.append((began, datetime.now(UTC) + HEALED))
        if made < self._calls and self._chance.random() < RINGS_UP:
            idle = [phone for phone in self._phones if phone.is_idle]
            if idle:
                self._chance.choice(idle).ring()
        self._meddle()
        return made == self._calls and all(call.state == "ended" for one in self._phones for call in one.calls)

    def _meddle(self) -> None:
        """Time is short, and every job comes more than once."""
        with suppress(Exception):
            # The database and Redis may be away just now.
            found = self._stage.rows("SELECT id FROM callback ORDER BY id DESC LIMIT 30")
            if found and self._chance.random() < JOB_TWICE:
                enqueue(self._store, DEFAULT_QUEUE, wake_callback, self._chance.choice(found)[0])
                enqueue(self._store, DEFAULT_QUEUE, wake_due_callbacks)
            if found and self._chance.random() < MADE_DUE:
                self._stage.make_due(self._chance.choice(found)[0])

    def _break(self, what: str) -> None:
        """All of it comes back by itself, and may be away already."""
        stage = self._stage
        breaks: dict[str, Callable[[], Any]] = {
            "web process": lambda: [process.kill() for process in stage.hotline.child("web").children()[:1]],
            "flush": stage.flush,
            "valkey": lambda: stage.server("valkey").kill(),
            "postgres": lambda: stage.server("postgres").kill(),
        }
        with suppress(psutil.Error, RedisError):
            breaks.get(what, lambda: stage.kill(what))()

    # the end

    def settle(self) -> None:
        """Everybody becomes reasonable, and all that was promised comes due: it must come to its end by itself."""
        for phone in self._phones:
            phone.become_reasonable()
        self._looked_at = 0.0
        try:
            eventually(self._is_settled, SETTLED_SECONDS)
        except AssertionError:
            self._report.wrong.append(f"still going on after {SETTLED_SECONDS} s: {self._what_goes_on()}")
        for seat in self._seats():
            seat.stop_working()
            if self._stage.state(seat) != "logged_out":
                seat.act("sign-out")
        self._store.close()

    def _is_settled(self) -> bool:
        if time.monotonic() < self._looked_at + LOOK_SECONDS:
            return False
        self._looked_at = time.monotonic()
        for request, status in self._stage.rows(_OPEN):
            if status == "scheduled":
                self._stage.make_due(request)
        return not self._what_goes_on()

    def _what_goes_on(self) -> dict[str, list[str]]:
        found = self._stage.proof.going_on()
        if "database" not in found:
            found |= {"callbacks": [f"{request} {status}" for request, status in self._stage.rows(_OPEN)]}
            found |= self._stage.callback_proof.going_on()
        return {name: rows for name, rows in found.items() if rows}


def _judge(
    stage: CallbackStage,
    report: CallbackReport,
    before: int,
    before_in_line: int,
    told: dict[str, list[str]],
    forgiven: tuple[str, ...],
) -> None:
    for name, rows in {**stage.new_wrongs(), **stage.proof.contradictions()}.items():
        if name in forgiven:
            continue
        if new := sorted(set(rows) - set(told.get(name, []))):
            report.wrong.append(f"{name}: {new}")
    report.wrong += overtaken(stage.rows(PLACES, before_in_line), report.broken)
    try:
        eventually(lambda: not stage.left_at_the_carrier(), 40.0)
    except AssertionError:
        report.wrong.append(f"still at the carrier: {stage.left_at_the_carrier()}")
    endings = "SELECT end_reason, count(*) FROM callback WHERE id > %s AND ended_at IS NOT NULL GROUP BY 1"
    report.endings.update(dict(stage.rows(endings, before)))
    results = "SELECT result, count(*) FROM callback_attempt WHERE callback_id > %s GROUP BY 1"
    report.results.update({str(result): count for result, count in stage.rows(results, before)})
