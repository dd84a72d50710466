"""What must not be so: rules on what the wallboard has just seen, each with a sentence that says what to do. Pure.

`seen` is the wallboard's snapshot. A rule that lacks what it needs finds nothing, and never guesses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboards.metrics import FIGURES, value_of
from dashboards.provincial.measures import CALLS

CITY_SILENT, FIGURES_BEHIND, IDENTITY, LEDGER, CARRIER = (
    "city_silent",
    "figures_behind",
    "identity",
    "ledger",
    "carrier",
)
LONG_LINE, NOBODY, ABANDONMENT, OVERDUE, CONNECTOR = "long_line", "nobody", "abandonment", "overdue", "connector"
RULES_ZH = {
    CITY_SILENT: "城市没有数据",
    FIGURES_BEHIND: "统计没有更新",
    IDENTITY: "来电数对不上",
    LEDGER: "来电账目不符",
    CARRIER: "和运营商不符",
    LONG_LINE: "排队太长",
    NOBODY: "没有人接",
    ABANDONMENT: "排队放弃太多",
    OVERDUE: "办件超期",
    CONNECTOR: "业务系统断开",
}
WARNING, URGENT = "warning", "urgent"
# Rules on the snapshot; the others are found in the proofs.
OF_THE_SNAPSHOT = tuple(rule for rule in RULES_ZH if rule not in (LEDGER, CARRIER))
DOWN, HALF_OPEN = "down", "half_open"
# The states in which a system answers nobody.
BROKEN = {DOWN: (URGENT, "连不上"), HALF_OPEN: (WARNING, "只接了一半")}
# Whoever the system has set away is not there.
NOT_THERE = ("away", "logged_out")
LONGEST_ABOUT = 64


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """From where on something is an alarm. Times in seconds; counts and shares beyond these are too many."""

    behind_seconds: int = 120
    builder_silent_seconds: int = 600
    silent_urgent_seconds: int = 4 * 3600
    waiting: int = 10
    waiting_for_each: int = 3
    longest_wait_seconds: int = 600
    abandoned_share: float = 0.2
    abandoned_base: int = 30
    overdue: int = 0
    overdue_urgent: int = 5


LIMITS = AlarmLimits()
LIMITS_ZH = {
    "behind_seconds": "统计数字停在多少秒以前算没有更新",
    "builder_silent_seconds": "多少秒没有按整天重新汇总算没有更新",
    "silent_urgent_seconds": "一个城市多少秒没有新数据算紧急",
    "waiting": "排队超过多少人才算太长",
    "waiting_for_each": "每位在岗咨询员摊到多少人以上算太长",
    "longest_wait_seconds": "等得最久的超过多少秒算太长",
    "abandoned_share": "今天的排队放弃率超过多少算太多",
    "abandoned_base": "今天进入排队的至少多少人才算放弃率",
    "overdue": "超期办件多于多少件要提醒",
    "overdue_urgent": "超期办件多于多少件算紧急",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Something that must not be so. `centre` None: not one centre's; `about` tells several of one rule apart.

    `detail` is JSON: "calls" are named one by one, "centres" are those that a matter of the province is about.
    """

    rule: str
    centre: str | None
    about: str
    severity: str
    words: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    must_clear: bool = False


def find_alarms(seen: Mapping[str, Any], limits: AlarmLimits = LIMITS) -> list[Found]:
    """Everything that is wrong in a snapshot, at most once for each rule, centre and `about`."""
    found = list(_behind(seen, limits))
    for code, centre in seen.get("centres", {}).items():
        found += _silent(code, centre, _moment(seen.get("at")), limits)
        found += _broken_identity(code, centre, seen.get("day", ""))
        found += _line(code, centre.get("now", {}), limits)
        found += _abandoned(code, centre.get("sums", {}), limits)
        found += _overdue(code, centre.get("now", {}), limits)
    return [*found, *_connectors(seen.get("centres", {}))]


def _behind(seen: Mapping[str, Any], limits: AlarmLimits) -> Iterator[Found]:
    seconds = seen.get("figures_are_behind_seconds")
    if seconds is not None and seconds > limits.behind_seconds:
        words = f"统计数字停在{in_words(seconds)}前，请让系统管理员检查后台任务是否在运行。"
        yield Found(FIGURES_BEHIND, None, "", URGENT, words, {"seconds": seconds})
    silent = seen.get("builder_silent_seconds")
    if silent is not None and silent > limits.builder_silent_seconds:
        words = (
            f"已经{in_words(silent)}没有按整天重新汇总，评价、办件、回电和以前的日子没有更新，"
            "请让系统管理员检查后台任务是否在运行。"
        )
        yield Found(FIGURES_BEHIND, None, "days", URGENT, words, {"seconds": silent})


