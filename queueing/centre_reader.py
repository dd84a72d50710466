"""Reads the parts of a centres file, with a sentence and a key path for everything that is wrong in it.

Pure. Written for people who edit YAML once a year: misspelt names are answered with the nearest right one,
and values that YAML silently turned into numbers (12:30, 0551, +8655112333) with "add quotes".
"""

from __future__ import annotations

import re
from datetime import date, time

from integrations.document_reader import DocumentReader, join_path
from integrations.phone_numbers import normalise_dialled
from queueing.opening_hours import Period

__all__ = ["CentreReader", "join_path"]
ANY_PERIOD = Period(time(9), time(12))


class CentreReader(DocumentReader):
    """Takes values out of the document; a wrong one is noted, and something harmless given in its place."""

    def number(self, value: object, path: str) -> str:
        written = self.text(value, path, r"\+?[\d -]+", '带引号的号码, 如 "+8655312333"')
        normal = normalise_dialled(written) if written else ""
        if normal is None:
            self.problem(path, f"{written} 不是能认出的号码")
        return normal or ""

    def period(self, value: object, path: str) -> Period:
        found = self._clock(value, path, r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", '一段时间: "09:00-12:00"')
        if found is None:
            return ANY_PERIOD
        hour, minute, last_hour, last_minute = found
        if (last_hour, last_minute) == (24, 0):
            last_hour = 0
        if max(hour, last_hour) > 23 or max(minute, last_minute) > 59:
            self.problem(path, f"没有 {value} 这样的时间")
            return ANY_PERIOD
        return Period(time(hour, minute), time(last_hour, last_minute))

    def time_of_day(self, value: object, path: str, may_be_midnight: bool = False) -> time:
        """A time such as "08:30"; "24:00" becomes 00:00 where a day may end by it. A wrong one becomes 09:00."""
        found = self._clock(value, path, r"([0-9]{2}):([0-9]{2})", '时间: "08:30"')
        if found is None:
            return ANY_PERIOD.start
        if may_be_midnight and found == (24, 0):
            return time(0)
        hour, minute = found
        if hour > 23 or minute > 59:
            self.problem(path, f"没有 {value} 这样的时间")
            return ANY_PERIOD.start
        return time(hour, minute)

    def _clock(self, value: object, path: str, pattern: str, example: str) -> tuple[int, ...] | None:
        """Hours and minutes as written; None when they are not, which is noted."""
        shape = f"这样的{example}"
        if isinstance(value, int) and not isinstance(value, bool):
            # YAML 1.1 reads an unquoted 12:30 as a number to the base of 60.
            self.problem(
                path,
                f"{value} 是 {value // 60}:{value % 60:02} 没加引号变成的数, 请给时间加引号, 要写{shape}",
            )
            return None
        times = re.fullmatch(pattern, self.text(value, path, expected=shape))
        if times is None and isinstance(value, str) and value.strip():
            self.problem(path, f"要写{shape}, 不是 {value!r}")
        return None if times is None else tuple(map(int, times.groups()))

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
