"""The panel with which a consultant asks the business systems about the caller."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dashboards.console_front.driver import Console, Hotline
from tests.dashboards.console_front.look_up_samples import kind, look_up_form, look_up_found, look_up_trouble

NUMBER = "340103198503089988"


def opened(console: Console, **offer: object) -> Console:
    """In a talk, with the panel open."""
    console.talk(**offer).press("Alt+y")
    return console.until(lambda: console.page.locator("#look-up-kinds button").count() == 3)


def ask(console: Console, which: str = "pension", number: str = NUMBER) -> Console:
    console.page.select_option("#look-up-purpose", "enquiry")
    if number:
        console.page.fill("#look-up-number", number)
    console.page.click(f"#look-up-kinds [data-kind={which}]")
    return console


def result(console: Console) -> str:
    return console.text("#look-up-result") if console.sees("#look-up-result") else ""


def page_holds(console: Console, secret: str) -> bool:
    """Whether a text is anywhere in the page: its elements, fields, storage, address or title."""
    return bool(
        console.page.evaluate(
            """(secret) => [document.documentElement.outerHTML, JSON.stringify({ ...localStorage }),
                JSON.stringify({ ...sessionStorage }), location.href, document.title,
                ...[...document.querySelectorAll("input, textarea")].map((field) => field.value)]
                .some((text) => text.includes(secret))""",
            secret,
        )
    )


# the card


def test_the_card_says_whether_the_caller_has_proven_who_they_are(console: Console, hotline: Hotline) -> None:
    console.sign_in().ring()
    assert "身份未核对" in console.text("#identity") and not console.sees("#look-up-open")
    kept = hotline.do("look")["desk"]["offer"]
    hotline.do("change", offer={**kept, "identity": {"tail": "012X"}})
    console.until(lambda: "身份已按键核对 · 证件尾号 012X" in console.text("#identity"))
    console.press("F8").until(lambda: console.phase == "talk")
    assert "证件尾号 012X" in console.text("#identity") and console.sees("#look-up-open")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_card_with_a_proven_caller_leaves_room_for_the_record(console: Console, size: tuple[int, int]) -> None:
    console.page.set_viewport_size({"width": size[0], "height": size[1]})
    console.talk(identity={"tail": "0123"})
    box = console.page.locator("#note").bounding_box()
    assert box is not None and box["y"] + box["height"] <= size[1]


# asking


def test_an_answer_is_shown_with_its_date_and_place_and_the_number_is_gone(console: Console, hotline: Hotline) -> None:
    opened(console)
    assert console.focused == "look-up-purpose" and "口头核对：先说明要问证件号，通话有录音" in console.text("#look-up")
    ask(console).until(lambda: "72,836.45元" in result(console))
    shown = result(console)
    assert "合肥养老服务总线" in shown and "参保地 合肥" in shown and "参保地 阜阳" in shown
    assert shown.count("数据日期 2026年11月20日") == 2
    (asked,) = hotline.done("look-up")
    assert asked == {
        "do": "look-up", "offer": "o1", "kind": "pension", "purpose": "enquiry", "id_number": NUMBER,
        "url": "/console/api/look-up",
    }  # fmt: skip
    assert not page_holds(console, NUMBER)


def test_whoever_has_proven_it_is_asked_for_without_a_number(console: Console, hotline: Hotline) -> None:
    hotline.set(look_up_form=look_up_form("0123"))
    opened(console, identity={"tail": "0123"})
    assert not console.sees("#look-up-number") and "证件尾号 0123，已按键核对" in console.text("#look-up-who")
    ask(console, "card", number="").until(lambda: result(console))
    assert "id_number" not in hotline.done("look-up")[0]


def test_the_whole_of_it_goes_by_keyboard(console: Console, hotline: Hotline) -> None:
    opened(console).press("ArrowDown", "Tab")
    assert console.focused == "look-up-number"
    console.page.keyboard.type(NUMBER)
    assert console.text("#look-up-count") == "18／18位"
    # Enter leads to the buttons, and Enter there asks.
    console.press("Enter").until(lambda: console.page.evaluate("document.activeElement.dataset.kind") == "pension")
    console.press("Tab", "Enter").until(lambda: result(console))
    assert hotline.done("look-up")[0]["kind"] == "medical"
    console.press("Escape").until(lambda: not console.sees("#look-up") and console.focused == "look-up-open")
    assert console.phase == "talk"


def test_figures_typed_as_a_number_choose_no_subject(console: Console) -> None:
    opened(console).page.focus("#look-up-number")
    console.page.keyboard.type("123")
    assert console.page.locator("#offered [aria-pressed=true]").count() == 0


def test_what_is_missing_is_said_before_anything_is_sent(console: Console, hotline: Hotline) -> None:
    opened(console).page.click("#look-up-kinds [data-kind=pension]")
    assert "请先选查询的用途" in console.text("#look-up-wrong") and console.focused == "look-up-purpose"
    ask(console, number="")
    assert "身份证号" in console.text("#look-up-wrong") and console.focused == "look-up-number"
    ask(console, number="3401031985")
    assert "请补全" in console.text("#look-up-wrong") and console.page.input_value("#look-up-number") == "3401031985"
    assert hotline.done("look-up") == []


def test_a_refusal_is_a_sentence_and_the_number_is_gone(console: Console, hotline: Hotline) -> None:
    opened(console)
    hotline.set(refusal=[422, "最后一位和前面的对不上，请再问一遍。"])
    ask(console).until(lambda: "对不上" in console.text("#look-up-wrong"))
    assert console.focused == "look-up-number" and not page_holds(console, NUMBER) and not result(console)


def test_a_proof_that_is_gone_lets_the_number_be_typed(console: Console, hotline: Hotline) -> None:
    hotline.set(look_up_form=look_up_form("0123"))
    opened(console, identity={"tail": "0123"})
    hotline.set(refusal=[422, "请填来电人的身份证号。"])
    ask(console, number="").until(lambda: console.sees("#look-up-number"))
    hotline.set(refusal=None)
    ask(console).until(lambda: result(console))
    assert hotline.done("look-up")[-1]["id_number"] == NUMBER


def test_trouble_is_shown_as_a_sentence(console: Console, hotline: Hotline) -> None:
    hotline.set(look_up_answer=look_up_trouble())
    ask(opened(console)).until(lambda: "没有按时回答" in result(console))
    assert "数据日期" not in result(console)


def test_what_is_referred_or_closed_cannot_be_pressed_and_says_why(console: Console, hotline: Hotline) -> None:
    kinds = (
        kind("pension", "养老保险", "resting", "连不上，10:20:30以后再试"),
        kind("medical", "医保", "refer", "请打 12393"),
        kind("card", "社保卡", "closed", "社保卡系统还在联调"),
    )
    hotline.set(look_up_form=look_up_form(None, *kinds))
    opened(console)
    buttons = console.page.locator("#look-up-kinds button")
    assert [button.is_disabled() for button in buttons.all()] == [False, True, True]
    words = buttons.all_inner_texts()
    assert "以后再试" in words[0] and "请打 12393" in words[1] and "联调" in words[2]


# waiting


def test_a_slow_answer_shows_that_it_is_waited_for_and_is_asked_once(console: Console, hotline: Hotline) -> None:
    opened(console)
    hotline.set(look_up_answer=None)
    ask(console).until(lambda: console.sees("#look-up-busy"))
    assert "正在查养老保险" in console.text("#look-up-busy")
    assert console.page.get_attribute("#look-up", "aria-busy") == "true"
    console.page.click("#look-up-kinds [data-kind=medical]")
    hotline.set(look_up_answer=look_up_found())
    console.until(lambda: result(console) and not console.sees("#look-up-busy"))
    assert len(hotline.done("look-up")) == 1


def test_an_answer_that_comes_after_the_talk_is_not_shown(console: Console, hotline: Hotline) -> None:
    opened(console)
    hotline.set(look_up_answer=None)
    ask(console).until(lambda: hotline.done("look-up"))
    hotline.do("end_talk")
    console.until(lambda: console.state == "wrap_up")
    with console.page.expect_response("**/console/api/look-up"):
        hotline.set(look_up_answer=look_up_found())
    assert not console.sees("#look-up") and not page_holds(console, "72,836.45")


# leaving


def test_with_the_talk_goes_what_was_found(console: Console, hotline: Hotline) -> None:
    ask(opened(console)).until(lambda: "72,836.45元" in result(console))
    assert page_holds(console, "72,836.45")
    hotline.do("end_talk")
    console.until(lambda: console.state == "wrap_up" and not console.sees("#look-up"))
    assert not page_holds(console, "72,836.45")
    console.press("Alt+y")
    assert not console.sees("#look-up")


def test_closing_keeps_what_was_found_for_the_talk_and_forgets_what_was_typed(console: Console) -> None:
    ask(opened(console)).until(lambda: result(console))
    console.page.fill("#look-up-number", NUMBER)
    console.press("Escape").until(lambda: not console.sees("#look-up"))
    assert not page_holds(console, NUMBER)
    console.press("Alt+y").until(lambda: "72,836.45元" in result(console))


def test_the_window_that_loses_the_call_forgets(console: Console, open_console: Callable[..., Console]) -> None:
    ask(opened(console)).until(lambda: result(console))
    other = open_console()
    other.until(lambda: other.sees("#take-over")).page.click("#take-over")
    console.until(lambda: console.sees("#elsewhere"))
    assert not page_holds(console, "72,836.45")
