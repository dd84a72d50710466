"""The page of one call: its timeline, or everything that a city told of its call. Every look is noted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request
from psycopg import Connection

from dashboards.audit import enter_audit
from dashboards.console.case_scope import Reader, reader_of
from dashboards.console.case_words import SATISFACTION_ZH
from dashboards.console.errors import Refused
from dashboards.provincial.explore.call_timeline import Timeline
from dashboards.provincial.explore.call_timeline_rows import CallParts, Row, read_call, read_city_call
from dashboards.provincial.explore.call_words import between, span_words
from dashboards.provincial.measures import CHANNELS_ZH
from dashboards.provincial.played import played_cities
from dashboards.provincial.scope import SEES_FIGURES, centres_of
from dashboards.sign_in import roles_allowed, signed_in
from integrations.work_calendar import in_shanghai
from ivr.library import Library
from ivr.outcome import NAMES_ZH
from ivr.service import Line
from voicemail.subjects import SubjectTree

FIGURES = "/province/explore"
LOOKED_AT = "call_timeline"
NO_SUCH_CALL = "没有这个来电，或者它不是您的中心的。演示历史只有合计，没有单个来电。"
IN_PROGRESS_ZH = "还没挂断"
VIA_ZH = {"push": "系统推送", "upload": "网页上传", "pull": "从交换表读取"}


def add_call_pages(bp: Blueprint, line: Line, tree: SubjectTree) -> None:
    """/province/calls/<call> and /province/calls/city/<centre>/<call>."""

    @bp.get("/province/calls/<call_sid>")
    @roles_allowed(*SEES_FIGURES)
    def call_timeline(call_sid: str) -> str:
        """Everything that happened in one call of our own ledger."""
        library = line.keeper.library()
        found = _own_call(line, call_sid)
        return render_template("call_timeline.html", back=back(), versions=[], **_own_page(found, library, tree))

    @bp.get("/province/calls/city/<centre>/<path:call_id>")
    @roles_allowed(*SEES_FIGURES)
    def city_call(centre: str, call_id: str) -> str:
        """Everything that a city told of one of its calls, the newest version first."""
        library = line.keeper.library()
        versions, is_demo = _city_call(line, centre, call_id)
        page = _city_page(versions, library, tree)
        return render_template("call_timeline.html", back=back(), is_demo=is_demo, moments=[], **page)


def back() -> str:
    """To the figures, as they were when the call was looked for."""
    came_from = urlsplit(request.referrer or "")
    is_ours = f"{came_from.scheme}://{came_from.netloc}/" == request.host_url and came_from.path == FIGURES
    return f"{FIGURES}?{came_from.query}" if is_ours and came_from.query else FIGURES


def _own_call(line: Line, call_sid: str) -> CallParts:
    services, member = line.services, signed_in()
    centres = centres_of(member, line.keeper.library())
    with services.database.pool.connection() as connection:
        reader: Reader = reader_of(connection, member, centres, services.now())
        found = None if "\x00" in call_sid else read_call(connection, call_sid, reader)
        if found is None:
            raise Refused(404, NO_SUCH_CALL)
        _note(connection, line, found.call["first_centre"], f"call {call_sid}")
    return found


def _city_call(line: Line, centre: str, call_id: str) -> tuple[Sequence[Row], bool]:
    # Somebody else's call and one that is not there look the same.
    if centre not in centres_of(signed_in(), line.keeper.library()) or "\x00" in call_id:
        raise Refused(404, NO_SUCH_CALL)
    with line.services.database.pool.connection() as connection:
        versions = read_city_call(connection, centre, call_id)
        if not versions:
            raise Refused(404, NO_SUCH_CALL)
        _note(connection, line, centre, f"city_call {centre}/{call_id}")
        return versions, bool(played_cities(connection, (centre,)))


def _note(connection: Connection[Any], line: Line, centre: str, subject: str) -> None:
    enter_audit(connection, line.services.now(), signed_in().username, LOOKED_AT, centre, subject)


def _own_page(found: CallParts, library: Library, tree: SubjectTree) -> dict[str, Any]:
    call = found.call
    subjects = [tree.name_of(row["subject"]) for row in found["wrap_ups"] if row["subject"]]
    facts = [
        ("首先接到", library.centre(call["first_centre"]).short_name),
        ("现在归", library.centre(call["centre"]).short_name if call["centre"] != call["first_centre"] else ""),
        ("号码", f"尾号{call['caller_tail']}" if call["caller_tail"] else "没有显示号码"),
        ("主题", subjects[-1] if subjects else ""),
        ("时长", between(call["started_at"], call["ended_at"])),
    ]
    return {
        "title": "我们打出去的电话" if call["direction"].startswith("outbound") else "来电",
        "call_id": call["call_sid"],
        "started_at": call["started_at"],
        "outcome": NAMES_ZH.get(call["outcome"] or "", IN_PROGRESS_ZH),
        "facts": [(name, words) for name, words in facts if words],
        "moments": Timeline(library, tree).moments(found),
        "clock": clock,
        "day_words": day_words,
    }


def _city_page(versions: Sequence[Row], library: Library, tree: SubjectTree) -> dict[str, Any]:
    now = next((row for row in versions if row["is_current"]), versions[0])
    return {
        "title": "市里的来电",
        "call_id": now["call_id"],
        "started_at": now["started_at"],
        "outcome": "已撤回，不计入" if now["is_withdrawn"] else NAMES_ZH.get(now["outcome"] or "", IN_PROGRESS_ZH),
        "facts": [("中心", library.centre(now["centre"]).short_name), ("来源", "该市自己的系统")],
        "versions": [_version(row, tree) for row in versions],
        "clock": clock,
        "day_words": day_words,
    }


def _version(row: Row, tree: SubjectTree) -> dict[str, Any]:
    spans = {"排队": "wait_seconds", "通话": "talk_seconds", "保持": "hold_seconds", "话后整理": "wrap_up_seconds"}
    facts = [
        ("结果", NAMES_ZH.get(row["outcome"] or "", IN_PROGRESS_ZH)),
        ("开始", clock(row["started_at"])),
        ("挂断", clock(row["ended_at"]) if row["ended_at"] else ""),
        ("渠道", CHANNELS_ZH.get(row["channel"], row["channel"])),
        ("主题", tree.name_of(row["subject"]) or "没有记下"),
        ("要人工", "是" if row["asked_human"] else "否"),
        *((name, span_words(row[key]) if row[key] is not None else "") for name, key in spans.items()),
        ("评价", SATISFACTION_ZH.get(row["score"], "")),
    ]
    return {
        "number": row["version"],
        "is_current": row["is_current"],
        "is_withdrawn": row["is_withdrawn"],
        "received_at": row["received_at"],
        "via": VIA_ZH.get(row["via"], row["via"]),
        "batch": row["batch_id"],
        "facts": [(name, words) for name, words in facts if words],
    }


def clock(at: datetime) -> str:
    """`10:20:05`, with the seconds that a timeline needs, on the Shanghai clock."""
    return f"{in_shanghai(at):%H:%M:%S}"


def day_words(at: datetime, since: datetime | None = None) -> str:
    """`2026年10月5日`; empty for a moment on the same Shanghai day as `since`."""
    day = in_shanghai(at).date()
    return "" if since and in_shanghai(since).date() == day else f"{day.year}年{day.month}月{day.day}日"
