"""A case, from the call that opens it to its end with a reason: what may follow what, and what it is called.

Pure. The table says what each event makes of a case; anything else raises IllegalMove. The clock stops when a reply is
delivered, which alone makes a case `replied`; closing one that nobody answered needs a reason of its own.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from integrations.work_calendar import SHANGHAI, in_shanghai
from queueing.agent import IllegalMove
from voicemail.deadline import ACCEPT, REPLY

MESSAGE, COMPLAINT, REPORT = "message", "complaint", "report"
LOW_RATING, CARD_FREEZE, CALLBACK = "low_rating", "card_freeze", "callback"
KINDS_ZH = {
    MESSAGE: "留言",
    COMPLAINT: "投诉",
    REPORT: "举报",
    LOW_RATING: "不满意",
    CARD_FREEZE: "挂失核实",
    CALLBACK: "回电没接通",
}
KINDS = tuple(KINDS_ZH)
# The promise that each kind is under.
POLICY_OF = {kind: ACCEPT if kind in (COMPLAINT, REPORT) else REPLY for kind in KINDS}
# Taken up or refused, and the caller is told which.
DECIDED_KINDS = (COMPLAINT, REPORT)
# Read and heard only by whoever has the case, supervisors and the province.
CONFIDENTIAL = frozenset({REPORT, LOW_RATING})
# These have a page of their own, and end there.
ADOPTED_KINDS = (CARD_FREEZE, CALLBACK)

OPEN, OWNED, REPLIED, CLOSED, MERGED = "open", "owned", "replied", "closed", "merged"
STATUSES_ZH = {OPEN: "待接办", OWNED: "在办", REPLIED: "已答复", CLOSED: "已办结", MERGED: "已并案"}
STATUSES = tuple(STATUSES_ZH)
# The clock runs.
ACTIVE = (OPEN, OWNED)

SOURCES_ZH = {
    "key": "按键留言",
    "closed": "下班时间打来",
    "silence": "一直没按键",
    "line": "没排上人工",
    "look_up": "自助没查成",
    "nobody": "没有咨询员",
    "survey": "评价不满意",
    "desk": "咨询员登记",
    "system": "系统转来",
}

MOVES = {
    (OPEN, "take"): OWNED,
    (OPEN, "assign"): OWNED,
    (OPEN, "release"): OPEN,
    (OPEN, "transfer"): OPEN,
    (OPEN, "deliver"): REPLIED,
    (OPEN, "close"): CLOSED,
    (OPEN, "merge"): MERGED,
    # Only by its owner again: whoever else comes is told who has it.
    (OWNED, "take"): OWNED,
    (OWNED, "assign"): OWNED,
    (OWNED, "release"): OPEN,
    (OWNED, "transfer"): OPEN,
    (OWNED, "deliver"): REPLIED,
    (OWNED, "close"): CLOSED,
    (OWNED, "merge"): MERGED,
    (REPLIED, "deliver"): REPLIED,
    (REPLIED, "close"): CLOSED,
    (REPLIED, "reopen"): OPEN,
    (REPLIED, "merge"): MERGED,
    (CLOSED, "close"): CLOSED,
    (CLOSED, "reopen"): OPEN,
    (MERGED, "merge"): MERGED,
}
MOVE_EVENTS = tuple(dict.fromkeys(event for _, event in MOVES))

# Words of the history.
EVENTS_ZH = {
    "opened": "立案",
    "taken": "接办",
    "assigned": "指派",
    "released": "退回待接办",
    "transferred": "转办",
    "dialled": "拨打答复电话",
    "reply_failed": "没有答复到",
    "replied": "已答复来电人",
    "decided": "受理决定",
    "closed": "办结",
    "reopened": "重新办理",
    "merged": "并案",
    "split": "拆分",
    "added": "来电人补充",
    "urged": "来电人催办",
    "supervised": "督办",
    "unsupervised": "解除督办",
    "noted": "备注",
    "subject": "改科目",
    "due_moved": "期限重算",
    "reminded": "提醒",
    "overdue": "超期",
    "escalated": "报省厅",
    "cleared": "超期已说明",
    "listened": "听录音",
    "corrected": "改转写",
    "text_sent": "发短信",
    "deleted_voice": "删除录音",
    "satisfaction": "来电人评价",
    "transcribed": "转写",
}
EVENTS = tuple(EVENTS_ZH)

ANSWERED, NOT_A_MESSAGE, DUPLICATE, UNREACHABLE = "answered", "not_a_message", "duplicate", "unreachable"
SOURCE_CLEARED, WITHDRAWN, OTHER = "source_cleared", "withdrawn", "other"
CLOSE_REASONS_ZH = {
    ANSWERED: "已答复办结",
    NOT_A_MESSAGE: "不是留言（无声、打错）",
    DUPLICATE: "重复",
    UNREACHABLE: "多次联系不上（值班长决定）",
    SOURCE_CLEARED: "在原页面办结",
    WITHDRAWN: "来电人撤回",
    OTHER: "其他（要写明）",
}
CLOSE_REASONS = tuple(CLOSE_REASONS_ZH)
FOR_SUPERVISORS = (UNREACHABLE, OTHER)
NEEDS_WORDS = (OTHER,)
# Where a reason is no reason for every kind.
_KINDS_OF = {NOT_A_MESSAGE: (MESSAGE, COMPLAINT, REPORT), SOURCE_CLEARED: ADOPTED_KINDS}

ACCEPTED, REFUSED = "accepted", "refused"
DECISIONS_ZH = {ACCEPTED: "受理", REFUSED: "不予受理"}

BY_CALL, BY_TEXT, BY_CALLER, BY_DECISION = "call", "text", "caller", "decision"
REPLY_KINDS_ZH = {
    BY_CALL: "电话答复",
    BY_TEXT: "短信答复",
    BY_CALLER: "来电人说已答复",
    BY_DECISION: "匿名举报，已作受理决定",
}


def next_status(status: str, event: str) -> str:
    """The status that follows. Raises IllegalMove for what is not in the table."""
    try:
        return MOVES[status, event]
    except KeyError:
        raise IllegalMove(status, event) from None


def close_reasons(status: str, kind: str, is_supervisor: bool) -> tuple[str, ...]:
    """The reasons for which somebody may close a case as it is, in the order of the list; none where it has ended."""
    if status == REPLIED:
        return (ANSWERED,)
    if status not in ACTIVE:
        return ()
    return tuple(
        reason
        for reason in CLOSE_REASONS
        if reason != ANSWERED
        and kind in _KINDS_OF.get(reason, KINDS)
        and (is_supervisor or reason not in FOR_SUPERVISORS)
    )


def close_problem(
    status: str, kind: str, reason: str, words: str = "", *, is_supervisor: bool = False, is_decided: bool = False
) -> str | None:
    """Why a case cannot be closed for this reason, as a sentence for whoever tried; None when it can.

    `is_decided`: of a complaint or report, that it was taken up or refused.
    """
    if reason not in CLOSE_REASONS_ZH:
        return f"没有“{reason}”这个办结原因。"
    name = CLOSE_REASONS_ZH[reason]
    if reason == ANSWERED and status in ACTIVE:
        return "还没有答复到来电人，不能按“已答复办结”结案。"
    if reason in FOR_SUPERVISORS and not is_supervisor and status in ACTIVE:
        return f"按“{name}”结案要由值班长决定。"
    if reason not in close_reasons(status, kind, is_supervisor):
        return f"{KINDS_ZH[kind]}{STATUSES_ZH[status]}，不能按“{name}”结案。"
    if reason == ANSWERED and kind in DECIDED_KINDS and not is_decided:
        return f"{KINDS_ZH[kind]}要先写明受理还是不予受理，再结案。"
    if reason in NEEDS_WORDS and not words.strip():
        return f"按“{name}”结案，请写明是什么原因。"
    return None


def decision_problem(kind: str, status: str, decision: str, reason: str) -> str | None:
    """Why a complaint or report cannot be decided so, as a sentence; None when it can. A refusal needs its reason."""
    if kind not in DECIDED_KINDS:
        return f"{KINDS_ZH[kind]}不用作受理决定，只有投诉和举报要。"
    if status not in (*ACTIVE, REPLIED):
        return f"{KINDS_ZH[kind]}{STATUSES_ZH[status]}，不能再作受理决定。"
    if decision not in DECISIONS_ZH:
        return f"没有“{decision}”这种决定，只有受理和不予受理。"
    if decision == REFUSED and not reason.strip():
        return "不予受理要写明理由，来电人会问。"
    return None


def decision_stops_clock(kind: str, is_anonymous: bool, has_number: bool) -> bool:
    """Nobody can be told: an anonymous report without a number is answered by its decision (reply kind `decision`)."""
    return kind == REPORT and is_anonymous and not has_number


def reopens_until(ended_at: datetime, days: int) -> datetime:
    """Until when the caller may ask again: midnight (Shanghai) after the last of so many natural days.

    `ended_at`: when the reply was delivered, or the case closed without one; that day is not counted.
    """
    last_day = in_shanghai(ended_at).date() + timedelta(days=days)
    return datetime.combine(last_day + timedelta(days=1), time(0), SHANGHAI)


def may_reopen(status: str, ended_at: datetime | None, now: datetime, days: int) -> bool:
    """Whether the caller may have the case taken up again."""
    return (status, "reopen") in MOVES and ended_at is not None and now < reopens_until(ended_at, days)
