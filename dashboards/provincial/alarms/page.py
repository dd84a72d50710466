"""The page of alarms: what is wrong now, what somebody must clear, what was, and whether the ledger was proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from psycopg import Connection

from dashboards.console.api import api_blueprint, json_body, json_roles, text_of
from dashboards.console.case_board_rows import read_names
from dashboards.console.errors import Refused
from dashboards.provincial.alarms.carrier_match import LOST
from dashboards.provincial.alarms.keeping import HISTORY, MOST_LISTED, Row, clear, find_alarm, open_alarms, past_alarms
from dashboards.provincial.alarms.proofs import read_states
from dashboards.provincial.alarms.rules import (
    ABANDONMENT,
    CITY_SILENT,
    CONNECTOR,
    LIMITS,
    LIMITS_ZH,
    LONG_LINE,
    NOBODY,
    OVERDUE,
    RULES_ZH,
    URGENT,
    is_shown,
)
from dashboards.provincial.scope import SEES_FIGURES, centres_of
from dashboards.sign_in import centres_in_scope, roles_allowed, signed_in
from dashboards.staff import StaffMember
from dashboards.staff_area import NAVIGATION, staff_blueprint
from ivr.library import Library
from ivr.service import Line

SEVERITIES_ZH = {URGENT: "紧急", "warning": "注意"}
CLEAR_REASONS = {
    "corrected": "查清了，账目已经改对",
    "carrier": "是运营商那边的问题，已经联系",
    "test": "是测试电话",
    "other": "其他",
}
# Where something can be done about it.
PAGES = {
    CITY_SILENT: "/province/cities",
    LONG_LINE: "/console/floor",
    NOBODY: "/console/floor",
    ABANDONMENT: "/province/explore",
    OVERDUE: "/cases/board",
    CONNECTOR: "/systems",
}
# The reason that says nothing by itself.
NEEDS_WORDS = "other"
LONGEST_WORDS = 200
NO_SUCH_ALARM = "没有这条告警，可能刚刚变了，请看页面上最新的情况。"
NOT_YOURS = "这条告警不归您的中心，请省级人员来办。"
NOTHING_TO_CLEAR = "这条告警不用清除，情况好了它会自己结束。"
CLEARED_ALREADY = "这条告警已经有人清除了。"
CHOOSE_A_REASON, SAY_WHY = "请选一个原因。", "请写一句原因。"
TOO_LONG = f"补充说明最多{LONGEST_WORDS}个字。"
_ID = "<int(max=9223372036854775807):alarm_id>"


def alarm_blueprints(line: Line) -> tuple[Blueprint, Blueprint]:
    """/province/alarms, and the JSON behind it."""
    pages = staff_blueprint("alarms", line.services)

    @pages.get("/province/alarms")
    @roles_allowed(*SEES_FIGURES)
    def alarms() -> str:
        """The alarms of the user's centres."""
        library = line.keeper.library()
        codes = centres_of(signed_in(), library)
        centres = [{"key": code, "name": library.centre(code).short_name} for code in codes]
        limits = [f"{words}：{_limit(getattr(LIMITS, name))}" for name, words in LIMITS_ZH.items()]
        return render_template("alarms.html", alarms_config=alarms_config(centres), centres=centres, limits=limits)

    api = api_blueprint("alarms_api", line.services)
    AlarmAddresses(line).register(api)
    return pages, api


