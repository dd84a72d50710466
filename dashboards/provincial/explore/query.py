"""What somebody wants to see on the page of figures: read from its address, checked, and written back as one. Pure.

    since=2026-10-01&until=2026-10-31&centres=340100,340200&subjects=pension&channels=phone&figure=fcr&compare=year

`until` is in the period. Instead of both, `period` names one (`last_month`); the address that is given back has dates,
so that whoever opens it tomorrow sees the same figures. Which centres somebody may see is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode

from dashboards.metrics import FIGURES
from dashboards.provincial.measures import CHANNELS_ZH, NO_SUBJECT
from dashboards.provincial.periods import COMPARISONS_ZH, NAMED, NOTHING, Period, compared_period
from voicemail.subjects import SubjectTree

DEFAULT_PERIOD, DEFAULT_FIGURE = "last_30_days", "connection_rate"
# What the page first shows, when nothing is asked for.
DEFAULT_VIEW = ""
EARLIEST = date(2016, 1, 1)
MOST_DAYS = 3660
# In an address, for calls whose subject nobody noted.
NOT_NOTED = "none"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_CENTRE, _VIEW = re.compile(r"\d{6}"), re.compile(r"[a-z_]{1,20}")
MOST_SHOWN = 20


class BadQuery(ValueError):
    """An address that says what cannot be. `problems`: one Chinese sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. Empty centres, subjects or channels: all of them. `subjects` as asked, groups among them."""

    period: Period
    centres: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    figure: str = DEFAULT_FIGURE
    compare: str = NOTHING
    view: str = DEFAULT_VIEW

    @property
    def compared(self) -> Period | None:
        """The period beside which this one is put."""
        return compared_period(self.period, self.compare)

    def before(self) -> Query | None:
        """The same question of the compared period."""
        period = self.compared
        return replace(self, period=period, compare=NOTHING) if period else None

    def fields(self) -> dict[str, str]:
        """The parameters of its address, in one order; lists of everything are left out."""
        lists = {"centres": self.centres, "subjects": self.subjects, "channels": self.channels}
        return {
            "since": self.period.first.isoformat(),
            "until": self.period.last.isoformat(),
            **{name: ",".join(keys) for name, keys in lists.items() if keys},
            "figure": self.figure,
            "compare": self.compare,
            **({"view": self.view} if self.view else {}),
        }

    def address(self) -> str:
        """The query string that asks for the same, always the same one."""
        return urlencode(self.fields(), safe=",")


def subject_keys(asked: Collection[str], tree: SubjectTree) -> tuple[str, ...]:
    """The keys of facts that the asked ones mean: groups become their subjects, `none` what nobody noted."""
    groups = {group.key: group for group in tree.groups}
    found: list[str] = []
    for key in asked:
        if key in groups and key not in tree.by_key:
            found += [subject.key for subject in groups[key].subjects]
        else:
            found.append(NO_SUBJECT if key == NOT_NOTED else key)
    return tuple(dict.fromkeys(found))


def read_query(args: Mapping[str, str], today: date, tree: SubjectTree) -> Query:
    """The question of an address. A period that reaches beyond today ends today. Raises BadQuery."""
    reader = _Reader(args, today, tree)
    query = Query(
        period=reader.period(),
        centres=reader.centres(),
        subjects=reader.subjects(),
        channels=reader.listed("channels", CHANNELS_ZH, "渠道"),
        figure=reader.choice("figure", FIGURES, DEFAULT_FIGURE, "指标"),
        compare=reader.choice("compare", COMPARISONS_ZH, NOTHING, "比较方式"),
        view=reader.view(),
    )
    if reader.problems:
        raise BadQuery(reader.problems)
    return query


@dataclass
class _Reader:
    args: Mapping[str, str]
    today: date
    tree: SubjectTree
    problems: list[str] = field(default_factory=list)

    def period(self) -> Period:
        name = self.args.get("period", "").strip()
        dates = [self._date(key, words) for key, words in (("since", "开始日期"), ("until", "结束日期"))]
        if name and name not in NAMED:
            self.problems.append(f"没有“{_shown(name)}”这个时间段，请从页面上选，或写开始和结束日期。")
        named = NAMED.get(name, NAMED[DEFAULT_PERIOD])[1](self.today)
        since, until = dates
        if since is None and until is None:
            return named
        if since is None or until is None:
            self._say_once(f"只写了{'结束' if since is None else '开始'}日期，请把另一个也写上。")
            return named
        return self._checked(since, until, named)

    def _checked(self, since: date, until: date, otherwise: Period) -> Period:
        if until < since:
            self.problems.append("结束日期在开始日期前面，请换过来。")
        elif since > self.today:
            self.problems.append("开始日期还没有到，那以后还没有数据。")
        elif since < EARLIEST:
            self.problems.append(f"开始日期太早了，最早到{EARLIEST.year}年。")
        elif (until - since).days >= MOST_DAYS:
            self.problems.append(f"时间太长了，最多看{MOST_DAYS // 366}年。")
        else:
            return Period(since, min(until, self.today))
        return otherwise

    def _date(self, name: str, words: str) -> date | None:
        text = self.args.get(name, "").strip()
        if not text:
            return None
        try:
            if not _DATE.fullmatch(text):
                raise ValueError(text)
            return date.fromisoformat(text)
        except ValueError:
            self.problems.append(f"{words}“{_shown(text)}”读不出来，请写成2026-10-01这样。")
            return None

    def _say_once(self, sentence: str) -> None:
        # The other date was there and could not be read: that has been said.
        if not any("读不出来" in problem for problem in self.problems):
            self.problems.append(sentence)

    def centres(self) -> tuple[str, ...]:
        asked = self._keys("centres")
        wrong = [code for code in asked if not _CENTRE.fullmatch(code)]
        self.problems += [f"“{_shown(code)}”不是中心代码，中心代码是6位数字。" for code in wrong[:1]]
        return tuple(sorted(set(asked) - set(wrong)))

    def subjects(self) -> tuple[str, ...]:
        known = [key for group in self.tree.groups for key in (group.key, *(one.key for one in group.subjects))]
        return self.listed("subjects", [*known, NOT_NOTED], "主题")

    def listed(self, name: str, known: Collection[str], words: str) -> tuple[str, ...]:
        """The keys that were asked for, in the order of those that there are."""
        asked = self._keys(name)
        wrong = [key for key in asked if key not in known]
        self.problems += [f"没有“{_shown(key)}”这个{words}，请从页面上选。" for key in wrong[:1]]
        return tuple(dict.fromkeys(key for key in known if key in asked))

    def choice(self, name: str, known: Collection[str], usual: str, words: str) -> str:
        asked = self.args.get(name, "").strip()
        if asked and asked not in known:
            self.problems.append(f"没有“{_shown(asked)}”这个{words}，请从页面上选。")
        return asked or usual

    def view(self) -> str:
        asked = self.args.get("view", "").strip()
        return asked if _VIEW.fullmatch(asked) else DEFAULT_VIEW

    def _keys(self, name: str) -> list[str]:
        return [key.strip() for key in self.args.get(name, "").split(",") if key.strip()]


def _shown(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
