"""`python app.py replay`: the year 2016 as a test of the whole, in virtual time. Needs no database and no Redis.

What is typed is read here, all mistakes at once; the days are played in as many processes as the machine has.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import date
from math import isfinite
from pathlib import Path
from random import Random
from typing import TypeVar

import yaml

from integrations.plain_yaml import load_yaml
from integrations.settings import PROJECT_DIR, Settings
from queueing.centre import parse_centres
from queueing.replay.picture import draw_replay
from queueing.replay.plan import Peak, Plan
from queueing.replay.report import assumptions, report
from queueing.replay.scenarios import FIGURES, PUBLISHED_RATE, Played, Replay, figure, play_job, replay
from queueing.replay.setting import ORDINARY_DAY, Setting, effective_problems, validate_plan

Value = TypeVar("Value")
# Whoever waits longer than this wants to know how far it is.
SAY_PROGRESS_AFTER = 2.0
# What is expected, said to whoever typed something else.
WHOLE, NUMBER, RANGE = "写一个整数", "写一个数，例如 0.5", "写成 240-300 的样子"
PEAKS = "写成 9-11:28,14-16:26 的样子，没有高峰写 none"


def run_replay_command(settings: Settings, arguments: argparse.Namespace) -> int:
    """Play, print, draw; 2 and sentences when something typed cannot be."""
    read = Reading(arguments)
    plan, compared, setting = read.plan(), read.compared(), read.setting(settings.config_dir)
    out = Path(arguments.out)
    if setting is not None:
        read.problems += validate_plan(plan, setting)
    for number in compared:
        read.problems += effective_problems("--compare", number, plan.consultants)
    if not out.parent.is_dir() or out.is_dir():
        read.problems.append(f"--out {out}：没有这个文件夹，或者它本身是文件夹")
    if read.problems or setting is None:
        print("\n".join(["这些选项不行：", *(f"  - {problem}" for problem in read.problems)]), file=sys.stderr)
        return 2
    found = play_all_days(plan, setting, compared)
    try:
        out.write_text(draw_replay(found), encoding="utf-8")
    except OSError as error:
        print(f"图存不到 {out}：{error.strerror}", file=sys.stderr)
        return 2
    print(as_json(found) if arguments.json else f"{report(found)}\n\n图：{out}")
    return 0


def play_all_days(plan: Plan, setting: Setting, compared: Sequence[float]) -> Replay:
    """The whole replay, on every processor, with progress when it takes long."""
    processes = min(os.cpu_count() or 1, plan.days)
    if processes == 1:
        return replay(plan, setting, compared, Random, lambda jobs: _with_progress(map(play_job, jobs), len(jobs)))
    with ProcessPoolExecutor(processes, initializer=_start_worker) as pool:
        return replay(plan, setting, compared, Random, lambda jobs: _with_progress(pool.map(play_job, jobs), len(jobs)))


def _start_worker() -> None:
    # Whoever interrupts interrupts the whole.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a day leaves behind is gone with the process.
    gc.disable()


def _with_progress(played: Iterator[list[Played]], count: int) -> Iterator[list[Played]]:
    began, is_told = time.monotonic(), False
    for n, each in enumerate(played, start=1):
        yield each
        if n < count and time.monotonic() - began > SAY_PROGRESS_AFTER:
            is_told = True
            print(f"\r重放 {n}/{count} 天…", end="", file=sys.stderr, flush=True)
    if is_told:
        print("\r" + " " * 24 + "\r", end="", file=sys.stderr, flush=True)


class Reading:
    """What was typed, as numbers; what cannot be read goes to `problems`, and the usual stands in for it."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self.problems: list[str] = []

    def plan(self) -> Plan:
        default = Plan()
        return Plan(
            calls=self._read("--calls", int, default.calls, WHOLE),
            wanting=self._read("--wanting", int, default.wanting, WHOLE),
            consultants=self._read("--consultants", int, default.consultants, WHOLE),
            effective=self._read("--effective", _number, default.effective, NUMBER),
            patience=self._read("--patience", _number, default.patience, NUMBER),
            talk=self._read("--talk", _range, default.talk, RANGE),
            pick_up=self._read("--pick-up", _range, default.pick_up, RANGE),
            redial=self._read("--redial", _number, default.redial, NUMBER),
            redial_within=self._read("--redial-within", _minutes, default.redial_within, NUMBER),
            accept=self._read("--accept", _number, default.accept, NUMBER),
            slot=self._read("--slot", _number, default.slot, NUMBER),
            reached=self._read("--reached", _number, default.reached, NUMBER),
            peaks=self._read("--peaks", _peaks, default.peaks, PEAKS),
            days=self._read("--days", int, default.days, WHOLE),
            seed=self._read("--seed", int, default.seed, WHOLE),
        )

    def compared(self) -> list[float]:
        """Numbers at work that are played beside the one the report is about."""
        return self._read("--compare", _numbers, [], "写成 3,3.5,4 的样子")

    def setting(self, config_dir: Path | None) -> Setting | None:
        """The centre's rules as configured; its own file comes before the shipped one."""
        first_day = self._read("--date", date.fromisoformat, ORDINARY_DAY, "写成 2016-03-15 的样子")
        own = config_dir / "centres.yaml" if config_dir else None
        path = own if own and own.exists() else PROJECT_DIR / "queueing" / "centres.yaml"
        try:
            centres, problems = parse_centres(load_yaml(path.read_text(encoding="utf-8")), path.name)
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            centres, problems = {}, [f"{path} 读不出来，用 app.py menu check 看哪里不对"]
        self.problems += problems
        centre = centres.get(self._arguments.centre)
        if centre is None:
            self.problems += [] if problems else [f"--centre {self._arguments.centre}：没有这个中心"]
            return None
        return Setting(
            centre.code, centre.short_name, centre.hours, centre.queue, centre.callbacks, first_day=first_day
        )

    def _read(self, name: str, convert: Callable[[str], Value], instead: Value, expected: str) -> Value:
        text = getattr(self._arguments, name[2:].replace("-", "_"))
        try:
            return convert(text)
        except ValueError:
            self.problems.append(f"{name} {text}：请{expected}")
            return instead


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _minutes(text: str) -> float:
    """Seconds, of minutes."""
    return 60 * _number(text)


def _numbers(text: str) -> list[float]:
    return [_number(part) for part in text.split(",")]


def _range(text: str) -> tuple[float, float]:
    first, last = text.split("-")
    return _number(first), _number(last)


def _peaks(text: str) -> tuple[Peak, ...]:
    if text == "none":
        return ()
    peaks = []
    for part in text.split(","):
        hours, percent = part.split(":")
        peaks.append(Peak(*_range(hours), _number(percent) / 100))
    return tuple(peaks)


def as_json(found: Replay) -> str:
    """Everything that is told, for a program: each figure of each scenario with its mean and spread over the days."""
    scenarios = [
        {
            **asdict(result.scenario),
            "figures": {name: figure(result, name)._asdict() for name in FIGURES},
            "quarters": asdict(result.quarters),
        }
        for result in found.results
    ]
    told = {
        "centre": found.setting.code,
        "plan": asdict(found.plan),
        "people": found.people,
        "published_connection_rate": PUBLISHED_RATE,
        "assumptions": assumptions(found),
        "scenarios": scenarios,
    }
    return json.dumps(told, ensure_ascii=False, indent=1)
