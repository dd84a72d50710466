"""Talks' recordings: told of in any order, brought home whatever dies, one for each leg."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from psycopg.rows import dict_row
from rq import Queue

from integrations.services import Services
from integrations.settings import PROJECT_DIR
from integrations.storage import Storage
from integrations.task_queue import FILES_QUEUE, set_job_settings
from integrations.telephony.client import CarrierClient
from queueing.reconciliation import reconcile, reconcile_recordings
from queueing.recordings import (
    ATTEMPTS_UNTIL_LOST,
    bring_home,
    fetch_recording,
    note_status,
    storage_key,
    sweep,
    sweep_recordings,
)
from tests.integrations.carrier_stand_in import MEDIA, CarrierStandIn, sid, silence
from tests.integrations.s3_server import S3Server, bucket_url, storage_at
from tests.running import free_port
from tests.waiting import eventually

# 23:30 on 6 March in Shanghai.
START = datetime(2026, 3, 6, 15, 30, tzinfo=UTC)
HEFEI = "340100"
RECORDING, OTHER, LEG = sid("RE", 1), sid("RE", 2), sid("CA", 17)
KEY = f"talks/2026/03/06/{RECORDING}.wav"
BRING_HOME = """
import os, sys
from integrations.services import Services
from integrations.settings import Settings
from integrations.demo_keys import DemoKeys
from queueing.recordings import bring_home
keys = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
bring_home(Services.build(Settings.from_env(os.environ, lambda var_dir: keys)), sys.argv[1])
"""


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[CarrierStandIn]:
    stand_in = CarrierStandIn()
    yield stand_in
    stand_in.end()


@pytest.fixture
def carrier(stand_in: CarrierStandIn) -> Iterator[CarrierStandIn]:
    stand_in.clear()
    yield stand_in
    assert stand_in.control()["violations"] == []


@pytest.fixture
def clock() -> Clock:
    return Clock(START + timedelta(minutes=2))


@pytest.fixture
def house(services: Services, carrier: CarrierStandIn, clock: Clock) -> Iterator[Services]:
    """The adapters with the stand-in as their carrier and a clock of ours; job functions get them too."""
    settings = replace(services.settings, gateway_url=f"ws://127.0.0.1:{carrier.port}")
    house = replace(services, settings=settings, carrier=CarrierClient(settings), now=clock)
    set_job_settings(settings, house)
    with house.database.pool.connection() as connection:
        connection.execute("INSERT INTO centre (code, name, short_name) VALUES (%s, '合肥', '合肥')", (HEFEI,))
        connection.execute("INSERT INTO agent (number, name, centre) VALUES ('1023', '王芳', %s)", (HEFEI,))
    yield house
    house.carrier.close()


def add_talk(house: Services, offer_id: str, seconds: int = 60, leg: str = LEG, start: datetime = START) -> str:
    """A talk that began at `start` and is over."""
    with house.database.pool.connection() as connection:
        entry = connection.execute(
            "INSERT INTO queue_entry (call_sid, centre, arrived_at, joined_at, rank_at, status, ended_at) "
            "VALUES (%(call)s, %(centre)s, %(at)s, %(at)s, %(at)s, 'ended', %(at)s) RETURNING id",
            {"call": f"CA-{offer_id}", "centre": HEFEI, "at": start},
        ).fetchone()
        assert entry is not None
        connection.execute(
            "INSERT INTO offer (id, entry_id, agent_id, call_sid, centre, status, made_at, ring_until, agent_call_sid, "
            "accepted_at, connected_at, ended_at) SELECT %(id)s, %(entry)s, agent.id, %(call)s, agent.centre, "
            "'finished', %(at)s, %(at)s, %(leg)s, %(at)s, %(at)s, %(end)s FROM agent",
            {
                "id": offer_id,
                "entry": entry[0],
                "call": f"CA-{offer_id}",
                "at": start,
                "leg": leg,
                "end": start + timedelta(seconds=seconds),
            },
        )
    return offer_id


def rows(house: Services) -> list[dict[str, Any]]:
    with house.database.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT * FROM talk_recording ORDER BY recording_sid").fetchall()


def row(house: Services) -> dict[str, Any]:
    [only] = rows(house)
    return only


def form(status: str = "completed", seconds: int = 60, recording: str = RECORDING, **more: str) -> dict[str, str]:
    told = {
        "RecordingSid": recording,
        "RecordingStatus": status,
        "CallSid": LEG,
        "RecordingStartTime": format_datetime(START),
    }
    return told | ({"RecordingDuration": str(seconds)} if status == "completed" else {}) | more


def woken(house: Services) -> list[str]:
    return [job.args[0] for job in Queue(FILES_QUEUE, connection=house.live_store).jobs]


@pytest.fixture
def told(house: Services, carrier: CarrierStandIn) -> Services:
    """A talk of a minute, recorded, finished and told of."""
    note_status(house, add_talk(house, "o1"), form())
    carrier.add_recording(1, LEG, 60)
    return house


# told of


def test_a_finished_recording_is_a_row_and_wakes_the_job(house: Services) -> None:
    note_status(house, add_talk(house, "o1"), form("in-progress"))
    assert (row(house)["status"], row(house)["started_at"], woken(house)) == ("in-progress", START, [])
    note_status(house, "o1", form())
    assert row(house) | {"status": "completed", "seconds": 60, "call_sid": LEG, "offer_id": "o1"} == row(house)
    assert row(house)["ended_at"] == START + timedelta(seconds=60)
    assert woken(house) == [RECORDING]


def test_duplicates_change_nothing_and_wake_nobody_twice(house: Services) -> None:
    add_talk(house, "o1")
    for _ in range(3):
        note_status(house, "o1", form("in-progress"))
        note_status(house, "o1", form())
    assert row(house)["status"] == "completed"
    assert woken(house) == [RECORDING]


@pytest.mark.parametrize("order", list(permutations(["in-progress", "completed", "absent"])))
def test_the_order_does_not_matter(house: Services, order: tuple[str, ...]) -> None:
    add_talk(house, "o1")
    for status in order:
        note_status(house, "o1", form(status))
    assert (row(house)["status"], row(house)["seconds"]) == ("completed", 60)


def test_absent_means_that_nothing_was_recorded(house: Services, clock: Clock) -> None:
    note_status(house, add_talk(house, "o1"), form("in-progress"))
    note_status(house, "o1", form("absent"))
    note_status(house, "o1", form("in-progress"))
    clock.forward(hours=30)
    assert sweep(house) == [] and woken(house) == []
    assert (row(house)["status"], row(house)["seconds"], row(house)["storage_key"]) == ("absent", None, None)


def test_of_two_recordings_of_a_leg_the_longer_stays(house: Services) -> None:
    add_talk(house, "o1")
    note_status(house, "o1", form("in-progress"))
    note_status(house, "o1", form("in-progress", recording=OTHER))
    note_status(house, "o1", form("completed", 50, OTHER))
    assert (row(house)["recording_sid"], row(house)["seconds"]) == (OTHER, 50)
    note_status(house, "o1", form("completed", 60))
    note_status(house, "o1", form("completed", 50, OTHER))
    assert (row(house)["recording_sid"], row(house)["seconds"]) == (RECORDING, 60)


def test_a_recording_of_another_talk_is_not_taken_over(house: Services) -> None:
    add_talk(house, "o1")
    add_talk(house, "o2", leg=sid("CA", 18))
    note_status(house, "o1", form("in-progress"))
    note_status(house, "o2", form())
    assert (row(house)["offer_id"], row(house)["status"]) == ("o1", "in-progress")


@pytest.mark.parametrize(
    "strange",
    [
        {"RecordingSid": ""},
        {"RecordingSid": "../RE1"},
        {"RecordingSid": "录音"},
        {"RecordingStatus": ""},
        {"RecordingStatus": "exploded"},
    ],
)
def test_strange_words_are_no_recording(house: Services, strange: dict[str, str]) -> None:
    note_status(house, add_talk(house, "o1"), form() | strange)
    note_status(house, "no-such-offer", form())
    note_status(house, "o1", {})
    assert rows(house) == []


@pytest.mark.parametrize(
    "strange",
    [
        {"RecordingStartTime": "yesterday"},
        {"RecordingStartTime": ""},
        {"RecordingDuration": "-1"},
        {"RecordingDuration": "６０"},
        {"RecordingDuration": "9" * 30},
        {"CallSid": "C" * 100},
    ],
)
def test_a_strange_detail_does_not_lose_a_recording(house: Services, strange: dict[str, str]) -> None:
    note_status(house, add_talk(house, "o1"), form() | strange)
    assert row(house)["status"] == "completed"
    assert START - timedelta(minutes=1) < row(house)["started_at"] <= house.now()


def test_redis_away_leaves_the_rest_to_the_sweep(house: Services, clock: Clock, carrier: CarrierStandIn) -> None:
    from integrations.live_store import build_live_store

    away = replace(house, live_store=build_live_store(f"redis://127.0.0.1:{free_port()}"))
    note_status(away, add_talk(house, "o1"), form())
    carrier.add_recording(1, LEG, 60)
    clock.forward(minutes=2)
    assert sweep(house) == [RECORDING] == woken(house)


# brought home


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3") / "log")
    yield server
    server.end()


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "folder":
        (tmp_path / "kept").mkdir()
        storage = storage_at((tmp_path / "kept").as_uri())
    else:
        storage = storage_at(bucket_url(request.getfixturevalue("s3").port))
    yield storage
    for key in storage.list(""):
        storage.delete(key)
    storage.close()


def test_a_recording_comes_home_and_leaves_nothing_at_the_carrier(
    told: Services, carrier: CarrierStandIn, storage: Storage, clock: Clock
) -> None:
    bring_home(replace(told, storage=storage), RECORDING)
    assert storage.get(KEY) == silence(60)
    assert carrier.control()["recordings"] == {}
    found = row(told)
    assert (found["status"], found["storage_key"], found["stored_at"]) == ("home", KEY, clock.at)
    assert (found["attempts"], found["error"]) == (1, None)
    assert list((told.settings.var_dir / "fetching").iterdir()) == []


def test_the_job_finds_its_own_adapters(told: Services) -> None:
    fetch_recording(RECORDING)
    assert row(told)["status"] == "home"


def test_a_job_for_nothing_does_nothing(house: Services, carrier: CarrierStandIn) -> None:
    bring_home(house, RECORDING)
    assert carrier.control()["requests"] == [] and rows(house) == []


def test_the_day_of_a_recording_is_shanghai_s() -> None:
    assert storage_key(START, "RE1") == "talks/2026/03/06/RE1.wav"
    assert storage_key(START + timedelta(hours=1), "RE1") == "talks/2026/03/07/RE1.wav"


def test_running_twice_changes_nothing(told: Services, carrier: CarrierStandIn) -> None:
    bring_home(told, RECORDING)
    bring_home(told, RECORDING)
    assert (row(told)["status"], row(told)["attempts"]) == ("home", 1)
    assert len(carrier.asked(MEDIA)) == 1


def test_several_workers_at_once_make_one_recording(told: Services) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: bring_home(told, RECORDING), range(4)))
    assert (row(told)["status"], row(told)["error"]) == ("home", None)
    assert told.storage.list("talks/") == [KEY]


@pytest.mark.parametrize("fault", ["500", "429", "404", "half", "cut", "broken"])
def test_a_failed_download_stays_in_the_row_and_is_tried_again(
    told: Services, carrier: CarrierStandIn, clock: Clock, fault: str
) -> None:
    carrier.fail(MEDIA, fault, fault)
    bring_home(told, RECORDING)
    if row(told)["status"] == "completed":
        assert row(told)["attempts"] == 1 and row(told)["error"]
        assert told.storage.list("") == [] and RECORDING in carrier.control()["recordings"]
        carrier.fail(MEDIA)
        clock.forward(minutes=5)
        assert sweep(told) == [RECORDING]
        bring_home(told, RECORDING)
    assert (row(told)["status"], row(told)["error"]) == ("home", None)


@pytest.mark.parametrize("seconds", [0, 57, 63, 600])
def test_a_recording_of_another_length_is_not_taken_for_the_talk(
    house: Services, carrier: CarrierStandIn, seconds: int
) -> None:
    note_status(house, add_talk(house, "o1"), form())
    carrier.add_recording(1, LEG, 60, sound_seconds=seconds)
    bring_home(house, RECORDING)
    assert (row(house)["status"], house.storage.list("")) == ("completed", [])
    assert "instead of 60" in row(house)["error"]
    assert RECORDING in carrier.control()["recordings"]


@pytest.mark.parametrize("seconds", [58.5, 61.9])
def test_a_second_or_two_do_not_matter(house: Services, carrier: CarrierStandIn, seconds: float) -> None:
    note_status(house, add_talk(house, "o1"), form())
    carrier.add_recording(1, LEG, 60, sound_seconds=seconds)
    bring_home(house, RECORDING)
    assert row(house)["status"] == "home"


def test_what_is_no_sound_is_not_kept(house: Services, carrier: CarrierStandIn) -> None:
    note_status(house, add_talk(house, "o1"), form())
    carrier.add_recording(1, LEG, 60, body="<html>captive portal</html>")
    bring_home(house, RECORDING)
    assert (row(house)["status"], row(house)["error"]) == ("completed", "NoWav: no WAV header")


def test_a_recording_the_carrier_no_longer_has_is_lost_after_a_while(
    told: Services, carrier: CarrierStandIn, clock: Clock
) -> None:
    carrier.clear()
    for _ in range(ATTEMPTS_UNTIL_LOST):
        assert row(told)["status"] == "completed"
        bring_home(told, RECORDING)
    assert row(told)["status"] == "lost" and "CallGone" in row(told)["error"]
    clock.forward(days=3)
    assert sweep(told) == []


def test_storage_away_leaves_the_recording_at_the_carrier(
    told: Services, carrier: CarrierStandIn, tmp_path: Path
) -> None:
    (tmp_path / "mount").mkdir()
    unmounted = storage_at((tmp_path / "mount").as_uri())
    (tmp_path / "mount").rmdir()
    bring_home(replace(told, storage=unmounted), RECORDING)
    assert (row(told)["status"], row(told)["stored_at"]) == ("completed", None)
    assert "StorageAway" in row(told)["error"] and RECORDING in carrier.control()["recordings"]
    bring_home(told, RECORDING)
    assert row(told)["status"] == "home"


def test_a_carrier_that_will_not_delete_is_asked_again_without_another_download(
    told: Services, carrier: CarrierStandIn, clock: Clock
) -> None:
    carrier.fail("DeleteRecording", "500")
    bring_home(told, RECORDING)
    assert row(told)["status"] == "copied" and row(told)["stored_at"] == clock.at
    assert "CarrierAway" in row(told)["error"]
    clock.forward(minutes=5)
    assert sweep(told) == [RECORDING]
    bring_home(told, RECORDING)
    assert (row(told)["status"], row(told)["error"]) == ("home", None)
    assert carrier.control()["recordings"] == {} and len(carrier.asked(MEDIA)) == 1


def test_a_second_recording_of_the_leg_goes_with_the_first(told: Services, carrier: CarrierStandIn) -> None:
    carrier.add_recording(2, LEG, 58)
    carrier.add_recording(3, LEG, 0, status="absent")
    carrier.add_recording(4, sid("CA", 99), 60)
    bring_home(told, RECORDING)
    assert list(carrier.control()["recordings"]) == [sid("RE", 4)]


def test_a_second_one_that_is_told_of_late_goes_too(told: Services, carrier: CarrierStandIn) -> None:
    bring_home(told, RECORDING)
    carrier.add_recording(2, LEG, 58)
    note_status(told, "o1", form("completed", 58, OTHER))
    assert woken(told) == [RECORDING, RECORDING]
    bring_home(told, RECORDING)
    assert (row(told)["recording_sid"], row(told)["status"]) == (RECORDING, "home")
    assert carrier.control()["recordings"] == {} and len(carrier.asked(MEDIA)) == 1


def test_a_longer_one_is_left_for_somebody_to_look_at(told: Services, carrier: CarrierStandIn) -> None:
    carrier.add_recording(2, LEG, 90)
    bring_home(told, RECORDING)
    assert row(told)["status"] == "home"
    assert list(carrier.control()["recordings"]) == [OTHER]


def test_a_worker_killed_in_the_middle_loses_nothing(told: Services, carrier: CarrierStandIn, clock: Clock) -> None:
    carrier.fail(MEDIA, "slow")
    settings = told.settings
    env = {
        **os.environ,
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "VAR_DIR": str(settings.var_dir),
        "GATEWAY_URL": settings.gateway_url,
    }
    worker = subprocess.Popen([sys.executable, "-c", BRING_HOME, RECORDING], env=env, cwd=PROJECT_DIR)
    eventually(lambda: carrier.asked(MEDIA))
    worker.kill()
    worker.wait()
    assert (row(told)["status"], row(told)["attempts"], told.storage.list("")) == ("completed", 1, [])
    [left] = (settings.var_dir / "fetching").iterdir()
    os.utime(left, (0, 0))
    clock.forward(minutes=5)
    assert sweep(told) == [RECORDING]
    assert not left.exists()
    bring_home(told, RECORDING)
    assert row(told)["status"] == "home" and told.storage.get(KEY) == silence(60)


# the sweep


def test_the_sweep_asks_for_what_was_never_told(house: Services, carrier: CarrierStandIn, clock: Clock) -> None:
    add_talk(house, "o1")
    carrier.add_recording(1, LEG, 60)
    sweep_recordings()
    assert rows(house) == []
    clock.forward(minutes=10)
    sweep_recordings()
    assert (row(house)["recording_sid"], row(house)["status"], row(house)["seconds"]) == (RECORDING, "completed", 60)
    assert woken(house) == [RECORDING]
    sweep_recordings()
    assert len(carrier.asked("ListCallRecording")) == 1


def test_the_sweep_asks_how_a_recording_ended(house: Services, carrier: CarrierStandIn, clock: Clock) -> None:
    note_status(house, add_talk(house, "o1"), form("in-progress"))
    carrier.add_recording(1, LEG, 60)
    clock.forward(minutes=10)
    sweep(house)
    assert (row(house)["status"], woken(house)) == ("completed", [RECORDING])


def test_a_recording_that_is_not_ready_is_asked_for_again(
    house: Services, carrier: CarrierStandIn, clock: Clock
) -> None:
    add_talk(house, "o1")
    carrier.add_recording(1, LEG, 60, status="processing")
    clock.forward(minutes=10)
    sweep(house)
    assert rows(house) == []
    carrier.add_recording(1, LEG, 60)
    sweep(house)
    assert row(house)["status"] == "completed"


def test_a_talk_without_a_recording_says_so_until_one_is_told_of(
    house: Services, carrier: CarrierStandIn, clock: Clock
) -> None:
    add_talk(house, "o1")
    clock.forward(minutes=10)
    sweep(house)
    assert (row(house)["status"], row(house)["error"]) == ("absent", "the carrier has none")
    sweep(house)
    assert len(carrier.asked("ListCallRecording")) == 1
    note_status(house, "o1", form())
    assert (row(house)["recording_sid"], row(house)["status"], row(house)["error"]) == (RECORDING, "completed", None)


def test_a_recording_that_began_and_is_nowhere_is_lost(house: Services, carrier: CarrierStandIn, clock: Clock) -> None:
    note_status(house, add_talk(house, "o1"), form("in-progress"))
    clock.forward(minutes=10)
    sweep(house)
    assert row(house)["status"] == "lost"


def test_a_recording_that_never_ends_is_given_up_after_a_day(
    house: Services, carrier: CarrierStandIn, clock: Clock
) -> None:
    note_status(house, add_talk(house, "o1"), form("in-progress"))
    carrier.add_recording(1, LEG, 60, status="in-progress")
    clock.forward(hours=23)
    sweep(house)
    assert row(house)["status"] == "in-progress"
    clock.forward(hours=2)
    sweep(house)
    assert (row(house)["status"], row(house)["error"]) == ("lost", "never finished")


def test_talks_of_other_days_and_rings_without_a_talk_are_not_asked_for(
    house: Services, carrier: CarrierStandIn, clock: Clock
) -> None:
    add_talk(house, "old", start=START - timedelta(days=2))
    with house.database.pool.connection() as connection:
        add_talk(house, "rung", leg=sid("CA", 18))
        connection.execute("UPDATE offer SET connected_at = NULL, status = 'missed' WHERE id = 'rung'")
    clock.forward(minutes=10)
    sweep(house)
    assert carrier.asked("ListCallRecording") == []


def test_a_carrier_that_is_away_does_not_stop_the_sweep(house: Services, clock: Clock) -> None:
    add_talk(house, "o1")
    note_status(house, add_talk(house, "o2", leg=sid("CA", 18)), form())
    settings = replace(house.settings, gateway_url=f"ws://127.0.0.1:{free_port()}")
    clock.forward(minutes=10)
    assert sweep(replace(house, carrier=CarrierClient(settings))) == [RECORDING]


def test_tries_come_less_and_less_often(told: Services, carrier: CarrierStandIn, clock: Clock) -> None:
    carrier.fail(MEDIA, *["500"] * 100)
    tried = []
    for minute in range(0, 24 * 60, 5):
        if sweep(told):
            bring_home(told, RECORDING)
            tried.append(minute)
        clock.forward(minutes=5)
    assert len(tried) == row(told)["attempts"]
    # Seven in the first hour or so, then one an hour.
    assert 5 <= sum(minute <= 65 for minute in tried) <= 8
    assert 27 <= len(tried) <= 31
    carrier.fail(MEDIA)
    bring_home(told, RECORDING)
    assert row(told)["status"] == "home"


# reconciling


def test_a_day_adds_up(house: Services, carrier: CarrierStandIn, clock: Clock) -> None:
    statuses = {
        "home": ["completed"],
        "fetching": ["in-progress", "completed"],
        "going": ["in-progress"],
        "nothing": ["absent"],
        "unknown": [],
    }
    for number, (offer_id, told) in enumerate(statuses.items(), 1):
        add_talk(house, offer_id, leg=sid("CA", number))
        for status in told:
            note_status(house, offer_id, form(status, recording=sid("RE", number)))
    add_talk(house, "next day", leg=sid("CA", 50), start=START + timedelta(hours=1))
    carrier.add_recording(1, LEG, 60)
    bring_home(house, RECORDING)
    house.storage.put("talks/2026/03/06/RE77.wav", b"nobody's")
    house.storage.put("talks/2026/03/07/RE78.wav", b"another day's")

    found = reconcile(house, date(2026, 3, 6))
    assert found.legs == 5
    assert (found.stored, found.waiting) == (["home"], ["fetching", "going"])
    assert (found.absent, found.lost, found.missing) == (["nothing"], [], ["unknown"])
    assert (found.orphans, found.vanished) == (["talks/2026/03/06/RE77.wav"], [])
    assert not found.is_clean

    house.storage.delete(KEY)
    assert reconcile(house, date(2026, 3, 6)).vanished == [KEY]
    assert reconcile(house, date(2026, 3, 5)).is_clean
    reconcile_recordings()


def test_reconciling_without_the_storage_says_nothing(house: Services, tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    unmounted = storage_at((tmp_path / "mount").as_uri())
    (tmp_path / "mount").rmdir()
    set_job_settings(house.settings, replace(house, storage=unmounted))
    reconcile_recordings()
