"""<Gather input="dtmf speech"> on a leg: a voice is heard, its words are not.

| attribute          | default  | proven by                                                                            |
|--------------------|----------|--------------------------------------------------------------------------------------|
| input              | dtmf     | test_a_voice_is_told, ..._means_nothing_to_a_gather_that_wants_keys                  |
| speechTimeout      | auto, 1s | test_the_silence_that_ends_a_voice                                                   |
| timeout            | 5        | test_neither_key_nor_voice_goes_on_with_the_next_verb, test_whoever_begins_late_...  |
| everything else    |          | test_gather; a key wins: test_keys_are_gathered_as_ever, test_a_key_wins_...         |
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy
import pytest

from integrations.gateway.audio import beep, silence, to_samples
from integrations.gateway.samples import to_pcm
from integrations.gateway.scripted import Act
from integrations.gateway.voice_ear import VoiceEar
from tests.gateway.real_gateway import Phone, Place, eventually, real_gateway
from tests.gateway.scene import QuietSpeech, Scene, document, ring, speech

PROMPT = "方便，请按一，或者说一声好"
PROMPT_SECONDS = len(PROMPT) / 4.2
GOODBYE = document("<Say>再见</Say>")
VOICE = {"SpeechResult": "（有声音）", "Confidence": "0.0"}


def ask(attributes: str = "", prompt: str = f"<Say>{PROMPT}</Say>", wanted: str = "dtmf speech") -> str:
    gather = f'<Gather input="{wanted}" action="/ivr/step" numDigits="1" {attributes}>{prompt}</Gather>'
    return document(gather, "<Say>没有听到</Say>")


def play(menu: str, *acts: Act) -> Scene:
    return ring({"incoming": menu, "step": GOODBYE}, *acts)


def given(scene: Scene) -> list[dict[str, str]]:
    """What the action was told, each time."""
    names = ("Digits", "SpeechResult", "Confidence")
    forms = [asked.form for asked in scene.hotline.at("/ivr/step")]
    return [{name: form[name] for name in names if name in form} for form in forms]


def told_at(scene: Scene) -> float:
    return scene.hotline.at("/ivr/step")[0].at


def say(seconds: float, wait: float = 1.0, **more: object) -> Act:
    """Speak, so long after the prompt."""
    return Act(after=PROMPT, wait=wait, speech=speech(seconds), **more)  # type: ignore[arg-type]


def test_a_voice_is_told() -> None:
    assert given(play(ask(), say(0.6))) == [VOICE]


def test_its_attributes_may_stand_in_any_order() -> None:
    assert given(play(ask(wanted="speech dtmf"), say(0.6))) == [VOICE]


@pytest.mark.parametrize(("attributes", "silent"), [("", 1.0), ('speechTimeout="auto"', 1.0), ('speechTimeout="3"', 3)])
def test_the_silence_that_ends_a_voice(attributes: str, silent: float) -> None:
    scene = play(ask(attributes), say(0.6))
    assert told_at(scene) == pytest.approx(PROMPT_SECONDS + 1.0 + 0.6 + silent, abs=0.05)


def test_a_voice_with_pauses_is_one_voice() -> None:
    scene = play(ask(), say(0.5), Act(wait=0.8, speech=speech(0.5)))
    assert given(scene) == [VOICE]
    assert told_at(scene) == pytest.approx(PROMPT_SECONDS + 1.0 + 0.5 + 0.8 + 0.5 + 1.0, abs=0.05)


@pytest.mark.parametrize("sound", [speech(0.3), speech(0.1) + silence(0.4) + speech(0.2) + silence(0.4) + speech(0.1)])
def test_a_click_is_no_voice(sound: bytes) -> None:
    scene = play(ask(), Act(after=PROMPT, wait=1, speech=sound))
    assert given(scene) == [] and scene.leg.captions[-1] == "没有听到"


def test_neither_key_nor_voice_goes_on_with_the_next_verb() -> None:
    scene = play(ask('timeout="7"'))
    assert given(scene) == [] and scene.leg.heard[1].began_at == pytest.approx(PROMPT_SECONDS + 7, abs=0.05)


def test_nothing_goes_to_the_action_where_it_wants_that() -> None:
    assert given(play(ask('actionOnEmptyResult="true"'))) == [{"Digits": ""}]


def test_whoever_begins_late_is_heard_to_the_end() -> None:
    assert given(play(ask('timeout="3"'), say(0.8, wait=2.8))) == [VOICE]


def test_a_voice_ends_the_prompt() -> None:
    scene = play(ask(), Act(after=PROMPT, until_end=False, wait=0.5, speech=speech(0.6)))
    assert scene.leg.heard[0].seconds == pytest.approx(0.5 + 0.4, abs=0.03)
    assert given(scene) == [VOICE] and told_at(scene) == pytest.approx(0.5 + 0.6 + 1.0, abs=0.05)


def test_keys_are_gathered_as_ever() -> None:
    scene = play(
        ask().replace('numDigits="1"', 'numDigits="4"'), Act(after=PROMPT, until_end=False, wait=0.5, keys="1234")
    )
    assert given(scene) == [{"Digits": "1234"}] and scene.leg.heard[0].seconds == pytest.approx(0.5)


def test_a_key_typed_ahead_is_gathered_without_a_prompt() -> None:
    first = document('<Gather action="/ivr/step" numDigits="1"/>')
    scene = ring({"incoming": first, "step": [ask(), GOODBYE]}, Act(at=1.0, keys="12", gap=0.0))
    assert given(scene) == [{"Digits": "1"}, {"Digits": "2"}] and PROMPT not in scene.leg.captions


def test_a_key_wins_over_a_voice_that_has_not_ended() -> None:
    assert given(play(ask(), say(0.6), Act(wait=0.5, keys="2"))) == [{"Digits": "2"}]


def test_a_voice_after_the_first_key_means_nothing() -> None:
    menu = ask().replace('numDigits="1"', 'numDigits="2"')
    scene = play(menu, Act(after=PROMPT, wait=1, keys="1"), Act(wait=0.2, speech=speech(2)), Act(wait=1.5, keys="2"))
    assert given(scene) == [{"Digits": "12"}]


def test_a_voice_means_nothing_to_a_gather_that_wants_keys() -> None:
    assert given(play(ask(wanted="dtmf"), say(2.0))) == []


def test_noise_without_an_end_is_not_waited_for() -> None:
    scene = play(ask(), Act(at=0.1, speech=speech(60)))
    assert given(scene) == [VOICE] and told_at(scene) == pytest.approx(0.1 + 10, abs=0.1)


def test_a_lost_network_is_no_silence() -> None:
    acts = (Act(after=PROMPT, wait=3, lose=True), Act(wait=20, find=True), Act(wait=4, speech=speech(0.6)))
    assert given(play(ask('timeout="5"'), *acts)) == [VOICE]


def test_a_caller_who_hangs_up_while_speaking_asks_for_nothing_more() -> None:
    scene = play(ask(), say(0.6, hang_up=True))
    assert given(scene) == [] and scene.call.status == "completed"


def test_the_telephone_is_told_that_it_may_speak() -> None:
    [event] = play(ask()).leg.events
    assert event == {"type": "gather", "digits": 1, "finish": "#", "timeout": 5, "speech": True}


# what is an echo, and what is not


def at(level: float) -> bytes:
    """A frame of this loudness."""
    frame = to_samples(beep(0.1, 400))[320:480]
    return to_pcm(frame * (level / float(numpy.sqrt(numpy.mean(frame * frame)))))


@pytest.mark.parametrize(
    ("said", "heard", "later", "counts"),
    [
        (0.0, 0.02, 0.0, True),
        (0.1, 0.04, 0.0, False),
        (0.1, 0.04, 0.9, False),
        (0.1, 0.04, 1.1, True),
        (0.1, 0.06, 0.0, True),
        (0.0, 0.005, 0.0, False),
    ],
)
def test_what_may_be_the_echo_of_what_is_said_does_not_count(
    said: float, heard: float, later: float, counts: bool
) -> None:
    moments = [0.0]
    ear = VoiceEar(lambda: moments[0])
    if said:
        ear.said(at(said))
    moments[0] = later
    for _ in range(25):
        ear.heard(at(heard))
    assert ear.spoke.is_set() == counts


class LoudSpeech(QuietSpeech):
    """A voice at the level at which everything is played."""

    async def say(self, text: str, rate: float = 1.0, keep: bool = True) -> bytes:
        return beep(2.0, 440)


async def echo(phone: Phone, share: float) -> None:
    """What the loudspeaker plays comes back through the microphone, 100 ms later."""
    frames = asyncio.Queue[bytes]()
    for _ in range(5):
        frames.put_nowait(silence(0.02))
    while True:
        message = await phone.socket.receive()
        if isinstance(message.data, bytes):
            frames.put_nowait(to_pcm(to_samples(message.data) * numpy.float32(share)))
            await phone.socket.send_bytes(frames.get_nowait())


@pytest.mark.parametrize(("share", "expected"), [(0.4, ""), (0.9, "（有声音）")])
def test_the_echo_of_a_prompt_is_not_taken_for_an_answer(tmp_path: Path, share: float, expected: str) -> None:
    menu = ask('timeout="1" actionOnEmptyResult="true"')

    async def steps(place: Place) -> None:
        phone = await place.connect()
        await phone.say(type="dial", to="12333")
        await phone.until("answered")
        echoing = asyncio.create_task(echo(phone, share))
        try:
            await eventually(lambda: bool(place.hotline.forms("/ivr/step")), 10)
        finally:
            echoing.cancel()
        [form] = place.hotline.forms("/ivr/step")
        assert form.get("SpeechResult", "") == expected

    async def scene() -> None:
        async with real_gateway(tmp_path, {"/ivr/incoming": menu, "/ivr/step": GOODBYE}, LoudSpeech()) as place:
            await steps(place)

    asyncio.run(scene())
