"""Reloads, a second window, a second browser: one of them has the talk, and it is never lost between them."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser

from tests.dashboards.console_front.driver import Console, Hotline


def test_a_reload_in_mid_call_brings_sound_and_card_back(console: Console, hotline: Hotline) -> None:
    console.talk()
    console.page.reload()
    console.until(lambda: console.phase == "talk" and console.loudness > 0.02, 4.0)
    assert console.text("#caller-number") == "138****5678"
    assert hotline.said("resume") == [{"type": "resume", "call": "CA" + "a" * 32, "key": "key-of-the-leg"}]
    console.until(lambda: hotline.heard > 0.05)
    assert hotline.done("hang-up") == [] and hotline.said("hangup") == []


def test_a_reload_while_it_rings_rings_again(console: Console) -> None:
    console.sign_in().ring().page.reload()
    console.until(lambda: console.phase == "ring" and console.get("softphone.call?.stage") == "incoming")
    console.press("F8").until(lambda: console.phase == "talk")


def test_a_lost_telephone_line_is_bridged(console: Console, hotline: Hotline) -> None:
    console.talk()
    hotline.set(is_line_open=False)
    hotline.do("cut_line")
    console.until(lambda: console.phase == "lost")
    hotline.set(is_line_open=True)
    console.until(lambda: console.phase == "talk" and console.loudness > 0.02)
    assert "已接回" in console.text("#told")


def test_a_call_that_has_ended_meanwhile_is_not_won_back(console: Console, hotline: Hotline) -> None:
    console.talk()
    hotline.set(is_line_open=False)
    hotline.do("cut_line")
    console.until(lambda: console.phase == "lost")
    hotline.do("end_talk")
    hotline.set(is_line_open=True)
    console.until(lambda: console.phone == "registered" and console.get("softphone.call") is None)
    assert console.state == "wrap_up"


def test_the_second_window_waits_and_takes_over_with_the_talk(
    open_console: Callable[..., Console], hotline: Hotline
) -> None:
    first: Console = open_console().talk()
    second: Console = open_console()
    second.until(lambda: second.sees("#elsewhere"))
    assert second.phone == "off" and first.loudness > 0.02
    second.press("Enter")
    second.until(lambda: second.phase == "talk" and second.loudness > 0.02)
    first.until(lambda: first.sees("#elsewhere") and first.phone == "off")
    assert hotline.said("hangup") == [] and hotline.done("hang-up") == []
    second.press("Alt+g").until(lambda: second.state == "wrap_up")


def test_when_the_first_window_is_closed_the_second_can_take_over(
    open_console: Callable[..., Console], hotline: Hotline
) -> None:
    first: Console = open_console().sign_in()
    second: Console = open_console()
    second.until(lambda: second.sees("#elsewhere"))
    first.page.close()
    second.page.click("#take-over")
    second.until(lambda: second.phone == "registered" and not second.sees("#elsewhere"))


def test_a_window_in_another_browser_takes_the_line(console: Console, browser: Browser, hotline: Hotline) -> None:
    console.sign_in()
    context = browser.new_context(permissions=["microphone"])
    other = Console(context, hotline).until(lambda: True)
    other.until(lambda: other.phone == "registered")
    console.until(lambda: console.sees("#elsewhere") and console.phone == "off")
    console.page.click("#take-over")
    console.until(lambda: console.phone == "registered")
    other.until(lambda: other.sees("#elsewhere"))
    context.close()
