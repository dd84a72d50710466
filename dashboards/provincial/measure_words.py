"""What the sums behind the figures are called in an export. Pure."""

from __future__ import annotations

from dashboards.provincial.explore.parts import wait_words
from dashboards.provincial.measures import LEFT_WAITS, MEASURES, SCORES, SERVED_WAITS, WAIT_BOUNDS
from ivr.outcome import NAMES_ZH

_SCORES_ZH = ("非常满意", "满意", "基本满意", "不满意", "非常不满意")
_LOWS, _HIGHS = (0, *WAIT_BOUNDS), (*WAIT_BOUNDS, None)
_WAITS = [wait_words(low, high) for low, high in zip(_LOWS, _HIGHS, strict=True)]
_WORDS = {
    "received": "来电",
    "in_progress": "还没挂断",
    **NAMES_ZH,
    "asked_human": "要过人工",
    "offered": "应接",
    "answered_15": "15秒内接通",
    "answer_wait_seconds": "接通的等待秒数",
    **{name: f"接通，等了{words}" for name, words in zip(SERVED_WAITS, _WAITS, strict=True)},
    **{name: f"离开，等了{words}" for name, words in zip(LEFT_WAITS, _WAITS, strict=True)},
    "legs": "通话",
    "callback_legs": "其中回电的通话",
    "talk_seconds": "通话秒数",
    "hold_seconds": "保持秒数",
    "wrap_up_seconds": "话后整理秒数",
    "handling_seconds": "处理秒数",
    "available_seconds": "等待来电秒数",
    "break_seconds": "休息秒数",
    "signed_in_seconds": "在线秒数",
    "surveyed": "请评价",
    **{name: f"评价{words}" for name, words in zip(SCORES, _SCORES_ZH, strict=True)},
    "fcr_base": "看是否再打来的",
    "fcr_resolved": "没有再打来的",
    "cases_opened": "新办件",
    "cases_replied": "答复了的办件",
    "cases_resolved": "解决了的办件",
    "cases_handed": "转办过的办件",
    "cases_returned": "退转的办件",
    "cases_reworked": "重办的办件",
    "cases_due": "到期的办件",
    "cases_in_time": "按时的办件",
    "callbacks_asked": "约的回电",
    "callbacks_ended": "结束的回电",
    "callbacks_reached": "接通的回电",
    "callbacks_due": "到期的回电",
    "callbacks_in_time": "及时的回电",
}
# In the order of MEASURES, every one of them.
MEASURES_ZH = {name: _WORDS[name] for name in MEASURES}
