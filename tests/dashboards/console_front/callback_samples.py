"""Callbacks as the list shows them: all states, some of them late, for tests and for looking at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.dashboards.console_front.samples import CENTRES, Json, iso, listed

_REGIONS = ["安徽合肥", "安徽芜湖", "安徽安庆", "江苏南京"]
_SKILLS = ["养老", "社保卡", "综合", "劳动关系和工伤", "医保"]
_SOURCES = ["排队时按键约的", "按7约的", "没排上约的", "排队中挂断", "通话断线", "咨询员约的"]
_AGENTS = [{"number": "1001", "name": "王芳"}, {"number": "1023", "name": "李强"}, {"number": "1107", "name": "张敏"}]
_NOTES = {1: "查到了，资格认证已经通过，告诉他下个月一起补发", 6: "要老人的缴费明细", 9: "孩子的卡，换新的"}
_NOTHING_ALLOWED = {"call_now": False, "postpone": False, "cancel": False, "clear": False}


def callbacks_config(tabs: tuple[str, ...] = ("mine", "centre", "todo"), centres: list[Json] | None = None) -> Json:
    reasons = {"not_needed": "来电人说不用了", "done": "已经办好了", "number": "号码不对", "other": "其他"}
    clears = {"reached": "已用别的办法联系上", "checked": "核对过，联系不上", "other": "其他"}
    return {
        "tabs": list(tabs),
        "centres": CENTRES[:1] if centres is None else centres,
        "page": 200,
        "most": 2000,
        "cancel_reasons": [row | {"needs_words": row["key"] == "other"} for row in listed(**reasons)],
        "clear_reasons": [row | {"needs_words": row["key"] == "other"} for row in listed(**clears)],
    }


def callbacks(count: int = 14, ended: int = 9, todo: int = 4) -> Json:
    """What the server has: the open ones in the order in which they are due, those of today, those to be seen to."""
    return {
        "open": [_open(n) for n in range(count)],
        "ended": [_ended(n) for n in range(ended)],
        "todo": [_to_do(n) for n in range(todo)],
    }


def look(world: Json, tab: str, is_ended: bool, tail: str = "", most: int = 200) -> Json:
    """The server's answer to a page that wants this."""
    mine = [row for row in world["open"] if row["is_mine"]]
    mine_ended = [row for row in world["ended"] if row["is_mine"]]
    rows = {
        "mine": mine_ended if is_ended else mine,
        "centre": world["ended"] if is_ended else world["open"],
        "todo": world["todo"],
    }[tab]
    rows = [row for row in rows if not tail or row["caller"]["masked"].endswith(tail)]
    late = sum(row["is_overdue"] for row in world["open"])
    return {
        "now": iso(),
        "rows": rows[:most],
        "total": len(rows),
        "counts": {
            "mine": len(mine),
            "centre": len(world["open"]),
            "overdue": late,
            "todo": len(world["todo"]),
            "ended": len(world["ended"]),
            "mine_ended": len(mine_ended),
        },
        "badge": badge(world),
    }


def badge(world: Json) -> Json:
    late = sum(row["is_overdue"] for row in world["open"])
    return {"open": len(world["open"]), "overdue": late, "todo": len(world["todo"])}


def half_hours(count: int = 3, after_minutes: int = 40) -> list[Json]:
    first = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=after_minutes)
    first -= timedelta(minutes=first.minute % 30)
    return [
        {
            "from": (first + timedelta(minutes=30 * n)).isoformat(),
            "until": (first + timedelta(minutes=30 * n + 30)).isoformat(),
        }
        for n in range(count)
    ]


def _row(n: int, **more: Any) -> Json:
    row = {
        "id": 100 + n,
        "is_mine": n % 4 == 1,
        "centre": "340100",
        "centre_name": "合肥",
        "caller": {"masked": f"138****{2345 + 37 * n}", "region": _REGIONS[n % 4]},
        "is_slow": n == 2,
        "skill_zh": _SKILLS[n % 5],
        "language_zh": "合肥话" if n == 2 else None,
        "asked_at": iso(-600 - 260 * (70 - n)),
        "source_zh": _SOURCES[n % 6],
        "note": _NOTES.get(n, ""),
        "slot_from": None,
        "slot_until": None,
        "promised_until": None,
        "is_overdue": False,
        "not_before": None,
        "position": None,
        "attempts": [],
        "last_agent": None,
        "text_zh": None,
        "to_clear_zh": [],
        "ended_at": None,
        "end_reason": None,
        "end_note": "",
        "ended_by": "",
        "cleared_at": None,
        "cleared_by": "",
        "cleared_reason": "",
        "may": dict(_NOTHING_ALLOWED),
        **more,
    }
    if row["attempts"]:
        row["last_agent"] = row["attempts"][-1]["agent"]
    return row


