"""What a consultant does at the desk: checked to be their own, done by `AgentDesk`, answered with the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from dashboards.console.api import json_body, json_roles, seat_of, text_of
from dashboards.console.errors import NO_SUCH_OFFER, NOT_YOURS, Refused
from dashboards.console.wrap_up import read_sheet, save_sheet
from dashboards.models import CONSULTANT, SUPERVISOR
from dashboards.sign_in import signed_in
from dashboards.staff import StaffMember
from ivr.service import Line
from queueing.agent import BREAK_REASONS
from queueing.desk import AgentDesk
from queueing.notices import publish
from queueing.routing import LANGUAGES, SKILLS
from voicemail.subjects import SubjectTree

# A supervisor of a small centre takes calls, too, and then has a seat.
HAS_SEAT = (CONSULTANT, SUPERVISOR)
ShowDesk = Callable[[StaffMember], Mapping[str, Any]]
_OWNER = "SELECT agent_id FROM offer WHERE id = %s"


class Actions:
    """The deeds behind the addresses. `show_desk` builds the desk that every answer carries."""

    def __init__(self, line: Line, desk: AgentDesk, tree: SubjectTree, show_desk: ShowDesk) -> None:
        self._line = line
        self._services = line.services
        self._desk = desk
        self._tree = tree
        self._show_desk = show_desk

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        deeds: Mapping[str, Callable[[int, Mapping[str, Any]], None]] = {
            "sign-in": lambda seat, body: self._desk.sign_in(seat),
            "sign-out": lambda seat, body: self._desk.sign_out(seat),
            "ready": lambda seat, body: self._desk.ready(seat),
            "finish": lambda seat, body: self._desk.finish_wrap_up(seat),
            "break": self._take_break,
            "reject": lambda seat, body: self._desk.reject(seat, self._own_offer(seat, body)),
            "hold": self._hold,
            "hang-up": lambda seat, body: self._desk.hang_up(seat, self._own_offer(seat, body)),
            "transfer": self._transfer,
            "wrap-up": self._write_wrap_up,
        }
        for name, deed in deeds.items():
            bp.post(f"/console/{name}", endpoint=name.replace("-", "_"))(json_roles(*HAS_SEAT)(self._view(deed)))
        bp.post("/console/heartbeat", endpoint="heartbeat")(json_roles(*HAS_SEAT)(self._heartbeat))

    def _view(self, deed: Callable[[int, Mapping[str, Any]], None]) -> Callable[[], Response]:
        def view() -> Response:
            member = signed_in()
            deed(seat_of(member), json_body())
            return jsonify(ok=True, desk=self._show_desk(member))

        return view

    def _heartbeat(self) -> Response:
        # A hundred a second in a province: the desk comes by the stream, or when the page asks for it.
        self._desk.heartbeat(seat_of(signed_in()))
        return jsonify(ok=True)

    def _take_break(self, seat: int, body: Mapping[str, Any]) -> None:
        reason = text_of(body, "reason")
        if reason not in BREAK_REASONS:
            raise Refused(422, f"请选休息的原因：{'、'.join(BREAK_REASONS.values())}。")
        self._desk.take_break(seat, reason)

    def _hold(self, seat: int, body: Mapping[str, Any]) -> None:
        if not isinstance(body.get("on"), bool):
            raise Refused(422, "请求的内容不完整或格式不对。", "on")
        self._desk.hold(seat, self._own_offer(seat, body), body["on"])

    def _transfer(self, seat: int, body: Mapping[str, Any]) -> None:
        offer = self._own_offer(seat, body)
        centre, skill, language = (text_of(body, name) for name in ("centre", "skill", "language"))
        if centre not in self._line.keeper.library().centres:
            raise Refused(422, "请选要转到哪个中心。")
        if skill not in SKILLS or language not in LANGUAGES:
            raise Refused(422, "请从列表里选业务和语言。")
        self._desk.transfer(seat, offer, centre, skill, language)

    def _write_wrap_up(self, seat: int, body: Mapping[str, Any]) -> None:
        save_sheet(self._services, seat, text_of(body, "offer"), read_sheet(body, self._tree))
        # Another window of the same seat shows what was typed here.
        centre = signed_in().centre
        if centre:
            publish(self._services.live_store, centre, seat)

    def _own_offer(self, seat: int, body: Mapping[str, Any]) -> str:
        return own_offer(self._line, seat, text_of(body, "offer"))


def own_offer(line: Line, seat: int, offer_id: str) -> str:
    """The id of an offer that is this seat's. Raises Refused: 404 for none, 403 for somebody else's."""
    with line.services.database.pool.connection() as connection:
        row = connection.execute(_OWNER, (offer_id,)).fetchone()
    if row is None:
        raise Refused(404, NO_SUCH_OFFER)
    if row[0] != seat:
        raise Refused(403, NOT_YOURS)
    return offer_id
