"""The two doors of the softphone, each with its own other end, for the same tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.dashboards.console_front.driver import Hotline
from tests.waiting import eventually

DEVICE = Path(__file__).with_name("scripted_device.js").read_text(encoding="utf-8")
SID = "CA" + "a" * 32
BUILD = Path(__file__).with_name("door_harness.js").read_text(encoding="utf-8").partition("\n")[2]


class Door:
    """A door on a page of its own. Subclasses are the other end of the line."""

    kind = ""

    def __init__(self, page: Page, hotline: Hotline) -> None:
        self.page = page
        self.hotline = hotline
        page.goto(f"{hotline.base}/blank")
        self.prepare()
        page.evaluate(BUILD, self.kind)

    def prepare(self) -> None:
        """Before the door is built."""

    def open_again(self, kept: Any) -> None:
        """A new door, going on with a call."""
        self.page.evaluate("(kept) => { window.door = window.makeDoor(); void window.door.open(kept); }", kept)

    def do(self, script: str) -> Any:
        return self.page.evaluate(f"window.door.{script}")

    def heard(self, name: str) -> list[Any]:
        """What it told under this name."""
        return [told[1:] for told in self.page.evaluate("window.heard") if told[0] == name]

    def open(self) -> Door:
        self.page.evaluate("void window.door.open()")
        self.until(lambda: self.do("state") == "registered")
        return self

    def ring(self) -> Door:
        self.other_end_rings()
        self.until(lambda: self.heard("incoming"))
        return self

    def talk(self) -> Door:
        self.open().ring().do("accept()")
        self.until(lambda: self.heard("answered"))
        return self

    def until(self, condition: Any) -> None:
        try:
            eventually(condition)
        except AssertionError:
            raise AssertionError(f"state {self.do('state')}, heard {self.page.evaluate('window.heard')}") from None

    def other_end_rings(self) -> None:
        raise NotImplementedError


class GatewayEnd(Door):
    kind = "gateway"

    def other_end_rings(self) -> None:
        self.hotline.do("ring", agent_call_sid=SID)

    def caller_gives_up(self) -> None:
        self.hotline.do("caller_leaves")

    def caller_hangs_up(self) -> None:
        self.hotline.do("end_talk")

    def network_goes(self) -> None:
        self.hotline.set(is_line_open=False)
        self.hotline.do("cut_line")

    def network_comes(self) -> None:
        self.hotline.set(is_line_open=True)

    def call_ends_unheard(self) -> None:
        self.hotline.do("end_talk")

    def saw(self, deed: str) -> list[Any]:
        said = self.hotline.said({"disconnect": "hangup"}.get(deed, deed))
        return [message.get("digit", True) for message in said]

    @property
    def hears_us(self) -> bool:
        return self.hotline.heard > 0.05


class TwilioEnd(Door):
    kind = "twilio"

    def prepare(self) -> None:
        self.hotline.set(ticket={"twilio_token": "jwt"})
        self.page.evaluate(DEVICE)

    def device(self, script: str) -> Any:
        return self.page.evaluate(f"void window.ScriptedDevice.all.at(-1).{script}")

    def other_end_rings(self) -> None:
        self.device(f"ring('{SID}')")

    def caller_gives_up(self) -> None:
        self.device("calls.at(-1).emit('cancel')")

    def caller_hangs_up(self) -> None:
        self.device("calls.at(-1).ended()")

    def network_goes(self) -> None:
        self.device("lose()")

    def network_comes(self) -> None:
        self.device("find()")

    def call_ends_unheard(self) -> None:
        self.page.evaluate(f"window.ScriptedDevice.over = ['{SID}']")

    def saw(self, deed: str) -> list[Any]:
        name = {"digit": "sendDigits"}.get(deed, deed)
        done = self.page.evaluate("window.ScriptedDevice.all.flatMap(({ calls }) => calls.flatMap(({ done }) => done))")
        return [told[1] if name == "sendDigits" else True for told in done if told[0] == name]

    @property
    def hears_us(self) -> bool:
        done = self.page.evaluate("window.ScriptedDevice.all.at(-1).calls.at(-1).done")
        self.device("calls.at(-1).emit('volume', 0.4, 0.5)")
        return not [told[1] for told in done if told[0] == "mute"][-1]
