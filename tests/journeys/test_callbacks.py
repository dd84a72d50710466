"""Whole callbacks, in browsers where people see them: asked for, rung, talked, and everything that comes between.

What is to happen in a minute, or at the half hour that was chosen, is made due in the database; see `callback_stage`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.browser import open_browser
from tests.journeys.callback_stage import HELLO, SOON, CallbackStage, callback_config
from tests.journeys.console import Console
from tests.journeys.line_stage import WUHU_NUMBER, LineCaller
from tests.journeys.rung_phone import BUSY, NOBODY_COMES, Manner, RungPhone
from tests.journeys.scripted_seats import ACCEPT, ScriptedSeat
from tests.journeys.test_phone_is_rung import RungPage
from tests.journeys.test_talks import HEARD, TONE_HZ, microphone
from tests.running import RunningHotline
from tests.waiting import eventually

HOME = "+8613855112345"
# Key 7, to the number that calls, when the turn comes; a machine reads the digits as words.
BY_KEY_7 = {"": "7", "约回电、查回电，请按二": "2", "对，请按一": "1", "轮到您就打，请按一": "1"}
AT_A_SLOT = {"": "7", "约回电、查回电，请按二": "2", "对，请按一": "1", "轮到您就打，请按一": "2", "点，请按一。": "1",
             "点半，请按一。": "1"}  # fmt: skip


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("callbacks")
    config = callback_config(folder / "config", ring_seconds=10, offer_callback_after_minutes=0)
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(config)).wait_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def whole_stage(hotline: RunningHotline) -> Iterator[CallbackStage]:
    stage = CallbackStage(hotline)
    yield stage
    stage.close()


@pytest.fixture
def stage(whole_stage: CallbackStage) -> Iterator[CallbackStage]:
    """After each test nobody is rung any more, and nothing contradicts itself."""
    yield whole_stage
    whole_stage.everybody_goes_home()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(microphone(tmp_path_factory.mktemp("microphone"), TONE_HZ)) as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[Callable[[], BrowserContext]]:
    opened: list[BrowserContext] = []

    def open_context() -> BrowserContext:
        opened.append(
            browser.new_context(viewport={"width": 1366, "height": 768}, permissions=["microphone"], locale="zh-CN")
        )
        return opened[-1]

    yield open_context
    for one in opened:
        one.close()


@pytest.fixture
def base(hotline: RunningHotline) -> str:
    return f"http://127.0.0.1:{hotline.port}"


@pytest.fixture
def phone(stage: CallbackStage, base: str, context: Callable[[], BrowserContext]) -> Iterator[RungPage]:
    """The caller's telephone, which waits for calls."""
    phone = RungPage(context().new_page(), base).wait_at(HOME)
    yield phone
    if phone.state not in ("idle", "ended"):
        # A page that is only closed may come back, for half a minute.
        phone.page.keyboard.press("Escape")
    assert phone.errors == []


@pytest.fixture
def seat(stage: CallbackStage) -> ScriptedSeat:
    seat = stage.seat(1).go_online()
    seat.on_ring = ACCEPT
    return seat


def books(stage: CallbackStage, phone: RungPhone, press: dict[str, str]) -> int:
    """Its owner asks to be rung, and is told that it is noted."""
    caller: LineCaller = stage.rings(phone, press)
    eventually(lambda: caller.has_heard("记好了"), SOON)
    request = stage.request_of(caller)
    stage.callers.hang_up(caller)
    return request


def serve(stage: CallbackStage, seat: ScriptedSeat, phone: RungPhone, request: int) -> None:
    """They talk, until the consultant is done."""
    stage.until_talking(seat, phone, request)
    seat.hang_up()
    stage.until_it_ends(request, "served")


def test_asked_for_in_the_line_rung_and_talked(
    stage: CallbackStage, phone: RungPage, base: str, context: Callable[[], BrowserContext]
) -> None:
    """Key 1 while waiting; the telephone rings, 1 is pressed, the consultant's rings, both hear each other."""
    stage.seat(2).go_online().act("break", reason="short")
    (ahead,) = stage.wait_in_line(1)
    phone.dial(WUHU_NUMBER)
    phone.hears("您好")
    phone.press("0")
    phone.hears("前面有一位")
    phone.press("9")
    phone.hears("不想等，请按一")
    phone.press("1")
    phone.hears("打您现在这个号码")
    phone.press("1")
    phone.hears("轮到您就打，请按一")
    phone.press("1")
    phone.hears("记好了")
    phone.hang_up().until_waiting()
    ((request, source, tail),) = stage.rows("SELECT id, source, number_tail FROM callback")
    assert (source, tail) == ("line", HOME[-4:])
    # Whoever was ahead leaves: the place in the line has come to its turn.
    stage.callers.press(ahead, "*")
    stage.wait_for(ahead, "ended")
    stage.make_due(request)
    stage.until_it_is(request, "waiting")
    desk = Console(context(), base, "wuhu01").go_online()
    phone.until_state("ringing")
    assert desk.stage is None and "0553 12333" in phone.page.inner_text("#number")
    phone.page.click("#answer")
    phone.hears(HELLO)
    phone.press("1")
    desk.answers()
    phone.until(lambda: phone.loudness > HEARD)
    desk.until(lambda: desk.loudness > HEARD)
    desk.click("hang-up")
    phone.hears("请评价")
    phone.press("1")
    phone.until_waiting()
    stage.until_it_ends(request, "served")
    # A machine that is too busy for a ring rings again.
    assert stage.results(request)[-1] == "talked" and set(stage.results(request)) <= {"talked", "no_answer"}
    eventually(lambda: stage.rows("SELECT score FROM rating") == [(1,)])
    assert desk.errors == []


