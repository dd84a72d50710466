"""What staff read of a card that is frozen or released: what it stops, how it ended, what was asked. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from dashboards.console.look_up_words import KEYPAD, ORAL, full_date
from integrations.social_insurance.contract import CardAction, CardFile
from integrations.work_calendar import in_shanghai
from ivr.words import day_and_time, roughly
from voicemail.freeze import ALREADY, DONE, NOT_DONE, NOT_SENT, REFUSED, UNKNOWN, WRITING

ACTIONS = {CardAction.FREEZE.value: "挂失", CardAction.RELEASE.value: "恢复"}
DOORS = {"keypad": "来电按键", "console": "工作台"}
# What a caller may be asked to prove who they are, when they have keyed no PIN.
ASKED = {"name": "姓名", "id": "身份证号", "unit": "单位", "address": "住址"}
FEWEST_ASKED = 2
# Another deed on the same card is under way. A word for the page, never one of a row.
PENDING = "pending"
# Word, tone, symbol: a colour never says it alone.
STATUSES = {
    WRITING: ("正在办", "soon", "◐"),
    UNKNOWN: ("没有查清", "stop", "■"),
    DONE: ("办成", "on", "✓"),
    ALREADY: ("早已办过", "on", "✓"),
    REFUSED: ("系统没有办", "off", "▲"),
    NOT_SENT: ("没有发出去", "off", "○"),
    NOT_DONE: ("核实没有办成", "stop", "▲"),
}
CLEAR_REASONS = {
    "told": "已经把结果告诉来电人",
    "counter": "来电人到窗口办了",
    "unreachable": "核对过，联系不上来电人",
    "other": "其他",
}
CAN_FREEZE = ("normal", "inactive", "bank_frozen")
# In which states a deed may be asked for again: the row of the first one answers.
MAY_BE_ASKED = {
    CardAction.FREEZE: (*CAN_FREEZE, "frozen"),
    CardAction.RELEASE: ("frozen", *CAN_FREEZE),
}
_NOT_AGAIN = "不要重复办，系统会自己去核实"
_ENDS = {
    ("freeze", DONE): "挂失办成了，这张卡的社保功能已经停了。",
    ("freeze", ALREADY): "这张卡以前已经挂失，不用再办。",
    ("release", DONE): "恢复办成了，这张卡的社保功能可以用了。",
    ("release", ALREADY): "这张卡本来就没有电话挂失，不用再恢复。",
}


@dataclass(frozen=True, slots=True)
class CardWords:
    """A card as it may be named to staff: nothing of it but its tail."""

    tail: str
    bank: str
    bank_phone: str
    is_bank_stopped: bool

    @property
    def name(self) -> str:
        return f"尾号{self.tail}" if self.tail else "这张卡"


def card_words(card: CardFile, bank_phones: Collection[tuple[str, str]]) -> CardWords:
    """`bank_phones`: (bank, line) pairs, for a card whose own line the system does not tell."""
    bank = card.bank or ""
    phone = card.bank_phone or dict(bank_phones).get(bank, "")
    return CardWords(card.number_tail or "", bank, phone, card.status == "bank_frozen")


def deed_for(card: CardFile, can_release: bool) -> CardAction | None:
    """What may be done with a card in its state; `can_release`: the city lifts a freeze by telephone."""
    if not card.ref:
        return None
    if card.status in CAN_FREEZE:
        return CardAction.FREEZE
    return CardAction.RELEASE if card.status == "frozen" and can_release else None


def why(action: CardAction, proof: str, asked: Collection[str]) -> str:
    """The word of the trail, such as "console_freeze:oral:name+unit"; at most 64 characters."""
    told = "+".join(key for key in ASKED if key in asked) if proof == ORAL else ""
    return f"console_{action}:{proof}" + (f":{told}" if told else "")


def proof_words(proof: str, tail: str) -> str:
    """`证件尾号0123，已按键核对`."""
    return f"证件尾号{tail}，" + ("已按键核对" if proof == KEYPAD else "口头核对")


def what_stops(action: CardAction, card: CardWords) -> list[str]:
    """What the deed changes and what it does not, before it is done."""
    if action is CardAction.RELEASE:
        return ["恢复的：这张卡的社保功能。恢复以后，拿着卡的人就能用。", f"银行的钱不归这里管。{_ask_bank(card)}"]
    return ["停的：这张卡的社保功能。", bank_words(action, card)]


def bank_words(action: CardAction, card: CardWords) -> str:
    """What is to be said of the money on a card."""
    if action is CardAction.RELEASE:
        return f"银行的钱有没有停，{_ask_bank(card)}"
    if card.is_bank_stopped:
        return "银行的钱：银行已经停了。"
    return f"没有停的：银行的钱没有停。{_ask_bank(card)}"


def _ask_bank(card: CardWords) -> str:
    if card.bank and card.bank_phone:
        return f"请来电人自己打{card.bank} {card.bank_phone}。"
    return f"请来电人自己打{card.bank or '发卡银行'}的电话。"


def earliest_words(day: date) -> str:
    """Until when a freeze of today would hold by the city's rule, before it is made."""
    return f"最早到{full_date(day)}自动恢复，以后捡到的人就能用。要一直停，请来电人带身份证到窗口办正式挂失。"


