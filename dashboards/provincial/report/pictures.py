"""The report's pictures, as vectors. Everybody can tell the colours apart, on grey paper by their lightness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import Color, HexColor, linearlyInterpolatedColor

FONT = "STSong-Light"
WIDTH = 500.0
INK, SOFT, GRID = HexColor("#1e2a31"), HexColor("#55636c"), HexColor("#dcd8cc")
# Answered, by themselves, given up, else: from dark to light.
STACK = (
    ("人工接通", ("answered",), HexColor("#0b4f77")),
    ("自助完成", ("self_served",), HexColor("#4c9f9b")),
    ("排队中放弃", ("abandoned_in_queue", "short_abandon"), HexColor("#d9730d")),
    ("其他", (), HexColor("#cfd4d2")),
)
GRID_LINE: dict[str, Any] = {"strokeColor": GRID, "strokeWidth": 0.5}
PALE, DEEP = HexColor("#eef5f4"), HexColor("#0b4f77")
WEEKDAYS = "一二三四五六日"
Sums = Mapping[str, int]


def box(x: float, y: float, width: float, height: float, colour: Color) -> Rect:
    """A filled rectangle without a border."""
    style: dict[str, Any] = {"fillColor": colour, "strokeColor": None}
    return Rect(x, y, width, height, **style)


def text(x: float, y: float, words: str, size: float = 8, anchor: str = "start", colour: Color = INK) -> String:
    """One line of words."""
    style: dict[str, Any] = {"fontName": FONT, "fontSize": size, "textAnchor": anchor, "fillColor": colour}
    return String(x, y, words, **style)


def days_chart(by_day: Mapping[date, Sums], days: Sequence[date]) -> Drawing:
    """A column for each day of the month, stacked by what became of the calls."""
    drawing, height, left = Drawing(WIDTH, 165), 118.0, 34.0
    most = max([by_day.get(day, {}).get("received", 0) for day in days] + [1])
    top = nice_top(most)
    for part in range(5):
        y = 20 + height * part / 4
        drawing.add(Line(left, y, WIDTH, y, **GRID_LINE))
        drawing.add(text(left - 4, y - 3, f"{top * part // 4:,}", 7, "end", SOFT))
    step = (WIDTH - left) / len(days)
    for place, day in enumerate(days):
        x, y = left + place * step + step * 0.12, 20.0
        for _, names, colour in STACK:
            count = _count(by_day.get(day, {}), names)
            drawing.add(box(x, y, step * 0.76, height * count / top, colour))
            y += height * count / top
        weekend = day.weekday() > 4
        drawing.add(text(x + step * 0.38, 9, str(day.day), 6.5, "middle", SOFT if weekend else INK))
    _legend(drawing, left, 152, [(name, colour) for name, _, colour in STACK])
    return drawing


def _count(sums: Sums, names: Sequence[str]) -> int:
    if names:
        return sum(sums.get(name, 0) for name in names)
    shown = [name for _, group, _ in STACK for name in group]
    return sums.get("received", 0) - sum(sums.get(name, 0) for name in shown)


def bars(rows: Sequence[tuple[str, float | None, str]], most: float) -> Drawing:
    """A bar for each (name, value, words behind it); one without a value has only its words."""
    drawing = Drawing(WIDTH, 15.0 * len(rows) + 4)
    for place, (name, value, words) in enumerate(rows):
        y = 15.0 * (len(rows) - 1 - place) + 3
        drawing.add(text(58, y + 2, name, 8.5, "end"))
        length = 290 * (value or 0) / most if most else 0
        drawing.add(box(64, y, 290, 9, HexColor("#f4f2ec")))
        drawing.add(box(64, y, length, 9, STACK[0][2]))
        drawing.add(text(360, y + 2, words, 8, colour=INK if value is not None else SOFT))
    return drawing


def small_bar(share: float) -> Drawing:
    """A bar for a cell of a table, `share` of its width long."""
    drawing = Drawing(260, 9)
    drawing.add(box(0, 0, 260 * share, 9, STACK[0][2]))
    return drawing


def heat_map(cells: Mapping[tuple[int, int], Sums]) -> Drawing:
    """Calls by hour and weekday; the deeper the more, with the number of the busiest ones written in."""
    drawing, left, size, high = Drawing(WIDTH, 138), 34.0, (WIDTH - 34) / 24, 15.0
    counts = {place: sums.get("received", 0) for place, sums in cells.items()}
    most = max([*counts.values(), 1])
    for hour in range(24):
        drawing.add(text(left + (hour + 0.5) * size, 112, str(hour), 7, "middle", SOFT))
    for weekday in range(7):
        y = 108 - (weekday + 1) * high
        drawing.add(text(left - 5, y + 4, f"周{WEEKDAYS[weekday]}", 7.5, "end"))
        for hour in range(24):
            share = counts.get((weekday, hour), 0) / most
            colour = linearlyInterpolatedColor(PALE, DEEP, 0, 1, share)
            drawing.add(box(left + hour * size, y, size - 1, high - 1, colour))
    drawing.add(text(left, 126, f"颜色越深来电越多，最深的一格是 {most:,} 个来电。", 8, colour=SOFT))
    return drawing


def waits_chart(buckets: Sequence[tuple[str, int, int]]) -> Drawing:
    """(how long, answered, left): two bars side by side for each."""
    drawing, base, height = Drawing(WIDTH, 130), 22.0, 84.0
    top = nice_top(max([*(max(served, gone) for _, served, gone in buckets), 1]))
    step = (WIDTH - 34) / max(1, len(buckets))
    for place, (name, served, gone) in enumerate(buckets):
        x = 34 + place * step
        for offset, count, colour in ((0.14, served, STACK[0][2]), (0.5, gone, STACK[2][2])):
            drawing.add(box(x + step * offset, base, step * 0.34, height * count / top, colour))
            drawing.add(
                text(x + step * (offset + 0.17), base + height * count / top + 3, f"{count:,}", 6.5, "middle", SOFT)
            )
        drawing.add(text(x + step / 2, 9, name, 7.5, "middle"))
    _legend(drawing, 34, 120, [("接通的", STACK[0][2]), ("没等到的（挂断或改约回电）", STACK[2][2])])
    return drawing


def _legend(drawing: Drawing, x: float, y: float, entries: Sequence[tuple[str, Color]]) -> None:
    for name, colour in entries:
        drawing.add(box(x, y, 8, 8, colour))
        drawing.add(text(x + 11, y + 1, name, 8))
        x += 24 + 9 * len(name)


def nice_top(most: int) -> int:
    """A round number, divisible by four, that is not less."""
    unit = 4
    while unit * 10 < most:
        unit *= 10
    return next(top for factor in (1, 2, 3, 5, 10) if (top := unit * factor) >= most)
