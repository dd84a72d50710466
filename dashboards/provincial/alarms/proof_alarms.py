"""What the proofs found, as alarms: differing hours by kind and centre with the calls named, and hours not proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from dashboards.provincial.alarms.proofs import HOUR, LOOK_BACK, OUTCOMES
from dashboards.provincial.alarms.rules import CARRIER, LEDGER, URGENT, WARNING, Found
from integrations.work_calendar import in_shanghai

OF_THE_PROOFS = (LEDGER, CARRIER)
# The other side is away for a moment now and then; an hour that is not proven by then is an alarm.
UNPROVEN_AFTER, UNPROVEN = timedelta(hours=2), "unproven"
_DIFFERING = """
SELECT hour, kind, ours, theirs, differences FROM ledger_proof
WHERE state = 'differs' AND hour >= %s ORDER BY hour, kind
"""


_UNPROVEN = """
SELECT count(*), min(hour) FROM ledger_proof WHERE state = 'unknown' AND hour >= %s AND hour < %s
"""


def from_proofs(connection: Connection[Any], now: datetime) -> list[Found]:
    """The hours of the last day that do not add up. Each stands until it adds up, or somebody has cleared it."""
    rows = connection.execute(_DIFFERING, (now - LOOK_BACK,)).fetchall()
    unproven = connection.execute(_UNPROVEN, (now - LOOK_BACK, now - UNPROVEN_AFTER - HOUR)).fetchone()
    return [*(one for row in rows for one in _found(*row)), *_not_proven(*(unproven or (0, None)))]


def _not_proven(hours: int, first: datetime | None) -> list[Found]:
    if not hours or first is None:
        return []
    local = in_shanghai(first)
    words = (
        f"从{local.month}月{local.day}日{local.hour}时起有{hours}个小时没能和运营商的通话清单核对，"
        "请让系统管理员检查和运营商的连接。"
    )
    return [Found(CARRIER, None, UNPROVEN, WARNING, words, {"hours": hours})]


def _found(hour: datetime, kind: str, ours: int, theirs: int, differences: Sequence[Mapping[str, Any]]) -> list[Found]:
    by_centre: dict[str | None, list[Mapping[str, Any]]] = {}
    for one in differences:
        by_centre.setdefault(one["centre"], []).append(one)
    # Sums that differ, and no call that says why: that is the province's to find out.
    if not by_centre:
        by_centre[None] = []
    return [_alarm(hour, kind, centre, calls, ours - theirs) for centre, calls in by_centre.items()]


def _alarm(hour: datetime, kind: str, centre: str | None, calls: Sequence[Mapping[str, Any]], difference: int) -> Found:
    local = in_shanghai(hour)
    when = f"{local.month}月{local.day}日{local.hour}时"
    named = sum(bool(one["call"]) for one in calls)
    what = f"{named}个来电" if named else "统计数字" if calls else f"总数（差{abs(difference)}个）"
    rule, words = {
        True: (LEDGER, f"{when}的账目有{what}对不上，请逐个核对，查清以后写明原因。"),
        False: (CARRIER, f"{when}有{what}和运营商的通话清单不一致，请逐个核对，查清以后写明原因。"),
    }[kind == OUTCOMES]
    detail = {"hour": hour.isoformat(), "calls": list(calls), "difference": None if calls else difference}
    return Found(rule, centre, hour.isoformat(), URGENT, words, detail, must_clear=True)