def until_words(day: date | None, is_sure: bool) -> str:
    """Until when a freeze holds; "" for one without an end, or of which nothing is known."""
    if day is None:
        return ""
    if is_sure:
        return f"停到{full_date(day)}，以后自动恢复，捡到的人就能用。"
    return f"停到哪一天系统没有说，最早{full_date(day)}会自动恢复，捡到的人就能用。"


def until_short(day: date | None, is_sure: bool) -> str:
    """`到11月29日`, or `最早11月29日` by the city's rule, for a list."""
    if day is None:
        return ""
    return f"{'到' if is_sure else '最早'}{day.month}月{day.day}日"


def looked_words(action: str, status: str) -> str:
    """What another look has found out."""
    deed = ACTIONS[action]
    if status == DONE:
        return f"查清了：{deed}办成了。请告诉来电人，再按“处理完毕”。"
    if status == NOT_DONE:
        return f"查清了：{deed}没有办成。请告诉来电人，要办请他再打一次。"
    if status in (WRITING, UNKNOWN):
        return "还是没有查清，系统会接着查。不要重复办。"
    return f"已经有结果：{STATUSES[status][0]}。"


def end_words(action: str, status: str, reason: str | None, is_formal: bool) -> str:
    """How a deed ended, for every status but those that are open."""
    deed = ACTIONS[action]
    if status == REFUSED:
        return f"{deed}没有办成，系统的原话：{(reason or '没有说原因').rstrip('。')}。"
    if status == NOT_SENT:
        return f"{deed}没有办成：没有发到社保卡系统，卡还是原来的样子。可以再办一次。"
    if status == NOT_DONE:
        return f"核实过了，{deed}没有办成，可以再办一次。"
    return _ENDS[action, status] + ("是正式挂失，一直有效。" if is_formal else "")


def unknown_words(action: str, due_at: datetime, can_call: bool, is_booked: bool, now: datetime) -> str:
    """Nobody knows yet: what not to do, and by when the caller is told; `can_call`: there is a number to ring."""
    by = day_and_time(in_shanghai(due_at), in_shanghai(now))
    told = f"来电没有能回拨的号码，请他{by}以后再打12333问结果。"
    if can_call:
        # While the talk goes on nothing can be booked for its caller.
        how = "" if is_booked else "回电等挂机以后系统来约，也列在“挂失”页的待核实里。"
        told = f"最晚{by}给来电人回电，告诉他结果。{how}"
    return f"{ACTIONS[action]}办成没有还不知道。{_NOT_AGAIN}。{told}"


def pending_words(action: str, asked_at: datetime, now: datetime) -> str:
    """Another deed on the card has no end yet. `action`: the other one."""
    when = roughly(in_shanghai(asked_at), in_shanghai(now))
    return f"这张卡{when}办的{ACTIONS[action]}还没有结果，这次没有再办。{_NOT_AGAIN}，结果看“挂失”页。"
