"""Fields read strictly: a value is what the standard says, or nothing; and no error repeats it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.social_insurance import fields
from integrations.social_insurance.fields import Unreadable

READERS: list[Callable[[Any, str], Any]] = [
    fields.text, fields.fen, fields.months, fields.day, fields.month, fields.moment, fields.needed_text, fields.place,
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("0", 0), (0, 0), ("12.5", 1250), ("12.50", 1250), ("12.500", 1250), (Decimal("12.1"), 1210), (7, 700),
        ("-3.05", -305), (Decimal("1E+2"), 10000), ("", None), (None, None), ("  ", None),
        ("100000000", 10_000_000_000),
    ],
)  # fmt: skip
def test_yuan_become_fen(value: object, fen: int | None) -> None:
    assert fields.fen(value, "balc") == fen


@given(st.integers(-(10**10), 10**10))
def test_no_fen_is_lost_whatever_way_it_is_written(fen: int) -> None:
    yuan = Decimal(fen) / 100
    assert fields.fen(f"{yuan:.2f}", "balc") == fields.fen(yuan, "balc") == fen


@pytest.mark.parametrize(
    "value",
    ["12.345", "1,200", "12元", "NaN", "1e3", "--1", "不详", True, [], {}, "９", Decimal("1E+999999"), "9" * 13, "0x1"],
)
def test_what_is_no_amount_is_unreadable(value: object) -> None:
    with pytest.raises(Unreadable, match=r"^balc unreadable$"):
        fields.fen(value, "balc")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("20260831", date(2026, 8, 31)),
        ("2026-08-31", date(2026, 8, 31)),
        ("2026-08-31 00:00:00", date(2026, 8, 31)),
        ("2026-08-31T10:00:00.000", date(2026, 8, 31)),
        ("20260831123000", date(2026, 8, 31)),
        ("20260831123000123", date(2026, 8, 31)),
        (20260831, date(2026, 8, 31)),
        ("", None),
        (None, None),
    ],
)
def test_days(value: object, day: date | None) -> None:
    assert fields.day(value, "AAE031") == day


@pytest.mark.parametrize(
    "value", ["20260832", "2026831", "26-08-31", "2026/08/31", "00000000", "明天", 0, True, "202608"]
)
def test_what_is_no_day_is_unreadable(value: object) -> None:
    with pytest.raises(Unreadable, match=r"^AAE031 unreadable$"):
        fields.day(value, "AAE031")


@pytest.mark.parametrize(
    ("value", "months"), [("182", 182), (0, 0), ("182.0", 182), (Decimal("24.00"), 24), ("", None)]
)
def test_months(value: object, months: int | None) -> None:
    assert fields.months(value, "AAE201") == months


@pytest.mark.parametrize("value", ["-1", "182.5", "1301", "十二", False])
def test_what_is_no_number_of_months_is_unreadable(value: object) -> None:
    with pytest.raises(Unreadable):
        fields.months(value, "AAE201")


def test_months_of_the_year() -> None:
    assert fields.month("202608", "EAC064") == "202608" and fields.month("", "EAC064") is None
    for bad in ("202613", "202600", "2026-08", "20260801", "302601"):
        with pytest.raises(Unreadable):
            fields.month(bad, "EAC064")


def test_places_may_be_abolished_but_not_anything() -> None:
    assert fields.place("342423", "AAB301") == "342423" and fields.place(340100, "AAB301") == "340100"
    for bad in ("34010", "0340100", "皖", None, ""):
        with pytest.raises(Unreadable):
            fields.place(bad, "AAB301")


def test_moments() -> None:
    at = datetime(2026, 8, 31, 9, 5, 1)
    assert fields.moment("20260831090501", "t") == fields.moment("2026-08-31 09:05:01", "t") == at
    assert fields.moment("20260831090501999", "t") == at and fields.moment(None, "t") is None
    for bad in ("20260831", "20260831250501", "1788138301"):
        with pytest.raises(Unreadable):
            fields.moment(bad, "t")


@pytest.mark.parametrize(
    ("said", "is_mine"),
    [
        ("34010419910916996X", True),
        ("34010419910916996x", True),
        (" 34010419910916996X ", True),
        ("3401**********996X", True),
        ("3401***********96X", False),
        ("******************", False),
        ("34010419910916997X", False),
        ("340104910916996", False),
        ("", False),
        (None, False),
        (340104199109169960, False),
    ],
)
def test_an_answer_is_about_whoever_was_asked_for(said: object, is_mine: bool) -> None:
    assert fields.is_about("34010419910916996X", said) is is_mine


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("未查询到该人员的参保信息", "未查询到该人员的参保信息"),
        ("身份证34010419910916996X不存在", "身份证（号码略）不存在"),
        ("卡号 6222 0212 3456 7890 已注销", "卡号 （号码略） 已注销"),
        ("请打13855112345", "请打（号码略）"),
        ("请打95588", "请打95588"),
        ("３４０１０４１９９１０９１６", "（号码略）"),
        ("3401**********996X", "（号码略）"),
        ("王芳的卡在2026年8月31日注销", "某某的卡在2026年8月31日注销"),
        ("错<br/>误\n第二行", "错 误 第二行"),
        ("长" * 80, "长" * 59 + "…"),
        (None, ""),
        (12, ""),
    ],
)
def test_a_systems_sentence_is_made_fit_to_be_told(said: object, told: str) -> None:
    assert fields.sentence(said, ["王芳", ""]) == told


@given(st.text(alphabet="0123456789X* -卡号，", max_size=40))
def test_no_sentence_keeps_a_long_number(said: str) -> None:
    digits = 0
    for character in fields.sentence(said):
        digits = digits + 1 if character.isdigit() else 0
        assert digits < 6


@pytest.mark.parametrize("body", ["", "<html>", "[1", '{"a": NaN}', "[" * 100_000, b"\xff\xfe{"])
def test_what_is_no_json_is_unreadable(body: str | bytes) -> None:
    with pytest.raises(Unreadable, match=r"^reply is no JSON$"):
        fields.read_json(body)


def test_fractions_are_kept_as_they_were_sent() -> None:
    assert fields.read_json('{"balc": 0.1}') == {"balc": Decimal("0.1")}


@given(st.sampled_from(READERS), st.text(max_size=30) | st.integers() | st.lists(st.integers()))
def test_no_error_repeats_a_value(reader: Callable[[Any, str], Any], value: object) -> None:
    try:
        reader(value, "F")
    except Unreadable as problem:
        assert str(problem) in ("F unreadable", "F missing") and problem.__cause__ is None


def test_codes_that_are_not_written_down_are_unknown() -> None:
    codes = {"1": "normal", "1/3": "drawing", "1/": "paying"}
    assert fields.word(codes, "1", field="c") == fields.word(codes, 1, field="c") == "normal"
    assert fields.word(codes, "1", "3", field="c") == "drawing" and fields.word(codes, "1", None, field="c") == "paying"
    assert fields.word(codes, "7", field="c") == fields.word(codes, None, field="c") == "unknown"
