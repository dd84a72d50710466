"""What a business system found, in the very words of the telephone: nothing filled in, nothing left out, no number."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.social_insurance.contract import (
    STEPS,
    CardFile,
    CardStatus,
    File,
    Found,
    MedicalFile,
    MedicalStatus,
    PensionFile,
    PensionStatus,
    Scheme,
    Step,
)
from integrations.work_calendar import SHANGHAI
from ivr.findings import PROMPTS, STEP_PROMPTS, Places, describe, from_plain, to_plain
from ivr.flow import Flow
from ivr.keeper import LibraryKeeper
from ivr.words import speakable, spell_digits

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)
HEFEI, PROVINCE = "340100", "340000"
COUNTER = "合肥市政务服务中心的人社窗口"
PLACES = Places({PROVINCE: "省本级", HEFEI: "合肥", "340200": "芜湖"}, PROVINCE)
PLACE, TODAYS = "参保地是合肥。", "这是今天查到的。"
CARDS_PLACE = "发卡地是合肥。"
WORK = "您的职工养老保险"
CARD = "您尾号零二四三的社保卡"


@pytest.fixture(scope="module")
def flow() -> Flow:
    """The shipped menu."""
    return LibraryKeeper(None, lambda: datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)).library().flow(HEFEI)


def for_the_eye(flow: Flow, *items: File, as_of: date = TODAY, spell: Any = str) -> list[list[str]]:
    """The sentences of each item as they are written; what has nothing true to say is left out."""
    found: Any = Found(items, as_of, items[0].place, "demo")
    findings = describe(found, TODAY, PLACES, spell)
    filled = [[flow.fill(s.prompt, {"counter": COUNTER, **s.words})[1] for s in f.sentences] for f in findings]
    return [[text for text in texts if text] for texts in filled]


def heard(flow: Flow, *items: File, as_of: date = TODAY) -> list[list[str]]:
    """And as they are spoken."""
    return [[speakable(text) for text in texts] for texts in for_the_eye(flow, *items, as_of=as_of, spell=spell_digits)]


def pension(status: str = "paying", scheme: str = "employee", place: str = HEFEI, **more: Any) -> PensionFile:
    return PensionFile(scheme, status, place, **more)  # type: ignore[arg-type]


def medical(status: str = "normal", kind: str = "310", place: str = HEFEI, **more: Any) -> MedicalFile:
    return MedicalFile(kind, status, place, **more)  # type: ignore[arg-type]


def card(status: str = "normal", tail: str | None = "0243", place: str = HEFEI, **more: Any) -> CardFile:
    return CardFile(status, place, tail, **more)  # type: ignore[arg-type]


def order(reached: int, failed: str | None = None) -> CardFile:
    """An order for a card, a step a day until so many are reached."""
    begun = date(2026, 10, 30)
    steps = tuple(Step(name, begun + timedelta(days=n) if n < reached else None) for n, name in enumerate(STEPS))
    return card("making", None, progress=steps, failed_reason=failed)


HUISHANG = {"bank": "徽商银行", "bank_phone": "96588"}
LAST_YEAR = date(2025, 12, 31)
THIS_YEAR = date(2026, 10, 31)
UNSURE = "个人账户有多少，系统这次没有给。"
DRAWS = {"benefit_month": "202610", "benefit_fen": 486_750}
# item -> what is said of it, between nothing and its place
SPOKEN: list[tuple[File, list[str]]] = [
    # pension, by status
    (pension(), [f"{WORK}，正在正常缴费。", UNSURE]),
    (pension("paused"), [f"{WORK}，现在暂停缴费。", UNSURE]),
    (pension("ended"), [f"{WORK}，已经终止。"]),
    (pension("unknown"), [f"{WORK}，现在是什么状态，系统没有说清楚。"]),
    (pension("suspended"), [f"{WORK}，养老金暂停发放了。为什么停，请问咨询员。"]),
    (pension("drawing"), [f"{WORK}，正在领养老金。", "每月发多少，系统这次没有给。"]),
    (pension("paying", "resident"), ["您的城乡居民养老保险，正在正常缴费。", UNSURE]),
    (pension("paying", "office"), ["您的机关事业单位养老保险，正在正常缴费。", UNSURE]),
    # months: paid, deemed, both
    (pension("ended", months_paid=0), [f"{WORK}，已经终止。", "实际缴费零个月。"]),
    (pension("ended", months_paid=5), [f"{WORK}，已经终止。", "实际缴费五个月。"]),
    (pension("ended", months_paid=12), [f"{WORK}，已经终止。", "实际缴费一年。"]),
    (pension("ended", months_paid=24), [f"{WORK}，已经终止。", "实际缴费两年。"]),
    (pension("ended", months_paid=186), [f"{WORK}，已经终止。", "实际缴费十五年六个月。"]),
    (
        pension("ended", months_paid=180, months_deemed=14, months_total=194),
        [f"{WORK}，已经终止。", "实际缴费十五年。", "视同缴费一年两个月。", "合计十六年两个月。"],
    ),
    # No months deemed are no news, nor is a total that says the same again.
    (
        pension("ended", months_paid=24, months_deemed=0, months_total=24),
        [f"{WORK}，已经终止。", "实际缴费两年。"],
    ),
    (pension("ended", months_total=24), [f"{WORK}，已经终止。", "合计两年。"]),
    # the account, of which the day is always said
    (
        pension(account_fen=10_540, account_as_of=THIS_YEAR),
        [f"{WORK}，正在正常缴费。", "个人账户，到十月三十一日，一共一百零五元四角。"],
    ),
    (
        pension("paused", account_fen=2_210_000, account_as_of=LAST_YEAR),
        [f"{WORK}，现在暂停缴费。", "个人账户，到二零二五年十二月三十一日，一共两万二千一百元。"],
    ),
    (pension(account_fen=10_540), [f"{WORK}，正在正常缴费。", UNSURE]),
    # Who draws is told what comes each month, and nothing of the account.
    (
        pension("drawing", account_fen=10_540, account_as_of=THIS_YEAR, benefit_way="银行发放", **DRAWS),
        [f"{WORK}，正在领养老金。", "十月的养老金，四千八百六十七元五角，银行发放。"],
    ),
    (pension("drawing", **DRAWS), [f"{WORK}，正在领养老金。", "十月的养老金，四千八百六十七元五角。"]),
    (
        pension("suspended", benefit_month="202512", benefit_fen=200, benefit_way="邮局发放"),
        [
            f"{WORK}，养老金暂停发放了。为什么停，请问咨询员。",
            "二零二五年十二月的养老金，两元，邮局发放。",
        ],
    ),
    (pension("drawing", benefit_month="202610"), [f"{WORK}，正在领养老金。", "每月发多少，系统这次没有给。"]),
    (pension("drawing", benefit_fen=486_750), [f"{WORK}，正在领养老金。", "每月发多少，系统这次没有给。"]),
    # medical
    (medical(balance_fen=5), ["您的职工医保，参保正常。", "个人账户余额，五分。"]),
    (medical(balance_fen=0), ["您的职工医保，参保正常。", "个人账户余额，零元。"]),
    (medical(), ["您的职工医保，参保正常。", "个人账户余额，系统这次没有给。"]),
    # A resident has no account: its nought says nothing, and neither does its absence.
    (medical(kind="390", balance_fen=0), ["您的居民医保，参保正常。"]),
    (medical(kind="390"), ["您的居民医保，参保正常。"]),
    (medical(kind="390", balance_fen=1_290), ["您的居民医保，参保正常。", "个人账户余额，十二元九角。"]),
    (
        medical("paused", paused_since=date(2026, 8, 25), balance_fen=0),
        ["您的职工医保，从八月二十五日起暂停。", "个人账户余额，零元。"],
    ),
    (
        medical("paused", paused_since=LAST_YEAR, balance_fen=0),
        ["您的职工医保，从二零二五年十二月三十一日起暂停。", "个人账户余额，零元。"],
    ),
    (medical("paused", balance_fen=0), ["您的职工医保，现在暂停。", "个人账户余额，零元。"]),
    (medical("ended", balance_fen=0), ["您的职工医保，已经终止。", "个人账户余额，零元。"]),
    (medical("none"), ["您现在没有参加职工医保。"]),
    (
        medical("unknown", kind="510"),
        ["您的另一种医保，现在是什么状态，系统没有说清楚。", "个人账户余额，系统这次没有给。"],
    ),
    # cards
    (card(**HUISHANG), [f"{CARD}，状态正常。", "发卡的是徽商银行，电话九六五八八。"]),
    (card(bank="徽商银行"), [f"{CARD}，状态正常。", "发卡的是徽商银行。"]),
    (card(bank_phone="96588"), [f"{CARD}，状态正常。"]),
    (card("lost"), [f"{CARD}，已经正式挂失。要解挂或者补卡，请本人带身份证到{COUNTER}。"]),
    (
        card("frozen", frozen_until=date(2026, 11, 27)),
        [f"{CARD}，已经临时挂失，停到十一月二十七日，以后自动恢复。要一直停，请在这之前带身份证到{COUNTER}。"],
    ),
    (
        card("frozen", frozen_until=date(2027, 1, 2)),
        [f"{CARD}，已经临时挂失，停到二零二七年一月二日，以后自动恢复。要一直停，请在这之前带身份证到{COUNTER}。"],
    ),
    (card("frozen"), [f"{CARD}，已经临时挂失。停到哪一天，系统没有说。"]),
    (card("cancelled", **HUISHANG), [f"{CARD}，已经注销。要重新办卡，请带身份证到{COUNTER}。"]),
    (card("inactive"), [f"{CARD}，还没有激活。请本人带身份证和卡，到{COUNTER}或者发卡银行激活。"]),
    (
        card("bank_frozen", **HUISHANG),
        [f"{CARD}，银行那边停用了，社保功能没有停。请打徽商银行的电话九六五八八。"],
    ),
    (card("bank_frozen", bank="徽商银行"), [f"{CARD}，银行那边停用了，社保功能没有停。请问发卡的银行。"]),
    (card("unknown"), [f"{CARD}，现在是什么状态，系统没有说清楚。"]),
    # an order for a card: the last step that was reached
    (order(1), ["您办的社保卡，十月三十日已经申请，正在等银行审核。"]),
    (order(2), ["您办的社保卡，十月三十一日银行已经审核，正在制卡。"]),
    (order(3), ["您办的社保卡，十一月一日已经做好，正在送往市里。"]),
    (order(4), [f"您办的社保卡，十一月二日已经送到，可以领了。请本人带身份证，到{COUNTER}领。"]),
    (order(5), ["您办的社保卡，十一月三日已经领走。"]),
    (order(0), ["您办的社保卡，办到哪一步，系统没有说清楚。"]),
    (card("making", None), ["您办的社保卡，办到哪一步，系统没有说清楚。"]),
    (order(2, "照片不合格"), [f"您办的社保卡没有做成，原因是照片不合格。请带身份证到{COUNTER}重新办。"]),
    (order(2, ""), [f"您办的社保卡没有做成。请带身份证到{COUNTER}问清原因。"]),
]


@pytest.mark.parametrize(("item", "sentences"), SPOKEN)
def test_each_item_is_said_in_these_words(flow: Flow, item: File, sentences: list[str]) -> None:
    place = CARDS_PLACE if isinstance(item, CardFile) else PLACE
    assert heard(flow, item) == [[*sentences, place, TODAYS]]


def test_the_table_has_every_sentence_that_may_be_said(flow: Flow) -> None:
    """A sentence that is added without an example here fails."""
    said = {
        sentence.prompt
        for item, _ in SPOKEN
        for as_of in (TODAY, YESTERDAY)
        for finding in describe(Found((item,), as_of, item.place, "demo"), TODAY, PLACES)  # type: ignore[arg-type]
        for sentence in finding.sentences
    }
    assert said == set(PROMPTS)


def test_a_date_that_no_step_has_is_not_filled_in() -> None:
    """Steps may be told out of order; the last one that was reached counts."""
    steps = tuple(Step(name, THIS_YEAR if name in ("applied", "made") else None) for name in STEPS)
    [finding] = describe(Found((card("making", None, progress=steps),), TODAY, HEFEI, "demo"), TODAY, PLACES)
    assert finding.sentences[0].prompt == STEP_PROMPTS["made"]


@pytest.mark.parametrize(
    ("fen", "written", "spoken"),
    [
        (0, "0元", "零元"),
        (5, "0.05元", "五分"),
        (200, "2元", "两元"),
        (10_540, "105.40元", "一百零五元四角"),
        (2_210_000, "22,100元", "两万二千一百元"),
        (999_999_999, "9,999,999.99元", "九百九十九万九千九百九十九元九角九分"),
    ],
)
def test_amounts_are_said_to_the_fen(flow: Flow, fen: int, written: str, spoken: str) -> None:
    item = medical(balance_fen=fen)
    assert for_the_eye(flow, item)[0][1] == f"个人账户余额，{written}。"
    assert heard(flow, item)[0][1] == f"个人账户余额，{spoken}。"


def test_for_the_eye_numbers_stay_as_they_are(flow: Flow) -> None:
    items = (
        card(**HUISHANG),
        pension("drawing", months_paid=186, benefit_month="202512", benefit_fen=486_750, benefit_way="银行发放"),
    )
    assert for_the_eye(flow, *items, as_of=YESTERDAY) == [
        [
            "您尾号0243的社保卡，状态正常。",
            "发卡的是徽商银行，电话96588。",
            CARDS_PLACE,
            "这是11月22日的数据，以后的变动还没有算进来。",
        ],
        [
            "您的职工养老保险，正在领养老金。",
            "实际缴费15年6个月。",
            "2025年12月的养老金，4,867.50元，银行发放。",
            PLACE,
            "这是11月22日的数据，以后的变动还没有算进来。",
        ],
    ]


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        (TODAY, TODAYS),
        (YESTERDAY, "这是十一月二十二日的数据，以后的变动还没有算进来。"),
        (LAST_YEAR, "这是二零二五年十二月三十一日的数据，以后的变动还没有算进来。"),
    ],
)
def test_data_of_another_day_says_its_day(flow: Flow, as_of: date, said: str) -> None:
    for item in (pension(), medical(), card()):
        assert heard(flow, item, as_of=as_of)[0][-1] == said


@pytest.mark.parametrize(
    ("place", "name", "centre"),
    [
        (HEFEI, "合肥", HEFEI),
        ("340181", "合肥", HEFEI),
        ("340299", "芜湖", "340200"),
        (PROVINCE, "省本级", PROVINCE),
        ("349900", "省本级", PROVINCE),
        ("320104", None, None),
        ("110000", None, None),
    ],
)
def test_a_district_is_its_city_and_elsewhere_has_no_name(
    flow: Flow, place: str, name: str | None, centre: str | None
) -> None:
    assert PLACES.centre_of(place) == centre
    for item, words in ((pension(place=place), "参保地"), (card(place=place), "发卡地")):
        said = [text for text in heard(flow, item)[0] if "地是" in text]
        assert said == ([f"{words}是{name}。"] if name else [])


def test_several_items_keep_the_systems_order_and_have_titles(flow: Flow) -> None:
    items = (medical("paused", kind="390"), medical(balance_fen=0), medical(kind="510"))
    found = describe(Found(items, TODAY, HEFEI, "demo"), TODAY, PLACES)
    assert [finding.title for finding in found] == ["居民医保", "职工医保", "另一种医保"]
    cards = Found((card(), order(1)), TODAY, HEFEI, "demo")
    assert [f.title for f in describe(cards, TODAY, PLACES)] == ["尾号零二四三的社保卡", "正在办的社保卡"]


# Any file that the contract allows

DAYS = st.none() | st.dates(date(1990, 1, 1), date(2027, 12, 31))
MONTHS = st.none() | st.integers(0, 600)
FEN = st.none() | st.integers(0, 9_999_999_999)
PLACES_OF = st.sampled_from([HEFEI, "340299", PROVINCE, "349900", "320104"])
TEXTS = st.none() | st.sampled_from(["徽商银行", "安徽农金"])
PENSIONS = st.builds(
    PensionFile,
    st.sampled_from(get_args(Scheme)),
    st.sampled_from(get_args(PensionStatus)),
    PLACES_OF,
    MONTHS,
    MONTHS,
    MONTHS,
    FEN,
    DAYS,
    st.none() | st.dates(date(1990, 1, 1), TODAY).map(lambda day: f"{day:%Y%m}"),
    FEN,
    st.none() | st.just("银行发放"),
)
MEDICALS = st.builds(
    MedicalFile,
    st.sampled_from(["310", "390", "510"]),
    st.sampled_from(get_args(MedicalStatus)),
    PLACES_OF,
    FEN,
    DAYS,
    DAYS,
    TEXTS,
)
PROGRESS = st.none() | st.just(()) | st.tuples(*(st.builds(Step, st.just(name), DAYS) for name in STEPS))
CARD_NUMBERS = st.from_regex(r"Y[0-9]{8}", fullmatch=True)
CARDS = st.builds(
    lambda status, place, number, bank, phone, until, progress, failed: CardFile(
        status, place, number[-4:] if number else None, bank, phone, until, progress, failed, ref=number or ""
    ),
    st.sampled_from(get_args(CardStatus)),
    PLACES_OF,
    st.none() | CARD_NUMBERS,
    TEXTS,
    st.none() | st.sampled_from(["96588", "95533"]),
    DAYS,
    PROGRESS,
    st.none() | st.sampled_from(["", "照片不合格"]),
)


@given(items=st.one_of(*(st.lists(kind, min_size=1, max_size=7) for kind in (PENSIONS, MEDICALS, CARDS))), as_of=DAYS)
def test_whatever_is_found_is_said_without_a_gap_or_a_number(flow: Flow, items: list[File], as_of: date | None) -> None:
    for sentences in heard(flow, *items, as_of=as_of or TODAY):
        assert sentences
        for text in sentences:
            assert not re.search(r"[{}]|None|\d", text) and text.endswith("。")
    for item, written in zip(items, for_the_eye(flow, *items, as_of=as_of or TODAY), strict=True):
        number = item.ref if isinstance(item, CardFile) else ""
        for text in written:
            # Four digits of a card's number are told, never a fifth.
            assert not any(number[at : at + 5] in text for at in range(len(number) - 4))
            without = re.sub(r"电话\d+|[\d,]+(\.\d\d)?元", "", text)
            assert not re.search(r"\d{5}", without)


@given(items=st.lists(CARDS, min_size=1, max_size=7))
def test_what_is_sealed_with_a_call_is_read_again_as_it_was(items: list[CardFile]) -> None:
    findings = describe(Found(tuple(items), YESTERDAY, HEFEI, "demo"), TODAY, PLACES)
    assert from_plain(orjson.loads(orjson.dumps(to_plain(findings)))) == findings
