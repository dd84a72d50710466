"""What the server says on the page of figures in these tests: made-up sums, put together by its own pure rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache

from dashboards.metrics import FIGURES, figure_json
from dashboards.provincial.explore.parts import (
    add_up,
    all_values,
    breakdown,
    grain_of,
    heat,
    midnight,
    ranking,
    trend,
    waits,
)
from dashboards.provincial.explore.query import Query
from dashboards.provincial.measures import CHANNELS_ZH, LEFT_WAITS, SERVED_WAITS, WAIT_BOUNDS
from dashboards.provincial.periods import COMPARISONS_ZH, NAMED, NOTHING, Period, period_words
from integrations.work_calendar import SHANGHAI
from ivr.outcome import NAMES_ZH
from tests.dashboards.console_front.samples import Json

TODAY = date(2026, 11, 20)
NOW = datetime.combine(TODAY, time(15, 20), SHANGHAI)
NAMES = {
    "340000": "省本级", "340100": "合肥", "340200": "芜湖", "340300": "蚌埠", "340400": "淮南", "340500": "马鞍山",
    "340600": "淮北", "340700": "铜陵", "340800": "安庆", "341000": "黄山", "341100": "滁州", "341200": "阜阳",
    "341300": "宿州", "341500": "六安", "341600": "亳州", "341700": "池州", "341800": "宣城",
}  # fmt: skip
SIZES = dict(zip(NAMES, (40, 160, 70, 45, 38, 42, 30, 24, 52, 3, 55, 60, 44, 48, 46, 22, 36), strict=True))
GROUPS: list[Json] = [
    {"key": "pension", "name": "养老保险", "subjects": [
        {"key": "pension-retirement", "name": "退休年龄和办理退休"},
        {"key": "pension-benefit", "name": "养老金发放和计算"},
        {"key": "pension-transfer", "name": "养老关系转移接续"}]},
    {"key": "card", "name": "社会保障卡", "subjects": [
        {"key": "card-loss", "name": "挂失和解除挂失"}, {"key": "card-apply", "name": "申领和制卡进度"}]},
    {"key": "labour", "name": "劳动关系", "subjects": [
        {"key": "labour-wage", "name": "拖欠工资"}, {"key": "labour-injury", "name": "工伤认定"}]},
    {"key": "none", "name": "没有记下主题", "subjects": []},
]  # fmt: skip
SHAPE = {9: 1.5, 10: 1.7, 11: 1.2, 12: 0.4, 13: 0.4, 14: 1.3, 15: 1.5, 16: 1.2, 17: 0.8}


def config(centres: Iterable[str] | None = None) -> Json:
    """What the page is told once; one centre for a city's own people."""
    periods = [
        {"key": key, "name": name, "since": find(TODAY).first.isoformat(), "until": find(TODAY).last.isoformat()}
        for key, (name, find) in NAMED.items()
    ]
    return {
        "today": TODAY.isoformat(),
        "figures": [figure_json(figure) for figure in FIGURES.values()],
        "centres": listed({code: NAMES[code] for code in centres or NAMES}),
        "subjects": GROUPS, "channels": listed(CHANNELS_ZH),
        "outcomes": listed({**NAMES_ZH, "in_progress": "还没挂断"}),
        "periods": periods, "comparisons": listed(COMPARISONS_ZH), "wait_bounds": list(WAIT_BOUNDS), "small_sample": 30,
        "defaults": {
            "since": "2026-10-22", "until": "2026-11-20", "centres": [], "subjects": [], "channels": [],
            "figure": "connection_rate", "compare": NOTHING,
        },
    }  # fmt: skip


def listed(names: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "name": name} for key, name in names.items()]


def sums_of(size: float, hour: int, day: date) -> dict[str, int]:
    """An hour of a centre, believable, and always the same."""
    weekend = 0.15 if day.weekday() > 4 else 1.0
    wave = 1 + 0.18 * math.sin(day.toordinal() * 1.7 + hour)
    received = round(size * weekend * wave * SHAPE.get(hour, 0.06) * (1.2 if day.weekday() == 0 else 1))
    if not received:
        return {}
    asked = round(received * (0.75 if hour in SHAPE else 0.1))
    share = 0.9 - 0.2 * min(1.0, SHAPE.get(hour, 0) / 1.7) + 0.05 * math.sin(day.toordinal())
    answered, self_served = round(asked * share), round(received * 0.18)
    left, short = round((asked - answered) * 0.8), round((asked - answered) * 0.15)
    late = received - answered - self_served - left - short if hour not in SHAPE else 0
    menu = received - answered - self_served - left - short - late
    rated, cases = round(answered * 0.4), received // 40
    served = _spread(answered, (0.42, 0.2, 0.13, 0.1, 0.08, 0.05, 0.015, 0.005))
    return {
        "received": received, "answered": answered, "self_served": self_served, "abandoned_in_queue": left,
        "short_abandon": short, "abandoned_in_menu": menu, "after_hours": late, "asked_human": asked,
        "offered": asked - short, "answered_15": served[0] + served[1], "answer_wait_seconds": answered * 38,
        **dict(zip(SERVED_WAITS, served, strict=True)),
        **dict(zip(LEFT_WAITS, _spread(left, (0.05, 0.1, 0.2, 0.25, 0.2, 0.12, 0.05, 0.03)), strict=True)),
        "legs": answered, "talk_seconds": answered * 162, "hold_seconds": answered * 9,
        "wrap_up_seconds": answered * 31,
        "handling_seconds": answered * 202, "available_seconds": answered * 60, "surveyed": answered,
        "score_1": round(rated * 0.7), "score_2": round(rated * 0.2), "score_4": rated // 14, "score_5": rated // 30,
        "fcr_base": answered, "fcr_resolved": round(answered * 0.83), "cases_opened": cases, "cases_replied": cases,
        "cases_resolved": round(cases * 0.9), "cases_due": cases, "cases_in_time": round(cases * 0.93),
        "callbacks_asked": received // 30, "callbacks_ended": received // 30, "callbacks_reached": received // 36,
        "callbacks_due": received // 30, "callbacks_in_time": received // 40,
    }  # fmt: skip


