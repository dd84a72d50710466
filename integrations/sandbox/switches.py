"""Switches: how each business system misbehaves at the moment.

| mode | what a client meets |
|---|---|
| normal | the honest answer |
| slow | the thing is done at once, the answer comes `ms` milliseconds later |
| hang | nothing is done and nothing comes, until the switch is turned or the client leaves |
| down | the connection is reset without an answer (RST) |
| error | HTTP 500 with an HTML page |
| wrong | an answer of the wrong kind, by `twist` |
| half | the headers and half of the body, then the connection is cut |
| lost | the thing is done, then the connection is cut without an answer |
| random | each request with probability `p` meets one of the others but hang |

`times` limits a switch to the next so many requests, `operation` to one operation. Twists of `wrong`: broken (not
parseable), html (an HTML page with status 200), empty (no body), types (readable, wrong types inside), other (about
another person), and for the medical system zero (a success whose figures are all defaults, as while its core is down).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

NORMAL, SLOW, HANG, DOWN, ERROR = "normal", "slow", "hang", "down", "error"
WRONG, HALF, LOST, RANDOM = "wrong", "half", "lost", "random"
MODES = (NORMAL, SLOW, HANG, DOWN, ERROR, WRONG, HALF, LOST, RANDOM)
BY_CHANCE = (SLOW, DOWN, ERROR, WRONG, HALF, LOST)
# The door's own, whatever the system; the others are the system's.
RAW_TWISTS = ("broken", "html", "empty")
CONTENT_TWISTS = ("types", "other", "zero")
TWISTS = (*RAW_TWISTS, *CONTENT_TWISTS)
DEFAULT_MS, LONGEST_MS = 3000, 600_000
TWIST_BY_CHANCE = (*RAW_TWISTS, "types")


class BadSwitch(Exception):
    """A switch that does not exist; the text is Chinese, for whoever turned it."""


@dataclass(frozen=True, slots=True)
class Switch:
    """How one system misbehaves. `times` None is until further notice, `operation` "" is every one."""

    mode: str = NORMAL
    ms: int = DEFAULT_MS
    p: float = 0.5
    twist: str = "broken"
    times: int | None = None
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What one request meets."""

    mode: str
    ms: int = 0
    twist: str = ""


NO_FAULT = Fault(NORMAL)


class Switches:
    """The switches of all systems; they are turned and read on one event loop."""

    def __init__(self, systems: Iterable[str], seed: int = 0) -> None:
        self._switches = {name: Switch() for name in systems}
        self._turned = {name: asyncio.Event() for name in self._switches}
        self._chance = Random(seed)

    @property
    def state(self) -> dict[str, Switch]:
        """How every system stands, by name."""
        return dict(self._switches)

    def turn(self, system: str, switch: Switch) -> None:
        """From now on. Requests that hang are let go. Raises BadSwitch."""
        _check(system, switch, self._switches)
        self._switches[system] = switch
        self._turned[system].set()
        self._turned[system] = asyncio.Event()

    def reset(self) -> None:
        """Everything normal."""
        for system in self._switches:
            self.turn(system, Switch())

    def take(self, system: str, operation: str) -> Fault:
        """What the request that has just come meets; counts it against `times`."""
        switch = self._switches[system]
        if switch.mode == NORMAL or switch.operation not in ("", operation):
            return NO_FAULT
        if switch.times is not None:
            left = switch.times - 1
            self._switches[system] = replace(switch, times=left) if left > 0 else Switch()
        if switch.mode != RANDOM:
            return Fault(switch.mode, switch.ms, switch.twist)
        if self._chance.random() >= switch.p:
            return NO_FAULT
        return Fault(self._chance.choice(BY_CHANCE), switch.ms, self._chance.choice(TWIST_BY_CHANCE))

    async def until_turned(self, system: str) -> None:
        """Return when the system's switch is turned next."""
        await self._turned[system].wait()


def _check(system: str, switch: Switch, known: dict[str, Switch]) -> None:
    if system not in known:
        raise BadSwitch(f"没有这个系统：{system}（有 {'、'.join(known)}）")
    if switch.mode not in MODES:
        raise BadSwitch(f"没有这个状态：{switch.mode}（有 {'、'.join(MODES)}）")
    if switch.twist not in TWISTS:
        raise BadSwitch(f"没有这种错法：{switch.twist}（有 {'、'.join(TWISTS)}）")
    if not 0 <= switch.ms <= LONGEST_MS:
        raise BadSwitch(f"毫秒数应为 0 到 {LONGEST_MS}")
    if not 0 <= switch.p <= 1:
        raise BadSwitch("概率应为 0 到 1")
    if switch.times is not None and switch.times < 1:
        raise BadSwitch("次数应为 1 以上")
