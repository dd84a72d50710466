"""The figures of cases, each defined once: in words for the page, and in SQL for whoever counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from integrations.work_calendar import SHANGHAI, in_shanghai
from voicemail.reminders import PROVINCE
from voicemail.reply_rules import SUPERVISOR
from voicemail.work_order import CLOSE_REASONS_ZH, DUPLICATE, NOT_A_MESSAGE, SOURCE_CLEARED

WEEK, MONTH = 7, 30

# Closed so without an answer, a case was no question of anybody: it counts nowhere.
NO_QUESTION = (NOT_A_MESSAGE, DUPLICATE)
# Still to be answered.
ACTIVE = "status IN ('open', 'owned')"
# Late, and nobody has said why.
TO_CLEAR = "breached_at IS NOT NULL AND cleared_at IS NULL"
# Told to the province, and nobody has said why.
WITH_PROVINCE = f"level = {PROVINCE} AND cleared_at IS NULL"

DEFINITIONS = {
    "on_time": (
        "按时办结率＝期限内答复的÷到期的。到期的：期限在这几天里、已经过了的办件，按期限那一天算，"
        "今天还没到期限的不算。期限内答复的：期限以前答复已经送到来电人（电话接通，或短信送达，或来电人自己按键确认）。"
        "到期还没答复的、过了期限才答复的、没有答复就办结的，都算没有按时。"
        "挂失核实和回电没接通的，在它们自己的页面期限内办结，也算按时。"
        "并案并掉的不算；没有答复就按“不是留言”或“重复”办结的不算。暂定的期限按现在的日期算，重新办理的按新的期限算。"
    ),
    "active": "还没有答复的办件，不论有没有人负责。＝没人接办＋转来没接办＋有人负责。",
    "owned": "有人负责、还没有答复的办件。",
    "unowned": "还没有人接办的办件，别处转来的不算在内。",
    "handed": "别的中心或部门转来、还没有人接办的办件。",
    "due_today": "还没有答复、期限就在今天、还没有到时间的办件。",
    "overdue": "还没有答复、期限已经过了的办件。",
    "to_clear": "过了期限、还没有写明原因的办件，转来没有按时接办的也在内；后来答复了的也算，直到写明原因。",
    "with_province": "超期满一个工作日、已经报到省厅的办件，还没有答复、也没有写明原因。",
    "to_decide": "联系来电人没有成功、按规定要由值班长决定怎么办的办件：在不同的半天打了几次都没有打通、"
    "短信没有送到或发不了短信的，和号码不对的。答复了或重新办理了就不算。",
}


@dataclass(frozen=True, slots=True)
class OnTime:
    """按时办结率: cases answered by their due date, of those whose due date has passed.

    `due` is the denominator: cases whose `due_at` lies in the period and has passed, merged ones left out, and those
    closed without an answer because they were no question (not a message, a duplicate). `in_time` of them had their
    answer delivered at or before `due_at`, or, of those with a page of their own, were cleared there by then; the rest
    is late: answered later, closed without an answer, or still open. Every case counts once, on the day of its due date
    as it stands now: a provisional one by that date, one that was taken up again by its new one.
    Source: domain, figures, "work orders replied by due_at / due".
    """

    due: int = 0
    in_time: int = 0

    @property
    def late(self) -> int:
        """Those that were not in time."""
        return self.due - self.in_time

    @property
    def rate(self) -> float | None:
        """0 to 1; None when nothing was due, which is no figure at all."""
        return self.in_time / self.due if self.due else None

    def __add__(self, other: OnTime) -> OnTime:
        return OnTime(self.due + other.due, self.in_time + other.in_time)


def total(parts: Iterable[OnTime]) -> OnTime:
    """All of them together, by their counts and never by their rates."""
    return sum(parts, OnTime())


def counts_sql(case: str = "w") -> str:
    """The condition of the denominator; the period of `due_at` comes on top. `case`: the name of work_order's row."""
    return f"({case}.status <> 'merged' AND NOT ({case}.replied_at IS NULL AND {_closed_as(case, NO_QUESTION)}))"


def in_time_sql(case: str = "w") -> str:
    """The condition of the numerator, of a row that counts."""
    cleared = (
        f"({case}.replied_at IS NULL AND {_closed_as(case, (SOURCE_CLEARED,))} AND {case}.closed_at <= {case}.due_at)"
    )
    return f"({case}.replied_at <= {case}.due_at OR {cleared}) IS TRUE"


def decision_sql(case: str = "w") -> str:
    """The condition that a case waits for the supervisor: the last try failed, and the rules said so then."""
    return f"""({case}.status IN ('open', 'owned')
  AND EXISTS (SELECT FROM case_reply r WHERE r.case_id = {case}.id AND r.ended_at IS NOT NULL)
  AND (SELECT e.event = 'reply_failed' AND e.detail->>'next' = '{SUPERVISOR}' FROM case_event e
       WHERE e.case_id = {case}.id AND e.event IN ('reply_failed', 'replied', 'reopened')
       ORDER BY e.id DESC LIMIT 1)) IS TRUE"""


def _closed_as(case: str, reasons: Iterable[str]) -> str:
    """Closed for one of these, with or without words of one's own behind it."""
    names = [CLOSE_REASONS_ZH[reason] for reason in reasons]
    either = " OR ".join(
        f"{case}.closed_reason = '{name}' OR starts_with({case}.closed_reason, '{name}：')" for name in names
    )
    return f"({case}.status = 'closed' AND ({either}))"


def midnight_before(now: datetime, days: int) -> datetime:
    """The midnight in Shanghai with which the last `days` days began, today being one of them."""
    first = in_shanghai(now).date() - timedelta(days=days - 1)
    return datetime.combine(first, time(), SHANGHAI)
