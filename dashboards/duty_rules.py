"""What may be set on the duty desk, as rules: each form is checked whole, and every field that is wrong says why.

Pure: the fields of a form, the clock and what is known about the centre arrive as arguments.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Generic, TypeVar

from integrations.work_calendar import SHANGHAI, YearNotice, in_shanghai
from ivr.words import speaking_seconds

ALL_CENTRES = "all"
MOST_CHARACTERS = 60
MOST_SECONDS = 12
MOST_REASON_CHARACTERS = 30
# A wrong year must not keep a notice on the air for ever.
LONGEST = timedelta(days=31)
MOST_LINES = 80
_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_FORMAT = "%Y-%m-%dT%H:%M"

Form = Mapping[str, str]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Checked(Generic[Value]):
    """A form that was looked at: its value, or what is wrong by field. Never both."""

    value: Value | None
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewNotice:
    """An urgent notice to be set; centre None is all centres. Times aware, UTC."""

    centre: str | None
    text: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class NewClosing:
    """An exceptional closing of a centre's human service."""

    centre: str
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key to be opened or closed for a centre."""

    centre: str
    feature: str
    is_open: bool
    reason: str


def clean_text(text: str) -> str:
    """One line without control characters: what is spoken or shown in a list has no line breaks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def spoken_text(text: str) -> str:
    """A notice as it is kept: one line that ends like a sentence."""
    text = clean_text(text)
    return text if not text or text[-1] in "。！？" else text.rstrip("，、；：,.;:") + "。"


def as_local_input(at: datetime) -> str:
    """An instant as a `datetime-local` field wants it, on the Shanghai clock."""
    return in_shanghai(at).strftime(_FORMAT)


def parse_local(text: str) -> datetime | None:
    """What a `datetime-local` field holds, read on the Shanghai clock; None when it is no time near ours."""
    try:
        local = datetime.strptime(text.strip()[:16], _FORMAT)
    except ValueError:
        return None
    return local.replace(tzinfo=SHANGHAI).astimezone(UTC) if 2000 <= local.year <= 2100 else None


def check_notice(form: Form, now: datetime, centres: Collection[str], may_set_all: bool) -> Checked[NewNotice]:
    """An urgent notice: at most 60 characters and 12 seconds, with both times, for a centre one may set."""
    errors: dict[str, str] = {}
    centre = form.get("centre", "")
    if not (centre in centres or (centre == ALL_CENTRES and may_set_all)):
        errors["centre"] = "请选择在哪个中心播"
    text = spoken_text(form.get("text", ""))
    if problem := notice_problem(form.get("text", "")):
        errors["text"] = problem
    since, until = _check_period(form, now, errors)
    if errors or since is None or until is None:
        return Checked(None, errors)
    return Checked(NewNotice(None if centre == ALL_CENTRES else centre, text, since, until))


def notice_problem(typed: str) -> str:
    """What is wrong with the words of a notice; empty when nothing is."""
    text = clean_text(typed)
    if not text.strip("。！？，、；：,.!?;: "):
        return "请写通知的内容"
    if len(text) > MOST_CHARACTERS:
        return f"现在{len(text)}个字，最多{MOST_CHARACTERS}个字，请删短"
    seconds = speaking_seconds(spoken_text(text))
    if seconds > MOST_SECONDS:
        return f"念完要{seconds:.1f}秒，最多{MOST_SECONDS}秒，请再短一些"
    return "通知里不能有证件号码" if _ID_NUMBER.search(text) else ""


def check_closing(form: Form, now: datetime, centres: Collection[str]) -> Checked[NewClosing]:
    """An exceptional closing: callers hear the reason, so it is required and short."""
    errors: dict[str, str] = {}
    centre = _check_centre(form, centres, errors)
    reason = clean_text(form.get("reason", "")).rstrip("。，；,;.")
    _check_reason(reason, errors, "请写原因，来电人会听到")
    since, until = _check_period(form, now, errors)
    if errors or since is None or until is None:
        return Checked(None, errors)
    return Checked(NewClosing(centre, since, until, reason))


