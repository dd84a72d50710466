"""The phone page in a real Chromium: what it hears, shows and presses."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.waiting import eventually

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, "网页测试要用 Chromium 浏览器，请用 make test 运行，或者先安装 chromium"
    return found


@contextmanager
def open_browser(microphone: Path | None = None) -> Iterator[Browser]:
    """Headless Chromium; `microphone` is a WAV file that its fake microphone hears again and again."""
    flags = [*FLAGS, *([f"--use-file-for-fake-audio-capture={microphone}"] if microphone else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        try:
            yield browser
        finally:
            browser.close()


class Phone:
    """One phone page. Conditions are waited for in the test, never slept for."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{base_url}/phone")

    def dial(self, number: str = "12333", caller: str = "") -> Phone:
        self.page.select_option("#to", number)
        if caller:
            self.page.select_option("#from", "own")
            self.page.fill("#own", caller)
        self.page.click("#dial")
        return self

    def press(self, keys: str) -> Phone:
        for key in keys:
            self.page.click(f'[data-key="{key}"]')
        return self

    def hang_up(self) -> Phone:
        self.page.click("#hang-up")
        return self

    @property
    def state(self) -> str:
        return str(self.page.evaluate("window.__phone.state"))

    @property
    def captions(self) -> list[str]:
        return [str(caption) for caption in self.page.evaluate("window.__phone.captions")]

    @property
    def loudness(self) -> float:
        """RMS of the last half second that was really played, 0 to 1."""
        return float(self.page.evaluate("window.__phone.playedRms()"))

    def hears(self, words: str, timeout: float = 20.0) -> None:
        """Wait until a caption contains the words."""
        self.until(lambda: any(words in caption for caption in self.captions), timeout)

    def until(self, condition: Callable[[], Any], timeout: float = 20.0) -> None:
        try:
            eventually(condition, timeout)
        except AssertionError:
            raise AssertionError(f"state {self.state}, captions {self.captions[-5:]}, errors {self.errors}") from None


class CuttableWire:
    """A TCP wire to a port that can be cut and mended, for a lost network."""

    def __init__(self, port: int) -> None:
        self.target = port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.is_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection ends, and no new one is made."""
        self.is_cut = True
        for pair in self._pairs:
            for end in pair:
                _close(end)
        self._pairs.clear()

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                _close(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                _close(near)
                continue
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    _close(source)
    _close(sink)


def _close(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
