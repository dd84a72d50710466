"""A believable working day of the province on the wallboard."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from dashboards.metrics import FIGURES, figure_json
from dashboards.provincial.wall.words import DEFINITIONS
from integrations.work_calendar import in_shanghai
from tests.dashboards.console_front.samples import Json

# Name, how large, share connected; the province's own desk first.
CENTRES = {
    "340000": ("省本级", 1.6, 0.71),
    "340100": ("合肥", 3.4, 0.94),
    "340200": ("芜湖", 1.4, 0.88),
    "340300": ("蚌埠", 1.1, 0.91),
    "340400": ("淮南", 0.9, 0.83),
    "340500": ("马鞍山", 0.8, 0.96),
    "340600": ("淮北", 0.6, 0.79),
    "340700": ("铜陵", 0.4, 0.92),
    "340800": ("安庆", 1.3, 0.86),
    "341000": ("黄山", 0.4, 0.95),
    "341100": ("滁州", 1.2, 0.9),
    "341200": ("阜阳", 1.9, 0.74),
    "341300": ("宿州", 1.3, 0.81),
    "341500": ("六安", 1.2, 0.87),
    "341600": ("亳州", 1.1, 0.77),
    "341700": ("池州", 0.4, 0.93),
    "341800": ("宣城", 0.7, 0.89),
}
CITY_SYSTEMS = ("340200", "341200")
UNKNOWN = "341700"
HOURS = (2, 1, 1, 1, 1, 2, 6, 18, 70, 120, 118, 84, 40, 48, 104, 112, 86, 44, 18, 14, 12, 9, 6, 3)
KINDS = {"pension": "养老", "medical": "医保", "card": "社保卡"}
STATES = {"up": "正常", "slow": "太慢", "down": "连不上", "half_open": "接了一半", "absent": "没接通"}


def config(stream_url: str, centres: tuple[str, ...] = tuple(CENTRES)) -> Json:
    """What the page is told once."""
    return {
        "stream_url": stream_url,
        "figures": [figure_json(figure) for figure in FIGURES.values()],
        "centres": [{"code": code, "name": CENTRES[code][0], "short_name": CENTRES[code][0]} for code in centres],
        "definitions": DEFINITIONS,
        "is_demo": True,
        "can_see_all": len(centres) > 1,
    }


def snapshot(at: datetime | None = None, centres: tuple[str, ...] = tuple(CENTRES)) -> Json:
    """All of it at that instant, now when none is given."""
    at = at or datetime.now(UTC)
    hour, minute = in_shanghai(at).hour, in_shanghai(at).minute
    return {
        "at": at.isoformat(),
        "day": "2026-11-23",
        "is_demo": True,
        "relay": "redis",
        "figures_are_behind_seconds": 1,
        "made_in_ms": 9,
        "centres": {code: _centre(code, at, hour, minute) for code in centres},
        "curve": {
            "today": {code: _today(code, hour, minute) for code in centres},
            "usual": {code: [round(n * CENTRES[code][1] * 0.93, 1) for n in HOURS] for code in centres},
        },
        "alarms": [alarm for alarm in alarms(at) if alarm["centre"] is None or alarm["centre"] in centres],
    }


def alarms(at: datetime) -> list[Json]:
    """The newest first."""
    told = (
        (7, "connector_down", "341300", "urgent", "社保卡系统连不上，来电人查不到办卡进度。", 4),
        (6, "stale", "341200", "urgent", "42分钟没有送来新的数据。", 42),
        (5, "line_too_long", "340000", "urgent", "9个人在排队，最长等了6分12秒。", 3),
        (4, "overdue_cases", "340600", "warning", "3件办件已经超期，没有写原因。", 95),
        (3, "abandonment", "341600", "warning", "最近一小时排队放弃率 24.1%，应接 58 个。", 18),
        (2, "identity", None, "warning", "13时的账和运营商的清单差 2 个来电。", 80),
    )
    return [
        {
            "id": id,
            "rule": rule,
            "centre": centre,
            "about": "",
            "severity": severity,
            "words": words,
            "began_at": (at - timedelta(minutes=ago)).isoformat(),
            "is_over": rule == "identity",
            "must_clear": rule == "identity",
        }
        for id, rule, centre, severity, words, ago in told
    ]


def _centre(code: str, at: datetime, hour: int, minute: int) -> Json:
    is_city, is_stale = code in CITY_SYSTEMS, code == "341200"
    newest = at - timedelta(minutes=42 if is_stale else 0, seconds=20 if is_city else 0)
    return {
        "sums": {} if code == UNKNOWN else _sums(code, hour, minute),
        "now": _now(code, is_city),
        "kind": "city" if is_city or code == UNKNOWN else "own",
        "newest_at": None if code == UNKNOWN else newest.isoformat(),
        "is_stale": is_stale or code == UNKNOWN,
        "systems": [] if is_city else [_system(code, kind) for kind in KINDS],
    }


def _today(code: str, hour: int, minute: int) -> list[int | None]:
    chance = random.Random(code)
    counts = [round(n * CENTRES[code][1] * chance.uniform(0.9, 1.2)) for n in HOURS]
    return [n if at < hour else round(n * minute / 60) if at == hour else None for at, n in enumerate(counts)]


def _sums(code: str, hour: int, minute: int) -> dict[str, int]:
    connected = CENTRES[code][2]
    received = sum(filter(None, _today(code, hour, minute)))
    self_served, answered = round(received * 0.31), round(received * (connected - 0.31))
    lost = received - self_served - answered
    queue, short = round(lost * 0.6), round(lost * 0.1)
    rated = round(answered * 0.42)
    return {
        "received": received,
        "self_served": self_served,
        "answered": answered,
        "abandoned_in_queue": queue,
        "short_abandon": short,
        "abandoned_in_menu": lost - queue - short,
        "asked_human": answered + queue + short,
        "offered": answered + queue,
        "answered_15": round(answered * (connected - 0.1)),
        "answer_wait_seconds": round(answered * (1.05 - connected) * 150),
        "served_wait_1": answered,
        "legs": answered,
        "talk_seconds": answered * 172,
        "handling_seconds": answered * 210,
        "available_seconds": answered * 90,
        "surveyed": answered,
        "score_1": round(rated * 0.7),
        "score_2": round(rated * 0.2),
        "score_3": round(rated * 0.06),
        "score_4": round(rated * 0.04),
        **({} if code == "341000" else {"cases_due": 6, "cases_in_time": 5 if code in ("340600", "341600") else 6}),
    }


def _now(code: str, is_city: bool) -> Json:
    size = CENTRES[code][1]
    agents = {
        "on_call": 3 * size,
        "wrap_up": size,
        "available": 1.6 * size,
        "break": 0.8 * size,
        "hold": size > 1.5,
        "away": size > 3,
    }
    waiting = {"340000": 9, "340100": 4, "341500": 1}.get(code, 0)
    return {
        "on_line": 0 if is_city else round(5 * size) + waiting,
        "waiting": waiting,
        "longest_wait_seconds": {"340000": 372, "340100": 48, "341500": 11}.get(code, 0),
        "callbacks_open": round(2 * size),
        "agents": {state: 0 if is_city else int(count) for state, count in agents.items()},
        "cases_due_today": round(1.2 * size),
        "cases_overdue": {"340600": 3, "341600": 1}.get(code, 0),
        "cases_active": round(9 * size),
    }


def _system(code: str, kind: str) -> Json:
    state = {("341300", "card"): "down", ("340800", "medical"): "slow", ("341000", "card"): "absent"}.get(
        (code, kind), "up"
    )
    name = KINDS[kind]
    return {"kind": kind, "kind_zh": name, "name": name, "state": state, "state_zh": STATES[state], "sentence": ""}
