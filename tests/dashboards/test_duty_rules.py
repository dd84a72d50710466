"""The rules of the duty desk, on forms as they are typed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.duty_rules import (
    ALL_CENTRES,
    MOST_CHARACTERS,
    MOST_SECONDS,
    as_local_input,
    check_closing,
    check_key,
    check_notice,
    check_year,
    days_as_lines,
    notice_problem,
    parse_local,
    spoken_text,
)
from integrations.work_calendar import fixed_holidays, statutory_holidays
from ivr.words import speaking_seconds
from queueing.features import FEATURES

# 10:20 in Hefei.
NOW = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)
CENTRES = ("340100",)
GOOD = {
    "centre": "340100",
    "text": "养老金本月15日发放，今天没到账是正常的",
    "since": "2026-11-20T10:20",
    "until": "2026-11-20T18:00",
}


def notice_errors(may_set_all: bool = False, **changes: str) -> Any:
    return check_notice({**GOOD, **changes}, NOW, CENTRES, may_set_all).errors


def test_a_good_notice_is_kept_in_utc_and_ends_like_a_sentence() -> None:
    notice = check_notice(GOOD, NOW, CENTRES, False).value
    assert notice is not None
    assert notice.text == "养老金本月15日发放，今天没到账是正常的。"
    assert notice.since == NOW and notice.until == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"centre": ""}, "centre", "请选择"),
        ({"centre": "340200"}, "centre", "请选择"),
        ({"centre": ALL_CENTRES}, "centre", "请选择"),
        ({"text": ""}, "text", "请写通知的内容"),
        ({"text": " 。\n，"}, "text", "请写通知的内容"),
        ({"text": "长" * 61}, "text", "现在61个字，最多60个字"),
        ({"text": "长" * 55}, "text", "最多12秒"),
        ({"text": "王芳11010519491231002X请来电"}, "text", "证件号码"),
        ({"since": ""}, "since", "从什么时候开始"),
        ({"since": "tomorrow"}, "since", "从什么时候开始"),
        ({"since": "0001-01-01T00:00"}, "since", "从什么时候开始"),
        ({"until": ""}, "until", "到点自动停"),
        ({"until": "12026-11-20T18:00"}, "until", "到点自动停"),
        ({"until": "2026-11-20T10:20"}, "until", "已经过去"),
        ({"since": "2026-11-21T10:00", "until": "2026-11-21T10:00"}, "until", "晚于开始时间"),
        ({"until": "2027-11-20T18:00"}, "until", "最长31天"),
    ],
)
def test_a_bad_notice_says_what_is_wrong_beside_the_field(changes: dict[str, str], field: str, words: str) -> None:
    errors = notice_errors(**changes)
    assert list(errors) == [field] and words in errors[field]


def test_all_wrong_fields_are_told_at_once() -> None:
    errors = check_notice({}, NOW, CENTRES, False).errors
    assert set(errors) == {"centre", "text", "since", "until"}


def test_only_the_province_speaks_to_all_centres() -> None:
    checked = check_notice({**GOOD, "centre": ALL_CENTRES}, NOW, CENTRES, True)
    assert checked.value is not None and checked.value.centre is None


@given(st.text(max_size=80))
def test_an_accepted_notice_is_always_one_short_line(text: str) -> None:
    if not notice_problem(text):
        spoken = spoken_text(text)
        assert len(spoken) <= MOST_CHARACTERS + 1 and speaking_seconds(spoken) <= MOST_SECONDS
        assert spoken.isprintable() and spoken[-1] in "。！？"


@given(st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31)))
def test_times_are_typed_and_shown_on_the_shanghai_clock(local: datetime) -> None:
    typed = local.strftime("%Y-%m-%dT%H:%M")
    at = parse_local(typed)
    assert at is not None and at.utcoffset() == timedelta(0) and as_local_input(at) == typed


def closing_errors(**changes: str) -> Any:
    return check_closing({**GOOD, "reason": "办公楼停电", **changes}, NOW, CENTRES).errors


def test_a_closing_needs_a_centre_a_short_reason_and_both_times() -> None:
    assert closing_errors() == {}
    assert "来电人会听到" in closing_errors(reason=" ")["reason"]
    assert "最多30个字" in closing_errors(reason="因" * 31)["reason"]
    assert "请选择中心" in closing_errors(centre=ALL_CENTRES)["centre"]
    assert "晚于开始" in closing_errors(since="2026-11-20T19:00")["until"]


KEY = {"centre": "340100", "feature": "query", "change": "open", "reason": "接入了"}


def key_errors(obstacle: str = "", is_open: bool = False, **changes: str) -> Any:
    about = ("340100", "query")
    return check_key({**KEY, **changes}, CENTRES, FEATURES, {about: obstacle}, {about: is_open}).errors


def test_a_key_with_nothing_behind_it_cannot_be_opened_but_closed() -> None:
    assert key_errors() == {}
    assert key_errors(obstacle="没有内容") == {"feature": "没有内容"}
    assert key_errors(obstacle="没有内容", change="close") == {}
    assert "就开着" in key_errors(is_open=True)["feature"]


def test_a_key_needs_everything() -> None:
    assert set(check_key({}, CENTRES, FEATURES, {}, {}).errors) == {"centre", "feature", "change", "reason"}
    assert "feature" in key_errors(feature="secret")


def year_form(year: int = 2027) -> dict[str, str]:
    days = statutory_holidays(year)
    return {"year": str(year), "off": "\n".join(f"{day} {name}" for day, name in days.items()), "work": "2027-02-14"}


def test_a_year_is_read_from_lines_and_shown_as_lines_again() -> None:
    notice = check_year(year_form()).value
    assert notice is not None and notice.year == 2027
    assert len(notice.off) == 13 and fixed_holidays(2027).keys() <= notice.off
    kept = {"off": {d.isoformat(): notice.names[d] for d in notice.off}, "work": [d.isoformat() for d in notice.work]}
    again = check_year({"year": "2027", **days_as_lines(kept)}).value
    assert again == notice


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"year": "二〇二七"}, "year", "四位数"),
        ({"year": "1999"}, "year", "2000到2100"),
        ({"off": "2027-13-01 元旦"}, "off", "第1行“2027-13-01 元旦”"),
        ({"off": "20270101 元旦"}, "off", "第1行"),
        ({"off": "2027-01-01"}, "off", "没有写节日名称"),
        ({"off": "2027-01-01 元旦\n\n2027-01-01 元旦"}, "off", "第3行的2027-01-01写了两次"),
        ({"off": "2027-01-01 元旦"}, "off", "是法定节假日，却没有放假"),
        ({"off": "x\n" * 200}, "off", "最多80行"),
        ({"work": "2027-02-15"}, "work", "不是周末"),
        ({"work": "下周六"}, "work", "第1行"),
    ],
)
def test_a_bad_year_says_which_line(changes: dict[str, str], field: str, words: str) -> None:
    errors = check_year({**year_form(), **changes}).errors
    assert words in errors[field], errors


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=6))
def test_whatever_is_typed_ends_in_a_year_or_in_sentences(off: str, work: str, year: str) -> None:
    checked = check_year({"year": year, "off": off, "work": work})
    assert (checked.value is None) == bool(checked.errors)
