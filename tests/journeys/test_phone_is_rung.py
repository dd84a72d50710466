"""The phone page is called: it waits at its number, rings, and is answered or not, in a real browser at a real gateway.

The hotline is a few fixed documents (`phone_stage`); what it does with callbacks is in other journeys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from integrations.gateway.audio import silence, wav_bytes
from tests.gateway.scene import document, mumble
from tests.journeys.browser import Phone, open_browser
from tests.journeys.phone_stage import PhoneStage
from tests.waiting import eventually

HOME, OTHER = "+8613855112345", "+865533812345"
STATUS = "/queueing/callback"
KEYS = '<Gather action="/ivr/step" numDigits="1" timeout="60"><Say>您好，芜湖市给您回电。</Say></Gather>'
SPEECH = KEYS.replace("<Gather ", '<Gather input="dtmf speech" ')
LAPTOP, POCKET = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
# How many tones the page has begun: what nobody can hear in a test.
COUNT_TONES = """
    window.__tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...args) { window.__tones += 1; start.apply(this, args); };
"""


class RungPage(Phone):
    """A phone page that waits for calls."""

    def wait_at(self, number: str = HOME) -> RungPage:
        if self.page.locator(f'#from option[value="{number}"]').count():
            self.page.select_option("#from", number)
        else:
            self.page.select_option("#from", "own")
            self.page.fill("#own", number)
        self.page.click("#wait")
        return self.until_waiting()

    def until_waiting(self, timeout: float = 20.0) -> RungPage:
        self.until(lambda: self.page.evaluate("window.__phone.isRegistered"), timeout)
        return self

    def until_state(self, *states: str) -> RungPage:
        self.until(lambda: self.state in states)
        return self

    def shows(self, words: str, where: str = "#phone") -> None:
        self.until(lambda: words in self.page.inner_text(where))

    @property
    def is_ringing(self) -> bool:
        return bool(self.page.evaluate("window.__phone.isRinging"))


@pytest.fixture(scope="module")
def one_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneStage]:
    stage = PhoneStage(tmp_path_factory.mktemp("phone"), {})
    yield stage
    stage.end()


@pytest.fixture
def stage(one_stage: PhoneStage) -> PhoneStage:
    one_stage.be_quiet()
    one_stage.told.clear()
    one_stage.documents.clear()
    one_stage.documents |= {
        "/ivr/incoming": document(KEYS),
        "/ivr/callback": document(KEYS),
        "/ivr/step": document("<Say>马上有人跟您说话。</Say>", '<Pause length="60"/>'),
        STATUS: document(),
    }
    return one_stage


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears somebody who speaks for a second, and then listens for three."""
    voice = tmp_path_factory.mktemp("microphone") / "voice.wav"
    voice.write_bytes(wav_bytes(mumble(1.0, 0.3) + silence(3.0)))
    with open_browser(voice) as browser:
        yield browser


Open = Callable[..., RungPage]


@pytest.fixture
def open_page(browser: Browser, stage: PhoneStage) -> Iterator[Open]:
    """A page; at the end none of them has had an error."""
    context = browser.new_context(viewport=LAPTOP, permissions=["microphone"], locale="zh-CN")
    context.add_init_script(COUNT_TONES)
    opened: list[RungPage] = []

    def make(size: Any = LAPTOP) -> RungPage:
        page: Page = context.new_page()
        page.set_viewport_size(size)
        opened.append(RungPage(page, stage.base))
        return opened[-1]

    yield make
    assert [error for page in opened for error in page.errors] == []
    context.close()
    eventually(lambda: stage.gateway.exchange.telephones.count == 0)  # type: ignore[attr-defined]


@pytest.fixture
def phone(open_page: Open) -> RungPage:
    return open_page()


def test_it_waits_at_the_number_that_was_chosen(phone: RungPage) -> None:
    assert phone.page.get_attribute("#wait", "aria-checked") == "false"
    phone.wait_at()
    assert phone.page.get_attribute("#wait", "aria-checked") == "true"
    phone.shows("等着来电", "#state")
    phone.shows("138 5511 2345", "#wait-text")
    assert phone.page.is_disabled("#from")
    phone.page.click("#wait")
    phone.shows("未接通", "#state")
    assert phone.page.is_enabled("#from") and not phone.page.evaluate("window.__phone.isRegistered")


def test_without_a_number_it_cannot_be_rung(phone: RungPage) -> None:
    phone.page.click("#wait")
    phone.shows("先选一个来电号码", "#notice-text")
    assert phone.page.evaluate("document.activeElement.id") == "from"
    phone.page.select_option("#from", "own")
    phone.page.fill("#own", "12")
    phone.page.click("#wait")
    phone.shows("来电号码请写11位手机号", "#notice-text")
    phone.page.fill("#own", "055312333")
    phone.page.click("#wait")
    phone.shows("这个号码不能用来等电话", "#notice-text")
    assert phone.page.get_attribute("#wait", "aria-checked") == "false"


