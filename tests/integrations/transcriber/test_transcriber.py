"""The real library with a small real model: words, times, and what happens when a process dies, hangs or grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from integrations.gateway.resample import resample
from integrations.settings import PROJECT_DIR
from integrations.transcriber.errors import BadGrammar, NoModel, TooLong, TranscriberDied, Untranscribable
from integrations.transcriber.transcriber import Transcriber
from integrations.transcriber.transcription import joined
from tests.sound_files import MP3, Sound, header, noise, pcm, samples_of, saved, sparse, write
from tests.speech_model import MODEL, manifest, needs_speech, recording
from tests.waiting import eventually

PATIENCE = 120.0
# With this model; an hour of samples alone would be 115 MB more, 500 MB of them a gigabyte.
LARGEST_PROCESS = 150_000_000
# What the model makes of its recordings, free-form, where it is not what was said.
MISHEARD = {
    "健康 保险": "践踏 保险",
    "信息 中心": "信息 重心",
    "一 二 三 四 五 六 七 八 九 零": "一 二 三 四 五 一 七 八 九 零",
}


@pytest.fixture(scope="module")
def transcriber() -> Iterator[Transcriber]:
    made = Transcriber(MODEL, processes=2)
    yield made
    made.close()


def workers(transcriber: Transcriber) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in transcriber.pids if psutil.pid_exists(pid)]


def said_again_and_again(seconds: float, name: str = "human_0") -> Sound:
    once = samples_of(recording(name))
    return np.tile(once, -(-round(seconds * 8000) // once.size))[: round(seconds * 8000)]


# Without the library


def test_without_a_model_nothing_is_tried(tmp_path: Path) -> None:
    nobody = Transcriber(None)
    assert not nobody.is_available and nobody.model_name is None
    with pytest.raises(NoModel) as caught:
        nobody.transcribe(tmp_path / "x.wav", PATIENCE)
    assert caught.value.permanent and "没有安装语音识别模型" in caught.value.sentence
    nobody.close()


def test_words_are_written_as_chinese_is() -> None:
    assert joined(["社保卡", "挂失"]) == "社保卡挂失"
    assert joined(["用", "app", "online", "查"]) == "用app online查"
    assert joined([]) == ""


def test_a_folder_with_the_right_names_and_rubbish_inside_is_no_end_of_the_program(tmp_path: Path) -> None:
    for name in ("am/final.mdl", "conf/mfcc.conf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("rubbish")
    bad = Transcriber(tmp_path)
    with pytest.raises(TranscriberDied) as caught:
        bad.transcribe(saved(tmp_path / "x.wav", noise(1, -40)), PATIENCE)
    assert not caught.value.permanent
    # Asked again: it has not lost its places.
    with pytest.raises(TranscriberDied):
        bad.transcribe(tmp_path / "x.wav", PATIENCE)
    bad.close()


# What is understood


@needs_speech
def test_the_phrases_of_the_manifest_are_understood(transcriber: Transcriber) -> None:
    for file, said in manifest().items():
        heard = transcriber.transcribe(recording(file.removesuffix("_8k.wav")), PATIENCE)
        wanted = MISHEARD.get(said, said)
        if file.startswith("human"):
            assert " ".join(word.text for word in heard.words) == wanted
        assert heard.text == wanted.replace(" ", "")
        assert heard.confidence is not None and 0 < heard.confidence <= 1
        assert heard.left_out_seconds == 0


@needs_speech
def test_words_follow_each_other_and_lie_within_the_file(transcriber: Transcriber, tmp_path: Path) -> None:
    """Through pauses, long silences that are passed over, and sentences."""
    parts = [samples_of(recording(name)) for name in ("human_0", "human_6", "human_4")]
    silence = np.zeros(8 * 8000)
    sound = np.concatenate([silence, parts[0], silence, parts[1], np.zeros(7000), parts[2], silence])
    heard = transcriber.transcribe(saved(tmp_path / "x.wav", sound), PATIENCE)
    assert heard.text == "人工服务谢谢再见社会保险咨询"
    assert heard.seconds == pytest.approx(sound.size / 8000)
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert times == sorted(times) and all(word.start < word.end for word in heard.words)
    # 8 s of silence, 3.5 s of the first, 8 s of silence.
    assert 7.0 < times[0] < heard.words[1].end < 12.0
    assert 19.0 < heard.words[2].start < heard.words[-1].end <= heard.seconds


@needs_speech
def test_a_phrase_that_is_misheard_is_right_with_a_grammar(transcriber: Transcriber) -> None:
    path = recording("human_3")
    assert transcriber.transcribe(path, PATIENCE).text == "践踏保险"
    assert transcriber.transcribe(path, PATIENCE, ["健康 保险", "人工 服务"]).text == "健康保险"
    # The next file is heard free-form again.
    assert transcriber.transcribe(path, PATIENCE).text == "践踏保险"


@needs_speech
@pytest.mark.parametrize("phrases", [[], [""], ["没有这个词啊"], ["人工服务器坏"], "人工"])
def test_a_bad_grammar_is_refused_and_kills_nobody(transcriber: Transcriber, phrases: list[str]) -> None:
    transcriber.transcribe(recording("human_0"), PATIENCE)
    before = set(transcriber.pids)
    with pytest.raises(BadGrammar):
        transcriber.transcribe(recording("human_0"), PATIENCE, phrases)
    assert set(transcriber.pids) == before
    assert transcriber.transcribe(recording("human_0"), PATIENCE).text == "人工服务"


@needs_speech
def test_an_empty_grammar_would_have_killed_the_process() -> None:
    """The reason for all this: the library itself, in a process of its own."""
    program = "import sys, vosk; vosk.SetLogLevel(-1); vosk.KaldiRecognizer(vosk.Model(sys.argv[1]), 8000.0, '[]')"
    assert subprocess.run([sys.executable, "-c", program, str(MODEL)], stderr=subprocess.DEVNULL).returncode < 0


@needs_speech
@pytest.mark.parametrize(
    ("rate", "bits", "channels"), [(16_000, 16, 1), (44_100, 16, 2), (48_000, 24, 1), (22_050, 32, 1), (8000, 8, 2)]
)
def test_any_rate_is_brought_to_that_of_the_model(
    transcriber: Transcriber, tmp_path: Path, rate: int, bits: int, channels: int
) -> None:
    sound = resample(samples_of(recording("human_6")).astype(np.float32), 8000, rate).astype(float)
    path = write(tmp_path / "x.wav", pcm(np.repeat(sound, channels), bits), rate=rate, bits=bits, channels=channels)
    heard = transcriber.transcribe(path, PATIENCE)
    assert heard.text == "谢谢再见"
    assert heard.words[-1].end <= heard.seconds == pytest.approx(sound.size / rate)


# Files that are not as they should be


@needs_speech
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "录音文件是空的。"),
        (b"ID3" + bytes(100), "录音文件不是 WAV 文件。"),
        (header(4000, bits=8, coding=MP3) + bytes(4000), "录音文件的编码不支持，应为 PCM 或 G.711 编码的 WAV 文件。"),
        (header(4000) + bytes(100), "录音文件已损坏或不完整。"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_for_good(
    transcriber: Transcriber, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(Untranscribable) as caught:
        transcriber.transcribe(path, PATIENCE)
    assert caught.value.permanent and caught.value.sentence == sentence


@needs_speech
def test_a_file_that_is_not_there_is_refused_for_good(transcriber: Transcriber, tmp_path: Path) -> None:
    with pytest.raises(Untranscribable):
        transcriber.transcribe(tmp_path / "none.wav", PATIENCE)


@needs_speech
def test_silence_and_noise_are_no_words(transcriber: Transcriber, tmp_path: Path) -> None:
    heard = transcriber.transcribe(saved(tmp_path / "x.wav", np.zeros(80_000)), PATIENCE)
    assert (heard.words, heard.text, heard.confidence, heard.seconds) == ((), "", None, 10.0)
    assert transcriber.transcribe(write(tmp_path / "y.wav", b""), PATIENCE).seconds == 0


@needs_speech
@pytest.mark.parametrize("length", [3600 * 16_000, 500_000_000], ids=["60 minutes", "500 MB"])
def test_of_a_long_file_the_first_hour_is_heard_and_the_rest_is_said_to_be_left_out(
    length: int, tmp_path: Path
) -> None:
    alone = Transcriber(MODEL)
    sound = said_again_and_again(20)
    path = sparse(tmp_path / "long.wav", length)
    with open(path, "r+b") as file:
        for second in (0, 3570):
            file.seek(44 + second * 16_000)
            file.write(pcm(sound))
    heard = alone.transcribe(path, PATIENCE)
    assert heard.seconds == 3600
    assert heard.left_out_seconds == pytest.approx(length / 16_000 - 3600)
    assert heard.text.count("人工服务") >= 8
    assert 3570 < heard.words[-1].end < 3600
    [process] = workers(alone)
    assert process.memory_info().rss < LARGEST_PROCESS
    alone.close()


@needs_speech
def test_what_comes_after_the_limit_is_not_heard(tmp_path: Path) -> None:
    short = Transcriber(MODEL, longest_seconds=4.0)
    heard = short.transcribe(saved(tmp_path / "x.wav", said_again_and_again(12)), PATIENCE)
    assert (heard.text, heard.seconds, heard.left_out_seconds) == ("人工服务", 4.0, 8.0)
    short.close()


# Processes that die, hang and grow


@needs_speech
def test_a_process_killed_in_the_middle_of_a_file_is_followed_by_another(tmp_path: Path) -> None:
    alone = Transcriber(MODEL)
    path = saved(tmp_path / "x.wav", said_again_and_again(120))
    whole = alone.transcribe(path, PATIENCE)
    [first] = workers(alone)
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(alone.transcribe, path, PATIENCE)
        busy = first.cpu_times().user
        eventually(lambda: first.cpu_times().user > busy + 0.3, PATIENCE)
        first.kill()
        heard = again.result()
    [second] = workers(alone)
    assert second.pid != first.pid
    assert len(heard.words) > 60 and heard.seconds == 120
    # Nothing of what was said is missing, and nothing is there twice.
    assert abs(len(heard.words) - len(whole.words)) <= 4
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert times == sorted(times)
    alone.close()


@needs_speech
def test_a_file_at_which_every_process_dies_is_given_up_for_now(tmp_path: Path) -> None:
    alone = Transcriber(MODEL)
    path = saved(tmp_path / "x.wav", said_again_and_again(1800))
    is_over = threading.Event()

    def kill_whoever_works() -> None:
        while not is_over.wait(0.05):
            for process in workers(alone):
                process.kill()

    killer = threading.Thread(target=kill_whoever_works)
    killer.start()
    try:
        with pytest.raises(TranscriberDied, match="SIGKILL") as caught:
            alone.transcribe(path, PATIENCE)
        assert not caught.value.permanent
    finally:
        is_over.set()
        killer.join()
    assert alone.transcribe(recording("human_0"), PATIENCE).text == "人工服务"
    alone.close()


@needs_speech
def test_a_file_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    alone = Transcriber(MODEL)
    alone.transcribe(recording("human_0"), PATIENCE)
    [process] = workers(alone)
    process.suspend()
    with pytest.raises(TooLong) as caught:
        alone.transcribe(recording("human_0"), 0.3)
    assert not caught.value.permanent
    eventually(lambda: not process.is_running())
    assert alone.transcribe(recording("human_0"), PATIENCE).text == "人工服务"
    alone.close()


@needs_speech
def test_a_process_leaves_after_its_files() -> None:
    alone = Transcriber(MODEL, files_each=2)
    seen = []
    for _ in range(4):
        assert alone.transcribe(recording("human_0"), PATIENCE).text == "人工服务"
        seen.append(alone.pids)
    assert [len(each) for each in seen] == [1, 0, 1, 0]
    assert seen[0] != seen[2]
    alone.close()


@needs_speech
def test_a_process_that_has_grown_too_large_leaves_even_in_the_middle_of_a_file(tmp_path: Path) -> None:
    """No growth at all is allowed, so each one leaves at its first sentence after half a minute."""
    tight, wide = Transcriber(MODEL, memory_mb=0), Transcriber(MODEL)
    path = saved(tmp_path / "x.wav", said_again_and_again(100))
    pids: set[int] = set()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(tight.transcribe, path, PATIENCE)
        while not working.done():
            pids |= set(tight.pids)
            time.sleep(0.005)
        heard = working.result()
    assert len(pids) >= 3 and tight.pids == []
    whole = wide.transcribe(path, PATIENCE)
    assert abs(len(heard.words) - len(whole.words)) <= 2
    assert heard.seconds == whole.seconds == 100
    tight.close()
    wide.close()


@needs_speech
def test_several_are_heard_at_once_and_never_more_than_there_are_processes(tmp_path: Path) -> None:
    two = Transcriber(MODEL, processes=2)
    path = saved(tmp_path / "x.wav", said_again_and_again(20))
    with ThreadPoolExecutor(6) as pool:
        heard = list(pool.map(lambda _: two.transcribe(path, PATIENCE).text, range(6)))
        assert len(two.pids) <= 2
    assert len(set(heard)) == 1 and heard[0].count("人工服务") >= 4
    two.close()
    assert two.pids == []


@needs_speech
def test_closing_ends_a_file_that_is_being_heard(tmp_path: Path) -> None:
    alone = Transcriber(MODEL)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(alone.transcribe, saved(tmp_path / "x.wav", said_again_and_again(1800)), PATIENCE)
        eventually(lambda: [process for process in workers(alone) if process.cpu_times().user > 0.3], PATIENCE)
        alone.close()
        with pytest.raises(TranscriberDied):
            working.result()
    assert alone.pids == []


_PARENT = """
import sys, threading
from pathlib import Path
from integrations.transcriber.transcriber import Transcriber
transcriber = Transcriber(Path(sys.argv[1]))
# From a thread that ends: its process must not end with it.
thread = threading.Thread(target=transcriber.transcribe, args=(Path(sys.argv[2]), 60.0))
thread.start()
thread.join()
transcriber.transcribe(Path(sys.argv[2]), 60.0)
print("ready", flush=True)
transcriber.transcribe(Path(sys.argv[3]), 60.0)
"""


@needs_speech
def test_no_process_outlives_its_parent_and_the_log_stays_quiet(tmp_path: Path) -> None:
    long = saved(tmp_path / "x.wav", said_again_and_again(1800))
    command = [sys.executable, "-c", _PARENT, str(MODEL), str(recording("human_0")), str(long)]
    parent = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert parent.stdout is not None and parent.stderr is not None
    lines = [parent.stdout.readline().decode()]
    while lines[-1] and "ready" not in lines[-1]:
        lines.append(parent.stdout.readline().decode())
    # One process for both files.
    assert len([line for line in lines if "transcriber_started" in line]) == 1
    [child] = psutil.Process(parent.pid).children()
    parent.kill()
    said = parent.stderr.read().decode()
    parent.wait()
    parent.stdout.close()
    parent.stderr.close()
    eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert "VoskAPI" not in said and "LOG (" not in said


@needs_speech
def test_the_protocol_is_lines_of_json(tmp_path: Path) -> None:
    """As documented in the worker, for whoever looks at one by hand."""
    command = [sys.executable, "-m", "integrations.transcriber.worker", str(os.getpid()), str(MODEL), "500", "1"]
    request = {"path": str(recording("human_0")), "first": 0, "longest_seconds": 3600, "phrases": None}
    answered = subprocess.run(
        command, cwd=PROJECT_DIR, input=json.dumps(request) + "\n", capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in answered.stdout.splitlines()]
    assert answers[0] == {"ready": True}
    assert [word[0] for answer in answers if "words" in answer for word in answer["words"]] == ["人工", "服务"]
    assert answers[-1]["leaves"] is True and answers[-1]["end"]["left_out"] == 0
    assert answered.stderr == ""
