"""A consultant asks a business system about the caller they are talking with: for a purpose, on the record.

An ID number comes in the body of one request, goes to one system, and is not kept, echoed or logged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from dashboards.console.actions import HAS_SEAT
from dashboards.console.api import json_body, json_roles, seat_of, text_of
from dashboards.console.card_offers import CardOffers
from dashboards.console.desk_talk import identify, talk_of
from dashboards.console.errors import Refused
from dashboards.console.identities import identity_json, who_is_on
from dashboards.console.look_up_answers import answer_json
from dashboards.console.look_up_words import KINDS, ORAL, PURPOSES, resting_words, why
from dashboards.console.oral_limit import refuse_too_many
from dashboards.sign_in import signed_in
from integrations.social_insurance.contract import Kind, Purpose
from integrations.social_insurance.systems_file import NotConnected, ReferTo
from ivr.service import Line

PATH = "/console/api/look-up"


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A question as it was read."""

    kind: Kind
    purpose: str
    id_number: str


class DeskLookUps:
    """The panel of the talk card. Raises Refused."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._services = line.services
        self._registry = line.services.social_insurance
        self._cards = CardOffers(line)

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        bp.get(PATH, endpoint="look_up_form")(json_roles(*HAS_SEAT)(self._form))
        bp.post(PATH, endpoint="look_up")(json_roles(*HAS_SEAT)(self._look_up))

    def _form(self) -> Response:
        talk = talk_of(self._services, seat_of(signed_in()), text_of(request.args, "offer"))
        proven = who_is_on(self._services, talk.call_sid)
        now = self._services.now()
        return jsonify(
            identity=identity_json(proven.tail if proven else None),
            kinds=[self._kind(talk.centre, kind, now) for kind in KINDS],
            purposes=[{"key": key, "name": name} for key, name in PURPOSES.items()],
        )

    def _kind(self, centre: str, kind: Kind, now: datetime) -> dict[str, Any]:
        """One button: open, resting (it may be tried), refer or closed, with what to say about it."""
        who = self._registry.for_centre(centre, kind)
        state, sentence = "open", ""
        if isinstance(who, ReferTo):
            state, sentence = "refer", f"请打 {who.line}"
        elif isinstance(who, NotConnected):
            state, sentence = "closed", who.reason
        elif until := self._registry.is_resting(centre, kind):
            state, sentence = "resting", resting_words(max(until, now))
        return {"key": kind.value, "name": KINDS[kind], "state": state, "sentence": sentence}

    def _look_up(self) -> Response:
        member, body = signed_in(), json_body()
        talk, asked = talk_of(self._services, seat_of(member), text_of(body, "offer")), _read(body)
        who = self._registry.for_centre(talk.centre, asked.kind)
        if isinstance(who, ReferTo):
            return _not_asked("refer", f"{KINDS[asked.kind]}不在这里查，请来电人打 {who.line}。")
        if isinstance(who, NotConnected):
            return _not_asked("closed", f"{KINDS[asked.kind]}现在查不了：{who.reason}。")
        person, proof = identify(self._services, talk, asked.id_number)
        if proof == ORAL:
            refuse_too_many(self._services, member.username)
        purpose = Purpose(member.username, talk.call_sid, why(asked.kind, asked.purpose, proof))
        answer = self._registry.look_up(talk.centre, asked.kind, person, purpose)
        told = answer_json(self._line, talk.centre, answer, who.system.label)
        if asked.kind is Kind.CARD:
            told = self._cards.add_to(told, answer, talk, person, proof)
        return jsonify(ok=True, **told)


def _read(body: Mapping[str, Any]) -> Asked:
    kind, purpose = text_of(body, "kind"), text_of(body, "purpose")
    if kind not in set(Kind):
        raise Refused(422, "请选要查哪一项。", "kind")
    if purpose not in PURPOSES:
        raise Refused(422, "请先选查询的用途。", "purpose")
    return Asked(Kind(kind), purpose, typed_number(body))


def typed_number(body: Mapping[str, Any]) -> str:
    """The ID number of a request as it was typed. Raises Refused (422)."""
    # A Chinese input method writes digits at full width.
    return unicodedata.normalize("NFKC", text_of(body, "id_number")).strip()


def _not_asked(result: str, sentence: str) -> Response:
    return jsonify(ok=True, result=result, sentence=sentence, findings=[])
