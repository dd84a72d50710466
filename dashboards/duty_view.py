"""What the duty page shows: what is set, with its state now, and the forms as they were typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dashboards.duty_rules import ALL_CENTRES, as_local_input, days_as_lines
from dashboards.duty_store import DutyStore, SetRow, YearRow
from dashboards.key_states import key_of, obstacle
from dashboards.models import ADMINISTRATOR
from dashboards.sign_in import centres_in_scope
from dashboards.staff import StaffMember
from ivr.duty import DutyBoard
from ivr.service import Line
from ivr.words import speakable, speaking_seconds
from queueing.features import FEATURES


@dataclass(frozen=True)
class Preview:
    """A notice as callers would hear it."""

    sentence: str
    seconds: float


@dataclass(frozen=True)
class Filled:
    """The one form that was sent and not accepted (or only previewed): what was typed, what is wrong."""

    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    preview: Preview | None = None


NO_FORM = Filled()
# A new notice or closing runs this long unless somebody types another end.
USUAL_LENGTH = timedelta(hours=2)


def preview_words(line: Line, text: str) -> Preview:
    """The sentence as it is spoken, behind the script's own words, and how long the notice itself takes."""
    flow = next(iter(line.keeper.library().flows.values()))
    prompt = flow.prompts.get("urgent_notice")
    whole = prompt.text.replace("{notice}", text) if prompt else text
    return Preview(speakable(whole), speaking_seconds(text))


def key_facts(
    line: Line, codes: Sequence[str], now: datetime
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], bool]]:
    """By centre and feature: why a key cannot be opened, and whether it is set open now."""
    library = line.keeper.library()
    obstacles, states = {}, {}
    for code in codes:
        flow, moment = library.flow(code), line.almanac.moment(code, now)
        for feature in FEATURES:
            obstacles[code, feature] = obstacle(flow, feature)
            states[code, feature] = moment.is_open(feature)
    return obstacles, states


def duty_words(
    line: Line, store: DutyStore, user: StaffMember, filled: Filled, query: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that the template names."""
    now, library = line.services.now(), line.keeper.library()
    codes = centres_in_scope(user, library.centres)
    board = line.duty.board(now)
    years = store.years() if user.role == ADMINISTRATOR else []
    return {
        "centres": {code: library.centres[code].short_name for code in codes},
        "names": {code: centre.short_name for code, centre in library.centres.items()},
        "may_set_all": user.sees_all,
        "is_administrator": user.role == ADMINISTRATOR,
        "all_centres": ALL_CENTRES,
        "centre_count": len(library.centres),
        "features": _feature_labels(line, codes),
        "feature_names": FEATURES,
        "notices": [(row, _notice_state(row, board, codes, now)) for row in store.notices(codes)],
        "closings": [(row, "正在停止" if row.since <= now else "还没开始") for row in store.closings(codes)],
        "keys": store.keys(codes),
        "years": years,
        "forms": _forms(filled, codes, years, query, now),
        "errors": {filled.name: filled.errors},
        "sent": filled.name,
        "preview": filled.preview,
    }


def _feature_labels(line: Line, codes: Sequence[str]) -> dict[str, str]:
    """`键2 政策录音`, by the menu of the first centre in scope."""
    flow = line.keeper.library().flow(codes[0]) if codes else None
    labels = {}
    for feature, name in FEATURES.items():
        key = key_of(flow, feature) if flow else ""
        labels[feature] = f"键{key} {name}" if key else name
    return labels


def _notice_state(row: SetRow, board: DutyBoard, codes: Sequence[str], now: datetime) -> str:
    """Whether it is on the air: of several in force for a centre the newest is played."""
    if row.since > now:
        return "还没开始"
    asked = codes if row.centre is None else (row.centre,)
    about = (row.centre, row.words, row.since, row.until)
    playing = [board.notice_for(code, now) for code in asked]
    on_air = [n for n in playing if n and (n.centre, n.text, n.since, n.until) == about]
    if not on_air:
        return "被更新的通知替下"
    return "正在播" if len(on_air) == len(asked) else "部分中心在播"


def _forms(
    filled: Filled, codes: Sequence[str], years: Sequence[YearRow], query: Mapping[str, str], now: datetime
) -> dict[str, Mapping[str, str]]:
    """The values of all four forms: as typed for the one that was sent, else what is usual."""
    centre = codes[0] if len(codes) == 1 else query.get("centre", "")
    times = {"since": as_local_input(now), "until": as_local_input(now + USUAL_LENGTH)}
    forms: dict[str, Mapping[str, str]] = {
        "notice": {"centre": centre, "text": "", **times},
        "closing": {"centre": centre, "reason": "", **times},
        "key": {"centre": centre, "feature": query.get("feature", ""), "change": "", "reason": ""},
        "calendar": {"year": "", "off": "", "work": ""},
    }
    for row in years:
        if str(row.year) == query.get("year"):
            forms["calendar"] = {"year": str(row.year), **days_as_lines(row.days)}
    if filled.name:
        forms[filled.name] = {**forms[filled.name], **filled.values}
    return forms
