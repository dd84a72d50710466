"""What the template of the page of the business systems is given in these tests."""

from __future__ import annotations

from typing import Any

from dashboards.systems_page import SystemRow
from dashboards.systems_rows import Day
from dashboards.systems_words import DEFINITIONS, milliseconds_words
from integrations.social_insurance.health import SystemHealth

PENSION, MEDICAL, CARD = ("养老保险", "合肥"), ("医保", "全部17个中心"), ("社保卡", "全部17个中心")
RESTING = "连续没有应答，先不去问，10:21:05以后再试"
TROUBLED = Day({"found": 12, "unavailable": 5, "unknown": 1}, 910, 8004)


def systems_page(looks: int = 1) -> dict[str, Any]:
    """The page as it is at its `looks`-th look: the figures of the first system go up."""
    day = Day({"found": 180 + looks, "not_found": 7, "unavailable": 2}, 240, 1830)
    return {
        "now": f"10:20:{looks % 60:02d}",
        "rows": [
            _row("bus", "合肥养老服务总线", "pension", "up", "正常", (PENSION, ("查询密码", "合肥")), day),
            _row("medical", "国家医保平台", "medical", "resting", RESTING, (MEDICAL,), TROUBLED),
            _row("card", "全省社保卡系统", "card", "down", "连不上", (CARD,), Day()),
            _row("half", "铜陵社保卡系统", "card", "half", "没有设置 SYSTEM_TONGLING_PASSWORD", (), Day()),
        ],
        "elsewhere": [("医保", "请来电人打 12393", "芜湖"), ("社保卡", "社保卡系统还在联调", "池州")],
        "problems": [],
        "recent": [_recent(n) for n in range(12)],
        "locked": (2, 1),
        "definitions": DEFINITIONS,
        "milliseconds": milliseconds_words,
        "is_one_centre": False,
    }


def _row(
    name: str, label: str, kind: str, state: Any, sentence: str, answers: tuple[tuple[str, str], ...], day: Day
) -> SystemRow:
    return SystemRow(SystemHealth(name, label, kind, state, sentence, None, ()), answers, day)


def _recent(n: int) -> dict[str, Any]:
    is_caller = n % 3 == 0
    return {
        "at": f"10:1{n % 10}:0{n % 6}",
        "who": "来电人" if is_caller else "赵磊",
        "username": "" if is_caller else "hefei01",
        "why": "来电人自己按键查" if is_caller else "解答来电人本人询问，口头核对",
        "centre": "合肥",
        "system": "合肥养老服务总线",
        "kind": "养老保险",
        "result": "没有回答（太慢）" if n == 2 else "查到",
        "tone": "stop" if n == 2 else "on",
        "milliseconds": "8,004 毫秒" if n == 2 else "212 毫秒",
        "call_sid": "CA" + "0" * 26 + f"3f9a{n:02d}",
        "call": f"…3f9a{n:02d}",
    }
