"""The second look before a card is frozen, and what came of it."""

from __future__ import annotations

import pytest

from tests.dashboards.console_front.driver import Console, Hotline
from tests.dashboards.console_front.freeze_samples import KEY, card_found, told
from tests.dashboards.console_front.look_up_samples import look_up_form
from tests.dashboards.console_front.test_look_up import NUMBER, page_holds

OPENS = ".card-deed-open"


def found(console: Console, hotline: Hotline, action: str = "freeze", proof: str = "keypad") -> Console:
    """In a talk, the caller's cards have been looked up."""
    is_keyed = proof == "keypad"
    hotline.set(look_up_answer=card_found(action, proof))
    if is_keyed:
        hotline.set(look_up_form=look_up_form("9985"))
    console.talk(**({"identity": {"tail": "9985"}} if is_keyed else {})).press("Alt+y")
    console.until(lambda: console.page.locator("#look-up-kinds button").count() == 3)
    console.page.select_option("#look-up-purpose", "enquiry")
    if not is_keyed:
        console.page.fill("#look-up-number", NUMBER)
    console.page.click("#look-up-kinds [data-kind=card]")
    return console.until(lambda: console.sees(OPENS))


def opened(console: Console) -> Console:
    console.page.click(OPENS)
    return console.until(lambda: console.sees("#card-deed"))


def settled(console: Console, words: str) -> Console:
    return console.until(lambda: words in console.text("#deed-result"))


def focused_in_dialog(console: Console) -> bool:
    return bool(console.page.evaluate("document.querySelector('#card-deed').contains(document.activeElement)"))


def test_only_a_card_with_which_something_may_be_done_has_a_button(console: Console, hotline: Hotline) -> None:
    found(console, hotline)
    assert console.page.locator(OPENS).count() == 1
    assert console.page.inner_text(f".finding:has({OPENS}) h4") == "尾号1234的社保卡"


def test_the_second_look_says_what_stops_until_when_and_who_it_is(console: Console, hotline: Hotline) -> None:
    opened(found(console, hotline))
    shown = console.text("#card-deed")
    for words in (
        "挂失尾号1234",
        "徽商银行",
        "银行的钱没有停",
        "96588",
        "最早到2026年11月29日",
        "证件尾号9985，已按键核对",
    ):
        assert words in shown
    assert console.text("#deed-go").startswith("确认挂失尾号1234") and not console.sees("#deed-oral")
    assert console.focused == "deed-h" and hotline.done("freeze") == []


def test_the_confirming_key_is_another_than_the_one_that_opened_it(console: Console, hotline: Hotline) -> None:
    found(console, hotline)
    console.page.focus(OPENS)
    console.press("Enter").until(lambda: console.sees("#card-deed"))
    console.press("Enter", "Enter")
    console.page.focus("#deed-go")
    console.press("Enter")
    assert hotline.done("freeze") == [] and console.sees("#card-deed")
    settled(console.press("Control+Enter"), "挂失办成了")
    (asked,) = hotline.done("freeze")
    assert asked == {
        "do": "freeze", "offer": "o1", "action": "freeze", "card": KEY, "proof": "keypad", "url": "/console/api/freeze",
    }  # fmt: skip


def test_the_focus_stays_in_the_dialog_and_escape_gives_it_back(console: Console, hotline: Hotline) -> None:
    opened(found(console, hotline, proof="oral"))
    for _ in range(9):
        console.press("Tab")
        assert focused_in_dialog(console)
    for _ in range(9):
        console.press("Shift+Tab")
        assert focused_in_dialog(console)
    console.press("Escape").until(lambda: not console.sees("#card-deed"))
    assert console.page.evaluate("document.activeElement.matches('.card-deed-open')")
    assert console.sees("#look-up") and hotline.done("freeze") == []


def test_by_word_of_mouth_two_ticks_and_the_number_are_needed(console: Console, hotline: Hotline) -> None:
    opened(found(console, hotline, proof="oral"))
    assert console.page.locator("#deed-asked input:checked").count() == 0
    console.page.click("#deed-go", force=True)
    assert "至少问两样" in console.text("#deed-wrong")
    console.page.check("#deed-asked [value=name]")
    console.page.check("#deed-asked [value=unit]")
    console.page.click("#deed-go", force=True)
    assert "身份证号" in console.text("#deed-wrong") and console.focused == "deed-number"
    console.page.fill("#deed-number", NUMBER)
    console.page.click("#deed-go")
    settled(console, "挂失办成了")
    (asked,) = hotline.done("freeze")
    assert asked["asked"] == ["name", "unit"] and asked["id_number"] == NUMBER and asked["proof"] == "oral"
    assert not page_holds(console, NUMBER)


