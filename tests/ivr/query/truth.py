"""What a caller must hear of a person, made from the sandbox's own record and not from any answer of the hotline."""

from __future__ import annotations

from datetime import date, timedelta

from integrations.sandbox.places import BANK_NAMES, place_name
from integrations.sandbox.records import Card, Making, Medical, Pension, Person
from ivr.words import full_day, full_month, speakable, spell_digits, years_and_months, yuan

SCHEMES = {"110": "职工养老保险", "120": "机关事业单位养老保险", "170": "城乡居民养老保险"}
WAYS = {"1": "银行发放", "2": "邮局发放", "3": "单位发放"}
MEDICALS = {"310": "职工医保", "390": "居民医保"}
AFTER = ["再听一遍，请按九；说慢一点，请按八。", "查别的，请按左下角的星号键。"]
PROVEN = "核对好了。"
TODAYS = "这是今天查到的。"


def pension_status(pension: Pension) -> str:
    """In a word; residents by two codes, others by whether they have retired."""
    if pension.scheme == "170":
        pairs = {("1", "1"): "paying", ("2", "2"): "paused", ("1", "3"): "drawing", ("2", "3"): "suspended"}
        pairs[("4", "3")] = "ended"
        return pairs.get((pension.aac008, pension.aac031), "unknown")
    pairs = {("1", "0"): "paying", ("2", "0"): "paused", ("3", "1"): "drawing", ("3", "0"): "ended"}
    return pairs.get((pension.aac031, pension.retired), "unknown")


def of_pension(pension: Pension, today: date, as_of: date | None = None) -> list[str]:
    """All that is said of one pension insurance."""
    status, mine = pension_status(pension), f"您的{SCHEMES[pension.scheme]}，"
    said = {
        "paying": [f"{mine}正在正常缴费。"],
        "paused": [f"{mine}现在暂停缴费。"],
        "drawing": [f"{mine}正在领养老金。"],
        "suspended": [f"{mine}养老金暂停发放了。为什么停，请问咨询员。"],
        "ended": [f"{mine}已经终止。"],
        "unknown": [f"{mine}现在是什么状态，系统没有说清楚。"],
    }[status]
    said.append(f"实际缴费{years_and_months(pension.months_paid)}。")
    if pension.months_deemed:
        said.append(f"视同缴费{years_and_months(pension.months_deemed)}。")
        said.append(f"合计{years_and_months(pension.months_paid + pension.months_deemed)}。")
    benefit = pension.benefit
    if status in ("drawing", "suspended"):
        if benefit:
            month = full_month(benefit.month, today)
            said.append(f"{month}的养老金，{yuan(benefit.amount_fen)}，{WAYS[benefit.way]}。")
    else:
        said.append(f"个人账户，到{full_day(pension.account_as_of, today)}，一共{yuan(pension.account_fen)}。")
    return _ended(said, "参保地是", pension.place, today, as_of)


def of_medical(medical: Medical, today: date) -> list[str]:
    """All that is said of one medical insurance."""
    mine = f"您的{MEDICALS[medical.kind]}，"
    day = full_day(medical.paused_since, today) if medical.paused_since else ""
    said = {
        "0": [f"您现在没有参加{MEDICALS[medical.kind]}。"],
        "1": [f"{mine}参保正常。"],
        "2": [f"{mine}从{day}起暂停。" if day else f"{mine}现在暂停。"],
        "4": [f"{mine}已经终止。"],
    }.get(medical.status, [f"{mine}现在是什么状态，系统没有说清楚。"])
    if medical.balance_fen or medical.kind == "310":
        said.append(f"个人账户余额，{yuan(medical.balance_fen)}。")
    return _ended(said, "参保地是", medical.place, today, None)


def of_card(card: Card, person: Person, counter: str, today: date, tells_expiry: bool) -> list[str]:
    """All that is said of one card. Only Hefei tells until when a card is frozen."""
    mine = f"您尾号{spell_digits(card.number[-4:])}的社保卡，"
    bank, phone = BANK_NAMES[card.bank], "".join(map(spell_digits, card.bank))
    until = full_day(today + timedelta(days=card.days_left), today)
    frozen = f"停到{until}，以后自动恢复。要一直停，请在这之前带身份证到{counter}。"
    said = {
        "normal": [f"{mine}状态正常。"],
        "temporary": [f"{mine}已经临时挂失{f'，{frozen}' if tells_expiry else '。停到哪一天，系统没有说。'}"],
        "formal": [f"{mine}已经正式挂失。要解挂或者补卡，请本人带身份证到{counter}。"],
        "cancelled": [f"{mine}已经注销。要重新办卡，请带身份证到{counter}。"],
        "bank_only": [f"{mine}银行那边停用了，社保功能没有停。请打{bank}的电话{phone}。"],
        "inactive": [f"{mine}还没有激活。请本人带身份证和卡，到{counter}或者发卡银行激活。"],
        "strange": [f"{mine}现在是什么状态，系统没有说清楚。"],
    }[card.status]
    if card.status not in ("cancelled", "bank_only"):
        said.append(f"发卡的是{bank}，电话{phone}。")
    return _ended(said, "发卡地是", person.card_place, today, None)


def of_order(making: Making, person: Person, counter: str, today: date) -> list[str]:
    """All that is said of a card that is being made; of eight steps callers are told five."""
    if making.valid_tag.startswith("-"):
        said = [f"您办的社保卡没有做成，原因是{making.remarks}。请带身份证到{counter}重新办。"]
        return _ended(said, "发卡地是", person.card_place, today, None)
    told = {
        0: "已经申请，正在等银行审核。",
        1: "银行已经审核，正在制卡。",
        2: "已经做好，正在送往市里。",
        6: f"已经送到，可以领了。请本人带身份证，到{counter}领。",
        7: "已经领走。",
    }
    last = max(step for step in told if step < len(making.days))
    said = [f"您办的社保卡，{full_day(making.days[last], today)}{told[last]}"]
    return _ended(said, "发卡地是", person.card_place, today, None)


def _ended(said: list[str], where: str, place: str, today: date, as_of: date | None) -> list[str]:
    """With the place, which is not said outside the province, and for which day it is true."""
    name = place_name(place)
    places = [] if name == "外省" else [f"{where}{name}。"]
    when = TODAYS if as_of is None else f"这是{full_day(as_of, today)}的数据，以后的变动还没有算进来。"
    return [speakable(sentence) for sentence in (*said, *places, when)]
