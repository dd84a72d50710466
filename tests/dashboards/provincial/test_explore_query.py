"""What an address asks for: periods, comparisons, and every mistake in a sentence of its own."""

from __future__ import annotations

from datetime import date

import pytest

from dashboards.provincial.explore.query import BadQuery, Query, read_query, subject_keys
from dashboards.provincial.periods import NAMED, Period, compared_period, period_words
from voicemail.subjects import Group, Subject, build_tree

# A Friday.
TODAY = date(2026, 11, 20)
TREE = build_tree(
    [
        Group("pension", "养老", "pension", (Subject("pension-enrol", "参保登记"), Subject("pension-benefit", "发放"))),
        Group("card", "社保卡", "card", (Subject("card-loss", "挂失"),)),
    ]
)


def read(**args: str) -> Query:
    return read_query(args, TODAY, TREE)


def problems(**args: str) -> list[str]:
    with pytest.raises(BadQuery) as caught:
        read(**args)
    return caught.value.problems


def days(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


def test_without_anything_it_is_the_last_thirty_days_of_everything() -> None:
    query = read()
    assert query.period == days("2026-10-22", "2026-11-20")
    assert (query.centres, query.subjects, query.channels, query.compared) == ((), (), (), None)
    assert query.address() == "since=2026-10-22&until=2026-11-20&figure=connection_rate&compare=none"


def test_an_address_given_back_asks_for_the_same_in_one_order() -> None:
    asked = {
        "compare": "year", "figure": "fcr", "channels": "wechat,phone", "subjects": "card,pension-enrol,none",
        "centres": "340200,340100", "until": "2026-10-31", "since": "2026-10-01", "view": "heat",
    }  # fmt: skip
    query = read(**asked)
    assert query.address() == (
        "since=2026-10-01&until=2026-10-31&centres=340100,340200&subjects=pension-enrol,card,none"
        "&channels=phone,wechat&figure=fcr&compare=year&view=heat"
    )
    assert read(**query.fields()) == query


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-11-20", "2026-11-20"),
        ("yesterday", "2026-11-19", "2026-11-19"),
        ("this_week", "2026-11-16", "2026-11-20"),
        ("last_week", "2026-11-09", "2026-11-15"),
        ("this_month", "2026-11-01", "2026-11-20"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("this_quarter", "2026-10-01", "2026-11-20"),
        ("last_quarter", "2026-07-01", "2026-09-30"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("last_7_days", "2026-11-14", "2026-11-20"),
    ],
)
def test_periods_have_names(name: str, first: str, last: str) -> None:
    assert read(period=name).period == days(first, last)


def test_every_named_period_has_days_on_every_day() -> None:
    for today in (date(2026, 1, 1), date(2026, 3, 31), date(2024, 2, 29), date(2026, 12, 31)):
        for _, find in NAMED.values():
            assert find(today).first <= find(today).last <= today


@pytest.mark.parametrize(
    ("period", "compare", "before"),
    [
        (("2026-10-01", "2026-10-31"), "previous", ("2026-09-01", "2026-09-30")),
        (("2026-02-01", "2026-02-28"), "previous", ("2026-01-01", "2026-01-31")),
        (("2026-07-01", "2026-09-30"), "previous", ("2026-04-01", "2026-06-30")),
        (("2026-11-01", "2026-11-20"), "previous", ("2026-10-01", "2026-10-20")),
        (("2026-03-01", "2026-03-30"), "previous", ("2026-02-01", "2026-02-28")),
        (("2026-11-16", "2026-11-20"), "previous", ("2026-11-11", "2026-11-15")),
        (("2026-11-20", "2026-11-20"), "previous", ("2026-11-19", "2026-11-19")),
        (("2024-02-29", "2024-02-29"), "year", ("2023-02-28", "2023-02-28")),
        (("2024-02-01", "2024-02-29"), "year", ("2023-02-01", "2023-02-28")),
        (("2026-10-22", "2026-11-20"), "year", ("2025-10-22", "2025-11-20")),
    ],
)
def test_months_are_compared_with_months_and_days_with_days(
    period: tuple[str, str], compare: str, before: tuple[str, str]
) -> None:
    assert compared_period(days(*period), compare) == days(*before)


def test_a_period_reads_as_one_says_it() -> None:
    assert period_words(days("2026-10-01", "2026-10-31")) == "2026年10月"
    assert period_words(days("2025-01-01", "2025-12-31")) == "2025年"
    assert period_words(days("2026-10-03", "2026-10-03")) == "2026年10月3日"
    assert period_words(days("2026-10-03", "2026-11-05")) == "2026年10月3日至11月5日，34天"
    assert period_words(days("2025-12-30", "2026-01-02")) == "2025年12月30日至2026年1月2日，4天"


def test_a_period_ends_today_at_the_latest() -> None:
    assert read(since="2026-11-01", until="2026-11-30").period == days("2026-11-01", "2026-11-20")


def test_every_mistake_has_a_sentence() -> None:
    assert problems(since="2026-10-01", until="2026-13-01", figure="luck", centres="合肥", subjects="moon") == [
        "结束日期“2026-13-01”读不出来，请写成2026-10-01这样。",
        "“合肥”不是中心代码，中心代码是6位数字。",
        "没有“moon”这个主题，请从页面上选。",
        "没有“luck”这个指标，请从页面上选。",
    ]
    assert problems(since="2026-10-02", until="2026-10-01") == ["结束日期在开始日期前面，请换过来。"]
    assert problems(since="2026-12-01", until="2026-12-02") == ["开始日期还没有到，那以后还没有数据。"]
    assert problems(since="2015-12-31", until="2016-02-01") == ["开始日期太早了，最早到2016年。"]
    assert problems(since="2026-10-01") == ["只写了开始日期，请把另一个也写上。"]
    assert problems(period="some_day") == ["没有“some_day”这个时间段，请从页面上选，或写开始和结束日期。"]
    assert problems(compare="luck", channels="fax") == [
        "没有“fax”这个渠道，请从页面上选。",
        "没有“luck”这个比较方式，请从页面上选。",
    ]
    assert len(problems(subjects="x" * 500)[0]) < 60


def test_a_group_means_its_subjects_and_none_what_nobody_noted() -> None:
    assert subject_keys(("pension", "card-loss", "none"), TREE) == ("pension-enrol", "pension-benefit", "card-loss", "")
