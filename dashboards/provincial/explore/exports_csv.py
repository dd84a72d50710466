"""The sums behind the figures as CSV: a row for each centre, day, subject and channel, which may be added in any way.

Rows are made a day at a time, and no connection is held while they travel. Calls whose subject nobody noted, and what
has no subject (consultants' time), stand in the row of no subject, so that the rows of a day add up to the day.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from dashboards.metrics import COUNT, FIGURES, value_of
from dashboards.provincial.explore.answers import NOT_NOTED_ZH, Explore
from dashboards.provincial.explore.parts import midnight
from dashboards.provincial.explore.query import BadQuery, Query
from dashboards.provincial.facts.rows import Slice
from dashboards.provincial.measure_words import MEASURES_ZH
from dashboards.provincial.measures import ALL_SUBJECTS, CHANNELS_ZH, CITY, DAY, DEMO, HOUR, MEASURES, NO_SUBJECT
from dashboards.provincial.periods import DAY as ONE_DAY
from dashboards.provincial.played import played_cities
from ivr.service import Line

MOST_DAYS = 366
TOO_LONG = f"明细一次最多导出{MOST_DAYS}天，请把时间分开导出。"
# Rates and means; counts are measures already.
_RATIOS = tuple(figure for figure in FIGURES.values() if figure.unit != COUNT)
_HEAD = ("日期", "中心代码", "中心", "主题代码", "主题组", "主题", "渠道", "含演示数据")
_BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes what begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SUMS = ", ".join(f"sum({name})::bigint" for name in MEASURES)
_DAY = f"""
SELECT centre, channel, subject, bool_or(source = '{DEMO}' OR source = '{CITY}' AND centre = ANY(%(played)s)), {_SUMS}
FROM fact
WHERE grain = %(grain)s AND at >= %(since)s AND at < %(until)s AND centre = ANY(%(centres)s)
  AND (%(channels)s::text[] IS NULL OR channel = ANY(%(channels)s::text[]))
  AND (%(subjects)s::text[] IS NULL OR subject = ANY(%(subjects)s::text[]))
GROUP BY centre, channel, subject ORDER BY centre, channel, subject
"""
Sums = Mapping[str, int]


class CsvExport:
    """Makes the lines. Shared by all threads of a process."""

    def __init__(self, line: Line, explore: Explore) -> None:
        self._line = line
        self._explore = explore

    def lines(self, query: Query, centres: Sequence[str]) -> Iterator[bytes]:
        """The file a day at a time, in UTF-8 with a mark that Excel knows it by. Raises BadQuery for over a year."""
        if query.period.days > MOST_DAYS:
            raise BadQuery([TOO_LONG])
        return self._lines(self._explore.slice_of(query, centres))

    def _lines(self, wanted: Slice) -> Iterator[bytes]:
        head = [*_HEAD, *MEASURES_ZH.values(), *(figure.name_zh for figure in _RATIOS)]
        yield (_BYTE_ORDER_MARK + _written([head])).encode()
        day, names = wanted.since, self._explore.subject_names()
        while day < wanted.until:
            rows = [self._row(day, key, is_demo, sums, names) for key, is_demo, sums in self._read(wanted, day)]
            if rows:
                yield _written(rows).encode()
            day += ONE_DAY

    def _read(self, wanted: Slice, day: date) -> Iterator[tuple[tuple[str, str, str], bool, Sums]]:
        values = {
            "grain": HOUR if day == wanted.live else DAY,
            "since": midnight(day),
            "until": midnight(day + ONE_DAY),
            "centres": list(wanted.centres),
            "channels": list(wanted.channels) or None,
            "subjects": list(wanted.subjects) or None,
        }
        with self._line.services.database.pool.connection() as connection:
            values["played"] = list(played_cities(connection, wanted.centres))
            found = connection.execute(_DAY, values).fetchall()
        for (centre, channel), rows in groupby(found, key=lambda row: (row[0], row[1])):
            by_subject = {row[2]: (row[3], dict(zip(MEASURES, row[4:], strict=True))) for row in rows}
            for subject, (is_demo, sums) in _with_the_rest(by_subject).items():
                yield (centre, channel, subject), is_demo, sums

    def _row(
        self, day: date, key: tuple[str, str, str], is_demo: bool, sums: Sums, names: Mapping[str, str]
    ) -> list[Any]:
        centre, channel, subject = key
        about = [
            day.isoformat(),
            centre,
            self._line.keeper.library().centre(centre).short_name,
            subject,
            self._explore.group_name(subject),
            names.get(subject, subject) or NOT_NOTED_ZH,
            CHANNELS_ZH.get(channel, channel),
            "是" if is_demo else "否",
        ]
        ratios = [_ratio(value_of(figure, sums).value) for figure in _RATIOS]
        return [*map(safe, about), *(sums[name] for name in MEASURES), *ratios]


def _with_the_rest(by_subject: Mapping[str, tuple[bool, Sums]]) -> dict[str, tuple[bool, Sums]]:
    """The subjects' rows, that of none being all subjects together less those that have a name."""
    if ALL_SUBJECTS not in by_subject:
        return dict(by_subject)
    is_demo, whole = by_subject[ALL_SUBJECTS]
    named = {key: row for key, row in by_subject.items() if key not in (ALL_SUBJECTS, NO_SUBJECT)}
    rest = {name: number - sum(sums[name] for _, sums in named.values()) for name, number in whole.items()}
    return {**named, NO_SUBJECT: (is_demo, rest)} if any(rest.values()) else named


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _written(rows: Sequence[Sequence[Any]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(rows)
    return sheet.getvalue()
