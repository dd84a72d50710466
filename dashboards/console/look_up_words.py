"""What staff read of a question to a business system: its purpose, what came of it, and why a number is none. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime

from integrations.social_insurance.contract import Answer, Kind, NotFound, Rejected, Unavailable, Unknown
from integrations.social_insurance.id_number import Problem
from integrations.work_calendar import in_shanghai

KINDS = {Kind.PENSION: "养老保险", Kind.MEDICAL: "医保", Kind.CARD: "社保卡"}
# A consultant must name one: personal data is looked up for a purpose or not at all.
PURPOSES = {"enquiry": "解答来电人本人询问", "progress": "核对办理进度", "complaint": "更正或投诉处理"}
KEYPAD, ORAL = "keypad", "oral"
PROOFS = {KEYPAD: "按键核对", ORAL: "口头核对"}
# What callers do by themselves, and what follows from it.
_BY_KEYPAD = {
    "prove_identity": "来电人核对身份",
    **{f"query_{kind}": "来电人自己按键查" for kind in Kind},
    "card_loss": "来电人自己按键挂失",
    "card_freeze": "来电人自己按键挂失",
    "card_release": "来电人自己按键恢复",
    "card_day": "办完看停到哪一天",
    "card_after_unknown": "核实办成没有",
}
_DEEDS = {"freeze": "挂失", "release": "恢复"}
# Looked at anew before it is written.
FOR_A_DEED = "deed"
_OWN_PURPOSES = {**PURPOSES, FOR_A_DEED: "挂失、恢复前再看一次卡"}
_FROM_THE_DESK = re.compile(r"console_[a-z]+:([a-z]+):(keypad|oral)")
_WRITES = re.compile(r"console_(freeze|release):(keypad|oral)(?::[a-z+]+)?")

ID_PROBLEMS = {
    Problem.EMPTY: "请填来电人的身份证号。",
    Problem.SHORT: "身份证号是18位，这里少了，请再问一遍。",
    Problem.LONG: "身份证号是18位，这里多了，请再问一遍。",
    Problem.NOT_DIGITS: "身份证号只有数字，最后一位可以是X，请再问一遍。",
    Problem.BAD_DATE: "中间的出生日期不对，请再问一遍。",
    Problem.FUTURE: "中间的出生日期还没有到，请再问一遍。",
    Problem.BAD_CHECK: "最后一位和前面的对不上，一定有一位错了，请再问一遍。",
    Problem.FIFTEEN: "这是15位的旧号码，请问新身份证上的18位号码。",
    Problem.FOREIGN: "字母开头的证件号在这里查不了，请告诉来电人到参保地的窗口查。",
}
_AWAY = {
    "slow": "{label}没有按时回答，这次没有查到。",
    "down": "{label}现在连不上，这次没有查到。",
    "busy": "同时问{label}的人太多，这次没有问成，请过几秒再试。",
    "refused": "{label}不让我们查，请告诉管理员。",
    "closed": "{label}没有接通，查不了。",
}
# ID numbers that one user may type within an hour: a consultant takes fewer calls than that.
MOST_ORAL = 60
NOT_A_FACT = "不要当成“没有参保”或“没有钱”告诉来电人。"


def why(kind: Kind, purpose: str, proof: str) -> str:
    """The word of the trail, such as "console_pension:enquiry:keypad"; at most 64 characters."""
    return f"console_{kind}:{purpose}:{proof}"


def why_words(word: str) -> str:
    """`解答来电人本人询问，按键核对` for a word of the trail; the word itself when it is none of ours."""
    written = _WRITES.fullmatch(word)
    if written is not None:
        return f"{_DEEDS[written[1]]}，{PROOFS[written[2]]}"
    found = _FROM_THE_DESK.fullmatch(word)
    if found is None:
        return _BY_KEYPAD.get(word, word)
    return f"{_OWN_PURPOSES.get(found[1], found[1])}，{PROOFS.get(found[2], found[2])}"


def no_answer_words(answer: Answer, label: str, now: datetime) -> str:
    """What to make of an answer in which nothing was found; "" for one in which something was. `label`: the system."""
    match answer:
        case NotFound():
            return f"{label}里查不到这个证件号的人。请核对号码；在别处参保的，这里也查不到。"
        case Unavailable():
            return _away_words(answer, label, now)
        case Unknown():
            return f"{label}回答了，但是看不明白，当作没有查到。{NOT_A_FACT}"
        case Rejected():
            return f"{label}没有查，它的原话是：{answer.reason.rstrip('。')}。"
    return ""


def _away_words(answer: Unavailable, label: str, now: datetime) -> str:
    words = _AWAY[answer.reason].format(label=label)
    if answer.until is not None and answer.until > now:
        words += f"{in_shanghai(answer.until):%H:%M:%S}以后再试。"
    return words + NOT_A_FACT


def too_many_words(free_at: datetime) -> str:
    """Who has typed too many ID numbers."""
    return (
        f"口头核对的查询，一个人一小时最多{MOST_ORAL}次，您已经满了，{in_shanghai(free_at):%H:%M}以后再查。"
        "来电人按键核对过身份的，不受这个限制。"
    )


def resting_words(until: datetime) -> str:
    """Beside a button whose system is left alone for a while."""
    return f"连不上，{in_shanghai(until):%H:%M:%S}以后再试"


def full_date(day: date) -> str:
    """`2026年11月20日`: of data it is always said which year's they are."""
    return f"{day.year}年{day.month}月{day.day}日"