def answer(query: Query, is_demo: bool, is_empty: bool = False) -> Json:
    """The whole page for a question."""
    figure, before = FIGURES[query.figure], query.compared
    codes = query.centres or tuple(NAMES)
    now_rows = {} if is_empty else by_centre(codes, query.period)
    rows_before = by_centre(codes, before) if before else None
    sums, grain = add_up(now_rows.values()), grain_of(query.period)
    subjects = {one["key"]: one["name"] for group in GROUPS for one in group["subjects"] or [group]}
    parts = {key: _scaled(sums, 0.3 / (n + 1)) for n, key in enumerate(subjects)}
    return {
        "query": query.address(), "asked": query.fields(), "period": period_words(query.period),
        "compared_period": period_words(before) if before else None, "figure": query.figure,
        "sources": [] if is_empty else ["own", "demo"], "is_demo": is_demo, "is_empty": is_empty,
        "totals": all_values(sums),
        "compared_totals": all_values(add_up(rows_before.values())) if rows_before else None,
        "ranking": ranking(figure, now_rows, {code: NAMES[code] for code in codes}, rows_before),
        "trend_grain": grain, "trend": trend(figure, by_hour(codes, query.period), query.period, grain, NOW),
        "compared_trend": trend(figure, by_hour(codes, before), before, grain, NOW) if before else None,
        "heat": heat(figure, by_cell(codes, query.period)), "waits": waits(sums),
        "by_subject": [{**row, "group": ""} for row in breakdown(figure, parts, subjects)] if figure.by_subject else [],
        "by_channel": breakdown(figure, {"phone": sums, "web": _scaled(sums, 0.1)}, CHANNELS_ZH),
        "callbacks": {key: one for key, one in all_values(sums).items() if FIGURES[key].group == "callbacks"},
    }  # fmt: skip


@cache
def by_centre(codes: tuple[str, ...], period: Period) -> dict[str, dict[str, int]]:
    return {code: add_up(sums_of(SIZES[code], at.hour, at.date()) for at in hours(period)) for code in codes}


@cache
def by_hour(codes: tuple[str, ...], period: Period) -> dict[datetime, Mapping[str, int]]:
    size = sum(SIZES[code] for code in codes)
    return {at: found for at in hours(period) if (found := sums_of(size, at.hour, at.date()))}


@cache
def by_cell(codes: tuple[str, ...], period: Period) -> dict[tuple[int, int], dict[str, int]]:
    cells: dict[tuple[int, int], dict[str, int]] = {}
    for at, found in by_hour(codes, period).items():
        place = (at.weekday(), at.hour)
        cells[place] = add_up([cells.get(place, {}), found])
    return cells


def hours(period: Period) -> Iterator[datetime]:
    at = midnight(period.first)
    while at < min(midnight(period.after), NOW):
        yield at
        at += timedelta(hours=1)


def calls(after: str, outcome: str) -> Json:
    """Two pages of single calls."""
    begun = datetime.combine(TODAY, time(11, 40), SHANGHAI)
    ends = [outcome] if outcome else ["answered", "self_served", "abandoned_in_queue", "voicemail"]
    first = 50 if after else 0
    rows = [
        {
            "id": f"CA{n:032d}", "source": "own", "href": f"/province/calls/CA{n:032d}",
            "started_at": (begun - timedelta(minutes=7 * n)).isoformat(), "ended_at": None,
            "seconds": 40 + 13 * (n % 9),
            "centre": "340100", "centre_name": "合肥", "last_centre_name": "省本级" if n % 7 == 3 else "合肥",
            "outcome": ends[n % len(ends)], "outcome_zh": NAMES_ZH[ends[n % len(ends)]], "subject": "card-loss",
            "subject_zh": "社会保障卡：挂失和解除挂失" if n % 3 else "", "channel_zh": "电话",
            "caller": f"尾号{1000 + n}",
        }
        for n in range(first, first + (12 if after else 50))
    ]  # fmt: skip
    return {"rows": rows, "next": None if after else "page-2", "note": ""}


def _spread(number: int, shares: tuple[float, ...]) -> list[int]:
    parts = [round(number * share) for share in shares]
    return [max(0, number - sum(parts[1:])), *parts[1:]]


def _scaled(sums: Mapping[str, int], share: float) -> dict[str, int]:
    return {name: round(number * share) for name, number in sums.items()}
