"""Messages while processes die under them: each ends on the list with its due date, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.journeys.callback_stage import SOON
from tests.journeys.line_stage import WUHU_NUMBER
from tests.journeys.message_stage import LONG, MODEL, MessageStage, SpeakingCaller, message_config, recorded_voice
from tests.journeys.test_messages import KEY_5
from tests.running import RunningHotline
from tests.waiting import eventually

DONE = "收到了，编号"
# The sweeps look once a minute, on a machine that does much else.
SWEPT_SECONDS = 240.0


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("message-faults")
    model = {"VOSK_MODEL_PATH": str(MODEL)} if MODEL.is_dir() else {}
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(message_config(folder / "config")), **model)
    yield running.wait_ready()
    running.end()


@pytest.fixture(scope="module")
def stage(hotline: RunningHotline) -> Iterator[MessageStage]:
    stage = MessageStage(hotline)
    yield stage
    stage.everybody_goes_home()
    stage.close()


def until_recording(caller: SpeakingCaller) -> None:
    eventually(lambda: caller.is_recorded, SOON)


def whole(stage: MessageStage, caller: SpeakingCaller) -> bool:
    """On the list once, with a date, the voice at home, and its words looked for."""
    cases = stage.rows("SELECT id, due_at FROM work_order WHERE call_sid = %s", caller.sid)
    takes = stage.rows(
        "SELECT row.status, transcript.status FROM message_recording AS row "
        "LEFT JOIN transcript USING (recording_sid) WHERE row.call_sid = %s",
        caller.sid,
    )
    ended = ("done", "no_model")
    return (
        len(cases) == 1
        and cases[0][1] is not None
        and len(takes) == 1
        and takes[0][0] == "home"
        and takes[0][1] in ended
    )


def kill_worker(stage: MessageStage) -> None:
    stage.kill("worker")


def kill_transcriber(stage: MessageStage) -> None:
    stage.kill("transcriber")


def kill_redis(stage: MessageStage) -> None:
    stage.server("valkey").kill()


FAULTS: tuple[Callable[[MessageStage], None], ...] = (
    MessageStage.kill_web_processes,
    kill_worker,
    kill_transcriber,
    kill_redis,
    MessageStage.flush,
)


def test_every_message_ends_on_the_list_once_whatever_dies(stage: MessageStage) -> None:
    """Each fault comes while somebody speaks, and right after somebody has hung up."""
    callers = []
    for fault in FAULTS:
        ended, speaking = stage.speaks(KEY_5, WUHU_NUMBER), stage.speaks(KEY_5, WUHU_NUMBER, voice=3 * recorded_voice())
        eventually(lambda one=ended: one.state == "ended", LONG)
        until_recording(speaking)
        fault(stage)
        callers += [ended, speaking]
    for caller in callers:
        eventually(lambda one=caller: whole(stage, one), SWEPT_SECONDS)
    assert stage.rows("SELECT count(*) FROM work_order") == [(len(callers),)]
