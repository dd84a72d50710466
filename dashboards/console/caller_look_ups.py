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
from psycopg.rows import class_row

from dashboards.console.actions import HAS_SEAT
from dashboards.console.api import json_body, json_roles, seat_of, text_of
from dashboards.console.errors import NO_SUCH_OFFER, Refused
from dashboards.console.identities import identity_json, who_is_on
from dashboards.console.look_up_answers import answer_json
from dashboards.console.look_up_words import ID_PROBLEMS, KEYPAD, KINDS, ORAL, PURPOSES, resting_words, why
from dashboards.sign_in import signed_in
from integrations.social_insurance.contract import Insured, Kind, Purpose
from integrations.social_insurance.id_number import IdNumber, read_id
from integrations.social_insurance.systems_file import NotConnected, ReferTo
from integrations.work_calendar import in_shanghai
from ivr.service import Line
from queueing.offer import CONNECTED

PATH = "/console/api/look-up"
NOT_YOUR_TALK = "这个来电不是您在接，不能查他的信息。"
NOT_TALKING = "只有通话中才能查，现在没有在通话。"
OTHER_PERSON = "来电人已经按键核对过身份，只能查他本人的。请把证件号清空再查。"
_TALK = "SELECT agent_id, centre, call_sid, status FROM offer WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Talk:
    agent_id: int
    centre: str
    call_sid: str
    status: str


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

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        bp.get(PATH, endpoint="look_up_form")(json_roles(*HAS_SEAT)(self._form))
        bp.post(PATH, endpoint="look_up")(json_roles(*HAS_SEAT)(self._look_up))

    def _form(self) -> Response:
        talk = self._talk(seat_of(signed_in()), text_of(request.args, "offer"))
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
        talk, asked = self._talk(seat_of(member), text_of(body, "offer")), _read(body)
        who = self._registry.for_centre(talk.centre, asked.kind)
        if isinstance(who, ReferTo):
            return _not_asked("refer", f"{KINDS[asked.kind]}不在这里查，请来电人打 {who.line}。")
        if isinstance(who, NotConnected):
            return _not_asked("closed", f"{KINDS[asked.kind]}现在查不了：{who.reason}。")
        person, proof = self._person(talk, asked)
        purpose = Purpose(member.username, talk.call_sid, why(asked.kind, asked.purpose, proof))
        answer = self._registry.look_up(talk.centre, asked.kind, person, purpose)
        return jsonify(ok=True, **answer_json(self._line, talk.centre, answer, who.system.label))

    def _person(self, talk: Talk, asked: Asked) -> tuple[Insured, str]:
        """Who is asked for, and how they have proven it. Raises Refused (422) with what is wrong with the number."""
        proven = who_is_on(self._services, talk.call_sid)
        if proven is not None and not asked.id_number:
            return proven.person, KEYPAD
        read = read_id(asked.id_number, in_shanghai(self._services.now()).date())
        if not isinstance(read, IdNumber):
            # Its name alone: the number must not get into a log by way of what was wrong with it.
            raise Refused(422, ID_PROBLEMS[read], f"id_number {read.value}")
        if proven is None:
            return Insured(read.value), ORAL
        if read.value != proven.person.id_number:
            raise Refused(409, OTHER_PERSON)
        return proven.person, KEYPAD

    def _talk(self, seat: int, offer_id: str) -> Talk:
        with self._services.database.pool.connection() as connection:
            talk = connection.cursor(row_factory=class_row(Talk)).execute(_TALK, (offer_id,)).fetchone()
        if talk is None:
            raise Refused(404, NO_SUCH_OFFER)
        if talk.agent_id != seat:
            raise Refused(403, NOT_YOUR_TALK)
        if talk.status != CONNECTED:
            raise Refused(409, NOT_TALKING)
        return talk


def _read(body: Mapping[str, Any]) -> Asked:
    kind, purpose = text_of(body, "kind"), text_of(body, "purpose")
    if kind not in set(Kind):
        raise Refused(422, "请选要查哪一项。", "kind")
    if purpose not in PURPOSES:
        raise Refused(422, "请先选查询的用途。", "purpose")
    # A Chinese input method writes digits at full width.
    return Asked(Kind(kind), purpose, unicodedata.normalize("NFKC", text_of(body, "id_number")).strip())


def _not_asked(result: str, sentence: str) -> Response:
    return jsonify(ok=True, result=result, sentence=sentence, findings=[])
