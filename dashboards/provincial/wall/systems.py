"""The business systems on the wallboard: how each is for each centre, looked at beside the snapshots.

A system may take seconds to answer, which no snapshot waits for: they show what was seen last.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from dashboards.systems_words import KIND_NAMES, STATES
from integrations.social_insurance.contract import Kind
from integrations.social_insurance.health import SystemHealth
from integrations.social_insurance.systems_file import NotConnected
from ivr.service import Line

log = structlog.get_logger(__name__)
LOOK_SECONDS = 15.0
# Of the questions that a system was asked lately, so many took so long, or too long: it is slow.
LATELY = timedelta(minutes=10)
SLOW_MS, SLOW_SHARE, ENOUGH_QUESTIONS = 3000, 1 / 3, 5

UP, SLOW, DOWN, HALF_OPEN, ABSENT = "up", "slow", "down", "half_open", "absent"
SLOW_ZH, ABSENT_ZH = "太慢", "没接通"
# A resting one is tried by the next question; a half-connected one is asked by nobody; one not looked at is not shown.
_SHOWN = {"up": UP, "down": DOWN, "resting": HALF_OPEN, "half": ABSENT}

_SLOW = """
SELECT system FROM look_up_audit WHERE at >= %(since)s AND result IS NOT NULL GROUP BY system
HAVING count(*) >= %(enough)s
   AND count(*) FILTER (WHERE milliseconds >= %(slow)s OR reason = 'slow') >= %(share)s * count(*)
"""
Systems = Mapping[str, Sequence[Mapping[str, str]]]


class SystemsWatch:
    """What was seen of the systems last. One a process; thread-safe."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._clock = line, clock
        self._alone = threading.Lock()
        self._looked_at = float("-inf")
        self._seen: Systems = {}

    def newest(self) -> Systems:
        """By centre; nothing before the first look has ended. A look that is due begins in a thread of its own."""
        if self._clock() - self._looked_at >= LOOK_SECONDS and self._alone.acquire(blocking=False):
            self._looked_at = self._clock()
            threading.Thread(target=self._look, name="systems", daemon=True).start()
        return self._seen

    def _look(self) -> None:
        try:
            self._seen = look_at_systems(self._line)
        except Exception as error:
            # What was seen before must not pass for the present.
            self._seen = {}
            log.warning("systems_not_looked_at", error=type(error).__name__)
        finally:
            self._alone.release()


def look_at_systems(line: Line) -> dict[str, list[dict[str, str]]]:
    """How the systems are for every centre, within about three seconds."""
    centres, registry = line.keeper.library().centres, line.services.social_insurance
    health, slow = registry.health(centres), _slow(line)
    found: dict[str, list[dict[str, str]]] = {code: [] for code in centres}
    kinds = [kind.value for kind in Kind]
    for system in health:
        for centre, what in system.answers:
            if what in kinds and (state := _state(system, slow)):
                words = SLOW_ZH if state == SLOW else STATES[system.state][0]
                found[centre].append(_json(what, system.label, state, words, system.sentence))
    for centre, systems in found.items():
        for kind in Kind:
            who = registry.for_centre(centre, kind)
            if isinstance(who, NotConnected) and all(one["kind"] != kind.value for one in systems):
                systems.append(_json(kind.value, "", ABSENT, ABSENT_ZH, who.reason))
    return {centre: sorted(systems, key=lambda one: kinds.index(one["kind"])) for centre, systems in found.items()}


def _state(system: SystemHealth, slow: frozenset[str]) -> str | None:
    state = _SHOWN.get(system.state)
    return SLOW if state == UP and system.name in slow else state


def _json(kind: str, name: str, state: str, words: str, sentence: str) -> dict[str, str]:
    return {
        "kind": kind,
        "kind_zh": KIND_NAMES[kind],
        "name": name or KIND_NAMES[kind],
        "state": state,
        "state_zh": words,
        "sentence": sentence,
    }


def _slow(line: Line) -> frozenset[str]:
    values: dict[str, Any] = {"since": line.services.now() - LATELY, "enough": ENOUGH_QUESTIONS}
    values |= {"slow": SLOW_MS, "share": SLOW_SHARE}
    with suppress(psycopg.OperationalError, PoolTimeout), line.services.database.pool.connection() as connection:
        return frozenset(row[0] for row in connection.execute(_SLOW, values).fetchall())
    return frozenset()
