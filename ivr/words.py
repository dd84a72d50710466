"""Numbers, times and dates as a person says them, so that every carrier's voice says the same.

Prompts are written for the eye (请按0, 12333, 15分钟); `speakable` turns them for the ear just before they are spoken.
Digits of telephone, card and case numbers are said one by one with 1 as 幺; hours, minutes and amounts are cardinals.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import lru_cache

DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")


def spell_digits(digits: str, group: int = 4) -> str:
    """`13900001234` -> `幺三九零，零零零幺，二三四`: digit by digit, 1 as 幺, a short rest after each group."""
    spoken = [DIGITS[int(d)].replace("一", "幺") if d.isdigit() else "X" for d in digits]
    groups = [spoken[i : i + group] for i in range(0, len(spoken), group)]
    return "，".join("".join(part) for part in groups)


def cardinal(number: int) -> str:
    """`15` -> `十五`, `105` -> `一百零五`, `20000` -> `两万`; for 0 to 99,999,999."""
    if number < 0 or number >= 100_000_000:
        raise ValueError(f"cannot say {number} as a cardinal")
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        head = ("两" if high == 2 else cardinal(high)) + "万"
        if not low:
            return head
        return head + ("零" if low < 1000 else "") + _below_ten_thousand(low, leading=False)
    return _below_ten_thousand(number, leading=True)


def _below_ten_thousand(number: int, leading: bool) -> str:
    if number < 10:
        return DIGITS[number]
    out, gap = "", False
    for power in range(3, -1, -1):
        digit = number // 10**power % 10
        if digit:
            out += ("零" if gap and out else "") + DIGITS[digit] + _UNITS[power]
            gap = False
        else:
            gap = True
    # Alone, 十五 is said without its 一.
    return out.removeprefix("一") if leading and 10 <= number < 20 else out


def clock(at: time) -> str:
    """`09:00` -> `上午9点`, `14:30` -> `下午2点半`, `15:05` -> `下午3点05分`."""
    return _part_of_day(at) + _hour(at)


def _hour(at: time) -> str:
    hour = at.hour if at.hour <= 12 else at.hour - 12
    if at.minute == 0:
        return f"{hour}点"
    return f"{hour}点半" if at.minute == 30 else f"{hour}点{at.minute:02d}分"


def _part_of_day(at: time) -> str:
    for until, name in ((5, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上")):
        if at.hour < until:
            return name
    raise ValueError(at)


def period(start: time, end: time) -> str:
    """`14:30`, `17:30` -> `下午2点半到5点半`; the part of the day is said again only when it changes."""
    # An end belongs to what it ends: 上午9点到12点 and 下午3点到6点, nobody says 中午12点 or 晚上6点 there.
    part = _part_of_day(_minute_before(end)).replace("中午", "上午")
    # A day that ends at midnight does not end in the small hours.
    hour = "12点" if end == time(0) else clock(end).removeprefix(_part_of_day(end))
    return f"{clock(start)}到{hour if part == _part_of_day(start) else part + hour}"


def _minute_before(at: time) -> time:
    minutes = (at.hour * 60 + at.minute - 1) % (24 * 60)
    return time(minutes // 60, minutes % 60)


def day_and_time(at: datetime, now: datetime) -> str:
    """`今天下午2点半`, `明天上午9点`, `星期一上午9点` within a week, else `2月24日，星期二，上午9点`.

    Both times are in the zone of whoever listens.
    """
    return _day(at, now) + clock(at.time())


def _day(at: datetime, now: datetime) -> str:
    """`今天`, `星期一`, `2月24日，星期二，`: the day before a time of day."""
    days = (at.date() - now.date()).days
    if days in (-1, 0, 1):
        return ("昨天", "今天", "明天")[days + 1]
    # Within a week, and not the same weekday again: 星期一 must mean the coming one.
    if (1 < days < 7 and at.weekday() > now.weekday()) or 1 < days <= 3:
        return f"星期{_WEEKDAYS[at.weekday()]}"
    return f"{calendar_day(at.date())}，"


def roughly(at: datetime, now: datetime) -> str:
    """`今天下午3点`, `昨天上午10点半`, else `今天下午3点多`: about when something was, or will be. Both in one zone."""
    if at.minute in (0, 30):
        return day_and_time(at, now)
    return _day(at, now) + clock(time(at.hour)) + "多"


def half_hour(since: datetime, until: datetime, now: datetime, after: datetime | None = None) -> str:
    """`今天下午3点到3点半`; behind one that begins at `after` what they have in common is left out: `3点半到4点`.

    All in the zone of whoever listens. It begins on the hour or the half hour, so no part of the day changes in it.
    """
    part = _part_of_day(since.time())
    end = _hour(until.time()) if until.time() != time(0) else "12点"
    spoken = f"{_hour(since.time())}到{end}"
    if after is None or after.date() != since.date():
        return _day(since, now) + part + spoken
    return spoken if part == _part_of_day(after.time()) else part + spoken


def calendar_day(day: date) -> str:
    """`9月15日，星期二`; the year is not said."""
    return f"{day.month}月{day.day}日，星期{_WEEKDAYS[day.weekday()]}"


def minutes_range(low: int, high: int) -> str:
    """`4`, `6` -> `4到6分钟`; `0`, `1` -> `1分钟以内`; equal ends are said once."""
    if high <= 1:
        return "1分钟以内"
    if low <= 0:
        return f"{high}分钟以内"
    return f"{high}分钟" if low == high else f"{low}到{high}分钟"


def money(fen: int) -> str:
    """`325640` fen -> `三千二百五十六元四角`; to the fen, and what is not there is not said: never 零角零分.

    For amounts below a hundred million yuan. Raises ValueError beyond.
    """
    yuan, rest = divmod(abs(fen), 100)
    jiao, cents = divmod(rest, 10)
    spoken = "两元" if yuan == 2 else f"{cardinal(yuan)}元" if yuan or not rest else ""
    spoken += f"{DIGITS[jiao]}角" if jiao else "零" if yuan and cents else ""
    spoken += f"{DIGITS[cents]}分" if cents else ""
    return ("负" if fen < 0 else "") + spoken


def yuan(fen: int) -> str:
    """`325640` fen -> `3,256.40元`, `10000` -> `100元`: an amount for the eye, which `speakable` says by `money`."""
    whole, cents = divmod(abs(fen), 100)
    return ("负" if fen < 0 else "") + (f"{whole:,}.{cents:02d}元" if cents else f"{whole:,}元")


def years_and_months(months: int) -> str:
    """`183` -> `15年3个月`, `12` -> `1年`, `5` -> `5个月`; for 0 and more."""
    years, rest = divmod(months, 12)
    return (f"{years}年" if years else "") + (f"{rest}个月" if rest or not years else "")


def full_day(day: date, today: date) -> str:
    """`9月15日`; with its year when it is not this one: `2025年12月31日`."""
    return f"{'' if day.year == today.year else f'{day.year}年'}{day.month}月{day.day}日"


def full_month(month: str, today: date) -> str:
    """`202610` -> `10月`, `202512` -> `2025年12月` when that is not this year."""
    year = int(month[:4])
    return f"{'' if year == today.year else f'{year}年'}{int(month[4:])}月"


_SPELLED = re.compile(r"(?<!\d)(?:12333|12345|12393)(?!\d)|055\d{5,}")
_NUMBER = re.compile(r"\d+")
_SPOKEN = re.compile(r"\w")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年)")
# 3,256.40元, 3256.4元, 100元; not the end of a longer number.
_MONEY = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d{1,8})(?:\.(\d{1,2}))?元")
_MINUTES = re.compile(r"点0(\d)分")


@lru_cache(maxsize=8192)
def speakable(text: str) -> str:
    """A sentence as it is said: 12333 is spelled, other numbers are cardinals, `05分` is 零五分, `2点` 两点.

    A year is read digit by digit; so is whatever is as long as a telephone number. An amount such as `3,256.40元` is
    said in yuan, jiao and fen.
    """
    text = _MONEY.sub(lambda found: money(_fen(found.group(1), found.group(2) or "")), text)
    text = _SPELLED.sub(lambda found: spell_digits(found.group(), group=len(found.group())), text)
    text = _YEAR.sub(lambda found: "".join(DIGITS[int(digit)] for digit in found.group()), text)
    text = _MINUTES.sub(lambda found: f"点零{DIGITS[int(found.group(1))]}分", text)
    text = re.sub(r"(?<![\d第])2(?=点|个|条|段|位|张|份|样|次|年|万)", "两", text)
    return _NUMBER.sub(lambda found: _say_number(found.group()), text)


def _fen(yuan: str, decimals: str) -> int:
    return int(yuan.replace(",", "")) * 100 + int(decimals.ljust(2, "0"))


def _say_number(digits: str) -> str:
    if len(digits) > 6 or (len(digits) > 1 and digits[0] == "0"):
        return spell_digits(digits)
    return cardinal(int(digits))


def speaking_seconds(text: str, slow: bool = False) -> float:
    """How long a sentence takes: 4.2 characters a second (3.2 slowly), 0.2 s at a comma, 0.4 s at a full stop."""
    spoken = speakable(text)
    commas = sum(spoken.count(mark) for mark in "，、：；,")
    stops = sum(spoken.count(mark) for mark in "。？！")
    # Quotation marks are silent.
    characters = len(_SPOKEN.findall(spoken))
    return characters / (3.2 if slow else 4.2) + 0.2 * commas + (1.0 if slow else 0.4) * stops
