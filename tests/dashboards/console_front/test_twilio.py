"""What only Twilio's door has: its SDK, its sounds, its tokens."""

from __future__ import annotations

import warnings

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage

from integrations.settings import PROJECT_DIR
from tests.dashboards.console_front.doors import TwilioEnd
from tests.dashboards.console_front.driver import Hotline

SDK = PROJECT_DIR / "dashboards" / "static" / "vendor" / "twilio.min.js"
SILENCE = "/static/console/silence.wav"
SOUNDS = ["incoming", "outgoing", "disconnect", "dtmfs", "dtmfh", *(f"dtmf{n}" for n in range(10))]
PAGE_GOES_AWAY = """() => {
    let isReached = false;
    addEventListener("pagehide", () => { isReached = true; });
    dispatchEvent(new Event("pagehide"));
    return isReached;
}"""
LOAD = """async () => {
    const { loadDevice } = await import("/static/console/twilio-door.js");
    return loadDevice().then(() => "", (error) => error.message);
}"""
BUILD = """() => {
    const { Device } = window.Twilio;
    const names = Object.values(Device.SoundName);
    const sounds = Object.fromEntries(names.map((name) => [name, "/static/console/silence.wav"]));
    const device = new Device("not-a-token", { sounds, logLevel: "silent" });
    for (const sound of ["incoming", "outgoing", "disconnect"]) device.audio[sound](false);
    const has = (thing) => (name) => typeof thing[name] === "function";
    return {
        names, isSupported: Device.isSupported, state: device.state,
        device: ["register", "updateToken", "connect", "destroy", "on"].every(has(device)),
        audio: ["setInputDevice", "unsetInputDevice"].every(has(device.audio)),
    };
}"""


@pytest.fixture
def twilio(context: BrowserContext, hotline: Hotline) -> TwilioEnd:
    return TwilioEnd(context.new_page(), hotline)


def test_twilio_is_not_asked_for_sounds(twilio: TwilioEnd) -> None:
    options = twilio.open().page.evaluate("window.ScriptedDevice.all[0].options")
    assert options["sounds"].keys() == set(SOUNDS)
    assert set(options["sounds"].values()) == {twilio.hotline.base + SILENCE}
    assert twilio.page.evaluate("window.ScriptedDevice.all[0].audio.off") == SOUNDS[:3]


def test_a_lost_line_is_kept_for_half_a_minute(twilio: TwilioEnd) -> None:
    options = twilio.open().page.evaluate("window.ScriptedDevice.all[0].options")
    assert options["maxCallSignalingTimeoutMs"] == 30000


def test_the_token_is_renewed_before_it_ends(twilio: TwilioEnd) -> None:
    twilio.open()
    twilio.hotline.set(ticket={"twilio_token": "the next"})
    twilio.device("emit('tokenWillExpire')")
    twilio.until(lambda: twilio.page.evaluate("window.ScriptedDevice.all[0].tokens") == ["jwt", "the next"])


def test_a_refused_registration_is_tried_again(twilio: TwilioEnd) -> None:
    twilio.page.evaluate("window.ScriptedDevice.refuses = true; void window.door.open()")
    twilio.until(lambda: twilio.do("state") == "lost")
    twilio.page.evaluate("window.ScriptedDevice.refuses = false")
    twilio.until(lambda: twilio.do("state") == "registered")


def test_a_reload_does_not_let_the_sdk_hang_up(twilio: TwilioEnd) -> None:
    """The SDK ends every call when the page goes away; our listener comes first and keeps the event from it."""
    twilio.talk()
    assert twilio.page.evaluate(PAGE_GOES_AWAY) is False
    twilio.caller_hangs_up()
    twilio.until(lambda: twilio.heard("ended"))
    assert twilio.page.evaluate(PAGE_GOES_AWAY) is True


def test_a_refused_microphone_is_said_in_a_sentence(twilio: TwilioEnd) -> None:
    twilio.talk()
    twilio.device("calls.at(-1).emit('error', { code: 31401 })")
    twilio.until(lambda: "麦克风" in twilio.heard("notice")[0][0])


def test_a_page_without_the_sdk_says_so(context: BrowserContext, hotline: Hotline) -> None:
    page = context.new_page()
    page.route("**/vendor/**", lambda route: route.abort())
    page.goto(f"{hotline.base}/blank")
    assert "管理员" in page.evaluate(LOAD)


def test_the_real_sdk_loads_under_our_policy_and_fetches_nothing_from_twilio(
    context: BrowserContext, hotline: Hotline
) -> None:
    if not SDK.exists():
        warnings.warn("Twilio's SDK is not there (make vendor), so it was not tried in the page", stacklevel=1)
        pytest.skip("Twilio's SDK is not there: make vendor")
    page, asked, refused = context.new_page(), [], []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    page.on("console", note)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{hotline.base}/blank")
    assert page.evaluate(LOAD) == ""
    found = page.evaluate(BUILD)
    names = found.pop("names")
    assert found == {"isSupported": True, "state": "unregistered", "device": True, "audio": True}
    assert sorted(names) == sorted(SOUNDS)
    assert [url for url in asked if not url.startswith(hotline.base)] == []
    assert refused == []
