"""The keyboard: every action has a key, and none acts while somebody is typing."""

from __future__ import annotations

import pytest

from tests.dashboards.console_front.driver import Console, Hotline


def test_every_key_that_is_shown_is_in_the_help_and_every_button_has_one(console: Console) -> None:
    console.sign_in().press("?").until(lambda: console.sees("#help"))
    known = set(console.page.locator("#help-keys kbd").all_inner_texts())
    shown = {key for key in console.page.locator("#console [data-action] kbd").all_text_contents() if not key.isdigit()}
    assert shown <= known
    keyless = console.page.evaluate(
        """() => [...document.querySelectorAll("#console [data-action]:not([data-reason])")]
            .filter((button) => !button.querySelector("kbd")).map((button) => button.dataset.action)"""
    )
    assert keyless == []
    console.press("Escape").until(lambda: not console.sees("#help"))


def test_letters_and_figures_typed_in_a_note_do_nothing_else(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+n").page.keyboard.type("mhgkt?/0123r ")
    console.press("Backspace", "Enter")
    console.until(lambda: console.text("#saved") == "已保存")
    assert console.page.input_value("#note") == "mhgkt?/0123r\n"
    assert console.phase == "talk" and not console.sees("#help") and not console.sees("#subject-panel")
    assert hotline.done("hang-up") == hotline.done("hold") == []
    assert hotline.done("wrap-up")[-1]["subject"] is None


def test_letters_typed_next_to_the_note_do_not_end_the_call(console: Console, hotline: Hotline) -> None:
    console.talk().page.keyboard.type("guaji hmrtk")
    assert console.phase == "talk" and not console.get("softphone.isMuted")
    assert hotline.done("hang-up") == hotline.done("hold") == []


@pytest.mark.parametrize("key", ["F8", "Alt+a"])
def test_the_answer_key_works_while_a_note_is_typed(console: Console, hotline: Hotline, key: str) -> None:
    console.talk()
    hotline.do("end_talk")
    console.until(lambda: console.state == "wrap_up").press("Alt+n").page.keyboard.type("上一通")
    hotline.do("change", state="available", wrap_up=None)
    console.ring(offer_id="o2", agent_call_sid="CAb")
    assert console.focused == "note"
    console.press(key).until(lambda: console.phase == "talk")
    assert console.focused == "note" and console.page.input_value("#note") == "上一通"


def test_mute_works_while_a_note_is_typed(console: Console) -> None:
    console.talk().press("Alt+n", "Alt+m").until(lambda: console.get("softphone.isMuted"))
    assert console.focused == "note"


def test_what_an_input_method_composes_presses_no_key(console: Console) -> None:
    console.talk()
    console.page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "0", isComposing: true, bubbles: true }))"""
    )
    assert not console.sees("#subject-panel")


@pytest.mark.parametrize("keys", ["Control+p", "Control+f", "Control+a", "F5", "F3", "Alt+d", "Alt+f", "Alt+ArrowLeft"])
def test_keys_of_the_browser_stay_the_browsers(console: Console, keys: str) -> None:
    console.sign_in()
    console.page.evaluate(
        """() => {
            window.taken = null;
            const look = (event) => { window.taken = event.defaultPrevented; event.preventDefault(); };
            window.addEventListener("keydown", look);
        }"""
    )
    console.press(keys).until(lambda: console.page.evaluate("window.taken") is not None)
    assert console.page.evaluate("window.taken") is False


def test_a_key_without_its_button_is_left_alone(console: Console, hotline: Hotline) -> None:
    console.sign_in().press("Alt+g", "Alt+h", "F8", "Alt+r", "Enter", "1")
    assert [entry["do"] for entry in hotline.do("look")["log"] if entry["do"] != "heartbeat"] == ["sign-in"]


def test_signing_out_asks_first(console: Console, hotline: Hotline) -> None:
    console.sign_in().press("Alt+l").until(lambda: console.sees("#sure"))
    console.press("Escape").until(lambda: not console.sees("#sure"))
    assert hotline.done("sign-out") == []
    console.press("Alt+l", "Enter").until(lambda: console.state == "logged_out")
    console.until(lambda: console.phone == "off")


def test_somebody_signed_in_does_not_leave_the_page_by_accident(console: Console) -> None:
    console.sign_in().page.click(".who button")
    assert "签退" in console.text("#told")
    assert {link.get_attribute("target") for link in console.page.locator(".nav a").all()} == {"_blank"}


def test_the_focus_goes_to_the_card_when_the_pressed_button_is_gone(console: Console) -> None:
    console.sign_in().ring().page.focus("#answer")
    console.press("Enter").until(lambda: console.phase == "talk")
    console.until(lambda: console.focused == "call")
