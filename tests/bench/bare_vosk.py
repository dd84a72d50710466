"""The bare loop of the examples of vosk, to measure ours by: one process, one model, files of its rate.

    python -m tests.bench.bare_vosk MODEL

A line with a path in, a line of JSON out: seconds of the processor, words, and memory in MB.
"""

from __future__ import annotations

import json
import sys
import time
import wave

import psutil
import vosk


def transcribe(model: vosk.Model, path: str) -> int:
    words = 0
    with wave.open(path) as file:
        recogniser = vosk.KaldiRecognizer(model, file.getframerate())
        recogniser.SetWords(True)
        while data := file.readframes(4000):
            if recogniser.AcceptWaveform(data):
                words += len(json.loads(recogniser.Result()).get("result", ()))
    return words + len(json.loads(recogniser.FinalResult()).get("result", ()))


def main() -> None:
    vosk.SetLogLevel(-1)
    model = vosk.Model(sys.argv[1])
    for line in sys.stdin:
        began = time.process_time()
        words = transcribe(model, line.strip())
        seconds = time.process_time() - began
        memory = psutil.Process().memory_info().rss / 1e6
        print(json.dumps({"seconds": seconds, "words": words, "memory_mb": memory}), flush=True)


if __name__ == "__main__":
    main()
