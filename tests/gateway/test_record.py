"""<Record> on a leg.

| attribute                     | default      | proven by                                                     |
|-------------------------------|--------------|---------------------------------------------------------------|
| action, method                | same URL     | test_without_action_the_same_document_is_asked_for_again      |
| maxLength                     | 3600         | test_it_ends_at_its_length                                    |
| timeout                       | 5            | test_silence_ends_it, test_it_waits_no_longer_for_a_beginning |
| finishOnKey                   | 1234567890*# | test_any_key_ends_it, test_other_keys_do_not, ..._no_key      |
| playBeep                      | true         | test_the_beep_is_not_in_the_file, test_no_beep                |
| trim                          | do-not-trim  | test_silence_is_trimmed_when_asked                            |
| recordingStatusCallback(Event)| completed    | test_the_callback_..., test_an_absent_recording_...           |
"""

from __future__ import annotations

import asyncio
import wave

import pytest

from integrations.gateway.audio import duration_seconds, read_wav, silence
from integrations.gateway.calls import Calls
from integrations.gateway.frames import FRAME_BYTES, FRAME_SECONDS
from integrations.gateway.recordings import Recording
from integrations.gateway.scripted import Act, ScriptedLeg
from integrations.gateway.webhooks import Answer
from tests.gateway.scene import Reply, Scene, document, ring, speech
from tests.gateway.virtual_time import run_in_virtual_time

BEEP_SECONDS = 0.5
ASK = "<Say>请留言</Say>"
AFTER = document("<Say>收到</Say>")


def record(attributes: str = "", then: str = "<Say>没有录到</Say>") -> str:
    return document(ASK, f'<Record action="/ivr/step" {attributes}/>', then)


def play(first: str, *acts: Act) -> Scene:
    return ring({"incoming": first, "step": AFTER, "recorded": document()}, *acts)


def speak(seconds: float = 2.0, keys: str = "", **more: object) -> Act:
    """After the beep."""
    return Act(after="请留言", wait=BEEP_SECONDS + 0.1, speech=speech(seconds), keys=keys, **more)  # type: ignore[arg-type]


def the_recording(scene: Scene) -> Recording:
    [recording] = scene.recordings.of_call(scene.call.sid)
    return recording


def action(scene: Scene) -> dict[str, str]:
    [asked] = scene.hotline.at("/ivr/step")
    return asked.form


def test_any_key_ends_it() -> None:
    scene = play(record(), speak(), Act(wait=1, keys="7"))
    recording, form = the_recording(scene), action(scene)
    assert form["Digits"] == "7" and form["RecordingSid"] == recording.sid
    assert form["RecordingDuration"] == "2"
    assert form["RecordingUrl"].endswith(f"/2010-04-01/Accounts/AC{'0' * 32}/Recordings/{recording.sid}")
    assert scene.leg.captions[-1] == "收到"


def test_the_file_is_what_was_said_between_beep_and_key() -> None:
    scene = play(record(), speak(2.0), Act(keys="#"), Act(speech=speech(1.0)))
    path = scene.recordings.sound(the_recording(scene).sid)
    assert path is not None
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 8000, 2)
    assert duration_seconds(read_wav(path.read_bytes())) == pytest.approx(2.1, abs=0.15)


def test_other_keys_do_not_end_it() -> None:
    scene = play(record('finishOnKey="#"'), speak(1, keys="1"), Act(speech=speech(1), keys="#"))
    assert action(scene)["Digits"] == "#" and the_recording(scene).seconds > 1.9


def test_no_key_ends_it() -> None:
    scene = play(record('finishOnKey="" timeout="3"'), speak(1, keys="#"))
    assert "Digits" not in action(scene)


def test_silence_ends_it() -> None:
    scene = play(record('timeout="3"'), speak(2))
    assert "Digits" not in action(scene)
    began = len("请留言") / 4.2 + BEEP_SECONDS + 0.1
    assert scene.hotline.at("/ivr/step")[0].at == pytest.approx(began + 2 + 3, abs=0.1)


def test_a_quiet_line_is_silence() -> None:
    scene = play(record('timeout="3"'), Act(after="请留言", wait=0.6, speech=silence(30)))
    assert scene.hotline.at("/ivr/step")[0].at < 6


def test_it_ends_at_its_length() -> None:
    scene = play(record('maxLength="10"'), speak(30))
    assert "Digits" not in action(scene) and the_recording(scene).seconds == pytest.approx(10, abs=0.15)


def test_hanging_up_keeps_the_file_and_says_so_before_the_call_ends() -> None:
    scene = play(record(), speak(3, hang_up=True))
    form = action(scene)
    assert (form["Digits"], form["CallStatus"], form["RecordingDuration"]) == ("hangup", "completed", "3")
    assert the_recording(scene).status == "completed"
    paths = [asked.path for asked in scene.hotline.asked]
    assert paths.index("/ivr/step") < len(paths) - 1 - paths[::-1].index("/ivr/status")
    # What the action answers has nobody to hear it.
    assert "收到" not in scene.leg.captions


