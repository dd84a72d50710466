"""The page of alarms in Chromium, over the real pages and the real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from dashboards.demo import DEMO_PASSWORD
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import ConsoleApp
from tests.dashboards.provincial.alarm_app import (
    HEFEI,
    SID,
    WUHU,
    build_alarm_app,
    end_all,
    look,
    lost,
    overdue,
    prove,
    served,
)
from tests.waiting import eventually

LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@pytest.fixture
def app(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> ConsoleApp:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_alarm_app(services, keeper)


@pytest.fixture
def open_page(app: ConsoleApp, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Somebody signed in, at the page of alarms; at the end it has had no error."""
    errors: list[str] = []

    def note(message: Any) -> None:
        if "Content Security Policy" in message.text:
            errors.append(message.text)

    with served(app) as base:
        context = browser.new_context(viewport=LAPTOP, locale="zh-CN")

        def make(username: str = "xinxi") -> Page:
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", note)
            page.goto(f"{base}/login?next=/province/alarms")
            page.fill("[name=username]", username)
            page.fill("[name=password]", DEMO_PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_selector("#parts:not([hidden])")
            return page

        yield make
        context.close()
    assert errors == []


def refresh(page: Page) -> None:
    """Do not wait for the next look by itself."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def test_an_alarm_is_cleared_with_the_keyboard_and_a_reason(app: ConsoleApp, open_page: Callable[..., Page]) -> None:
    look(app, lost(WUHU, SID, what="not_theirs"), lost(HEFEI, *(f"CA{number:032x}" for number in range(7))))
    page = open_page()
    first = page.locator("#to_clear tr").first
    assert page.inner_text("#to_clear-count") == "2" and "合肥" in first.inner_text()
    assert "另外2个" in first.inner_text() and first.locator("a").count() == 0
    assert page.get_attribute("#to_clear a", "href") == f"/province/calls/{SID}"
    first.locator("[data-deed=clear]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert "请选一个原因" in page.inner_text("#clear-wrong")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    assert (
        "请写清楚原因" in page.inner_text("#clear-words-name")
        and page.evaluate("document.activeElement.id") == "clear-words"
    )
    page.keyboard.type("线路割接，运营商已说明")
    page.keyboard.press("Enter")
    eventually(lambda: "清除了" in page.inner_text("#told"))
    eventually(lambda: page.inner_text("#to_clear-count") == "1")
    assert "线路割接" in page.inner_text("#history") and "王芳" in page.inner_text("#history")
    # The focus has gone to what is left to do.
    assert page.evaluate("document.activeElement.closest('#to_clear, #to_clear-h') !== null")


def test_the_page_follows_what_happens_and_says_it_aloud(app: ConsoleApp, open_page: Callable[..., Page]) -> None:
    page = open_page("hefei")
    assert "现在一切正常" in page.inner_text("#no-open") and "没有要清除的" in page.inner_text("#no-to_clear")
    assert "最近26个钟头：26个还没有核对" in page.inner_text("#proof-carrier")
    look(app, overdue(HEFEI), overdue(WUHU))
    prove(app, 24)
    refresh(page)
    eventually(lambda: page.locator("#open tr").count() == 1)
    assert "1件办件超期" in page.inner_text("#open") and "注意" in page.inner_text("#open")
    assert "1件办件超期" in page.text_content("#announce")  # type: ignore[operator]
    assert page.locator("#proof-outcomes i.holds").count() == 24
    end_all(app)
    refresh(page)
    eventually(lambda: "自己结束" in page.inner_text("#history"))
    assert page.is_visible("#no-open")


def test_nothing_is_wider_than_a_phone(app: ConsoleApp, open_page: Callable[..., Page]) -> None:
    look(app, lost(HEFEI, SID), overdue(HEFEI))
    prove(app, 26)
    page = open_page()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    inner = "Math.max(...[...document.querySelectorAll('#parts *')].map((e) => e.getBoundingClientRect().right))"
    assert page.evaluate(inner) <= PHONE["width"]
    assert page.is_visible("#to_clear [data-deed=clear]")


def test_a_server_that_is_gone_is_told_and_what_was_seen_is_greyed(
    app: ConsoleApp, open_page: Callable[..., Page]
) -> None:
    look(app, overdue(HEFEI))
    page = open_page()
    page.route("**/province/api/alarms*", lambda route: route.abort())
    refresh(page)
    eventually(lambda: page.is_visible("#banners .bad") and "正在重试" in page.inner_text("#banners"))
    assert "1件办件超期" in page.inner_text("#open")
    page.unroute("**/province/api/alarms*")
    refresh(page)
    eventually(lambda: page.locator("#banners .bad").count() == 0)
