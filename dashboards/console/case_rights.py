"""What somebody may do about a case, and why something that is shown cannot be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicemail.work_order import (
    ACTIVE,
    ADOPTED_KINDS,
    CARD_FREEZE,
    CLOSED,
    DECIDED_KINDS,
    MERGED,
    OPEN,
    OWNED,
    REPLIED,
)

CONSULTANT, SUPERVISOR, PROVINCIAL = "consultant", "supervisor", "provincial"
DEEDS = (
    "take", "release", "dial", "talk", "text", "note", "subject", "decide", "assign", "transfer", "close", "reopen",
    "urge", "supervise", "merge", "split", "clear", "correct", "number",
)  # fmt: skip
NO_TEXTS = "短信没有通道，发不出去。"
CALLING = "正在给来电人打电话，先等这一次的结果。"
TEXT_ON_ITS_WAY = "短信刚发出，先等回执；发出10分钟还没有回执就可以拨打。"
NO_RECEIPT = "上一条短信还没有回执，可以先拨打电话。"
CALL, TEXT, LATE_TEXT = "call", "text", "late_text"
TAKE_FIRST = "还没有人接办，先按“接办”。"
ELSEWHERE = {True: "请到“挂失”页处理完毕，这里会自动办结。", False: "请到“回电”页办结，这里会自动办结。"}
NO_NUMBER = "没有来电人的号码，联系不上。"
NO_TRACE = "匿名举报不记通话，免得从通话找到举报人；作出受理决定就算答复。"
# None: not offered; "": may be done; else why not.
Rights = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to a case: role, whether its centre is theirs, the seat, and the seats they answer for."""

    role: str
    is_own_centre: bool
    seat: int | None
    seats: tuple[int, ...]

    @property
    def is_head(self) -> bool:
        return self.role == SUPERVISOR and self.is_own_centre

    @property
    def watches(self) -> bool:
        """Urges and supervises: the centre's supervisor, and the province everywhere."""
        return self.is_head or self.role == PROVINCIAL

    def acts_on(self, row: Mapping[str, Any]) -> bool:
        """A supervisor on all of the centre's, a consultant on the own ones, those stood in for, and unowned ones."""
        if self.is_head:
            return True
        is_theirs = row["owner_id"] is None or row["owner_id"] in self.seats
        return self.role == CONSULTANT and self.is_own_centre and is_theirs


def rights(row: Mapping[str, Any], standing: Standing) -> Rights:
    """What may be done with a case by its row of work_order alone, as in a list."""
    status, acts = row["status"], standing.acts_on(row)
    is_active, has_seat = status in ACTIVE, standing.seat is not None
    has_it = standing.is_head or row["owner_id"] in standing.seats
    rules = {
        "take": acts and status == OPEN and has_seat,
        "release": acts and status == OWNED,
        "note": (acts or standing.watches) and status != MERGED,
        "subject": acts and status != MERGED,
        "assign": acts and has_it and is_active,
        "transfer": acts and is_active,
        "urge": standing.watches and is_active,
        "supervise": standing.watches and (is_active or status == REPLIED),
    }
    return {deed: "" if may else None for deed, may in rules.items()}


def page_rights(
    row: Mapping[str, Any], standing: Standing, messages: int, others: int, trying: str, can_text: bool
) -> Rights:
    """What may be done on the page of a case. `others`: cases of the same caller that it may be merged into.

    `trying`: how the caller is being reached, "" when not.
    """
    acts, status = standing.acts_on(row), row["status"]
    is_active = status in ACTIVE
    goes_on = is_active or status == REPLIED
    is_adopted = row["kind"] in ADOPTED_KINDS
    # Whoever decides about a case has it.
    hand = TAKE_FIRST if status == OPEN and not standing.is_head else ""
    decides = row["kind"] in DECIDED_KINDS and row["decision"] is None
    unreachable = _why_not(row)
    on_its_way = {CALL: CALLING, TEXT: TEXT_ON_ITS_WAY, LATE_TEXT: NO_RECEIPT}.get(trying, "")
    ring = "" if trying == LATE_TEXT else on_its_way
    answers = acts and goes_on
    return {
        **rights(row, standing),
        "decide": hand if acts and goes_on and decides else None,
        "dial": (unreachable or ring) if answers and standing.seat is not None else None,
        # Also of whom nobody could ring: they rang.
        "talk": _why_no_talk(row, trying) if answers and standing.seat is not None else None,
        "text": (unreachable or on_its_way or ("" if can_text else NO_TEXTS)) if answers else None,
        "close": (ELSEWHERE[row["kind"] == CARD_FREEZE] if is_adopted else hand) if acts and goes_on else None,
        "reopen": "" if acts and status in (REPLIED, CLOSED) and not is_adopted else None,
        "merge": "" if acts and goes_on and others else None,
        "split": hand if acts and status != MERGED and messages > 1 else None,
        "clear": "" if standing.watches and row["breached_at"] and not row["cleared_at"] else None,
        "correct": "" if acts else None,
        "number": "" if acts and row["number_sealed"] and not row["is_anonymous"] else None,
    }


def _why_not(row: Mapping[str, Any]) -> str:
    if row["is_anonymous"] or not row["number_sealed"]:
        return "匿名举报，没有留号码，不能联系。" if row["is_anonymous"] else NO_NUMBER
    return ""


def _why_no_talk(row: Mapping[str, Any], trying: str) -> str:
    if row["is_anonymous"]:
        return NO_TRACE
    return CALLING if trying == CALL else ""
