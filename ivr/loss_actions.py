"""The commands of key 6: a lost card is found, frozen, or released, and what is said of it is the card system's word.

Times and days are words; the cards themselves are in the session's private part, sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import orjson
import psycopg
from psycopg_pool import PoolTimeout

from integrations.phone_numbers import is_dialable
from integrations.social_insurance.contract import CardAction, CardFile, Found, Insured, Kind, NotFound, Unavailable
from integrations.social_insurance.systems_file import NotConnected
from integrations.work_calendar import in_shanghai
from ivr.asked import Action, Asked
from ivr.commands import Answer, CommandKind
from ivr.nodes.cards import CARDS, CHOSEN_CARD, MOST_CARDS, kept_cards
from ivr.nodes.handover import INSURED_CENTRE
from ivr.query_actions import HANDED_ON, ID_NUMBER, PROVEN, WANTED, places_of, purpose_of
from ivr.words import day_and_time, full_day, roughly, spell_digits
from voicemail.card_loss import CardLoss, Report, Reported
from voicemail.freeze_rows import FreezeRow

FREEZE = "freeze"
KEYPAD, CALLER = "keypad", "caller"
# Of a write; `unanswered`: not known, and there is no number on which to tell.
WROTE = ("done", "already", "refused", "unknown", "unanswered", "not_sent", "pending")


def _may_freeze(asked: Asked) -> Answer:
    """Whether it can be done at all, and whether the caller is proven."""
    registry, centre = asked.services.social_insurance, asked.session.centre
    words: dict[str, str | None] = {WANTED: FREEZE, "what": "社保卡", "banks": _banks(asked)}
    who = registry.for_centre(centre, Kind.CARD)
    if isinstance(who, NotConnected) or not registry.takes_freezes(centre):
        return Answer("closed", words)
    if registry.is_resting(centre, Kind.CARD):
        return Answer("away", words)
    if asked.session.words.get(PROVEN) and asked.session.private.get(ID_NUMBER):
        return Answer("proven", words)
    return Answer("unproven" if registry.checks_pins(centre) else "no_proof", words)


def _banks(asked: Asked) -> str | None:
    phones = asked.services.social_insurance.bank_phones(asked.session.centre)
    return "；".join(f"{bank}，{spell_digits(phone, 5)}" for bank, phone in phones) or None


def _find_cards(asked: Asked) -> Answer:
    person = _person(asked)
    if person is None:
        return Answer("unproven")
    try:
        pending = _card_loss(asked).pending(person)
    except (psycopg.Error, PoolTimeout):
        return Answer("away")
    if pending is not None:
        return Answer("pending", _pending_words(asked, pending))
    centre = asked.session.centre
    answer = asked.services.social_insurance.look_up(centre, Kind.CARD, person, purpose_of(asked, "card_loss"))
    match answer:
        case Found():
            return _found(asked, [item for item in answer.items if isinstance(item, CardFile)])
        case NotFound():
            return Answer("none")
        case Unavailable():
            return Answer("away")
    return Answer("unclear")


def _found(asked: Asked, cards: list[CardFile]) -> Answer:
    """The cards of this centre; whoever has theirs in another goes there, once."""
    places, session = places_of(asked), asked.session
    made = [card for card in cards if card.ref and card.status != "making"]
    centres = [places.centre_of(card.place) for card in made]
    if not made:
        return Answer("making" if cards else "none")
    if session.words.get(HANDED_ON) != FREEZE and session.centre not in centres:
        other = next((centre for centre in centres if centre is not None), None)
        if other is None:
            return Answer("elsewhere")
        words = {INSURED_CENTRE: other, "insured_place": places.names[other], HANDED_ON: FREEZE}
        return Answer("other_centre", words)
    kept = [plain_card(card) for card in made[:MOST_CARDS]]
    return Answer("found", private={CARDS: orjson.dumps(kept).decode()})


def plain_card(card: CardFile) -> dict[str, Any]:
    """A card as it is kept, sealed, with the call."""
    plain = {name: value for name, value in asdict(card).items() if name not in ("progress", "failed_reason")}
    return plain | {"tail": card.number_tail, "frozen_until": str(card.frozen_until) if card.frozen_until else None}


def _take_card(asked: Asked) -> Answer:
    """Which way on the chosen card's own state leads, and the words that name it."""
    card = _chosen(asked)
    if card is None:
        return Answer("none")
    today = in_shanghai(asked.services.now()).date()
    until = full_day(card.frozen_until, today) if card.frozen_until else None
    words = _card_words(card) | {"day": until, "earliest": _earliest(asked, today)}
    by_phone = asked.services.social_insurance.freeze_rules(asked.session.centre).release == "phone"
    words["release_by_phone"] = "yes" if by_phone else None
    ways = {"normal": "can_freeze", "inactive": "can_freeze"}
    return Answer(ways.get(card.status, card.status), words)


