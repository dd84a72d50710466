"""The page of the business systems: how each is now, what it was asked today, and who asked. It changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template

from dashboards.console.look_up_words import why_words
from dashboards.models import ADMINISTRATOR, SUPERVISOR
from dashboards.sign_in import centres_in_scope, roles_allowed, signed_in
from dashboards.staff import StaffMember
from dashboards.staff_area import SETS_DUTY
from dashboards.systems_rows import NO_RESULT, Day, RecentRow, read_trail
from dashboards.systems_words import (
    DEFINITIONS,
    KIND_NAMES,
    RESULT_TONES,
    RESULTS,
    STATES,
    TRAIL_KINDS,
    milliseconds_words,
    result_words,
)
from integrations.social_insurance.contract import Kind
from integrations.social_insurance.health import SystemHealth
from integrations.social_insurance.keeper import SystemsKeeper
from integrations.social_insurance.systems_file import NotConnected, ReferTo
from integrations.work_calendar import in_shanghai
from ivr.service import Line

# Who asked is for those who answer for it: the province looks at figures.
SEES_RECENT = (SUPERVISOR, ADMINISTRATOR)
CALLER = "caller"
# A part of a call's id, enough to find it by.
SID_TAIL = 6


@dataclass(frozen=True)
class SystemRow:
    """One system as the page shows it. `answers` pairs what it answers with the centres it answers that for."""

    health: SystemHealth
    answers: Sequence[tuple[str, str]]
    day: Day

    @property
    def kind_zh(self) -> str:
        return KIND_NAMES[self.health.kind]

    @property
    def state(self) -> tuple[str, str, str]:
        return STATES[self.health.state]

    @property
    def results(self) -> list[tuple[str, str, int]]:
        """(tone, words, count) of every result that occurred today."""
        return [
            (RESULT_TONES.get(result, "off"), words, self.day.results[result])
            for result, words in RESULTS.items()
            if result in self.day.results
        ]


def add_systems_page(bp: Blueprint, line: Line) -> None:
    """/systems."""
    # Of its own, for the rules of the PIN lock: the registry's is not for others.
    keeper = SystemsKeeper(line.services.settings.config_dir)

    @bp.get("/systems")
    @roles_allowed(*SETS_DUTY)
    def systems() -> str:
        """The business systems of the user's centres."""
        return render_template("systems.html", **_gather(line, keeper, signed_in()))


def _gather(line: Line, keeper: SystemsKeeper, member: StaffMember) -> dict[str, Any]:
    services, now = line.services, line.services.now()
    centres = line.keeper.library().centres
    scope = centres_in_scope(member, centres)
    names = {code: centre.short_name for code, centre in centres.items()}
    # Before any connection is taken: the systems have up to three seconds to answer.
    health = services.social_insurance.health(scope)
    sees_recent = member.role in SEES_RECENT
    with services.database.pool.connection() as connection:
        trail = read_trail(connection, scope, scope if sees_recent else (), keeper.file().pin, now)
    rows = [
        SystemRow(each, _answers(each.answers, names, scope), trail.days.get(each.name, Day()))
        for each in health
        if each.answers or member.sees_all
    ]
    labels = {each.name: each.label for each in health}
    return {
        "now": f"{in_shanghai(now):%H:%M:%S}",
        "rows": rows,
        "elsewhere": _elsewhere(line, scope, names, {pair for each in health for pair in each.answers}),
        "problems": services.social_insurance.problems,
        "recent": [_recent(row, labels, names, now) for row in trail.recent] if sees_recent else None,
        "locked": trail.locked,
        "definitions": DEFINITIONS,
        "milliseconds": milliseconds_words,
        "is_one_centre": len(scope) == 1,
    }


def _answers(pairs: Iterable[tuple[str, str]], names: Mapping[str, str], scope: Sequence[str]) -> list[tuple[str, str]]:
    """[("养老保险", "合肥、芜湖")]; all centres together are "全部17个中心"."""
    centres_of: dict[str, list[str]] = defaultdict(list)
    for centre, what in pairs:
        centres_of[what].append(names[centre])
    return [(KIND_NAMES[what], _listed(centres_of[what], len(scope))) for what in KIND_NAMES if what in centres_of]


def _listed(found: Sequence[str], of_all: int) -> str:
    return f"全部{of_all}个中心" if len(found) == of_all > 1 else "、".join(found)


def _elsewhere(
    line: Line, scope: Sequence[str], names: Mapping[str, str], answered: set[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """What no system here answers: (kind, why, centres), the same reason once."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind in Kind:
        for centre in scope:
            who = line.services.social_insurance.for_centre(centre, kind)
            if (centre, kind.value) in answered:
                continue
            if isinstance(who, ReferTo):
                found[KIND_NAMES[kind], f"请来电人打 {who.line}"].append(names[centre])
            elif isinstance(who, NotConnected):
                found[KIND_NAMES[kind], who.reason].append(names[centre])
    return [(kind, reason, _listed(centres, len(scope))) for (kind, reason), centres in found.items()]


def _recent(row: RecentRow, labels: Mapping[str, str], names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    at, today = in_shanghai(row.at), in_shanghai(now).date()
    return {
        "at": f"{at:%H:%M:%S}" if at.date() == today else f"{at.month}月{at.day}日 {at:%H:%M}",
        "who": "来电人" if row.who == CALLER else row.name or row.who,
        "username": "" if row.who == CALLER else row.who,
        "why": why_words(row.why),
        "centre": names.get(row.centre, row.centre),
        "system": labels.get(row.system, row.system),
        "kind": TRAIL_KINDS.get(row.kind, row.kind),
        "result": result_words(row.result, row.reason),
        "tone": RESULT_TONES.get(row.result or NO_RESULT, "off"),
        "milliseconds": milliseconds_words(row.milliseconds),
        "call_sid": row.call_sid or "",
        "call": f"…{row.call_sid[-SID_TAIL:]}" if row.call_sid else "—",
    }
