"""The figures of the supervisors' page, from the rows of one look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dashboards.console.case_board_rows import Board, Due, Row
from dashboards.console.case_figures import MONTH, WEEK, OnTime, total
from integrations.work_calendar import in_shanghai
from ivr.library import Library

COUNTS = ("active", "owned", "unowned", "handed", "due_today", "overdue", "with_province", "to_decide")
SUMS = (*COUNTS, "to_clear", "late_list")
Figures = dict[str, Any]


def centre_figures(code: str, board: Board) -> Figures:
    """One centre's counts now, and its on-time rate of the last 7 and 30 days."""
    counts, clear = board.counts.get(code, {}), board.to_clear.get(code, {})
    own = [part for part in board.due if part.centre == code]
    return {
        "code": code,
        **{name: counts.get(name, 0) for name in COUNTS},
        "to_clear": clear.get("to_clear", 0),
        # Late ones, and those answered since that nobody has explained: both are on the list.
        "late_list": counts.get("overdue", 0) + clear.get("besides", 0),
        **_rates(own, board.now),
    }


def figures_together(figures: Sequence[Figures]) -> Figures:
    """All centres as if they were one: counts are added, rates come from the counts."""
    sums: Figures = {name: sum(one[name] for one in figures) for name in SUMS}
    for period in ("week", "month"):
        parts = [OnTime(one[period]["due"], one[period]["in_time"]) for one in figures]
        sums[period] = rate_json(total(parts))
    return sums


def named_centres(figures: Iterable[Figures], library: Library) -> list[Figures]:
    """The centres with their names, the one with most overdue cases first; equals in the province's order."""
    named = [{**one, "name": library.centre(one["code"]).short_name} for one in figures]
    return sorted(named, key=lambda one: (-one["overdue"], -one["to_clear"]))


def person_json(row: Row, board: Board, library: Library) -> Figures:
    """One consultant: what they have, their on-time rate of the last 30 days, and who stands in for them."""
    own = (part.figures for part in board.due if part.owner_id == row["id"])
    until = row["deputy_until"]
    deputy = {
        "id": row["deputy_id"],
        "name": f"{row['deputy_number']}{row['deputy_name']}",
        "until": until.isoformat() if until else None,
    }
    return {
        "id": row["id"],
        "name": f"{row['number']}{row['name']}",
        "centre": row["centre"],
        "centre_name": library.centre(row["centre"]).short_name,
        "is_active": row["is_active"],
        "owned": row["owned"],
        "due_today": row["due_today"],
        "overdue": row["overdue"],
        "month": rate_json(total(own)),
        "deputy": deputy if row["deputy_id"] else None,
    }


def by_day(parts: Iterable[Due], now: datetime, days: int = MONTH) -> list[dict[str, Any]]:
    """Every one of the last days, the oldest first, with what was due, in time and late; today's until now."""
    today = in_shanghai(now).date()
    sums: dict[date, OnTime] = {}
    for part in parts:
        sums[part.day] = sums.get(part.day, OnTime()) + part.figures
    asked = (today - timedelta(days=back) for back in range(days - 1, -1, -1))
    return [{"day": day.isoformat(), **_counts(sums.get(day, OnTime()))} for day in asked]


def rate_json(figures: OnTime) -> dict[str, Any]:
    """The rate with its two counts; None as the rate when nothing was due."""
    return {**_counts(figures), "rate": figures.rate}


def _rates(parts: Sequence[Due], now: datetime) -> Mapping[str, Any]:
    first_of_week = in_shanghai(now).date() - timedelta(days=WEEK - 1)
    week = total(part.figures for part in parts if part.day >= first_of_week)
    return {"week": rate_json(week), "month": rate_json(total(part.figures for part in parts))}


def _counts(figures: OnTime) -> dict[str, int]:
    return {"due": figures.due, "in_time": figures.in_time, "late": figures.late}
