"""The day as an SVG for the wall: without callbacks at the left, with them at the right, figures beside the curves.

Pure. Made with the standard library's ElementTree: two kinds of chart need no drawing library, of which the usual
ones bring numpy, fonts of their own and seconds of start-up. Colours and typeface are those of the pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from queueing.replay.account import (
    GAVE_UP,
    LEFT_EARLY,
    LOST,
    NOT_REACHED,
    ON_THE_LINE,
    RUNG_LATER,
    RUNG_TODAY,
    STILL_OPEN,
)
from queueing.replay.quarters import QUARTER, Quarters
from queueing.replay.scenarios import PUBLISHED_RATE, Replay, Result, Scenario, baseline, figure
from queueing.replay.svg import box, path, swatch, text

PAPER, WALL, INK, SOFT, TILE = "#f6f4ee", "#fffefb", "#1e2a31", "#55636c", "#24343d"
LINE, STRONG, ACCENT, ACCENT_SOFT = "#dcd8cc", "#8b949a", "#0b5d8a", "#e4eff5"
ON, SOON, STOP, OFF = "#226047", "#7a5200", "#9c3022", "#4f5b63"
# A callback that is talked later, and one that is asked for: the accent, lighter.
LATER, ASKED = "#7fb2cf", "#b9d5e4"
FONT = '"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",sans-serif'

WIDTH, HEIGHT, MARGIN, GAP = 1600, 1132, 40, 30
HEAD, CARD_TOP, CARD_HEIGHT, PADDING = 112, 142, 858, 30
CARD_WIDTH = (WIDTH - 2 * MARGIN - GAP) // 2
AXIS_ROOM = 44
PLOT_WIDTH = CARD_WIDTH - 2 * PADDING - AXIS_ROOM

PEOPLE = (
    (ON_THE_LINE, "电话上接通", ON),
    (RUNG_TODAY, "当天回电接通", ACCENT),
    (RUNG_LATER, "次日起回电接通", LATER),
    (NOT_REACHED, "回电没人接，记在案", SOON),
    (STILL_OPEN, "回电未了", ASKED),
    (LEFT_EARLY, "等得很短自己挂断", STRONG),
    (GAVE_UP, "没接通，没人再找", STOP),
    (LOST, "丢失", INK),
)
LEGEND = (
    ("打进来要人工", INK, True),
    ("电话上接通", ON, False),
    ("回电接通", ACCENT, False),
    ("挂断，没人再找", STOP, False),
    ("挂断或改约，会打回去", ASKED, False),
)


@dataclass(frozen=True, slots=True)
class _Plot:
    """A chart's box and its scale: `top` and `bottom` are values, `since` and `until` seconds from midnight."""

    x: float
    y: float
    height: float
    top: float
    bottom: float
    since: float
    until: float

    def across(self, seconds: float) -> float:
        return self.x + PLOT_WIDTH * (seconds - self.since) / (self.until - self.since)

    def up(self, value: float) -> float:
        return self.y + self.height * (self.top - value) / (self.top - self.bottom)


def draw_replay(replay: Replay) -> str:
    """The picture as text: the day of `plan.effective` consultants, without and with callbacks."""
    plan = replay.plan
    sides = replay.find(baseline(plan)), replay.find(Scenario(plan.effective, True))
    svg = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}")
    svg.set("width", str(WIDTH))
    svg.set("height", str(HEIGHT))
    svg.set("font-family", FONT)
    SubElement(svg, "title").text = "2016年那样的一天：没有回电和有回电"
    box(svg, 0, 0, WIDTH, HEIGHT, PAPER)
    _head(svg, replay)
    # One scale for both sides, or the eye is deceived.
    days = [side.quarters for side in sides]
    above = max(max(day.called) for day in days), max(_sums(day.answered, day.rung) for day in days)
    below = max(_sums(day.abandoned, day.promised) for day in days)
    longest = max(_sums(day.callers, day.callbacks) for day in days)
    for n, side in enumerate(sides):
        _card(
            svg,
            MARGIN + n * (CARD_WIDTH + GAP),
            replay,
            side,
            (_round_up(max(above)), _round_up(below), _round_up(longest)),
        )
    _foot(svg, replay)
    indent(svg, " ")
    return tostring(svg, encoding="unicode") + "\n"


def _head(svg: Element, replay: Replay) -> None:
    plan = replay.plan
    box(svg, 0, 0, WIDTH, HEAD, TILE)
    box(svg, 0, HEAD, WIDTH, 5, ACCENT)
    text(svg, MARGIN, 66, "2016年那样的一天：要人工的人，后来怎么样了", 38, "#fff", weight=700)
    said = f"{replay.setting.name}  {plan.consultants}位咨询员，平均{plan.effective:g}位在岗"
    text(svg, WIDTH - MARGIN, 54, said, 21, "#fff", "end")
    said = f"按现在的排队和回电规则重放，{plan.days}天的平均"
    text(svg, WIDTH - MARGIN, 86, said, 18, "#b9c6cd", "end")


