"""Guides to search and read while talking, and to mark."""

from __future__ import annotations

from tests.dashboards.console_front.driver import Console, Hotline


def find(console: Console, words: str) -> Console:
    console.press("/").until(lambda: console.focused == "guide-search")
    console.page.keyboard.type(words)
    return console


def test_search_open_read_and_back_with_the_keyboard(console: Console) -> None:
    find(console.sign_in(), "tx").until(lambda: console.page.locator("#guide-results button").count() == 2)
    console.press("ArrowDown", "Enter").until(lambda: console.sees("#guide"))
    assert console.text("#guide-title") == "办退休"
    assert "三十个工作日" in console.text("#guide-parts")
    console.press("Escape").until(lambda: console.sees("#guide-list"))


def test_what_the_caller_listened_to_is_offered(console: Console) -> None:
    console.sign_in().ring().until(lambda: console.page.input_value("#guide-search") == "退休年龄")
    assert "先核实" in console.text("#guide-results")


def test_what_somebody_is_reading_is_left_when_a_call_comes(console: Console) -> None:
    find(console.sign_in(), "挂失").until(lambda: "正式挂失" in console.text("#guide-results"))
    console.press("Enter").until(lambda: console.sees("#guide"))
    console.ring()
    assert console.text("#guide-title") == "社保卡正式挂失" and console.sees("#guide")


def test_a_wrong_guide_is_marked_with_one_key(console: Console, hotline: Hotline) -> None:
    find(console.talk(), "tx").until(lambda: console.page.locator("#guide-results button").count() == 2)
    console.press("Enter").until(lambda: console.sees("#guide"))
    console.press("Alt+w", "Enter").until(lambda: hotline.done("guides/mark"))
    mark = {"guide": "guide/pension-retirement", "verdict": "wrong", "note": "", "offer": "o1"}
    assert hotline.done("guides/mark") == [{"do": "guides/mark", **mark}]


def test_a_mark_can_carry_a_note_and_can_be_taken_back(console: Console, hotline: Hotline) -> None:
    find(console.sign_in(), "tx").until(lambda: console.page.locator("#guide-results button").count() == 2)
    console.press("Enter").until(lambda: console.sees("#guide"))
    console.press("Alt+w", "Escape").until(lambda: not console.sees("#mark-form"))
    console.press("Alt+w").page.keyboard.type("窗口搬了")
    console.press("Enter").until(lambda: hotline.done("guides/mark"))
    assert [mark["note"] for mark in hotline.done("guides/mark")] == ["窗口搬了"]


def test_a_missing_guide_is_marked_with_what_was_searched_for(console: Console, hotline: Hotline) -> None:
    find(console.sign_in(), "灵活就业退费").until(lambda: "没有找到" in console.text("#guide-sentence"))
    console.press("Alt+q", "Enter").until(lambda: hotline.done("guides/mark"))
    mark = {"guide": "灵活就业退费", "verdict": "missing", "note": "", "offer": None}
    assert hotline.done("guides/mark") == [{"do": "guides/mark", **mark}]


def test_marking_does_not_take_the_focus_from_a_note(console: Console, hotline: Hotline) -> None:
    find(console.talk(), "tx").until(lambda: console.page.locator("#guide-results button").count() == 2)
    console.press("Enter").until(lambda: console.sees("#guide"))
    console.press("Alt+n", "Alt+w").until(lambda: console.sees("#mark-form"))
    assert console.focused == "note"
    console.until(lambda: hotline.done("guides/mark"), 12.0)


def test_guides_that_could_not_be_had_come_when_the_session_is_back(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    hotline.set(is_signed_in=False)
    find(console, "挂失").until(lambda: "查不了" in console.text("#guide-sentence"))
    hotline.do("cut_streams")
    console.until(lambda: console.sees("#signed-out"))
    hotline.set(is_signed_in=True)
    console.until(lambda: "正式挂失" in console.text("#guide-results") and not console.sees("#guide-sentence"))
