"""Who does a consultant's cases while the consultant is away: set and ended by the supervisor of their centre."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify

from dashboards.audit import enter_audit
from dashboards.console.api import json_body, json_roles, text_of
from dashboards.console.case_doers import doer_of
from dashboards.console.case_scope import SEES_REPORTS
from dashboards.console.errors import Refused
from dashboards.sign_in import centres_in_scope, signed_in
from integrations.work_calendar import SHANGHAI, in_shanghai
from ivr.service import Line
from voicemail.case_desk import CaseDesk

LONGEST_DAYS = 366
NO_SUCH_SEAT = "没有这位咨询员，或者坐席已经停用。"
NOT_THEIRS = "这是别的中心的咨询员。"
OTHER_CENTRE = "代办的人要在同一个中心。"
SAME_PERSON = "不能自己代自己，请选另一位。"
WRONG_DAY = "请选代到哪一天，今天或以后，最多一年；也可以不填。"

_SEATS = "SELECT id, centre, is_active FROM agent WHERE id = ANY(%s)"


class Deputies:
    """POST /console/deputies and /console/deputies/<seat>/end."""

    def __init__(self, line: Line, desk: CaseDesk) -> None:
        self._line = line
        self._desk = desk

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        bp.post("/console/deputies", endpoint="deputy_set")(json_roles(*SEES_REPORTS)(self._set))
        bp.post("/console/deputies/<int(max=2147483647):agent_id>/end", endpoint="deputy_end")(
            json_roles(*SEES_REPORTS)(self._end)
        )

    def _set(self) -> Response:
        body = json_body()
        agent, deputy = _seat(body, "agent_id"), _seat(body, "deputy_id")
        if agent == deputy:
            raise Refused(422, SAME_PERSON)
        centres = self._centres(agent, deputy)
        if centres[agent] != centres[deputy]:
            raise Refused(422, OTHER_CENTRE)
        until = read_until(text_of(body, "until"), self._line.services.now())
        self._desk.set_deputy(agent, deputy, until, doer_of(signed_in()))
        self._enter("deputy_set", agent, centres[agent])
        return jsonify(ok=True, said="设好了，代办的人现在就能看到、能办这些办件。")

    def _end(self, agent_id: int) -> Response:
        centres = self._centres(agent_id, must_work=False)
        self._desk.end_deputy(agent_id, doer_of(signed_in()))
        self._enter("deputy_ended", agent_id, centres[agent_id])
        return jsonify(ok=True, said="代办结束了。")

    def _enter(self, action: str, agent: int, centre: str) -> None:
        services = self._line.services
        with services.database.pool.connection() as connection:
            who = signed_in().username
            enter_audit(connection, services.now(), who, action, centre, f"deputy of seat {agent}")

    def _centres(self, *agents: int, must_work: bool = True) -> Mapping[int, str]:
        """The centres of these seats, all of the user's own. Raises Refused."""
        with self._line.services.database.pool.connection() as connection:
            rows = connection.execute(_SEATS, (list(agents),)).fetchall()
        if len(rows) < len(agents) or (must_work and not all(is_active for _, _, is_active in rows)):
            raise Refused(404, NO_SUCH_SEAT)
        scope = centres_in_scope(signed_in(), self._line.keeper.library().centres)
        if any(centre not in scope for _, centre, _ in rows):
            raise Refused(403, NOT_THEIRS)
        return {agent: centre for agent, centre, _ in rows}


def read_until(written: str, now: datetime) -> datetime | None:
    """The end of a day such as 2026-12-01 in Shanghai; None for an empty text. Raises Refused (422)."""
    if not written:
        return None
    today = in_shanghai(now).date()
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Refused(422, WRONG_DAY, "until") from None
    if not today <= day <= today + timedelta(days=LONGEST_DAYS):
        raise Refused(422, WRONG_DAY, "until")
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def _seat(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        raise Refused(422, "请选咨询员。", name)
    return value