def _card(svg: Element, x: float, replay: Replay, side: Result, scale: tuple[float, float, float]) -> None:
    has_callbacks = side.scenario.with_callbacks
    box(svg, x, CARD_TOP, CARD_WIDTH, CARD_HEIGHT, WALL, LINE, 12)
    left, right = x + PADDING, x + CARD_WIDTH - PADDING
    text(svg, left, CARD_TOP + 52, "有回电" if has_callbacks else "没有回电", 32, INK, weight=700)
    answered, rate = _mean(side, "answered"), _mean(side, "connection_rate")
    said = f"要人工的来电 {_mean(side, 'asked'):.0f}，电话上接通 {answered:.0f}（{rate:.1%}）"
    text(svg, right, CARD_TOP + 50, said, 19, SOFT, "end")
    _tiles(svg, left, CARD_TOP + 76, replay, side)
    _people(svg, left, CARD_TOP + 212, replay, side)
    above, below, longest = scale
    opens, closes = side.quarters.opens, side.quarters.opens + QUARTER * len(side.quarters.called)
    text(svg, left, CARD_TOP + 374, "每刻钟多少个：接通的在上，没接通的在下", 19, INK, weight=600)
    flow = _Plot(left + AXIS_ROOM, CARD_TOP + 392, 218, above, -below, opens, closes)
    _flow(svg, flow, side.quarters)
    title = "队伍多长：在电话上等的，和等着打过去的" if has_callbacks else "队伍多长：在电话上等的"
    text(svg, left, CARD_TOP + 660, title, 19, INK, weight=600)
    _lengths(svg, _Plot(left + AXIS_ROOM, CARD_TOP + 678, 124, longest, 0, opens, closes), side.quarters)


def _tiles(svg: Element, x: float, y: float, replay: Replay, side: Result) -> None:
    has_callbacks = side.scenario.with_callbacks
    lost = (_mean(side, LOST), "丢失的人", ON) if has_callbacks else (_mean(side, GAVE_UP), "没接通的人", STOP)
    told: list[tuple[str, str, str, str]] = [
        (f"{_mean(side, 'served'):.0f}", f"/ {replay.people}", "说上话的人", INK),
        (f"{lost[0]:.0f}", "人", lost[1], lost[2]),
        (f"{_mean(side, 'held_mean'):.0f}", "秒", "每人在电话里等", INK),
    ]
    if has_callbacks:
        after = figure(side, "rung_after").mean
        told.append(("–" if after is None else f"{after / 60:.0f}", "分钟", "到当天回电接通", INK))
    else:
        told.append((f"{_mean(side, 'wait_mean'):.0f}", "秒", "接通的平均等", INK))
    width = (CARD_WIDTH - 2 * PADDING - 3 * 14) / 4
    for n, (value, unit, label, colour) in enumerate(told):
        left = x + n * (width + 14)
        box(svg, left, y, width, 100, PAPER, LINE, 10)
        number = text(svg, left + 16, y + 52, value, 42, colour, weight=700)
        span = SubElement(number, "tspan", dx="6", fill=SOFT)
        span.set("font-size", "20")
        span.set("font-weight", "400")
        span.text = unit
        text(svg, left + 16, y + 84, label, 18, SOFT)


