"""One stand-in and one browser for all; every test has a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
from playwright.sync_api import Browser, BrowserContext

from integrations.gateway.audio import SAMPLE_RATE, wav_bytes
from integrations.gateway.samples import to_pcm
from tests.dashboards.console_front.driver import Console, Hotline
from tests.journeys.browser import open_browser

LAPTOP = {"width": 1366, "height": 768}


@pytest.fixture(scope="module")
def one_hotline() -> Iterator[Hotline]:
    hotline = Hotline()
    yield hotline
    hotline.end()


@pytest.fixture
def hotline(one_hotline: Hotline) -> Hotline:
    one_hotline.do("forget")
    return one_hotline


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears a steady tone."""
    seconds = numpy.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    tone = tmp_path_factory.mktemp("microphone") / "tone.wav"
    tone.write_bytes(wav_bytes(to_pcm(0.4 * numpy.sin(2 * numpy.pi * 700 * seconds))))
    with open_browser(tone) as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=LAPTOP, permissions=["microphone"], locale="zh-CN")
    yield context
    context.close()


@pytest.fixture
def open_console(context: BrowserContext, hotline: Hotline) -> Iterator[Callable[..., Console]]:
    """A window; at the end none of them has had an error."""
    opened: list[Console] = []

    def make(**values: Any) -> Console:
        opened.append(Console(context, hotline, **values))
        return opened[-1]

    yield make
    assert [error for console in opened for error in console.errors] == []


@pytest.fixture
def console(open_console: Callable[..., Console]) -> Console:
    return open_console()
