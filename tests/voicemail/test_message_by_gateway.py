"""A message spoken into a telephone of our own gateway and brought home from there, over the real protocol."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from integrations.telephony.client import CarrierClient
from tests.gateway.real_gateway import Phone, Place, eventually, real_gateway
from tests.gateway.scene import document
from tests.sound_files import pcm
from tests.voicemail.message_scene import HEFEI, WANG_FANGS, Mailbox, voice
from voicemail.message_files import bring_home
from voicemail.messages import Begin

ACTION, STATUS = "/ivr/step", "/voicemail/message"
EVENTS = 'recordingStatusCallbackEvent="in-progress completed absent"'
BEEP = document(f'<Record action="{ACTION}" maxLength="60" recordingStatusCallback="{STATUS}?m=1" {EVENTS}/>')
SECONDS, FRAME = 4, 320


async def speak(phone: Phone) -> None:
    """Word by word, as fast as one speaks, and then hang up."""
    while (await phone.next_event())["type"] != "recording":
        pass
    said = pcm(voice(SECONDS))
    for at in range(0, len(said), FRAME):
        await phone.socket.send_bytes(said[at : at + FRAME])
        await asyncio.sleep(0.02)
    await phone.say(type="hangup")


async def leave_a_message(place: Place) -> None:
    phone = await place.connect()
    await phone.say(type="dial", to="12333", **{"from": WANG_FANGS})
    await speak(phone)
    await eventually(lambda: any(form["RecordingStatus"] == "completed" for form in place.hotline.forms(STATUS)))


def test_whoever_hangs_up_after_speaking_is_on_the_list_and_the_voice_comes_home(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    def take_in(place: Place) -> None:
        told = place.hotline.forms(STATUS)
        begin = Begin(told[0]["CallSid"], 4, "message", HEFEI, "key", number=WANG_FANGS)
        message_id = mailbox.messages.begin(begin)
        for form in told:
            mailbox.messages.note_status(message_id, form)
        settings = replace(place.settings, gateway_url=f"ws://127.0.0.1:{place.gateway.port}")
        carrier = CarrierClient(settings)
        bring_home(replace(mailbox.services, carrier=carrier), mailbox.woken()[0])
        assert carrier.recordings_of(told[0]["CallSid"]) == []
        carrier.close()

    async def scene() -> None:
        async with real_gateway(tmp_path / "gateway", {"/ivr/incoming": BEEP}) as place:
            await leave_a_message(place)
            await asyncio.to_thread(take_in, place)

    asyncio.run(scene())
    take = mailbox.take()
    assert (take["status"], mailbox.case()["status"]) == ("home", "open")
    assert 2 < take["voice_seconds"] < SECONDS + 1 and abs(take["seconds"] - SECONDS) <= 1
    assert mailbox.stored() == [take["storage_key"]]
