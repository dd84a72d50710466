"""What the status page shows, gathered from the line: centres now, keys, notices, content, menu problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards.key_states import KeyState, key_states
from integrations.work_calendar import SHANGHAI
from ivr.duty import DutyBoard, Notice
from ivr.moment import Moment
from ivr.service import Line
from ivr.words import day_and_time
from queueing.centre import Centre
from queueing.opening_hours import Closing, HoursState

# The state in words, and its tone: on, soon, off, stop.
STATES = {
    HoursState.OPEN: ("上班", "on"),
    HoursState.MAKEUP_DAY: ("调休上班", "on"),
    HoursState.CLOSING_SOON: ("快下班", "soon"),
    HoursState.NOON_DUTY: ("午间值班", "soon"),
    HoursState.NIGHT_DUTY: ("夜间值班", "soon"),
    HoursState.NOON_CLOSED: ("午休", "off"),
    HoursState.NIGHT: ("下班", "off"),
    HoursState.WEEKEND: ("周末", "off"),
    HoursState.HOLIDAY: ("节假日", "off"),
    HoursState.CLOSED_EXCEPTIONALLY: ("临时停止", "stop"),
}
SYMBOLS = {"on": "●", "soon": "◐", "off": "○", "stop": "■"}
KEY_ZERO = {
    "line": "排队，由在线的咨询员接",
    "desk": "转值班电话",
    "none": "没有人接，播实情和窗口",
    "closed": "说明没有人，有人值守时说下次上班",
}


@dataclass(frozen=True)
class CentreNow:
    """One centre at this instant, as staff see it."""

    centre: Centre
    moment: Moment
    keys: tuple[KeyState, ...]
    notice: Notice | None
    closing: Closing | None
    now: datetime

    @property
    def state(self) -> str:
        name, _ = STATES[self.moment.hours.state]
        holiday = self.moment.hours.holiday if self.moment.hours.state is HoursState.HOLIDAY else None
        return f"{holiday}放假" if holiday else name

    @property
    def tone(self) -> str:
        return STATES[self.moment.hours.state][1]

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.tone]

    @property
    def closes_in(self) -> str:
        minutes = self.moment.hours.closes_in_minutes
        return "" if minutes is None else in_hours(minutes)

    @property
    def next_opening(self) -> str:
        """By the timetable, whether or not anybody is there to answer then."""
        opening = self.moment.hours.next_opening
        return day_and_time(opening.astimezone(SHANGHAI), self.now.astimezone(SHANGHAI)) if opening else "60天内没有"

    @property
    def key_zero(self) -> str:
        return KEY_ZERO[self.moment.human]


def in_hours(minutes: int) -> str:
    """`125` -> `2小时5分`."""
    hours, rest = divmod(minutes, 60)
    return (f"{hours}小时" if hours else "") + (f"{rest}分" if rest or not hours else "")


def centre_now(line: Line, code: str, now: datetime) -> CentreNow:
    """Everything about one centre at an instant."""
    library, board = line.keeper.library(), line.duty.board(now)
    moment = line.almanac.moment(code, now)
    closing = next((c for c in board.closings.get(code, ()) if c.since <= now < c.until), None)
    keys = key_states(library.flow(code), moment)
    return CentreNow(library.centres[code], moment, keys, board.notice_for(code, now), closing, now)


def coming(board: DutyBoard, codes: Sequence[str], now: datetime) -> int:
    """How many notices and closings are set for later in these centres."""
    notices = sum(n.since > now for n in board.notices if n.centre is None or n.centre in codes)
    return notices + sum(c.since > now for code in codes for c in board.closings.get(code, ()))


@dataclass(frozen=True)
class ClosedKey:
    """A key that is closed for one reason in some centres."""

    name: str
    key: str
    reason: str
    centres: tuple[str, ...]


def closed_keys(centres: Iterable[CentreNow]) -> list[ClosedKey]:
    """Closed keys with their reasons, those of the same reason together, in the order of the features."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for now in centres:
        for key in now.keys:
            if not key.is_open:
                found.setdefault((key.name, key.key, key.reason), []).append(now.centre.short_name)
    return [ClosedKey(*about, tuple(names)) for about, names in sorted(found.items(), key=lambda item: item[0][1])]


def waiting_events(line: Line) -> tuple[int, int] | None:
    """How many events of the outage journal wait to be entered, and how many could not be; None without a disk."""
    try:
        return line.journal.waiting(), line.journal.set_aside()
    except OSError:
        return None
