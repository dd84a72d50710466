"""Reads the parts of a centres file, with a sentence and a key path for everything that is wrong in it.

Pure. Written for people who edit YAML once a year: misspelt names are answered with the nearest right one,
and values that YAML silently turned into numbers (12:30, 0551, +8655112333) with "add quotes".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, time
from difflib import get_close_matches

from integrations.phone_numbers import normalise_dialled
from queueing.opening_hours import Period

ANY_PERIOD = Period(time(9), time(12))


def join_path(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


class CentreReader:
    """Takes values out of the document; a wrong one is noted, and something harmless given in its place."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: dict[str, None] = {}  # in order, and a mistake in the defaults is told once

    def problem(self, path: str, sentence: str) -> None:
        self.problems[f"{self.file}: {path or '文件'}: {sentence}"] = None

    def mapping(self, value: object, path: str, allowed: Collection[str] | None) -> dict[object, object]:
        if not isinstance(value, dict):
            self.problem(path, "这里要写若干“名称: 值”" if value is not None else "没有内容")
            return {}
        for key in value:
            if allowed is not None and key not in allowed:
                near = get_close_matches(str(key), allowed, 1)
                self.problem(join_path(path, key), f"没有“{key}”这一项" + (f", 是不是 {near[0]}" if near else ""))
        return value

    def items(self, value: object, path: str) -> list[tuple[object, str]]:
        if not isinstance(value, list):
            self.problem(path, "这里要写一个列表")
            return []
        return [(item, f"{path}[{n}]") for n, item in enumerate(value)]

    def text(self, value: object, path: str, pattern: str = r"(?s).*", expected: str = "一句话") -> str:
        if isinstance(value, str) and value.strip() and re.fullmatch(pattern, value, re.ASCII):
            return value.strip()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.problem(path, f"读成了数 {value}, 请加引号, 要写{expected}")
        else:
            self.problem(path, f"要写{expected}" + ("" if value is None else f", 不是 {value!r}"))
        return ""

    def boolean(self, value: object, path: str) -> bool:
        if not isinstance(value, bool):
            self.problem(path, f"要写 true 或 false, 不是 {value!r}")
        return value is True

    def whole(self, value: object, path: str, lowest: int, highest: int, unit: str) -> int:
        """A whole number within bounds, not in quotes. A wrong one becomes the lowest."""
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        self.problem(path, f"要写{lowest}到{highest}之间的整数({unit}), 不加引号, 不是 {value!r}")
        return lowest

    def number(self, value: object, path: str) -> str:
        written = self.text(value, path, r"\+?[\d -]+", '带引号的号码, 如 "+8655312333"')
        normal = normalise_dialled(written) if written else ""
        if normal is None:
            self.problem(path, f"{written} 不是能认出的号码")
        return normal or ""

    def period(self, value: object, path: str) -> Period:
        shape = '这样的一段时间: "09:00-12:00"'
        if isinstance(value, int) and not isinstance(value, bool):
            # YAML 1.1 reads an unquoted 12:30 as a number to the base of 60.
            self.problem(
                path,
                f"{value} 是 {value // 60}:{value % 60:02} 没加引号变成的数, 请给时间加引号, 要写{shape}",
            )
            return ANY_PERIOD
        times = re.fullmatch(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", self.text(value, path, expected=shape))
        if times is None:
            if isinstance(value, str) and value.strip():
                self.problem(path, f"要写{shape}, 不是 {value!r}")
            return ANY_PERIOD
        hour, minute, last_hour, last_minute = map(int, times.groups())
        if (last_hour, last_minute) == (24, 0):
            last_hour = 0
        if max(hour, last_hour) > 23 or max(minute, last_minute) > 59:
            self.problem(path, f"没有 {value} 这样的时间")
            return ANY_PERIOD
        return Period(time(hour, minute), time(last_hour, last_minute))

    def periods(self, value: object, path: str) -> tuple[Period, ...]:
        return tuple(self.period(item, where) for item, where in self.items(value, path))

    def day(self, value: object, path: str) -> date:
        """A date, which YAML gives as one when unquoted. A wrong one becomes 1 January 2000."""
        if type(value) is date:
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.problem(path, f"{value} 不是日期, 要写 2026-10-01 这样")
            return date(2000, 1, 1)
