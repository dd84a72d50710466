"""Numbers as carriers, trunks and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.phone_numbers import (
    CallerNumber,
    NumberKind,
    can_be_rung_back,
    is_dialable,
    load_places,
    normalise_dialled,
    parse_caller,
    place_of,
    tail,
)

WANG_FANG = "+8613855112345"


@pytest.mark.parametrize(
    "raw",
    [
        "+8613855112345",
        " 8613855112345",  # a plus sign lost to form decoding
        "8613855112345",
        "008613855112345",
        "13855112345",
        "013855112345",
        "138 5511-2345",
        "sip:13855112345@10.0.0.1",
        '"Wang Fang" <sip:+8613855112345@10.0.0.1;user=phone>',
        "sip:%2B8613855112345@10.0.0.1:5060",
        "sip:+8613855112345;phone-context=cn@10.0.0.1",
        "tel:+86-138-5511-2345",
    ],
)
def test_a_mobile_is_understood_however_it_is_written(raw: str) -> None:
    caller = parse_caller(raw)
    assert caller == CallerNumber(kind=NumberKind.MOBILE, e164=WANG_FANG, region="安徽省合肥市")


@pytest.mark.parametrize("raw", ["+8655162345678", "055162345678", "0551-6234 5678", "86055162345678"])
def test_a_landline_carries_its_area_code(raw: str) -> None:
    caller = parse_caller(raw)
    assert (caller.kind, caller.e164) == (NumberKind.LANDLINE, "+8655162345678")
    assert (caller.area_code, caller.region) == ("0551", "安徽省合肥市")


@pytest.mark.parametrize(
    ("raw", "area_code", "region"),
    [
        ("05582345678", "0558", "安徽省阜阳市或亳州市"),
        ("05652345678", "0565", "安徽省合肥市"),  # Chaohu's, dead since 2011
        ("05533812345", "0553", "安徽省芜湖市"),
        ("01062345678", "010", "北京市"),
        ("02582345678", "025", "江苏省南京市"),
    ],
)
def test_area_codes_with_a_history_and_beyond_the_province(raw: str, area_code: str, region: str) -> None:
    caller = parse_caller(raw)
    assert (caller.kind, caller.area_code, caller.region) == (NumberKind.LANDLINE, area_code, region)


@pytest.mark.parametrize("raw", ["12333", "+8612333", "8612333", "sip:12333@host", "110", "95588", "9512333"])
def test_short_codes_have_no_e164(raw: str) -> None:
    assert parse_caller(raw) == CallerNumber(kind=NumberKind.SHORT)


@pytest.mark.parametrize("raw", ["+8655312333", "055312333", "0553-12333"])
def test_a_short_code_behind_an_area_code_keeps_both(raw: str) -> None:
    caller = parse_caller(raw)
    assert (caller.kind, caller.e164, caller.area_code) == (NumberKind.SHORT, "+8655312333", "0553")


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "  ",
        "anonymous",
        "Restricted",
        "UNAVAILABLE",
        "+266696687",  # ANONYMOUS on a keypad
        "266696687",
        "+7378742833",  # RESTRICTED, which would parse as a Russian number
        "+86282452253",  # UNAVAILABLE, which would parse as one of Chengdu
        "+8656696",  # UNKNOWN
        "sip:anonymous@anonymous.invalid",
        '"Anonymous" <sip:anonymous@10.0.0.1>',
        "sip:10.0.0.1",
    ],
)
def test_a_withheld_number_is_withheld_however_the_carrier_says_it(raw: str | None) -> None:
    assert parse_caller(raw) == CallerNumber(kind=NumberKind.WITHHELD)


@pytest.mark.parametrize("raw", ["+85223456789", "+16505551212", "0016505551212"])
def test_numbers_outside_the_mainland_are_foreign(raw: str) -> None:
    caller = parse_caller(raw)
    assert caller.kind is NumberKind.FOREIGN
    assert caller.e164 and caller.e164[1:] in raw
    assert (caller.area_code, caller.region) == (None, None)


@pytest.mark.parametrize(
    "raw",
    [
        "62345678",
        "55112333",
        "138551",
        "0553123456789",
        "client:agent-7",
        "1-800-FLOWERS",
        "+",
        "٣٤٥٦٧٨٩",
        "1" * 400,
    ],
)
def test_junk_is_invalid(raw: str) -> None:
    assert parse_caller(raw) == CallerNumber(kind=NumberKind.INVALID)


@given(st.text(max_size=60) | st.from_regex(r"\+?[\d -]{1,20}", fullmatch=True))
def test_anything_at_all_is_understood_without_raising(raw: str) -> None:
    caller = parse_caller(raw)
    if caller.e164:
        again = parse_caller(caller.e164)
        assert again == caller


def test_a_mobile_segment_without_a_place_is_still_a_mobile() -> None:
    assert parse_caller("19912345678") == CallerNumber(kind=NumberKind.MOBILE, e164="+8619912345678")


@pytest.mark.parametrize("national", ["13855112345", "13024020000", "18955812345", "1062345678", "2582345678"])
def test_places_are_those_of_the_library(national: str) -> None:
    import phonenumbers
    from phonenumbers import geocoder

    described = geocoder.description_for_number(phonenumbers.parse(f"+86{national}"), "zh")
    assert place_of(national) == described


def test_every_city_of_anhui_has_prefixes() -> None:
    names = load_places()[2]
    anhui = {name for name in names if name.startswith("安徽省")}
    assert len(anhui) == 16
    assert "安徽省巢湖市" not in anhui  # its numbers belong to Hefei today


@pytest.mark.parametrize(
    ("number", "dialable"),
    [
        (WANG_FANG, True),
        ("0551-62345678", True),
        ("4008012333", True),
        ("19912345678", True),
        ("05652345678", False),
        ("12333", False),
        ("+8655312333", False),
        ("+16505551212", False),
        ("62345678", False),
        ("anonymous", False),
        (None, False),
    ],
)
def test_only_mainland_numbers_of_today_can_be_called_back(number: str | None, dialable: bool) -> None:
    assert is_dialable(number) is dialable


@pytest.mark.parametrize(
    ("number", "can_be"),
    [
        ("+8655112333", True),
        ("+8655812333", True),
        (WANG_FANG, True),
        ("+8655162345678", True),
        ("+864008012333", True),
        ("12333", False),  # reaches the city in which the telephone happens to be
        ("055112333", False),  # not as it is sent to the carrier
        ("+8656512333", False),
        ("+865652345678", False),
        ("+16505551212", False),
        ("anonymous", False),
        ("", False),
        (None, False),
    ],
)
def test_a_number_that_is_shown_is_one_that_can_be_rung_back(number: str | None, can_be: bool) -> None:
    assert can_be_rung_back(number) is can_be


def test_staff_see_only_the_tail() -> None:
    assert tail("+8613855115678") == "尾号 5678"
    assert tail("+8613855115678", 2) == "尾号 78"
    assert tail("12333") == "尾号 33"
    assert tail(None) == tail("") == tail("7") == "号码未显示"


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("12333", "12333"),
        ("+8612333", "12333"),
        ("sip:12333@gateway", "12333"),
        ("055812333", "+8655812333"),
        ("+8655812333", "+8655812333"),
        ("0551-62345678", "+8655162345678"),
        ("junk", None),
        ("anonymous", None),
        (None, None),
    ],
)
def test_dialled_numbers_are_written_one_way(raw: str | None, normal: str | None) -> None:
    assert normalise_dialled(raw) == normal
