"""A manager opens the phone page, dials 12333, and hears what a caller hears: real processes, real sound."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import psycopg
import pytest
import yaml
from playwright.sync_api import Browser

from integrations.database_url import psycopg_url
from integrations.embedded import postgres_in
from integrations.gateway.audio import SAMPLE_RATE, read_wav, tone_level, wav_bytes
from integrations.gateway.samples import to_pcm
from tests.journeys.browser import CuttableWire, Phone, open_browser
from tests.journeys.conftest import always_open_config
from tests.running import RunningHotline, free_port
from tests.waiting import eventually

WUHU, TONGLING = "+8655312333", "+8656212333"
RECORDER = Path(__file__).with_name("recorder_menu.yaml")
WORDS = "recorder_start: “嘀”声后请说话。\nrecorder_empty: 没听到声音。\nrecorder_kept: 录好了。\n"
TONE_HZ = 1200


@pytest.fixture(scope="module")
def wire() -> Iterator[CuttableWire]:
    wire = CuttableWire(free_port())
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory, wire: CuttableWire) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("phone")
    config = always_open_config(folder / "config")
    centres = yaml.safe_load((config / "centres.yaml").read_text(encoding="utf-8"))
    centres["centres"]["340700"]["menu"] = "recorder"
    (config / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    (config / "flows").mkdir()
    (config / "prompts").mkdir()
    shutil.copy(RECORDER, config / "flows" / "recorder.yaml")
    (config / "prompts" / "recorder.yaml").write_text(WORDS, encoding="utf-8")
    running = RunningHotline(
        folder / "var",
        HOTLINE_CONFIG=str(config),
        GATEWAY_PORT=str(wire.target),
        GATEWAY_URL=f"ws://127.0.0.1:{wire.port}",
    ).wait_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears a steady tone."""
    seconds = numpy.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    tone = tmp_path_factory.mktemp("microphone") / "tone.wav"
    tone.write_bytes(wav_bytes(to_pcm(0.4 * numpy.sin(2 * numpy.pi * TONE_HZ * seconds))))
    with open_browser(tone) as browser:
        yield browser


@pytest.fixture
def phone(hotline: RunningHotline, browser: Browser) -> Iterator[Phone]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["microphone"])
    phone = Phone(context.new_page(), f"http://127.0.0.1:{hotline.port}")
    yield phone
    assert phone.errors == []
    context.close()


@pytest.fixture
def rows(hotline: RunningHotline) -> Callable[..., list[tuple[Any, ...]]]:
    def query(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(psycopg_url(postgres_in(hotline.var_dir).url)) as connection:
            return connection.execute(sql, values).fetchall()

    return query


def newest(rows: Callable[..., list[tuple[Any, ...]]], column: str) -> Any:
    return rows(f"SELECT {column} FROM call ORDER BY started_at DESC LIMIT 1")[0][0]


def test_dial_hear_press_and_hang_up(phone: Phone, rows: Callable[..., Any]) -> None:
    phone.dial(WUHU)
    phone.hears("您好")
    phone.until(lambda: phone.loudness > 0.01)
    phone.press("2")
    phone.hears("您要听哪一类")
    phone.press("3")
    phone.hears("第一条")
    phone.hang_up()
    phone.until(lambda: phone.state == "ended")
    eventually(lambda: newest(rows, "outcome") is not None)
    assert newest(rows, "first_centre") == "340200"


def test_a_key_silences_the_prompt_at_once(phone: Phone) -> None:
    phone.dial(WUHU)
    phone.until(lambda: phone.loudness > 0.01)
    phone.press("3")
    phone.hears("您要办哪一类的事")
    assert phone.page.evaluate("window.__phone.latencies.keyToSilence") < 500
    phone.hang_up()


def test_keys_typed_ahead_lead_straight_to_the_guide(phone: Phone) -> None:
    phone.dial(WUHU)
    phone.hears("您好")
    phone.press("351")
    phone.hears("谁能办")
    phone.hang_up()


def test_the_province_asks_a_caller_from_hefei(phone: Phone) -> None:
    phone.dial("12333", caller="13855112345")
    phone.hears("像是合肥的")
    phone.press("1")
    phone.hears("合肥市人社局")
    phone.hang_up()


def test_a_message_is_recorded_and_its_tone_found_again(phone: Phone, hotline: RunningHotline) -> None:
    phone.dial(TONGLING)
    phone.hears("留言")
    phone.press("5")
    phone.until(lambda: phone.state == "recording")
    phone.until(lambda: _recorded_for(phone, 3))
    phone.press("#")
    phone.hears("录好了")
    phone.hang_up()
    [file] = eventually(lambda: list((hotline.var_dir / "gateway" / "recordings").rglob("*.wav")))
    pcm = read_wav(file.read_bytes())
    assert tone_level(pcm, TONE_HZ) > 4 * tone_level(pcm, 700)
    assert tone_level(pcm, TONE_HZ) > 0.02


def _recorded_for(phone: Phone, seconds: int) -> bool:
    """`00:03，最长 00:20` on the display."""
    minutes, _, rest = phone.page.inner_text("#recording-time")[:5].partition(":")
    return bool(rest) and 60 * int(minutes) + int(rest) >= seconds


def test_the_hotline_hangs_up(phone: Phone, rows: Callable[..., Any]) -> None:
    phone.dial(TONGLING)
    phone.hears("留言")
    phone.press("6")
    phone.hears("再见")
    phone.until(lambda: phone.state == "ended")
    eventually(lambda: newest(rows, "outcome") is not None)


def test_a_lost_network_is_bridged(phone: Phone, wire: CuttableWire) -> None:
    phone.dial(WUHU)
    phone.hears("您好")
    wire.cut()
    phone.until(lambda: phone.state == "lost")
    wire.mend()
    phone.until(lambda: phone.state == "live")
    phone.press("2")
    phone.hears("您要听哪一类")
    phone.hang_up()


def test_a_gateway_killed_in_mid_call_leaves_no_call_open_and_a_new_one_answers(
    phone: Phone, hotline: RunningHotline, rows: Callable[..., Any]
) -> None:
    phone.dial(WUHU)
    phone.hears("您好")
    hotline.child("gateway").kill()
    eventually(lambda: newest(rows, "outcome") is not None, 40.0)
    phone.until(lambda: phone.state == "ended", 45.0)
    phone.page.reload()
    eventually(lambda: hotline.child("gateway"))
    phone.dial(WUHU)
    phone.hears("您好", 40.0)
    phone.hang_up()


def test_a_phone_sized_screen_has_everything_in_reach(hotline: RunningHotline, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, permissions=["microphone"])
    phone = Phone(context.new_page(), f"http://127.0.0.1:{hotline.port}")
    phone.dial(WUHU)
    phone.hears("您好")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    for key in "0123456789*#":
        box = phone.page.locator(f'[data-key="{key}"]').bounding_box()
        assert box is not None and min(box["width"], box["height"]) >= 44 and box["y"] + box["height"] <= 844
    phone.hang_up()
    context.close()


def test_a_refused_microphone_is_said_in_a_sentence_and_the_call_goes_on(
    hotline: RunningHotline, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    phone = Phone(page, f"http://127.0.0.1:{hotline.port}").dial(WUHU)
    phone.hears("您好")
    assert "麦克风" in page.inner_text("#notice-text")
    phone.press("2")
    phone.hears("您要听哪一类")
    phone.hang_up()
    context.close()
