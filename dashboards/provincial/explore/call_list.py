"""The single calls behind a figure, as JSON: when, where, what about, what became of it; never who.

{"rows": [{"id", "source", "href", "started_at", "ended_at", "seconds", "centre", "centre_name", "last_centre_name",
  "outcome", "outcome_zh", "subject", "subject_zh", "channel_zh", "caller"}], "next": "…"|null, "note": "…"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from psycopg import Connection

from dashboards.provincial.explore.call_rows import (
    OUTCOMES,
    SOURCES_OF_CALLS,
    Calls,
    Place,
    Row,
    WantedCalls,
    read_calls,
)
from dashboards.provincial.explore.parts import midnight
from dashboards.provincial.explore.query import BadQuery, Query, subject_keys
from dashboards.provincial.facts import rows as fact_rows
from dashboards.provincial.facts.rows import Slice
from dashboards.provincial.measures import CHANNELS_ZH, CITY, DEMO
from ivr.library import Library
from ivr.outcome import NAMES_ZH
from ivr.service import Line
from voicemail.subjects import SubjectTree

MOST_ROWS, USUAL_ROWS = 200, 50
IN_PROGRESS_ZH = "还没挂断"
ONLY_SUMS = "演示历史只有各小时的合计，没有单个来电；下面是逐个记下的来电。"
# Of what is rare: so many pages.
MOST_ROUNDS = 5
NOT_FURTHER = "这段时间里比较近的来电里没有这样的，请把结束日期选早一些，再往前找。"
NOT_A_PLACE = "翻页的位置读不出来，请从第一页重新看。"
_SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Page:
    """Which of a slice's calls somebody wants to see, beside the slice itself."""

    outcomes: tuple[str, ...] = ()
    weekday: int | None = None
    hour: int | None = None
    after: Place | None = None
    most: int = USUAL_ROWS


def read_wanted(args: Mapping[str, str]) -> Page:
    """The parameters outcome, weekday, hour, limit and after. Raises BadQuery."""
    problems: list[str] = []
    outcomes = tuple(key for key in args.get("outcome", "").split(",") if key)
    if any(key not in OUTCOMES for key in outcomes):
        problems.append("没有这种来电结果，请从页面上选。")
    page = Page(
        outcomes,
        _number(args, "weekday", 0, 6, "星期", problems),
        _number(args, "hour", 0, 23, "小时", problems),
        _place(args.get("after", ""), problems),
        _number(args, "limit", 1, MOST_ROWS, "每页的条数", problems) or USUAL_ROWS,
    )
    if problems:
        raise BadQuery(problems)
    return page


def _number(args: Mapping[str, str], name: str, low: int, high: int, words: str, problems: list[str]) -> int | None:
    text = args.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 5 and low <= int(text) <= high):
        problems.append(f"{words}要在{low}到{high}之间。")
        return None
    return int(text)


def _place(text: str, problems: list[str]) -> Place | None:
    if not text:
        return None
    try:
        at, source, centre, call = text.split(_SEPARATOR, 3)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or source not in SOURCES_OF_CALLS or "\x00" in text:
            raise ValueError(text)
    except ValueError:
        problems.append(NOT_A_PLACE)
        return None
    return Place(moment, source, call, centre)


def _cursor(place: Place | None) -> str | None:
    return _SEPARATOR.join((place.at.isoformat(), place.source, place.centre, place.id)) if place else None


class CallList:
    """Builds the list. Shared by all threads of a process."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree

    def look(self, query: Query, centres: Sequence[str], page: Page) -> dict[str, Any]:
        """A page of the calls of this slice. `centres` is the scope, already cut."""
        library, period = self._line.keeper.library(), query.period
        subjects = subject_keys(query.subjects, self._tree)
        wanted = WantedCalls(
            since=midnight(period.first),
            until=midnight(period.after),
            centres=tuple(centres),
            subjects=subjects,
            channels=query.channels,
            outcomes=page.outcomes,
            weekday=page.weekday,
            hour=page.hour,
            after=page.after,
            most=page.most,
        )
        with self._line.services.database.pool.connection() as connection:
            calls = _search(connection, wanted)
            sources = fact_rows.sources(
                connection,
                Slice(period.first, period.after, tuple(centres), subjects, query.channels, live=period.last),
            )
        return {
            "rows": [self._row(row, library) for row in calls.rows],
            "next": _cursor(calls.next),
            "note": _note(calls, DEMO in sources),
        }

    def _row(self, row: Row, library: Library) -> dict[str, Any]:
        ended, began = row["ended_at"], row["started_at"]
        return {
            "id": row["id"],
            "source": row["source"],
            "href": address_of(row),
            "started_at": began.isoformat(),
            "ended_at": ended.isoformat() if ended else None,
            "seconds": round((ended - began).total_seconds()) if ended else None,
            "centre": row["centre"],
            "centre_name": library.centre(row["centre"]).short_name,
            "last_centre_name": library.centre(row["last_centre"]).short_name,
            "outcome": row["outcome"],
            "outcome_zh": NAMES_ZH.get(row["outcome"] or "", IN_PROGRESS_ZH),
            "subject": row["subject"],
            "subject_zh": self._tree.name_of(row["subject"]) or "",
            "channel_zh": CHANNELS_ZH.get(row["channel"], row["channel"]),
            "caller": f"尾号{row['caller_tail']}" if row["caller_tail"] else "",
        }


def _search(connection: Connection[Any], wanted: WantedCalls) -> Calls:
    """The first page that is not empty, as far as it is reasonable to look."""
    calls = read_calls(connection, wanted)
    for _ in range(MOST_ROUNDS - 1):
        if calls.rows or calls.next is None:
            break
        calls = read_calls(connection, replace(wanted, after=calls.next))
    return calls


def _note(calls: Calls, has_demo: bool) -> str:
    far = NOT_FURTHER if calls.next and not calls.rows else ""
    return (ONLY_SUMS if has_demo else "") + far


def address_of(row: Row) -> str:
    """Where this call's timeline is."""
    if row["source"] == CITY:
        return f"/province/calls/city/{row['centre']}/{quote(row['id'], safe='')}"
    return f"/province/calls/{quote(row['id'], safe='')}"
