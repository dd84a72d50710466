"""What is written for the eye becomes what a person says."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.work_calendar import SHANGHAI
from ivr.words import (
    calendar_day,
    cardinal,
    clock,
    day_and_time,
    half_hour,
    money,
    period,
    roughly,
    speakable,
    speaking_seconds,
    spell_digits,
)

VALUES = dict(zip("零一二三四五六七八九", range(10), strict=True)) | {"两": 2}
UNITS = {"十": 10, "百": 100, "千": 1000}


def parse_cardinal(words: str) -> int:
    """A number back from its words, by another way than they were made."""
    total, section, digit = 0, 0, 0
    for character in words:
        if character == "万":
            total, section, digit = (section + digit) * 10_000, 0, 0
        elif character in UNITS:
            # 十五 has no digit before its 十.
            section, digit = section + (digit or 1) * UNITS[character], 0
        else:
            digit = VALUES[character]
    return total + section + digit


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [
        ("12333", "幺二三三，三"),
        ("13900001234", "幺三九零，零零零幺，二三四"),
        ("5678", "五六七八"),
        ("34010219580101123*", "三四零幺，零二幺九，五八零幺，零幺幺二，三X"),
        ("", ""),
    ],
)
def test_digits_are_spelled_one_by_one_with_yao_and_a_rest_after_each_group(digits: str, spoken: str) -> None:
    assert spell_digits(digits) == spoken


def test_the_size_of_a_group_can_be_chosen() -> None:
    assert spell_digits("055112333", group=3) == "零五五，幺幺二，三三三"


@given(st.text("0123456789", max_size=30))
def test_spelling_loses_no_digit_and_never_says_yi(digits: str) -> None:
    spoken = spell_digits(digits)
    assert "一" not in spoken
    assert "".join(str(VALUES[c]) for c in spoken.replace("，", "").replace("幺", "一")) == digits


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (11, "十一"),
        (19, "十九"),
        (20, "二十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (115, "一百一十五"),
        (200, "二百"),
        (1005, "一千零五"),
        (1010, "一千零一十"),
        (1100, "一千一百"),
        (10_000, "一万"),
        (10_010, "一万零一十"),
        (20_000, "两万"),
        (20_015, "两万零一十五"),
        (20_150, "两万零一百五十"),
        (120_000, "十二万"),
        (1_050_000, "一百零五万"),
        (99_999_999, "九千九百九十九万九千九百九十九"),
    ],
)
def test_numbers_are_said_as_people_say_them(number: int, words: str) -> None:
    assert cardinal(number) == words


@given(st.integers(0, 99_999_999))
def test_a_cardinal_can_be_understood_again(number: int) -> None:
    words = cardinal(number)
    assert parse_cardinal(words) == number
    assert "零零" not in words
    assert number == 0 or not words.endswith("零")


@pytest.mark.parametrize("number", [-1, 100_000_000])
def test_a_number_that_has_no_words_is_refused(number: int) -> None:
    with pytest.raises(ValueError):
        cardinal(number)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("00:00", "凌晨0点"),
        ("04:59", "凌晨4点59分"),
        ("05:00", "上午5点"),
        ("09:00", "上午9点"),
        ("11:30", "上午11点半"),
        ("12:00", "中午12点"),
        ("12:30", "中午12点半"),
        ("13:00", "下午1点"),
        ("14:30", "下午2点半"),
        ("15:05", "下午3点05分"),
        ("18:00", "晚上6点"),
        ("23:59", "晚上11点59分"),
    ],
)
def test_the_clock_is_read_with_its_part_of_the_day(at: str, words: str) -> None:
    assert clock(time.fromisoformat(at)) == words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("09:00", "12:00", "上午9点到12点"),
        ("14:30", "17:30", "下午2点半到5点半"),
        ("09:00", "12:30", "上午9点到12点半"),
        ("08:00", "17:00", "上午8点到下午5点"),
        ("15:00", "18:00", "下午3点到6点"),
        ("17:30", "21:00", "下午5点半到晚上9点"),
        ("18:00", "00:00", "晚上6点到12点"),
        ("14:00", "00:00", "下午2点到晚上12点"),
    ],
)
def test_a_period_says_the_part_of_the_day_again_only_when_it_changes(start: str, end: str, words: str) -> None:
    assert period(time.fromisoformat(start), time.fromisoformat(end)) == words


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "now", "words"),
    [
        ("2026-11-23 14:30", "2026-11-23 12:30", "今天下午2点半"),
        ("2026-11-24 09:00", "2026-11-23 20:00", "明天上午9点"),
        # From a Friday night and a Saturday to Monday.
        ("2026-11-23 09:00", "2026-11-20 20:00", "星期一上午9点"),
        ("2026-11-23 09:00", "2026-11-21 10:00", "星期一上午9点"),
        # From Sunday to Monday it is tomorrow.
        ("2026-11-23 09:00", "2026-11-22 10:00", "明天上午9点"),
        ("2026-11-28 09:00", "2026-11-23 10:00", "星期六上午9点"),
        # The coming week's Monday is not this week's: from four days on with its date.
        ("2026-11-23 09:00", "2026-11-19 10:00", "11月23日，星期一，上午9点"),
        # The same weekday a week on.
        ("2026-11-30 09:00", "2026-11-23 10:00", "11月30日，星期一，上午9点"),
        ("2026-02-24 09:00", "2026-02-14 20:00", "2月24日，星期二，上午9点"),
        # Across the year.
        ("2027-01-01 09:00", "2026-12-31 20:00", "明天上午9点"),
        ("2027-01-04 09:00", "2026-12-31 20:00", "1月4日，星期一，上午9点"),
    ],
)
def test_the_next_opening_is_named_by_its_distance(at: str, now: str, words: str) -> None:
    assert day_and_time(shanghai(at), shanghai(now)) == words


@given(st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)), st.integers(0, 400))
def test_a_weekday_alone_always_means_the_coming_one(now: datetime, days: int) -> None:
    at = (now + timedelta(days=days)).replace(hour=9, minute=0)
    words = day_and_time(at, now)
    if words.startswith("星期"):
        assert 2 <= days <= 6
    if days > 6:
        assert words.startswith(f"{at.month}月{at.day}日，")
    assert str(at.year) not in words


def test_a_calendar_day_has_no_year() -> None:
    assert calendar_day(date(2026, 9, 15)) == "9月15日，星期二"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("安徽省人社厅12333，您好。", "安徽省人社厅幺二三三三，您好。"),
        ("请打12393或者12345。", "请打幺二三九三或者幺二三四五。"),
        ("转人工，请按0。", "转人工，请按零。"),
        ("留言，请按5；医保，请按2。", "留言，请按五；医保，请按二。"),
        ("下午3点05分", "下午三点零五分"),
        ("下午2点半", "下午两点半"),
        ("中午12点", "中午十二点"),
        ("上午10点15分", "上午十点十五分"),
        ("还有10分钟下班。", "还有十分钟下班。"),
        ("您前面有2位，一共2条。", "您前面有两位，一共两条。"),
        ("9月15日，星期二", "九月十五日，星期二"),
        ("2月2日", "二月二日"),
        ("显示的号码是055112333。", "显示的号码是零五五幺幺二三三三。"),
        ("请打0551-62999888。", "请打零五五幺-六二九九，九八八八。"),
        ("请打13900001234。", "请打幺三九零，零零零幺，二三四。"),
        ("2026年的政策", "二零二六年的政策"),
        ("一共105份", "一共一百零五份"),
        ("没有数字。", "没有数字。"),
    ],
)
def test_a_sentence_is_turned_for_the_ear(written: str, said: str) -> None:
    assert speakable(written) == said


@given(st.text())
def test_what_is_speakable_has_no_digits_left_and_stays_as_it_is(text: str) -> None:
    said = speakable(text)
    assert not set(said) & set("0123456789")
    assert speakable(said) == said


KEYS = "查社保信息，请按1。听政策录音，请按2。问怎么办事，请按3。投诉举报，请按4。留言，请按5。社保卡挂失，请按6。"
MAIN = f"安徽省人社厅12333，您好。人工通话会录音，方便核查。转人工，请按0。{KEYS}约回电、查回电，请按7。"
NO_KEY = "不方便按键，请别挂机，稍后转人工。"
SLOW = (
    "您好。我慢慢说，您别着急。找人工，请按0。不按也行，等一等，就有人接。查养老金，请按1。社保卡丢了，请按6。"
    "想留言，请按5。没听清，请按9，我再说一遍。"
)
NIGHT = (
    "安徽省人社厅12333，您好。现在下班了，人工服务明天上午9点开始。要我们上班后打给您，请按7。留言，请按5。"
    "社保卡挂失，请按6。查社保信息，请按1。听政策录音，请按2。问怎么办事，请按3。投诉举报，请按4。"
    "不方便按键，请别挂机，“嘀”声以后直接说。"
)
MESSAGE = "“嘀”声后请说您的事，会录音，只用来办这件事。最好说清姓名、哪个市的。说完可以直接挂机。"


@pytest.mark.parametrize(
    ("text", "slow", "seconds"),
    [
        (f"{MAIN}老年人慢速服务，请按8。{NO_KEY}", False, 33.1),
        (f"{MAIN}{NO_KEY}", False, 30.1),
        (MAIN.partition("查社保")[0], False, 8.9),
        (SLOW, True, 28.2),
        (NIGHT, False, 30.5),
        (MESSAGE, False, 10.4),
    ],
)
def test_speaking_takes_as_long_as_the_table_of_the_script_says(text: str, slow: bool, seconds: float) -> None:
    # The table gives one decimal.
    assert speaking_seconds(text, slow) == pytest.approx(seconds, abs=0.06)


@given(st.text(), st.text())
def test_more_words_never_take_less_time(first: str, second: str) -> None:
    assert speaking_seconds(first + "。" + second) >= speaking_seconds(first) - 1e-9
    assert speaking_seconds(first, slow=True) >= speaking_seconds(first)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元"),
        (5, "五分"),
        (50, "五角"),
        (55, "五角五分"),
        (100, "一元"),
        (200, "两元"),
        (105, "一元零五分"),
        (110, "一元一角"),
        (325640, "三千二百五十六元四角"),
        (2000000, "两万元"),
        (1234567891, "一千二百三十四万五千六百七十八元九角一分"),
        (-1250, "负十二元五角"),
    ],
)
def test_money_is_said_to_the_fen_and_what_is_not_there_is_left_out(fen: int, words: str) -> None:
    assert money(fen) == words


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("个人账户有3,256.40元。", "个人账户有三千二百五十六元四角。"),
        ("每月100元", "每月一百元"),
        ("共12345678.5元", "共一千二百三十四万五千六百七十八元五角"),
        ("0.05元", "五分"),
    ],
)
def test_an_amount_in_a_sentence_is_said_as_money(written: str, said: str) -> None:
    assert speakable(written) == said


MONDAY_TWO = datetime(2026, 11, 23, 14, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "after", "said"),
    [
        ("2026-11-23 15:00", None, "今天下午3点到3点半"),
        ("2026-11-23 15:30", "2026-11-23 15:00", "3点半到4点"),
        ("2026-11-24 09:00", "2026-11-23 15:30", "明天上午9点到9点半"),
        ("2026-11-24 12:00", "2026-11-24 11:30", "中午12点到12点半"),
        ("2026-11-23 11:30", None, "今天上午11点半到12点"),
        ("2026-11-27 12:30", None, "星期五中午12点半到1点"),
        ("2026-11-30 17:30", None, "11月30日，星期一，下午5点半到6点"),
        ("2026-11-23 23:30", None, "今天晚上11点半到12点"),
    ],
)
def test_a_half_hour_is_said_with_its_day_unless_the_one_before_has_said_it(
    at: str, after: str | None, said: str
) -> None:
    since = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    before = datetime.fromisoformat(after).replace(tzinfo=SHANGHAI) if after else None
    assert half_hour(since, since + timedelta(minutes=30), MONDAY_TWO, before) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-23 10:00", "今天上午10点"),
        ("2026-11-23 10:30", "今天上午10点半"),
        ("2026-11-23 10:07", "今天上午10点多"),
        ("2026-11-23 10:59", "今天上午10点多"),
        ("2026-11-22 15:10", "昨天下午3点多"),
        ("2026-11-20 15:10", "11月20日，星期五，下午3点多"),
        ("2026-11-24 09:00", "明天上午9点"),
        ("2026-11-23 12:01", "今天中午12点多"),
    ],
)
def test_about_when_something_was_or_will_be(at: str, said: str) -> None:
    assert roughly(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI), MONDAY_TWO) == said
