"""How staff read a case: when it is due, what was said in it, what has happened to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dashboards.console.message_words import without_long_numbers
from integrations.work_calendar import WorkCalendar, in_shanghai
from voicemail.reminders import LEVELS, NOT_YET, PROVINCE
from voicemail.reminders import OVERDUE as LATE
from voicemail.work_order import CLOSE_REASONS_ZH, CLOSED, EVENTS_ZH, MERGED, NEEDS_WORDS, REPLIED

OVERDUE, TODAY, TOMORROW, LATER, NO_DATE = "overdue", "today", "tomorrow", "later", "none"
# Tone and symbol of each: a colour never says it alone.
LOOKS = {
    OVERDUE: ("stop", "▲"),
    TODAY: ("soon", "●"),
    TOMORROW: ("call", "◐"),
    LATER: ("off", "○"),
    NO_DATE: ("off", "○"),
    REPLIED: ("on", "✓"),
    CLOSED: ("off", "■"),
    MERGED: ("off", "⇢"),
}
_MOBILE = re.compile(r"1\d{10}")
SNIPPET = 46
MOST_WORKDAYS = 60
# What there is to read of a message: words, or why there are none.
WORDS, MAKING, NOT_MADE, UNUSABLE, NOTHING_HEARD, DELETED, NO_MESSAGE = (
    "words", "making", "not_made", "unusable", "nothing_heard", "deleted", "no_message",
)  # fmt: skip
SOUNDS_ZH = {
    WORDS: "",
    MAKING: "转写中",
    NOT_MADE: "没有转写，请听录音",
    UNUSABLE: "无法使用的录音",
    NOTHING_HEARD: "没有听出话来，请听录音",
    DELETED: "录音到期已删除",
    NO_MESSAGE: "没有留言",
}
ENDED_ZH = {REPLIED: "已答复", CLOSED: "已办结", MERGED: "已并案"}
BROKEN = ("absent", "lost", "unusable")
SATISFACTION_ZH = {1: "非常满意", 2: "满意", 3: "基本满意", 4: "不满意", 5: "非常不满意"}
# Who did it stands before it.
_OWN_WORDS = {
    **EVENTS_ZH,
    "opened": "提出来，立了案",
    "urged": "催办",
    "added": "又补充了",
    "satisfaction": "评价",
    "replied": "答复了，计时停止",
    "reminded": "提醒快到期了",
}
ACTORS_ZH = {"caller": "来电人", "system": "系统"}


@dataclass(frozen=True, slots=True)
class DueWords:
    """`key` groups and colours; `words` say it."""

    key: str
    words: str

    @property
    def tone(self) -> str:
        return LOOKS[self.key][0]

    @property
    def symbol(self) -> str:
        return LOOKS[self.key][1]


def due_words(status: str, due_at: datetime | None, now: datetime, calendar: WorkCalendar) -> DueWords:
    """`今天17:30前`, `明天17:30前`, `还剩2个工作日`, `超期1天`; for what is over, how it ended."""
    if status in ENDED_ZH:
        return DueWords(status, ENDED_ZH[status])
    if due_at is None:
        return DueWords(NO_DATE, "没有期限")
    due, today = in_shanghai(due_at), in_shanghai(now).date()
    if due_at < now:
        return DueWords(OVERDUE, _late_words(due_at, now))
    if due.date() <= today + timedelta(days=1):
        is_today = due.date() == today
        return DueWords(TODAY if is_today else TOMORROW, f"{'今天' if is_today else '明天'}{due:%H:%M}前")
    days = workdays_left(today, due.date(), calendar)
    return DueWords(LATER, f"还剩{days}个工作日" if days else f"{due.month}月{due.day}日前")


def _late_words(due_at: datetime, now: datetime) -> str:
    days = (in_shanghai(now).date() - in_shanghai(due_at).date()).days
    hours = int((now - due_at).total_seconds() // 3600)
    return f"超期{days}天" if days else f"超期{hours}小时" if hours else "刚刚超期"


def workdays_left(today: date, due: date, calendar: WorkCalendar) -> int:
    """The working days after today up to the day on which it is due, which counts."""
    days = min((due - today).days, MOST_WORKDAYS)
    return sum(calendar.is_workday(today + timedelta(days=n)) for n in range(1, days + 1))


def moment_words(at: datetime, now: datetime) -> str:
    """`今天17:30`, `11月25日17:30`, with the year when it is another one, on the Shanghai clock."""
    local, today = in_shanghai(at), in_shanghai(now).date()
    days = {today: "今天", today + timedelta(days=1): "明天", today - timedelta(days=1): "昨天"}
    year = "" if local.year == today.year else f"{local.year}年"
    return days.get(local.date(), f"{year}{local.month}月{local.day}日") + f"{local:%H:%M}"


def heard_state(recording: str | None, is_deleted: bool, transcript: str | None, said: str | None) -> str:
    """What there is to read. `recording` and `transcript` are the rows' states, None where there is no row."""
    if said:
        return WORDS
    if is_deleted:
        return DELETED
    if recording is None:
        return NO_MESSAGE
    if recording in BROKEN:
        return UNUSABLE
    if transcript in ("no_model", "failed"):
        return NOT_MADE
    return NOTHING_HEARD if transcript == "done" else MAKING


