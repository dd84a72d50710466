"""vosk and its model, loaded into this process: only ever that of `worker`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr  # type: ignore[import-untyped]
import vosk  # type: ignore[import-untyped]

from integrations.gateway.samples import Samples, to_pcm
from integrations.transcriber.grammar import grammar_json
from integrations.transcriber.model_folder import model_rate
from integrations.transcriber.wav_reader import WavFile

PIECES_A_SECOND = 4
# -60 dBFS: nobody who speaks so faintly is understood.
QUIET = 0.001
# Longer than the silence after which the model ends a sentence.
QUIET_SECONDS = 2.0
# What models write where they heard something that is no word.
_NO_WORDS = frozenset({"[unk]", "<unk>", "<eps>", "[noise]", "[laughter]"})

Heard = list[tuple[str, float, float, float]]


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence: its words with their times in the file, and the sample up to which all has been heard."""

    words: Heard
    at: int


class Recogniser:
    """One model in memory, for file after file."""

    def __init__(self, folder: Path) -> None:
        vosk.SetLogLevel(-1)
        # By its path, always: by a language or a name the library would fetch it from the network.
        self._model = vosk.Model(str(folder))
        self._rate = model_rate(folder)

    def listen(self, wav: WavFile, first: int, last: int, phrases: Sequence[str] | None = None) -> Iterator[Part]:
        """The sentences between two samples of the file; the last part ends there, even without words."""
        ear = _Ear(self._ear(phrases), self._rate, wav.format.rate, first)
        for piece in wav.pieces(first, last, max(1, wav.format.rate // PIECES_A_SECOND)):
            yield from ear.take(piece)
        yield ear.end()

    def _ear(self, phrases: Sequence[str] | None) -> Any:
        if phrases is None:
            ear = vosk.KaldiRecognizer(self._model, float(self._rate))
        else:
            grammar = grammar_json(phrases, lambda word: self._model.vosk_model_find_word(word) >= 0)
            ear = vosk.KaldiRecognizer(self._model, float(self._rate), grammar)
        ear.SetWords(True)
        return ear


class _Ear:
    """Gives vosk the sound at its own rate, passes over what is as good as silence, and keeps the time."""

    def __init__(self, ear: Any, rate: int, file_rate: int, first: int) -> None:
        self._ear = ear
        self._rate, self._file_rate = rate, file_rate
        self._resampler = self._new_resampler()
        # vosk counts from what it was given first; what it was not given is added.
        self._not_given = first
        self._at = first
        self._quiet = 0

    def take(self, piece: Samples) -> Iterator[Part]:
        self._at += piece.size
        was_quiet = self._is_quiet_for_long
        is_quiet = float(np.max(np.abs(piece), initial=0.0)) < QUIET
        self._quiet = self._quiet + piece.size if is_quiet else 0
        if self._is_quiet_for_long:
            if not was_quiet:
                yield self.end()
            self._not_given += piece.size
        elif self._hear(self._at_its_rate(piece)):
            yield self._part(self._ear.Result())

    def end(self) -> Part:
        """Everything that is left; sound may follow all the same."""
        if self._resampler is not None:
            self._hear(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
            self._resampler = self._new_resampler()
        return self._part(self._ear.FinalResult())

    @property
    def _is_quiet_for_long(self) -> bool:
        return self._quiet > QUIET_SECONDS * self._file_rate

    def _hear(self, samples: Samples) -> bool:
        return bool(samples.size and self._ear.AcceptWaveform(to_pcm(samples)))

    def _new_resampler(self) -> soxr.ResampleStream | None:
        if self._rate == self._file_rate:
            return None
        return soxr.ResampleStream(self._file_rate, self._rate, 1, dtype="float32")

    def _at_its_rate(self, piece: Samples) -> Samples:
        if self._resampler is None:
            return piece
        resampled: Samples = self._resampler.resample_chunk(piece)
        return resampled

    def _part(self, result: str) -> Part:
        before = self._not_given / self._file_rate
        words = [
            (str(word["word"]), round(before + word["start"], 3), round(before + word["end"], 3), float(word["conf"]))
            for word in json.loads(result).get("result", ())
            if word["word"].lower() not in _NO_WORDS
        ]
        return Part(words, self._at)