def _silent(code: str, centre: Mapping[str, Any], at: datetime | None, limits: AlarmLimits) -> Iterator[Found]:
    if not centre.get("is_stale"):
        return
    newest = _moment(centre.get("newest_at"))
    seconds = None if at is None or newest is None else max(0, int((at - newest).total_seconds()))
    how_long = "还没有送来过数据" if seconds is None else f"已经{in_words(seconds)}没有新数据"
    severity = URGENT if seconds is None or seconds > limits.silent_urgent_seconds else WARNING
    yield Found(CITY_SILENT, code, "", severity, f"{how_long}，请联系当地信息部门检查推送。", {"seconds": seconds})


def _broken_identity(code: str, centre: Mapping[str, Any], day: str) -> Iterator[Found]:
    sums = centre.get("sums", {})
    received, accounted = sums.get(CALLS[0], 0), sum(sums.get(name, 0) for name in CALLS[1:])
    if received != accounted:
        difference = received - accounted
        words = f"今天来电{received}个，各种结果加还没挂断的是{accounted}个，请核对相差的{abs(difference)}个来电。"
        detail = {"difference": difference, "calls": []}
        yield Found(IDENTITY, code, day, URGENT, words, detail, must_clear=True)


def _line(code: str, now: Mapping[str, Any], limits: AlarmLimits) -> Iterator[Found]:
    waiting, longest = now.get("waiting", 0), now.get("longest_wait_seconds") or 0
    there = sum(count for state, count in now.get("agents", {}).items() if state not in NOT_THERE)
    if waiting and not there and now.get("is_open", True):
        yield Found(NOBODY, code, "", URGENT, f"{waiting}人在排队，没有咨询员在岗，请马上安排人上线。")
    is_crowded = waiting > limits.waiting and waiting > limits.waiting_for_each * there
    if longest > limits.longest_wait_seconds:
        words = f"等得最久的已经{in_words(longest)}，{waiting}人在排队、{there}人在岗，请增派咨询员或请邻近中心帮接。"
        yield Found(LONG_LINE, code, "", URGENT, words)
    elif is_crowded:
        words = f"{waiting}人在排队，只有{there}人在岗，请增派咨询员或请邻近中心帮接。"
        yield Found(LONG_LINE, code, "", WARNING, words)


def _abandoned(code: str, sums: Mapping[str, int], limits: AlarmLimits) -> Iterator[Found]:
    rate = value_of(FIGURES["queue_abandonment"], sums)
    if rate.value is None or (rate.denominator or 0) < limits.abandoned_base or rate.value <= limits.abandoned_share:
        return
    words = (
        f"今天排队的{rate.denominator}个来电有{rate.numerator}个没等到就挂了（{rate.value:.0%}），"
        "请看各时段在岗人数是否够。"
    )
    yield Found(ABANDONMENT, code, "", WARNING, words)


def _overdue(code: str, now: Mapping[str, Any], limits: AlarmLimits) -> Iterator[Found]:
    count = now.get("cases_overdue", 0)
    if count > limits.overdue:
        severity = URGENT if count > limits.overdue_urgent else WARNING
        yield Found(OVERDUE, code, "", severity, f"{count}件办件超期没有答复，请到督办页逐件催办、写明原因。")


def _connectors(centres: Mapping[str, Mapping[str, Any]]) -> Iterator[Found]:
    """One alarm for each system, however many centres it answers."""
    broken: dict[str, list[str]] = {}
    states: dict[str, str] = {}
    for code, centre in centres.items():
        for system in centre.get("systems", ()):
            name, state = system.get("name", ""), system.get("state")
            if state in BROKEN and code not in broken.setdefault(name, []):
                broken[name].append(code)
            if state in BROKEN and states.get(name) != DOWN:
                states[name] = state
    for name, codes in broken.items():
        severity, trouble = BROKEN[states[name]]
        where = f"{len(codes)}个中心的" if len(codes) > 1 else ""
        words = f"{name}{trouble}，{where}来电人现在查不到，请联系系统的维护单位。"
        centre_code = codes[0] if len(codes) == 1 else None
        yield Found(CONNECTOR, centre_code, name[:LONGEST_ABOUT], severity, words, {"centres": codes})


def alarms_of(alarms: Sequence[Mapping[str, Any]], centres: Sequence[str]) -> list[Mapping[str, Any]]:
    """Those that somebody who sees these centres is told of; each has `centre` and the `centres` that it is about.

    A matter of the whole province is for whoever sees more than one centre.
    """
    return [one for one in alarms if is_shown(one["centre"], one["centres"], centres)]


def is_shown(centre: str | None, about: Sequence[str], centres: Sequence[str]) -> bool:
    """Whether an alarm of this centre, or of the province about these ones, is for who sees `centres`."""
    if centre is not None:
        return centre in centres
    return len(centres) > 1 or any(code in centres for code in about)


def in_words(seconds: float) -> str:
    """`45秒`, `12分`, `3小时5分`, `2天`."""
    minutes, hours = int(seconds) // 60, int(seconds) // 3600
    if seconds < 60:
        return f"{int(seconds)}秒"
    if hours >= 48:
        return f"{hours // 24}天"
    rest = f"{minutes % 60}分" if minutes % 60 else ""
    return f"{hours}小时{rest}" if hours else f"{minutes}分"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