def snippet(said: str) -> str:
    """The first words for a line of the list; what looks like a number of a person is masked."""
    words = without_long_numbers(" ".join(said.split()))
    return words if len(words) <= SNIPPET else words[: SNIPPET - 1] + "…"


def tail_words(tail: str | None, is_anonymous: bool) -> str:
    """`尾号5678`; an anonymous caller's is nobody's to see."""
    return "匿名" if is_anonymous else f"尾号{tail}" if tail else "没有号码"


def number_words(number: str) -> str:
    """`13855115678` or `055165551234` as one dials it here; a foreign one with its `+`."""
    national = number.removeprefix("+86")
    if national == number:
        return number
    return national if _MOBILE.fullmatch(national) else f"0{national}"


def flag_words(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is special about a case: how often it was urged, who was told of it, where it came from, what it waits for.

    `title`, where there is one, says more.
    """
    urges, level = row["urges"], row["level"]
    level_zh = LEVELS.get(level, "")
    is_told = level == PROVINCE and row["cleared_at"] is None
    flags = [
        ("urged", f"催办×{urges}" if urges > 1 else "催办") if urges else None,
        ("province", "已报省厅", level_zh) if is_told else None,
        ("decision", "请值班长定", "联系不上来电人，请值班长决定怎么办") if row["waits_for_decision"] else None,
        ("supervised", "督办") if row["supervised_at"] else None,
        ("reminded", "已提醒", level_zh) if NOT_YET < level < LATE else None,
        ("passed", "转来") if row["first_centre"] != row["centre"] else None,
        ("reopened", "重新办理") if row["reopened"] else None,
        ("provisional", "临时日期") if row["due_is_provisional"] else None,
        ("anonymous", "匿名") if row["is_anonymous"] else None,
        ("text", "等短信回执") if row["waits_for_text"] else None,
    ]
    return [dict(zip(("key", "name", "title"), flag, strict=False)) for flag in flags if flag]


def event_words(event: str, note: str, detail: Mapping[str, Any] | None) -> str:
    """One line of the history without who and when."""
    said = _OWN_WORDS.get(event, event)
    moved = _moved_words(detail) if event == "due_moved" else ""
    reason = _reason_words(detail) if event == "closed" else ""
    return "：".join(part for part in (said, reason, moved or without_long_numbers(note)) if part)


def _reason_words(detail: Mapping[str, Any] | None) -> str:
    reason = str(detail.get("reason", "")) if detail else ""
    return "" if reason in NEEDS_WORDS else CLOSE_REASONS_ZH.get(reason, "")


def _moved_words(detail: Mapping[str, Any] | None) -> str:
    days = [_day(detail.get(name)) for name in ("from", "to")] if detail else []
    return f"从{days[0]}改到{days[1]}" if len(days) == 2 and all(days) else ""


def _day(written: object) -> str:
    try:
        at = in_shanghai(datetime.fromisoformat(str(written)))
    except ValueError:
        return ""
    return f"{at.month}月{at.day}日{at:%H:%M}"
