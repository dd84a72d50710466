"""A consultant freezes or releases a card of the caller they are talking with: once, and never called done too soon.

The page names a card by what a look-up of this talk gave it; the card's number never leaves the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from flask import Blueprint, Response, jsonify
from psycopg_pool import PoolTimeout

from dashboards.audit import enter_audit
from dashboards.console.actions import HAS_SEAT
from dashboards.console.api import json_body, json_roles, seat_of, text_of
from dashboards.console.caller_look_ups import typed_number
from dashboards.console.card_offers import fingerprint
from dashboards.console.desk_talk import Talk, identify, number_of, talk_of
from dashboards.console.errors import Refused
from dashboards.console.freeze_list_rows import was_found
from dashboards.console.freeze_results import FreezeResults
from dashboards.console.freeze_words import ACTIONS, ASKED, FEWEST_ASKED, MAY_BE_ASKED, why
from dashboards.console.look_up_words import FOR_A_DEED, KEYPAD, ORAL, no_answer_words
from dashboards.console.look_up_words import why as look_up_why
from dashboards.sign_in import signed_in
from dashboards.staff import StaffMember
from integrations.phone_numbers import is_dialable
from integrations.social_insurance.contract import CardAction, CardFile, Found, Insured, Kind, Purpose
from ivr.service import Line
from voicemail.card_loss import CardLoss, Report, Reported

log = structlog.get_logger(__name__)
PATH = "/console/api/freeze"
DOOR = "console"
# The page waits for this look and for the write with its own look behind it.
LOOK_SECONDS = 6.0
CLOSED = "这个中心的社保卡不能在电话里挂失。"
AT_THE_COUNTER = "这个城市的卡不能在电话里恢复，请来电人带身份证到窗口办。"
NOT_KEYED = "来电人的按键核对已经不在了，请改用口头核对。"
NOT_LOOKED_UP = "请先在这通电话里查一次社保卡，再办。"
NO_SUCH_CARD = "没有找到这张卡，请再查一次社保卡。"
DATABASE_AWAY = (psycopg.Error, PoolTimeout)


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """A deed as it was asked for. `asked`: what the caller was asked to prove who they are."""

    action: CardAction
    card: str
    proof: str
    asked: tuple[str, ...]
    id_number: str


class DeskFreezes:
    """The deed behind the button at a card. Raises Refused."""

    def __init__(self, line: Line) -> None:
        self._services = line.services
        self._registry = line.services.social_insurance
        self._loss = CardLoss(line.services, line.callbacks)
        self._results = FreezeResults(line.services, self._loss)

    def register(self, bp: Blueprint) -> None:
        """Add the address to the JSON blueprint."""
        bp.post(PATH, endpoint="freeze_card")(json_roles(*HAS_SEAT)(self._freeze))

    def _freeze(self) -> Response:
        member, body = signed_in(), json_body()
        talk, wanted = talk_of(self._services, seat_of(member), text_of(body, "offer")), _read(body)
        self._check_rules(talk.centre, wanted.action)
        person, proof = self._person(talk, wanted, member)
        purpose = Purpose(member.username, talk.call_sid, look_up_why(Kind.CARD, FOR_A_DEED, proof))
        found = self._registry.look_up(talk.centre, Kind.CARD, person, purpose, LOOK_SECONDS)
        if not isinstance(found, Found):
            words = no_answer_words(found, "社保卡系统", self._services.now())
            return jsonify(ok=True, **self._results.not_looked(words))
        card = self._card(talk, wanted, found)
        reported = self._loss.report(self._report(talk, wanted, person, card, proof, member))
        self._enter(member, talk, wanted.action, reported)
        return jsonify(ok=True, **self._results.of(wanted.action, reported, card, talk.centre))

    def _check_rules(self, centre: str, action: CardAction) -> None:
        if not self._registry.takes_freezes(centre):
            raise Refused(409, CLOSED)
        if action is CardAction.RELEASE and self._registry.freeze_rules(centre).release != "phone":
            raise Refused(409, AT_THE_COUNTER)

    def _person(self, talk: Talk, wanted: Wanted, member: StaffMember) -> tuple[Insured, str]:
        if wanted.proof == KEYPAD and wanted.id_number:
            raise Refused(422, "请求的内容不完整或格式不对。", "id_number with keypad")
        try:
            person, proof = identify(self._services, talk, wanted.id_number)
        except Refused as refused:
            # Without a number to be wrong about, it is the keyed one that has gone.
            raise Refused(409, NOT_KEYED) if wanted.proof == KEYPAD else refused from None
        if proof == ORAL:
            self._check_looked_up(talk, person, member)
        return person, proof

    def _check_looked_up(self, talk: Talk, person: Insured, member: StaffMember) -> None:
        """Nobody tries numbers here: whoever is typed was found in this talk by the limited look-up."""
        with self._services.database.pool.connection() as connection:
            person_hash = self._registry.person_hash(person.id_number)
            if not was_found(connection, member.username, talk.call_sid, person_hash):
                raise Refused(409, NOT_LOOKED_UP)

    def _card(self, talk: Talk, wanted: Wanted, found: Found[Any]) -> CardFile:
        cards = (item for item in found.items if isinstance(item, CardFile) and item.ref)
        card = next((one for one in cards if fingerprint(self._services, talk, one.ref) == wanted.card), None)
        if card is None:
            raise Refused(409, NO_SUCH_CARD)
        if card.status not in MAY_BE_ASKED[wanted.action]:
            raise Refused(409, f"这张卡现在的状态不能{ACTIONS[wanted.action]}，请再查一次社保卡看看。")
        return card

    def _report(
        self, talk: Talk, wanted: Wanted, person: Insured, card: CardFile, proof: str, member: StaffMember
    ) -> Report:
        number = number_of(self._services, talk.call_sid, talk.caller_sealed, talk.number_sealed) or ""
        return Report(
            centre=talk.centre,
            action=wanted.action,
            person=person,
            card=card,
            call_sid=talk.call_sid,
            door=DOOR,
            asked_by=member.username,
            why=why(wanted.action, proof, wanted.asked),
            number=number if is_dialable(number) else "",
            caller_hash=bytes(talk.caller_hash) if talk.caller_hash else None,
        )

    def _enter(self, member: StaffMember, talk: Talk, action: CardAction, reported: Reported) -> None:
        row = reported.row
        if row is None or reported.is_repeat or reported.is_others:
            return
        try:
            with self._services.database.pool.connection() as connection:
                subject = f"freeze {row.id}"
                enter_audit(connection, self._services.now(), member.username, f"card_{action}", talk.centre, subject)
        except DATABASE_AWAY as error:
            # It is done all the same, and must not be told as if it were not. The row itself says who.
            log.error("freeze_not_in_trail", freeze=row.id, error=type(error).__name__)


def _read(body: Mapping[str, Any]) -> Wanted:
    action, proof = text_of(body, "action"), text_of(body, "proof")
    if action not in set(CardAction) or proof not in (KEYPAD, ORAL):
        raise Refused(422, "请求的内容不完整或格式不对。", "action or proof")
    asked = body.get("asked") or []
    if not isinstance(asked, list) or not all(isinstance(key, str) and key in ASKED for key in asked):
        raise Refused(422, "请求的内容不完整或格式不对。", "asked")
    if proof == ORAL and len(set(asked)) < FEWEST_ASKED:
        raise Refused(422, f"口头核对至少要问{FEWEST_ASKED}样：{'、'.join(ASKED.values())}。", "asked")
    number = typed_number(body)
    return Wanted(CardAction(action), text_of(body, "card"), proof, tuple(dict.fromkeys(asked)), number)
