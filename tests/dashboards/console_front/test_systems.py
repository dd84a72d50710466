"""The page of the business systems in a browser: it looks again by itself, and says when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.dashboards.console_front.driver import Console, Hotline
from tests.waiting import eventually

LOST = "[data-refresh-lost]"


@pytest.fixture
def page(context: BrowserContext, hotline: Hotline) -> Iterator[Page]:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{hotline.base}/systems")
    yield page


def after(page: Page, seconds: int) -> None:
    page.clock.run_for(seconds * 1000)


def test_every_state_is_a_word_and_a_shape(page: Page) -> None:
    states = page.locator(".systems-table td:nth-child(2) .state").all_inner_texts()
    assert states == ["● 正常", "◐ 歇一会儿", "■ 连不上", "▲ 接了一半"]
    assert "今天没有查询" in page.inner_text("#system-card")


def test_it_looks_again_every_fifteen_seconds(page: Page) -> None:
    assert "10:20:01" in page.inner_text(".page-head")
    after(page, 15)
    eventually(lambda: "10:20:02" in page.inner_text(".page-head"))
    assert "查到 182" in page.inner_text("#system-bus") and not page.is_visible(LOST)


def test_a_server_that_is_away_is_told_and_the_old_figures_are_marked(page: Page, hotline: Hotline) -> None:
    hotline.set(refusal=[503, ""])
    after(page, 15)
    eventually(lambda: page.is_visible(LOST))
    assert "现在连不上数据库" in page.inner_text(LOST) and "10:20:01" in page.inner_text(".page-head")
    assert "stale" in (page.get_attribute("main", "class") or "")
    hotline.set(refusal=None)
    after(page, 15)
    eventually(lambda: not page.is_visible(LOST) and "10:20:02" in page.inner_text(".page-head"))
    assert "stale" not in (page.get_attribute("main", "class") or "")


def test_whoever_reads_with_the_keyboard_is_not_disturbed_and_told_that_it_is_old(page: Page) -> None:
    page.focus(".scroll")
    after(page, 45)
    eventually(lambda: page.is_visible(LOST))
    assert "旧的情况" in page.inner_text(LOST) and "10:20:01" in page.inner_text(".page-head")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_nothing_sticks_out(open_console: Callable[..., Console], size: tuple[int, int]) -> None:
    console = open_console(path="/systems")
    console.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert console.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
