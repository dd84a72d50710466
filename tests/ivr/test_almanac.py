"""What is true for a centre at awkward moments, and what is said when a word is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from integrations.work_calendar import SHANGHAI
from ivr.almanac import Almanac, build_moment
from ivr.duty import DutyBoard, Notice, build_board
from ivr.library import Library, load_library
from queueing.opening_hours import Closing, HoursState
from tests.call_scripts.script import with_desk

PROVINCE = "340000"


@pytest.fixture(scope="module")
def library() -> Library:
    """Every centre with a desk that answers: without one nobody promises an opening."""
    return with_desk(load_library(date(2026, 11, 21)), "+8655163812345")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("when", "state", "next_opening"),
    [
        ("2026-11-23 08:59", "night", "今天上午9点"),
        ("2026-11-23 12:00", "noon_closed", "今天下午2点半"),
        ("2026-11-23 17:20", "closing_soon", "明天上午9点"),
        ("2026-11-23 17:30", "night", "明天上午9点"),
        ("2026-11-23 23:59", "night", "明天上午9点"),
        ("2026-11-24 00:00", "night", "今天上午9点"),
        ("2026-11-27 18:00", "night", "星期一上午9点"),
        ("2026-11-28 10:00", "weekend", "星期一上午9点"),
        ("2026-02-14 10:00", "makeup_day", "今天下午2点半"),
        ("2026-02-18 10:00", "holiday", "2月24日，星期二，上午9点"),
        ("2026-09-30 18:00", "night", "10月8日，星期四，上午9点"),
        # The season changes: winter's afternoon begins half an hour earlier.
        ("2026-09-30 13:00", "noon_closed", "今天下午3点"),
        ("2026-10-08 13:00", "noon_closed", "今天下午2点半"),
        # A year that the calendar does not know: weekends and fixed holidays.
        ("2031-10-01 10:00", "holiday", None),
    ],
)
def test_each_awkward_moment_has_its_announcement(
    library: Library, when: str, state: str, next_opening: str | None
) -> None:
    moment = build_moment(library.centres[PROVINCE], DutyBoard(), at(when))
    assert moment.hours.state == state
    if next_opening is not None:
        assert moment.words["next_opening"] == next_opening


def test_a_centre_without_a_desk_promises_no_opening() -> None:
    library = load_library(date(2026, 11, 21))
    moment = build_moment(library.centres[PROVINCE], DutyBoard(), at("2026-11-23 20:00"))
    assert moment.words["next_opening"] is None
    assert library.flow(PROVINCE).fill("night", moment.words)[1] == "现在不是上班时间，没有人工。"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        # Spring Festival 2027 is longer than the law's own days; only the notice will say how long.
        ("2027-02-06 10:00", None),
        ("2027-02-13 10:00", None),
        ("2027-03-10 20:00", "明天上午9点"),
        ("2026-12-31 18:00", None),
    ],
)
def test_in_a_year_without_a_notice_only_tomorrow_is_promised(library: Library, when: str, said: str | None) -> None:
    assert build_moment(library.centres[PROVINCE], DutyBoard(), at(when)).words["next_opening"] == said


def test_a_year_nobody_has_announced_is_provisional(library: Library) -> None:
    moment = build_moment(library.centres[PROVINCE], DutyBoard(), at("2031-03-12 10:00"))
    assert moment.hours.provisional and moment.hours.state == HoursState.OPEN


def test_an_administrators_notice_replaces_the_provisional_year(library: Library) -> None:
    fixed = ["01-01", "01-23", "01-24", "01-25", "04-05", *(f"05-0{n}" for n in range(1, 6)), "06-24", "10-01"]
    names = {f"2031-{day}": "节日" for day in (*fixed, "10-02", "10-03")} | {"2031-03-12": "植树节"}
    days = {"off": names, "work": []}
    board = build_board([], [], [], [(2031, days)])
    moment = build_moment(library.centres[PROVINCE], board, at("2031-03-12 10:00"))
    assert (moment.hours.state, moment.words["holiday"]) == (HoursState.HOLIDAY, "植树节")


def test_a_notice_that_cannot_be_right_is_left_out() -> None:
    board = build_board([], [], [], [(2031, {"off": {"1999-01-01": "元旦"}, "work": []}), (2032, {})])
    assert board.calendar.is_provisional(date(2031, 3, 12))


def test_what_is_not_known_is_not_said(library: Library) -> None:
    """A closing for months: no opening in sight, so no prompt may name one."""
    now = at("2026-11-23 10:00")
    board = DutyBoard(closings={PROVINCE: (Closing(now, now + timedelta(days=90), "搬迁"),)})
    moment = build_moment(library.centres[PROVINCE], board, now)
    assert moment.words["next_opening"] is None
    flow = library.flow(PROVINCE)
    for prompt_id in (
        *("noon_closed", "night", "weekend", "holiday", "closed_exceptionally", "closed_zero", "last_closed"),
        *("closing_soon", "guess_one", "guess_two", "handover_1", "handover_2", "urgent_notice"),
    ):
        prompt, text = flow.fill(prompt_id, moment.words)
        assert "{" not in text and "None" not in text
        assert text == "" or prompt.id != prompt_id or "{" not in flow.prompts[prompt_id].text
    assert flow.fill("closed_zero", moment.words)[1].startswith("现在没有人工。要当面办")


def test_a_notice_is_heard_from_its_beginning_until_its_end(library: Library) -> None:
    begin = at("2026-11-23 10:00")
    board = DutyBoard(notices=(Notice(PROVINCE, "停电", begin, begin + timedelta(hours=1), "王芳"),))
    almanac = Almanac(lambda: library, lambda now: board)

    def notice(minutes: int, centre: str = PROVINCE) -> str | None:
        return almanac.moment(centre, begin + timedelta(minutes=minutes)).words["notice"]

    assert [notice(-1), notice(0), notice(59), notice(60)] == [None, "停电", "停电", None]
    assert notice(30, "340100") is None


def test_a_city_answers_with_its_own_name_counter_and_hours(library: Library) -> None:
    moment = build_moment(library.centres["340200"], DutyBoard(), at("2026-07-06 10:00"))
    assert moment.words["greeting"] == "芜湖市人社局"
    assert "芜湖市政务服务中心" in str(moment.words["counter"])
    assert moment.words["hours_today"] == "工作日上午9点到12点，下午3点到6点"


@pytest.mark.parametrize(
    ("seats", "helpers", "is_open"),
    [
        ({}, (), False),
        ({"340200": False}, (), True),
        ({"340200": True}, (), True),
        ({"341600": False}, ("341600",), True),
    ],
)
def test_only_a_centre_whose_callbacks_somebody_can_make_offers_them(
    library: Library, seats: dict[str, bool], helpers: tuple[str, ...], is_open: bool
) -> None:
    moment = build_moment(library.centres["340200"], DutyBoard(seats=seats), at("2026-11-23 10:00"), helpers)
    assert moment.is_open("progress") is is_open
    assert moment.features["progress"].reason == ("" if is_open else "没有设咨询员的座席，约了回电没有人打")


def test_a_key_that_is_closed_by_hand_keeps_its_own_reason(library: Library) -> None:
    board = DutyBoard(features={("340200", "progress"): (False, "线路检修")})
    moment = build_moment(library.centres["340200"], board, at("2026-11-23 10:00"))
    assert moment.features["progress"].reason == "线路检修"


def test_the_number_that_is_shown_is_said_only_when_it_is_agreed(library: Library) -> None:
    centre = library.centres["340200"]
    assert build_moment(centre, DutyBoard(), at("2026-11-23 10:00")).words["shown_number"] == "055312333"
    unsure = replace(centre, callbacks=replace(centre.callbacks, shown_number=None))
    assert build_moment(unsure, DutyBoard(), at("2026-11-23 10:00")).words["shown_number"] is None
