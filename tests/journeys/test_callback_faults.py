"""Processes killed at every step of a callback, Redis emptied, reports late and doubled: nobody is forgotten."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.journeys.callback_stage import AGREES, SOON, CallbackStage, callback_config
from tests.journeys.rung_phone import NOBODY_COMES
from tests.journeys.scripted_seats import ACCEPT, ScriptedSeat
from tests.soak.callbacks import run_callback_soak
from tests.soak.wire import WiredHotline
from tests.waiting import eventually

CARRIER_IS_ASKED = "SELECT 1 FROM carrier_task WHERE done_at IS NULL AND lease_until IS NOT NULL"


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredHotline]:
    folder = tmp_path_factory.mktemp("callbacks")
    chance = random.Random(random.randrange(10**9))
    running = WiredHotline(folder / "var", callback_config(folder / "config"), chance)
    running.wait_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def stage(hotline: WiredHotline) -> Iterator[CallbackStage]:
    stage = CallbackStage(hotline)
    yield stage
    stage.close()


@pytest.fixture(autouse=True)
def nothing_is_lost(stage: CallbackStage) -> Iterator[None]:
    """After each test everything settles by itself, and what is left contradicts nothing."""
    yield
    stage.everybody_goes_home()


@pytest.fixture
def resting(stage: CallbackStage) -> ScriptedSeat:
    """Signed in, so that callers may wait, and on a break, so that they do."""
    seat = stage.seat(1).go_online()
    seat.act("break", reason="short")
    return seat


def test_everything_but_the_carrier_killed_on_the_way_of_one_callback(
    stage: CallbackStage, resting: ScriptedSeat
) -> None:
    phone = stage.telephone(NOBODY_COMES)
    request = stage.gives_up(phone)
    stage.until_it_is(request, "waiting")
    with stage.frozen("gateway"):
        resting.act("ready")
        eventually(lambda: stage.rows(CARRIER_IS_ASKED), SOON)
        stage.kill("dispatcher")
    # It had been asked: the telephone rings, although nobody is left to hear that it does.
    stage.until(lambda: phone.call, "it does not ring", request)
    stage.kill_web_processes()
    stage.until_back("dispatcher")
    phone.answer()
    stage.hears_the_question(phone, request)
    stage.kill("dispatcher")
    stage.kill("worker")
    phone.press("1")
    stage.until_it_is(request, "live")
    stage.kill_web_processes()
    stage.flush()
    stage.until(lambda: resting.ringing, "nobody rings for the caller", request)
    resting.accept()
    stage.until_talking(resting, phone, request)
    stage.kill("dispatcher")
    stage.kill_web_processes()
    resting.hang_up()
    stage.until_it_ends(request, "served")
    assert stage.results(request) == ["talked"]
    assert (stage.counted(request), len(phone.calls)) == (1, 1)


@pytest.mark.parametrize("step", ["ringing", "talking"])
def test_the_carrier_killed(stage: CallbackStage, resting: ScriptedSeat, step: str) -> None:
    phone = stage.telephone(NOBODY_COMES if step == "ringing" else AGREES, AGREES)
    resting.on_ring = ACCEPT
    request = stage.gives_up(phone)
    resting.act("ready")
    stage.until(lambda: phone.call, "it does not ring", request)
    if step == "talking":
        stage.until_talking(resting, phone, request)
    stage.kill("gateway")
    stage.until_back("gateway")
    # Who was cut off is rung again: at once, and by whomever has done with the notes of it.
    stage.until(lambda: stage.status(request)[0] != "live" and len(stage.ended_results(request)) == 1, "lost", request)
    eventually(lambda: resting.is_registered and phone.is_registered, SOON)
    resting.act("finish")
    stage.make_due(request)
    stage.until_talking(resting, phone, request)
    resting.hang_up()
    stage.until_it_ends(request, "served")
    assert stage.results(request)[1:] == ["talked"]


def test_random_callers_and_killed_processes_and_reports_that_come_twice(
    hotline: WiredHotline, capsys: pytest.CaptureFixture[str]
) -> None:
    """A short run of that part of `make soak`, with its seed printed."""
    report = run_callback_soak(hotline, random.randrange(10**9), calls=8, faults=3)
    with capsys.disabled():
        print(f"\nsoak {report}")
    assert report.wrong == [], str(report)
