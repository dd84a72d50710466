"""Figures of calls and of the waiting line. Pure. Source: domain, figures and their definitions."""

from __future__ import annotations

from dashboards.figure import CALLS, HIGH, LINE, LOW, RATE, SECONDS, Figure, count_of
from dashboards.provincial.measures import SERVED_WAITS
from ivr.outcome import NAMES_ZH, PRECEDENCE

# In words, what each of the ten ends of a call means.
OUTCOME_DEFINITIONS = {
    "answered": "和工作人员通了话的来电。",
    "self_served": "听到了一条查询结果，或者听完（或听够20秒）一段录音、一段指南，并且没有和工作人员通话的来电。",
    "voicemail": "留了言的来电。",
    "callback_requested": "约了回电的来电。",
    "abandoned_in_queue": "排队满5秒后自己挂断的来电。",
    "short_abandon": "排队不到5秒就挂断的来电。",
    "human_unavailable": "按作息时间有人值守，来电人要人工，却没有找到人的来电。",
    "abandoned_in_menu": "上班时间在菜单里挂断，没有得到上面任何一种结果的来电。",
    "after_hours": "下班时间打来，没有得到上面任何一种结果的来电。",
    "failed": "系统没有给出菜单，或者一直没有收到挂断消息的来电。",
}
_EVERY_CALL = "全部来电，还没有挂断的也在内"

_OUTCOMES = tuple(count_of(name, NAMES_ZH[name], OUTCOME_DEFINITIONS[name], CALLS) for name in PRECEDENCE)
OF_CALLS = (
    count_of(
        "received",
        "来电",
        "打进来的全部来电，按开始的小时和首先接到来电的中心计，我们打出去的回电不算。来电数＝各种结果之和＋还没挂断。",
        CALLS,
    ),
    count_of("in_progress", "还没挂断", "已经打进来、还没有挂断的来电。", CALLS),
    *_OUTCOMES,
    Figure(
        "connection_rate",
        "综合接通率",
        "（人工接通＋自助完成）÷来电。自助完成只算真正听到了内容的。",
        _EVERY_CALL,
        RATE,
        ("answered", "self_served"),
        ("received",),
        HIGH,
        CALLS,
    ),
    Figure(
        "menu_abandonment",
        "菜单放弃率",
        "上班时间在菜单里挂断、什么也没有得到的÷来电。",
        _EVERY_CALL,
        RATE,
        ("abandoned_in_menu",),
        ("received",),
        LOW,
        CALLS,
    ),
    Figure(
        "after_hours_rate",
        "下班来电率",
        "下班时间打来、什么也没有得到的÷来电。",
        _EVERY_CALL,
        RATE,
        ("after_hours",),
        ("received",),
        LOW,
        CALLS,
    ),
)
OF_THE_LINE = (
    Figure(
        "human_connection_rate",
        "人工接通率",
        "人工接通÷要过人工。回电另计，不在里面。",
        "要过人工、已经挂断的来电：排过队的，和上班时间要人工而没有找到人的；排队不到5秒就挂断的也算",
        RATE,
        ("answered",),
        ("asked_human",),
        HIGH,
        LINE,
    ),
    Figure(
        "service_level",
        "15秒接通率",
        "排队15秒以内接通的÷应接。",
        "应接：排过队、已经挂断的来电，排队不到5秒就挂断的除外",
        RATE,
        ("answered_15",),
        ("offered",),
        HIGH,
        LINE,
    ),
    Figure(
        "service_level_answered",
        "15秒接通率（占已接通）",
        "排队15秒以内接通的÷排队后接通的。没有接通的不在分母里，不要和15秒接通率混用。",
        "排队后和工作人员通了话、已经挂断的来电",
        RATE,
        ("answered_15",),
        SERVED_WAITS,
        HIGH,
        LINE,
    ),
    Figure(
        "asa_seconds",
        "平均等待",
        "接通的来电从开始排队到第一次接通平均等了多久，中途离开队列的时间不算。没有接通的不在里面。",
        "排队后和工作人员通了话、已经挂断的来电",
        SECONDS,
        ("answer_wait_seconds",),
        SERVED_WAITS,
        LOW,
        LINE,
    ),
    Figure(
        "queue_abandonment",
        "排队放弃率",
        "排队满5秒后自己挂断的÷应接。",
        "应接：排过队、已经挂断的来电，排队不到5秒就挂断的除外",
        RATE,
        ("abandoned_in_queue",),
        ("offered",),
        LOW,
        LINE,
    ),
    Figure(
        "short_abandonment",
        "5秒内放弃率",
        "排队不到5秒就挂断的÷排过队的。",
        "排过队、已经挂断的全部来电",
        RATE,
        ("short_abandon",),
        ("offered", "short_abandon"),
        "",
        LINE,
    ),
)
