"""Messages into words: hours of sound an hour and core, with memory, beside the bare vosk loop on the same files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from integrations.settings import PROJECT_DIR
from integrations.transcriber.transcriber import Transcriber
from tests.sound_files import samples_of, saved
from tests.speech_model import ABSENT, MODEL, is_there, recordings

MINUTES = 5
ROUNDS = 3
PATIENCE = 600.0
CORES = min(4, os.cpu_count() or 1)
Listen = Callable[[Path], dict[str, Any]]


def measure_transcribing() -> None:
    """Bare and ours in turn by the time of the processor, which others on the machine do not change; then all cores."""
    print(f"留言转写（{MODEL.name}，{MINUTES} 分钟的录音）", flush=True)
    if not is_there:
        print(f"    {ABSENT}", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="transcribe-bench-") as folder:
        path = _message(Path(folder) / "message.wav")
        _one_core(path)
        _all_cores(path)


def _message(path: Path) -> Path:
    """Everything that the model's people say, again and again."""
    said = np.concatenate([samples_of(each) for each in recordings()])
    wanted = MINUTES * 60 * 8000
    return saved(path, np.tile(said, -(-wanted // said.size))[:wanted])


def _one_core(path: Path) -> None:
    bare, ours = [], []
    with _bare() as listen_bare, _ours(1) as transcriber:
        listen_bare(path)
        _heard(transcriber, path)
        for _ in range(ROUNDS):
            bare.append(listen_bare(path))
            ours.append(_heard(transcriber, path))
    _say("裸 vosk 循环，一个进程", bare)
    _say("我们的，一个进程", ours)
    ratios = [theirs["seconds"] / own["seconds"] for theirs, own in zip(bare, ours, strict=True)]
    words = bare[0]["words"], ours[0]["words"]
    print(
        f"    比值 {median(ratios):.2f}（各轮 {', '.join(f'{ratio:.2f}' for ratio in ratios)}），"
        f"听出的词 {words[0]} 与 {words[1]}",
        flush=True,
    )


def _all_cores(path: Path) -> None:
    files = 2 * CORES
    with _ours(CORES) as transcriber, ThreadPoolExecutor(files) as pool:
        list(pool.map(lambda _: _heard(transcriber, path), range(CORES)))
        began = time.perf_counter()
        heard = list(pool.map(lambda _: _heard(transcriber, path), range(files)))
        seconds = time.perf_counter() - began
    hours = files * MINUTES * 60 / seconds
    memory = max(each["memory_mb"] for each in heard)
    print(
        f"    我们的，{CORES} 核同时：每小时转写 {hours:,.0f} 小时录音，每核 {hours / CORES:,.0f} 小时，"
        f"每进程最多 {memory:.0f} MB",
        flush=True,
    )


@contextmanager
def _bare() -> Iterator[Listen]:
    command = [sys.executable, "-m", "tests.bench.bare_vosk", str(MODEL)]
    process = subprocess.Popen(command, cwd=PROJECT_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    asked, answers = process.stdin, process.stdout

    def listen(path: Path) -> dict[str, Any]:
        asked.write(f"{path}\n")
        asked.flush()
        return dict(json.loads(answers.readline()))

    try:
        yield listen
    finally:
        asked.close()
        process.wait()
        answers.close()


@contextmanager
def _ours(processes: int) -> Iterator[Transcriber]:
    transcriber = Transcriber(MODEL, processes)
    try:
        yield transcriber
    finally:
        transcriber.close()


def _heard(transcriber: Transcriber, path: Path) -> dict[str, Any]:
    began = _processor_seconds(transcriber)
    transcription = transcriber.transcribe(path, PATIENCE)
    seconds = _processor_seconds(transcriber) - began
    memory = max((psutil.Process(pid).memory_info().rss for pid in transcriber.pids), default=0) / 1e6
    return {"seconds": seconds, "words": len(transcription.words), "memory_mb": memory}


def _processor_seconds(transcriber: Transcriber) -> float:
    """Of ourselves and our processes."""
    times = [psutil.Process(pid).cpu_times() for pid in transcriber.pids]
    return time.process_time() + sum(each.user + each.system for each in times)


def _say(name: str, rounds: list[dict[str, Any]]) -> None:
    hours = MINUTES * 60 / median(each["seconds"] for each in rounds)
    memory = max(each["memory_mb"] for each in rounds)
    print(f"    {name}：一核一小时转写 {hours:,.0f} 小时录音，内存最多 {memory:.0f} MB", flush=True)


if __name__ == "__main__":
    measure_transcribing()