def _tries(n: int, *results: str) -> list[Json]:
    return [
        {
            "at": iso(-3600 * (len(results) - at) - 60 * n),
            "result": "no_answer",
            "result_zh": result,
            "is_counted": "不算次数" not in result,
            "agent": _AGENTS[(n + at) % 3],
        }
        for at, result in enumerate(results)
    ]


def _slot(minutes: float) -> Json:
    return {
        "slot_from": iso(60 * minutes),
        "slot_until": iso(60 * minutes + 1800),
        "promised_until": iso(60 * minutes + 1800),
    }


def _open(n: int) -> Json:
    may = {"call_now": n >= 6, "postpone": n >= 2, "cancel": n >= 2, "clear": False}
    if n == 0:
        tries = _tries(0, "没人接")
        tries.append({**tries[0], "at": iso(-20), "result": None, "result_zh": "正在打"})
        return _row(n, status="dialling", status_zh="正在拨打", attempts=tries)
    if n == 1:
        return _row(n, status="live", status_zh="正在通话", attempts=_tries(n, "没人接", "占线"), **_slot(-20))
    if n in (2, 3):
        late = _slot(-30 - 25 * (4 - n))
        marks = {"is_overdue": True, "to_clear_zh": ["没按约好的时间打"]}
        return _row(n, status="waiting", status_zh="排队等回电", position=n + 1, may=may, **late, **marks)
    if n < 6:
        return _row(
            n, status="waiting", status_zh="排队等回电", position=n + 3, may=may, attempts=_tries(n, "占线")[: n % 2]
        )
    if n % 3 == 0:
        slot = _slot(30 * (n - 4))
        return _row(n, status="scheduled", status_zh="约好时间", may=may, not_before=slot["slot_from"], **slot)
    tries = _tries(n, *["没人接", "留言机接的", "线路故障，不算次数"][: 1 + n % 3])
    return _row(n, status="scheduled", status_zh="等着再打", may=may, not_before=iso(900 * (n - 5)), attempts=tries)


def _ended(n: int) -> Json:
    reason, words = [
        ("served", "已回电通话"),
        ("served", "已回电通话"),
        ("joined", "来电人自己打来了"),
        ("unreached", "打满次数没接通"),
        ("staff_cancelled", "咨询员取消"),
    ][n % 5]
    more: Json = {}
    if reason == "unreached":
        more = {"to_clear_zh": [words], "text_zh": "短信没有通道，没有发"}
    if reason == "staff_cancelled":
        more = {"end_note": "来电人说不用了", "ended_by": "hefei01"}
    tries = _tries(n, "没人接", "已通话" if reason == "served" else "占线")
    return _row(
        40 + n, status="ended", status_zh=words, end_reason=reason, ended_at=iso(-900 * (n + 1)), attempts=tries, **more
    )


def _to_do(n: int) -> Json:
    may = {**_NOTHING_ALLOWED, "clear": True}
    if n == 1:
        marks = {"is_overdue": True, "to_clear_zh": ["没按约好的时间打"]}
        may |= {"postpone": True, "cancel": True}
        return _row(3, status="waiting", status_zh="排队等回电", position=6, may=may, **_slot(-55), **marks)
    reason, words = [
        ("unreached", "打满次数没接通"),
        ("", ""),
        ("wrong_number", "号码不对"),
        ("bad_number", "号码打不通"),
    ][n % 4]
    tries = _tries(n, "没人接", "占线", "没人接") if reason == "unreached" else _tries(n, words)
    more = {"text_zh": ["短信没有通道，没有发", "已发短信"][n // 4 % 2]} if reason == "unreached" else {}
    ended_at = iso(-86400 + 4000 * n)
    return _row(
        60 + n, status="ended", status_zh=words, end_reason=reason, ended_at=ended_at, attempts=tries,
        to_clear_zh=[words], may=may, **more,
    )  # fmt: skip
