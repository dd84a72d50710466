"""Speech with the real voice: spoken once, kept within bounds, never kept when it is personal."""

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import structlog
from aiohttp import web

from integrations.errors import IntegrationError
from integrations.gateway import audio, espeak, voices
from integrations.gateway.pinyin import clauses
from integrations.gateway.speech import SoundUnavailable, Speech, SpeechUnavailable
from integrations.gateway.speech_cache import DiskCache, MemoryCache
from tests.waiting import eventually

SENTENCE = "现在为您转人工。"
SHIPPED = (
    "转人工，请按零。",
    "现在是午间值班，接电话的人少，等的时间会长一些。",
    "对不起，系统正在抢修，现在办不了。急着办的事，请到当地政务服务中心的人社窗口。再见。",
    "听您的号码，像是滁州的。滁州的社保由滁州中心办。要转过去，请按一；不是滁州的，请按二。",
    "不方便按键，请别挂机，稍后转人工。",
)
# Writes one second of a 600 Hz tone, counts its runs, and keeps what it was told.
COMMAND = """
import sys, pathlib
from integrations.gateway import audio
folder = pathlib.Path(sys.argv[1])
with open(folder / "runs", "a") as runs:
    runs.write(sys.argv[2] + " " + sys.stdin.buffer.read().decode() + "\\n")
sys.stdout.buffer.write(audio.wav_bytes(audio.beep(1, 600)))
"""


@asynccontextmanager
async def speaking(tmp_path: Path, command: str | None = None, hosts: tuple[str, ...] = ()) -> AsyncIterator[Speech]:
    speech = Speech(tmp_path, hosts, command)
    try:
        yield speech
    finally:
        await speech.close()


def with_speech(
    tmp_path: Path, use: Callable[[Speech], Awaitable[None]], command: str | None = None, hosts: tuple[str, ...] = ()
) -> None:
    async def run() -> None:
        async with speaking(tmp_path, command, hosts) as speech:
            await use(speech)

    asyncio.run(run())