def test_at_the_half_hour_that_was_chosen_and_at_another_one(stage: CallbackStage, seat: ScriptedSeat) -> None:
    """Put off with key 2 when it rings, then agreed to by a voice."""
    later = Manner(press={HELLO: "2", "，请按一。": "1"})
    phone = stage.telephone(later, Manner(speak={HELLO: 1.0}))
    request = books(stage, phone, AT_A_SLOT)
    ((slot, not_before),) = stage.rows("SELECT slot_from, not_before FROM callback WHERE id = %s", request)
    assert slot == not_before and slot.minute in (0, 30)
    stage.make_due(request)
    stage.until(lambda: stage.results(request) == ["later"], "not put off", request, SOON)
    eventually(lambda: phone.calls[0].has_heard("再打给您"), SOON)
    # Rung while the goodbye is still being said it would be engaged.
    eventually(lambda: phone.calls[0].reason, SOON)
    assert stage.status(request) == ("scheduled", None)
    stage.make_due(request)
    serve(stage, seat, phone, request)
    assert stage.results(request) == ["later", "talked"]


def test_engaged_nobody_there_and_put_down_at_the_question(stage: CallbackStage, seat: ScriptedSeat) -> None:
    """Tried again each time, until it is enough: then a supervisor finds it, and a text message is due."""
    phone = stage.telephone(BUSY, NOBODY_COMES, Manner(hangs_up_at=HELLO))
    request = books(stage, phone, BY_KEY_7)
    for count, result in enumerate(("busy", "no_answer", "hung_up"), 1):
        stage.make_due(request)
        stage.until(lambda n=count: len(stage.ended_results(request)) == n, "not over", request, SOON)
        assert stage.results(request)[-1] == result
        assert stage.counted(request) == count
        eventually(lambda: stage.state(seat) == "available")
    assert stage.status(request) == ("ended", "unreached")
    assert seat.rung == []
    assert stage.rows("SELECT kind FROM text_message WHERE callback_id = %s", request) == [("unreached",)]


def test_a_machine_is_told_little_and_tried_again(stage: CallbackStage, seat: ScriptedSeat, phone: RungPage) -> None:
    caller = stage.callers.ring_from(HOME, BY_KEY_7)
    eventually(lambda: caller.has_heard("记好了"), SOON)
    request = stage.request_of(caller)
    stage.callers.hang_up(caller)
    stage.make_due(request)
    phone.until_state("ringing")
    phone.page.click("#answer-machine")
    phone.hears("打过电话")
    stage.until(lambda: stage.results(request) == ["machine"], "not found out", request)
    assert stage.status(request) == ("scheduled", None)
    assert seat.rung == []
    phone.until_waiting()


def test_called_off_by_both_at_the_same_moment(
    stage: CallbackStage, base: str, context: Callable[[], BrowserContext]
) -> None:
    """Key 7 of the caller and the button of the consultant: one ending, and the other is told so."""
    telephone = stage.telephone(NOBODY_COMES)
    stage.seat(2).go_online().act("break", reason="short")
    request = books(stage, telephone, BY_KEY_7)
    # Nobody else is to wait for the row meanwhile.
    stage.rows("UPDATE callback SET not_before = now() + interval '1 hour' WHERE id = %s RETURNING 1", request)
    desk = Console(context(), base, "wuhu01")
    page = desk.page
    page.goto(f"{base}/callbacks?tab=centre")
    page.click(f'tr[data-id="{request}"] [data-deed="cancel"]')
    page.click("#why-reasons label >> nth=0")
    caller = stage.rings(telephone, {"": "7", "约回电、查回电，请按二": "2", "不要回电了，请按三": "3"})
    eventually(lambda: caller.has_heard("不要回电了，请按一"), SOON)
    with stage.locked("callback"), ThreadPoolExecutor(1) as thread:
        # A caller's request gives up after four seconds, so whoever is slower to get there goes first.
        page.click("#why-go")
        eventually(lambda: len(stage.waiters()) == 1, SOON)
        pressed = thread.submit(stage.callers.press, caller, "1")
        eventually(lambda: len(stage.waiters()) == 2, SOON)
        pressed.result()
    stage.until_it_is(request, "ended")
    ((reason, by),) = stage.rows("SELECT end_reason, ended_by FROM callback WHERE id = %s", request)
    assert (reason, by) in (("caller_cancelled", "caller"), ("staff_cancelled", "wuhu01"))
    told = "回电取消了" if by == "caller" else "已经办完了"
    eventually(lambda: caller.has_heard(told), SOON)
    shown = "已取消" if by != "caller" else "已经结束"
    desk.until(lambda: shown in page.inner_text("body"))
    assert desk.errors == []


def test_who_rings_in_while_the_telephone_rings_is_not_rung_as_well(stage: CallbackStage, seat: ScriptedSeat) -> None:
    """Recognised, told of it, and offered to go on: the same place, and one conversation."""
    phone = stage.telephone(NOBODY_COMES)
    request = books(stage, phone, BY_KEY_7)
    stage.make_due(request)
    stage.until(lambda: phone.call, "it does not ring", request)
    caller = stage.rings(phone, {"": "0", "现在就排队，请按二": "2"})
    stage.until_it_ends(request, "joined")
    stage.until_connected(seat, caller)
    assert caller.has_heard("我们正在打给您")
    assert stage.results(request) == ["joined"]
    eventually(lambda: phone.calls[0].reason)
    assert not phone.calls[0].was_answered and len(phone.calls) == 1
    stage.callers.hang_up(caller)
    assert stage.outcome(caller) == "answered"
