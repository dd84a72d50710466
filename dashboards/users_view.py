"""What the pages about users show: the list with its filter, and one user with the forms as they were typed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboards.duty_rules import clean_text
from dashboards.models import ADMINISTRATOR, CONSULTANT
from dashboards.sign_in import centres_in_scope
from dashboards.staff import ROLE_NAMES, StaffMember
from dashboards.user_rules import BROWSER, DOORS, SEAT_LANGUAGES, SEAT_SKILLS
from dashboards.users_list import Filter, UserRow
from queueing.agent import NAMES_ZH
from queueing.centre import Centre

STATES = {"": "在用", "locked": "锁定中", "inactive": "已停用", "all": "全部"}
MOST_WORDS = 40
PROFILE_FIELDS = {"name": "姓名", "role": "角色", "centre": "中心"}
SEAT_FIELDS = {"number": "工号", "skills": "技能", "languages": "方言和语种", "door": "接听方式"}


@dataclass(frozen=True)
class Filled:
    """The one form that was sent and not accepted: what was typed, what is wrong, or that it was stale."""

    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    is_stale: bool = False


NO_FORM = Filled()


def read_filter(query: Mapping[str, str], centres: Collection[str]) -> Filter:
    """The filter of the address; what is unknown there filters nothing."""

    def known(name: str, values: Collection[str]) -> str:
        return query.get(name, "") if query.get(name) in values else ""

    words = clean_text(query.get("q", ""))[:MOST_WORDS]
    return Filter(words, known("centre", centres), known("role", ROLE_NAMES), known("state", STATES))


def list_words(
    user: StaffMember, centres: Mapping[str, Centre], wanted: Filter, rows: Sequence[UserRow], now: datetime
) -> dict[str, Any]:
    """Everything that the list's template names, but for whether there are more."""
    codes = centres_in_scope(user, centres)
    return {
        "users": rows,
        "wanted": wanted,
        "is_filtered": wanted != Filter(),
        "may_change": user.role == ADMINISTRATOR,
        "centres": {code: centres[code].short_name for code in codes},
        "states": STATES,
        "now": now,
        **_names(centres),
    }


def user_words(
    row: UserRow | None, centres: Mapping[str, Centre], filled: Filled, now: datetime, by: StaffMember
) -> dict[str, Any]:
    """Everything that the template of one user names; `row` None is somebody new."""
    names = _names(centres)
    return {
        "row": row,
        "is_self": row is not None and row.id == by.id,
        "has_seat_form": row is not None and row.role == CONSULTANT,
        "centres": {code: centre.short_name for code, centre in centres.items()},
        "doors": DOORS,
        "now": now,
        "forms": {"profile": {}, "seat": {}} | _forms(row) | ({filled.name: filled.values} if filled.name else {}),
        "errors": {filled.name: filled.errors},
        "sent": filled.name,
        "changed_meanwhile": _differences(row, filled, names) if row and filled.is_stale else None,
        **names,
    }


def _names(centres: Mapping[str, Centre]) -> dict[str, Any]:
    return {
        "role_names": ROLE_NAMES,
        "centre_names": {code: centre.short_name for code, centre in centres.items()},
        "skills": SEAT_SKILLS,
        "languages": SEAT_LANGUAGES,
        "seat_states": NAMES_ZH,
    }


def _forms(row: UserRow | None) -> dict[str, dict[str, Any]]:
    if row is None:
        return {}
    seat = {"number": row.number or "", "skills": row.skills or [], "languages": row.languages or []}
    return {
        "profile": {"name": row.name, "role": row.role, "centre": row.centre or ""},
        "seat": {**seat, "door": row.door or BROWSER},
    }


def _differences(row: UserRow, filled: Filled, names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each field that is not as it was typed: its label and what it is now."""
    labels = PROFILE_FIELDS if filled.name == "profile" else SEAT_FIELDS
    now = _forms(row)[filled.name]
    words = {**ROLE_NAMES, **names["centre_names"], **SEAT_SKILLS, **SEAT_LANGUAGES, **DOORS}

    def shown(value: Any) -> str:
        values = value if isinstance(value, list) else [value]
        return "、".join(words.get(one, one) for one in values if one) or "空"

    return [
        (label, shown(now[name])) for name, label in labels.items() if now[name] != filled.values.get(name, now[name])
    ]
