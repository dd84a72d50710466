"""The running hotline with callers who leave messages, and what became of them."""

from __future__ import annotations

import os
import wave
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from integrations.services import utc_now
from integrations.settings import PROJECT_DIR
from integrations.work_calendar import in_shanghai
from tests.journeys.callback_stage import SOON, CallbackStage, callback_config
from tests.journeys.line_stage import LineCaller
from tests.journeys.scripted_phones import SILENCE
from tests.waiting import eventually

BENGBU, BENGBU_NUMBER = "340300", "+8655212333"
# What is said last before the beep.
NOTICE = "说完可以直接挂机"
SPEECH = Path(os.environ.get("SPEECH_DIR", PROJECT_DIR.parent / "shared" / "speech"))
MODEL = SPEECH / "model-cn-tiny"
FRAME_BYTES = len(SILENCE)
LONG = 60.0


def message_config(folder: Path) -> Path:
    """As for callbacks; besides, Bengbu is closed all the time."""
    config = callback_config(folder)
    centres = yaml.safe_load((config / "centres.yaml").read_text(encoding="utf-8"))
    nothing = {"periods": [], "reason": "停电"}
    centres["centres"][BENGBU]["hours"] = {"exceptional": dict.fromkeys(_days(), nothing)}
    (config / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    return config


def _days() -> list[str]:
    """Yesterday to the day after tomorrow, whenever the tests run."""
    today = in_shanghai(utc_now()).date()
    return [(today + timedelta(days=n)).isoformat() for n in (-1, 0, 1, 2)]


def recorded_voice(name: str = "human_4_8k.wav") -> bytes:
    """社会 保险 咨询, as 8 kHz frames; without the recordings a warble that is loud enough for a voice."""
    path = SPEECH / "recordings" / name
    if path.exists():
        with wave.open(str(path)) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
            return sound.readframes(sound.getnframes())
    at = np.arange(8000 * 3) / 8000
    warble = np.sin(2 * np.pi * (220 + 60 * np.sin(2 * np.pi * 3 * at)) * at) * (0.5 + 0.5 * np.sin(2 * np.pi * 2 * at))
    return bytes((warble * 9000).astype("<i2").tobytes())


@dataclass
class SpeakingCaller(LineCaller):
    """Says `voice` when `says_at` has been heard and the beep is over; hangs up after it with `hangs_up`."""

    voice: bytes = b""
    says_at: str = NOTICE
    hangs_up: bool = False
    spoken: bytearray = field(default_factory=bytearray)
    is_recorded: bool = False

    async def _take(self, socket: Any, event: dict[str, Any]) -> None:
        await super()._take(socket, event)
        if event["type"] == "recording" and self.voice:
            self.is_recorded = True
            self.spoken = bytearray(self.voice)

    async def _send_frame(self, socket: Any) -> None:
        frame = bytes(self.spoken[:FRAME_BYTES])
        del self.spoken[:FRAME_BYTES]
        await socket.send_bytes(frame.ljust(FRAME_BYTES, b"\0"))
        if self.hangs_up and self.is_recorded and not self.spoken:
            self.hangs_up = False
            await self.hang_up()


class MessageStage(CallbackStage):
    """Messages are known by the calls they were left in."""

    def speaks(
        self,
        press: dict[str, str],
        dialled: str,
        number: str = "",
        voice: bytes | None = None,
        hangs_up: bool = True,
    ) -> SpeakingCaller:
        """Somebody who rings, presses these keys, and speaks after the beep."""
        sound = recorded_voice() if voice is None else voice
        caller = SpeakingCaller("caller", dialled, number or self.callers.new_number(), dict(press),
                                voice=sound, hangs_up=hangs_up)  # fmt: skip
        return self.callers.let_ring(caller)

    def case_of(self, caller: LineCaller, seconds: float = LONG) -> int:
        """The case that a call has led to."""
        sql = "SELECT case_id FROM message WHERE call_sid = %s AND status = 'kept'"
        return int(eventually(lambda: self.rows(sql, caller.sid), seconds)[0][0])

    def case(self, case_id: int, *columns: str) -> tuple[Any, ...]:
        return self.rows(f"SELECT {', '.join(columns)} FROM work_order WHERE id = %s", case_id)[0]

    def until_case(self, case_id: int, status: str, seconds: float = SOON) -> None:
        eventually(lambda: self.case(case_id, "status") == (status,), seconds)

    def takes(self, case_id: int) -> list[tuple[str, str]]:
        """The recordings of a case, with what became of each, superseded ones left out."""
        sql = """
            SELECT recording_sid, row.status FROM message_recording AS row JOIN message ON message.id = row.message_id
            WHERE case_id = %s AND NOT is_superseded ORDER BY started_at
        """
        return [(str(sid), str(status)) for sid, status in self.rows(sql, case_id)]

    def history(self, case_id: int) -> list[str]:
        return [
            str(event) for (event,) in self.rows("SELECT event FROM case_event WHERE case_id = %s ORDER BY id", case_id)
        ]

    def until_transcribed(self, case_id: int, seconds: float = LONG) -> tuple[str, str]:
        """How the transcript ended, and what was understood."""
        sql = """
            SELECT transcript.status, coalesce(said, '') FROM transcript JOIN message_recording USING (recording_sid)
            JOIN message ON message.id = message_id WHERE case_id = %s AND transcript.status <> 'waiting'
        """
        status, said = eventually(lambda: self.rows(sql, case_id), seconds)[0]
        return str(status), str(said)
