"""What the server says of freezes in these tests: cards at the desk, and rows of the page."""

from __future__ import annotations

from typing import Any

from dashboards.console.freeze_words import STATUSES
from dashboards.console.freezes_api import freezes_config
from tests.dashboards.console_front.samples import CENTRES, Json, iso

KEY = "c" * 32


def config(centres: list[Json] | None = None) -> Json:
    return freezes_config(CENTRES[:1] if centres is None else centres)


def card(action: str = "freeze", proof: str = "keypad") -> Json:
    words = {"freeze": "挂失", "release": "恢复"}[action]
    lines = [
        "停的：这张卡的社保功能。",
        "没有停的：银行的钱没有停。请来电人自己打徽商银行 96588。",
        "最早到2026年11月29日自动恢复，以后捡到的人就能用。要一直停，请来电人带身份证到窗口办正式挂失。",
    ]
    how = "已按键核对" if proof == "keypad" else "口头核对"
    return {
        "key": KEY, "name": "尾号1234", "bank": "徽商银行", "action": action, "action_zh": words, "lines": lines,
        "who": f"证件尾号9985，{how}", "proof": proof,
    }  # fmt: skip


def card_found(action: str = "freeze", proof: str = "keypad") -> Json:
    """Somebody with a formally lost card and one with which something may be done."""
    lost = {"title": "尾号5566的社保卡", "place_zh": "发卡地 合肥", "sentences": ["这张卡已经正式挂失。"], "card": None}
    other = {
        "title": "尾号1234的社保卡",
        "place_zh": "发卡地 合肥",
        "sentences": ["这张卡正常。", "发卡银行是徽商银行。"],
    }
    return {
        "result": "found", "system": "合肥社保卡系统", "sentence": "", "as_of_zh": "2026年11月22日",
        "findings": [lost, other | {"card": card(action, proof)}],
    }  # fmt: skip


def told(result: str = "done") -> Json:
    """What came of it."""
    sentences = {
        "done": "挂失办成了，这张卡的社保功能已经停了。",
        "unknown": "挂失办成没有还不知道。不要重复办，系统会自己去核实。最晚今天下午4点05分给来电人回电，告诉他结果。",
        "refused": "挂失没有办成，系统的原话：该卡已注销。",
    }
    lines = ["受理号 LS20261122001", "停到2026年11月29日，以后自动恢复，捡到的人就能用。"] if result == "done" else []
    return {"result": result, "sentence": sentences[result], "lines": [*lines, "没有停的：银行的钱没有停。"]}


def row(id: int, status: str = "done", **values: Any) -> Json:
    words, tone, symbol = STATUSES[status]
    return {
        "id": id, "asked_at": iso(-600 - id), "centre": "340100", "centre_name": "合肥", "card": f"尾号{4000 + id}",
        "bank": "徽商银行", "action": "freeze", "action_zh": "挂失", "door_zh": "来电按键", "who": "来电人",
        "status": status, "status_zh": words, "tone": tone, "symbol": symbol, "until_zh": "", "receipt": "",
        "reason": "", "looks": 0, "look_at": None, "due_at": None, "callback_id": None, "cleared_by": "",
        "cleared_reason": "", "is_reminded": False, "may": {"look": False, "clear": False, "reminded": False},
        **values,
    }  # fmt: skip


def freezes() -> Json:
    """Three to be seen to, one of them late; two that end; a month of others."""
    look, clear = {"look": True, "clear": False, "reminded": False}, {"look": False, "clear": True, "reminded": True}
    urgent = [
        row(1, "unknown", due_at=iso(-95), looks=7, look_at=iso(200), may=look, callback_id=31),
        row(2, "unknown", due_at=iso(1300), looks=2, look_at=iso(50), may=look),
        row(3, "done", due_at=iso(1500), until_zh="到11月29日", receipt="LS0003", may=clear, callback_id=33,
            door_zh="工作台", who="王芳"),
    ]  # fmt: skip
    reminded = {"look": False, "clear": False, "reminded": True}
    expiring = [row(n, "done", until_zh=f"到11月2{2 + n % 2}日", may=reminded) for n in (4, 5)]
    past = [
        row(6, "refused", reason="该卡已注销"), row(7, "already", until_zh="一直有效"),
        row(8, "done", action="release", action_zh="恢复", door_zh="工作台", who="李强", receipt="LS0008"),
        row(9, "not_sent"), row(10, "not_done", cleared_by="王芳", cleared_reason="已经把结果告诉来电人"),
        *(row(n, "done", until_zh="最早11月30日", receipt=f"LS{n:04}") for n in range(11, 25)),
    ]  # fmt: skip
    return {"urgent": urgent, "expiring": expiring, "recent": [*urgent, *expiring, *past]}


def badge(world: Json) -> Json:
    return {"urgent": len(world["urgent"]), "overdue": sum(one["due_at"] < iso() for one in world["urgent"])}


def look(world: Json, query: Json) -> Json:
    """The server's answer to a page that wants this."""
    recent = [
        one for one in world["recent"]
        if query.get("status", one["status"]) == one["status"] and query.get("action", one["action"]) == one["action"]
    ]  # fmt: skip
    most = int(query["most"])
    found = {**world, "recent": recent[:most], "total": len(recent), "can_text": False, "badge": badge(world)}
    return {**found, "now": iso()}