def _people(svg: Element, x: float, y: float, replay: Replay, side: Result) -> None:
    """One bar, all people: nobody is missing from it."""
    width = CARD_WIDTH - 2 * PADDING
    text(svg, x, y, f"{replay.people}个人，每人一个结果", 19, INK, weight=600)
    left, shown = x, 0
    for ending, label, colour in PEOPLE:
        count = _mean(side, ending)
        if not count:
            continue
        part = width * count / replay.people
        bar = box(svg, left, y + 16, part, 44, colour)
        SubElement(bar, "title").text = f"{label} {count:.0f}人"
        if part > 44:
            ink = INK if colour in (ASKED, LATER) else "#fff"
            text(svg, left + part / 2, y + 46, f"{count:.0f}", 22, ink, "middle", 600)
        left += part
        swatch(svg, x + shown % 3 * width / 3, y + 92 + shown // 3 * 30, f"{label} {count:.0f}", colour, 17, SOFT)
        shown += 1


def _flow(svg: Element, plot: _Plot, day: Quarters) -> None:
    _frame(svg, plot, day)
    width = PLOT_WIDTH * QUARTER / (plot.until - plot.since) - 2
    for n, (answered, rung, abandoned, promised) in enumerate(
        zip(day.answered, day.rung, day.abandoned, day.promised, strict=True)
    ):
        left = plot.across(plot.since + n * QUARTER) + 1
        for since, value, colour in (
            (0.0, answered, ON),
            (answered, rung, ACCENT),
            (-abandoned, abandoned, STOP),
            (-abandoned - promised, promised, ASKED),
        ):
            if value > 0.05:
                box(svg, left, plot.up(since + value), width, plot.up(since) - plot.up(since + value), colour)
    for points in _runs(plot, day, day.called, is_step=True):
        path(svg, points, stroke=INK, width=2.5)


def _lengths(svg: Element, plot: _Plot, day: Quarters) -> None:
    _frame(svg, plot, day, hours=True)
    both = [callers + callbacks for callers, callbacks in zip(day.callers, day.callbacks, strict=True)]
    for points, colour in [(p, ACCENT_SOFT) for p in _runs(plot, day, both)] + [
        (p, OFF) for p in _runs(plot, day, day.callers)
    ]:
        floor = plot.up(0)
        path(svg, [(points[0][0], floor), *points, (points[-1][0], floor)], fill=colour)
    for points in _runs(plot, day, both):
        path(svg, points, stroke=ACCENT if any(day.callbacks) else OFF, width=2.5)
    peak = max(range(len(both)), key=both.__getitem__)
    where = plot.across(plot.since + (peak + 0.5) * QUARTER)
    text(svg, where, plot.up(both[peak]) - 8, f"最长 {both[peak]:.0f}", 17, INK, "middle", 600)


def _runs(
    plot: _Plot, day: Quarters, values: Sequence[float], is_step: bool = False
) -> list[list[tuple[float, float]]]:
    """A line for each stretch of opening hours: at noon there is nothing to join."""
    runs = []
    for since, until in day.spans:
        first, last = int((since - day.opens) // QUARTER), ceil((until - day.opens) / QUARTER)
        run = []
        for n in range(first, min(last, len(values))):
            begins = plot.across(plot.since + n * QUARTER)
            ends = plot.across(plot.since + (n + 1) * QUARTER)
            height = plot.up(values[n])
            run += [(begins, height), (ends, height)] if is_step else [((begins + ends) / 2, height)]
        if not is_step and run:
            run = [(plot.across(since), run[0][1]), *run, (plot.across(until), run[-1][1])]
        runs.append(run)
    return [run for run in runs if run]


def _frame(svg: Element, plot: _Plot, day: Quarters, hours: bool = False) -> None:
    for (_, closed), (opened, _) in zip(day.spans, day.spans[1:], strict=False):
        left = plot.across(closed)
        box(svg, left, plot.y, plot.across(opened) - left, plot.height, PAPER)
        text(svg, (left + plot.across(opened)) / 2, plot.y + 24, "午休", 17, STRONG, "middle")
    for value in _ticks(plot):
        y = plot.up(value)
        path(svg, [(plot.x, y), (plot.x + PLOT_WIDTH, y)], stroke=LINE if value else STRONG, width=1 if value else 1.5)
        text(svg, plot.x - 10, y + 6, f"{abs(value):g}", 16, SOFT, "end")
    if hours:
        for hour in range(ceil(plot.since / 3600), int(plot.until // 3600) + 1):
            text(svg, plot.across(hour * 3600), plot.y + plot.height + 26, f"{hour}点", 16, SOFT, "middle")


def _ticks(plot: _Plot) -> list[float]:
    step = _step(plot.top - plot.bottom)
    return [step * n for n in range(ceil(plot.bottom / step), int(plot.top / step) + 1)]


def _step(reach: float) -> float:
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000) if reach / step <= 5.5)


def _foot(svg: Element, replay: Replay) -> None:
    y = CARD_TOP + CARD_HEIGHT + 40
    x = float(MARGIN)
    for label, colour, is_line in LEGEND:
        swatch(svg, x, y, label, colour, 18, SOFT, is_line)
        x += 66 + 18 * len(label)
    plan = replay.plan
    rate = _mean(replay.find(baseline(plan)), "connection_rate")
    said = (
        f"假设：耐心平均{plan.patience:g}秒，通话加整理{plan.talk[0]:g}–{plan.talk[1]:g}秒，没等到的{plan.redial:.0%}再打；"
        f"{plan.accept:.0%}愿意改回电，打过去{plan.reached:.0%}接。两边是同一批人，同样的人手。"
    )
    text(svg, MARGIN, y + 38, said, 17, SOFT)
    said = f"公布的2016年：接通7.4万、放弃5.3万，人工接通率{PUBLISHED_RATE:.1%}；没有回电的模型{rate:.1%}。"
    text(svg, MARGIN, y + 66, said, 17, SOFT)


def _mean(side: Result, name: str) -> float:
    return figure(side, name).mean or 0.0


def _sums(first: Sequence[float], second: Sequence[float]) -> float:
    return max(map(sum, zip(first, second, strict=True)))


def _round_up(value: float) -> float:
    """A little above the highest, so that nothing touches the frame."""
    return max(1.0, value * 1.12)