def test_the_result_tells_receipt_and_day_and_the_button_has_gone(console: Console, hotline: Hotline) -> None:
    opened(found(console, hotline))
    console.page.click("#deed-go")
    settled(console, "受理号 LS20261122001")
    assert "停到2026年11月29日" in console.text("#deed-result") and not console.sees("#deed-go")
    console.press("Escape").until(lambda: not console.sees("#card-deed"))
    assert not console.sees(OPENS) and "请再查一次社保卡" in console.text("#look-up-result")


def test_a_double_click_and_a_second_press_send_it_once(console: Console, hotline: Hotline) -> None:
    hotline.set(freeze_answer=None)
    opened(found(console, hotline))
    console.page.dblclick("#deed-go")
    console.press("Control+Enter").until(lambda: console.sees("#deed-busy"))
    console.press("Escape")
    assert console.sees("#card-deed") and "正在办" in console.text("#deed-wrong")
    hotline.set(freeze_answer=told())
    settled(console, "挂失办成了")
    assert len(hotline.done("freeze")) == 1


def test_a_double_click_on_the_button_does_not_confirm(console: Console, hotline: Hotline) -> None:
    found(console, hotline)
    console.page.dblclick(OPENS)
    console.until(lambda: console.sees("#card-deed"))
    assert hotline.done("freeze") == []


def test_unknown_says_not_to_repeat_it_and_takes_the_button_away(console: Console, hotline: Hotline) -> None:
    hotline.set(freeze_answer=told("unknown"))
    opened(found(console, hotline))
    console.page.click("#deed-go")
    settled(console, "不要重复办")
    assert "最晚今天下午4点05分" in console.text("#deed-result") and "bad" in str(
        console.page.get_attribute("#deed-result .answer", "class")
    )
    console.press("Escape").until(lambda: not console.sees("#card-deed"))
    assert not console.sees(OPENS)


def test_a_refusal_leaves_the_dialog_for_another_try(console: Console, hotline: Hotline) -> None:
    opened(found(console, hotline))
    hotline.set(refusal=[409, "请先在这通电话里查一次社保卡，再办。"])
    console.page.click("#deed-go")
    console.until(lambda: "请先在这通电话里" in console.text("#deed-wrong"))
    assert console.sees("#deed-go") and console.text("#deed-result") == ""


def test_a_failure_of_the_server_is_not_taken_for_not_done(console: Console, hotline: Hotline) -> None:
    opened(found(console, hotline))
    hotline.set(refusal=[503, "现在连不上数据库。"])
    console.page.click("#deed-go")
    settled(console, "不要重复办")


def test_the_end_of_the_talk_closes_it_and_says_where_the_result_is(console: Console, hotline: Hotline) -> None:
    hotline.set(freeze_answer=None)
    opened(found(console, hotline))
    console.page.click("#deed-go")
    console.until(lambda: len(hotline.done("freeze")) == 1)
    hotline.do("end_talk")
    console.until(lambda: not console.sees("#card-deed"))
    assert "结果看“挂失”页" in console.text("#told") and not page_holds(console, "尾号1234")
    hotline.set(freeze_answer=told())


def test_a_frozen_card_is_released_by_the_same_way(console: Console, hotline: Hotline) -> None:
    opened(found(console, hotline, "release"))
    assert console.text("#deed-go").startswith("确认恢复尾号1234")
    console.page.click("#deed-go")
    console.until(lambda: [one["action"] for one in hotline.done("freeze")] == ["release"])


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_second_look_fits(console: Console, hotline: Hotline, size: tuple[int, int]) -> None:
    console.page.set_viewport_size({"width": size[0], "height": size[1]})
    opened(found(console, hotline, proof="oral"))
    box = console.page.locator("#deed-go").bounding_box()
    assert box is not None and box["y"] + box["height"] <= size[1]
