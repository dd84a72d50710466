"""Gathers the `Moment` of a centre: hours, features, words, from the library and what is set on the duty desk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from integrations.work_calendar import SHANGHAI
from ivr.duty import DutyBoard
from ivr.library import Library
from ivr.moment import CLOSED, FREEZES, KINDS, Feature, Moment
from ivr.words import day_and_time, period
from queueing.callback_text import as_dialled
from queueing.centre import PROVINCE, Centre
from queueing.opening_hours import HoursAt, HoursState, hours_at, season_on

# A moment is the same for every caller of a centre within one minute: openings and closings fall on minutes.
_KEPT = 64
# A callback is a promise, too: a centre without consultants has nobody to keep it.
NOBODY_RINGS = "没有设咨询员的座席，约了回电没有人打"
NOTHING_CONNECTED = "没有一个业务系统接通，查不了"
NO_FREEZES = "社保卡系统没有接通，电话挂失写不进去"
# What can be looked up for a centre, by kind; see `Moment.answers`.
Answers = Callable[[str], Mapping[str, str]]


def everything(centre: str) -> Mapping[str, str]:
    """For a menu on paper: whatever can be looked up, can."""
    return dict.fromkeys((*KINDS, FREEZES), "asks")


class Almanac:
    """Moments by centre and minute. `library` and `board` are asked each time, so both may change underneath."""

    def __init__(
        self, library: Callable[[], Library], board: Callable[[datetime], DutyBoard], answers: Answers = everything
    ) -> None:
        self._library = library
        self._board = board
        self._answers = answers
        self._kept: dict[tuple[str, int], tuple[Library, DutyBoard, Moment]] = {}

    def moment(self, centre_code: str, at: datetime) -> Moment:
        library, board = self._library(), self._board(at)
        key = (centre_code, int(at.timestamp()) // 60)
        found = self._kept.get(key)
        if found is not None and found[0] is library and found[1] is board:
            return found[2]
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        helpers = [code for code, centre in library.centres.items() if centre_code in centre.helps]
        centre = library.centre(centre_code)
        moment = build_moment(centre, board, at, helpers, self._answers(centre.code))
        self._kept[key] = library, board, moment
        return moment


def build_moment(
    centre: Centre,
    board: DutyBoard,
    at: datetime,
    helpers: Collection[str] = (),
    answers: Mapping[str, str] | None = None,
) -> Moment:
    """Everything true for a centre at an instant, on the Shanghai clock. `helpers`: centres that answer for it, too.

    `answers`: what can be looked up for it; None: everything.
    """
    now = at.astimezone(SHANGHAI)
    closings = (*board.closings.get(centre.code, ()),)
    hours = hours_at(centre.hours, board.calendar, now, closings)
    notice = board.notice_for(centre.code, at)
    answering = (centre.code, *helpers)
    features = _features(centre, board)
    if features["progress"].is_open and not any(code in board.seats for code in answering):
        features["progress"] = Feature(False, NOBODY_RINGS)
    answers = everything(centre.code) if answers is None else answers
    if features["query"].is_open and all(answers.get(kind, CLOSED) == CLOSED for kind in KINDS):
        features["query"] = Feature(False, NOTHING_CONNECTED)
    if features["card_loss"].is_open and answers.get(FREEZES, CLOSED) == CLOSED:
        features["card_loss"] = Feature(False, NO_FREEZES)
    has_desk = centre.desk_number is not None or centre.code in board.seats
    is_answered = features["human"].is_open and has_desk
    words = _words(centre, hours, _sure_opening(hours, is_answered, now), now)
    return Moment(
        centre=centre.code,
        today=now.date(),
        hours=hours,
        features=features,
        words=words | {"notice": notice.text if notice else None},
        desk_number=centre.desk_number,
        has_people=any(board.seats.get(code) for code in answering),
        answers=answers,
    )


def _features(centre: Centre, board: DutyBoard) -> dict[str, Feature]:
    features = {}
    for name, setting in centre.features.items():
        is_open, reason = board.features.get((centre.code, name), (setting.open, setting.reason))
        features[name] = Feature(is_open, reason)
    return features


def _words(centre: Centre, hours: HoursAt, opening: datetime | None, now: datetime) -> dict[str, str | None]:
    closing_soon = hours.state is HoursState.CLOSING_SOON and hours.closes_in_minutes
    return {
        "greeting": "安徽省人社厅" if centre.code == PROVINCE else centre.name,
        "centre": centre.short_name,
        "counter": centre.counter,
        "hours_today": _hours_in_words(centre, now),
        "next_opening": day_and_time(opening.astimezone(SHANGHAI), now) if opening else None,
        "closes_in": str(hours.closes_in_minutes) if closing_soon else None,
        "holiday": hours.holiday,
        "closing_reason": hours.reason,
        "shown_number": as_dialled(shown) if (shown := centre.callbacks.shown_number) else None,
    }


def _sure_opening(hours: HoursAt, is_answered: bool, now: datetime) -> datetime | None:
    """When somebody answers again; None when nobody ever does there, or when the calendar is not known yet.

    An opening that is spoken is a promise: a centre without consultants or a desk has nobody to keep it, and in a
    year that nobody has announced a holiday may be longer than the law's own days.
    """
    opening = hours.next_opening
    if opening is None or not is_answered:
        return None
    days = (opening.astimezone(SHANGHAI).date() - now.date()).days
    return None if hours.provisional and (days > 1 or hours.holiday) else opening


def _hours_in_words(centre: Centre, now: datetime) -> str:
    """`工作日上午9点到12点，下午2点半到5点半`, by the season."""
    periods = season_on(centre.hours, now.date()).periods
    return "工作日" + "，".join(period(p.start, p.end) for p in periods)
