"""Sound in frames of 20 ms, as it travels on a telephone line; which of it is a voice. Pure: bytes in, bytes out."""

from __future__ import annotations

import numpy as np

from integrations.gateway.audio import SAMPLE_RATE, beep, fade, rms, silence, to_pcm, to_samples

FRAME_SECONDS = 0.02
FRAME_BYTES = 320
# Share of full scale above which somebody is taken to be speaking: -40 dB, well above the hiss of a line and well
# below a quiet voice near a telephone.
VOICE_LEVEL = 0.01
TONE_SHARE = 0.9
# Speech has soft beginnings and ends: this much is kept around it when silence is trimmed.
KEPT_AROUND_SPEECH_SECONDS = 0.2
KEY_SECONDS, KEY_GAP_SECONDS, WAIT_SECONDS = 0.1, 0.1, 0.5
_ROWS = (697.0, 770.0, 852.0, 941.0)
_COLUMNS = (1209.0, 1336.0, 1477.0)
_KEYS = ("123", "456", "789", "*0#")


def is_voice(frame: bytes) -> bool:
    """True when a frame is louder than a line on which nobody speaks."""
    return rms(frame) > VOICE_LEVEL


def is_tone(frame: bytes) -> bool:
    """True for a loud frame with nearly all its power at one pitch: a beep, and not a voice or a key."""
    if not is_voice(frame):
        return False
    samples = to_samples(frame)
    power = np.abs(np.fft.rfft(samples * np.hanning(samples.size))) ** 2
    peak = int(power.argmax())
    # A pure tone is as wide as this in a window of 20 ms.
    return bool(power[max(peak - 2, 0) : peak + 3].sum() > TONE_SHARE * power.sum())


def trim_silence(pcm: bytes) -> bytes:
    """The part from the first to the last sound of a voice; empty when there is none."""
    loud = [at for at in range(0, len(pcm), FRAME_BYTES) if is_voice(pcm[at : at + FRAME_BYTES])]
    if not loud:
        return b""
    kept = len(silence(KEPT_AROUND_SPEECH_SECONDS))
    return pcm[max(loud[0] - kept, 0) : loud[-1] + FRAME_BYTES + kept]


def key_tones(keys: str) -> bytes:
    """Keys as the tones of a telephone; `w` waits half a second."""
    return b"".join(silence(WAIT_SECONDS) if key in "wW" else _key_tone(key) for key in keys)


def ringback() -> bytes:
    """What a caller hears while another telephone rings: a second of 450 Hz, then four of silence, as in China."""
    return beep(1.0, 450) + silence(4.0)


def _key_tone(key: str) -> bytes:
    row = next(number for number, keys in enumerate(_KEYS) if key in keys)
    times = np.arange(round(KEY_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    low, high = _ROWS[row], _COLUMNS[_KEYS[row].index(key)]
    waves = 0.2 * (np.sin(2 * np.pi * low * times) + np.sin(2 * np.pi * high * times))
    return to_pcm(fade(waves.astype(np.float32))) + silence(KEY_GAP_SECONDS)