def test_a_call_ended_from_outside_keeps_the_file_too() -> None:
    async def end_all(calls: Calls, call: object, leg: object) -> None:
        await asyncio.sleep(4)
        await calls.end_all(30)

    scene = ring({"incoming": record(), "step": AFTER}, speak(10), outside=end_all)
    assert action(scene)["Digits"] == "hangup" and scene.call.status == "completed"


def test_nothing_heard_goes_on_with_the_next_verb() -> None:
    scene = play(record('timeout="4"'))
    assert scene.hotline.at("/ivr/step") == [] and scene.leg.captions[-1] == "没有录到"
    assert the_recording(scene).status == "absent" and scene.recordings.sound(the_recording(scene).sid) is None


def test_the_beep_is_not_in_the_file() -> None:
    scene = play(record(), speak(2, keys="#"))
    assert scene.leg.heard[1].caption == "" and scene.leg.heard[1].seconds == pytest.approx(BEEP_SECONDS)
    assert the_recording(scene).seconds < 2.3


def test_no_beep() -> None:
    scene = play(record('playBeep="false"'), Act(after="请留言", wait=0.1, speech=speech(1), keys="#"))
    assert [heard.caption for heard in scene.leg.heard] == ["请留言", "收到"]


def test_silence_is_trimmed_when_asked() -> None:
    said = silence(2) + speech(1) + silence(2)
    scene = play(record('trim="trim-silence"'), Act(after="请留言", wait=0.6, speech=said, keys="#"))
    assert the_recording(scene).seconds == pytest.approx(1.4, abs=0.05)


def test_keys_typed_before_the_beep_do_not_end_it() -> None:
    scene = play(record(), Act(after="请留言", wait=0.2, keys="1"), Act(wait=0.5, speech=speech(2), keys="#"))
    assert action(scene)["Digits"] == "#"


def test_without_action_the_same_document_is_asked_for_again() -> None:
    scene = ring({"incoming": [document(ASK, "<Record/>"), AFTER]}, speak(1, keys="#"))
    first, second = scene.hotline.at("/ivr/incoming")
    assert "RecordingSid" not in first.form and "RecordingSid" in second.form


def test_the_callback_comes_once_with_the_recording() -> None:
    scene = play(record('recordingStatusCallback="/ivr/recorded"'), speak(2, keys="#"))
    [asked] = scene.hotline.at("/ivr/recorded")
    assert asked.form["RecordingStatus"] == "completed" and asked.form["RecordingSid"] == the_recording(scene).sid
    assert asked.form["CallSid"] == scene.call.sid


def test_an_absent_recording_is_reported_when_asked() -> None:
    events = 'recordingStatusCallback="/ivr/recorded" recordingStatusCallbackEvent="in-progress completed absent"'
    scene = play(record(events))
    assert [asked.form["RecordingStatus"] for asked in scene.hotline.at("/ivr/recorded")] == ["in-progress", "absent"]


def test_a_callback_that_nobody_takes_is_sent_again() -> None:
    replies: list[Reply] = [Answer(503, ""), ConnectionError("away"), ConnectionError("away"), document()]
    first = record('recordingStatusCallback="/ivr/recorded"')
    scene = ring({"incoming": first, "step": AFTER, "recorded": replies}, speak(1, keys="#"))
    assert len(scene.hotline.at("/ivr/recorded")) == 4


def test_the_telephone_is_told_that_it_is_recorded() -> None:
    scene = play(record('maxLength="120"'), speak(2, keys="#"))
    assert scene.leg.events[0] == {"type": "recording", "max": 120}
    assert scene.leg.events[1]["type"] == "recorded"


def test_a_lost_network_is_not_silence() -> None:
    scene = play(
        record('timeout="3"'), speak(1, lose=True), Act(wait=20, find=True), Act(wait=1, speech=speech(1), keys="#")
    )
    assert action(scene)["Digits"] == "#"


def test_a_hiccup_of_the_network_cuts_no_word_in_two() -> None:
    """Frames that come late in a bunch are the sound that was missing; after a real gap the timing is kept."""
    said = speech(2.0)
    frames = [said[at : at + FRAME_BYTES] for at in range(0, len(said), FRAME_BYTES)]

    async def hear(gap_seconds: float, bunch: int) -> bytes:
        leg = ScriptedLeg()
        leg.start_record()
        for number, frame in enumerate(frames):
            leg.hear(frame)
            if number == 24:
                await asyncio.sleep(gap_seconds)
            elif not 24 < number < 24 + bunch:
                await asyncio.sleep(FRAME_SECONDS)
        return leg.stop_record()

    assert run_in_virtual_time(hear(0.9, bunch=45)) == said
    assert duration_seconds(run_in_virtual_time(hear(3.0, bunch=0))) == pytest.approx(2.0 + 3.0, abs=0.05)
