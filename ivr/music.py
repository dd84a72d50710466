"""What is played while callers wait: a calm tune of our own, computed once, so that nobody's rights are asked for."""

from __future__ import annotations

import io
import math
import wave
from array import array
from functools import lru_cache

RATE = 8000
BEAT_SECONDS = 0.6
LOUDNESS = 0.16
# Degrees of the scale below, by half beats; None is a rest. Three phrases, the first comes back.
SCALE = (261.63, 293.66, 329.63, 392.00, 440.00, 523.25, 587.33, 659.26)
PHRASE_A = (2, None, 3, 4, 5, None, 4, 3, 2, None, 1, 2, 0, None, None, None)
PHRASE_B = (4, None, 5, 6, 5, None, 4, 3, 4, None, 3, 2, 1, None, None, None)
PHRASE_C = (2, 3, 2, 1, 0, None, 1, 2, 3, None, 2, 1, 0, None, None, None)
TUNE = PHRASE_A + PHRASE_B + PHRASE_A + PHRASE_C
STEP = int(RATE * BEAT_SECONDS)


@lru_cache(maxsize=1)
def music_wav() -> bytes:
    """The piece as a WAV file: mono, 8 kHz, 16 bit, about 40 seconds, fading in and out."""
    samples = [0.0] * (STEP * (len(TUNE) + 3))
    for position, degree in enumerate(TUNE):
        if degree is not None:
            _add_note(samples, position * STEP, SCALE[degree], 3 * STEP)
            # A soft octave below on every fourth beat carries the tune.
            if position % 4 == 0:
                _add_note(samples, position * STEP, SCALE[degree] / 2, 4 * STEP, 0.5)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(array("h", (round(32767 * math.tanh(sample)) for sample in samples)).tobytes())
    return file.getvalue()


def _add_note(samples: list[float], start: int, hertz: float, length: int, share: float = 1.0) -> None:
    """A struck string: quick to come, slow to fade, a little of its octave."""
    turn = 2 * math.pi * hertz / RATE
    for n in range(min(length, len(samples) - start)):
        seconds = n / RATE
        envelope = min(seconds / 0.03, 1.0) * math.exp(-2.2 * seconds)
        samples[start + n] += LOUDNESS * share * envelope * (math.sin(turn * n) + 0.3 * math.sin(2 * turn * n))
