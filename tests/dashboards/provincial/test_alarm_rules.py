"""What is an alarm and what is not, on what the wallboard has seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboards.provincial.alarms.proof_alarms import OF_THE_PROOFS
from dashboards.provincial.alarms.rules import (
    LIMITS,
    LIMITS_ZH,
    OF_THE_SNAPSHOT,
    RULES_ZH,
    URGENT,
    WARNING,
    AlarmLimits,
    Found,
    alarms_of,
    find_alarms,
    in_words,
)

NOW = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)
HEFEI, WUHU = "340100", "340200"


def seen(centre: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A snapshot in which Hefei is like this, and nothing else is wrong."""
    quiet = {"sums": {}, "now": {}, "kind": "own", "newest_at": NOW.isoformat(), "is_stale": False, "systems": []}
    return {
        "at": NOW.isoformat(),
        "day": "2026-11-20",
        "figures_are_behind_seconds": 0,
        "centres": {HEFEI: {**quiet, **(centre or {})}},
        **more,
    }


def line(waiting: int = 0, longest: int = 0, **agents: int) -> dict[str, Any]:
    return seen({"now": {"waiting": waiting, "longest_wait_seconds": longest, "agents": agents}})


def told(found: list[Found]) -> list[tuple[str, str]]:
    return [(one.rule, one.severity) for one in found]


def test_a_quiet_province_has_no_alarms() -> None:
    assert find_alarms(seen()) == [] and find_alarms({}) == []


def test_figures_that_stand_still_are_an_alarm_of_the_province() -> None:
    assert find_alarms(seen(figures_are_behind_seconds=120)) == []
    assert find_alarms(seen(figures_are_behind_seconds=None)) == []
    [found] = find_alarms(seen(figures_are_behind_seconds=125))
    assert (found.rule, found.centre, found.severity) == ("figures_behind", None, URGENT) and "2分前" in found.words


def test_days_that_nobody_makes_anew_are_an_alarm_although_the_present_is_up_to_date() -> None:
    assert find_alarms(seen(builder_silent_seconds=600)) == find_alarms(seen(builder_silent_seconds=None)) == []
    [found] = find_alarms(seen(builder_silent_seconds=660))
    assert (found.rule, found.about, found.severity) == ("figures_behind", "days", URGENT) and "11分" in found.words


@pytest.mark.parametrize(
    ("silent", "severity", "words"),
    [
        (timedelta(minutes=40), WARNING, "已经40分没有新数据"),
        (timedelta(hours=4, minutes=1), URGENT, "4小时1分"),
        (None, URGENT, "还没有送来过数据"),
    ],
)
def test_a_city_that_is_silent_is_an_alarm_and_urgent_after_hours(
    silent: timedelta | None, severity: str, words: str
) -> None:
    newest = None if silent is None else (NOW - silent).isoformat()
    [found] = find_alarms(seen({"kind": "city", "is_stale": True, "newest_at": newest}))
    assert told([found]) == [("city_silent", severity)] and found.centre == HEFEI and words in found.words


def test_received_is_the_sum_of_the_outcomes_and_of_those_in_progress() -> None:
    sums = {"received": 10, "answered": 6, "self_served": 2, "abandoned_in_queue": 1, "in_progress": 1, "offered": 7}
    assert find_alarms(seen({"sums": sums})) == []
    [found] = find_alarms(seen({"sums": sums | {"received": 12}}))
    assert (found.rule, found.about, found.must_clear) == ("identity", "2026-11-20", True)
    assert found.detail == {"difference": 2, "calls": []} and "相差的2个" in found.words


