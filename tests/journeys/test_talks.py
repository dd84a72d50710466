"""Callers and consultants in browsers, with real sound: answered, held, transferred, given up, reloaded in mid-call."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
import pytest
import yaml
from playwright.sync_api import Browser

from integrations.gateway.audio import SAMPLE_RATE, wav_bytes
from integrations.gateway.samples import to_pcm
from tests.journeys.browser import Phone, open_browser
from tests.journeys.conftest import always_open_config
from tests.journeys.console import Console
from tests.journeys.scripted_phones import ScriptedPhone, ScriptedPhones
from tests.running import RunningHotline
from tests.waiting import eventually

WUHU = "+8655312333"
TONE_HZ = 1200
HEARD = 0.02
Rows = Callable[..., list[tuple[Any, ...]]]


def microphone(folder: Path, hertz: int) -> Path:
    """A microphone that hears a steady tone."""
    seconds = numpy.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    path = folder / f"{hertz}.wav"
    path.write_bytes(wav_bytes(to_pcm(0.4 * numpy.sin(2 * numpy.pi * hertz * seconds))))
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(microphone(tmp_path_factory.mktemp("microphone"), TONE_HZ)) as browser:
        yield browser


@pytest.fixture
def base(hotline: RunningHotline) -> str:
    return f"http://127.0.0.1:{hotline.port}"


@pytest.fixture
def phone(base: str, browser: Browser) -> Iterator[Phone]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["microphone"])
    phone = Phone(context.new_page(), base)
    yield phone
    assert phone.errors == []
    context.close()


@pytest.fixture
def console(base: str, browser: Browser) -> Iterator[Callable[[str], Console]]:
    opened: list[Console] = []

    def open_console(username: str = "wuhu01") -> Console:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, permissions=["microphone"])
        opened.append(Console(context, base, username))
        return opened[-1]

    yield open_console
    for one in opened:
        assert one.errors == []
        one.context.close()


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    """Wuhu rings shorter than usual, so that nobody waits for a ring that is not answered."""
    folder = tmp_path_factory.mktemp("talks")
    config = always_open_config(folder / "config")
    centres = yaml.safe_load((config / "centres.yaml").read_text(encoding="utf-8"))
    centres["centres"]["340200"]["queue"] = {"ring_seconds": 3, "cool_down_seconds": 1, "wrap_up_seconds": 15}
    (config / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(config)).wait_ready()
    yield running
    running.end()


@pytest.fixture
def phones(hotline: RunningHotline) -> Iterator[ScriptedPhones]:
    phones = ScriptedPhones(hotline)
    yield phones
    phones.close()


@pytest.fixture(autouse=True)
def everybody_goes_home(rows: Rows) -> Iterator[None]:
    """Each test begins with nobody signed in and nobody on the line."""
    yield
    rows("UPDATE agent SET heartbeat_at = now() - interval '1 hour' RETURNING 1")
    quiet = "SELECT count(*) FROM call WHERE ended_at IS NULL"
    eventually(lambda: rows(quiet) == [(0,)], 60.0)
    eventually(lambda: rows("SELECT count(*) FROM agent WHERE state <> 'logged_out'") == [(0,)], 60.0)


def outcome(rows: Rows) -> str | None:
    """Of the newest call."""
    return rows("SELECT outcome FROM call ORDER BY started_at DESC LIMIT 1")[0][0]


def test_a_caller_is_answered_hears_and_is_heard_and_judges(
    phone: Phone, console: Callable[[str], Console], rows: Rows
) -> None:
    desk = console("wuhu01").go_online()
    phone.dial(WUHU, "13855112345")
    phone.hears("转人工")
    phone.press("0")
    desk.answers()
    assert desk.offer and desk.offer["caller"]["masked"] == "138****2345"
    phone.hears("为您服务，通话录音")
    phone.until(lambda: phone.loudness > HEARD)
    desk.until(lambda: desk.loudness > HEARD)
    desk.click("hold")
    desk.until(lambda: desk.state == "hold" and desk.loudness < HEARD)
    phone.hears("咨询员正在为您查")
    desk.click("hold")
    desk.until(lambda: desk.state == "on_call" and desk.loudness > HEARD)
    desk.click("hang-up")
    phone.hears("请评价这次服务")
    desk.until(lambda: desk.state == "wrap_up")
    phone.press("1")
    phone.hears("谢谢您的评价")
    phone.until(lambda: phone.state == "ended")
    eventually(lambda: rows("SELECT score FROM rating") == [(1,)])
    eventually(lambda: outcome(rows) == "answered")
    desk.wraps_up()
    assert rows("SELECT subject IS NOT NULL, disposition IS NOT NULL, done_at IS NOT NULL FROM wrap_up") == [
        (True, True, True)
    ]


def test_the_recording_holds_both_voices_and_is_one_with_its_leg(
    phone: Phone, console: Callable[[str], Console], rows: Rows, hotline: RunningHotline
) -> None:
    desk = console("wuhu01").go_online()
    phone.dial(WUHU)
    phone.hears("转人工")
    phone.press("0")
    desk.answers()
    phone.hears("通话录音")
    desk.until(lambda: desk.loudness > HEARD)
    phone.until(lambda: phone.loudness > HEARD)
    going = "SELECT recording_sid FROM talk_recording WHERE status = 'in-progress'"
    eventually(lambda: len(rows(going)) == 1)
    ((recording,),) = rows(going)
    # Two seconds of both, after the recording began.
    started = rows("SELECT now()")[0][0]
    eventually(lambda: (rows("SELECT now()")[0][0] - started).total_seconds() > 2)
    desk.click("hang-up")
    phone.hang_up()
    stored = f"""
        SELECT storage_key, talk_recording.call_sid = agent_call_sid
        FROM talk_recording JOIN offer ON offer.id = offer_id
        WHERE stored_at IS NOT NULL AND recording_sid = '{recording}'
    """
    eventually(lambda: rows(stored), 40.0)
    ((key, is_of_the_leg),) = rows(stored)
    assert is_of_the_leg
    with wave.open(str(hotline.var_dir / "recordings" / key)) as sound:
        assert sound.getframerate() == SAMPLE_RATE
        both = numpy.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").reshape(-1, sound.getnchannels())
    loud = [numpy.sqrt(numpy.mean((channel / 32768.0) ** 2)) for channel in both.T]
    assert len(loud) == 2 and min(loud) > HEARD / 2, loud


def test_a_caller_who_gives_up_while_it_rings_ends_the_ring(
    phone: Phone, console: Callable[[str], Console], rows: Rows
) -> None:
    desk = console("wuhu01").go_online()
    phone.dial(WUHU)
    phone.hears("转人工")
    phone.press("0")
    desk.rings()
    phone.hang_up()
    desk.until(lambda: desk.state == "available" and desk.stage is None)
    eventually(lambda: outcome(rows) in ("short_abandon", "abandoned_in_queue"))
    assert rows("SELECT misses FROM agent WHERE number = '2001'") == [(0,)]


def test_a_rejected_call_rings_at_the_next_seat(phone: Phone, console: Callable[[str], Console], rows: Rows) -> None:
    first, second = console("wuhu01").go_online(), console("wuhu02").go_online()
    phone.dial(WUHU)
    phone.hears("转人工")
    phone.press("0")
    first.rings().click("reject")
    second.answers()
    phone.until(lambda: phone.loudness > HEARD)
    assert first.state == "available"
    second.click("hang-up")
    phone.hears("请评价这次服务")
    phone.hang_up()


def test_an_unanswered_ring_goes_on_and_three_in_a_row_set_the_seat_away(
    phone: Phone, console: Callable[[str], Console], rows: Rows
) -> None:
    desk = console("wuhu01").go_online()
    phone.dial(WUHU)
    phone.hears("转人工")
    phone.press("0")
    desk.until(lambda: desk.state == "away", 60.0)
    assert rows("SELECT count(*) FROM offer WHERE status = 'missed' AND made_at > now() - interval '1 minute'") == [
        (3,)
    ]
    assert "三次未接" in desk.page.inner_text("#me")
    desk.click("ready")
    desk.answers()
    phone.until(lambda: phone.loudness > HEARD)
    phone.hang_up()
    desk.until(lambda: desk.state == "wrap_up")
    eventually(lambda: outcome(rows) == "answered")


def test_a_transfer_keeps_the_caller_and_the_place(phone: Phone, console: Callable[[str], Console], rows: Rows) -> None:
    first = console("wuhu01").go_online()
    phone.dial(WUHU)
    phone.hears("转人工")
    phone.press("0")
    first.answers()
    second = console("wuhu02").go_online()
    first.click("transfer")
    first.page.click("#transfer-go")
    phone.hears("现在为您转接")
    second.answers()
    phone.until(lambda: phone.loudness > HEARD)
    second.until(lambda: second.loudness > HEARD)
    assert first.state == "wrap_up"
    # One caller, one place, two legs, each with its own talk.
    legs = """
        SELECT count(DISTINCT entry_id), count(DISTINCT agent_id) FROM offer
        WHERE connected_at IS NOT NULL AND call_sid = (SELECT call_sid FROM call ORDER BY started_at DESC LIMIT 1)
    """
    assert rows(legs) == [(1, 2)]
    second.click("hang-up")
    phone.hears("请评价这次服务")
    phone.hang_up()


def test_a_reload_in_mid_call_finds_the_call_again(phone: Phone, console: Callable[[str], Console], rows: Rows) -> None:
    desk = console("wuhu01").go_online()
    phone.dial(WUHU)
    phone.hears("转人工")
    phone.press("0")
    desk.answers()
    desk.until(lambda: desk.loudness > HEARD)
    desk.page.reload()
    desk.until(lambda: desk.state == "on_call" and desk.stage == "live")
    desk.until(lambda: desk.loudness > HEARD)
    phone.until(lambda: phone.loudness > HEARD)
    assert phone.state == "live"
    desk.click("hang-up")
    phone.hears("请评价这次服务")
    phone.hang_up()


def test_a_frozen_tab_is_set_away_and_not_offered_calls(
    phone: Phone, console: Callable[[str], Console], rows: Rows
) -> None:
    frozen, alive = console("wuhu01").go_online(), console("wuhu02").go_online()
    frozen.page.evaluate("() => setTimeout(() => { const end = Date.now() + 22000; while (Date.now() < end); }, 0)")
    state = "SELECT state, reason FROM agent WHERE number = '2001'"
    eventually(lambda: rows(state) == [("away", "no_heartbeat")], 30.0)
    phone.dial(WUHU)
    phone.hears("转人工")
    phone.press("0")
    alive.answers()
    phone.until(lambda: phone.loudness > HEARD)
    phone.hang_up()
    # The page comes to itself and shows it.
    frozen.until(lambda: frozen.state == "away", 60.0)


def test_three_consultants_serve_twenty_callers_in_their_order(
    console: Callable[[str], Console], phones: ScriptedPhones, rows: Rows
) -> None:
    desks = [console(name).go_online() for name in ("wuhu01", "wuhu02", "wuhu03")]
    began = rows("SELECT now()")[0][0]
    callers = []
    for n in range(20):
        number = f"+86138551{n:05d}"
        callers.append(phones.dial(ScriptedPhone(f"caller {n}", WUHU, number, {"转人工": "0", "请评价": "2"})))
    ended = "SELECT count(*) FROM call WHERE started_at > %s AND ended_at IS NOT NULL"

    def serve() -> bool:
        for desk in desks:
            # Each goes by itself too: the caller rates and hangs up, a wrap-up comes to its end.
            if desk.page.is_visible("#answer") and desk.stage == "incoming":
                desk.clicks_if_there("#answer")
            elif desk.state == "on_call" and desk.page.is_visible("#hang-up"):
                desk.clicks_if_there("#hang-up")
            elif desk.state == "wrap_up" and desk.page.is_visible("#finish"):
                desk.wraps_up()
        return rows(ended, began) == [(20,)]

    eventually(serve, 240.0)
    assert rows("SELECT outcome, count(*) FROM call WHERE started_at > %s GROUP BY 1", began) == [("answered", 20)]
    # Everybody was first offered a consultant in the order in which they came.
    first_offers = """
        SELECT arrived_at FROM queue_entry JOIN offer ON entry_id = queue_entry.id
        WHERE arrived_at > %s GROUP BY queue_entry.id ORDER BY min(made_at)
    """
    arrived = [row[0] for row in rows(first_offers, began)]
    assert len(arrived) == 20
    # Keys pressed within the same moment may be committed either way round.
    assert all((earlier - later).total_seconds() < 1 for earlier, later in pairwise(arrived))
    assert all(caller.state == "ended" for caller in callers)
