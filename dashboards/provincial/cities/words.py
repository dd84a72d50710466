"""The words of the page of the cities' data: states with colour, symbol and word, and what each thing means. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.provincial.cities.fields import CALLS, FIELDS, HOURS, TITLES_ZH, TOTALS
from dashboards.provincial.cities.reconciliation_rules import AGREES, DIFFERS, EMPTY, EXPLAINED, NO_TOTAL, OPEN
from ivr.outcome import NAMES_ZH

KIND_HINTS = {
    CALLS: "一行一通来电。更正时把版本加1再传一次，以版本大的为准。",
    HOURS: "一行一个小时的合计，按渠道和科目分开。同一小时也有逐通来电的，以逐通来电为准。",
    TOTALS: "一行一天的总数，用来和已经收到的核对，本身不计入统计。",
}
VIA_ZH = {"push": "接口推送", "upload": "网页上传", "pull": "前置库读取"}
_CALLS = {"received": "来电", "in_progress": "还没挂断", **NAMES_ZH}
# Tone, symbol, words.
State = tuple[str, str, str]
STATUSES: Mapping[str, State] = {
    "accepted": ("on", "✓", "全部收下"),
    "partial": ("soon", "！", "收下一部分"),
    "refused": ("stop", "✕", "没有收"),
}
OWN, FRESH, STALE, SILENT = "own", "fresh", "stale", "silent"
FRESHNESS: Mapping[str, State] = {
    OWN: ("off", "●", "本平台"),
    FRESH: ("on", "✓", "正常"),
    STALE: ("stop", "✕", "断了"),
    SILENT: ("soon", "…", "还没来过"),
}
DAYS: Mapping[str, State] = {
    AGREES: ("on", "✓", "对上了"),
    DIFFERS: ("stop", "≠", "对不上"),
    EXPLAINED: ("soon", "≈", "对不上，已说明"),
    NO_TOTAL: ("soon", "？", "没有报送日总数"),
    EMPTY: ("off", "–", "没有来电，也没有日总数"),
    OPEN: ("off", "…", "刚有新数据，正在重新计算"),
}
DEFINITIONS = {
    "heard": "最近一次收下这个市数据的时间，推送、上传和前置库读取都算；整批没有收的不算。",
    "newest": "收到的数据里最晚说到的那一刻；接在本平台上的中心，是最近一个来电打进来的时间。",
    "limit": "数据停在这么久以前就算断了，并且告警。每个市可以不同。",
    "today": "今天（北京时间零点起）收到的批次：全部收下、收下一部分、没有收。",
    "claimed": "这个市自己报送的日总数，以最新一版为准。",
    "arrived": "从这个市收到的来电和每小时合计里数出来的，和大屏、统计、月报用的是同一个数。",
    "unchanged": "以前已经收过，或者比已有的版本旧，所以没有变化。",
}


def measure_name(key: str) -> str:
    """What a measure is called: calls and their outcomes as on every page, the rest as in the template of totals."""
    return _CALLS.get(key) or TITLES_ZH.get(key) or key


def field_name(kind: str, field: str | None) -> str:
    """What a field is called in the template; the name itself for one that is not known, empty for a whole line."""
    titles = {one.name: one.title_zh for one in FIELDS.get(kind, ())}
    return titles.get(field or "", field or "")


def freshness_state(is_city: bool, was_heard: bool, is_stale: bool) -> str:
    """Which of FRESHNESS. A city that was never heard is silent until its limit, then it is stale."""
    if not is_city:
        return OWN
    if is_stale:
        return STALE
    return FRESH if was_heard else SILENT


def limit_words(minutes: int | None) -> str:
    """`30分钟`, `2小时`, `1小时30分钟`; empty where there is none."""
    if minutes is None:
        return ""
    hours, rest = divmod(minutes, 60)
    return f"{hours}小时" * bool(hours) + f"{rest}分钟" * bool(rest or not hours)


def state_json(state: State) -> dict[str, str]:
    """A state as the page draws it."""
    tone, symbol, words = state
    return {"tone": tone, "symbol": symbol, "state_zh": words}
