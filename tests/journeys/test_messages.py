"""Messages on real processes: spoken over a real line, kept, transcribed, answered by telephone, and never lost.

What is to happen on another day is made so in the database; everything after that is the hotline's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.browser import open_browser
from tests.journeys.callback_stage import AGREES, HELLO, SOON
from tests.journeys.console import Console
from tests.journeys.line_stage import WUHU_NUMBER
from tests.journeys.message_stage import BENGBU_NUMBER, LONG, MODEL, MessageStage, message_config
from tests.journeys.rung_phone import NOBODY_COMES
from tests.journeys.test_talks import TONE_HZ, microphone
from tests.running import RunningHotline
from tests.waiting import eventually

KEY_5 = {"": "5"}
# What the recogniser makes of the recorded voice.
WORDS = ("社会", "保险", "咨询")
# The second silence in a menu outside hours leads straight to the beep.
NO_KEY: dict[str, str] = {}
LAST_RESULT = "SELECT result FROM case_reply WHERE case_id = %s ORDER BY id DESC LIMIT 1"
OVERDUE_NOW = """
UPDATE work_order SET due_at = now() - interval '1 minute', look_at = now(), level = 3 WHERE id = %s RETURNING 1
"""


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("messages")
    model = {"VOSK_MODEL_PATH": str(MODEL)} if MODEL.is_dir() else {}
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(message_config(folder / "config")), **model)
    yield running.wait_ready()
    running.end()


@pytest.fixture(scope="module")
def whole_stage(hotline: RunningHotline) -> Iterator[MessageStage]:
    stage = MessageStage(hotline)
    yield stage
    stage.close()


@pytest.fixture
def stage(whole_stage: MessageStage) -> Iterator[MessageStage]:
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
            browser.new_context(viewport={"width": 1366, "height": 900}, permissions=["microphone"], locale="zh-CN")
        )
        return opened[-1]

    yield open_context
    for one in opened:
        one.close()


@pytest.fixture
def base(hotline: RunningHotline) -> str:
    return f"http://127.0.0.1:{hotline.port}"


def test_hung_up_after_speaking_and_answered_by_telephone(
    stage: MessageStage, base: str, context: Callable[[], BrowserContext]
) -> None:
    """Key 5, spoken, hung up: on the list with a date and its words; listened to, rung from the page, talked."""
    phone = stage.telephone(AGREES)
    caller = stage.speaks(KEY_5, WUHU_NUMBER, phone.number)
    case_id = stage.case_of(caller)
    assert stage.outcome(caller) == "voicemail"
    status, due_at, tail = stage.case(case_id, "status", "due_at", "number_tail")
    assert (status, tail) == ("open", phone.number[-4:]) and due_at is not None
    heard, said = stage.until_transcribed(case_id)
    assert heard == ("done" if MODEL.is_dir() else "no_model")
    if MODEL.is_dir():
        # A telephone that a busy machine makes stutter costs a word; which words are heard is the transcriber's tests'.
        assert sum(word in said for word in WORDS) >= 2
    eventually(lambda: [status for _, status in stage.takes(case_id)] == ["home"], LONG)
    desk = Console(context(), base, "wuhu01").go_online()
    page = desk.context.new_page()
    page.goto(f"{base}/cases")
    page.click(f'tr[data-id="{case_id}"] a')
    page.wait_for_url(f"**/cases/{case_id}")
    page.click('[data-deed="take"]')
    stage.until_case(case_id, "owned")
    page.click(".player-play")
    eventually(lambda: "listened" in stage.history(case_id), SOON)
    # Listening stops no clock.
    assert stage.case(case_id, "replied_at") == (None,)
    page.click('[data-deed="dial"]')
    eventually(lambda: phone.call and phone.call.has_heard(HELLO), SOON)
    desk.answers()
    call = phone.call
    assert call is not None
    before = call.frames
    # A talk, not only a greeting.
    eventually(lambda: call.frames > before + 12 * 50, 30.0)
    desk.click("hang-up")
    stage.until_case(case_id, "replied")
    ((result, seconds),) = stage.rows("SELECT result, talk_seconds FROM case_reply WHERE case_id = %s", case_id)
    assert result == "delivered" and seconds >= 10
    phone.hang_up()
    assert desk.errors == []


def test_no_key_outside_hours_leads_to_the_beep(stage: MessageStage) -> None:
    """Somebody who cannot press cannot accept an offer either: after two silences the beep, and the words count."""
    caller = stage.speaks(NO_KEY, BENGBU_NUMBER)
    case_id = stage.case_of(caller, 120.0)
    assert stage.case(case_id, "source", "centre") == ("silence", "340300")
    assert stage.outcome(caller) == "voicemail"


def test_three_half_days_without_an_answer_are_the_supervisors(stage: MessageStage) -> None:
    """Nobody picks up, three half-days long; then it is said what comes next, and the clock goes on."""
    phone = stage.telephone(NOBODY_COMES)
    case_id = stage.case_of(stage.speaks(KEY_5, WUHU_NUMBER, phone.number))
    seat = stage.seat(1).go_online()
    seat.act(f"cases/{case_id}/do/take")
    for days in (2, 1, 0):
        eventually(lambda: stage.state(seat) == "available", SOON)
        seat.act(f"cases/{case_id}/do/dial")
        eventually(lambda: stage.rows(LAST_RESULT, case_id) == [("no_answer",)], LONG)
        stage.rows(
            "UPDATE case_reply SET made_at = made_at - make_interval(days => %s), "
            "ended_at = ended_at - make_interval(days => %s) "
            "WHERE id = (SELECT max(id) FROM case_reply WHERE case_id = %s) RETURNING 1",
            days, days, case_id,
        )  # fmt: skip
    assert stage.case(case_id, "status", "replied_at") == ("owned", None)
    assert stage.history(case_id).count("reply_failed") == 3


def test_overdue_is_on_the_supervisors_page_until_cleared(
    stage: MessageStage, base: str, context: Callable[[], BrowserContext]
) -> None:
    case_id = stage.case_of(stage.speaks(KEY_5, WUHU_NUMBER))
    stage.rows(OVERDUE_NOW, case_id)
    eventually(lambda: stage.case(case_id, "breached_at") != (None,), 90.0)
    assert "overdue" in stage.history(case_id)
    page = context().new_page()
    page.goto(f"{base}/login")
    page.fill("[name=username]", "wuhu")
    page.fill("[name=password]", "12333-demo")
    page.click("form button[type=submit]")
    page.goto(f"{base}/cases/board")
    eventually(lambda: str(case_id) in page.inner_text("body"), SOON)
