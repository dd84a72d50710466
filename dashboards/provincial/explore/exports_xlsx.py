"""The page of figures as a workbook: the same numbers, as numbers, with charts, and with every definition."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from dashboards.metrics import FIGURES, GROUPS_ZH, RATE, SECONDS, Figure
from dashboards.provincial.explore.answers import PARTS, Explore
from dashboards.provincial.explore.parts import BY_HOUR, GRAINS_ZH, SMALL_SAMPLE, Json
from dashboards.provincial.explore.query import NOT_NOTED, Query
from dashboards.provincial.measures import CHANNELS_ZH, CITY, DEMO, OWN
from dashboards.staff import StaffMember
from integrations.work_calendar import in_shanghai
from ivr.service import Line

SOURCES_ZH = {OWN: "本系统", CITY: "各市自己的系统", DEMO: "演示数据（生成的，不是真的）"}
WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
SUMMARY, CENTRES, TREND, HOURS, SUBJECTS, DEFINITIONS = "总览", "各中心", "趋势", "时段", "主题", "定义"
_NUMBER_FORMATS = {RATE: "0.0%", SECONDS: "#,##0.0"}
_COUNT_FORMAT = "#,##0"
_WIDE, _NARROW = 26, 12


@dataclass(frozen=True)
class _Book:
    """A workbook that is being written, with its formats."""

    workbook: Workbook
    head: Format
    title: Format
    wrapped: Format
    numbers: Mapping[str, Format]

    def sheet(self, name: str, head: Sequence[str], row: int = 0) -> Worksheet:
        """A sheet whose head stays in sight, written into `row`."""
        sheet = self.workbook.add_worksheet(name)
        sheet.set_column(0, 0, _WIDE)
        sheet.set_column(1, max(1, len(head) - 1), _NARROW)
        write_head(self, sheet, row, head)
        sheet.freeze_panes(row + 1, 1)
        return sheet

    def number(self, unit: str) -> Format:
        """How a figure of this unit is shown."""
        return self.numbers.get(unit, self.numbers[""])


def write_head(book: _Book, sheet: Worksheet, row: int, head: Sequence[str]) -> None:
    """One row of names."""
    for column, words in enumerate(head):
        sheet.write_string(row, column, words, book.head)


class XlsxExport:
    """Makes the workbook. Shared by all threads of a process."""

    def __init__(self, line: Line, explore: Explore) -> None:
        self._line = line
        self._explore = explore

    def make(self, query: Query, centres: Sequence[str], member: StaffMember) -> bytes:
        """The whole file. What it says is what the page says, of one instant."""
        answer = self._explore.look(query, centres, PARTS)
        about = self._about(query, centres, member, answer)
        file = io.BytesIO()
        # Texts are written as texts whatever they begin with; nothing here is a formula or a link.
        with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as workbook:
            write_book(_formats(workbook), answer, FIGURES[query.figure], about)
        return file.getvalue()

    def _about(self, query: Query, centres: Sequence[str], member: StaffMember, answer: Json) -> list[tuple[str, str]]:
        library, now = self._line.keeper.library(), self._line.services.now()
        return [
            ("时间", answer["period"]),
            ("对比", answer["compared_period"] or "不比较"),
            ("中心", "、".join(library.centre(code).short_name for code in centres)),
            ("主题", "、".join(self._subject(key) for key in query.subjects) or "全部"),
            ("渠道", "、".join(CHANNELS_ZH[key] for key in query.channels) or "全部"),
            ("图表看的指标", FIGURES[query.figure].name_zh),
            ("数据来自", "、".join(SOURCES_ZH[key] for key in answer["sources"]) or "没有数据"),
            ("导出的人", f"{member.name}（{member.username}）"),
            ("导出时间", f"{in_shanghai(now):%Y-%m-%d %H:%M}（北京时间）"),
        ]

    def _subject(self, key: str) -> str:
        names = {**self._explore.group_names(), **self._explore.subject_names(), NOT_NOTED: "没有记下主题"}
        return names.get(key, key)


def _formats(workbook: Workbook) -> _Book:
    numbers = {unit: workbook.add_format({"num_format": text}) for unit, text in _NUMBER_FORMATS.items()}
    return _Book(
        workbook,
        head=workbook.add_format({"bold": True, "bg_color": "#E4EFF5", "bottom": 1, "text_wrap": True}),
        title=workbook.add_format({"bold": True, "font_size": 14}),
        wrapped=workbook.add_format({"text_wrap": True, "valign": "top"}),
        numbers={"": workbook.add_format({"num_format": _COUNT_FORMAT}), **numbers},
    )


def write_book(book: _Book, answer: Json, figure: Figure, about: Sequence[tuple[str, str]]) -> None:
    """All sheets, of an answer with all of its parts."""
    _summary(book, answer, about)
    _centres(book, answer, figure)
    _trend(book, answer, figure)
    _hours(book, answer, figure)
    _subjects(book, answer, figure)
    _definitions(book)


def _write(book: _Book, sheet: Worksheet, row: int, column: int, value: float | None, unit: str = "") -> None:
    """A number as a number; where there is none the cell stays empty, which no chart takes for 0."""
    if value is not None:
        sheet.write_number(row, column, value, book.number(unit))


def _fraction(book: _Book, sheet: Worksheet, row: int, column: int, value: Json, unit: str) -> None:
    """Value, numerator, denominator in three cells."""
    _write(book, sheet, row, column, value["value"], unit)
    _write(book, sheet, row, column + 1, value["numerator"])
    _write(book, sheet, row, column + 2, value["denominator"])


def _summary(book: _Book, answer: Json, about: Sequence[tuple[str, str]]) -> None:
    first = len(about) + 2
    before = answer["compared_totals"]
    head = [
        "指标",
        "数值",
        "分子",
        "分母",
        *(["对比的数值", "对比的分子", "对比的分母"] if before else []),
        "分母是什么",
    ]
    sheet = book.sheet(SUMMARY, head, first)
    sheet.write_string(0, 0, "12333 统计", book.title)
    for row, (name, words) in enumerate(about, start=1):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, words)
    for row, (key, value) in enumerate(answer["totals"].items(), start=first + 1):
        figure = FIGURES[key]
        sheet.write_string(row, 0, figure.name_zh)
        _fraction(book, sheet, row, 1, value, figure.unit)
        if before:
            _fraction(book, sheet, row, 4, before[key], figure.unit)
        sheet.write_string(row, len(head) - 1, figure.denominator_zh)
    sheet.set_column(1, 1, _NARROW)


def _centres(book: _Book, answer: Json, figure: Figure) -> None:
    rows, has_before = answer["ranking"], answer["compared_totals"] is not None
    before = ["对比的数值", "对比的分子", "对比的分母"] if has_before else []
    sheet = book.sheet(CENTRES, ["中心", "名次", figure.name_zh, "分子", "分母", "说明", *before])
    for row, one in enumerate(rows, start=1):
        sheet.write_string(row, 0, one["name"])
        _write(book, sheet, row, 1, one["rank"])
        _fraction(book, sheet, row, 2, one, figure.unit)
        sheet.write_string(row, 5, _sample_words(one))
        if has_before:
            _fraction(book, sheet, row, 6, one["compared"], figure.unit)
    _chart(book, sheet, "bar", figure, len(rows), (0, 2), (len(rows) + 3, 0), height=max(240, 26 * len(rows)))


def _sample_words(row: Json) -> str:
    if row["value"] is None:
        return "没有数据"
    return f"样本少于{SMALL_SAMPLE}" if row["is_small_sample"] else ""


def _trend(book: _Book, answer: Json, figure: Figure) -> None:
    points, before = answer["trend"], answer["compared_trend"] or []
    grain = answer["trend_grain"]
    head = [GRAINS_ZH[grain], figure.name_zh, "分子", "分母", "说明"]
    sheet = book.sheet(TREND, [*head, *(["对比从", "对比的数值", "对比的分子", "对比的分母"] if before else [])])
    for row, point in enumerate(points, start=1):
        sheet.write_string(row, 0, _time_words(point, grain))
        _fraction(book, sheet, row, 1, point, figure.unit)
        sheet.write_string(row, 4, "还没有完" if point["is_unfinished"] else "")
    for row, point in enumerate(before[: len(points)], start=1):
        sheet.write_string(row, 5, _time_words(point, grain))
        _fraction(book, sheet, row, 6, point, figure.unit)
    _chart(book, sheet, "line", figure, len(points), (0, 1), (1, 11 if before else 6), before=6 if before else None)


def _time_words(point: Json, grain: str) -> str:
    return f"{datetime.fromisoformat(point['at']):%Y-%m-%d %H:%M}" if grain == BY_HOUR else str(point["day"])


def _hours(book: _Book, answer: Json, figure: Figure) -> None:
    sheet = book.sheet(HOURS, [f"{figure.name_zh}，几点", *WEEKDAYS_ZH, "", *(f"{day}样本" for day in WEEKDAYS_ZH)])
    for hour in range(24):
        sheet.write_string(hour + 1, 0, f"{hour}时至{hour + 1}时")
        for weekday, hours in enumerate(answer["heat"]):
            _write(book, sheet, hour + 1, weekday + 1, hours[hour]["value"], figure.unit)
            _write(book, sheet, hour + 1, weekday + 9, hours[hour]["sample"])
    # Light to dark, which everybody can tell apart.
    sheet.conditional_format(1, 1, 24, 7, {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#0B5D8A"})
    waits = answer["waits"]
    write_head(book, sheet, 27, ["排队等了", "接通", "没等到就离开"])
    for row, one in enumerate(waits, start=28):
        sheet.write_string(row, 0, one["name"])
        _write(book, sheet, row, 1, one["served"])
        _write(book, sheet, row, 2, one["left"])


def _subjects(book: _Book, answer: Json, figure: Figure) -> None:
    sheet = book.sheet(SUBJECTS, ["主题", "主题组", figure.name_zh, "分子", "分母", "说明"])
    rows = answer["by_subject"]
    for row, one in enumerate(rows, start=1):
        sheet.write_string(row, 0, one["name"])
        sheet.write_string(row, 1, one["group"])
        _fraction(book, sheet, row, 2, one, figure.unit)
        sheet.write_string(row, 5, _sample_words(one))
    if not figure.by_subject:
        sheet.write_string(1, 0, "这个指标是咨询员的工作时间，不分主题。")
    first = len(rows) + 3
    write_head(book, sheet, first, ["渠道", "", figure.name_zh, "分子", "分母", "说明"])
    for row, one in enumerate(answer["by_channel"], start=first + 1):
        sheet.write_string(row, 0, one["name"])
        _fraction(book, sheet, row, 2, one, figure.unit)
        sheet.write_string(row, 5, _sample_words(one))


def _definitions(book: _Book) -> None:
    sheet = book.sheet(DEFINITIONS, ["指标", "类别", "怎么算", "分母"])
    sheet.set_column(2, 3, 70)
    for row, figure in enumerate(FIGURES.values(), start=1):
        words = (figure.name_zh, GROUPS_ZH.get(figure.group, ""), figure.definition_zh, figure.denominator_zh)
        for column, text in enumerate(words):
            sheet.write_string(row, column, text, book.wrapped)


def _chart(
    book: _Book,
    sheet: Worksheet,
    kind: str,
    figure: Figure,
    rows: int,
    columns: tuple[int, int],
    place: tuple[int, int],
    before: int | None = None,
    height: int = 320,
) -> None:
    """A chart of the figure over the names in the first of `columns`, and of the compared period where there is one."""
    if not rows:
        return
    chart: Any = book.workbook.add_chart({"type": kind})
    names, values = columns
    for column, name, colour in ((values, figure.name_zh, "#0B5D8A"), (before, "对比", "#8B949A")):
        if column is None:
            continue
        chart.add_series(
            {
                "name": name,
                "categories": [sheet.get_name(), 1, names, rows, names],
                "values": [sheet.get_name(), 1, column, rows, column],
                **{"line" if kind == "line" else "fill": {"color": colour}},
            }
        )
    chart.set_title({"name": figure.name_zh})
    chart.set_size({"width": 760, "height": height})
    if kind == "bar":
        # The first stands on top, as in the list.
        chart.set_y_axis({"reverse": True})
    if before is None:
        chart.set_legend({"none": True})
    sheet.insert_chart(*place, chart)
