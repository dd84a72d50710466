"""A callback on the desk: it is announced while the caller's telephone rings, and rings when somebody is there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dashboards.console_front.driver import Console, Hotline
from tests.dashboards.console_front.samples import iso, offer


def callback(stage: str, **more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "asked_at": iso(-5400),
        "source_zh": "排队时按键约的",
        "attempt": 2,
        "attempts_before": [{"at": iso(-3600), "result_zh": "没人接"}],
        "slot_from": None,
        "slot_until": None,
        "stage": stage,
        "stage_at": iso(-5),
        "note": "资格认证已经通过",
        **more,
    }


def calling(console: Console, stage: str = "dialling", **more: Any) -> Console:
    """The seat is kept for a callback; nothing rings here."""
    console.sign_in()
    made = callback(stage, **more)
    console.hotline.do("ring", on_the_line=False, status="reserved", ring_until=iso(60), callback=made)
    return console.until(lambda: console.phase == "calling")


def goes_on(hotline: Hotline, stage: str) -> None:
    kept = hotline.do("look")["desk"]["offer"]
    hotline.do("change", offer={**kept, "callback": {**kept["callback"], "stage": stage}})


def stage(console: Console) -> str:
    return console.text("#callback-stages [aria-current=step]")


def test_the_card_says_who_is_rung_and_why(console: Console) -> None:
    calling(console)
    assert console.text("#call-title") == "正在回电" and console.text("#caller-number") == "138****5678"
    words = console.text("#callback-words")
    assert "约的（排队时按键约的）" in words and "第2次" in words and "没人接" in words
    assert "资格认证已经通过" in console.text("#callback-note")
    assert "响铃" in console.text("#my-reason") and not console.sees("#caller-waited")


def test_a_call_that_answers_a_case_leads_to_it(console: Console) -> None:
    calling(console, note="办件1001 留言答复", case_id=1001, source_zh="办件答复")
    assert console.text("#callback-words") == "办件1001 留言答复" and console.text("#callback-tag") == "答复"
    link = console.page.locator("#callback-case a")
    # Leaving the page would end the talk.
    assert (link.get_attribute("href"), link.get_attribute("target")) == ("/cases/1001", "_blank")


def test_nothing_can_be_answered_before_the_caller_is_there(console: Console, hotline: Hotline) -> None:
    calling(console)
    assert not console.sees("#answer") and not console.sees("#reject")
    console.press("F8", "Alt+r")
    goes_on(hotline, "ringing")
    console.until(lambda: stage(console) == "响铃")
    assert console.phase == "calling" and "回电" not in console.page.title()
    assert hotline.done("reject") == [] and hotline.said("accept") == []


def test_the_carriers_progress_is_followed_until_it_rings(console: Console, hotline: Hotline) -> None:
    calling(console)
    seen = [stage(console)]
    for step, words in (("ringing", "响铃"), ("answered", "已接起，等对方按1")):
        goes_on(hotline, step)
        console.until(lambda words=words: stage(console) == words)
        seen.append(stage(console))
    assert seen == ["拨号", "响铃", "已接起，等对方按1"]
    goes_on(hotline, "confirmed")
    hotline.do("invite")
    console.until(lambda: console.phase == "ring" and "【回电】" in console.page.title())
    assert console.text("#call-title").startswith("回电") and console.sees("#answer")
    assert "回电" in console.text("#alarm")
    console.until(lambda: console.get("softphone.call?.stage") == "incoming")
    console.press("F8").until(lambda: console.phase == "talk" and console.loudness > 0.02)
    assert console.sees("#callback-words") and not console.sees("#callback-stages")


def test_a_promised_time_is_shown(console: Console) -> None:
    calling(console, slot_from=iso(-600), slot_until=iso(1200))
    assert "约的时间是今天" in console.text("#callback-words")


def test_nobody_reached_is_told_and_the_seat_goes_on(console: Console, hotline: Hotline) -> None:
    calling(console)
    hotline.do("change", state="available", offer=None)
    console.until(lambda: "没有打通" in console.text("#told"))
    assert console.phase == "none"


def test_an_ordinary_ring_says_nothing_of_callbacks(console: Console) -> None:
    console.sign_in().ring()
    assert console.text("#call-title") == "来电" and not console.sees("#callback") and console.sees("#caller-waited")


# Booking one


def booked(hotline: Hotline) -> list[dict[str, Any]]:
    return hotline.done("book")


def test_a_callback_is_booked_in_a_talk_with_the_keyboard(console: Console, hotline: Hotline) -> None:
    hotline.set(said="已约好：今天15:00到15:30给他打。")
    console.talk().press("Alt+c").until(lambda: console.sees("#booking-slots input"))
    assert "138****5678" in console.text("#booking-about") and "轮到就打" in console.text("#booking-slots")
    slots = console.page.eval_on_selector_all("#booking-slots input", "all => all.map(e => e.value)")
    console.until(lambda: console.page.evaluate("document.activeElement.name") == "booking-slot")
    console.press("ArrowDown", "Tab")
    assert console.focused == "booking-note"
    console.page.keyboard.type("查缴费明细")
    console.press("Enter").until(lambda: booked(hotline))
    assert booked(hotline) == [{"do": "book", "offer": "o1", "slot": slots[1], "note": "查缴费明细", "number": ""}]
    console.until(lambda: "已约好" in console.text("#told") and not console.sees("#booking"))
    assert console.phase == "talk"


def test_the_turn_may_be_chosen_only_after_the_talk(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+c").until(lambda: console.sees("#booking-slots input"))
    assert console.page.is_disabled("#booking-slots input[value='']")
    console.press("Escape").until(lambda: not console.sees("#booking"))
    hotline.set(booking={"caller": {"masked": "138****5678"}, "can_ring": True, "can_be_next": True, "booked_zh": None})
    console.press("Alt+g").until(lambda: console.state == "wrap_up" and console.sees("#book-after"))
    console.page.click("#book-after")
    console.until(lambda: console.sees("#booking-slots input"))
    console.page.check("#booking-slots input[value='']")
    console.page.click("#booking-go")
    console.until(lambda: booked(hotline))
    assert (booked(hotline)[0]["slot"], booked(hotline)[0]["offer"]) == ("", "o1")


def test_a_withheld_number_is_asked_for(console: Console, hotline: Hotline) -> None:
    hotline.set(
        booking={"caller": {"masked": "号码未显示"}, "can_ring": False, "can_be_next": False, "booked_zh": None}
    )
    console.talk().press("Alt+c").until(lambda: console.focused == "booking-number")
    console.page.keyboard.type("13955167890")
    console.press("Enter").until(lambda: booked(hotline))
    assert booked(hotline)[0]["number"] == "13955167890"


def test_what_is_refused_is_said_and_nothing_typed_is_lost(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+c").until(lambda: console.sees("#booking-slots input"))
    console.page.fill("#booking-note", "查缴费明细")
    hotline.set(refusal=[409, "这个时间刚刚约满了，请换一个。"])
    console.page.click("#booking-go")
    console.until(lambda: "约满" in console.text("#booking-wrong"))
    assert console.page.input_value("#booking-note") == "查缴费明细" and console.sees("#booking")


def test_a_number_that_has_one_is_said_at_once(console: Console, hotline: Hotline) -> None:
    known = {
        "caller": {"masked": "138****5678"},
        "can_ring": True,
        "can_be_next": False,
        "booked_zh": "今天15:00到15:30",
    }
    hotline.set(booking=known)
    console.talk().press("Alt+c").until(lambda: "今天15:00到15:30" in console.text("#booking-wrong"))


def test_an_untouched_form_goes_with_its_talk_and_a_written_one_stays(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+c").until(lambda: console.sees("#booking-slots input"))
    hotline.do("change", state="available", offer=None, wrap_up=None)
    console.until(lambda: not console.sees("#booking"))
    hotline.do("change", state="on_call", offer={**offer("o2"), "status": "connected", "connected_at": iso()})
    console.until(lambda: console.phase == "talk").press("Alt+c").until(lambda: console.sees("#booking-slots input"))
    console.page.fill("#booking-note", "正在写")
    hotline.do("change", state="available", offer=None, wrap_up=None)
    console.until(lambda: console.phase == "none")
    assert console.sees("#booking") and console.page.input_value("#booking-note") == "正在写"
    console.page.click("#booking-go")
    console.until(lambda: booked(hotline) and booked(hotline)[0]["offer"] == "o2")


def test_there_is_nothing_to_book_while_it_rings(console: Console) -> None:
    console.sign_in().ring().press("Alt+c")
    assert not console.sees("#booking") and not console.sees("#book-open")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_buttons_of_a_talk_stand_in_one_line(console: Console, size: tuple[int, int]) -> None:
    console.page.set_viewport_size({"width": size[0], "height": size[1]})
    console.talk()
    tops = console.page.eval_on_selector_all(
        ".call-actions .call-button:not([hidden])", "all => all.map(e => Math.round(e.getBoundingClientRect().bottom))"
    )
    assert len(tops) == 6 and len(set(tops)) == 1


def test_the_line_says_how_many_are_to_be_rung(console: Console, hotline: Hotline) -> None:
    console.until(lambda: console.text("#line-callbacks") == "5")
    line = {"waiting": 0, "longest_wait_seconds": None, "oldest_at": None, "available": 1, "on_call": 0, "callbacks": 2}
    hotline.do("change", line=line)
    console.until(lambda: console.text("#line-callbacks") == "2" and console.text("#line-waiting") == "0")
