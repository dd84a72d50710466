"""Key 6 by webhooks: whole calls, and what is heard is what stands in the card systems."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from integrations.sandbox.people import Population
from integrations.sandbox.records import Person
from ivr.words import full_day, speakable, spell_digits
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.loss.conftest import Calls, Cards, Counted
from tests.ivr.loss.loser import ALREADY, DONE, FIRST, NOTICE, PROVEN, Loser
from tests.ivr.loss.truth import bank_last, bank_other, named, question, until
from tests.ivr.query.asker import CARD, Asker
from tests.ivr.query.conftest import CHIZHOU, HEFEI, PROVINCE
from tests.ivr.query.test_what_is_heard import COUNTERS, can_prove

Somebody = Callable[[str], Person]
Rows = Callable[..., list[tuple[Any, ...]]]
FORMAL_HOW = "要一直停，请在恢复以前，带身份证到{}办正式挂失。"
AGAIN, CAN_HANG_UP = "再听一遍，请按九。", "不办别的，可以挂机。"
TO_MENU = "回到菜单，请按左下角的星号键。不办别的，可以挂机。"
BANKS_KEY = "听银行的电话，请按二。"
WRITE = "allDsjk"


def outcome(rows: Rows, loser: Asker) -> str | None:
    [(found,)] = rows("SELECT outcome FROM call WHERE call_sid = %s", loser.sid)
    return None if found is None else str(found)


def without_a_way_on(said: list[str]) -> list[str]:
    """What was told, but for who can be reached now, which the day of the week decides."""
    return [s for s in said if s not in ("转人工，请按零。", "要我们打给您，请按一。", "要我们上班后打给您，请按一。")]


def test_a_whole_call_in_hefei_from_the_first_word_to_the_receipt(
    calls: Calls, whose: Cards, counted: Counted, today: date, rows: Rows
) -> None:
    person, card = whose()
    loser = calls(HEFEI)
    assert "社保卡挂失，请按六。" in loser.said
    loser.press("6")
    # The money first, before anything is keyed.
    assert loser.said == [
        FIRST,
        NOTICE,
        "请按十八位身份证号，慢慢按。最后是X的，按左下角的星号键。不方便按，请等一下。",
    ]
    loser.press(person.id_number)
    assert loser.said == ["请按六位查询密码。忘了，请等一下，有别的办法。"]
    loser.press(person.pin or "").waits()
    assert loser.said == [PROVEN, *question(card, HEFEI, today)]
    assert counted(card) == {}
    # 9 hears it again, and is not the key that means it.
    assert loser.press("9").said == question(card, HEFEI, today)
    assert counted(card) == {}
    loser.confirms()
    [(receipt,)] = rows("SELECT receipt FROM card_freeze")
    done = [
        DONE,
        f"受理号{spell_digits(receipt, 3)}。",
        until(today + timedelta(days=7), today),
        FORMAL_HOW.format(COUNTERS[HEFEI]),
        bank_last(card),
    ]
    assert without_a_way_on(loser.said) == [*done, AGAIN, CAN_HANG_UP]
    assert without_a_way_on(loser.press("9").said) == [*done, AGAIN, CAN_HANG_UP]
    assert counted(card) == {"received": 1, "frozen": 1}
    loser.clock.tick(30)
    loser.hang_up()
    assert outcome(rows, loser) == "self_served"


def test_all_is_said_before_any_key_counts_and_the_one_that_means_it_counts_when_it_is_named(
    calls: Calls, whose: Cards
) -> None:
    waiting = calls(HEFEI).loses(whose()[0]).waiting
    assert waiting is not None and waiting.verb.tag == "Gather"
    assert [say.text for say in waiting.verb.iter("Say")] == ["确定挂失，请按六。"]
    assert waiting.verb.attrib["timeout"] == "8"


def test_the_province_tells_no_day_so_the_earliest_is_told_as_such(
    calls: Calls, whose: Cards, counted: Counted, today: date
) -> None:
    person, card = whose(place=PROVINCE)
    loser = calls(PROVINCE).loses(person)
    assert loser.said == [PROVEN, *question(card, PROVINCE, today)]
    loser.confirms()
    earliest = full_day(today + timedelta(days=10), today)
    assert without_a_way_on(loser.said) == [
        DONE,
        speakable(f"停到哪一天，系统没有说，最早{earliest}会自动恢复，捡到的人就能用。"),
        FORMAL_HOW.format(COUNTERS[PROVINCE]),
        bank_last(card),
        AGAIN,
        CAN_HANG_UP,
    ]
    assert counted(card, "card-province") == {"received": 1, "frozen": 1}


def test_a_card_that_is_frozen_is_told_with_its_day_and_not_frozen_again(
    calls: Calls, somebody: Somebody, counted: Counted, today: date
) -> None:
    person = somebody("李秀英")
    [card] = person.cards
    loser = calls(HEFEI).loses(person)
    day = full_day(today + timedelta(days=card.days_left), today)
    assert without_a_way_on(loser.said) == [
        PROVEN,
        named(card),
        speakable(f"已经临时挂失，停到{day}，以后自动恢复。"),
        FORMAL_HOW.format(COUNTERS[HEFEI]),
        bank_other(card),
        "卡找到了，要恢复，请按三。",
        AGAIN,
        CAN_HANG_UP,
    ]
    assert counted(card) == {}


def test_a_card_that_was_frozen_while_the_caller_listened_is_told_as_frozen_before(
    calls: Calls, whose: Cards, counted: Counted, today: date
) -> None:
    person, card = whose()
    first, second = calls(HEFEI).loses(person), calls(HEFEI).loses(person)
    assert first.confirms().said[0] == DONE
    second.confirms()
    assert without_a_way_on(second.said) == [
        ALREADY,
        until(today + timedelta(days=7), today),
        bank_last(card),
        AGAIN,
        CAN_HANG_UP,
    ]
    assert counted(card) == {"received": 2, "frozen": 1, "already": 1}


def test_a_formal_report_holds_and_is_not_made_again(calls: Calls, whose: Cards, counted: Counted) -> None:
    person, card = whose("formal")
    loser = calls(HEFEI).loses(person)
    assert without_a_way_on(loser.said) == [
        PROVEN,
        named(card),
        "已经正式挂失，一直有效，不用再办。",
        bank_other(card),
        AGAIN,
        CAN_HANG_UP,
    ]
    assert counted(card) == {}


def test_a_card_of_which_only_the_bank_has_stopped_its_side_can_be_frozen(
    calls: Calls, whose: Cards, counted: Counted, today: date
) -> None:
    person, card = whose("bank_only")
    loser = calls(HEFEI).loses(person)
    assert loser.said == [PROVEN, "这张卡，银行已经停了钱，社保功能还没有停。", *question(card, HEFEI, today)]
    assert loser.confirms().said[0] == DONE and counted(card) == {"received": 1, "frozen": 1}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("cancelled", "已经注销，不用挂失。"),
        ("strange", "这张卡现在是什么状态，系统没有说清楚，没有挂失。请先打银行电话，冻结银行的钱。"),
    ],
)
def test_a_card_that_cannot_be_frozen_says_why_and_there_is_no_key_for_it(
    status: str, told: str, calls: Calls, whose: Cards, counted: Counted
) -> None:
    person, card = whose(status)
    loser = calls(HEFEI).loses(person)
    assert told in loser.said and not any("确定挂失" in sentence for sentence in loser.said)
    assert loser.said[-1] == TO_MENU
    assert "没有安排服务" in loser.press("6").said[0] and counted(card) == {}


def test_what_the_system_refuses_is_told_in_its_own_words(
    calls: Calls, whose: Cards, counted: Counted, population: Population
) -> None:
    person, card = next(
        (p, p.cards[0])
        for p in population.people
        if can_prove(p) and [c.status for c in p.cards] == ["inactive"] and p.card_place in (HEFEI, PROVINCE)
    )
    loser = calls(PROVINCE).loses(person)
    loser.confirms()
    assert loser.said[0] == "没有办成，系统说：该卡尚未启用，不能挂失。" and DONE not in loser.said
    system = "card-hefei" if person.card_place == HEFEI else "card-province"
    assert counted(card, system) == {"received": 1, "refused": 1}


def test_of_two_cards_each_has_its_key(calls: Calls, somebody: Somebody, counted: Counted, today: date) -> None:
    person = somebody("王娜")
    lost, good = person.cards
    loser = calls(HEFEI).loses(person)
    listed = [
        f"尾号{spell_digits(card.number[-4:])}，徽商银行的，请按{key}。" for card, key in ((lost, "一"), (good, "二"))
    ]
    assert loser.said == [PROVEN, "查到两张卡。", *listed]
    # Nothing is frozen by the key of the choice.
    assert loser.press("2").said == question(good, HEFEI, today)
    assert counted(good) == {}
    assert loser.confirms().said[0] == DONE
    assert counted(good) == {"received": 1, "frozen": 1} and counted(lost) == {}
    other = calls(HEFEI).loses(person).press("1")
    assert other.said[:2] == [named(lost), "已经正式挂失，一直有效，不用再办。"]


def test_whoever_has_no_card_is_told_so(calls: Calls, population: Population) -> None:
    person = next(p for p in population.people if can_prove(p) and not p.cards and p.making is None)
    loser = calls(PROVINCE).loses(person)
    assert loser.said[:2] == [PROVEN, "用这个号码，没有查到社保卡。"] and loser.said[-1] == TO_MENU


def test_a_card_that_is_still_being_made_cannot_be_lost(calls: Calls, population: Population) -> None:
    person = next(
        p
        for p in population.people
        if can_prove(p) and not p.cards and p.making is not None and p.card_place == PROVINCE
    )
    loser = calls(PROVINCE).loses(person)
    assert loser.said[:2] == [PROVEN, "查到您的卡还在办，没有做好，不用挂失。"] and loser.said[-1] == TO_MENU


def test_who_has_the_card_of_another_centre_goes_there_and_keys_nothing_again(
    calls: Calls, whose: Cards, counted: Counted, sandbox: SandboxProcess, today: date, rows: Rows
) -> None:
    person, card = whose()
    loser = calls(PROVINCE).loses(person)
    assert loser.said == [
        PROVEN,
        "您的卡是合肥的，要由合肥办。现在转过去，不用再按号码。",
        *question(card, HEFEI, today),
    ]
    assert sandbox.asked("pension-province", "SI_QUERY_PIN") == 1
    assert loser.confirms().said[0] == DONE
    assert counted(card) == {"received": 1, "frozen": 1} and counted(card, "card-province") == {}
    assert rows("SELECT first_centre, centre FROM call WHERE call_sid = %s", loser.sid) == [(PROVINCE, HEFEI)]


def test_a_centre_without_a_card_system_does_not_speak_of_it(calls: Calls) -> None:
    loser = calls(CHIZHOU)
    assert not any("挂失" in sentence for sentence in loser.said)
    assert "没有开通" in loser.press("6").said[0]


@pytest.mark.parametrize("key", ["2", "*"])
def test_who_does_not_want_it_has_not_frozen_it(key: str, calls: Calls, whose: Cards, counted: Counted) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person).press(key)
    assert loser.said[0] == "好的，没有挂失。" and counted(card) == {}


def test_who_presses_nothing_has_not_frozen_it(calls: Calls, whose: Cards, counted: Counted) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    mark = len(loser.heard)
    for _ in range(4):
        if "没有按键，没有挂失。" not in loser.heard[mark:]:
            loser.wait()
    assert "没有按键，没有挂失。" in loser.heard[mark:] and counted(card) == {}


@pytest.mark.parametrize("key", ["0", "1", "3", "4", "5", "7", "8", "#"])
def test_no_other_key_means_it(key: str, calls: Calls, whose: Cards, counted: Counted) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person).press(key)
    if not loser.is_over and loser.waiting is not None and loser.is_looking:
        loser.waits()
    assert counted(card) == {} and DONE not in loser.said


def test_who_was_proven_by_key_1_keys_nothing_again(calls: Calls, whose: Cards, counted: Counted) -> None:
    person, card = whose()
    loser = calls(HEFEI)
    loser.asks(CARD).proves(person)
    loser.press("*").press("*").press("6").waits()
    assert loser.said[0] == FIRST and NOTICE not in loser.said and named(card) in loser.said
    assert loser.confirms().said[0] == DONE and counted(card) == {"received": 1, "frozen": 1}


def test_a_number_that_ends_in_x_is_keyed_with_a_star(calls: Calls, population: Population, counted: Counted) -> None:
    person = next(
        p
        for p in population.people
        if can_prove(p) and p.id_number.endswith("X") and [c.status for c in p.cards] == ["normal"]
        and p.card_place == HEFEI and p.making is not None and len(p.making.days) == 8
    )  # fmt: skip
    assert calls(HEFEI).loses(person).confirms().said[0] == DONE
    assert counted(person.cards[0]) == {"received": 1, "frozen": 1}


# a card that was found again


def test_hefei_lifts_a_freeze_by_telephone_and_another_key_means_it(
    calls: Calls, somebody: Somebody, counted: Counted, rows: Rows
) -> None:
    person = somebody("李秀英")
    [card] = person.cards
    loser = calls(HEFEI).loses(person).press("3")
    assert any("请按六。" in sentence for sentence in loser.said) and counted(card) == {}
    assert loser.press("2").said[0].startswith("好的") and counted(card) == {}
    again = calls(HEFEI).loses(person).press("3")
    assert isinstance(again, Loser)
    again.confirms()
    assert counted(card) == {"received": 1, "released": 1}
    assert rows("SELECT action, status FROM card_freeze") == [("release", "done")]
    assert again.is_over
    # And then it can be lost once more.
    assert calls(HEFEI).loses(person).said[1] == named(card)


def test_the_province_has_no_key_to_lift_it(calls: Calls, whose: Cards, counted: Counted) -> None:
    person, card = whose("temporary", PROVINCE)
    loser = calls(PROVINCE).loses(person)
    assert "已经临时挂失，不用再办。停到哪一天，系统没有说。" in loser.said
    assert not any("请按三" in sentence for sentence in loser.said)
    loser.press("3")
    assert counted(card, "card-province") == {}
