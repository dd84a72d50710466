"""What the server says of the supervisors' page and of a message's voice in these tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from dashboards.console.case_board import LISTS, board_config
from dashboards.console.case_board_figures import rate_json
from dashboards.console.case_figures import OnTime
from tests.dashboards.console_front.samples import CENTRES, Json, iso

HOUR, DAY = 3600, 86400
TODAY = date(2026, 11, 20)
SID = "RE" + "1" * 32


def config(centres: list[Json] | None = None) -> Json:
    return board_config(CENTRES[:1] if centres is None else centres)


def case(id: int, due: float, **values: Any) -> Json:
    return {
        "id": id, "kind_zh": "留言", "subject_zh": "养老金怎么查", "centre_name": "合肥", "status_zh": "在办",
        "owner": "1001赵磊", "opened_at": iso(-3 * DAY), "due_at": iso(due), "is_provisional": False,
        "desk_due_at": None, "replied_at": None, "urges": 0, "is_supervised": False, "is_with_province": False,
        "cleared_by": "", "cleared_reason": "", "may_clear": False, **values,
    }  # fmt: skip


def rate(due: int, in_time: int) -> Json:
    return rate_json(OnTime(due, in_time))


def person(id: int, name: str, owned: int = 0, **values: Any) -> Json:
    return {
        "id": id, "name": name, "centre": "340100", "centre_name": "合肥", "is_active": True, "owned": owned,
        "due_today": 0, "overdue": 0, "month": rate(0, 0), "deputy": None, **values,
    }  # fmt: skip


def days() -> list[Json]:
    shares = [OnTime((n * 7) % 13, max(0, (n * 7) % 13 - n % 4)) for n in range(30)]
    asked = (TODAY - timedelta(days=29 - n) for n in range(30))
    return [
        {"day": day.isoformat(), "due": one.due, "in_time": one.in_time, "late": one.late}
        for day, one in zip(asked, shares, strict=True)
    ]


def rows() -> dict[str, list[Json]]:
    nobody = {"owner": "", "status_zh": "待接办"}
    return {
        "overdue": [
            case(1001, -2 * DAY, may_clear=True, kind_zh="投诉", urges=2, is_supervised=True, is_with_province=True),
            case(1002, -DAY, may_clear=True, replied_at=iso(-HOUR), status_zh="已答复"),
            case(1003, -3 * DAY, cleared_by="刘洋", cleared_reason="在等税务部门回复，已经告诉来电人"),
        ],
        "to_decide": [case(1004, 2 * DAY, kind_zh="举报", subject_zh="")],
        "due_today": [case(1005, 3 * HOUR), case(1006, 40 * 60, is_provisional=True)],
        "handed": [case(1007, 2 * DAY, desk_due_at=iso(-HOUR), **nobody)],
        "unowned": [case(n, n * HOUR / 30, **nobody) for n in range(1008, 1014)],
    }


def board(is_empty: bool = False, centres: list[Json] | None = None) -> Json:
    """One centre, or with `centres` all of them in a table."""
    lists = {name: [] for name in LISTS} if is_empty else rows()
    counts = {name: len(found) for name, found in lists.items()}
    counts |= {
        "overdue": 0 if is_empty else 2,
        "to_clear": 0 if is_empty else 2,
        "with_province": 0 if is_empty else 1,
        "active": sum(counts.values()),
    }
    nothing = rate(0, 0)
    figures = {
        **counts,
        "week": nothing if is_empty else rate(40, 37),
        "month": nothing if is_empty else rate(163, 150),
    }
    deputy = {"id": 2, "name": "1002吴涛", "until": iso(5 * DAY)}
    people = [
        person(1, "1001赵磊", 4, due_today=2, overdue=1, month=rate(40, 38), deputy=deputy),
        person(2, "1002吴涛", 0), person(3, "1003周平", 2, month=rate(3, 3)),
    ]  # fmt: skip
    named = [{**figures, "code": one["key"], "name": one["name"]} for one in centres or []]
    total = {**counts, "overdue": len(lists["overdue"])}
    return {
        "now": iso(), "all": figures, "centres": named, "people": [] if is_empty or named else people,
        "days": [{**one, **({"due": 0, "in_time": 0, "late": 0} if is_empty else {})} for one in days()],
        "lists": {name: {"total": total[name], "rows": lists[name]} for name in LISTS},
    }  # fmt: skip


WORDS = [
    ["您好", 0.3, 0.8, 0.98], ["我", 0.9, 1.0, 0.95], ["想", 1.0, 1.2, 0.9], ["问", 1.2, 1.4, 0.97],
    ["一下", 1.4, 1.7, 0.93], ["养老金", 1.9, 2.5, 0.99], ["什么", 2.5, 2.8, 0.41], ["时候", 2.8, 3.1, 0.88],
    ["能", 3.1, 3.3, 0.52], ["到账", 3.3, 3.8, 0.96],
]  # fmt: skip
