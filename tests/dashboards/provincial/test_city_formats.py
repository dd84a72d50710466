"""Every row of a city is good, or its line, its field and what is wrong are told."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.provincial.cities.fields import FIELDS, KINDS, TITLES_ZH
from dashboards.provincial.cities.formats import Checked, check_rows
from dashboards.provincial.measures import MEASURES
from ivr.outcome import PRECEDENCE
from tests.dashboards.provincial.city_app import call

NOW = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)
SUBJECTS = {"card-loss"}
# By GB 11643, of nobody.
ID_NUMBER = "340104199003070015"


def check(*rows: Any, kind: str = "calls") -> Checked:
    return check_rows(kind, enumerate(rows, 1), centre="340700", now=NOW, subjects=SUBJECTS)


def one(row: Any, kind: str = "calls") -> dict[str, Any]:
    checked = check(row, kind=kind)
    assert checked.problems == []
    return checked.rows[0][1]


def wrong(row: Any, kind: str = "calls") -> list[str]:
    checked = check(row, kind=kind)
    assert checked.rows == []
    return [problem.field for problem in checked.problems]


def test_a_call_gets_its_defaults() -> None:
    assert one(call()) == {
        "call_id": "C-1",
        "version": 1,
        "started_at": datetime(2026, 11, 20, 1, tzinfo=UTC),
        "ended_at": datetime(2026, 11, 20, 1, 5, tzinfo=UTC),
        "channel": "phone",
        "subject": "",
        "outcome": "answered",
        "asked_human": True,
        "wait_seconds": 10,
        "talk_seconds": 200,
        "hold_seconds": 0,
        "wrap_up_seconds": 0,
        "score": None,
        "withdrawn": False,
    }


def test_texts_of_a_file_are_read_like_json() -> None:
    times = {"started_at": "2026/11/20 9:00", "ended_at": "2026-11-20 09:05:00"}
    chosen = {"withdrawn": "否", "channel": "网站", "outcome": "人工接通", "asked_human": "是"}
    texts = call(version="2", talk_seconds=" 200 ", wait_seconds="10", score="", **times, **chosen)
    assert one(texts) == one(call(version=2, channel="web"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T09:00:00+08:00", datetime(2026, 11, 20, 1, tzinfo=UTC)),
        ("2026-11-20T01:00:00.250Z", datetime(2026, 11, 20, 1, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-20 09:00", datetime(2026, 11, 20, 1, tzinfo=UTC)),
        ("2026-11-20T04:00:00+0300", datetime(2026, 11, 20, 1, tzinfo=UTC)),
        # Up to five minutes ahead of us.
        ("2026-11-20 10:25:00", datetime(2026, 11, 20, 2, 25, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_of_shanghai(text: str, moment: datetime) -> None:
    assert one(call(started_at=text, ended_at=..., outcome=...))["started_at"] == moment


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-02-30 09:00", "2026-11-20", "2026-11-20 24:30", "2026-11-20 10:25:01", "1999-12-31 09:00",
     "0001-01-01 00:00", "9999-12-31 23:59Z", "2026-11-20 09:00+99:99", 1763600000, True, ["2026-11-20 09:00"]],
)  # fmt: skip
def test_what_is_no_time_of_the_past_is_refused(text: Any) -> None:
    assert wrong(call(started_at=text, ended_at=..., outcome=...)) == ["started_at"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"call_id": ...}, "call_id"),
        ({"call_id": ""}, "call_id"),
        ({"call_id": "x" * 65}, "call_id"),
        ({"call_id": "a b"}, "call_id"),
        ({"call_id": "a\x00b"}, "call_id"),
        ({"call_id": ["a"]}, "call_id"),
        ({"version": 0}, "version"),
        ({"version": 1.5}, "version"),
        ({"version": "1e3"}, "version"),
        ({"version": True}, "version"),
        ({"version": 10**30}, "version"),
        ({"started_at": ...}, "started_at"),
        ({"ended_at": "2026-11-20 08:59:59"}, "ended_at"),
        ({"started_at": "2026-11-18 09:00"}, "ended_at"),
        ({"ended_at": ...}, "ended_at"),
        ({"outcome": ...}, "outcome"),
        ({"outcome": "lost"}, "outcome"),
        ({"channel": "fax"}, "channel"),
        ({"subject": "lottery"}, "subject"),
        ({"subject": "*"}, "subject"),
        ({"asked_human": "maybe"}, "asked_human"),
        ({"asked_human": False}, "asked_human"),
        ({"talk_seconds": ...}, "talk_seconds"),
        ({"talk_seconds": 0}, "talk_seconds"),
        ({"talk_seconds": -1}, "talk_seconds"),
        ({"talk_seconds": 200_000}, "talk_seconds"),
        ({"talk_seconds": 900}, "talk_seconds"),
        ({"wait_seconds": 900}, "wait_seconds"),
        ({"score": 6}, "score"),
        ({"outcome": "self_served"}, "talk_seconds"),
        ({"outcome": "voicemail", "talk_seconds": ..., "score": 1}, "score"),
        ({"outcome": "abandoned_in_queue", "talk_seconds": ..., "wait_seconds": ...}, "wait_seconds"),
        ({"outcome": "abandoned_in_queue", "talk_seconds": ..., "wait_seconds": 3}, "outcome"),
        ({"outcome": "short_abandon", "talk_seconds": ..., "wait_seconds": 30}, "outcome"),
        ({"centre": "340100"}, "centre"),
        ({"caller_number": "secret"}, "caller_number"),
    ],
)
def test_what_is_wrong_with_a_call_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    assert wrong(call(**changes)) == [field]


def test_good_calls_of_every_outcome() -> None:
    for outcome in PRECEDENCE:
        talk = {} if outcome == "answered" else {"talk_seconds": ...}
        wait = 3 if outcome == "short_abandon" else 30
        assert one(call(outcome=outcome, wait_seconds=wait, **talk))["outcome"] == outcome
    assert one(call(outcome="self_served", talk_seconds=..., wait_seconds=...))["asked_human"] is False
    assert one(call(outcome=..., ended_at=..., talk_seconds=...))["asked_human"] is False
    assert one(call(centre="340700", withdrawn=True))["withdrawn"] is True


@pytest.mark.parametrize(
    "call_id",
    ["13855112345", "8613855112345", "+8613855112345", "20261120-13855112345", "0551-62345678", "055162345678",
     ID_NUMBER, f"A{ID_NUMBER}", "34010419900307001X"],
)  # fmt: skip
def test_a_name_of_a_call_is_nobodys_number_and_not_repeated(call_id: str) -> None:
    checked = check(call(call_id=call_id), call(started_at=call_id), {**call("C-2"), call_id: 1})
    assert {problem.line for problem in checked.problems} == {1, 2, 3} and checked.rows == []
    assert not any(call_id[-8:-4] in str(problem) for problem in checked.problems)


@pytest.mark.parametrize(
    "call_id",
    ["20261120100231000123", "202611201002310001", "1763604151.48213", "0000012345", 48213, "A:1/2@3",
     "2f1c13855112345a2f1c13855112345a", "6f9619ff-8b86-d011-b42d-13855112345a"],
)  # fmt: skip
def test_names_that_machines_make_are_taken(call_id: Any) -> None:
    assert one(call(call_id=call_id))["call_id"] == str(call_id)


def test_the_same_call_and_version_twice_is_a_doubled_line() -> None:
    checked = check(call(), call(version=2), call(), call("C-2"))
    assert [(problem.line, problem.field) for problem in checked.problems] == [(3, "call_id")]
    assert "第 1 行" in checked.problems[0].problem
    assert (checked.total, [line for line, _ in checked.rows]) == (4, [1, 2, 4])


HOUR = {"hour": "2026-11-20 09:00", "received": 10, "answered": 6, "abandoned_in_queue": 3, "in_progress": 1}


def test_an_hour_keeps_what_is_not_nought() -> None:
    assert one({**HOUR, "voicemail": 0, "handling_seconds": 7200, "cases_due": "3"}, "hours") == {
        "hour": datetime(2026, 11, 20, 1, tzinfo=UTC),
        "channel": "phone",
        "subject": "",
        "version": 1,
        "measures": {
            "received": 10,
            "in_progress": 1,
            "answered": 6,
            "abandoned_in_queue": 3,
            "handling_seconds": 7200,
            "cases_due": 3,
        },
    }
    assert one({"hour": "2026-11-20 09:00", "cases_opened": 2}, "hours")["measures"] == {"cases_opened": 2}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"received": 11}, "received"),
        ({"received": None}, "received"),
        ({"answered": -1}, "answered"),
        ({"hour": "2026-11-20 09:30"}, "hour"),
        ({"subject": "card-loss", "handling_seconds": 60}, "handling_seconds"),
        ({"answered_15": 7}, "answered_15"),
        ({"served_wait_0": 4, "served_wait_1": 4}, "served_wait_0"),
        ({"cases_in_time": 1}, "cases_in_time"),
        ({"score_1": 1}, "score_1"),
        ({"lost": 1}, "lost"),
    ],
)
def test_what_is_wrong_with_an_hour_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    assert wrong({**HOUR, **changes}, "hours") == [field]


def test_a_day_keeps_what_was_told() -> None:
    assert one({"day": "2026/11/19", "received": "5", "answered": 5, "voicemail": 0}, "totals") == {
        "day": date(2026, 11, 19),
        "version": 1,
        "measures": {"received": 5, "answered": 5, "voicemail": 0},
    }
    assert wrong({"day": "2026-11-21", "received": 5}, "totals") == ["day"]
    assert wrong({"day": "2026-11-19", "received": 5, "answered": 6}, "totals") == ["received"]
    assert wrong({"day": "2026-11-19", "received": 5, **dict.fromkeys(PRECEDENCE, 0)}, "totals") == ["received"]
    assert wrong({"day": "2026-11-19"}, "totals") == ["received"]
    assert wrong(3, "totals") == [""]


def test_every_field_has_a_title_of_its_own() -> None:
    for kind in KINDS:
        titles = [field.title_zh for field in FIELDS[kind]]
        assert len(titles) == len(set(titles))
        assert len({field.name for field in FIELDS[kind]}) == len(titles)
    assert set(TITLES_ZH) == set(MEASURES)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(
        st.dictionaries(st.sampled_from([field.name for field in FIELDS["calls"]]) | st.text(max_size=5), anything)
    ),
)
def test_whatever_is_sent_every_line_is_good_or_named(kind: str, rows: list[dict[str, Any]]) -> None:
    checked = check(*rows, kind=kind)
    lines = {line for line, _ in checked.rows} | {problem.line for problem in checked.problems}
    assert lines == set(range(1, len(rows) + 1))
    assert len(checked.rows) + len({problem.line for problem in checked.problems}) == checked.total == len(rows)
    assert all(problem.problem and "\x00" not in problem.problem + problem.field for problem in checked.problems)
