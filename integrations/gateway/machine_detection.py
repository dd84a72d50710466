"""Who has answered: a person, or an answering machine. The answer is Twilio's word, the means are our own.

Twilio listens and guesses. Here a telephone that answers as a machine has said so itself (`Leg.is_machine`), and only
the end of its greeting is found by listening:

| on the leg                                           | answered by                         |
|------------------------------------------------------|-------------------------------------|
| no machine, and a voice                              | human                               |
| no machine, and silence for its first 5 s            | unknown                             |
| a machine that speaks, or is silent for 5 s (Enable) | machine_start                       |
| a machine's greeting and its beep (DetectMessageEnd) | machine_end_beep                    |
| its greeting, then silence for 2 s                   | machine_end_silence                 |
| a machine that has not come to an end in time        | machine_end_other                   |

A fax is never found. Of a call that is put down before it was decided nothing is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from integrations.gateway.frames import is_tone
from integrations.gateway.leg import Leg
from integrations.gateway.talk import Goto
from integrations.gateway.voice_ear import VoiceEar

HUMAN, UNKNOWN = "human", "unknown"
MACHINE_START = "machine_start"
END_BEEP, END_SILENCE, END_OTHER = "machine_end_beep", "machine_end_silence", "machine_end_other"
FIRST_WORD_SECONDS = 5.0
GREETING_OVER_SECONDS = 2.0
# 0.2 s of a tone are a beep.
BEEP_FRAMES = 10
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Detection:
    """What an order wants to know: at once, or after a machine's greeting; `told` hears it. `seconds` is the most."""

    waits_for_end: bool = False
    told: Goto | None = None
    seconds: float = 30.0


class Greeting(VoiceEar):
    """Listens to what the telephone says first, and knows a beep from a voice."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self.has_beeped = False
        self._tone_frames = 0

    def heard(self, frame: bytes) -> None:
        super().heard(frame)
        if is_tone(frame):
            self._tone_frames += 1
            return
        # A beep is over when something else is heard.
        self.has_beeped = self.has_beeped or self._tone_frames >= BEEP_FRAMES
        self._tone_frames = 0

    @property
    def ended_by(self) -> str:
        """How a machine's greeting has ended, "" while it goes on."""
        is_quiet = self.spoke.is_set() and self.quiet_seconds >= GREETING_OVER_SECONDS
        if self.has_beeped or (is_quiet and self._tone_frames >= BEEP_FRAMES):
            return END_BEEP
        return END_SILENCE if is_quiet else ""


async def who_answered(leg: Leg, wanted: Detection) -> str:
    """Listen to a leg that has just been answered until it is decided; at most for `wanted.seconds`."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    greeting = Greeting(loop.time)
    leg.tap(greeting)
    try:
        while (seconds := loop.time() - began) < wanted.seconds:
            if answered_by := _judge(greeting, leg.is_machine, wanted.waits_for_end, seconds):
                return answered_by
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        leg.untap(greeting)
    return END_OTHER if leg.is_machine else UNKNOWN


def _judge(greeting: Greeting, is_machine: bool, waits_for_end: bool, seconds: float) -> str:
    if is_machine and waits_for_end:
        return greeting.ended_by
    if greeting.spoke.is_set():
        return MACHINE_START if is_machine else HUMAN
    if seconds < FIRST_WORD_SECONDS:
        return ""
    return MACHINE_START if is_machine else UNKNOWN
