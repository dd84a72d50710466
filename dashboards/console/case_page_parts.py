"""The parts of a case's page as JSON, each from its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboards.console.callback_words import stage_of
from dashboards.console.caller_words import short_region
from dashboards.console.case_page_rows import CaseLook
from dashboards.console.case_rights import LATE_TEXT
from dashboards.console.case_scope import Row
from dashboards.console.case_words import ACTORS_ZH, SATISFACTION_ZH, event_words, moment_words, tail_words
from dashboards.console.message_words import (
    READY,
    shown_words,
    sound_sentence,
    sound_state,
    transcript_sentence,
    without_long_numbers,
)
from voicemail.case_calls import RECEIPT_PATIENCE
from voicemail.case_joining import may_be_joined
from voicemail.deadline import POLICIES
from voicemail.reply_rules import RESULTS_ZH
from voicemail.work_order import ACTIVE, ADOPTED_KINDS, CARD_FREEZE, DECISIONS_ZH, REPLY_KINDS_ZH

STAGES_ZH = {
    "dialling": "正在拨号", "ringing": "来电人的电话在响", "answered": "接起来了，等对方按1", "confirmed": "接通了",
}  # fmt: skip


def page_elsewhere(kind: str) -> str:
    """The page on which an adopted case is really done; empty for every other one."""
    return ("/freezes" if kind == CARD_FREEZE else "/callbacks?tab=todo") if kind in ADOPTED_KINDS else ""


def sound_path(recording_sid: str) -> str:
    """Where the browser gets the sound of a message."""
    return f"/console/messages/{recording_sid}/sound"


def attempt_json(replies: Sequence[Row]) -> dict[str, Any] | None:
    """How far the try that is under way has come."""
    reply = next((reply for reply in replies if reply["ended_at"] is None), None)
    if reply is None:
        return None
    if reply["kind"] == "text":
        return {"kind": "text", "stage": "", "zh": "短信已发出，等回执" if reply["sent_at"] else "短信正在发送"}
    if reply["attempt_status"] is None and reply["callback_status"] in ("scheduled", "waiting"):
        return {"kind": "call", "stage": "waiting", "zh": "排上了，马上拨号"}
    stage = stage_of(reply["attempt_status"])
    words = "正在通话" if reply["callback_status"] == "live" and stage == "confirmed" else STAGES_ZH[stage]
    return {"kind": "call", "stage": stage, "zh": words}


def trying_of(replies: Sequence[Row], now: datetime) -> str:
    """How the caller is being reached: call, text, late_text (whose receipt nobody need wait for), or not at all."""
    reply = next((reply for reply in replies if reply["ended_at"] is None), None)
    if reply is None:
        return ""
    is_late = reply["kind"] == "text" and reply["sent_at"] and now - reply["sent_at"] >= RECEIPT_PATIENCE
    return LATE_TEXT if is_late else str(reply["kind"])


def can_take_in(other: Row, kind: str) -> bool:
    """Whether a case of that kind may be merged into another one of the same caller."""
    return other["status"] in ACTIVE and may_be_joined(kind, other["kind"])


def caller_json(look: CaseLook) -> dict[str, Any]:
    """Who is to be answered; nothing of one who wants to stay unknown."""
    row = look.row
    return {
        "zh": tail_words(row["number_tail"], row["is_anonymous"]),
        "region": "" if row["is_anonymous"] else short_region(row["caller_region"]),
        "is_anonymous": row["is_anonymous"],
        "is_proven": row["person_hash"] is not None and not row["is_anonymous"],
    }


def message_json(row: Row, look: CaseLook, now: datetime) -> dict[str, Any]:
    """A message as the player wants it (see player.js), with when it was left."""
    said = row["said"] or ""
    sound = sound_state(row["recording"] or "", row["storage_key"] is not None, row["deleted_at"] is not None)
    return {
        "id": row["id"],
        "kind_zh": "补充" if row["id"] != look.messages[0]["id"] else "留言",
        "at_zh": moment_words(row["begun_at"], now),
        "recording": row["recording_sid"] or "",
        "src": sound_path(row["recording_sid"]) if sound == READY else "",
        "sound_zh": sound_sentence(sound, row["error"]),
        "seconds": row["seconds"] or 0,
        "peaks": list(row["peaks"]) if row["peaks"] else [],
        "words": shown_words(row["words"]),
        "text": without_long_numbers(said),
        "state_zh": transcript_sentence(row["transcript"], said),
        "corrected": _corrected(row, look),
    }


def _corrected(row: Row, look: CaseLook) -> dict[str, str] | None:
    if row["corrected_text"] is None:
        return None
    by = look.names.get(row["corrected_by"], row["corrected_by"])
    return {"text": without_long_numbers(row["corrected_text"]), "by": by, "at": row["corrected_at"].isoformat()}


def event_json(row: Row, case_id: int, now: datetime) -> dict[str, Any]:
    """A line of the history; of a case that was merged into this one it says so."""
    return {
        "at_zh": moment_words(row["at"], now),
        "at": row["at"].isoformat(),
        "case_zh": f"（办件{row['case_id']}）" if row["case_id"] != case_id else "",
        "who": row["name"] or ACTORS_ZH.get(row["actor"], row["actor"]),
        "event": row["event"],
        "zh": event_words(row["event"], row["note"], row["detail"]),
    }


def reply_json(row: Row, now: datetime) -> dict[str, Any]:
    """A try to answer."""
    result = "正在进行" if row["ended_at"] is None else RESULTS_ZH.get(row["result"], row["result"])
    return {
        "id": row["id"],
        "kind_zh": "短信" if row["kind"] == "text" else "电话",
        "at_zh": moment_words(row["made_at"], now),
        "who": row["name"] or ACTORS_ZH.get(row["by"], row["by"]),
        "result_zh": result,
        "is_delivered": row["result"] == "delivered",
        "talk_seconds": row["talk_seconds"],
        "words": row["words"] or "",
    }


def facts_json(look: CaseLook, now: datetime) -> list[dict[str, str]]:
    """What else there is to know of a case, each with its name."""
    row, people = look.row, look.people
    decided = f"{DECISIONS_ZH[row['decision']]}，{moment_words(row['decided_at'], now)}" if row["decision"] else ""
    replied = (
        f"{REPLY_KINDS_ZH.get(row['reply_kind'], '')}，{moment_words(row['replied_at'], now)}"
        if row["replied_at"]
        else ""
    )
    closer = look.names.get(row["closed_by"] or "", row["closed_by"] or "系统")
    closed = f"{row['closed_reason']}（{closer}，{moment_words(row['closed_at'], now)}）" if row["closed_at"] else ""
    judged = f"{people['judged_number']} {people['judged_name']}" if people["judged_number"] else ""
    watcher = look.names.get(row["supervised_by"] or "", row["supervised_by"] or "")
    facts = {
        "受理": "，".join(part for part in (decided, row["decision_reason"]) if part),
        "答复": replied,
        "办结": closed,
        "评价": SATISFACTION_ZH.get(row["satisfaction"] or 0, ""),
        "督办": f"{watcher}，{moment_words(row['supervised_at'], now)}" if row["supervised_at"] else "",
        "催办": f"{row['urges']}次，最近{moment_words(row['urged_at'], now)}" if row["urged_at"] else "",
        "评价的通话": "，".join(part for part in (judged, SATISFACTION_ZH.get(people["score"] or 0, "")) if part),
    }
    return [{"name": name, "zh": words} for name, words in facts.items() if words]


def due_line(row: Row, now: datetime) -> str:
    """`11月25日17:30前答复（临时日期，等放假通知）`."""
    if row["due_at"] is None:
        return ""
    policy = POLICIES[row["due_policy"]].title_zh if row["due_policy"] in POLICIES else "办理"
    note = "，临时日期，放假通知出来后会重算" if row["due_is_provisional"] else ""
    return f"{moment_words(row['due_at'], now)}前{policy}{note}"


def seat_json(people: Row, who: str) -> dict[str, Any] | None:
    """The owner, or the deputy; None without one."""
    if not people[f"{who}_number"]:
        return None
    return {"number": people[f"{who}_number"], "name": people[f"{who}_name"]}
