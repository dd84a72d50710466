"""A process that is alive is seen to be; one that was killed is seen to be silent, and one that ended to be gone."""

import time

import pytest

from integrations import heartbeats
from integrations.heartbeats import DISPATCHER, TRANSCRIBER, Pulse, newest_beat
from integrations.live_store import build_live_store
from integrations.services import Services
from integrations.task_queue import STALE_AFTER_SECONDS


def test_a_beat_is_of_one_kind_and_of_one_process(services: Services) -> None:
    assert newest_beat(services.live_store, DISPATCHER).state == "down"
    one, other = Pulse(services.live_store, DISPATCHER), Pulse(services.live_store, DISPATCHER)
    one.beat()
    other.beat()
    found = newest_beat(services.live_store, DISPATCHER)
    assert (found.count, found.state) == (2, "ok") and found.age_seconds is not None and found.age_seconds < 60
    assert newest_beat(services.live_store, TRANSCRIBER).state == "down"
    one.stop()
    assert newest_beat(services.live_store, DISPATCHER).count == 1
    other.stop()
    assert newest_beat(services.live_store, DISPATCHER).state == "down"


def test_silence_is_stale_and_forgotten_after_an_hour(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.time()
    monkeypatch.setattr(heartbeats.time, "time", lambda: began - STALE_AFTER_SECONDS - 1)
    Pulse(services.live_store, DISPATCHER).beat()
    monkeypatch.setattr(heartbeats.time, "time", lambda: began)
    assert newest_beat(services.live_store, DISPATCHER).state == "stale"
    monkeypatch.setattr(heartbeats.time, "time", lambda: began + heartbeats.KEPT_SECONDS)
    Pulse(services.live_store, DISPATCHER).beat()
    assert newest_beat(services.live_store, DISPATCHER).count == 1


def test_a_redis_that_lost_all_is_told_anew(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "BEAT_SECONDS", 0)
    pulse = Pulse(services.live_store, DISPATCHER)
    pulse.beat()
    services.live_store.flushdb()
    pulse.beat()
    assert newest_beat(services.live_store, DISPATCHER).count == 1


def test_without_redis_nobody_is_held_up() -> None:
    pulse = Pulse(build_live_store("unix:///no/such/socket"), DISPATCHER)
    pulse.beat()
    pulse.stop()
