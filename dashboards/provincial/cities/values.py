"""One value of a city's row: read from JSON or from a file's text, or told in a sentence what is wrong. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dashboards.provincial.cities.fields import CHOICE, DAY, HOUR, ID, MOMENT, SUBJECT, WHOLE, YES_NO, Field
from integrations.masking import mask_text
from integrations.social_insurance.id_number import IdNumber, read_id
from integrations.social_insurance.id_number import Problem as IdProblem
from integrations.work_calendar import SHANGHAI

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks of two machines differ.
AHEAD = timedelta(minutes=5)
LONGEST_SHOWN = 20

_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,63}")
# No dot, which parts a batch's name from the rest of what is signed.
_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
# As spreadsheets write it, too: 2026/1/5 9:02.
_MOMENT = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+0{1,2}:00(?::00)?)?", re.ASCII)
# Identifiers that machines make hold any run of digits by chance.
_MACHINE_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32,64}")
_TELEPHONE = re.compile(
    r"(?<![0-9])(?:(?:00)?86-?|0)?1[3-9][0-9]{9}(?![0-9])|(?<![0-9])0(?:10|2[0-9]|[3-9][0-9]{2})-?[2-9][0-9]{6,7}(?![0-9])"
)
_EIGHTEEN = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
# An ID of this province is one even with a slipped digit; of others, only when all of it is right.
_ANHUI = "34"
_YES, _NO = {"true", "1", "是", "y", "yes"}, {"false", "0", "否", "n", "no"}


class Wrong(ValueError):
    """A value that cannot be taken; the text is the sentence for the sender."""


class Reader:
    """Reads the values of one batch. `now` decides what is still to come, `subjects` are the keys of the tree."""

    def __init__(self, centre: str, now: datetime, subjects: Collection[str]) -> None:
        self._centre = centre
        self._now = now.astimezone(UTC)
        self._latest = self._now + AHEAD
        self._today = now.astimezone(SHANGHAI).date()
        self._subjects = frozenset(subjects)
        self._readers: Mapping[str, Callable[[Field, Any], Any]] = {
            ID: self._id,
            WHOLE: whole,
            MOMENT: self._moment,
            HOUR: self._hour,
            DAY: self._day,
            CHOICE: choice,
            SUBJECT: self._subject,
            YES_NO: yes_no,
        }

    def read(self, field: Field, value: Any) -> Any:
        """The value as we keep it. Raises Wrong."""
        return self._readers[field.type](field, value)

    def _id(self, field: Field, value: Any) -> str:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if field.name == "centre":
            if text != self._centre:
                raise Wrong(f"这一行写的是别的中心（{shown(text)}），本批属于 {self._centre}")
            return self._centre
        if not isinstance(text, str) or not _CALL_ID.fullmatch(text):
            raise Wrong("编号只能用字母、数字和 . _ : @ / -，以字母或数字开头，最长64个字符")
        if names_a_person(text, self._today):
            raise Wrong("编号里有像手机号、电话号码或身份证号的数字，请换成不含个人信息的编号")
        return text

    def _moment(self, field: Field, value: Any) -> datetime:
        moment = moment_of(value)
        if moment is None:
            raise Wrong(f"“{shown(value)}”不是时间，应当写成 2026-01-05 10:02:31（北京时间），或带时区")
        if moment > self._latest:
            raise Wrong(f"“{shown(value)}”还没有到，时间不能晚于现在5分钟以上，请核对时钟和时区")
        if moment < EARLIEST:
            raise Wrong(f"“{shown(value)}”太早，时间不能早于2000年")
        return moment

    def _hour(self, field: Field, value: Any) -> datetime:
        moment = self._moment(field, value)
        if moment.minute or moment.second or moment.microsecond:
            raise Wrong(f"“{shown(value)}”不是整点，应当写这个小时的开始，例如 2026-01-05 10:00")
        return moment

    def _day(self, field: Field, value: Any) -> date:
        day = day_of(value)
        if day is None:
            raise Wrong(f"“{shown(value)}”不是日期，应当写成 2026-01-05")
        if day > self._today:
            raise Wrong(f"“{shown(value)}”还没有到")
        if day.year < EARLIEST.year:
            raise Wrong(f"“{shown(value)}”太早，日期不能早于2000年")
        return day

    def _subject(self, field: Field, value: Any) -> str:
        if not isinstance(value, str) or value not in self._subjects:
            raise Wrong(f"没有“{shown(value)}”这个科目，应当是全省统一科目的代码（第二级），没有登记就空着")
        return value


def whole(field: Field, value: Any) -> int:
    """A whole number within the field's bounds. Raises Wrong."""
    number: Any = value
    if isinstance(value, str):
        number = int(value) if _WHOLE.fullmatch(value) else None
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int):
        raise Wrong(f"“{shown(value)}”不是整数")
    if not field.least <= number <= field.most:
        raise Wrong(f"“{shown(value)}”超出范围，应当在 {field.least} 到 {field.most} 之间")
    return number


def choice(field: Field, value: Any) -> str:
    """One of the field's values, by its name or its Chinese name. Raises Wrong."""
    if isinstance(value, str):
        if value in field.choices:
            return value
        for name, title in field.choices.items():
            if value == title:
                return name
    there_are = "、".join(f"{name}（{title}）" for name, title in field.choices.items())
    raise Wrong(f"没有“{shown(value)}”这一种，应当是其中之一：{there_are}")


def yes_no(field: Field, value: Any) -> bool:
    """True for yes. Raises Wrong."""
    text = str(value).lower() if isinstance(value, bool | int | str) else ""
    if text in _YES or text in _NO:
        return text in _YES
    raise Wrong(f"“{shown(value)}”看不懂，应当写“是”或“否”")


def moment_of(value: Any) -> datetime | None:
    """A moment in UTC; one without a zone is meant in Shanghai. None for what is no moment."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        moment = _iso(value) or _written(value.strip())
        return moment and moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    # What nearly everybody sends, and what is read ten times as fast.
    if len(text) < 16 or text[4] != "-" or text[10] not in "T " or text[13] != ":":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _written(text: str) -> datetime | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    *parts, second, fraction, zone = match.groups()
    year, month, day, hour, minute = map(int, parts)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return datetime(year, month, day, hour, minute, int(second or 0), micros, tzinfo=_zone(zone))


def _zone(text: str | None) -> Any:
    if text is None:
        return SHANGHAI
    return UTC if text in "Zz" else datetime.strptime(text, "%z").tzinfo


def day_of(value: Any) -> date | None:
    """A day of the calendar, None for what is none."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def is_batch_id(text: str, today: date) -> bool:
    """Whether a batch may be called so: short, plain, and nobody's number."""
    return bool(_BATCH_ID.fullmatch(text)) and not names_a_person(text, today)


def names_a_person(text: str, today: date) -> bool:
    """Whether an identifier holds a telephone number or an ID number."""
    if _MACHINE_ID.fullmatch(text):
        return False
    return bool(_TELEPHONE.search(text)) or any(_is_id(run, today) for run in _EIGHTEEN.findall(text))


def _is_id(run: str, today: date) -> bool:
    read = read_id(run, today)
    return isinstance(read, IdNumber) or (read is IdProblem.BAD_CHECK and run.startswith(_ANHUI))


def shown(value: Any) -> str:
    """A value of the sender's, short and without anybody's number, for a sentence."""
    text = value if isinstance(value, str) else "（列表）" if isinstance(value, list | dict) else str(value)
    text = mask_text("".join(each for each in text[:200] if each.isprintable()))
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
