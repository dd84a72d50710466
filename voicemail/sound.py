"""What was said after the beep, looked at without listening: is it a sound file, how much is voice, its outline.

Files are read a piece at a time: an hour of sound, or half a gigabyte, is never in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from integrations.errors import HotlineError
from integrations.gateway.samples import Samples
from integrations.transcriber.wav_reader import EMPTY, SENTENCES, BadWav, WavFile

LONGEST_SECONDS = 3600.0
TOO_LONG = "too_long"
MOST_PEAKS = 400
_TOO_LONG_SENTENCE = "录音超过 {minutes:.0f} 分钟。"

# Voice is looked for in frames of 32 ms.
_FRAME_SECONDS = 0.032
_FRAMES_AT_ONCE = 1024
# Decibels below full scale: noise on a line lies between these, and voice stands out of it by so much.
_LOWEST_FLOOR, _HIGHEST_FLOOR, _ABOVE_FLOOR = -70.0, -28.0, 8.0
_SILENCE = -90.0
# The floor follows the line: the quiet end of some seconds on each side.
_FLOOR_SECONDS, _QUIET_SHARE = 8.0, 10
# Syllables follow each other within the first; what is shorter than the second, from end to end, is a click.
_PAUSE_SECONDS, _SHORTEST_SECONDS = 0.2, 0.16
# A tone, or a pair of them, holds nearly all of a frame's power in a few lines; a voice does not for long.
_LINES, _TONE_SHARE, _MOST_TONE = 6, 0.93, 0.7
# A voice rises and falls from frame to frame by more than this on average; a fan or an engine that starts does not.
_STEADY = 0.9

Levels = NDArray[np.float32]
Flags = NDArray[np.bool_]


class BadSound(HotlineError):
    """The file cannot be kept as a message's sound. `reason`: empty, not_wav, wrong_format, corrupt or too_long."""

    http_status = 422

    def __init__(self, reason: str, detail: str, sentence: str) -> None:
        super().__init__(detail, sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file by its header; `bytes` is the size of the whole file."""

    seconds: float
    rate: int
    channels: int
    bytes: int


def check(path: Path, longest_seconds: float = LONGEST_SECONDS) -> Sound:
    """What kind of sound the file holds. Raises BadSound when it is none, breaks off, or lasts longer than allowed."""
    with _opened(path) as wav:
        if not wav.frames:
            raise BadSound(EMPTY, "no samples", SENTENCES[EMPTY])
        if wav.seconds > longest_seconds:
            sentence = _TOO_LONG_SENTENCE.format(minutes=longest_seconds / 60)
            raise BadSound(TOO_LONG, f"{wav.seconds:.0f} s of sound", sentence)
        return Sound(wav.seconds, wav.format.rate, wav.format.channels, wav.size)


def voice_seconds(path: Path, longest_seconds: float = LONGEST_SECONDS) -> float:
    """For how long somebody speaks in the file, or in its first hour. Raises BadSound.

    Pauses between syllables count, silence, the noise of the line, clicks, beeps and dial tones do not.
    """
    with _opened(path) as wav:
        frame = max(1, round(wav.format.rate * _FRAME_SECONDS))
        last = min(wav.frames, round(longest_seconds * wav.format.rate))
        looked = [_look(piece, frame) for piece in wav.pieces(0, last, frame * _FRAMES_AT_ONCE)]
        seconds = frame / wav.format.rate
    if not looked:
        return 0.0
    levels = np.concatenate([each[0] for each in looked])
    tones = np.concatenate([each[1] for each in looked])
    loud = levels > _thresholds(levels, seconds)
    stretches = [slice(first, last) for first, last in _stretches(loud, seconds)]
    spoken = [each for each in stretches if _is_voice(levels[each], tones[each][loud[each]])]
    return float(sum(each.stop - each.start for each in spoken) * seconds)


def peaks(path: Path, most: int = MOST_PEAKS) -> bytes:
    """The outline for the eye: the loudest sample of each of `most` equal stretches, 0 to 255. Raises BadSound."""
    with _opened(path) as wav:
        count = min(most, wav.frames)
        found = np.zeros(count, np.float32)
        at = 0
        for piece in wav.pieces():
            # Where in the outline each sample belongs; samples come in their order, so each stretch is in one place.
            places = (at + np.arange(piece.size, dtype=np.int64)) * count // wav.frames
            starts = np.flatnonzero(np.diff(places, prepend=-1))
            loudest = np.maximum.reduceat(np.abs(piece), starts)
            found[places[starts]] = np.maximum(found[places[starts]], loudest)
            at += piece.size
    return np.clip(np.round(found * 255), 0, 255).astype(np.uint8).tobytes()


class _opened:
    """A WavFile whose every refusal is a BadSound."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> WavFile:
        try:
            self._wav = WavFile(self._path)
        except BadWav as error:
            raise BadSound(error.reason, str(error), error.sentence) from None
        return self._wav

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._wav.__exit__()
        if isinstance(error, BadWav):
            raise BadSound(error.reason, str(error), error.sentence) from None


def _look(piece: Samples, frame: int) -> tuple[Levels, Flags]:
    """Of each frame: how loud it is in decibels, and whether it is a tone."""
    whole = piece[: piece.size - piece.size % frame].reshape(-1, frame)
    # What hums below the voice, and a line's constant offset, are nobody's.
    centred = whole - whole.mean(axis=1, keepdims=True)
    power = np.mean(np.square(centred), axis=1, dtype=np.float32)
    levels = np.maximum(10 * np.log10(power + 1e-12), _SILENCE).astype(np.float32)
    tones = np.zeros(levels.size, np.bool_)
    loud = np.flatnonzero(levels > _LOWEST_FLOOR)
    if loud.size:
        lines = np.square(np.abs(np.fft.rfft(centred[loud] * np.hanning(frame).astype(np.float32), axis=1)))
        strongest = np.sort(lines, axis=1)[:, -_LINES:].sum(axis=1)
        tones[loud] = strongest > _TONE_SHARE * lines.sum(axis=1)
    return levels, tones


def _thresholds(levels: Levels, frame_seconds: float) -> Levels:
    """How loud a frame must be to stand out, by the quiet end of the seconds around it."""
    block = max(1, round(_FLOOR_SECONDS / frame_seconds))
    floors = [_quiet_end(levels[max(0, at - block) : at + 2 * block]) for at in range(0, levels.size, block)]
    thresholds = np.repeat(np.array(floors, np.float32), block)[: levels.size]
    return np.clip(thresholds, _LOWEST_FLOOR, _HIGHEST_FLOOR) + np.float32(_ABOVE_FLOOR)


def _quiet_end(levels: Levels) -> float:
    """Of what is not utterly silent: some lines send nothing at all between two noises."""
    heard = levels[levels > _LOWEST_FLOOR]
    return float(np.percentile(heard, _QUIET_SHARE)) if heard.size else _LOWEST_FLOOR


def _stretches(loud: Flags, frame_seconds: float) -> Iterator[tuple[int, int]]:
    """First frame and end of every stretch of loud frames that is longer than a click."""
    pause, shortest = round(_PAUSE_SECONDS / frame_seconds), round(_SHORTEST_SECONDS / frame_seconds)
    at = np.flatnonzero(loud)
    breaks = np.flatnonzero(np.diff(at) > pause)
    firsts, lasts = at[np.append(0, breaks + 1)[: at.size]], at[np.append(breaks, at.size - 1)[: at.size]]
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        if last + 1 - first >= shortest:
            yield first, last + 1


def _is_voice(levels: Levels, tones: Flags) -> bool:
    """Neither a tone nor an even noise."""
    inside = levels[1:-1]
    return bool(np.mean(tones) <= _MOST_TONE and np.mean(np.abs(np.diff(inside))) > _STEADY)