def _card_words(card: CardFile) -> dict[str, str | None]:
    return {
        "card_tail": spell_digits(card.number_tail) if card.number_tail else None,
        "bank": card.bank,
        "bank_phone": spell_digits(card.bank_phone, 5) if card.bank_phone else None,
    }


def _freeze(asked: Asked) -> Answer:
    return _write(asked, CardAction.FREEZE)


def _release(asked: Asked) -> Answer:
    return _write(asked, CardAction.RELEASE)


def _write(asked: Asked, action: CardAction) -> Answer:
    person, card = _person(asked), _chosen(asked)
    if person is None or card is None:
        return Answer("not_sent")
    caller = asked.caller()
    report = Report(
        centre=asked.session.centre,
        action=action,
        person=person,
        card=card,
        call_sid=asked.call_sid,
        door=KEYPAD,
        asked_by=CALLER,
        why=f"card_{action}",
        number=caller.number if is_dialable(caller.number) else "",
        caller_hash=caller.hash,
    )
    return _told(asked, _card_loss(asked).report(report))


def _state(asked: Asked) -> Answer:
    """What became of this call's write, of which no answer came."""
    return _told(asked, _card_loss(asked).state(asked.call_sid))


def _told(asked: Asked, reported: Reported) -> Answer:
    row = reported.row
    if not reported.is_known:
        return Answer("unanswered", {"answer_by": None, "number_tail": None})
    if row is None:
        return Answer("not_sent")
    if reported.is_others:
        return Answer("pending", _pending_words(asked, row))
    if row.status in ("writing", "unknown"):
        return _unknown(asked, row)
    if row.status == "not_done":
        return Answer("not_sent")
    return Answer(row.status, _end_words(asked, row))


def _unknown(asked: Asked, row: FreezeRow) -> Answer:
    loss = _card_loss(asked)
    # A promise to ring is made only where somebody rings.
    kept = loss.promise(row) if asked.moment.is_open("progress") else row
    due = in_shanghai(kept.due_at or loss.due(kept.centre))
    words = {"answer_by": day_and_time(due, in_shanghai(asked.services.now())), "number_tail": None}
    if kept.callback_id is None or kept.number_tail is None:
        return Answer("unanswered", words)
    return Answer("unknown", words | {"number_tail": spell_digits(kept.number_tail)})


def _end_words(asked: Asked, row: FreezeRow) -> dict[str, str | None]:
    last, is_sure = _card_loss(asked).last_day(row)
    day = full_day(last, in_shanghai(asked.services.now()).date()) if last else None
    return {
        "receipt": spell_digits(row.receipt, 3) if row.receipt and row.receipt.isalnum() else None,
        "day": day if is_sure else None,
        "earliest": None if is_sure else day,
        "reason": row.reason,
        "is_formal": "yes" if row.is_formal else None,
    }


def _pending_words(asked: Asked, row: FreezeRow) -> Mapping[str, str | None]:
    now = in_shanghai(asked.services.now())
    return {"asked_when": roughly(in_shanghai(row.asked_at), now)}


def _earliest(asked: Asked, today: date) -> str | None:
    day = _card_loss(asked).last_day_of(asked.session.centre, today)
    return full_day(day, today)


def _chosen(asked: Asked) -> CardFile | None:
    cards = kept_cards(asked.session)
    position = int(asked.session.facts.get(CHOSEN_CARD, "0") or 0)
    if not 1 <= position <= len(cards):
        return None
    plain = {name: value for name, value in cards[position - 1].items() if name != "tail"}
    until = plain.pop("frozen_until")
    return CardFile(**plain, frozen_until=date.fromisoformat(until) if until else None)


def _person(asked: Asked) -> Insured | None:
    number = asked.session.private.get(ID_NUMBER)
    return Insured(number) if number and asked.session.words.get(PROVEN) else None


def _card_loss(asked: Asked) -> CardLoss:
    return CardLoss(asked.services, asked.callbacks)


FOUND = ("found", "none", "making", "other_centre", "elsewhere", "pending", "away", "unclear", "unproven")
STATES = ("can_freeze", "bank_frozen", "frozen", "lost", "cancelled", "making", "unknown", "none")
ACTIONS = (
    Action(CommandKind("may_freeze", ("proven", "unproven", "no_proof", "closed", "away")), _may_freeze),
    Action(CommandKind("find_cards", FOUND, takes_time=True), _find_cards),
    Action(CommandKind("take_card", STATES), _take_card),
    Action(CommandKind("freeze_card", WROTE, writes=True, takes_time=True), _freeze),
    Action(CommandKind("release_card", WROTE, writes=True, takes_time=True), _release),
    Action(CommandKind("card_state", WROTE), _state),
)