def kept_files(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def running(speech: Speech) -> list[int]:
    return [process.pid for process in speech.espeak.processes if process.pid]


def is_over(pid: int) -> bool:
    """Gone, or dead and waiting for its parent to take note."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def command_in(tmp_path: Path) -> str:
    script = tmp_path / "speak.py"
    script.write_text(COMMAND)
    return shlex.join([sys.executable, str(script), str(tmp_path), "speed={rate}"])


@pytest.fixture(autouse=True)
def from_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    # The speech command of these tests imports the project.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def test_a_sentence_is_sound_at_the_level_of_speech(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        pcm = await speech.say(SENTENCE)
        assert len(pcm) % 2 == 0
        assert 0.03 < audio.rms(pcm) < 0.2
        assert np.abs(audio.to_samples(pcm)).max() <= 0.9
        # The rest after a full stop is silence.
        assert audio.rms(pcm[-round(0.4 * audio.BYTES_PER_SECOND) :]) == 0

    with_speech(tmp_path, use)


@pytest.mark.parametrize(("rate", "characters_a_second", "stop"), [(1.0, 4.2, 0.4), (0.75, 3.2, 1.0)])
def test_sentences_take_as_long_as_the_script_says(
    tmp_path: Path, rate: float, characters_a_second: float, stop: float
) -> None:
    async def use(speech: Speech) -> None:
        for sentence in SHIPPED:
            characters = len(re.findall(r"\w", sentence))
            rests = 0.2 * len(re.findall("[，；]", sentence)) + stop * sentence.count("。")
            seconds = audio.duration_seconds(await speech.say(sentence, rate))
            assert seconds == pytest.approx(characters / characters_a_second + rests, rel=0.2), sentence

    with_speech(tmp_path, use)


def test_nothing_to_say_is_an_empty_sound(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        assert await speech.say("") == await speech.say("“”") == b""

    with_speech(tmp_path, use)


def test_a_sentence_is_spoken_once_and_then_remembered(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        first = await speech.say(SENTENCE)
        assert await speech.say(SENTENCE) == first
        assert speech.spoken == 1
        assert await speech.say(SENTENCE, 0.75) != first
        assert speech.spoken == 2

    with_speech(tmp_path, use)


def test_a_gateway_finds_what_another_has_spoken(tmp_path: Path) -> None:
    sounds: list[bytes] = []

    async def use(speech: Speech) -> None:
        sounds.append(await speech.say(SENTENCE))
        assert speech.spoken == (1 if len(sounds) == 1 else 0)

    with_speech(tmp_path, use)
    with_speech(tmp_path, use)
    assert sounds[0] == sounds[1]
    [file] = kept_files(tmp_path)
    assert file.parent == tmp_path / "gateway" / "speech"
    assert re.fullmatch(r"[0-9a-f]{40}\.pcm", file.name)


def test_two_who_want_the_same_sentence_share_one_speaking(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        first, second, third = await asyncio.gather(*(speech.say(SENTENCE) for _ in range(3)))
        assert first == second == third
        assert speech.spoken == 1

    with_speech(tmp_path, use)


def test_a_caller_who_hangs_up_does_not_silence_the_other(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        leaving = asyncio.create_task(speech.say(SENTENCE))
        staying = asyncio.create_task(speech.say(SENTENCE))
        # Both have asked once the loop has gone round.
        await asyncio.sleep(0)
        leaving.cancel()
        assert await staying
        assert leaving.cancelled() and speech.spoken == 1

    with_speech(tmp_path, use)


def test_personal_data_is_kept_nowhere(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        for _ in range(2):
            assert await speech.say("养老金一千二百元。", keep=False)
        assert speech.spoken == 2
        assert kept_files(tmp_path) == []

    with_speech(tmp_path, use)


def test_a_killed_voice_is_replaced_and_nobody_notices(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        before = await speech.say(SENTENCE, keep=False)
        [killed] = running(speech)
        os.kill(killed, signal.SIGKILL)
        assert len(await speech.say(SENTENCE, keep=False)) == pytest.approx(len(before), rel=0.02)
        [replacement] = running(speech)
        assert replacement != killed

    with_speech(tmp_path, use)


def test_a_voice_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(speech: Speech) -> None:
        before = await speech.say(SENTENCE, keep=False)
        [stopped] = running(speech)
        os.kill(stopped, signal.SIGSTOP)
        monkeypatch.setattr(espeak, "SENTENCE_SECONDS", 0.1)
        request = asyncio.create_task(speech.say(SENTENCE, keep=False))
        await speech.espeak.processes[-1]._process.wait()  # type: ignore[union-attr]
        monkeypatch.setattr(espeak, "SENTENCE_SECONDS", 10.0)
        assert len(await request) == pytest.approx(len(before), rel=0.02)

    with_speech(tmp_path, use)


def test_a_caller_who_leaves_in_mid_sentence_leaves_no_half_reply_behind(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        before = await speech.say(SENTENCE, keep=False)
        with pytest.raises(TimeoutError):
            # Eight minutes of speech.
            await asyncio.wait_for(speech.espeak.speak("yi1 " * 2000, 190), timeout=0.02)
        # Not to the bit: the voice breathes a little differently each time.
        assert len(await speech.say(SENTENCE, keep=False)) == pytest.approx(len(before), rel=0.02)

    with_speech(tmp_path, use)


def test_no_voice_outlives_the_gateway(tmp_path: Path) -> None:
    pids: list[int] = []

    async def use(speech: Speech) -> None:
        await asyncio.gather(*(speech.say(sentence, keep=False) for sentence in SHIPPED))
        pids.extend(running(speech))

    with_speech(tmp_path, use)
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_no_voice_outlives_a_killed_gateway(tmp_path: Path) -> None:
    gateway = """
import asyncio, os, pathlib, signal, sys
from integrations.gateway.speech import Speech

async def run():
    speech = Speech(pathlib.Path(sys.argv[1]))
    await speech.say("您好。")
    print("voice", speech.espeak.processes[-1].pid, flush=True)
    # Not even the end of its input may be needed: somebody else may hold the other end.
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(run())
"""
    ended = subprocess.run([sys.executable, "-c", gateway, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    found = re.search(r"voice (\d+)", ended.stdout)
    assert found
    eventually(lambda: is_over(int(found[1])))


def test_without_a_voice_the_gateway_is_told_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An espeakng_loader that cannot be imported, found before the real one.
    (tmp_path / "espeakng_loader.py").write_text("raise ImportError('not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def use(speech: Speech) -> None:
        with pytest.raises(SpeechUnavailable, match="not here") as caught:
            await speech.say(SENTENCE)
        assert "espeakng-loader" in caught.value.sentence
        with pytest.raises(SpeechUnavailable):
            await speech.say(SENTENCE)
        assert running(speech) == []

    with_speech(tmp_path / "var", use)


def test_every_syllable_has_a_length_of_its_own(tmp_path: Path) -> None:
    # One the voice has no rule for would be spelled in English and take twice as long.
    async def use(speech: Speech) -> None:
        for character in "兄熊穷炯女旅略嗯日二是":
            assert audio.duration_seconds(await speech.say(character)) < 0.5, character

    with_speech(tmp_path, use)


def test_warming_prepares_fixed_prompts(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        await speech.warm(SHIPPED)
        assert speech.spoken == len(SHIPPED)
        await speech.say(SHIPPED[0])
        assert speech.spoken == len(SHIPPED)

    with_speech(tmp_path, use)


def test_an_installation_can_bring_its_own_voice(tmp_path: Path) -> None:
    async def use(speech: Speech) -> None:
        pcm = await speech.say(SENTENCE, 0.75)
        assert audio.tone_level(pcm, 600) > 0.1
        assert await speech.say(SENTENCE, 0.75) == pcm
        assert (tmp_path / "runs").read_text() == f"speed=0.75 {SENTENCE}\n"
        assert running(speech) == []

    with_speech(tmp_path / "var", use, command_in(tmp_path))


@pytest.mark.parametrize("command", ["/no/such/program", "false", "true", "echo {rate}", "head -c 100 /dev/zero"])
def test_a_voice_that_fails_is_stood_in_for_and_rests(tmp_path: Path, command: str) -> None:
    async def use(speech: Speech) -> None:
        with structlog.testing.capture_logs() as logs:
            both = await asyncio.gather(speech.say(SENTENCE), speech.say(SHIPPED[0]))
            again = await speech.say(SHIPPED[1])
        assert all(audio.rms(pcm) > 0.03 for pcm in (*both, again))
        # Once a minute is enough to be told.
        assert [line["event"] for line in logs].count("speech_command_failed") == 1

    with_speech(tmp_path, use, command)


def test_a_voice_that_has_rested_is_asked_again(tmp_path: Path) -> None:
    async def run() -> None:
        now = [100.0]
        voice = voices.CommandVoice(command_in(tmp_path), clock=lambda: now[0])
        script = tmp_path / "speak.py"
        script.write_text("raise SystemExit(3)")
        with pytest.raises(IntegrationError, match="exit code 3"):
            await voice.speak(SENTENCE, 1.0)
        script.write_text(COMMAND)
        with pytest.raises(voices.VoiceRests):
            await voice.speak(SENTENCE, 1.0)
        now[0] += voices.COMMAND_REST_SECONDS
        assert await voice.speak(SENTENCE, 1.0)

    asyncio.run(run())


def test_a_voice_that_hangs_is_ended_with_its_helpers(tmp_path: Path) -> None:
    async def run() -> None:
        # The helper holds the pipe open, and its process number is written down.
        helper = f"sh -c 'sleep 60 & echo $! > {tmp_path}/helper; wait'"
        voice = voices.CommandVoice(helper, timeout_seconds=0.5)
        with pytest.raises(IntegrationError, match="TimeoutError"):
            await voice.speak(SENTENCE, 1.0)

    asyncio.run(run())
    eventually(lambda: is_over(int((tmp_path / "helper").read_text())))


def test_memory_keeps_what_was_used_last() -> None:
    cache = MemoryCache(limit_bytes=20)
    for key in "ab":
        cache.put(key, b"12345678")
    cache.get("a")
    cache.put("c", b"12345678")
    assert [cache.get(key) is not None for key in "abc"] == [True, False, True]
    cache.put("d", b"0" * 21)
    assert [cache.get(key) for key in "acd"] == [None, None, None]


def test_the_disk_is_kept_within_bounds_and_left_by_nobody_half_written(tmp_path: Path) -> None:
    cache, other_gateway = DiskCache(tmp_path, 1000), DiskCache(tmp_path, 1000)
    abandoned = tmp_path / ".unfinished"
    abandoned.write_bytes(b"x")
    os.utime(abandoned, (1, 1))
    for number in range(5):
        (cache if number % 2 else other_gateway).put(f"{number}", bytes(150))
        os.utime(tmp_path / f"{number}.pcm", (10_000 + number, 10_000 + number))
    assert cache.get("0") == bytes(150)
    cache.put("5", bytes(150))
    # A gateway that comes later measures what is there.
    DiskCache(tmp_path, 1000).put("6", bytes(150))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000
    # The first was used last, so the second is the oldest.
    assert [cache.get(f"{number}") is None for number in range(7)] == [False, True, False, False, False, False, False]
    assert not abandoned.exists()


def test_a_disk_that_cannot_be_written_costs_no_sentence(tmp_path: Path) -> None:
    (tmp_path / "gateway").write_text("a file where a folder should be")

    async def use(speech: Speech) -> None:
        assert await speech.say(SENTENCE)

    with_speech(tmp_path, use)


@asynccontextmanager
async def sound_server(state: dict[str, object]) -> AsyncIterator[str]:
    """Serves state["body"] with state["etag"]; counts full answers in state["sent"]."""

    async def answer(request: web.Request) -> web.Response:
        etag = str(state["etag"])
        if state.get("down"):
            return web.Response(status=503)
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        state["sent"] = int(str(state.get("sent", 0))) + 1
        headers = {"ETag": etag} | ({"Cache-Control": "no-store"} if state.get("personal") else {})
        return web.Response(body=bytes(state["body"]), headers=headers)  # type: ignore[call-overload]

    app = web.Application()
    app.router.add_get("/prompt.wav", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/prompt.wav"
    finally:
        await runner.cleanup()


def test_a_recorded_prompt_is_fetched_once_and_again_when_it_changed(tmp_path: Path) -> None:
    async def run() -> None:
        state: dict[str, object] = {"body": audio.wav_bytes(audio.beep(0.5, 700)), "etag": '"1"'}
        async with sound_server(state) as url, speaking(tmp_path, hosts=("127.0.0.1",)) as speech:
            first, second = await asyncio.gather(speech.fetch(url), speech.fetch(url))
            assert first == second == await speech.fetch(url) == audio.beep(0.5, 700)
            assert state["sent"] == 1
            state.update(body=audio.wav_bytes(audio.beep(0.5, 900)), etag='"2"')
            assert await speech.fetch(url) == audio.beep(0.5, 900)
            state["down"] = True
            assert await speech.fetch(url) == audio.beep(0.5, 900)
            with pytest.raises(SoundUnavailable):
                await speech.fetch(url + "?another")
            assert kept_files(tmp_path) == []

    asyncio.run(run())


def test_somebodys_own_words_are_played_and_kept_nowhere(tmp_path: Path) -> None:
    async def run() -> None:
        body = audio.wav_bytes(audio.beep(0.5, 700))
        state: dict[str, object] = {"body": body, "etag": '"1"', "personal": True}
        async with sound_server(state) as url, speaking(tmp_path, hosts=("127.0.0.1",)) as speech:
            assert await speech.fetch(url) == audio.beep(0.5, 700)
            assert await speech.fetch(url) == audio.beep(0.5, 700)
            assert state["sent"] == 2 and kept_files(tmp_path) == []
            state["down"] = True
            with pytest.raises(SoundUnavailable):
                await speech.fetch(url)

    asyncio.run(run())


def test_what_is_no_sound_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        state: dict[str, object] = {"body": b"<html>", "etag": '"1"'}
        async with sound_server(state) as url, speaking(tmp_path, hosts=("127.0.0.1",)) as speech:
            with pytest.raises(SoundUnavailable, match="not a WAV"):
                await speech.fetch(url)
            monkeypatch.setattr("integrations.gateway.sound_files.LARGEST_FILE", 3)
            with pytest.raises(SoundUnavailable, match="larger"):
                await speech.fetch(url)

    asyncio.run(run())


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/prompt.wav",
        "http://127.0.0.1@10.0.0.1/prompt.wav",
        "file:///etc/passwd",
        "http://127.0.0.1.example.cn/",
        "http://[::1/",
        "/prompt.wav",
    ],
)
def test_other_hosts_are_never_asked(tmp_path: Path, url: str) -> None:
    async def use(speech: Speech) -> None:
        with pytest.raises(SoundUnavailable) as caught:
            await speech.fetch(url)
        assert caught.value.permanent

    with_speech(tmp_path, use, hosts=("127.0.0.1",))


def test_the_key_of_a_sound_changes_with_how_it_is_said(tmp_path: Path) -> None:
    voice = voices.EspeakVoice(espeak.Espeak())
    assert voice.key("一", 1.0) != voice.key("一", 0.75)
    # The same words with other marks that nobody hears.
    assert voice.key("“好”。", 1.0) == voice.key("好。", 1.0)
    assert clauses("好。") == clauses("“好”。")
