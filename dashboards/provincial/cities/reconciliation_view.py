"""The reconciliation as JSON: each city's last days in a row, one day measure by measure, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dashboards.console.errors import Refused
from dashboards.provincial.cities.reconciliation import DAYS, Listed, read_days, read_listed
from dashboards.provincial.cities.reconciliation_rules import NO_TOTAL, Day, in_order, place_of, state_of
from dashboards.provincial.cities.words import DAYS as DAY_STATES
from dashboards.provincial.cities.words import measure_name, state_json
from integrations.work_calendar import in_shanghai
from ivr.service import Line

NO_SUCH_DAY = "没有这一天的核对，请看页面上最新的情况。"
Json = dict[str, Any]


class ReconciliationView:
    """Builds the JSON. Shared by all threads."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def look(self, days: Sequence[Day], listed: Sequence[Listed], now: datetime) -> Json:
        """The last days of every city, and the list of what differs, the newest day first."""
        today = in_shanghai(now).date()
        shown = [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
        of_day: dict[tuple[str, date], list[Listed]] = {}
        for one in listed:
            of_day.setdefault((one.centre, one.day), []).append(one)
        cells: dict[str, dict[date, Json]] = {}
        for day in days:
            cells.setdefault(day.centre, {})[day.day] = _cell(day, of_day.get((day.centre, day.day), []))
        return {
            "days": [day.isoformat() for day in shown],
            "reconciled": [self._city(code, [found.get(day) for day in shown]) for code, found in cells.items()],
            "differences": [self._differing(centre, day, rows) for (centre, day), rows in of_day.items()],
        }

    def day(self, centre: str, day: date) -> Json:
        """One day of one centre, measure by measure. Raises Refused (404) for a day that is not looked at."""
        services = self._line.services
        with services.database.pool.connection() as connection:
            found = [one for one in read_days(connection, services.now(), centres=(centre,)) if one.day == day]
            listed = [one for one in read_listed(connection, (centre,)) if one.day == day]
        if not found:
            raise Refused(404, NO_SUCH_DAY)
        named = {"id": f"{centre}-{day.isoformat()}", "centre": centre, "centre_name": self._name(centre)}
        measures = _measures(found[0], {one.measure for one in listed})
        return {**_cell(found[0], listed), **named, "measures": measures, "rows": _differences(listed)}

    def _city(self, centre: str, cells: list[Json | None]) -> Json:
        without = sum(cell is not None and cell["state"] == NO_TOTAL for cell in cells)
        return {"id": centre, "name": self._name(centre), "cells": cells, "without_total": without}

    def _differing(self, centre: str, day: date, rows: Sequence[Listed]) -> Json:
        return {
            "id": f"{centre}-{day.isoformat()}",
            "centre": centre,
            "centre_name": self._name(centre),
            "day": day.isoformat(),
            "found_at": min(one.found_at for one in rows).isoformat(),
            "is_explained": all(one.is_explained for one in rows),
            "rows": _differences(rows),
        }

    def _name(self, centre: str) -> str:
        return self._line.keeper.library().centre(centre).short_name


def _cell(day: Day, listed: Sequence[Listed]) -> Json:
    state = state_of(day, sum(not one.is_explained for one in listed), len(listed))
    return {
        "day": day.day.isoformat(),
        "state": state,
        **state_json(DAY_STATES[state]),
        "claimed": (day.claimed or {}).get("received"),
        "arrived": day.arrived.get("received", 0),
    }


def _measures(day: Day, listed: set[str]) -> list[Json]:
    told = day.claimed
    came = {name: number for name, number in day.arrived.items() if number}
    return [
        {
            "key": name,
            "name": measure_name(name),
            "claimed": told[name] if told is not None else None,
            "arrived": day.arrived.get(name, 0),
            "is_listed": name in listed,
        }
        for name in in_order(came if told is None else told)
    ]


def _differences(rows: Sequence[Listed]) -> list[Json]:
    return [_difference(one) for one in sorted(rows, key=lambda one: place_of(one.measure))]


def _difference(row: Listed) -> Json:
    return {
        "id": row.id,
        "name": measure_name(row.measure),
        "claimed": row.claimed,
        "arrived": row.arrived,
        "is_explained": row.is_explained,
        "explanation": row.explanation or "",
        "explained_by": row.explained_by or "",
        "explained_at": row.explained_at.isoformat() if row.explained_at else None,
    }