def alarms_config(centres: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What the page is told once."""
    return {
        "centres": centres,
        "days": HISTORY.days,
        "most": MOST_LISTED,
        "clear_reasons": [
            {"key": key, "name": name, "needs_words": key == NEEDS_WORDS} for key, name in CLEAR_REASONS.items()
        ],
    }


class AlarmAddresses:
    """The JSON of alarms."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        bp.get("/province/api/alarms", endpoint="alarms_data")(json_roles(*SEES_FIGURES)(self._data))
        bp.post(f"/province/api/alarms/{_ID}/clear", endpoint="alarm_clear")(json_roles(*SEES_FIGURES)(self._clear))

    def _data(self) -> Response:
        library = self._line.keeper.library()
        asked = [code for code in (request.args.get("centre", ""),) if code]
        return jsonify(self.look(signed_in(), centres_of(signed_in(), library, asked), library))

    def look(self, member: StaffMember, centres: Sequence[str], library: Library) -> dict[str, Any]:
        """The alarms of these centres now. No person's number is in it."""
        now = self._line.services.now()
        with self._line.services.database.pool.connection() as connection:
            listed, past = open_alarms(connection, centres), past_alarms(connection, centres, now)
            names = read_names(connection, [row["cleared_by"] or "" for row in past])
            states = read_states(connection, now)
        shown = [AlarmShown(row, member, centres, library, names) for row in listed]
        return {
            "now": now.isoformat(),
            "to_clear": [one.as_json() for one in shown if one.row["must_clear"]],
            "open": [one.as_json() for one in shown if not one.row["must_clear"]],
            "history": [AlarmShown(row, member, centres, library, names).as_json() for row in past],
            "proofs": [{"hour": hour.isoformat(), "kind": kind, "state": state} for hour, kind, state in states],
        }

    def _clear(self, alarm_id: int) -> Response:
        reason, services, member = _reason(json_body()), self._line.services, signed_in()
        with services.database.pool.connection() as connection, connection.transaction():
            alarm = self._own(connection, alarm_id, member)
            if not alarm["must_clear"]:
                raise Refused(409, NOTHING_TO_CLEAR)
            if alarm["cleared_at"] is not None:
                raise Refused(409, CLEARED_ALREADY)
            clear(connection, alarm, member.username, reason, services.now())
        return jsonify(ok=True, said="清除了，原因已记下。")

    def _own(self, connection: Connection[Any], alarm_id: int, member: StaffMember) -> Row:
        """Raises Refused: 404 for one that is not to be seen, so that nobody learns of other centres; 403."""
        alarm, centres = find_alarm(connection, alarm_id), centres_of(member, self._line.keeper.library())
        if alarm is None or not is_shown(alarm["centre"], alarm["detail"].get("centres", ()), centres):
            raise Refused(404, NO_SUCH_ALARM)
        if not is_own(alarm, member, centres):
            raise Refused(403, NOT_YOURS)
        return alarm


class AlarmShown:
    """One alarm for one reader."""

    def __init__(
        self, row: Row, member: StaffMember, centres: Sequence[str], library: Library, names: Mapping[str, str]
    ) -> None:
        self.row = row
        self._member, self._centres, self._library, self._names = member, centres, library, names

    def as_json(self) -> dict[str, Any]:
        row = self.row
        is_to_clear = row["must_clear"] and row["cleared_at"] is None
        scope = centres_in_scope(self._member, self._library.centres)
        return {
            "id": row["id"],
            "rule": row["rule"],
            "rule_zh": RULES_ZH.get(row["rule"], row["rule"]),
            "centre": row["centre"],
            "centre_name": self._name(row["centre"]),
            "about_zh": [self._name(code) for code in row["detail"].get("centres", ()) if code in self._centres],
            "severity": row["severity"],
            "severity_zh": SEVERITIES_ZH[row["severity"]],
            "words": row["words"],
            "there": self._there(),
            "calls": [_call(one) for one in row["detail"].get("calls", ())],
            "began_at": row["began_at"].isoformat(),
            "ended_at": _iso(row["ended_at"]),
            "must_clear": row["must_clear"],
            "cleared_at": _iso(row["cleared_at"]),
            "cleared_by": self._names.get(row["cleared_by"] or "", row["cleared_by"] or ""),
            "cleared_reason": row["cleared_reason"] or "",
            "may_clear": is_to_clear and is_own(row, self._member, scope),
        }

    def _there(self) -> dict[str, str] | None:
        """The page where it is seen to; None for who may not go there."""
        wanted, role = PAGES.get(self.row["rule"]), self._member.role
        found = (label for label, path, roles in NAVIGATION if path == wanted and role in roles)
        return next(({"name": label, "path": wanted} for label in found if wanted), None)

    def _name(self, code: str | None) -> str:
        if code is None:
            return "全省"
        centres = self._library.centres
        return centres[code].short_name if code in centres else code


def is_own(alarm: Row, member: StaffMember, centres: Sequence[str]) -> bool:
    """Whether the alarm is for this member to clear: one of the whole province only for who sees all of it."""
    return member.sees_all if alarm["centre"] is None else alarm["centre"] in centres


def _call(told: Mapping[str, Any]) -> dict[str, Any]:
    """A call that an alarm names; one that we never had has no page of ours."""
    sid = told.get("call") or ""
    has_page = bool(sid) and told.get("what") != LOST
    return {"call": sid, "words": told.get("words", ""), "path": f"/province/calls/{sid}" if has_page else None}


def _reason(body: Mapping[str, Any]) -> str:
    """What is kept: the reason chosen, and what was written about it. Raises Refused (422)."""
    key, words = text_of(body, "reason"), body.get("words") or ""
    if not isinstance(words, str) or len(words) > LONGEST_WORDS or "\x00" in words:
        raise Refused(422, TOO_LONG)
    words = " ".join(words.split())
    if key not in CLEAR_REASONS:
        raise Refused(422, CHOOSE_A_REASON)
    if key == NEEDS_WORDS:
        if not words:
            raise Refused(422, SAY_WHY)
        return words
    return f"{CLEAR_REASONS[key]}：{words}" if words else CLEAR_REASONS[key]


def _limit(value: float) -> str:
    return f"{value:.0%}" if isinstance(value, float) else str(value)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
