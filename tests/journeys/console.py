"""The consultant's console in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, TimeoutError

from tests.waiting import eventually

PASSWORD = "12333-demo"


class Console:
    """One console page. Conditions are waited for in the test, never slept for."""

    def __init__(self, context: BrowserContext, base_url: str, username: str) -> None:
        self.context, self.base_url, self.username = context, base_url, username
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{base_url}/login")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form button[type=submit]")
        self.page.wait_for_url("**/console")
        self.until(lambda: self.state is not None)

    def go_online(self) -> Console:
        """Ready for calls, with its telephone registered."""
        self.click("sign-in")
        self.until(lambda: self.state == "available" and self.softphone == "registered")
        return self

    def click(self, button: str) -> Console:
        """Press a button of the page, by its action."""
        button_of = f'[data-action="{button}"]:visible'
        self.page.click(button_of)
        return self

    def clicks_if_there(self, selector: str) -> bool:
        """Press what may go away at any moment; False when it did."""
        try:
            self.page.click(selector, timeout=2000)
        except TimeoutError:
            return False
        return True

    def value(self, expression: str) -> Any:
        return self.page.evaluate(f"window.__console.{expression}")

    @property
    def state(self) -> str | None:
        found = self.value("state")
        return None if found is None else str(found)

    @property
    def softphone(self) -> str:
        return str(self.value("softphone")["state"])

    @property
    def stage(self) -> str | None:
        """Of the call on the page's own telephone."""
        call = self.value("softphone")["call"]
        return str(call["stage"]) if call else None

    @property
    def offer(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.value("offer")
        return found

    @property
    def loudness(self) -> float:
        """RMS of what was really played lately, 0 to 1."""
        return float(self.value("playedRms()"))

    def rings(self, timeout: float = 20.0) -> Console:
        """Wait until it rings and can be answered."""
        self.until(lambda: self.page.is_visible("#answer") and self.stage == "incoming", timeout)
        return self

    def answers(self) -> Console:
        """Answer, and wait for the talk."""
        self.rings().click("answer")
        self.until(lambda: self.state == "on_call")
        return self

    def wraps_up(self) -> Console:
        """The first subject of all, the first result, and done."""
        if not self.page.is_visible("#offered button"):
            self.click("subjects")
            self.page.click("#subject-list [role=option] >> nth=0")
        else:
            self.page.keyboard.press("1")
        self.page.click("#dispositions button >> nth=0")
        self.click("finish")
        self.until(lambda: self.state in ("available", "reserved"))
        return self

    def until(self, condition: Callable[[], Any], timeout: float = 20.0) -> None:
        try:
            eventually(condition, timeout)
        except AssertionError:
            seen = self.page.inner_text("body")[:600]
            raise AssertionError(
                f"{self.username}: state {self.state}, softphone {self.softphone}, errors {self.errors}\n{seen}"
            ) from None
