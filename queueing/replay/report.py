"""What the replay found, as a table that a manager can read: first the proof against 2016, then calls, then people.

Pure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

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
from queueing.replay.scenarios import (
    FIGURES,
    PUBLISHED_ABANDONED,
    PUBLISHED_ANSWERED,
    PUBLISHED_RATE,
    SHORT_ABANDON_SECONDS,
    WORKING_DAYS,
    Replay,
    Result,
    Scenario,
    baseline,
    figure,
)

# Of the day's people.
HARDLY_ANYTHING = 0.01

CALL_COLUMNS = (
    ("来电", "calls"),
    ("要人工", "asked"),
    ("电话上接通", "answered"),
    ("放弃", "abandoned"),
    ("其中会回电", "rung_unasked"),
    ("改约回电", "booked"),
    ("接着等回电", "kept"),
    ("人工接通率", "connection_rate"),
    ("接通的平均等", "wait_mean"),
    ("九成不超过", "wait_90"),
)
PEOPLE_COLUMNS = (
    ("电话上接通", ON_THE_LINE),
    ("当天回电接通", RUNG_TODAY),
    ("次日起接通", RUNG_LATER),
    ("说上话的人", "served"),
    ("回电没人接", NOT_REACHED),
    ("回电未了", STILL_OPEN),
    ("挂断不回", LEFT_EARLY),
    ("没接通", GAVE_UP),
    ("丢失", LOST),
    ("到回电", "rung_after"),
    ("收工时欠", "owed_first_day"),
)


def report(replay: Replay) -> str:
    """Everything, ready to print."""
    plan = replay.plan
    title = f"2016年那样的一天，按{replay.setting.name}现在的排队和回电规则重放"
    lines = [f"{title}（虚拟时间，{plan.days} 天取平均，种子 {plan.seed} 到 {plan.seed + plan.days - 1}）", ""]
    lines += _calibration(replay)
    lines += ["", "假设", *(f"  {line}" for line in assumptions(replay))]
    lines += ["", "按来电算（一个人打几次就是几个来电；± 是各天的标准差）", *_table(replay, CALL_COLUMNS)]
    lines += [
        "",
        f"按人算（每天同样的 {replay.people} 人要找人工，各行合起来都是这些人）",
        *_table(replay, PEOPLE_COLUMNS),
    ]
    return "\n".join([*lines, "", "怎么看", *(f"  {line}" for line in reading(replay))])


def _calibration(replay: Replay) -> Iterator[str]:
    found = replay.find(baseline(replay.plan))
    answered, abandoned = PUBLISHED_ANSWERED / WORKING_DAYS, PUBLISHED_ABANDONED / WORKING_DAYS
    rows = [
        ("", "模型，没有回电", "公布的2016年，一天"),
        ("要人工的来电", _shown(found, "asked"), f"{answered + abandoned:.0f}"),
        ("人工接通", _shown(found, "answered"), f"{answered:.0f}"),
        ("没等到就挂了", _shown(found, "abandoned"), f"{abandoned:.0f}"),
        ("人工接通率", _shown(found, "connection_rate"), f"{PUBLISHED_RATE:.1%}"),
    ]
    yield "先对数：人工接通率 = 人工接通 ÷ 要人工的来电"
    yield from _aligned(rows)
    yield f"  公布的是 7.4万接通、5.3万放弃，按 {WORKING_DAYS} 个工作日折算；放弃的有些还在菜单里，所以 58.3% 是下限。"


def assumptions(replay: Replay) -> list[str]:
    """What the figures rest on, each with the option that changes it."""
    plan, setting = replay.plan, replay.setting
    clock = "、".join(
        f"{setting.moment(since):%H:%M}–{setting.moment(until):%H:%M}" for since, until in setting.open_days()[0]
    )
    peaks = "、".join(f"{peak.since:g}–{peak.until:g}点占{peak.share:.0%}" for peak in plan.peaks) or "没有高峰"
    return [
        f"{plan.consultants} 位咨询员平均 {plan.effective:g} 位在岗，其余轮流休息（--consultants --effective）；"
        "公布的材料没有写，估计是 3 到 4 位，别的都照默认时 4 位最接近公布的接通率。",
        f"上班 {clock}，是{setting.name}配置的时间，2016年的已不可考（--centre --date）。"
        f"全天来电 {peaks}，中午也算在全天里，其余时间平均（--peaks）。",
        f"耐心按指数分布，平均等 {plan.patience:g} 秒挂断（--patience）；"
        f"咨询员 {plan.pick_up[0]:g}–{plan.pick_up[1]:g} 秒接起（--pick-up），"
        f"通话加整理 {plan.talk[0]:g}–{plan.talk[1]:g} 秒（--talk）。",
        f"没等到的人 {plan.redial:.0%} 在 {plan.redial_within / 60:g} 分钟内再打（--redial --redial-within）。"
        f"{plan.wanting} 个要人工的来电里有重拨，倒推出 {replay.people} 个人；下面各行都是这同一批人。",
        f"回电：听到可以回电，{plan.accept:.0%} 愿意（--accept），其中 {plan.slot:.0%} 挑时间（--slot）；"
        f"打过去 {plan.reached:.0%} 接（--reached），其余两成占线、六成没人接、两成留言机。这三个数没有实据，是假设。",
        f"{plan.calls - plan.wanting} 个不要人工的来电听自动语音，不占人手。下班时已在排队的接完再走。",
    ]


def _table(replay: Replay, columns: Sequence[tuple[str, str]]) -> Iterator[str]:
    # A column in which nothing ever happened tells nothing, except that nobody was lost.
    used = [(title, name) for title, name in columns if name == LOST or _happens(replay, name)]
    rows = [("在岗", "回电", *(title for title, _ in used))]
    for result in sorted(replay.results, key=_place_in_table):
        scenario = result.scenario
        kind = "有" if scenario.with_callbacks else "没有"
        kind += f"，满{scenario.abandoned_after}秒就回" if scenario.abandoned_after is not None else ""
        rows.append((f"{scenario.effective:g}位", kind, *(_shown(result, name) for _, name in used)))
    yield from _aligned(rows)


def _happens(replay: Replay, name: str) -> bool:
    return any(figure(result, name).mean for result in replay.results)


def _place_in_table(result: Result) -> tuple[float, bool, int]:
    scenario = result.scenario
    return scenario.effective, scenario.with_callbacks, 0 if scenario.abandoned_after is None else 1


def reading(replay: Replay) -> Iterator[str]:
    """What the figures say, in sentences, with the ones that are uncomfortable."""
    plan, rules = replay.plan, replay.setting.callbacks
    before, after = replay.find(baseline(plan)), replay.find(Scenario(plan.effective, True))
    yield (
        f"没有回电，{replay.people} 人里 {_mean(before, GAVE_UP)} 人没接通，没有人再找他们。"
        f"有回电，丢失 {_mean(after, LOST)} 人：说上话 {_mean(after, 'served')} 人，"
        f"打满 {rules.most_attempts} 次没人接、记在班长那里 {_mean(after, NOT_REACHED)} 人。"
    )
    yield "丢失：约了回电，或者等够了时间该回电，却没有人再找他的人。一个也不该有，由另一本账逐人核对。"
    yield from _about_hanging_up(replay, after)
    yield (
        f"回电变不出人手：{plan.effective:g} 位在岗，当天说上话的没有回电 {_mean(before, 'served_today')} 人，"
        f"有回电 {_mean(after, 'served_today')} 人；次日起接着打通 {_mean(after, RUNG_LATER)} 人。"
        f"{_owed(after)}{_enough(replay)}"
    )
    yield (
        "有回电时电话上接通的少，不是接得少：先来先到，欠着的回电排在后来打进来的人前面，"
        f"回电接通的另算（平均打进来 {_minutes(after, 'rung_after')} 分钟后）。"
    )


def _owed(after: Result) -> str:
    first, second = figure(after, "owed_first_day").mean or 0.0, figure(after, "owed_second_day").mean or 0.0
    if first < 0.5:
        return "收工时不欠。"
    if second < first + 1:
        return f"收工时欠 {first:.0f} 个，次日能还清。"
    return f"收工时欠 {first:.0f} 个，再来同样的一天就欠 {second:.0f} 个，天天如此会越欠越多：这是要添人的数。"


def _enough(replay: Replay) -> str:
    """The fewest consultants at work with whom hardly anything is owed at the close."""
    for result in sorted(replay.results, key=_place_in_table):
        number, owed = result.scenario.effective, figure(result, "owed_first_day").mean or 0.0
        is_asked = result.scenario == Scenario(number, True) and number > replay.plan.effective
        if is_asked and owed < HARDLY_ANYTHING * replay.people:
            return f"{number:g} 位在岗，收工时只欠 {owed:.0f} 个。"
    return ""


def _about_hanging_up(replay: Replay, after: Result) -> Iterator[str]:
    limit = replay.setting.callbacks.abandoned_after_seconds
    when = f"等了不到 {limit} 秒自己挂断" if limit else "自己挂断"
    said = (
        f"挂断不回：{when}、也没有再打来的 {_mean(after, LEFT_EARLY)} 人，"
        f"按规则不去打扰（abandoned_after_seconds: {limit}），不算丢失，但也没说上话。"
    )
    shorter = Scenario(replay.plan.effective, True, SHORT_ABANDON_SECONDS)
    if any(result.scenario == shorter for result in replay.results):
        found = replay.find(shorter)
        said += (
            f"改成满 {SHORT_ABANDON_SECONDS} 秒就回，剩 {_mean(found, LEFT_EARLY)} 人，"
            f"收工时欠的变成 {_mean(found, 'owed_first_day')} 个。"
        )
    yield said


def _mean(result: Result, name: str) -> str:
    found = figure(result, name).mean
    return "–" if found is None else f"{found:.0f}"


def _minutes(result: Result, name: str) -> str:
    found = figure(result, name).mean
    return "–" if found is None else f"{found / 60:.0f}"


def _shown(result: Result, name: str) -> str:
    """One figure with its spread, in the unit that its column has."""
    mean, spread = figure(result, name)
    if mean is None or (name not in ("connection_rate", LOST) and not mean and not spread):
        return "0" if name in FIGURES and mean == 0 else "–"
    if name == "connection_rate":
        return f"{mean:.1%} ±{spread:.1%}"
    if name in ("wait_mean", "wait_90"):
        return f"{mean:.0f}秒"
    if name == "rung_after":
        return f"{mean / 60:.0f}分钟"
    return f"{mean:.0f} ±{spread:.0f}" if spread else f"{mean:.0f}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of equal width, a Chinese character being two wide; figures to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0] + " " * (widths[0] - _width(row[0]))]
        cells += [" " * (width - _width(cell)) + cell for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  " + "  ".join(cells)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