def check_key(
    form: Form,
    centres: Collection[str],
    features: Collection[str],
    obstacles: Mapping[tuple[str, str], str],
    states: Mapping[tuple[str, str], bool],
) -> Checked[KeyChange]:
    """A key to open or close. `obstacles` says why one cannot be opened, `states` which are open now."""
    errors: dict[str, str] = {}
    centre = _check_centre(form, centres, errors)
    feature, change = form.get("feature", ""), form.get("change", "")
    if feature not in features:
        errors["feature"] = "请选择一个键"
    if change not in ("open", "close"):
        errors["change"] = "请选择开通还是关闭"
    reason = clean_text(form.get("reason", ""))
    _check_reason(reason, errors, "请写原因，值班的人要看")
    if change == "open" and "feature" not in errors and "centre" not in errors:
        about = (centre, feature)
        if obstacles.get(about):
            errors["feature"] = obstacles[about]
        elif states.get(about):
            errors["feature"] = "这个键现在就开着，不用再开"
    return Checked(None, errors) if errors else Checked(KeyChange(centre, feature, change == "open", reason))


def check_year(form: Form) -> Checked[YearNotice]:
    """A year's holiday notice, typed as lines `2027-01-01 元旦` and make-up workdays one a line."""
    errors: dict[str, str] = {}
    year_text = form.get("year", "").strip()
    if not re.fullmatch(r"[0-9]{4}", year_text):
        errors["year"] = "请填四位数的年份"
    off = _read_days(form.get("off", ""), "off", errors, named=True)
    work = _read_days(form.get("work", ""), "work", errors, named=False)
    if errors:
        return Checked(None, errors)
    try:
        return Checked(YearNotice(int(year_text), frozenset(off), frozenset(work), off))
    except ValueError as error:
        return Checked(None, _sort_problems(str(error)))


def _check_centre(form: Form, centres: Collection[str], errors: dict[str, str]) -> str:
    centre = form.get("centre", "")
    if centre not in centres:
        errors["centre"] = "请选择中心"
    return centre


def _check_reason(reason: str, errors: dict[str, str], missing: str) -> None:
    if not reason:
        errors["reason"] = missing
    elif len(reason) > MOST_REASON_CHARACTERS:
        errors["reason"] = f"现在{len(reason)}个字，最多{MOST_REASON_CHARACTERS}个字，请删短"
    elif _ID_NUMBER.search(reason):
        errors["reason"] = "原因里不能有证件号码"


def _check_period(form: Form, now: datetime, errors: dict[str, str]) -> tuple[datetime | None, datetime | None]:
    since, until = parse_local(form.get("since", "")), parse_local(form.get("until", ""))
    if since is None:
        errors["since"] = "请填从什么时候开始"
    if until is None:
        errors["until"] = "请填到什么时候结束，到点自动停"
    elif until <= now:
        errors["until"] = "结束时间已经过去了"
    elif since is not None and until <= since:
        errors["until"] = "结束时间要晚于开始时间"
    elif since is not None and until - max(since, now) > LONGEST:
        errors["until"] = f"一次最长{LONGEST.days}天，请核对年份和月份"
    return since, until


def _read_days(text: str, name: str, errors: dict[str, str], named: bool) -> dict[date, str]:
    """The days of a text field, one a line, each with what follows it."""
    days: dict[date, str] = {}
    problems = []
    lines = [(n, clean_text(line)) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > MOST_LINES:
        errors[name] = f"现在{len(lines)}行，最多{MOST_LINES}行"
        return days
    for n, line in lines:
        first, _, rest = line.partition(" ")
        try:
            day = date.fromisoformat(first) if len(first) == 10 else None
        except ValueError:
            day = None
        if day is None:
            problems.append(f"第{n}行“{line[:20]}”要以 2027-01-01 这样的日期开头")
        elif day in days:
            problems.append(f"第{n}行的{day}写了两次")
        elif named and not rest.strip():
            problems.append(f"第{n}行的{day}后面没有写节日名称")
        if day is not None:
            days[day] = rest.strip()
    if problems:
        errors[name] = "；".join(problems)
    return days


def _sort_problems(sentence: str) -> dict[str, str]:
    """The problems that a year's notice found as a whole, each put beside the field it is about."""
    by_field: dict[str, list[str]] = {}
    for problem in sentence.partition(": ")[2].split("; "):
        about = "year" if "年份" in problem else "work" if "上班" in problem else "off"
        by_field.setdefault(about, []).append(problem.replace(", ", "，"))
    return {name: "；".join(problems) for name, problems in by_field.items()}


def days_as_lines(days: Mapping[str, object]) -> dict[str, str]:
    """A kept notice `{"off": {...}, "work": [...]}` as the two text fields show it."""
    off, work = days.get("off"), days.get("work")
    named = off if isinstance(off, dict) else {}
    worked = work if isinstance(work, list) else []
    return {
        "off": "\n".join(f"{day} {name}" for day, name in sorted(named.items())),
        "work": "\n".join(sorted(map(str, worked))),
    }
