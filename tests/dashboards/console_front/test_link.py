"""A lost network, an expired session, a frozen page: the talk goes on and the page finds it again."""

from __future__ import annotations

from tests.dashboards.console_front.driver import Console, Hotline
from tests.waiting import eventually


def test_changes_come_without_reloading(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    line = {"waiting": 12, "longest_wait_seconds": 5, "oldest_at": None, "available": 0, "on_call": 7}
    hotline.do("change", line=line)
    console.until(lambda: console.text("#line-waiting") == "12")


def test_without_the_stream_the_page_asks_by_itself_and_says_so(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    hotline.set(are_streams_open=False)
    hotline.do("cut_streams")
    console.until(lambda: "正在重连" in console.text("#banners"))
    hotline.do("change", agent={"next_reason": "meal"})
    console.until(lambda: "用餐" in console.text("#my-reason"))
    hotline.set(are_streams_open=True)
    console.until(lambda: console.text("#banners") == "" and console.get("link") == "live")


def test_old_data_is_marked_with_its_age(console: Console, hotline: Hotline) -> None:
    console.talk()
    hotline.set(is_open=False)
    hotline.do("cut_streams")
    console.until(lambda: "秒前的情况，通话不受影响" in console.text("#banners"), 20.0)
    console.until(lambda: console.page.evaluate("document.querySelector('#console').classList.contains('stale')"), 20.0)
    assert console.loudness > 0.02
    hotline.set(is_open=True)
    console.until(lambda: console.text("#banners") == "")


def test_an_overtaken_desk_is_left(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    newest = console.get("lastDesk.now")
    old = {**hotline.do("look")["desk"], "now": "2020-01-01T00:00:00+00:00"}
    hotline.set(desk=old)
    hotline.do("change", line={**old["line"], "waiting": 77})
    console.until(lambda: console.text("#line-waiting") == "77")
    assert console.get("lastDesk.now") > newest


def test_an_expired_session_is_said_while_the_talk_goes_on(console: Console, hotline: Hotline) -> None:
    console.talk()
    hotline.set(is_signed_in=False)
    console.press("Alt+h").until(lambda: console.sees("#signed-out"))
    assert console.loudness > 0.02 and console.phase == "talk"
    console.press("Alt+n").page.keyboard.type("还在说")
    assert console.focused == "note"
    # Signing in elsewhere makes a new session with another form token.
    hotline.set(is_signed_in=True, csrf="token-of-the-next-session")
    console.until(lambda: not console.sees("#signed-out"))
    console.until(lambda: console.text("#saved") == "已保存")
    assert hotline.done("wrap-up")[-1]["note"] == "还在说"
    console.press("Alt+h").until(lambda: console.phase == "hold")


def test_a_beat_is_sent_again_and_again_and_a_frozen_page_falls_silent(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    beats = len(hotline.done("heartbeat"))
    console.until(lambda: len(hotline.done("heartbeat")) > beats)
    console.page.evaluate("setTimeout(() => { const until = Date.now() + 14000; while (Date.now() < until); }, 0)")
    eventually(lambda: hotline.is_silent_for(7.0), 10.0)
    console.until(lambda: len(hotline.done("heartbeat")) > 1, 15.0)


def test_a_page_that_cannot_take_a_call_does_not_beat(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    hotline.set(is_line_open=False)
    hotline.do("cut_line")
    console.until(lambda: "电话线路断了" in console.text("#banners"))
    eventually(lambda: hotline.is_silent_for(6.0), 13.0)
    hotline.set(is_line_open=True)
    console.until(lambda: console.phone == "registered" and console.text("#banners") == "")


def test_a_refused_desk_is_told(console: Console, hotline: Hotline) -> None:
    console.sign_in()
    hotline.set(refusal=[409, "这一步现在做不了，请看页面上最新的状态。"])
    console.press("Alt+b", "1").until(lambda: "做不了" in console.text("#told"))
    assert console.state == "available"
