"""A seat that cannot be heard takes no calls, and is told why."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.dashboards.console_front.driver import Console, Hotline
from tests.waiting import eventually


@pytest.mark.parametrize("error, words", [("NotAllowedError", "没有被允许"), ("NotFoundError", "没有找到麦克风")])
def test_a_seat_without_a_microphone_does_not_go_online(
    browser: Browser, hotline: Hotline, error: str, words: str
) -> None:
    context = browser.new_context()
    refuse = f"() => Promise.reject(new DOMException('', '{error}'))"
    context.add_init_script(f"navigator.mediaDevices.getUserMedia = {refuse}")
    console = Console(context, hotline)
    console.until(lambda: console.state == "logged_out").press("Alt+o")
    console.until(lambda: console.sees("#audio-panel") and words in console.text("#audio-sentence-text"))
    assert hotline.done("sign-in") == []
    context.close()


def test_the_panel_shows_that_the_microphone_hears(console: Console) -> None:
    console.sign_in().press("Alt+p")
    console.until(lambda: int(console.page.get_attribute("#panel-level", "aria-valuenow") or 0) > 40)
    assert console.page.locator("#microphone-choice option").count() > 1
    console.page.click("#test-tone")
    console.page.click("#test-echo")
    console.until(lambda: "再说一句" in console.text("#test-echo"), 15.0)
    console.press("Escape").until(lambda: not console.sees("#audio-panel"))


def test_a_pulled_out_headset_is_told_and_stops_the_beat(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    console.page.evaluate(
        """() => { navigator.mediaDevices.enumerateDevices = async () => [];
            navigator.mediaDevices.dispatchEvent(new Event("devicechange")); }"""
    )
    console.until(lambda: "没有找到麦克风" in console.text("#banners"))
    eventually(lambda: hotline.is_silent_for(6.0), 13.0)
