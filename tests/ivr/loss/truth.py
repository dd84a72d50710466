"""What a caller must hear of a lost card, made from the sandbox's own record and not from any answer of the hotline."""

from __future__ import annotations

from datetime import date, timedelta

from integrations.sandbox.places import BANK_NAMES
from integrations.sandbox.records import Card
from ivr.words import full_day, speakable, spell_digits

NATURAL_DAYS = {"340100": 7}
OTHER_DAYS = 10


def named(card: Card) -> str:
    return f"尾号{spell_digits(card.number[-4:])}的卡，{BANK_NAMES[card.bank]}的。"


def phone(card: Card) -> str:
    return spell_digits(card.bank, 5)


def question(card: Card, centre: str, today: date) -> list[str]:
    """What is explained before the key that means it."""
    earliest = today + timedelta(days=NATURAL_DAYS.get(centre, OTHER_DAYS))
    return [
        named(card),
        "请听清楚再按键。挂失以后，这张卡的社保功能停用，银行的钱没有停。",
        speakable(f"最早到{full_day(earliest, today)}，会自动恢复。"),
        "看病可以用手机上的医保码，或者身份证。",
        "再听一遍，请按九。",
        "不挂失，请按二。",
        "确定挂失，请按六。",
    ]


def bank_last(card: Card) -> str:
    return f"最后一件：银行的钱还没有停。{BANK_NAMES[card.bank]}电话{phone(card)}，请现在就打。"


def bank_other(card: Card) -> str:
    return f"银行的钱，请另打{BANK_NAMES[card.bank]}的电话，{phone(card)}。"


def until(day: date, today: date) -> str:
    return speakable(f"停到{full_day(day, today)}，以后自动恢复，捡到的人就能用。")
