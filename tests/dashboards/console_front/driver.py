"""The stand-in from the test's side, and the console page in a real Chromium."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page

from integrations.settings import PROJECT_DIR
from tests.running import free_port
from tests.waiting import comes_true, eventually

Json = dict[str, Any]
TOO_LONG = 60.0
HELD_UP_SECONDS = 30.0


class Hotline:
    """A stand-in process of its own."""

    def __init__(self) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "tests.dashboards.console_front.stand_in", str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT_DIR)
        assert self._process.stdout is not None and self._process.stdout.readline() == "ready\n"

    def do(self, name: str, **values: Any) -> Json:
        body = json.dumps({"do": name, **values}).encode()
        request = urllib.request.Request(f"{self.base}/_world", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TOO_LONG) as response:
            answer: Json = json.load(response)
        return answer

    def set(self, **values: Any) -> None:
        self.do("set", **values)

    def done(self, name: str) -> list[Json]:
        """What the page asked for under this name."""
        return [entry for entry in self.do("look")["log"] if entry["do"] == name]

    def said(self, kind: str) -> list[Json]:
        """What the page said on the telephone line."""
        return [message for message in self.do("look")["wire"] if message["type"] == kind]

    @property
    def heard(self) -> float:
        """How loud the page was last, 0 to 1."""
        return float(self.do("look")["heard"])

    def is_silent_for(self, seconds: float) -> bool:
        """Whether no page sends a beat for so long."""
        before = len(self.done("heartbeat"))
        return not comes_true(lambda: len(self.done("heartbeat")) != before, seconds)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(TOO_LONG)
        if self._process.stdout is not None:
            self._process.stdout.close()


CAN_SIGN_IN = """(() => {
    const button = document.getElementById("sign-in");
    return Boolean(button?.checkVisibility()) && !button.disabled && !button.closest("[inert]");
})()"""


class Console:
    """One console page. Conditions are waited for, never slept for."""

    def __init__(self, context: BrowserContext, hotline: Hotline, path: str = "/console") -> None:
        self.hotline = hotline
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(f"{hotline.base}{path}")

    def _note(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.errors.append(message.text)

    def sign_in(self) -> Console:
        # The key does what the button does, once the button can be pressed.
        self.until(lambda: self.state == "logged_out" and self.page.evaluate(CAN_SIGN_IN))
        self.press("Alt+o")
        if not comes_true(lambda: self.state == "available", HELD_UP_SECONDS):
            # A microphone that a busy machine could not open in time is told in a panel; whoever reads it tries again.
            self.press("Escape", "Alt+o")
        return self.until(lambda: self.state == "available" and self.phone == "registered")

    def ring(self, **values: Any) -> Console:
        self.hotline.do("ring", **values)
        return self.until(lambda: self.phase == "ring" and self.get("softphone.call?.stage") == "incoming")

    def talk(self, **values: Any) -> Console:
        """Signed in and in a talk."""
        if self.state in (None, "logged_out"):
            self.sign_in()
        self.ring(**values).press("F8")
        return self.until(lambda: self.phase == "talk" and self.loudness > 0.02)

    def press(self, *keys: str) -> Console:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def get(self, path: str) -> Any:
        return self.page.evaluate(f"window.__console?.{path}")

    @property
    def state(self) -> Any:
        return self.get("state")

    @property
    def phase(self) -> Any:
        return self.get("phase")

    @property
    def phone(self) -> Any:
        return self.get("softphone.state")

    @property
    def loudness(self) -> float:
        return float(self.get("playedRms()"))

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def sees(self, selector: str) -> bool:
        return self.page.is_visible(selector)

    @property
    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement?.id ?? ''"))

    def until(self, condition: Callable[[], Any], timeout: float = TOO_LONG) -> Console:
        try:
            eventually(condition, timeout)
        except AssertionError:
            banners = self.page.inner_text("#banners") if self.page.query_selector("#banners") else ""
            dialog = self.page.evaluate("document.querySelector('dialog:modal')?.innerText ?? ''")
            is_elsewhere = self.sees("#elsewhere") if self.page.query_selector("#elsewhere") else None
            shown = [self.state, self.phase, self.get("softphone"), self.get("link"), banners, dialog, self.errors]
            shown += [{"elsewhere": is_elsewhere, "focused": self.focused}]
            raise AssertionError(f"never came true; the page shows {shown}") from None
        return self
