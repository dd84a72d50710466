"""A live call recorded from outside, and <Dial record>.

| parameter                    | default   | proven by                                                      |
|------------------------------|-----------|----------------------------------------------------------------|
| RecordingChannels            | mono      | test_tracks, test_both_sides_are_in_the_file                   |
| RecordingTrack               | both      | test_tracks                                                    |
| RecordingStatusCallback(Event)| completed | test_the_states_are_told, test_only_the_end_unless_asked_for   |
| PauseBehavior                | silence   | test_a_pause_is_silence_of_its_length, ..._or_leaves_no_trace  |
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from integrations.gateway import call_recorder
from integrations.gateway.audio import read_wav, tone_level
from integrations.gateway.call import Call
from integrations.gateway.call_recordings import AlreadyRecorded
from integrations.gateway.calls import Calls
from integrations.gateway.documents import Callback, RecordingPlan
from integrations.gateway.journal import Journal
from integrations.gateway.live_wav import LiveWav
from integrations.gateway.recordings import Recording, RecordingStore
from integrations.gateway.scripted import Act, ScriptedLeg
from integrations.gateway.the_dead import report_the_dead
from integrations.gateway.webhooks import Answer
from tests.gateway.pages import AGENT_HZ, CALLER_HZ, tone_frame
from tests.gateway.scene import BASE, NOON, FakeHotline, QuietSpeech, Scene, build_exchange, document, ring
from tests.gateway.virtual_time import run_in_virtual_time

TOLD = Callback(f"{BASE}/queueing/recording", "POST", ("in-progress", "completed", "absent"))
TALK = document('<Pause length="60"/>')
Steps = Callable[[Call, ScriptedLeg], Awaitable[None]]


def record(steps: Steps, plan: RecordingPlan | None = None, *acts: Act, **replies: object) -> Scene:
    """A call that is recorded from its second second on."""

    async def outside(calls: Calls, call: Call, leg: ScriptedLeg) -> None:
        await asyncio.sleep(2)
        await call.recordings.start(plan or RecordingPlan(callback=TOLD))
        await steps(call, leg)

    paths = {"incoming": TALK, "/queueing/recording": document(), **replies}
    return ring(paths, *acts, outside=outside)  # type: ignore[arg-type]


async def talk(leg: ScriptedLeg, seconds: float) -> None:
    """Both sides say their tone."""
    for number in range(round(seconds * 50)):
        leg.hear(tone_frame(AGENT_HZ, number))
        leg.send(tone_frame(CALLER_HZ, number))
        await asyncio.sleep(0.02)


def the_recording(scene: Scene) -> Recording:
    [recording] = scene.recordings.of_call(scene.call.sid)
    return recording


def sound(scene: Scene) -> bytes:
    path = scene.recordings.sound(the_recording(scene).sid)
    assert path is not None
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (8000, 2)
    return read_wav(path.read_bytes())


def told(scene: Scene) -> list[dict[str, str]]:
    return [asked.form for asked in scene.hotline.at("/queueing/recording")]


def test_both_sides_are_in_the_file() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await talk(leg, 3)
        await call.recordings.stop()

    scene = record(steps)
    assert tone_level(sound(scene), AGENT_HZ) > 0.15 and tone_level(sound(scene), CALLER_HZ) > 0.15
    assert the_recording(scene).seconds == pytest.approx(3.0, abs=0.05)
    assert list(Path(scene.folder.name).rglob("*.live")) == []


def test_the_end_of_the_call_ends_the_recording() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await talk(leg, 1)
        await asyncio.sleep(4)
        call.end()

    assert the_recording(record(steps)).seconds == pytest.approx(5.0, abs=0.05)


def test_the_states_are_told() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await talk(leg, 3)
        await call.recordings.stop()

    scene = record(steps)
    first, last = told(scene)
    sid = the_recording(scene).sid
    assert (first["RecordingStatus"], last["RecordingStatus"]) == ("in-progress", "completed")
    assert "RecordingDuration" not in first
    assert {name: last[name] for name in last if name not in ("RecordingStartTime",)} == {
        "AccountSid": scene.call.facts()["AccountSid"],
        "CallSid": scene.call.sid,
        "RecordingSid": sid,
        "RecordingUrl": f"http://gateway.example.cn/2010-04-01/Accounts/AC{'0' * 32}/Recordings/{sid}",
        "RecordingStatus": "completed",
        "RecordingChannels": "1",
        "RecordingDuration": "3",
        "RecordingSource": "StartCallRecordingAPI",
        "RecordingTrack": "both",
    }


def test_only_the_end_unless_asked_for() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await talk(leg, 1)

    scene = record(steps, RecordingPlan(callback=Callback(TOLD.url, "POST", ("completed",))))
    assert [form["RecordingStatus"] for form in told(scene)] == ["completed"]


def test_a_report_that_nobody_takes_is_sent_again() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await talk(leg, 1)

    replies = [document(), Answer(503, ""), Answer(503, ""), document()]
    scene = record(steps, **{"/queueing/recording": replies})
    assert [form["RecordingStatus"] for form in told(scene)] == ["in-progress", *["completed"] * 3]


def test_a_recording_of_no_time_is_absent() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await call.recordings.stop()

    scene = record(steps)
    assert told(scene)[-1]["RecordingStatus"] == "absent" and told(scene)[-1]["RecordingDuration"] == "0"
    assert scene.recordings.sound(the_recording(scene).sid) is None


def test_a_call_is_recorded_once_at_a_time() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        with pytest.raises(AlreadyRecorded):
            await call.recordings.start(RecordingPlan())
        await call.recordings.stop()
        await call.recordings.start(RecordingPlan())

    scene = record(steps)
    assert len(scene.recordings.of_call(scene.call.sid)) == 2


async def with_a_pause(call: Call, leg: ScriptedLeg, skips: bool) -> None:
    await talk(leg, 2)
    call.recordings.pause(skips)
    assert call.recordings.current is not None and call.recordings.current.status == "paused"
    await talk(leg, 5)
    call.recordings.resume()
    await talk(leg, 1)
    await call.recordings.stop()


def test_a_pause_is_silence_of_its_length() -> None:
    scene = record(lambda call, leg: with_a_pause(call, leg, False))
    loud = np.flatnonzero(np.abs(np.frombuffer(sound(scene), "<i2")) > 500) / 8000
    assert the_recording(scene).seconds == pytest.approx(8.0, abs=0.05)
    assert not ((loud > 2.1) & (loud < 6.9)).any() and loud.max() == pytest.approx(8.0, abs=0.1)


def test_a_pause_may_leave_no_trace() -> None:
    scene = record(lambda call, leg: with_a_pause(call, leg, True))
    assert the_recording(scene).seconds == pytest.approx(3.0, abs=0.05)
    assert tone_level(sound(scene)[32_000:], AGENT_HZ) > 0.15


def test_the_file_grows_while_people_talk() -> None:
    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await talk(leg, 10)
        sizes.extend(path.stat().st_size for path in Path(call._exchange.recordings._folder).glob("*.live"))

    sizes: list[int] = []
    record(steps)
    assert 8 * 16000 < sizes[0] <= 10 * 16000 + 44


def test_a_full_disk_ends_the_recording_and_not_the_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: LiveWav, pcm: bytes) -> None:
        raise OSError(28, "No space left on device")

    async def steps(call: Call, leg: ScriptedLeg) -> None:
        await talk(leg, 2)
        monkeypatch.setattr(LiveWav, "add", full)
        await talk(leg, 4)
        assert not call.is_over

    scene = record(steps)
    assert 0 < the_recording(scene).seconds <= 2 and scene.call.status == "completed"


def test_a_talk_between_two_telephones_is_recorded_by_its_document() -> None:
    first = document(
        '<Dial action="/ivr/step" record="record-from-answer-dual" recordingStatusCallback="/queueing/recording">'
        "<Client>agent-17</Client></Dial>"
    )
    frames = b"".join(tone_frame(AGENT_HZ, number) for number in range(100))
    talk = [Act(wait=5, pick_up=True), Act(wait=1, speech=frames), Act(wait=1, hang_up=True)]
    replies = {"incoming": first, "step": document(), "/queueing/recording": document()}
    scene = ring(replies, telephones={"client:agent-17": talk})
    recording = the_recording(scene)
    assert (recording.channels, recording.source) == (2, "DialVerb")
    assert recording.seconds == pytest.approx(4.0, abs=0.1)
    [action] = scene.hotline.at("/ivr/step")
    assert action.form["RecordingUrl"].endswith(recording.sid) and told(scene)[-1]["RecordingSource"] == "DialVerb"


# a gateway that was killed


def left_by_a_killed_gateway(folder: Path, seconds: float, cut: int = 0) -> str:
    """A recording in the middle, as it lies on disk; its id."""
    store, journal = RecordingStore(folder / "recordings"), Journal(folder / "live")
    recording = Recording(
        "RE" + "a" * 32, "CA" + "b" * 32, "in-progress", 0.0, NOON, NOON, 1, "StartCallRecordingAPI", "both"
    )
    journal.begin_recording(recording.sid, {"url": TOLD.url, "method": "POST", "events": list(TOLD.events)})
    file = store.begin(recording)
    file.add(b"".join(tone_frame(AGENT_HZ, number) for number in range(round(seconds * 50)))[: -cut or None])
    file.close()
    journal.end()
    return recording.sid


@pytest.mark.parametrize("cut", [0, 1])
def test_the_next_gateway_keeps_what_there_was_and_tells_of_it(tmp_path: Path, cut: int) -> None:
    sid = left_by_a_killed_gateway(tmp_path, 4.0, cut)
    hotline = FakeHotline({"/queueing/recording": [Answer(503, ""), document()]})

    async def scene() -> RecordingStore:
        exchange = build_exchange(hotline, tmp_path, QuietSpeech())
        assert [await report_the_dead(exchange) for _ in range(3)] == [0, 1, 0]
        return exchange.recordings

    store = run_in_virtual_time(scene())
    path = store.sound(sid)
    assert path is not None
    with wave.open(str(path)) as file:
        assert file.getnframes() == 32_000 - cut
    form = hotline.at("/queueing/recording")[-1].form
    assert (form["RecordingStatus"], form["RecordingDuration"], form["CallSid"]) == ("completed", "4", "CA" + "b" * 32)


def test_a_recording_in_which_nothing_was_written_is_absent(tmp_path: Path) -> None:
    left_by_a_killed_gateway(tmp_path, 0.0)
    hotline = FakeHotline({"/queueing/recording": [document()]})

    async def scene() -> None:
        await report_the_dead(build_exchange(hotline, tmp_path, QuietSpeech()))

    run_in_virtual_time(scene())
    assert hotline.at("/queueing/recording")[0].form["RecordingStatus"] == "absent"


def test_what_is_written_is_never_more_than_a_second_behind() -> None:
    assert call_recorder.WRITE_SECONDS + call_recorder.SETTLED_SECONDS <= 1.5
