"""A consultant's calls: ring, answer, hold, hang up, reject, miss, transfer; with real sound both ways."""

from __future__ import annotations

import pytest

from tests.dashboards.console_front.driver import Console, Hotline


def test_sign_in_registers_the_telephone_and_asks_for_the_microphone(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    assert console.text("#my-state") == "空闲"
    assert hotline.done("sign-in") == [{"do": "sign-in"}]
    assert len(hotline.said("register")) == 1


def test_a_ring_shows_who_calls_what_was_asked_and_why_they_come_first(console: Console) -> None:
    console.sign_in().ring()
    assert console.text("#caller-number") == "138****5678"
    assert console.text("#caller-region") == "安徽合肥"
    assert console.text("#caller-waited").startswith("02:1")
    assert console.page.locator("#caller-tags li").all_inner_texts() == ["断线回来", "请慢慢说"]
    assert console.page.locator("#asked li").all_inner_texts()[-1] == "转人工"
    assert "领取资格认证" in console.text("#history")
    assert "秒" in console.text("#call-clock")


def test_answer_and_both_hear_each_other(console: Console, hotline: Hotline) -> None:
    console.talk()
    assert console.state == "on_call"
    console.until(lambda: hotline.heard > 0.05)
    assert not console.sees("#answer") and console.sees("#hang-up")


def test_alt_a_answers_as_well(console: Console) -> None:
    console.sign_in().ring().press("Alt+a").until(lambda: console.state == "on_call")


def test_answering_a_moment_before_the_telephone_rings_still_answers(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    hotline.do("ring", on_the_line=False)
    console.until(lambda: console.phase == "ring").press("F8").until(lambda: console.phase == "joining")
    hotline.do("invite")
    console.until(lambda: console.phase == "talk")


def test_a_muted_consultant_is_not_heard_and_the_next_call_is_not_muted(console: Console, hotline: Hotline) -> None:
    console.talk().until(lambda: hotline.heard > 0.05)
    console.press("Alt+m").until(lambda: hotline.heard == 0)
    assert console.text("#mute-words") == "已静音"
    hotline.do("end_talk")
    console.until(lambda: console.state == "wrap_up")
    hotline.do("change", state="available", wrap_up=None)
    console.talk(offer_id="o2", agent_call_sid="CAb")
    console.until(lambda: hotline.heard > 0.05)


def test_hold_and_back(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+h").until(lambda: console.phase == "hold")
    assert "保持" in console.text("#call-title")
    console.press("Alt+h").until(lambda: console.phase == "talk")
    assert [entry["on"] for entry in hotline.done("hold")] == [True, False]


def test_hang_up_leads_to_the_wrap_up(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+g").until(lambda: console.state == "wrap_up")
    assert hotline.done("hang-up") == [{"do": "hang-up", "offer": "o1"}]
    assert console.get("softphone.call") is None
    console.until(lambda: console.loudness < 0.001)


def test_hang_up_works_when_the_server_cannot_be_asked(console: Console, hotline: Hotline) -> None:
    console.talk()
    hotline.set(is_open=False)
    console.press("Alt+g").until(lambda: hotline.said("hangup"))
    assert "已经从电话上挂断" in console.text("#told")


def test_reject_tells_the_server(console: Console, hotline: Hotline) -> None:
    console.sign_in().ring().press("Alt+r").until(lambda: console.state == "available")
    assert hotline.done("reject") == [{"do": "reject", "offer": "o1"}]


def test_a_caller_who_gives_up_ends_the_ring(console: Console, hotline: Hotline) -> None:
    console.sign_in().ring()
    hotline.do("caller_leaves")
    console.until(lambda: console.phase == "none" and console.get("softphone.call") is None)
    assert "挂断" in console.text("#told")


def test_three_misses_are_told_and_set_away_visibly(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    for n in range(3):
        console.ring(offer_id=f"o{n}", agent_call_sid=f"CA{n}")
        hotline.do("miss")
        console.until(lambda: console.phase == "none")
    assert console.text("#my-state") == "系统置离"
    assert "三次未接" in console.text("#my-reason")
    console.press("Alt+o").until(lambda: console.state == "available")


def test_keys_of_the_keypad_are_pressed_into_the_call(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+k", "1", "#").until(lambda: len(hotline.said("digit")) == 2)
    assert [message["digit"] for message in hotline.said("digit")] == ["1", "#"]
    assert console.text("#pressed") == "1#"


def test_transfer_names_centre_skill_and_dialect(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+t").until(lambda: console.focused == "transfer-centre")
    console.page.select_option("#transfer-centre", "340800")
    console.page.select_option("#transfer-language", "anqing")
    console.press("Enter").until(lambda: console.state == "wrap_up")
    assert hotline.done("transfer") == [
        {"do": "transfer", "offer": "o1", "centre": "340800", "skill": "pension", "language": "anqing"}
    ]


def test_a_refused_transfer_says_why_and_the_talk_goes_on(console: Console, hotline: Hotline) -> None:
    console.talk()
    hotline.set(refusal=[409, "安庆现在没有人上班，转不过去。"])
    console.press("Alt+t", "Enter").until(lambda: "转不过去" in console.text("#told"))
    assert console.phase == "talk"


def test_a_break_wished_for_while_talking_comes_after_it_and_can_be_taken_back(
    console: Console, hotline: Hotline
) -> None:
    console.talk().press("Alt+b", "4").until(lambda: console.get("lastDesk.agent.next_reason") == "short")
    assert "小休" in console.text("#my-reason")
    console.press("Alt+o").until(lambda: console.get("lastDesk.agent.next_reason") is None)
    assert console.state == "on_call"


def test_a_ring_blinks_in_the_title_and_the_icon_until_it_is_over(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    title, icon = console.page.title(), "document.querySelector('link[rel=icon]').href"
    quiet = console.page.evaluate(icon)
    console.ring().until(lambda: "来电" in console.page.title())
    assert console.page.evaluate(icon) != quiet
    assert "F8" in console.text("#alarm")
    hotline.do("caller_leaves")
    console.until(lambda: console.page.title() == title and console.page.evaluate(icon) == quiet)


def test_a_telephone_seat_has_no_softphone(console: Console, hotline: Hotline) -> None:
    hotline.do("change", agent={"door": "telephone", "telephone_tail": "6688"})
    console.until(lambda: console.state == "logged_out").press("Alt+o").until(lambda: console.state == "available")
    hotline.do("ring", on_the_line=False)
    console.until(lambda: console.phase == "ring")
    assert "尾号 6688" in console.text("#on-telephone") and not console.sees("#answer")
    hotline.do("connect")
    console.until(lambda: console.phase == "talk")
    assert not console.sees("#mute") and not console.sees("#keypad-open") and console.sees("#hold")
    assert hotline.said("register") == []


@pytest.mark.parametrize("size", [(1366, 768), (1366, 650), (1920, 1080)])
def test_the_essentials_need_no_scrolling(console: Console, size: tuple[int, int]) -> None:
    console.page.set_viewport_size({"width": size[0], "height": size[1]})
    console.talk()
    for selector in (
        "#my-state",
        "#line-longest",
        "#today-signed-in",
        "#hang-up",
        "#dispositions",
        "#note",
        "#mark-missing",
    ):
        box = console.page.locator(selector).bounding_box()
        assert box is not None and box["y"] + box["height"] <= size[1] and box["x"] + box["width"] <= size[0], selector
    assert console.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
