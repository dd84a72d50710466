"""The wallboard's snapshot: today's sums and the present of every centre, and what of it somebody may see."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboards.call_counts import shanghai_day
from dashboards.provincial.alarms.keeping import open_alarms
from dashboards.provincial.alarms.rules import alarms_of
from dashboards.provincial.scope import cut
from dashboards.provincial.wall.rows import Row, WallRows, read_wall
from dashboards.provincial.wall.systems import SystemsWatch
from dashboards.provincial.wall.usual import HOURS, Usual, hour_of, read_usual
from integrations.work_calendar import in_shanghai
from ivr.service import Line
from queueing.agent import SIGNED_IN

Snapshot = dict[str, Any]
OWN, CITY = "own", "city"
# Handed on by the one that makes it, or made by whoever shows it because nothing is handed on.
RELAYED, DIRECT = "redis", "direct"


class Wall:
    """Makes snapshots. One a process, which keeps what changes slowly; thread-safe."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._systems = SystemsWatch(line)
        self._usual = Usual()
        self._usual_of: object = None
        self._lock = threading.Lock()

    def snapshot(self, now: datetime, built_at: datetime | None = None, relay: str = RELAYED) -> Snapshot:
        """All centres at this instant. `built_at`: when today's facts were last brought up to date, if known.

        Raises psycopg.Error and PoolTimeout; then there is no snapshot, and never a made-up one.
        """
        began = time.perf_counter()
        since, until = shanghai_day(now)
        usual, centres = self._usual_hours(now), list(self._line.keeper.library().centres)
        with self._line.services.database.pool.connection() as connection:
            rows = read_wall(connection, since, until, now)
            alarms = open_alarms(connection, centres)
        systems = self._systems.newest()
        built_at = max(filter(None, (built_at, rows.built_at)), default=None)
        return {
            "at": utc_text(now),
            "day": since.date().isoformat(),
            "is_demo": self._is_demo(usual),
            "relay": relay,
            "built_at": utc_text(built_at) if built_at else None,
            "figures_are_behind_seconds": None if built_at is None else _seconds(built_at, now),
            # The job that goes over whole days, without which ratings, cases, callbacks and yesterday stand still.
            "builder_silent_seconds": None if rows.any_built_at is None else _seconds(rows.any_built_at, now),
            "centres": {
                code: _centre(code, rows, systems.get(code, ()), self._is_open(code, now), now) for code in centres
            },
            "curve": {
                "today": curve_of(rows.curve, centres, in_shanghai(now).hour),
                "usual": {code: usual.hours[code] for code in centres if code in usual.hours},
            },
            "alarms": [_alarm(row) for row in alarms],
            "made_in_ms": round((time.perf_counter() - began) * 1000),
        }

    def _is_demo(self, usual: Usual) -> bool:
        settings = self._line.services.settings
        # While the history is being made up, and for cities that are played, too; and wherever such figures were left.
        return usual.has_demo or (settings.demo and settings.demo_history_days > 0)

    def _is_open(self, code: str, now: datetime) -> bool:
        return self._line.almanac.moment(code, now).hours.is_staffed

    def _usual_hours(self, now: datetime) -> Usual:
        with self._lock:
            # Where a centre has no usual day yet its history may be arriving just now.
            is_whole = len(self._usual.hours) >= len(self._line.keeper.library().centres)
            looked_at = (hour_of(now), None if is_whole else now.minute)
            if self._usual_of != looked_at:
                calendar = self._line.duty.board(now).calendar
                with self._line.services.database.pool.connection() as connection:
                    self._usual = read_usual(connection, in_shanghai(now).date(), calendar)
                self._usual_of = looked_at
            return self._usual


def cut_to(snapshot: Snapshot, centres: Sequence[str]) -> Snapshot:
    """What of a snapshot may be seen by whom these centres are open: the only place that decides it."""
    curves, alarms = snapshot["curve"], alarms_of(snapshot["alarms"], centres)
    return {
        **snapshot,
        "centres": cut(snapshot["centres"], centres),
        "curve": {name: cut(curve, centres) for name, curve in curves.items()},
        # That a system answers nobody is told without naming the others.
        "alarms": [{**one, "centres": [code for code in one["centres"] if code in centres]} for one in alarms],
    }


def curve_of(curve: Sequence[tuple[str, int, int]], centres: Collection[str], hour: int) -> dict[str, list[int | None]]:
    """Calls received by hour of today, 24 for each centre; None for hours that have not begun."""
    found: dict[str, list[int | None]] = {code: [0] * (hour + 1) + [None] * (HOURS - hour - 1) for code in centres}
    for code, at, received in curve:
        if code in found:
            found[code][at] = received
    return found


def utc_text(at: datetime) -> str:
    """An instant as the pages read it: `2026-11-22T02:20:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _centre(
    code: str, rows: WallRows, systems: Sequence[Mapping[str, str]], is_open: bool, now: datetime
) -> dict[str, Any]:
    city = rows.cities.get(code)
    newest_at = city["newest_at"] if city else now
    return {
        "sums": rows.sums.get(code, {}),
        "now": {**_now(code, rows, now), "is_open": is_open},
        "kind": CITY if city else OWN,
        "newest_at": utc_text(newest_at) if newest_at else None,
        "is_stale": city is not None and is_stale(city, now),
        "systems": list(systems),
    }


def _now(code: str, rows: WallRows, now: datetime) -> dict[str, Any]:
    line, cases = rows.line.get(code, {}), rows.cases.get(code, {})
    return {
        "on_line": rows.on_line.get(code, 0),
        "waiting": line.get("waiting", 0),
        "longest_wait_seconds": _seconds(line["oldest"], now) if line else 0,
        "callbacks_open": rows.callbacks.get(code, 0),
        "agents": {state: rows.seats.get((code, state), 0) for state in SIGNED_IN},
        **{name: cases.get(name, 0) for name in ("cases_due_today", "cases_overdue", "cases_active")},
    }


def is_stale(city: Row, now: datetime) -> bool:
    """Whether nothing new was told by a city's own system for longer than was agreed with it."""
    newest_at: datetime = city["newest_at"] or city["since"]
    return now - newest_at > timedelta(minutes=city["stale_minutes"])


def _alarm(row: Row) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "rule", "centre", "about", "severity", "words", "must_clear")},
        # Of the province: which centres it is about.
        "centres": row["detail"].get("centres", []),
        "began_at": utc_text(row["began_at"]),
        "is_over": row["ended_at"] is not None,
    }


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))
