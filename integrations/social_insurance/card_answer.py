"""What the provincial card systems answer: strings without a root that only look like XML.

Pure. `<ERR>OK</ERR><AAB301>340100</AAB301>...`: values are not escaped (a REMARKS may hold a bare &), names may be
Chinese and end in an asterisk, unknown ones are passed over. Nothing may stand between the elements: half a string is
no answer. Cards come one after the other in the same string, each begun by its number (AAZ500, empty while there is
none).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from integrations.social_insurance import fields
from integrations.social_insurance.contract import (
    STEPS,
    Answer,
    Away,
    CardFile,
    Found,
    Insured,
    NotFound,
    Rejected,
    Step,
    StepName,
    Written,
)
from integrations.social_insurance.fields import Unreadable
from integrations.social_insurance.system_shape import DOWN, NOT_FOUND, REFUSED, System, meaning_of

_ELEMENT = re.compile(r"\s*<([^<>/\s]+)\s*(?:/>|>(.*?)</\1\s*>)\s*", re.DOTALL)
_CHINESE = re.compile("[\u4e00-\u9fff]")
CARD_BEGINS = "AAZ500"
DONE, ALREADY = "00", "01"
# The steps that a caller is told, by the fields of getAZ03.
STEP_FIELDS: dict[StepName, str] = {
    "applied": "APPLYTIME",
    "bank": "BANKTIME0",
    "made": "BANKFINISHTIME0",
    "city": "CITYTIME",
    "collected": "GETTIME",
}
Tags = list[tuple[str, str]]


def read_tags(text: str) -> Tags:
    """Name and value of every element in order. Raises Unreadable for anything else in between, or after them."""
    found: Tags = []
    at = 0
    while match := _ELEMENT.match(text, at):
        found.append((match[1], (match[2] or "").strip()))
        at = match.end()
    if at < len(text) or not found:
        raise Unreadable("reply", "is not a row of elements")
    return found


def refusal(system: System, person: Insured, tags: Tags) -> Answer | None:
    """What ERR says, when it is not OK. Raises Away, and Unreadable when there is no ERR."""
    error = dict(tags).get("ERR", "")
    if not error:
        raise Unreadable("ERR", "missing")
    if error.upper() == "OK":
        return None
    complaint = fields.sentence(error, [person.name])
    meaning = meaning_of(system, complaint)
    if meaning == NOT_FOUND:
        return NotFound(system.name)
    if meaning == REFUSED:
        raise Away("refused", "by its own word")
    if meaning == DOWN:
        raise Away("down", "by its own word")
    return Rejected(system.name, complaint)


def read_written(system: System, person: Insured, tags: Tags) -> Written | Rejected:
    """What allDsjk answers: 00 done, 01 so before, or the system's sentence. Raises Away, Unreadable."""
    told = dict(tags)
    error = told.get("ERR", "")
    if not error:
        raise Unreadable("ERR", "missing")
    if error in (DONE, ALREADY):
        return Written(
            system.name, error == DONE, fields.day(told.get("到期日期"), "到期日期"), told.get("受理号") or None
        )
    if not _CHINESE.search(error):
        # A code that nobody has told us: it may as well mean that it was done.
        raise Unreadable("ERR", "means nothing here")
    complaint = fields.sentence(error, [person.name])
    if meaning_of(system, complaint) == REFUSED:
        raise Away("refused", "by its own word", was_sent=False)
    if meaning_of(system, complaint) == DOWN:
        # Perhaps it was done before it broke.
        raise Away("down", "by its own word")
    return Rejected(system.name, complaint)


def read_card_data(system: System, person: Insured, tags: Tags) -> list[CardFile]:
    """The cards of getAC01, without their progress; none while the first one is being made. Raises Unreadable."""
    head, cards = _split(tags)
    _check_person(person, head)
    place = fields.place(head.get("AAB301"), "AAB301")
    return [_card(system, place, card) for card in cards if card[CARD_BEGINS]]


def read_progress(person: Insured, tags: Tags) -> CardFile:
    """The order of getAZ03, as a card in the making. Raises Unreadable."""
    told = dict(tags)
    _check_person(person, told)
    failed = _tag_number(told.get("VALIDTAG", "")) < 0
    return CardFile(
        status="making",
        place=fields.place(told.get("AAB301"), "AAB301"),
        progress=tuple(Step(name, fields.day(told.get(STEP_FIELDS[name]), STEP_FIELDS[name])) for name in STEPS),
        failed_reason=fields.sentence(told.get("REMARKS"), [person.name, told.get("AAC003", "")]) if failed else None,
        ref=told.get(CARD_BEGINS, ""),
    )


def put_together(system: System, cards: list[CardFile], order: CardFile | None, as_of: date) -> Answer:
    """Cards and the newest order as one answer: an order that was collected belongs to its card."""
    items = [_with_progress(card, ()) for card in cards]
    if order is not None:
        mine = _card_of(order, items)
        if mine is None:
            items.append(order)
        else:
            items[mine] = _with_progress(items[mine], order.progress or ())
    if not items:
        return NotFound(system.name)
    return Found(tuple(items), as_of, items[0].place, system.name)


def _card_of(order: CardFile, cards: list[CardFile]) -> int | None:
    """Which card came of an order; None for one that is still under way, or failed."""
    if order.failed_reason is not None or not order.progress or order.progress[-1].at is None or not cards:
        return None
    return next((n for n, card in enumerate(cards) if card.ref == order.ref), len(cards) - 1)


def day_of(tags: Tags, now: datetime) -> date:
    """The day for which an answer is true: the system's own clock, or ours where it does not tell."""
    said = fields.moment(dict(tags).get("时间"), "时间")
    return (said or now).date()


def _split(tags: Tags) -> tuple[dict[str, str], list[dict[str, str]]]:
    head: dict[str, str] = {}
    cards: list[dict[str, str]] = []
    for name, value in tags:
        if name == CARD_BEGINS:
            cards.append({})
        (cards[-1] if cards else head)[name] = value
    if not cards:
        raise Unreadable(CARD_BEGINS, "missing")
    return head, cards


def _card(system: System, place: str, card: dict[str, str]) -> CardFile:
    status: Any = fields.word(system.table("status"), card.get("AAZ502"), field="AAZ502")
    code = card.get("AAE008", "")
    bank = system.table("bank").get(code) or card.get("AAE008B") or None
    return CardFile(
        status=status,
        place=place,
        number_tail=card[CARD_BEGINS][-4:],
        bank=bank,
        bank_phone=system.table("bank_phone").get(code),
        frozen_until=fields.day(card.get("LSGSDQ"), "LSGSDQ"),
        ref=card[CARD_BEGINS],
    )


def _with_progress(card: CardFile, progress: tuple[Step, ...]) -> CardFile:
    return CardFile(
        card.status,
        card.place,
        card.number_tail,
        card.bank,
        card.bank_phone,
        card.frozen_until,
        progress,
        None,
        card.ref,
    )


def _check_person(person: Insured, told: dict[str, str]) -> None:
    if not fields.is_about(person.id_number, told.get("AAC002")):
        raise Unreadable("AAC002", "is not the one asked for")


def _tag_number(written: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,4}", written, re.ASCII):
        raise Unreadable("VALIDTAG")
    return int(written)
