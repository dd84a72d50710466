"""What people set counts within seconds, ends by itself, and survives a database that is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ivr.duty import LOOK_EVERY
from ivr.service import Line
from tests.ivr.conftest import MONDAY_TEN, Clock


def run(line: Line, sql: str, *values: Any) -> None:
    with line.services.database.pool.connection() as connection:
        connection.execute(sql, values)


NOTICE = """
INSERT INTO urgent_notice (centre, text, since, until, signed_by, created_at)
VALUES (%s, %s, %s, %s, '王芳', now())
"""


def test_a_notice_set_elsewhere_is_heard_within_ten_seconds(line: Line, clock: Clock) -> None:
    assert line.duty.board(clock()).notice_for("340200", clock()) is None
    run(line, NOTICE, None, "停电", MONDAY_TEN, MONDAY_TEN + timedelta(hours=1))
    clock.tick(LOOK_EVERY.total_seconds() - 1)
    assert line.duty.board(clock()).notice_for("340200", clock()) is None
    clock.tick(1)
    found = line.duty.board(clock()).notice_for("340200", clock())
    assert found is not None and found.text == "停电"
    clock.tick(3600)
    assert line.duty.board(clock()).notice_for("340200", clock()) is None


def test_the_newest_notice_of_a_centre_is_the_one_heard(line: Line, clock: Clock) -> None:
    end = MONDAY_TEN + timedelta(hours=1)
    run(line, NOTICE, None, "旧的", MONDAY_TEN, end)
    run(line, NOTICE, "340200", "新的", MONDAY_TEN, end)
    found = line.duty.board(clock()).notice_for("340200", clock())
    assert found is not None and found.text == "新的"


def test_a_withdrawn_closing_is_gone(line: Line, clock: Clock) -> None:
    run(
        line,
        "INSERT INTO exceptional_closing (centre, since, until, reason, signed_by, created_at)"
        " VALUES ('340200', %s, %s, '停电', '王芳', now())",
        MONDAY_TEN,
        MONDAY_TEN + timedelta(hours=1),
    )
    assert line.almanac.moment("340200", clock()).hours.reason == "停电"
    run(line, "UPDATE exceptional_closing SET withdrawn_at = now()")
    line.duty.forget()
    assert line.almanac.moment("340200", clock()).hours.state == "open"


def test_a_key_closed_by_hand_is_not_spoken(line: Line, clock: Clock) -> None:
    run(
        line,
        "INSERT INTO feature_override (centre, feature, is_open, reason, set_by, set_at)"
        " VALUES ('340200', 'recordings', false, '正在修订', '王芳', now())",
    )
    moment = line.almanac.moment("340200", clock())
    assert not moment.is_open("recordings") and moment.features["recordings"].reason == "正在修订"
    assert line.almanac.moment("340100", clock()).is_open("recordings")


def test_a_database_that_is_away_takes_nothing_off_the_air(line: Line, clock: Clock) -> None:
    run(line, NOTICE, None, "停电", MONDAY_TEN, MONDAY_TEN + timedelta(hours=1))
    assert line.duty.board(clock()).notices
    database = line.services.database
    good = database.url
    database.close()
    database.url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    clock.tick(60)
    assert line.duty.board(clock()).notices
    database.close()
    database.url = good


SEAT = """
INSERT INTO agent (number, name, centre, state, state_since) VALUES (%s, '王芳', '340200', %s, %s)
"""


@pytest.mark.parametrize(
    ("state", "since", "is_there"),
    [
        ("available", timedelta(hours=9), True),
        ("break", timedelta(hours=1, minutes=59), True),
        ("break", timedelta(hours=2, minutes=1), False),
        ("away", timedelta(minutes=14), True),
        ("away", timedelta(minutes=16), False),
        ("logged_out", timedelta(seconds=1), False),
    ],
)
def test_who_has_been_gone_for_long_is_not_there_by_the_line_s_own_clock(
    line: Line, clock: Clock, state: str, since: timedelta, is_there: bool
) -> None:
    run(line, SEAT, "2001", state, clock() - since)
    assert line.duty.board(clock()).seats == {"340200": is_there}
