"""What a city may tell us, field by field: its calls, the sums of its hours, its own totals of a day. Pure.

From this come the checks, the template of the upload, the titles of the pages and the OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from dashboards.provincial.measures import CHANNELS_ZH, MEASURES, PHONE, SCORES, SHIFTS, WAIT_BOUNDS
from ivr.outcome import NAMES_ZH, PRECEDENCE

FORMAT_VERSION = 1
CALLS, HOURS, TOTALS = "calls", "hours", "totals"
KINDS = frozenset({CALLS, HOURS, TOTALS})
KINDS_ZH = {CALLS: "逐通来电", HOURS: "小时汇总", TOTALS: "每日总数"}
LARGEST_BATCH_ROWS = 10_000
LARGEST_BATCH_BYTES = 8 * 1024 * 1024

# What a field holds. ID is the city's own name for a call.
ID, WHOLE, MOMENT, HOUR, DAY, CHOICE, SUBJECT, YES_NO = (
    "id", "whole", "moment", "hour", "day", "choice", "subject", "yes_no",
)  # fmt: skip
# A call or an hour with more seconds than this was counted in something else.
MOST_SECONDS = 86_400
MOST_OF_AN_HOUR = 10_000_000
MOST_VERSIONS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a row tells.

    `choices` are the values there are, each with its Chinese name, which a file may use instead; `least` and `most`
    are the bounds of a whole number; `default` is what holds when nothing is written.
    """

    name: str
    title_zh: str
    type: str
    is_required: bool = False
    example: str = ""
    hint_zh: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    least: int = 0
    most: int = MOST_OF_AN_HOUR
    default: int | str | bool | None = None


_SHANGHAI_TIME = "北京时间，例如 2026-01-05 10:02:31；也可以带时区"
_VERSION = Field(
    "version", "版本", WHOLE, example="1", hint_zh="第一次报写1，更正时加1", least=1, most=MOST_VERSIONS, default=1
)
_CHANNEL = Field(
    "channel",
    "渠道",
    CHOICE,
    example=PHONE,
    hint_zh="电话、网站或微信，不写就是电话",
    choices=CHANNELS_ZH,
    default=PHONE,
)
_SUBJECT = Field("subject", "科目", SUBJECT, hint_zh="全省统一科目的代码（第二级），没有登记就空着", default="")
_CENTRE = Field("centre", "中心代码", ID, hint_zh="可以不写；写了就必须是本中心的代码")


def _seconds(name: str, title: str, hint: str, example: str = "", default: int | None = 0) -> Field:
    return Field(name, title, WHOLE, example=example, hint_zh=hint, most=MOST_SECONDS, default=default)


_OF_A_CALL = (
    Field("call_id", "来电编号", ID, True, "C20200106-0001", "本市系统里这通来电的编号，不能含手机号或身份证号"),
    _VERSION,
    Field("started_at", "开始时间", MOMENT, True, "2020-01-06 10:02:31", _SHANGHAI_TIME),
    Field("ended_at", "结束时间", MOMENT, example="2020-01-06 10:07:02", hint_zh="还没有结束就空着，结果也空着"),
    _CHANNEL,
    _SUBJECT,
    Field("outcome", "结果", CHOICE, example="answered", hint_zh="十种结果之一，结束的来电必须有", choices=NAMES_ZH),
    Field("asked_human", "是否要人工", YES_NO, example="是", hint_zh="是或否，不写时按结果推断"),
    _seconds("wait_seconds", "排队秒数", "进过排队的才写，排队中放弃的必须写", "12", None),
    _seconds("talk_seconds", "通话秒数", "不含保持；人工接通的必须写，不足1秒写1", "215"),
    _seconds("hold_seconds", "保持秒数", "通话中保持的时间", "0"),
    _seconds("wrap_up_seconds", "话后秒数", "话后整理的时间", "40"),
    Field("score", "满意度", WHOLE, hint_zh="1非常满意到5非常不满意，没有评价就空着", least=1, most=5),
    Field("withdrawn", "是否撤销", YES_NO, hint_zh="报错了的来电，加一个版本写“是”，从此不计", default=False),
    _CENTRE,
)


def _titles() -> Mapping[str, str]:
    """The measures by the names that a person reads."""
    bounds = ["0", *map(str, WAIT_BOUNDS)]
    ranges = [f"{low}到{high}秒" for low, high in pairwise(bounds)] + [f"{bounds[-1]}秒以上"]
    return {
        "received": "来电总数",
        "in_progress": "进行中",
        **NAMES_ZH,
        "asked_human": "要人工",
        "offered": "进入排队",
        "answered_15": "15秒内接通",
        "answer_wait_seconds": "接通者等待秒数",
        **{f"served_wait_{bucket}": f"接通者等待{words}" for bucket, words in enumerate(ranges)},
        **{f"left_wait_{bucket}": f"放弃者等待{words}" for bucket, words in enumerate(ranges)},
        "legs": "通话次数",
        "callback_legs": "其中回电通话",
        "talk_seconds": "通话秒数",
        "hold_seconds": "保持秒数",
        "wrap_up_seconds": "话后秒数",
        "handling_seconds": "坐席处理秒数",
        "available_seconds": "坐席空闲秒数",
        "break_seconds": "坐席小休秒数",
        "signed_in_seconds": "坐席签入秒数",
        "surveyed": "请评价次数",
        **dict(zip(SCORES, ("非常满意", "满意", "基本满意", "不满意", "非常不满意"), strict=True)),
        "fcr_base": "可判断一次解决的通话",
        "fcr_resolved": "一次解决的通话",
        "cases_opened": "立案办件",
        "cases_replied": "已答复办件",
        "cases_resolved": "已解决办件",
        "cases_handed": "转办办件",
        "cases_returned": "退回办件",
        "cases_reworked": "返工办件",
        "cases_due": "到期办件",
        "cases_in_time": "按时办结办件",
        "callbacks_asked": "预约回电数",
        "callbacks_ended": "结束的回电",
        "callbacks_reached": "打通的回电",
        "callbacks_due": "到期的回电",
        "callbacks_in_time": "按时打通的回电",
    }


_EXAMPLES = {"received": "120", "answered": "90", "self_served": "18", "abandoned_in_queue": "12"}
TITLES_ZH = MappingProxyType({name: _titles()[name] for name in MEASURES})


def _measure(name: str, *, is_required: bool = False) -> Field:
    hint = "坐席时间没有科目，科目要空着" if name in SHIFTS else "没有就空着"
    return Field(name, TITLES_ZH[name], WHOLE, is_required, _EXAMPLES.get(name, ""), "" if is_required else hint)


_HOUR = Field("hour", "小时", HOUR, True, "2020-01-06 10:00", "这个小时的开始，北京时间整点")
_DAY = Field("day", "日期", DAY, True, "2020-01-06", "北京时间的一天，例如 2026-01-05")

FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        CALLS: _OF_A_CALL,
        HOURS: (_HOUR, _CHANNEL, _SUBJECT, _VERSION, *(_measure(name) for name in MEASURES), _CENTRE),
        TOTALS: (
            _DAY,
            _VERSION,
            _measure("received", is_required=True),
            *(_measure(name) for name in PRECEDENCE),
            _CENTRE,
        ),
    }
)