@pytest.mark.parametrize("size", [LAPTOP, POCKET])
def test_texts_to_its_number_are_shown_with_their_time_and_nothing_before(
    open_page: Open, stage: PhoneStage, size: Any
) -> None:
    phone = open_page(size).wait_at()
    assert not phone.page.is_visible("#texts")
    stage.text(OTHER, "这不是给您的。")
    stage.text(HOME, "安徽省12333答复您的留言（编号1001）：<b>已经</b>办好。")
    stage.text(HOME, "第二条。")
    phone.shows("第二条。", "#texts")
    newest, oldest = (item.inner_text() for item in phone.page.locator("#texts li").all())
    assert "第二条。" in newest and "（编号1001）：<b>已经</b>办好。" in oldest
    assert re.search(r"0553 12333 \d\d:\d\d", newest) and "不是给您的" not in phone.page.inner_text("#texts")
    # It is in nobody's way.
    assert phone.page.is_visible("#dial") and phone.state == "idle"


def test_it_rings_and_shows_who_calls(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at()
    tones = phone.page.evaluate("window.__tones")
    stage.ring(HOME)
    phone.until_state("ringing")
    phone.shows("0553 12333", "#number")
    phone.shows("芜湖打来，打给 138 5511 2345", "#hint")
    assert phone.is_ringing and phone.page.evaluate("window.__tones") > tones
    eventually(lambda: "【来电】0553 12333" in phone.page.title())
    assert "data:image/svg" in str(phone.page.get_attribute("link[rel=icon]", "href"))
    assert phone.page.evaluate("document.activeElement.id") == "answer"
    phone.page.click("#decline")
    phone.shows("等着来电", "#state")
    assert not phone.is_ringing and "来电" not in phone.page.title() and phone.page.inner_text("#number") == "12333"


@pytest.mark.parametrize("by_key", [False, True])
def test_it_is_answered_and_then_an_ordinary_call(phone: RungPage, stage: PhoneStage, by_key: bool) -> None:
    phone.wait_at()
    sid = stage.ring(HOME)
    phone.until_state("ringing")
    if by_key:
        phone.page.keyboard.press("Enter")
    else:
        phone.page.click("#answer")
    phone.until_state("live")
    assert not phone.is_ringing
    phone.hears("芜湖市给您回电")
    phone.until(lambda: phone.loudness > 0.01)
    phone.press("1")
    phone.hears("马上有人")
    assert [form["Digits"] for form in stage.forms("/ivr/step")] == ["1"]
    phone.hang_up()
    stage.ends(sid, "completed")
    phone.until_waiting()
    stage.ring(HOME)
    phone.until_state("ringing")
    phone.page.keyboard.press("Escape")


def test_it_is_put_off(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at()
    sid = stage.ring(HOME)
    phone.until_state("ringing")
    phone.page.keyboard.press("Escape")
    stage.ends(sid, "busy")
    phone.shows("您没有接这个电话", "#hint")
    stage.ring(HOME)
    phone.until_state("ringing")


def test_nobody_takes_it(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at()
    sid = stage.ring(HOME, seconds=1)
    phone.until_state("ringing")
    stage.ends(sid, "no-answer")
    phone.shows("响了很久没有人接", "#hint")
    sid = stage.ring(HOME)
    phone.until_state("ringing")
    stage.hang_up(sid)
    phone.shows("对方挂断了", "#hint")
    assert not phone.is_ringing and phone.state == "idle"


def test_it_is_busy_in_a_call_whoever_began_it(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at()
    phone.page.click("#dial")
    phone.until_state("live")
    stage.ends(stage.ring(HOME), "busy")
    phone.hang_up()
    phone.until_waiting()
    first = stage.ring(HOME)
    phone.until_state("ringing").page.click("#answer")
    phone.until_state("live")
    stage.ends(stage.ring(HOME), "busy")
    assert stage.status(first) == "in-progress" and phone.state == "live"
    stage.hang_up(first)
    phone.until_state("ended")
    phone.until_waiting()


def test_it_waits_again_after_a_reload(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at(OTHER)
    phone.page.reload()
    phone.until_waiting()
    stage.ring(OTHER)
    phone.until_state("ringing")
    # Loaded again while it rings: it rings again.
    phone.page.reload()
    phone.until_state("ringing").page.click("#answer")
    phone.hears("芜湖市给您回电")


def test_a_page_that_may_not_make_a_sound_yet_says_so(phone: RungPage) -> None:
    # Browsers want a page to be touched first; a test that looks at it has touched it.
    phone.page.add_init_script(
        "Object.defineProperty(navigator, 'userActivation', {value: {hasBeenActive: false}, writable: true})"
    )
    phone.wait_at()
    phone.page.reload()
    phone.until_waiting()
    phone.shows("点一下这一页", "#wait-text")
    phone.page.evaluate("navigator.userActivation = {hasBeenActive: true}")
    phone.page.click("h2")
    phone.shows("138 5511 2345", "#wait-text")


def test_a_talk_goes_on_after_a_reload(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at()
    sid = stage.ring(HOME)
    phone.until_state("ringing").page.click("#answer")
    phone.hears("芜湖市给您回电")
    phone.page.reload()
    phone.until_state("live").until_waiting()
    assert phone.page.inner_text("#number") == "0553 12333"
    stage.ends(stage.ring(HOME), "busy")
    phone.press("1")
    phone.hears("马上有人")
    phone.hang_up()
    stage.ends(sid, "completed")


def test_a_copy_of_the_tab_does_not_take_the_number(phone: RungPage, open_page: Open) -> None:
    phone.wait_at()
    assert phone.page.evaluate("sessionStorage.length") == 0
    copy = open_page()
    assert copy.page.get_attribute("#wait", "aria-checked") == "false"


def test_it_waits_again_when_the_network_is_back(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at()
    stage.ring(HOME)
    phone.until_state("ringing")
    stage.wire.cut()
    phone.until_state("idle")
    phone.shows("网络断了，没有接到来电", "#hint")
    phone.shows("正在接上", "#state")
    stage.wire.mend()
    # It still rings at the other end.
    phone.until_state("ringing").page.click("#answer")
    phone.until_state("live")
    stage.wire.cut()
    phone.until_state("lost")
    stage.wire.mend()
    phone.until_state("live").until_waiting()
    phone.press("1")
    phone.hears("马上有人")
    phone.hang_up()


def test_it_waits_again_at_a_gateway_that_was_restarted(phone: RungPage, stage: PhoneStage) -> None:
    phone.wait_at()
    stage.close_gateway()
    phone.shows("正在接上", "#state")
    stage.open_gateway()
    phone.until_waiting(30)
    stage.ring(HOME)
    phone.until_state("ringing")


def test_a_newer_page_has_the_number_and_the_older_says_so(phone: RungPage, open_page: Open, stage: PhoneStage) -> None:
    phone.wait_at()
    stage.ring(HOME)
    phone.until_state("ringing")
    newer = open_page().wait_at()
    phone.shows("改在另一个页面上响了", "#notice-text")
    assert phone.state == "idle" and not phone.is_ringing
    assert phone.page.get_attribute("#wait", "aria-checked") == "false"
    newer.until_state("ringing").page.click("#answer")
    newer.until_state("live")
    # And back: the talk stays where it is, the next call rings here.
    phone.page.click("#wait")
    phone.until_waiting()
    newer.shows("改在另一个页面上响了", "#notice-text")
    assert newer.state == "live"
    newer.press("1").hears("马上有人")
    newer.hang_up()
    newer.shows("已结束", "#state")
    stage.ring(HOME)
    phone.until_state("ringing")


@pytest.mark.parametrize("by_key", [False, True])
def test_it_answers_as_a_machine(phone: RungPage, stage: PhoneStage, by_key: bool) -> None:
    phone.wait_at()
    sid = stage.ring(HOME, machine_url=f"{stage.base}{STATUS}?attempt=7&amd=1")
    phone.until_state("ringing")
    if by_key:
        phone.page.keyboard.press("m")
    else:
        phone.page.click("#answer-machine")
    phone.shows("留言机在接", "#state")
    phone.shows("嘀声响过了", "#hint")
    told = eventually(lambda: [form for form in stage.forms(STATUS) if "AnsweredBy" in form])
    assert [(form["CallSid"], form["AnsweredBy"]) for form in told] == [(sid, "machine_end_beep")]
    phone.hang_up()
    # The next one is answered by a person again.
    phone.until_waiting()
    stage.ring(HOME, machine_url=f"{stage.base}{STATUS}?attempt=8&amd=1")
    phone.until_state("ringing").page.click("#answer")
    phone.shows("通话中", "#state")
    eventually(lambda: [form for form in stage.forms(STATUS) if form.get("AnsweredBy") == "human"])


def test_what_is_said_is_heard(phone: RungPage, stage: PhoneStage) -> None:
    stage.documents["/ivr/callback"] = document(SPEECH)
    phone.wait_at()
    stage.ring(HOME)
    phone.until_state("ringing").page.click("#answer")
    phone.shows("或者直接说", "#hint")
    phone.hears("马上有人")
    assert [form["SpeechResult"] for form in stage.forms("/ivr/step")] == ["（有声音）"]


@pytest.mark.parametrize("size", [LAPTOP, POCKET])
def test_everything_is_in_reach(open_page: Open, stage: PhoneStage, size: dict[str, int]) -> None:
    phone = open_page(size).wait_at()

    def in_reach(*ids: str) -> None:
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        for name in ids:
            box = phone.page.locator(f"#{name}").bounding_box()
            assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= size["height"], (name, box)
            assert min(box["width"], box["height"]) >= 36, (name, box)

    in_reach("wait", "dial", "mute")
    stage.ring(HOME)
    phone.until_state("ringing")
    in_reach("answer", "decline", "answer-machine")
    assert not phone.page.is_visible(".keypad")
    phone.page.click("#answer")
    phone.until_state("live")
    in_reach("hang-up", "mute")
