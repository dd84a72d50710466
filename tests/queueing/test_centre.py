"""The 17 centres as shipped, who reaches which, and every mistake a centres file can hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from integrations.phone_numbers import parse_caller
from integrations.work_calendar import SHANGHAI, WorkCalendar
from queueing.callback_rules import CALLBACK_FIELDS, DEFAULT_CALLBACK_RULES, CallbackRules
from queueing.centre import (
    FEATURES,
    PROVINCE,
    Centre,
    candidates_for_caller,
    centre_for_dialled,
    parse_centres,
)
from queueing.line_rules import DEFAULT_RULES, LIMITS, LineRules
from queueing.message_rules import DEFAULT_MESSAGE_RULES, MESSAGE_FIELDS, MessageRules
from queueing.opening_hours import ExceptionalDay, HoursState, Period, hours_at

SHIPPED_FILE = Path(__file__).parents[2] / "queueing" / "centres.yaml"
CITIES = {
    "340100": ("合肥", "0551"),
    "340200": ("芜湖", "0553"),
    "340300": ("蚌埠", "0552"),
    "340400": ("淮南", "0554"),
    "340500": ("马鞍山", "0555"),
    "340600": ("淮北", "0561"),
    "340700": ("铜陵", "0562"),
    "340800": ("安庆", "0556"),
    "341000": ("黄山", "0559"),
    "341100": ("滁州", "0550"),
    "341200": ("阜阳", "0558"),
    "341300": ("宿州", "0557"),
    "341500": ("六安", "0564"),
    "341600": ("亳州", "0558"),
    "341700": ("池州", "0566"),
    "341800": ("宣城", "0563"),
}
FUYANG_AND_BOZHOU = ("341200", "341600")


@pytest.fixture(scope="module")
def centres() -> dict[str, Centre]:
    found, problems = parse_centres(yaml.safe_load(SHIPPED_FILE.read_text("utf-8")), "centres.yaml")
    assert problems == []
    return found


def test_shipped_are_the_province_and_its_16_cities(centres: dict[str, Centre]) -> None:
    assert set(centres) == {PROVINCE, *CITIES}
    for code, (short_name, area_code) in CITIES.items():
        centre = centres[code]
        assert (centre.short_name, centre.area_codes[0]) == (short_name, area_code)
        assert centre.name == f"{short_name}市人社局"
        assert short_name in centre.counter


def test_shipped_keys_are_all_open_and_a_closed_one_would_have_a_reason(centres: dict[str, Centre]) -> None:
    for centre in centres.values():
        assert tuple(centre.features) == tuple(FEATURES)
        assert all(setting.open != bool(setting.reason) for setting in centre.features.values())
        assert all(setting.open for setting in centre.features.values())
        assert centre.desk_number is None


def test_shipped_hours_show_real_variety(centres: dict[str, Centre]) -> None:
    def states(text: str) -> set[HoursState]:
        moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
        return {hours_at(centre.hours, WorkCalendar(), moment).state for centre in centres.values()}

    assert states("2026-03-10 12:30") == {HoursState.OPEN, HoursState.NOON_CLOSED, HoursState.NOON_DUTY}
    assert states("2026-03-10 19:00") == {HoursState.NIGHT, HoursState.NIGHT_DUTY}
    assert states("2026-03-14 10:00") == {HoursState.OPEN, HoursState.WEEKEND}
    assert states("2026-03-15 10:00") == {HoursState.WEEKEND}
    assert states("2026-05-06 14:45") == {HoursState.OPEN, HoursState.NOON_CLOSED}


def test_shipped_rules_of_the_line_are_the_ones_that_the_code_takes_for_granted(centres: dict[str, Centre]) -> None:
    assert {centre.queue for centre in centres.values()} == {DEFAULT_RULES}
    written = yaml.safe_load(SHIPPED_FILE.read_text("utf-8"))["defaults"]["queue"]
    assert list(written) == list(LIMITS)  # a centre that wants another value finds its name in the file


def test_shipped_rules_of_callbacks_are_the_ones_that_the_code_takes_for_granted(centres: dict[str, Centre]) -> None:
    rules = {replace(centre.callbacks, shown_number=None) for centre in centres.values()}
    assert rules == {DEFAULT_CALLBACK_RULES}
    written = yaml.safe_load(SHIPPED_FILE.read_text("utf-8"))["defaults"]["callbacks"]
    assert tuple(written) == CALLBACK_FIELDS


def test_shipped_rules_of_messages_are_the_ones_that_the_code_takes_for_granted(centres: dict[str, Centre]) -> None:
    assert {centre.messages for centre in centres.values()} == {DEFAULT_MESSAGE_RULES}
    written = yaml.safe_load(SHIPPED_FILE.read_text("utf-8"))["defaults"]["messages"]
    assert tuple(written) == MESSAGE_FIELDS


def test_shipped_every_centre_shows_a_number_of_its_area_that_reaches_it_or_the_province(
    centres: dict[str, Centre],
) -> None:
    for code, centre in centres.items():
        shown = centre.callbacks.shown_number
        assert shown is not None
        assert parse_caller(shown).area_code == centre.area_codes[0]
        own = [number for number in centre.numbers if number.startswith("+")]
        assert centre_for_dialled(centres, shown) == (code if own else PROVINCE)


@pytest.mark.parametrize(
    ("dialled", "code"),
    [
        ("12333", PROVINCE),
        ("sip:12333@gateway", PROVINCE),
        ("+8655112333", PROVINCE),
        ("055812333", PROVINCE),
        ("+8655312333", "340200"),
        ("0563-12333", "341800"),
        ("+8656512333", None),
        ("+16505551212", None),
        ("anonymous", None),
        (None, None),
    ],
)
def test_the_dialled_number_decides_the_centre(
    centres: dict[str, Centre], dialled: str | None, code: str | None
) -> None:
    assert centre_for_dialled(centres, dialled) == code


def test_every_city_but_those_sharing_a_number_has_its_own(centres: dict[str, Centre]) -> None:
    for code, (_, area_code) in CITIES.items():
        reached = centre_for_dialled(centres, f"{area_code}12333")
        assert reached == (PROVINCE if area_code in {"0551", "0558"} else code)


@pytest.mark.parametrize(
    ("caller", "dialled", "cities"),
    [
        ("13855112345", "12333", ("340100",)),
        ("05533812345", "+8655112333", ("340200",)),
        ("05582345678", "12333", FUYANG_AND_BOZHOU),
        ("13905582345", "12333", FUYANG_AND_BOZHOU),  # a mobile listed under Fuyang, of a shared area
        ("13024020000", "12333", FUYANG_AND_BOZHOU[::-1]),  # a mobile of Bozhou: Bozhou first
        ("05652345678", "12333", ("340100",)),  # dead area code of Chaohu
        ("anonymous", "+8655812333", FUYANG_AND_BOZHOU),  # the dialled area says more than nothing
        ("01062345678", "+8655812333", FUYANG_AND_BOZHOU),
        ("13855112345", "+8655312333", ("340200",)),  # a city's own number beats the caller's
        ("anonymous", "12333", ()),
        ("anonymous", "+8655112333", ()),  # 0551 is the province's too
        ("01062345678", "12333", ()),
        ("19912345678", "12333", ()),
        ("+16505551212", "12333", ()),
        ("12345", None, ()),
    ],
)
def test_cities_a_caller_may_belong_to(
    centres: dict[str, Centre], caller: str, dialled: str | None, cities: tuple[str, ...]
) -> None:
    assert candidates_for_caller(centres, parse_caller(caller), dialled) == cities


GOOD = """
defaults:
  hours:
    seasons: [{since: "10-01", periods: ["09:00-12:00", "14:30-17:30"]}]
  features:
    human: {open: false, reason: 没有配置值班电话}
    query: {open: false, reason: 业务系统尚未接入}
    recordings: {open: true}
    guides: {open: true}
    complaints: {open: true}
    message: {open: true}
    card_loss: {open: true}
    progress: {open: true}
    slow: {open: true}
  words: {welcome: 您好。}
  queue: {ring_seconds: 25, help_after_seconds: 120}
  callbacks: {most_attempts: 4, first_time: "09:00", last_time: "21:00", shown_number: "+8655112333"}
  messages: {reply_workdays: 2, keep_days: 365}