@pytest.mark.parametrize(
    ("waiting", "longest", "agents", "expected"),
    [
        (10, 0, {"on_call": 1}, []),
        (12, 0, {"on_call": 3, "available": 1}, []),
        (13, 0, {"on_call": 3, "available": 1}, [("long_line", WARNING)]),
        # Whoever the system has set away serves nobody; whoever has a break will.
        (13, 0, {"on_call": 3, "break": 1, "away": 3}, [("long_line", WARNING)]),
        (1, 600, {"on_call": 1}, []),
        (1, 601, {"on_call": 1}, [("long_line", URGENT)]),
        (1, 0, {"away": 2}, [("nobody", URGENT)]),
        (12, 700, {}, [("nobody", URGENT), ("long_line", URGENT)]),
        (0, 0, {}, []),
    ],
)
def test_a_line_is_too_long_for_whoever_is_there(
    waiting: int, longest: int, agents: dict[str, int], expected: list[tuple[str, str]]
) -> None:
    assert told(find_alarms(line(waiting, longest, **agents))) == expected


def test_who_waits_at_a_closed_door_is_not_for_want_of_consultants() -> None:
    now = {"waiting": 1, "agents": {}, "is_open": False}
    assert find_alarms(seen({"now": now})) == []


@pytest.mark.parametrize(
    ("offered", "left", "is_alarm"), [(29, 29, False), (30, 6, False), (30, 7, True), (0, 0, False), (200, 41, True)]
)
def test_abandonment_counts_from_thirty_calls_on(offered: int, left: int, is_alarm: bool) -> None:
    sums = {"offered": offered, "abandoned_in_queue": left, "received": left}
    assert [one.rule for one in find_alarms(seen({"sums": sums}))] == (["abandonment"] if is_alarm else [])


@pytest.mark.parametrize(("overdue", "severity"), [(0, None), (1, WARNING), (5, WARNING), (6, URGENT)])
def test_an_overdue_case_is_an_alarm_and_many_are_urgent(overdue: int, severity: str | None) -> None:
    found = find_alarms(seen({"now": {"cases_overdue": overdue}}))
    assert told(found) == ([("overdue", severity)] if severity else [])


def test_a_system_that_is_down_is_one_alarm_however_many_centres_it_answers() -> None:
    def system(name: str, state: str, kind: str = "pension") -> dict[str, str]:
        return {"kind": kind, "name": name, "state": state}

    here = {
        "systems": [system("省养老", "down"), system("省养老", "up", "card"), system("合肥社保卡", "half_open", "card")]
    }
    there = {"systems": [system("省养老", "half_open"), system("芜湖医保", "slow"), system("芜湖社保卡", "absent")]}
    found = find_alarms({"centres": {HEFEI: here, WUHU: there}})
    assert [(one.centre, one.about, one.severity) for one in found] == [
        (None, "省养老", URGENT),
        (HEFEI, "合肥社保卡", WARNING),
    ]
    assert found[0].detail == {"centres": [HEFEI, WUHU]} and "2个中心" in found[0].words


def test_limits_can_be_set() -> None:
    assert told(find_alarms(line(3, 0, on_call=1), AlarmLimits(waiting=2, waiting_for_each=2))) == [
        ("long_line", WARNING)
    ]


def test_every_limit_and_every_rule_has_its_words() -> None:
    assert LIMITS_ZH.keys() == set(AlarmLimits.__dataclass_fields__) and AlarmLimits() == LIMITS
    assert {*OF_THE_SNAPSHOT, *OF_THE_PROOFS} == RULES_ZH.keys() and max(map(len, RULES_ZH)) <= 24


def test_a_city_is_told_of_its_own_alarms_and_of_what_is_about_itself() -> None:
    alarms = [
        {"id": 1, "centre": HEFEI, "centres": []},
        {"id": 2, "centre": WUHU, "centres": []},
        {"id": 3, "centre": None, "centres": [HEFEI, WUHU]},
        {"id": 4, "centre": None, "centres": []},
    ]
    assert [one["id"] for one in alarms_of(alarms, (HEFEI,))] == [1, 3]
    assert [one["id"] for one in alarms_of(alarms, ("340300",))] == []
    assert [one["id"] for one in alarms_of(alarms, (HEFEI, WUHU))] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45, "45秒"), (60, "1分"), (3599, "59分"), (3600, "1小时"), (11100, "3小时5分"), (86400 * 2, "2天")],
)
def test_a_time_is_said_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
