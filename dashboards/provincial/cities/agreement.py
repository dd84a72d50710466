"""Whether the values of a city's row agree with each other: outcome with seconds, parts with the whole. Pure.

Each rule yields (field, sentence). The figures that are made of these rows hold only if they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from dashboards.provincial.cities.fields import CALLS, HOURS, TITLES_ZH, TOTALS
from dashboards.provincial.measures import CALLS as OF_CALLS
from dashboards.provincial.measures import LEFT_WAITS, SCORES, SERVED_WAITS, SHIFTS
from ivr.outcome import (
    ABANDONED_IN_QUEUE,
    ANSWERED,
    HUMAN_UNAVAILABLE,
    NAMES_ZH,
    PRECEDENCE,
    SHORT_ABANDON,
)

Found = Iterator[tuple[str, str]]
SHORT_SECONDS = 5
LONGEST_CALL = timedelta(days=1)
# Seconds are rounded, and each by itself.
ROUNDING_SECONDS = 5
_ASKED = (ANSWERED, ABANDONED_IN_QUEUE, SHORT_ABANDON, HUMAN_UNAVAILABLE)
# The first is part of the second.
PARTS = (
    ("answered_15", (ANSWERED,)),
    ("offered", ("received",)),
    ("asked_human", ("received",)),
    ("callback_legs", ("legs",)),
    ("fcr_resolved", ("fcr_base",)),
    ("cases_in_time", ("cases_due",)),
    ("callbacks_reached", ("callbacks_ended",)),
    ("callbacks_in_time", ("callbacks_due",)),
)


def problems_of_call(call: Mapping[str, Any]) -> Found:
    """What does not agree within one call."""
    yield from _end(call)
    if call["outcome"] is None:
        return
    if call["asked_human"] is False and call["outcome"] in _ASKED:
        yield "asked_human", f"结果是“{NAMES_ZH[call['outcome']]}”，就是要过人工，这里不能写“否”"
    yield from _talk(call)
    yield from _wait(call)


def _end(call: Mapping[str, Any]) -> Found:
    ended, outcome = call["ended_at"], call["outcome"]
    if ended is not None and outcome is None:
        yield "outcome", "来电已经结束，缺少结果"
    if ended is None and outcome is not None:
        yield "ended_at", "有结果的来电缺少结束时间；还在进行中的，结果也空着"
    if ended is None:
        return
    if ended < call["started_at"]:
        yield "ended_at", "结束时间早于开始时间"
    elif ended - call["started_at"] > LONGEST_CALL:
        yield "ended_at", "一通来电不会超过24小时，请核对开始和结束时间"
    else:
        most = (ended - call["started_at"]).total_seconds() + ROUNDING_SECONDS
        for name in ("wait_seconds", "talk_seconds", "hold_seconds"):
            if (call[name] or 0) > most:
                yield name, "比整通来电还长，请核对单位是不是秒"


def _talk(call: Mapping[str, Any]) -> Found:
    if call["outcome"] == ANSWERED:
        if not call["talk_seconds"]:
            yield "talk_seconds", "人工接通的来电缺少通话秒数；不足1秒的写1"
        return
    for name in ("talk_seconds", "hold_seconds", "wrap_up_seconds"):
        if call[name]:
            yield name, f"结果是“{NAMES_ZH[call['outcome']]}”，不该有这一项；和咨询员通过话的，结果是人工接通"
    if call["score"] is not None:
        yield "score", "没有人工接通的来电不该有满意度"


def _wait(call: Mapping[str, Any]) -> Found:
    wait = call["wait_seconds"]
    if call["outcome"] == ABANDONED_IN_QUEUE:
        if wait is None:
            yield "wait_seconds", "排队中放弃的来电缺少排队秒数"
        elif wait < SHORT_SECONDS:
            yield "outcome", f"排队不到{SHORT_SECONDS}秒放弃的，结果应当是排队5秒内放弃（short_abandon）"
    if call["outcome"] == SHORT_ABANDON and wait is not None and wait > SHORT_SECONDS:
        yield "outcome", f"排队超过{SHORT_SECONDS}秒放弃的，结果应当是排队中放弃（abandoned_in_queue）"


def problems_of_hour(hour: Mapping[str, Any]) -> Found:
    """What does not agree within the sums of an hour."""
    if hour["subject"]:
        for name in SHIFTS:
            if hour.get(name):
                yield name, "坐席时间不分科目，请写在科目空着的那一行"
    told = [hour[name] for name in OF_CALLS[1:] if name in hour]
    received = hour.get("received")
    if received is None and any(told):
        yield "received", "有结果或进行中的数，就必须有来电总数"
    elif received is not None and received != sum(told):
        yield "received", f"来电总数 {received} 不等于各种结果加进行中之和 {sum(told)}"
    yield from _parts(hour)


def _parts(hour: Mapping[str, Any]) -> Found:
    for name, whole in PARTS:
        if hour.get(name, 0) > sum(hour.get(each, 0) for each in whole):
            yield name, f"“{TITLES_ZH[name]}”不能大于“{TITLES_ZH[whole[0]]}”"
    for names, whole_name, words in (
        (SERVED_WAITS, ANSWERED, "接通者等待各档之和"),
        (LEFT_WAITS, "received", "放弃者等待各档之和"),
        (SCORES, "surveyed", "各档评价之和"),
    ):
        if sum(hour.get(name, 0) for name in names) > hour.get(whole_name, 0):
            yield names[0], f"{words}不能大于“{TITLES_ZH[whole_name]}”"


def problems_of_total(total: Mapping[str, Any]) -> Found:
    """What does not agree within a day's totals: the outcomes may be left out, all or some."""
    told = [total[name] for name in PRECEDENCE if name in total]
    if len(told) == len(PRECEDENCE) and sum(told) != total["received"]:
        yield "received", f"来电总数 {total['received']} 不等于各种结果之和 {sum(told)}"
    elif sum(told) > total["received"]:
        yield "received", f"来电总数 {total['received']} 小于各种结果之和 {sum(told)}"


PROBLEMS_OF_ROW: Mapping[str, Callable[[Mapping[str, Any]], Found]] = {
    CALLS: problems_of_call,
    HOURS: problems_of_hour,
    TOTALS: problems_of_total,
}