centres:
  340000:
    name: 安徽省人社厅
    short_name: 省本级
    area_codes: ["0551"]
    numbers: ["12333"]
    counter: 省政务服务中心的人社窗口
  "340200":
    name: 芜湖市人社局
    short_name: 芜湖
    area_codes: ["0553"]
    numbers: ["0553-12333"]
    desk_number: "0553-3812345"
    counter: 芜湖市政务服务中心的人社窗口
    menu: wuhu
    hours:
      noon_duty: true
      night_duty: "17:30-24:00"
      exceptional:
        2026-12-31: {periods: ["09:00-11:00"], reason: 年终结账}
        "2027-01-08": {reason: 搬家}
    features: {human: {open: true}}
    words: {bye: 再见。}
    helps: [340000]
    queue: {ring_seconds: 15, longest_wait_minutes: 20}
    callbacks: {ring_seconds: 40, last_time: "24:00", shown_number: "0553-12333"}
    messages: {accept_workdays: 4, keep_days: 1095}
"""


def problems_of(text: str) -> list[str]:
    found, problems = parse_centres(yaml.safe_load(text), "centres.yaml")
    assert bool(found) != bool(problems)  # a file with a problem gives no centres
    return problems


def test_a_centre_is_laid_over_the_defaults() -> None:
    found, problems = parse_centres(yaml.safe_load(GOOD), "centres.yaml")
    assert problems == []
    province, wuhu = found["340000"], found["340200"]
    assert (province.menu, province.helps, province.desk_number) == ("provincial", (), None)
    assert (wuhu.menu, wuhu.helps) == ("wuhu", ("340000",))
    assert (wuhu.numbers, wuhu.desk_number) == (("+8655312333",), "+865533812345")
    assert wuhu.hours.seasons == province.hours.seasons
    assert wuhu.hours.noon_duty and not province.hours.noon_duty
    assert wuhu.hours.night_duty == Period(time(17, 30), time(0))
    assert wuhu.hours.exceptional == {
        date(2026, 12, 31): ExceptionalDay((Period(time(9), time(11)),), "年终结账"),
        date(2027, 1, 8): ExceptionalDay((), "搬家"),
    }
    assert wuhu.features["human"].open and not wuhu.features["query"].open
    assert wuhu.words == {"welcome": "您好。", "bye": "再见。"}
    assert province.queue == LineRules(ring_seconds=25, help_after_seconds=120)
    assert wuhu.queue == LineRules(ring_seconds=15, help_after_seconds=120, longest_wait_minutes=20)
    assert province.callbacks == CallbackRules(
        most_attempts=4, first_time=time(9), last_time=time(21), shown_number="+8655112333"
    )
    assert wuhu.callbacks == CallbackRules(
        most_attempts=4, ring_seconds=40, first_time=time(9), last_time=time(0), shown_number="+8655312333"
    )


def test_rules_of_messages_are_laid_over_the_defaults_and_a_file_may_be_silent_about_them() -> None:
    found, _ = parse_centres(yaml.safe_load(GOOD), "centres.yaml")
    assert found["340000"].messages == MessageRules(reply_workdays=2, keep_days=365)
    assert found["340200"].messages == MessageRules(reply_workdays=2, accept_workdays=4, keep_days=1095)
    silent = "\n".join(line for line in GOOD.splitlines() if "messages:" not in line)
    found, problems = parse_centres(yaml.safe_load(silent), "centres.yaml")
    assert problems == [] and found["340200"].messages == DEFAULT_MESSAGE_RULES


def test_a_centre_may_show_no_number_and_a_file_may_be_silent_about_callbacks() -> None:
    found, problems = parse_centres(yaml.safe_load(GOOD.replace('"0553-12333"}', "null}")), "centres.yaml")
    assert problems == []
    assert found["340200"].callbacks.shown_number is None
    silent = "\n".join(line for line in GOOD.splitlines() if "callbacks:" not in line)
    found, problems = parse_centres(yaml.safe_load(silent), "centres.yaml")
    assert problems == []
    assert found["340200"].callbacks == DEFAULT_CALLBACK_RULES


WUHU = "centres.yaml: centres.340200"


@pytest.mark.parametrize(
    ("good", "bad", "problem"),
    [
        (
            "short_name: 芜湖",
            "shortname: 芜湖",
            f"{WUHU}.shortname: 没有“shortname”这一项, 是不是 short_name",
        ),
        ("short_name: 芜湖", "shortname: 芜湖", f"{WUHU}.short_name: 要写中心简称"),
        (
            "noon_duty: true",
            "noonduty: true",
            f"{WUHU}.hours.noonduty: 没有“noonduty”这一项, 是不是 noon_duty",
        ),
        ("noon_duty: true", 'noon_duty: "是"', f"{WUHU}.hours.noon_duty: 要写 true 或 false, 不是 '是'"),
        (
            "features: {human:",
            "features: {humans:",
            f"{WUHU}.features.humans: 没有“humans”这一项, 是不是 human",
        ),
        ("    slow: {open: true}\n", "", "centres.340000.features.slow: 没有内容"),
        ("guides: {open: true}", "guides: true", "defaults.features.guides: 这里要写若干“名称: 值”"),
        ("guides: {open: true}", "guides: {}", "defaults.features.guides.open: 要写 true 或 false"),
        (", reason: 业务系统尚未接入", "", "defaults.features.query.reason: 要写没开通的原因"),
        ("defaults:\n", "default:\n", "centres.yaml: default: 没有“default”这一项, 是不是 defaults"),
        ("name: 芜湖市人社局", "name: 340200", f"{WUHU}.name: 读成了数 340200, 请加引号"),
        ("name: 芜湖市人社局", "name: ' '", f"{WUHU}.name: 要写中心全称"),
        ("counter: 芜湖市政务服务中心的人社窗口", "counter:", f"{WUHU}.counter: 要写办事窗口的说法"),
        ("menu: wuhu", "menu: ../wuhu", f"{WUHU}.menu: 要写菜单文件名"),
        ('["0553"]', "[0553]", f"{WUHU}.area_codes[0]: 读成了数 363, 请加引号"),
        ('["0553"]', '"0553"', f"{WUHU}.area_codes: 这里要写一个列表"),
        ('["0553-12333"]', "[+8655312333]", f"{WUHU}.numbers[0]: 读成了数 8655312333, 请加引号"),
        ('["0553-12333"]', '["55312333"]', f"{WUHU}.numbers[0]: 55312333 不是能认出的号码"),
        ('["0553-12333"]', '["12333"]', f"{WUHU}.numbers: 12333 已经写在 340000 下"),
        ('"0553-3812345"', '"12345"', f"{WUHU}.desk_number: 12345 打不出去"),
        ('"0553-3812345"', '"3812345"', f"{WUHU}.desk_number: 3812345 不是能认出的号码"),
        ("helps: [340000]", "helps: [349999]", f"{WUHU}.helps: 349999 不是另一个中心的代码"),
        ("helps: [340000]", "helps: [340200]", f"{WUHU}.helps: 340200 不是另一个中心的代码"),
        (
            '"17:30-24:00"',
            "17:30",
            f"{WUHU}.hours.night_duty: 1050 是 17:30 没加引号变成的数, 请给时间加引号",
        ),
        (
            '"09:00-12:00", "14:30-17:30"',
            "12:30, 17:30",
            "periods[0]: 750 是 12:30 没加引号变成的数, 请给时间加引号",
        ),
        ('"17:30-24:00"', '"17点半-21点"', f"{WUHU}.hours.night_duty: 要写这样的一段时间"),
        ('"17:30-24:00"', '"17:30-25:00"', f"{WUHU}.hours.night_duty: 没有 17:30-25:00 这样的时间"),
        ('"17:30-24:00"', '"17:00-24:00"', f"{WUHU}.hours: 10月1日起的季节: 夜间值班 17:00-00:00 和上班时段"),
        ('since: "10-01"', "since: 10", "defaults.hours.seasons[0].since: 读成了数 10, 请加引号"),
        ('since: "10-01"', 'since: "10-32"', "centres.340000.hours: 10月32日起的季节: 没有这一天"),
        ('since: "10-01"', 'from: "10-01"', "defaults.hours.seasons[0].from: 没有“from”这一项"),
        ('"2027-01-08"', '"2027-02-30"', f"{WUHU}.hours.exceptional.2027-02-30: 2027-02-30 不是日期"),
        (
            "{reason: 搬家}",
            "{periods: []}",
            f"{WUHU}.hours.exceptional.2027-01-08.reason: 要写对来电人说的原因",
        ),
        ("{bye: 再见。}", "{bye: 3}", f"{WUHU}.words.bye: 读成了数 3, 请加引号"),
        (
            "ring_seconds: 15",
            "ring_second: 15",
            f"{WUHU}.queue.ring_second: 没有“ring_second”这一项, 是不是 ring_seconds",
        ),
        (
            "ring_seconds: 15",
            "ring_seconds: 1",
            f"{WUHU}.queue.ring_seconds: 要写2到120之间的整数(秒), 不加引号, 不是 1",
        ),
        (
            "ring_seconds: 25",
            'ring_seconds: "25"',
            "centres.yaml: defaults.queue.ring_seconds: 要写2到120之间的整数(秒), 不加引号, 不是 '25'",
        ),
        ("ring_seconds: 15", "ring_seconds: 15.5", f"{WUHU}.queue.ring_seconds: 要写2到120之间的整数(秒)"),
        ("ring_seconds: 15", "ring_seconds: yes", f"{WUHU}.queue.ring_seconds: 要写2到120之间的整数(秒)"),
        ("ring_seconds: 15", "ring_seconds:", f"{WUHU}.queue.ring_seconds: 要写2到120之间的整数(秒)"),
        (
            "longest_wait_minutes: 20",
            "longest_wait_minutes: 5",
            f"{WUHU}.queue: offer_callback_after_minutes(5分钟) 要小于 longest_wait_minutes(5分钟)",
        ),
        ("queue: {ring_seconds: 15, longest_wait_minutes: 20}", "queue: 15", f"{WUHU}.queue: 这里要写若干“名称: 值”"),
        (
            "{ring_seconds: 40",
            "{ring_secs: 40",
            f"{WUHU}.callbacks.ring_secs: 没有“ring_secs”这一项, 是不是 ring_seconds",
        ),
        (
            "{ring_seconds: 40",
            "{ring_seconds: 4",
            f"{WUHU}.callbacks.ring_seconds: 要写5到120之间的整数(秒), 不加引号, 不是 4",
        ),
        (
            "most_attempts: 4",
            'most_attempts: "4"',
            "centres.yaml: defaults.callbacks.most_attempts: 要写1到10之间的整数(次), 不加引号, 不是 '4'",
        ),
        (
            'last_time: "24:00"',
            "last_time: 20:00",
            f'{WUHU}.callbacks.last_time: 1200 是 20:00 没加引号变成的数, 请给时间加引号, 要写这样的时间: "08:30"',
        ),
        (
            'last_time: "24:00"',
            'last_time: "8点半"',
            f"{WUHU}.callbacks.last_time: 要写这样的时间: \"08:30\", 不是 '8点半'",
        ),
        ('last_time: "24:00"', "last_time:", f"{WUHU}.callbacks.last_time: 要写这样的时间"),
        ('last_time: "24:00"', 'last_time: "20:60"', f"{WUHU}.callbacks.last_time: 没有 20:60 这样的时间"),
        (
            'first_time: "09:00"',
            'first_time: "24:00"',
            "centres.yaml: defaults.callbacks.first_time: 没有 24:00 这样的时间",
        ),
        (
            'last_time: "24:00"',
            'last_time: "08:00"',
            f"{WUHU}.callbacks: first_time(09:00) 到 last_time(08:00): 开始要早于结束",
        ),
        (
            'shown_number: "0553-12333"',
            'shown_number: "12333"',
            f"{WUHU}.callbacks.shown_number: 12333 对方看到了拨不回来",
        ),
        (
            'shown_number: "0553-12333"',
            "shown_number: +8655312333",
            f"{WUHU}.callbacks.shown_number: 读成了数 8655312333, 请加引号",
        ),
        (
            'shown_number: "0553-12333"',
            'shown_number: "3812345"',
            f"{WUHU}.callbacks.shown_number: 3812345 不是能认出的号码",
        ),
        ("    callbacks: {ring", "    callbacks: [] # {ring", f"{WUHU}.callbacks: 这里要写若干“名称: 值”"),
        (
            "accept_workdays: 4",
            "accept_workdays: 6",
            f"{WUHU}.messages.accept_workdays: 要写1到5之间的整数(个工作日), 不加引号, 不是 6",
        ),
        ("accept_workdays: 4", "acceptdays: 4", f"{WUHU}.messages.acceptdays: 没有“acceptdays”这一项"),
        (
            "{accept_workdays: 4",
            "{transfer_workdays: 3, accept_workdays: 4",
            f"{WUHU}.messages: transfer_workdays(3) 比 reply_workdays(2) 长",
        ),
        ('"340200":', '"wuhu":', "centres.wuhu: 要写34开头的六位行政区划代码"),
        ('"340200":', '"340000":', "有中心代码写了两次"),
        ("  words: {welcome: 您好。}", "  words: [您好]", "defaults.words: 这里要写若干“名称: 值”"),
    ],
)
def test_each_mistake_is_told_with_file_key_and_a_sentence(good: str, bad: str, problem: str) -> None:
    assert good in GOOD
    problems = problems_of(GOOD.replace(good, bad))
    assert any(problem in each for each in problems), problems
    assert all(each.startswith("centres.yaml: ") for each in problems)


def test_all_mistakes_are_told_at_once_and_one_of_the_defaults_only_once() -> None:
    bad = GOOD.replace("guides: {open: true}", "guides: {open: maybe}").replace("menu: wuhu", "menus: wuhu")
    bad = bad.replace("helps: [340000]", "helps: [349999]")
    # The number that may be shown is wrong in the defaults, and Wuhu has its own.
    bad = bad.replace('shown_number: "+8655112333"', 'shown_number: "12333"')
    assert len(problems_of(bad)) == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "centres.yaml: 文件: 没有内容"),
        ("- 340000", "centres.yaml: 文件: 这里要写若干“名称: 值”"),
        ("defaults: {}", "centres.yaml: centres: 没有内容"),
        ("centres: {}", "centres.yaml: centres: 一个中心也没有"),
        ("defaults:\ncentres: {}", "centres.yaml: defaults: 没有内容"),
        ('centres: {"340200": }', f"{WUHU}: 没有内容"),
        ('centres: {"340200": {name: 芜湖市人社局}}', f"{WUHU}.hours: 没有写任何季节的上班时间"),
        ('centres: {"340200": {hours: {seasons: [winter]}}}', f"{WUHU}.hours.seasons[0]: 这里要写若干"),
        ('centres: {"340200": {hours: 9-17}}', f"{WUHU}.hours: 这里要写若干"),
    ],
)
def test_a_file_of_the_wrong_shape_is_told_too(text: str, problem: str) -> None:
    problems = problems_of(text)
    assert any(each.startswith(problem) for each in problems), problems


NAMES = [
    "defaults",
    "centres",
    "340200",
    "hours",
    "seasons",
    "since",
    "periods",
    "features",
    "human",
    "exceptional",
    "callbacks",
    "first_time",
    "shown_number",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.integers(), inner),
    max_leaves=30,
)


@given(anything)
def test_no_document_however_wrong_raises(data: object) -> None:
    found, problems = parse_centres(data, "centres.yaml")
    assert problems and not found
