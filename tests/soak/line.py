"""Random callers and random consultants on the line, while processes are killed and Redis is emptied.

At the end everything has settled, nothing contradicts itself, and nobody was overtaken. The same seed makes the same
people; what meets what in time is up to the machine.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from redis import RedisError

from tests.journeys.line_stage import SEATS, WUHU_NUMBER, LineStage
from tests.running import RunningHotline
from tests.soak.line_people import RandomCaller, RandomSeat
from tests.waiting import eventually

# By how often; the last ones end every call that is live, or stop everything for a while.
FAULTS = ("dispatcher",) * 4 + ("web process",) * 2 + ("flush",) * 2 + ("web", "worker", "streams", "valkey")
HARD_FAULTS = ("gateway", "postgres")
SETTLED_SECONDS = 60.0
# Keys pressed within the same moment may be committed either way round.
SAME_MOMENT = timedelta(seconds=1)
# A caller whom a killed process was about to put into the line, or to offer, is put back after a lease of 5 s, or found
# by the comparison with the rows every 10 s; meanwhile somebody else may be served.
HEALED = timedelta(seconds=20)
MOVES_AHEAD = {"slow", "returning", "missed_callback"}
# Those who are rung back, or come back, have a place from before and were not waiting all the time.
PLACES = """
SELECT entry.id, entry.centre, skill, language, arrived_at, entry.ended_at, rules, min(made_at)
FROM queue_entry AS entry LEFT JOIN offer ON entry_id = entry.id
WHERE entry.id > %s AND entry.kind = 'call' AND joined_at - arrived_at < interval '1 second' GROUP BY entry.id
"""


@dataclass
class LineReport:
    """What became of a run. `wrong` must be empty: each entry is a sentence."""

    seed: int
    callers: int = 0
    offers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    broken: list[tuple[datetime, datetime]] = field(default_factory=list)
    # Who waited in vain for a talk, or for its end, and what they heard last.
    tired: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        offers = ", ".join(f"{count} {status}" for status, count in self.offers.most_common())
        faults = ", ".join(self.faults)
        return (
            f"line seed {self.seed}: {self.callers} callers, {len(self.tired)} tired of waiting; {offers}; "
            f"killed: {faults}; {len(self.wrong)} wrong"
        )


def run_line_soak(
    hotline: RunningHotline, seed: int, callers: int, faults: int, at_once: int = 8, is_hard: bool = False
) -> LineReport:
    """So many callers, `at_once` together, served by three seats; `is_hard` also kills the gateway and the database."""
    chance, report = random.Random(seed), LineReport(seed)
    stage = LineStage(hotline, RandomSeat)
    before = stage.rows("SELECT coalesce(max(id), 0) FROM queue_entry")[0][0]
    told = stage.proof.contradictions()
    try:
        _open_seats(stage, chance)
        _let_them_ring(stage, chance, report, callers, _plan(chance, callers, faults, is_hard), at_once)
        _settle(stage, report)
        _judge(stage, report, before, told)
    finally:
        stage.close()
    return report


def _open_seats(stage: LineStage, chance: random.Random) -> None:
    for username in SEATS:
        seat = stage.seats.seat(username)
        assert isinstance(seat, RandomSeat)
        seat.go_online()
        seat.work(random.Random(chance.getrandbits(64)))


def _plan(chance: random.Random, callers: int, faults: int, is_hard: bool) -> list[tuple[int, str]]:
    """After how many ended calls which fault is due."""
    kinds = FAULTS + (HARD_FAULTS if is_hard else ())
    return sorted((chance.randrange(callers), chance.choice(kinds)) for _ in range(faults))


def _let_them_ring(
    stage: LineStage, chance: random.Random, report: LineReport, count: int, plan: list[tuple[int, str]], at_once: int
) -> None:
    everybody: list[RandomCaller] = []

    def go_on() -> bool:
        ended = sum(caller.state == "ended" for caller in everybody)
        while plan and plan[0][0] <= ended:
            report.faults.append(plan.pop(0)[1])
            began = datetime.now(UTC)
            _break(stage, report.faults[-1])
            report.broken.append((began, datetime.now(UTC) + HEALED))
        if len(everybody) < count and len(everybody) - ended < at_once:
            number, own = stage.callers.new_number(), random.Random(chance.getrandbits(64))
            everybody.append(stage.callers.let_ring(RandomCaller("caller", WUHU_NUMBER, number, chance=own)))
        return ended == count

    eventually(go_on, 60.0 + 5.0 * count)
    report.callers = count
    report.tired = [f"{caller.sid} {caller.heard[-3:]}" for caller in everybody if caller.is_tired]


def _break(stage: LineStage, what: str) -> None:
    """All of it comes back by itself, and may be away already."""
    breaks: dict[str, Callable[[], Any]] = {
        "web process": lambda: [process.kill() for process in stage.hotline.child("web").children()[:1]],
        "flush": stage.flush,
        "valkey": lambda: stage.server("valkey").kill(),
        "postgres": lambda: stage.server("postgres").kill(),
    }
    with suppress(psutil.Error, RedisError):
        breaks.get(what, lambda: stage.kill(what))()


def _settle(stage: LineStage, report: LineReport) -> None:
    """The consultants go home; nothing may be left."""
    for username in SEATS:
        seat = stage.seats.seat(username)
        assert isinstance(seat, RandomSeat)
        seat.stop_working()
    try:
        eventually(lambda: not stage.proof.going_on(), SETTLED_SECONDS)
    except AssertionError:
        report.wrong.append(f"still going on after {SETTLED_SECONDS} s: {stage.proof.going_on()}")
    for username in SEATS:
        if stage.state(stage.seats.seat(username)) != "logged_out":
            stage.seats.seat(username).act("sign-out")


def _judge(stage: LineStage, report: LineReport, before: int, told: dict[str, list[str]]) -> None:
    for name, rows in stage.proof.contradictions().items():
        if new := sorted(set(rows) - set(told.get(name, []))):
            report.wrong.append(f"{name}: {new}")
    report.wrong += overtaken(stage.rows(PLACES, before), report.broken)
    count = "SELECT status, count(*) FROM offer WHERE entry_id > %s GROUP BY 1"
    report.offers.update(dict(stage.rows(count, before)))


def overtaken(places: list[tuple[Any, ...]], broken: list[tuple[datetime, datetime]]) -> list[str]:
    """Each who came later, bore no rule, and was first offered earlier than somebody of the same line.

    Not while something is `broken`: from a fault until what it left undone has been found.
    """
    wrong = []
    for entry, *line, arrived, _, rules, offered in places:
        if offered is None or MOVES_AHEAD & set(rules) or any(since <= offered <= until for since, until in broken):
            continue
        for other, *other_line, before, ended, _, other_offered in places:
            is_earlier = line == other_line and before + SAME_MOMENT < arrived
            if is_earlier and _waited_at(offered, ended) and _waited_at(offered, other_offered):
                seconds = (arrived - before).total_seconds()
                wrong.append(f"{entry} was offered before {other}, who had come {seconds:.1f} s earlier")
    return wrong


def _waited_at(moment: datetime, until: datetime | None) -> bool:
    return until is None or moment < until
