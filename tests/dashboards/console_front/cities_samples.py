"""What the server says of the cities' data in these tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from dashboards.provincial.cities.page import cities_config
from dashboards.provincial.cities.reconciliation_rules import AGREES, DIFFERS, EXPLAINED, NO_TOTAL
from dashboards.provincial.cities.words import DAYS, FRESHNESS, STATUSES, limit_words, state_json
from tests.dashboards.console_front.samples import CENTRES, Json, iso

MINUTE, HOUR = 60, 3600
LAST = date(2026, 11, 19)
SHOWN = [LAST - timedelta(days=30 - n) for n in range(31)]
WORDS = "推送地址：http://127.0.0.1/city/v1/batches\n密钥编号：ck-9\n密钥：whsec_once"


def config(decides: bool = True, centres: list[Json] | None = None) -> Json:
    return cities_config(CENTRES if centres is None else centres, decides)


def centre(code: str, name: str, state: str, newest: float | None, limit: int | None = 60, **values: Any) -> Json:
    return {
        "id": code, "name": name, "is_city": state != "own", "state": state, **state_json(FRESHNESS[state]),
        "since": iso(-40 * 24 * HOUR), "newest_at": None if newest is None else iso(newest),
        "heard_at": None if newest is None else iso(newest / 2), "limit_minutes": limit, "limit_zh": limit_words(limit),
        "today": {"accepted": 0, "partial": 0, "refused": 0}, "is_pulled": False, "pulled_at": None, "pull_problem": "",
        **values,
    }  # fmt: skip


def batch(id: int, status: str, rows: int, refused: int = 0, **values: Any) -> Json:
    return {
        "id": id, "centre": "340200", "centre_name": "芜湖", "batch_id": f"b-{id}", "kind_zh": "逐通来电",
        "via_zh": "接口推送", "received_at": iso(-id * MINUTE), "status": status, **state_json(STATUSES[status]),
        "rows": rows, "accepted": rows - refused, "unchanged": 0, "refused": refused, "listed": min(refused, 2),
        "who": "ck-1", **values,
    }  # fmt: skip


def problems() -> list[Json]:
    return [
        {"line": 4, "field_zh": "开始时间", "problem": "“25:10”不是时间"},
        {"line": 9, "field_zh": "", "problem": "这一行多了一列"},
    ]


def cell(day: date, state: str, claimed: int | None = 40, arrived: int = 40) -> Json:
    return {
        "day": day.isoformat(), "state": state, **state_json(DAYS[state]), "claimed": claimed, "arrived": arrived,
    }  # fmt: skip


def difference(id: int, name: str, claimed: int, arrived: int, said: str = "", holds: bool = False) -> Json:
    by = {"explanation": said, "explained_by": "陈静", "explained_at": iso(-HOUR)}
    return {"id": id, "name": name, "claimed": claimed, "arrived": arrived, "is_explained": holds,
            **(by if said else {"explanation": "", "explained_by": "", "explained_at": None})}  # fmt: skip


def differing(code: str, name: str, day: date, rows: list[Json]) -> Json:
    return {
        "id": f"{code}-{day.isoformat()}", "centre": code, "centre_name": name, "day": day.isoformat(),
        "found_at": iso(-HOUR), "is_explained": all(row["is_explained"] for row in rows), "rows": rows,
    }  # fmt: skip


def differences() -> list[Json]:
    two_days_ago = LAST - timedelta(days=1)
    return [
        differing("340200", "芜湖", LAST, [difference(1, "来电", 44, 41), difference(2, "人工接通", 29, 27)]),
        differing("340800", "安庆", two_days_ago, [difference(3, "来电", 30, 28, "停电两小时", holds=True)]),
    ]


def day(code: str, of: str) -> Json:
    """A day measure by measure, as it opens."""
    found = next((one for one in differences() if one["day"] == of and one["centre"] == code), None)
    rows = found["rows"] if found else []
    named = [{"key": str(row["id"]), **{name: row[name] for name in ("name", "claimed", "arrived")}} for row in rows]
    agreeing = {"key": "failed", "name": "系统失败", "claimed": 2, "arrived": 2}
    state = AGREES if found is None else EXPLAINED if found["is_explained"] else DIFFERS
    return {
        **cell(date.fromisoformat(of), state), "id": f"{code}-{of}", "centre": code, "centre_name": "芜湖",
        "measures": [*named, agreeing], "rows": rows,
    }  # fmt: skip


def reconciled() -> list[Json]:
    states = {30: DIFFERS, 12: NO_TOTAL}
    of_wuhu = [cell(day, states.get(n, AGREES)) for n, day in enumerate(SHOWN)]
    of_anqing = [None if n < 20 else cell(day, EXPLAINED if n == 29 else AGREES) for n, day in enumerate(SHOWN)]
    return [
        {"id": "340200", "name": "芜湖", "cells": of_wuhu, "without_total": 1},
        {"id": "340800", "name": "安庆", "cells": of_anqing, "without_total": 0},
    ]


def keys() -> list[Json]:
    one = {"centre": "340200", "centre_name": "芜湖", "made_at": iso(-HOUR), "made_by": "王芳", "revoked_by": ""}
    return [
        {**one, "id": "ck-1", "used_at": iso(-MINUTE), "revoked_at": None},
        {**one, "id": "ck-0", "used_at": None, "revoked_at": iso(-MINUTE), "revoked_by": "李强"},
    ]


def look(decides: bool = True, is_empty: bool = False) -> Json:
    """Everything of the page; empty: Hefei alone, whose calls are those of the hotline."""
    hefei = centre("340100", "合肥", "own", -2 * MINUTE, None)
    today = {"accepted": 19, "partial": 1, "refused": 2}
    cities = [
        centre("340800", "安庆", "stale", -3 * HOUR, pull_problem="连不上"),
        centre("340200", "芜湖", "fresh", -5 * MINUTE, today=today),
    ]
    rows = [batch(1, "accepted", 36), batch(2, "partial", 30, 3), batch(3, "refused", 30, 30)]
    return {
        "now": iso(), "is_demo": not is_empty, "centres": [hefei] if is_empty else [*cities, hefei],
        "batches": {"rows": [] if is_empty else rows, "next": None if is_empty else 3},
        "days": [day.isoformat() for day in SHOWN], "reconciled": [] if is_empty else reconciled(),
        "differences": [] if is_empty else differences(), "keys": ([] if is_empty else keys()) if decides else None,
    }  # fmt: skip


def checked(bad: int) -> Json:
    first = {"titles": ["来电编号", "结果"], "rows": [{"line": 2, "values": ["A1", "人工接通"]}]}
    return {
        "upload": "upload-a", "digest": "d1", "rows": 5, "accepted": 5 - bad, "unchanged": 0, "refused": bad,
        "problems": problems() if bad else [], "is_cut": False, "first": first,
    }  # fmt: skip


def taken(bad: int) -> Json:
    status = "partial" if bad else "accepted"
    return {
        "ok": True, "said": f"收下 {5 - bad} 行。", "batch": 9, "batch_id": "upload-a", **state_json(STATUSES[status]),
        "rows": 5, "accepted": 5 - bad, "unchanged": 0, "refused": bad, "problems": problems() if bad else [],
        "is_cut": False,
    }  # fmt: skip
